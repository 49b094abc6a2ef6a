"""ASGI HTTP: relations between the replies to generated requests.

Each says the same to the application in two legal ways, and compares what it answers;
see :mod:`gateproof.conformance.asgi_pairs`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from gateproof.conformance.asgi_among import Among
from gateproof.conformance.asgi_examples import Player, Shows, finding
from gateproof.conformance.asgi_pairs import Pair, busy, comparable
from gateproof.conformance.asgi_relations import breakdown
from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_generated import known_of
from gateproof.conformance.header_fields import folded
from gateproof.targets.asgi_http import Reply

SHARE = 0.1
"""The part of the examples drawn choice by choice that a relation takes: they cost the most."""

VOLUME = 0.5
"""The same of those from tapes: each is asked at least twice."""


def _related(stage: ASGIStage, *groups: str, why: str, volume: float = VOLUME) -> None:
    """Hold requests of servers that take freedoms of these groups against plain ones.

    Raises:
        NotApplicable: no example could be compared; ``why`` says what that takes.
    """
    from gateproof.conformance.strategies.asgi_http import varied

    player = Player(stage)
    pair = Pair(player, player.ask)
    describe = varied(known_of(player, stage), *groups)
    player.search(describe, pair.play, volume=volume, drawn=SHARE, sure=pair.sure)
    if not player.compared:
        stage.not_applicable(why)


_ANSWERED = "no generated request is answered completely and without an exception"


@case(
    "asgi.http",
    "generated-body-cut",
    proves=(
        "asgi.http.request.body-concatenated",
        "asgi.http.request.body-default",
        "asgi.http.request.more-body-default",
    ),
)
def body_cut(stage: ASGIStage) -> None:
    """The reply does not depend on how a generated body was cut, and which keys were left out."""
    _related(stage, "cut", "defaults", why=_ANSWERED, volume=1.0)


@case(
    "asgi.http",
    "generated-default-keys",
    proves=(
        "asgi.http.scope.scheme-default",
        "asgi.http.scope.root-path-default",
        "asgi.http.scope.asgi-spec-version-default",
        "asgi.scope.asgi-version-default",
        "asgi.http.request.body-default",
        "asgi.http.request.more-body-default",
    ),
)
def default_keys(stage: ASGIStage) -> None:
    """The reply is the same where keys of scope and events are left to their defaults."""
    _related(stage, "keys", why=_ANSWERED)


@case(
    "asgi.http",
    "generated-header-container",
    proves=("asgi.http.headers.transport-as-pairs", "asgi.http.scope.headers-lowercase"),
)
def header_container(stage: ASGIStage) -> None:
    """The reply is the same in whatever container and case generated headers come."""
    _related(stage, "container", why=_ANSWERED)


@case("asgi.http", "generated-extra-keys", proves=("asgi.app.ignores-extra-keys",))
def extra_keys(stage: ASGIStage) -> None:
    """The reply is the same with unknown keys in the scope and in events."""
    _related(stage, "extra", why=_ANSWERED)


@case("asgi.http", "generated-cookie-split", proves=("asgi.http.headers.app-handles-h2-cookie",))
def cookie_split(stage: ASGIStage) -> None:
    """Over HTTP/2 the reply is the same for one generated Cookie header and for several."""
    _related(stage, "cookies", why=_ANSWERED)


@case("asgi.http", "generated-back-pressure", proves=("asgi.app.must-await-send",))
def back_pressure(stage: ASGIStage) -> None:
    """The reply to generated requests is the same where every send takes its time."""
    _related(stage, "pace", why=_ANSWERED)


@case("asgi.http", "generated-among-others", proves=("asgi.server.one-call-per-connection",))
def among_others(stage: ASGIStage) -> None:
    """The reply to a request is the same alone and among others, in whatever order they get on.

    Whose turn it is, each time the application calls or is called, is generated, too: so
    a race is played again, and made as short as can be.
    """
    from gateproof.conformance.strategies.asgi_together import together

    player = Player(stage)
    work = partial(_aside, player)
    among = Among(player, "asgi.http", work, "weak")
    player.search(
        together(known_of(player, stage)),
        among.play,
        volume=VOLUME / 2,
        drawn=SHARE,
        sure=among.sure,
    )
    if not player.compared:
        stage.not_applicable(_ANSWERED)


async def _aside(player: Player, asked: Any, watched: Any, application: Any) -> Reply:
    return await player.asking(asked, watched, application)


HEAD = "http1.head.same-headers"

UNCOMPARED = frozenset({b"date", b"set-cookie", b"vary", b"trailer"})
"""Headers that a HEAD response may give otherwise, or that have a rule of their own."""


@case("asgi.http", "generated-head", proves=(HEAD,), methods=("HEAD", "GET"))
def head(stage: ASGIStage) -> None:
    """HEAD is answered with the headers of GET, whatever else a generated request says.

    A header that only making the body would tell may be missing.
    """
    from gateproof.conformance.strategies.asgi_http import varied

    player = Player(stage)
    pair = _Heads(player)
    describe = varied(known_of(player, stage, methods=("GET",)))
    player.search(describe, pair.play, volume=VOLUME, drawn=SHARE, sure=pair.sure)
    if not player.compared:
        stage.not_applicable("no generated GET is answered with success, or HEAD is not offered")


class _Heads:
    """Compares the headers of HEAD with those of GET."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def play(self, example: Any) -> Shows:
        return self._compare(example, "GGHHG")

    def sure(self, example: Any, what: str) -> bool:
        return what in self._compare(example, "HGGHGHHG")

    def _compare(self, example: Any, order: str) -> Shows:
        get = example.asked
        gets, heads = [self._player.ask(get)], [self._player.ask(get.but(method="HEAD"))]
        if not _headed(gets[0], heads[0]):
            return {}
        self._player.compared += 1
        if self._other(gets, heads[0]) is None:
            return {}
        for which in order:
            if which == "G":
                gets.append(self._player.ask(get))
            else:
                heads.append(self._player.ask(get.but(method="HEAD")))
        found = [self._other(gets, one) if _headed(gets[0], one) else None for one in heads]
        if found[0] is None or any(one is None or one[0] != found[0][0] for one in found):
            return {}
        name, given, expected = found[0]
        shown = finding(
            HEAD,
            f"HEAD is answered with another {name.decode('latin-1')!r} than GET, in {example}",
            heads[-1].watched,
            observed=repr(list(given)),
            expected=repr(list(expected)),
            verdict=None,
        )
        return {HEAD: shown}

    def _other(
        self, gets: list[Reply], reply: Reply
    ) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]] | None:
        """The first header that is the same for each GET, and another for HEAD."""
        first, *others = [folded(one.headers) for one in gets]
        given = folded(reply.headers)
        for name, values in first.items():
            if name not in given or any(other.get(name) != values for other in others):
                continue
            nought = name == b"content-length" and given[name] == (b"0",)
            if (
                given[name] != values
                and not nought
                and name not in UNCOMPARED - {b"content-length"}
            ):
                return name, given[name], values
        return None


