"""ASGI HTTP: generated traffic, in which everything legal is combined.

The functions are no coroutines: Hypothesis calls back, and each example drives the
loop. Hypothesis is imported only when they run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from gateproof.conformance.asgi_examples import Player, Shown, Shows, broken, finding, timed
from gateproof.conformance.asgi_pairs import Pair, comparable
from gateproof.conformance.asgi_relations import breakdown
from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.blocking import HELD, observed
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_disconnect import judge_leaving
from gateproof.conformance.cases.asgi_http_method import RESPONSE
from gateproof.targets.asgi_http import Leave, Reply, Request
from gateproof.targets.asgi_websocket import Connect
from gateproof.targets.watched import Watched
from gateproof.validators.violation import Verdict

COMPLETES = "asgi.http.app.completes-response"
HOLDS = "asgi.app.async-callable"

SUSPECTS = 3
"""How many slow examples are looked at closer that turn out to hold nothing up."""

LOOKS = 30
"""How many examples are looked at closer at all: each takes its time."""

_PLAINEST = ("GET", "HEAD", "OPTIONS")


def known_of(player: Player, stage: ASGIStage, *, methods: tuple[str, ...] = ()) -> Any:
    """What is known of the application, for descriptions; each path is asked before.

    Raises:
        Blocked: no path answers completely without an exception.
    """
    from gateproof.conformance.strategies.asgi_http import Known

    bases, seconds = timed(lambda: stage.drive(stage.baselines()))
    player.hurry(seconds / len(stage.paths))
    paths = tuple(
        path for path in stage.paths if any(base.asked == Request.to(path) for base in bases)
    )
    allowed = tuple(sorted(stage.methods, key=lambda one: (*_PLAINEST, one).index(one)))
    return Known(paths, methods or allowed, stage.host, stateless=not stage.state)


@case("asgi.http", "generated", proves=(*RESPONSE, HOLDS))
def generated(stage: ASGIStage) -> None:
    """Generated requests, cut, ended and described in every legal way, are answered properly.

    While one is answered, the event loop is not held up.
    """
    from gateproof.conformance.strategies.asgi_http import anything

    player = Player(stage)
    player.search(anything(known_of(player, stage)), _Any(player, stage).play)


class _Any:
    """Plays any example: the validator watches, and so does the clock."""

    def __init__(self, player: Player, stage: ASGIStage) -> None:
        self._player = player
        self._stage = stage
        self._pair = Pair(player, player.ask)
        self._clock = Clock(player, stage)

    def play(self, example: Any) -> Shows:
        if example.unknown is not None:
            return self._offer(example)
        asked = example.request
        reply, seconds = timed(lambda: self._player.ask(asked))
        shows = broken(reply.watched)
        if asked.leave != Leave():
            shows.update(self._left(reply))
        elif breakdown(reply) and not shows:
            shows.update(self._broke(example, reply))
        shows.update(self._clock.look(seconds, asked, reply.watched, self._player.asking))
        return shows

    def _offer(self, example: Any) -> Shows:
        ending, watched = self._player.offer(example.unknown)
        shows = broken(watched)
        if ending == "cancelled":
            requirement = "asgi.app.rejects-unknown-protocol"
            shows[requirement] = finding(
                requirement,
                f"went on waiting for events when called with {example}",
                watched,
                observed="a call that did not end",
                expected="an exception",
                verdict=None,
                hint="raise for every scope type that the application does not handle",
            )
        return shows

    def _left(self, reply: Reply) -> Shows:
        """What the application did wrong after its client had gone."""
        mark = len(self._stage.findings)
        judge_leaving(self._stage, reply)
        made = self._stage.findings[mark:]
        del self._stage.findings[mark:]
        return {
            one.breach.requirement: Shown(reply.watched, one)
            for one in made
            if one.breach.verdict != "observed"
        }

    def _broke(self, example: Any, reply: Reply) -> Shows:
        """No proper answer: because of the request, or of what the server does otherwise?"""
        plain = self._player.ask(example.plain())
        if comparable(plain) and not breakdown(plain):
            return self._pair.held(example, [plain], reply) if example.freedoms else {}
        if reply.raised is None and not reply.timed_out:
            return {}  # it answers 500 itself, for a reason of its own
        silent = reply.timed_out and reply.status is None
        verdict: Verdict | None = None if silent else "observed"
        shown = finding(
            COMPLETES,
            f"{breakdown(reply)} in answer to {example}",
            reply.watched,
            observed=breakdown(reply),
            expected="a complete response",
            verdict=verdict,
        )
        return {COMPLETES: shown}


class Clock:
    """Notices examples that hold the event loop.

    Args:
        player: plays them again.
        stage: the stage.
    """

    def __init__(self, player: Player, stage: ASGIStage) -> None:
        self._player = player
        self._stage = stage
        self._suspects = SUSPECTS
        self._looks = LOOKS
        self._surely = False

    def look(
        self,
        seconds: float,
        asked: Request | Connect,
        watched: Watched,
        work: Callable[[Any, Watched], Awaitable[Any]],
    ) -> Shows:
        """Play an example that took ``seconds`` twice more, if it may have held the loop.

        Only where it does so each time, in the same place, it is told of.
        """
        if seconds < HELD or not self._suspects or not self._looks:
            return {}
        self._suspects -= 1
        self._looks -= 1
        found = []
        for _ in range(1 if self._surely else 2):
            again = Watched(watched.family, watched.request)
            _, held = self._stage.drive(observed(partial(work, asked, again)))
            if held.place is None:
                return {}
            found.append(held)
        if len({(one.place.file, one.place.function) for one in found if one.place}) > 1:
            return {}
        self._suspects += 1
        self._surely = True
        least = min(found, key=lambda one: one.seconds)
        shown = finding(
            HOLDS,
            f"held the event loop for {least.seconds:.1f} s at {least.place}, in {asked}",
            watched,
            observed=f"no turn for anything else during {least.seconds:.1f} s at {least.place}",
            expected="a wait that is awaited, or synchronous work in a thread",
            verdict="weak",
            hint="await asyncio.sleep or an asynchronous client, or use asyncio.to_thread",
        )
        return {HOLDS: shown}
