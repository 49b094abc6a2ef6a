"""Plays generated examples for an ASGI application, and keeps only what they show."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.stage import Finding
from gateproof.targets import asgi_http, asgi_lifespan, asgi_server, asgi_websocket
from gateproof.targets.asgi_http import Reply, Request
from gateproof.targets.asgi_lifespan import Lifespan
from gateproof.targets.asgi_scope import Scope
from gateproof.targets.asgi_server import Application, Ending
from gateproof.targets.asgi_websocket import Connect, Session
from gateproof.targets.watched import Watched
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.violation import Breach, Verdict

E = TypeVar("E")
T = TypeVar("T")

KEPT = 16
"""Exchanges that broke nothing and are kept all the same, as what was exercised."""

QUICK = 0.5
"""Seconds that a client waits at least, however fast the application proved to be."""

SILENT = 15
"""After so many examples that were not answered in time a search ends: each costs a second."""

MARGIN = 30.0
"""How many times longer than for a plain request a client waits for a generated one."""

BUSY = (429, 503)
"""Statuses of an application that has had enough, from which nothing is concluded."""


EXCUSED = (
    "asgi.*.scope.headers-lowercase",
    "asgi.scope.asgi-version-present",
    "asgi.scope.type-known",
    "asgi.http.request.sent-to-app",
)
"""What our side breaks on purpose, mildly: to explain it each time would take its time."""

_RULES = Rules(level="all", ignore=EXCUSED)


class Lightly(Watched):
    """A record without what our side breaks on purpose."""

    def policy(self) -> Policy:
        """A policy that appends everything else to ``violations``."""
        return Policy(self.violations.append, _RULES)


@dataclass
class Shown:
    """What an example shows of one requirement: the exchange, and a finding of the case's own."""

    watched: Watched
    finding: Finding | None = None


Shows = dict[str, Shown]
"""What an example shows, by requirement."""


class Search(Protocol):
    """As :func:`gateproof.conformance.strategies.search.search_for`."""

    def __call__(
        self, stage: Any, describe: Any, play: Callable[[Any], Mapping[str, Any]], /
    ) -> Any:
        """Search."""