def _headed(get: Reply, reply: Reply) -> bool:
    """Whether HEAD was answered as GET was, with success."""
    return comparable(get) and 200 <= (get.status or 0) < 300 and reply.status == get.status


MOUNT = "asgi.http.scope.root-path-mount"


@case("asgi.http", "generated-mount", proves=(MOUNT,))
def mount(stage: ASGIStage) -> None:
    """An application that can be mounted answers the same below every mount.

    Only one is judged that answers below a plain mount as it does without: it proved
    to know what root_path means, which no text obliges it to.
    """
    from gateproof.conformance.strategies.asgi_mounts import mounted

    player = Player(stage)
    pair = _Mounts(player)
    player.search(
        mounted(known_of(player, stage)), pair.play, volume=VOLUME, drawn=SHARE, sure=pair.sure
    )
    if not player.compared:
        stage.not_applicable("no generated request is answered below a mount as it is without")


class _Mounts:
    """Compares replies below a mount with those below a plain mount and below none."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def play(self, example: Any) -> Shows:
        return self._compare(example, "PMMP")

    def sure(self, example: Any, what: str) -> bool:
        return what in self._compare(example, "MPPMPMMP")

    def _compare(self, example: Any, order: str) -> Shows:
        from gateproof.conformance.strategies.asgi_mounts import PLAIN

        simple, variant = example.below(PLAIN), example.below(example.root)
        root = self._player.ask(example.asked)
        if not comparable(root):
            return {}
        plains, others = [self._player.ask(simple)], [self._player.ask(variant)]
        if breakdown(plains[0]) or _outcome(plains[0], PLAIN) != _outcome(root, ""):
            return {}
        self._player.compared += 1
        if not self._departs(plains, others[0], example.root):
            return {}
        for which in order:
            if which == "P":
                plains.append(self._player.ask(simple))
            else:
                others.append(self._player.ask(variant))
        if not all(self._departs(plains, one, example.root) for one in others):
            return {}
        if breakdown(self._player.ask(example.unmounted())):
            return {}  # it is the path that it cannot live with
        seen, expected = breakdown(others[-1]), _outcome(plains[0], PLAIN)
        observed = seen or f"status, type and place {_outcome(others[-1], example.root)}"
        shown = finding(
            MOUNT,
            f"{seen or 'answered otherwise'} when it is mounted at {example.root[:60]!r} "
            f"than at {PLAIN!r}, in {variant}"[:300],
            others[-1].watched,
            observed=observed,
            expected=f"status, type and place {expected}",
            verdict="weak",
            hint="strip scope['root_path'] from the front of scope['path'], once",
        )
        return {MOUNT: shown}

    def _departs(self, plains: list[Reply], reply: Reply, root: str) -> bool:
        """Whether ``reply`` differs from replies that are all the same."""
        from gateproof.conformance.strategies.asgi_mounts import PLAIN

        known = {_outcome(one, PLAIN) for one in plains}
        if len(known) > 1 or busy(reply):
            return False
        return bool(breakdown(reply)) or _outcome(reply, root) not in known


def _outcome(reply: Reply, root: str) -> tuple[int | None, bytes, bytes]:
    """What of a reply does not depend on the mount: status, type, and where it leads to."""
    from urllib.parse import quote

    kind = b", ".join(reply.header(b"content-type"))
    place = b", ".join(reply.header(b"location"))
    for form in {root, quote(root)}:
        if form:
            place = place.replace(form.encode(), b"", 1)
    return reply.status, kind, place
