"""Generated relations: what a server may do otherwise, and a reply must not depend on.

Each is tried on generated requests, and only on those that the application answers alike
when they are made again. Where the text leaves a server the choice, an application that
answers otherwise breaks no must: see the requirement that each case names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateproof.conformance.case import case
from gateproof.conformance.cases.wsgi_environ import EMPTY, OMITTABLE, PRESENCE
from gateproof.conformance.cases.wsgi_replies import HEAD, other_headers
from gateproof.conformance.header_fields import folded
from gateproof.conformance.wsgi_baseline import Baseline, baselines
from gateproof.conformance.wsgi_relations import (
    VIEWS,
    Departure,
    Seen,
    Tally,
    departure,
    ground,
    searched,
    seen,
    steady,
)
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateproof.conformance.strategies.wsgi import Change, Crowd, Drawn

OTHERS = "wsgi.streams.app-no-other-methods"
HINT = "wsgi.input.readlines-hint-optional"
READ_SIZE = "wsgi.input.read-size"
WRAPPED = "wsgi.file-wrapper.app-may-use"
EXTENSIONS = "wsgi.environ.server-extension-vars"
JOINED = "wsgi.environ.repeated-headers-joined"
MOUNTED = "wsgi.environ.script-name-may-be-empty"
REINVOCABLE = "wsgi.app.reinvocable"
THREADS = "wsgi.threads.server-dependent"


@case("wsgi", "generated-body-cut", proves=(OTHERS, HINT, READ_SIZE))
def body_cut(stage: WSGIStage) -> None:
    """The body is read in pieces of other sizes, or from an input with fewer methods.

    Whether ``read(size)`` may give less before the end is disputed, so that a difference
    because of that is only observed.
    """
    _relation(stage, "body-cut")


@case("wsgi", "generated-default-keys", proves=(PRESENCE, EMPTY, *OMITTABLE.values(), WRAPPED))
def default_keys(stage: WSGIStage) -> None:
    """Variables without a value are absent or empty, and those of the server's are absent."""
    _relation(stage, "default-keys")


@case("wsgi", "generated-extra-keys", proves=(EXTENSIONS,))
def extra_keys(stage: WSGIStage) -> None:
    """The environ holds keys that the application does not know.

    A reply that shows the whole environ may differ.
    """
    _relation(stage, "extra-keys")


@case("wsgi", "generated-header-form", proves=(JOINED,))
def header_form(stage: WSGIStage) -> None:
    """Lines of a header are joined with a comma and a blank, or with a comma."""
    _relation(stage, "header-form")


@case("wsgi", "generated-cookie-split", proves=(JOINED,))
def cookie_split(stage: WSGIStage) -> None:
    """Cookies come in one line or several, which are joined with or without a blank."""
    _relation(stage, "cookie-split")


@case("wsgi", "generated-mount", proves=(MOUNTED,))
def mount(stage: WSGIStage) -> None:
    """The application is mounted below a prefix, and answers as at the root.

    Where the prefix itself stands in the reply, it is taken out before both are compared.
    """
    _relation(stage, "mount")


def _relation(stage: WSGIStage, group: str) -> None:
    for _ in baselines(stage):
        pass
    from gateproof.conformance.strategies.wsgi import related

    tally = Tally()
    searched(stage, related(ground(stage), group), lambda tried, drawn: _play(tried, drawn, tally))
    tally.conclude(stage)


def _play(stage: WSGIStage, drawn: Drawn, tally: Tally) -> None:
    """Compare the replies to a request as two servers pass it on."""
    if not drawn.changes:
        return
    plain = seen(stage.play(drawn.request))
    if plain.failed:
        tally.failing += 1
        return
    other = _asked(stage, drawn.request, drawn.changes)
    if _parts(drawn.request, plain, other, drawn.changes) is None:
        whole = all(change.differs for change in drawn.changes)
        tally.agree(plain, whole=whole)
        return
    same = steady(plain, seen(stage.play(drawn.request)))
    first = _parts(drawn.request, plain, other, drawn.changes, same)
    if first is None or _confirmed(stage, drawn, plain, drawn.changes, same) is None:
        tally.unsteady += 1
        return
    tally.compared += 1
    blamed = list(drawn.changes)
    for change in drawn.changes:
        rest = [other for other in blamed if other is not change]
        if rest and _confirmed(stage, drawn, plain, rest, same) is not None:
            blamed = rest
    found = _confirmed(stage, drawn, plain, blamed, same)
    if found is not None:
        _tell(stage, found, blamed, plain)


def _asked(stage: WSGIStage, request: Request, changes: Sequence[Change]) -> Seen:
    from gateproof.conformance.strategies.wsgi_servers import changed

    return seen(stage.play(changed(request, changes)))


def _confirmed(
    stage: WSGIStage, drawn: Drawn, plain: Seen, changes: Sequence[Change], same: frozenset[str]
) -> Departure | None:
    return _parts(drawn.request, plain, _asked(stage, drawn.request, changes), changes, same)