class Player:
    """Plays examples one by one, outside of the loop.

    Args:
        stage: where what they show is told in the end.

    Attributes:
        patience: seconds that a client waits.
        silent: how many exchanges ended because the client had lost its patience.
        compared: how many examples could be compared with their plain form.
        unsteady: aspects of replies that differ from one time to the next.
    """

    def __init__(self, stage: ASGIStage) -> None:
        self.stage = stage
        self.patience = stage.patience
        self.compared = 0
        self.silent = 0
        self.unsteady: set[str] = set()
        self._room = KEPT

    def hurry(self, seconds: float) -> None:
        """Wait no longer than makes sense for an application that answers within ``seconds``."""
        self.patience = min(self.stage.patience, max(QUICK, MARGIN * seconds))

    # Single exchanges

    def ask(self, asked: Request, application: Application | None = None) -> Reply:
        """Send one request."""
        watched = self._begin("asgi.http", asked)
        reply = self.stage.drive(self.asking(asked, watched, application))
        self.silent += reply.timed_out
        self._end(watched)
        return reply

    async def asking(
        self, asked: Request, watched: Watched, application: Application | None = None
    ) -> Reply:
        """Send one request, from inside the loop."""
        stage = self.stage
        return await asgi_http.request(
            application or stage.application,
            asked,
            watched,
            host=stage.host,
            state=stage.state,
            patience=self.patience,
        )

    def connect(self, asked: Connect) -> Session:
        """Open one WebSocket connection."""
        watched = self._begin("asgi.websocket", asked)
        session = self.stage.drive(self.connecting(asked, watched))
        self._end(watched, speaks=session.speaks)
        return session

    async def connecting(
        self, asked: Connect, watched: Watched, application: Application | None = None
    ) -> Session:
        """Open one WebSocket connection, from inside the loop."""
        stage = self.stage
        return await asgi_websocket.connect(
            application or stage.application,
            asked,
            watched,
            host=stage.host,
            state=stage.state,
            patience=self.patience,
        )

    def offer(self, scope: Scope) -> tuple[Ending, Watched]:
        """Call the application with a scope of a type that nobody knows."""
        watched = self._begin("asgi.http", f"a scope of type {scope['type']!r}")
        watched.may_raise = True
        ending = self.stage.drive(
            asgi_server.offer_unknown(
                self.stage.application, watched, scope=scope, patience=self.patience
            )
        )
        self._end(watched)
        return ending, watched

    def cycle(self, **options: Any) -> Lifespan:
        """Start and stop the application once more."""
        lifespan = Lifespan(self.stage.application, patience=self.stage.patience, **options)
        self.stage.exchanges.append(lifespan.watched)
        self.stage.drive(asgi_lifespan.cycle(lifespan))
        self._end(lifespan.watched)
        return lifespan

    def at_once(
        self, protocol: str, examples: Iterable[T], drive: Callable[[list[Watched]], Any]
    ) -> Any:
        """Drive several exchanges at once; ``drive`` gets a record for each of ``examples``."""
        watched = [self._begin(protocol, one) for one in examples]
        result = self.stage.drive(drive(watched))
        for one in watched:
            self._end(one)
        return result

    def _begin(self, protocol: str, asked: object) -> Watched:
        watched = Lightly(protocol, str(asked))
        self.stage.exchanges.append(watched)  # a call that never ends leaves its ladder
        return watched

    def _end(self, watched: Watched, *, speaks: bool = True) -> None:
        """Forget the exchange, unless it is one of the first few and broke nothing."""
        if watched.violations:
            _excuse_the_server(watched)
        if self._room and speaks and watched.raised is None and not broken(watched):
            self._room -= 1
            return
        self.stage.exchanges[:] = [one for one in self.stage.exchanges if one is not watched]

    # Searches

    def search(
        self,
        describe: Callable[[Any], E],
        play: Callable[[E], Shows],
        *,
        volume: float = 1.0,
        drawn: float = 1.0,
        sure: Callable[[E, str], bool] | None = None,
    ) -> None:
        """Search among examples, and tell the stage of the smallest that show something.

        Args:
            describe: makes an example from choices.
            play: plays one.
            volume: the part of the examples from tapes that are played.
            drawn: the same of those drawn choice by choice.
            sure: whether an example still shows what it is said to, for what may be chance.

        Raises:
            Exception: whatever ``play`` raised.
        """
        from gateproof.conformance.strategies.search import search_for

        stage = self.stage
        asked = stage.traffic
        effort = asked.effort
        stage.traffic = replace(
            asked,
            effort=replace(
                effort,
                volume=round(effort.volume * volume),
                drawn=round(effort.drawn * drawn),
                seconds=effort.seconds * max(volume, 0.5),
            ),
        )
        self.silent = 0
        try:
            searched = search_for(
                stage, describe, lambda example: {} if self.silent >= SILENT else play(example)
            )
        finally:
            stage.traffic = asked
        for found in searched.found:
            shown: Shown = found.evidence
            if shown.finding is not None and sure and not sure(found.example, found.what):
                stage.blobs.pop(found.what, None)
                continue
            self._tell(shown, str(found.example))

    def _tell(self, shown: Shown, example: str) -> None:
        watched = shown.watched
        if "generated:" not in watched.request:
            watched.request = f"{watched.request}, generated: {example}"[:600]
        if watched not in self.stage.exchanges:
            self.stage.exchanges.append(watched)
        if shown.finding is not None:
            self.stage.findings.append(shown.finding)


def timed(drive: Callable[[], T]) -> tuple[T, float]:
    """What ``drive`` returns, and the seconds it took."""
    begun = time.monotonic()
    return drive(), time.monotonic() - begun


def broken(watched: Watched) -> Shows:
    """What of an exchange the validator found to be more than an observation."""
    return {
        violation.requirement: Shown(watched)
        for violation in watched.violations
        if violation.verdict != "observed"
    }


def finding(
    requirement: str,
    message: str,
    watched: Watched,
    *,
    observed: str,
    expected: str,
    verdict: Verdict | None,
    hint: str = "",
) -> Shown:
    """A finding of the case's own, about the application."""
    breach = Breach(requirement, message, observed, expected, "application", verdict, hint)
    return Shown(watched, Finding(breach, watched))


def _excuse_the_server(watched: Watched) -> None:
    """Forget mild breaches of our own side: rare but legal servers are played on purpose."""
    watched.violations[:] = [
        violation
        for violation in watched.violations
        if violation.party != "server" or violation.verdict == "fail"
    ]
