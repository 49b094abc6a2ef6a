"""ASGI WebSocket: generated connections, in which everything legal is combined.

The functions are no coroutines: Hypothesis calls back, and each example drives the loop.
"""

from __future__ import annotations

from typing import Any

from gateproof.conformance.asgi_among import Among
from gateproof.conformance.asgi_examples import Player, Shown, Shows, broken, timed
from gateproof.conformance.asgi_pairs import Pair, comparable
from gateproof.conformance.asgi_relations import breakdown
from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_generated import Clock
from gateproof.conformance.cases.asgi_http_generated_relations import SHARE, VOLUME
from gateproof.conformance.cases.asgi_websocket_close import judge_losing
from gateproof.conformance.cases.asgi_websocket_connect import HANDSHAKE
from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_server import Application
from gateproof.targets.asgi_websocket import Connect, Session
from gateproof.targets.watched import Watched

_SAMPLES = ('"gateproof"', b"gateproof")


def known_of(player: Player, stage: ASGIStage) -> Any:
    """What is known of the application, for descriptions; each path is asked before.

    Only messages of a kind that the application can take are sent.

    Raises:
        NotApplicable: no path accepts a WebSocket.
    """
    from gateproof.conformance.strategies.asgi_websocket import Known

    bases, seconds = timed(lambda: stage.drive(stage.connections()))
    player.hurry(seconds / len(stage.paths) / 2)
    accepting = {base.asked.path for base in bases}
    paths = tuple(path for path in stage.paths if Connect.to(path).path in accepting)
    kinds = []
    for message in _SAMPLES:
        tried = stage.drive(stage.connections(messages=(message,)))
        if not any(session.gave_up for base in tried for session in base.replies):
            kinds.append(type(message))
    return Known(paths, tuple(kinds), stage.host)


@case(
    "asgi.websocket",
    "generated",
    proves=(
        *HANDSHAKE,
        "asgi.websocket.disconnect.reason-default",
        "asgi.websocket.disconnect.code-from-client",
    ),
)
def generated(stage: ASGIStage) -> None:
    """Generated connections, with messages, losses and scopes of every kind, follow the protocol.

    Only messages of a kind that the application can take are sent.
    """
    from gateproof.conformance.strategies.asgi_websocket import anything

    player = Player(stage)
    player.search(anything(known_of(player, stage)), _Any(player, stage).play)


class _Any:
    """Plays any example: the validator watches, and so does the clock."""

    def __init__(self, player: Player, stage: ASGIStage) -> None:
        self._player = player
        self._stage = stage
        self._pair = Pair(player, player.connect)
        self._clock = Clock(player, stage)

    def play(self, example: Any) -> Shows:
        asked = example.request
        session, seconds = timed(lambda: self._player.connect(asked))
        shows = broken(session.watched) if session.speaks else {}
        if asked.leave != Leave():
            shows.update(self._lost(session))
        elif breakdown(session) and example.freedoms and not shows:
            plain = self._player.connect(example.plain())
            if comparable(plain):
                shows.update(self._pair.held(example, [plain], session))
        work = self._player.connecting
        shows.update(self._clock.look(seconds, asked, session.watched, work))
        return shows

    def _lost(self, session: Session) -> Shows:
        mark = len(self._stage.findings)
        judge_losing(self._stage, session)
        made = self._stage.findings[mark:]
        del self._stage.findings[mark:]
        return {one.breach.requirement: Shown(session.watched, one) for one in made}


def _related(stage: ASGIStage, *groups: str) -> None:
    """Hold connections of servers that take freedoms of these groups against plain ones."""
    from gateproof.conformance.strategies.asgi_websocket import varied

    player = Player(stage)
    pair = Pair(player, player.connect)
    describe = varied(known_of(player, stage), *groups)
    player.search(describe, pair.play, volume=VOLUME, drawn=SHARE, sure=pair.sure)
    if not player.compared:
        stage.not_applicable("no generated connection is accepted and ends without an exception")


@case(
    "asgi.websocket",
    "generated-default-keys",
    proves=(
        "asgi.websocket.scope.http-version-default",
        "asgi.websocket.scope.scheme-default",
        "asgi.websocket.scope.root-path-default",
        "asgi.websocket.scope.query-string-default",
        "asgi.websocket.scope.subprotocols-default",
        "asgi.websocket.scope.asgi-spec-version-default",
        "asgi.websocket.receive.app-handles-absent-key",
    ),
)
def default_keys(stage: ASGIStage) -> None:
    """Generated connections go on the same where keys are left to their defaults."""
    _related(stage, "keys")


@case(
    "asgi.websocket",
    "generated-header-container",
    proves=("asgi.http.headers.transport-as-pairs", "asgi.websocket.scope.headers-lowercase"),
)
def header_container(stage: ASGIStage) -> None:
    """Generated connections go on the same in whatever container and case headers come."""
    _related(stage, "container")


@case("asgi.websocket", "generated-extra-keys", proves=("asgi.app.ignores-extra-keys",))
def extra_keys(stage: ASGIStage) -> None:
    """Generated connections go on the same with unknown keys in scope and events."""
    _related(stage, "extra")


@case("asgi.websocket", "generated-among-others", proves=("asgi.server.one-call-per-connection",))
def among_others(stage: ASGIStage) -> None:
    """A connection goes on the same alone and among others, in whatever order they get on.

    Applications may pass on to others what one says, so that other messages are only
    observed.
    """
    from gateproof.conformance.strategies.asgi_together import joined

    player = Player(stage)

    async def work(asked: Any, watched: Watched, application: Application) -> Session:
        return await player.connecting(asked, watched, application)

    among = Among(player, "asgi.websocket", work, "observed")
    player.search(
        joined(known_of(player, stage)), among.play, volume=VOLUME / 2, drawn=SHARE, sure=among.sure
    )
    if not player.compared:
        stage.not_applicable("no generated connection is accepted")