def _parts(
    request: Request,
    plain: Seen,
    other: Seen,
    changes: Sequence[Change],
    same: frozenset[str] | None = None,
) -> Departure | None:
    """How two replies part, where they have to agree."""
    from gateproof.conformance.strategies.wsgi_servers import changed

    if other.failed:
        return departure(plain, other)
    shows = any(
        text.encode("latin-1", "replace") in other.body
        for change in changes
        for text in change.hides
    )
    if shows or not all(change.differs for change in changes):
        return None
    passed = changed(request, changes)
    for change in changes:
        view = VIEWS[change.alike]
        plain, other = view(plain, passed), view(other, passed)
    return departure(plain, other, same)


def _tell(stage: WSGIStage, found: Departure, changes: Sequence[Change], plain: Seen) -> None:
    # Where it takes several, the one about which the text says least is told.
    blamed = min(changes, key=lambda change: change.verdict != "observed")
    stage.broken(
        blamed.fails if found.fails else blamed.differs,
        f"the application {found.text} when " + " and ".join(change.when for change in changes),
        observed=found.text,
        expected=f"{plain.status}, as without the change",
        verdict=blamed.verdict if len(changes) == 1 else "observed",
        party="application",
    )


@case("wsgi", "generated-head", proves=(HEAD,), methods=("HEAD", "GET"))
def head(stage: WSGIStage) -> None:
    """HEAD is answered like GET, with the same headers, whatever else is asked.

    An application need not offer HEAD; one that breaks down over it is only observed.
    """
    for _ in baselines(stage):
        pass
    from gateproof.conformance.strategies.wsgi import gets

    tally = Tally()
    searched(stage, gets(ground(stage)), lambda tried, request: _head(tried, request, tally))
    tally.conclude(stage)


def _head(stage: WSGIStage, request: Request, tally: Tally) -> None:
    got = stage.play(request)
    if got.failed or not 200 <= got.status < 300:
        tally.failing += bool(got.failed)
        return
    asked = request.but(method="HEAD")
    reply = stage.play(asked)
    failed = seen(reply).failed and reply.status != _NOT_OFFERED
    if not failed and (
        reply.status != got.status or not other_headers(folded(got.headers), True, reply)
    ):
        tally.compared += 1
        return
    baseline = Baseline(stage, request)
    if baseline.reply.status != got.status:
        tally.unsteady += 1
        return
    again = stage.play(asked)
    tally.compared += 1
    if failed:
        text = seen(again).failed
        if text:
            stage.broken(
                HEAD,
                f"the application {text} for HEAD where GET is answered {got.status}",
                observed=text,
                expected=f"{got.status}, or 405",
                verdict="observed",
                party="application",
            )
        return
    usual = baseline.headers, baseline.steady
    for text in other_headers(*usual, reply):
        if text in other_headers(*usual, again):
            stage.broken(HEAD, text, party="application", expected="the headers of GET")


_NOT_OFFERED = 501


@case("wsgi", "generated-among-others", proves=(REINVOCABLE, THREADS))
def among_others(stage: WSGIStage) -> None:
    """A request is answered among others as it is alone.

    Results are iterated in turn in one thread, or the requests have a thread each and get
    on one at a time, by a schedule that is part of the example: so a race shows again. The
    text says nothing of the first and leaves the second to the server, so that a
    difference is only observed.
    """
    for _ in baselines(stage):
        pass
    from gateproof.conformance.strategies.wsgi import crowds

    tally = Tally()
    searched(stage, crowds(ground(stage)), lambda tried, crowd: _crowd(tried, crowd, tally))
    tally.conclude(stage)


def _crowd(stage: WSGIStage, crowd: Crowd, tally: Tally) -> None:
    alone = [seen(stage.play(request)) for request in crowd.requests]
    if any(one.failed for one in alone):
        tally.failing += 1
        return
    number = _stranger(alone, _together(stage, crowd))
    if number is None:
        tally.agree(alone[0], whole=True)
        return
    request = crowd.requests[number]
    same = steady(alone[number], seen(stage.play(request)))
    replies = stage.together(crowd.requests, crowd.turns, threads=crowd.threads)
    found = departure(alone[number], seen(replies[number]), same)
    if found is None:
        tally.unsteady += 1
        return
    tally.compared += 1
    how = "each in a thread of its own" if crowd.threads else "in one thread"
    lines = ", ".join(f"{n}: {one.line}" for n, one in enumerate(crowd.requests))
    order = " ".join(map(str, crowd.turns)) or "one after the other"
    stage.broken(
        THREADS if crowd.threads else REINVOCABLE,
        f"the application {found.text} for request {number} when several are under way, {how} "
        f"({lines}; turns: {order})",
        watched=replies[number].watched,
        observed=found.text,
        expected=f"{alone[number].status}, as alone",
        verdict="observed",
        party="application",
    )


def _together(stage: WSGIStage, crowd: Crowd) -> list[Seen]:
    return [
        seen(reply) for reply in stage.together(crowd.requests, crowd.turns, threads=crowd.threads)
    ]


def _stranger(alone: Sequence[Seen], together: Sequence[Seen]) -> int | None:
    """The first of several requests that was answered otherwise among the others."""
    for number, (one, other) in enumerate(zip(alone, together, strict=True)):
        if departure(one, other) is not None:
            return number
    return None
