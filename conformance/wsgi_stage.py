"""What a WSGI case acts on: an application, called in this process by our gateway."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateproof.conformance.stage import Stage
from gateproof.targets.watched import Watched
from gateproof.targets.wsgi_environ import HOST, Request
from gateproof.targets.wsgi_gateway import Reply, serve
from gateproof.targets.wsgi_schedule import in_threads, in_turn

TOGETHER = 5.0
"""Seconds within which requests made at once have to be answered."""


@dataclass
class WSGIStage(Stage):
    """One run of one case against one WSGI application.

    Attributes:
        application: the WSGI callable.
        host: the Host header of requests that don't say another.
    """

    application: Any = None
    host: str = HOST

    def request(self, method: str = "GET", path: str | None = None, **fields: Any) -> Reply:
        """Make one request in this thread; see :class:`Request` for the fields.

        ``path`` defaults to the first of the stage's.

        Raises:
            NotApplicable: the method may not be sent.
        """
        return self.play(Request(method, self.paths[0] if path is None else path, **fields))

    def play(self, request: Request) -> Reply:
        """Make ``request`` in this thread.

        Raises:
            NotApplicable: the method may not be sent.
        """
        reply = Reply(self._addressed(request), self._watch(request))
        try:
            return serve(self.application, reply)
        except SystemExit as error:  # no more than any other way to fail: the server stays
            reply.raised = reply.watched.raised = error
            return reply

    def together(
        self, requests: Sequence[Request], turns: Sequence[int], *, threads: bool
    ) -> list[Reply]:
        """Have all ``requests`` under way at once, by a schedule.

        Args:
            requests: what is asked.
            turns: which of them gets on next, by number; see `gateproof.targets.wsgi_schedule`.
            threads: each has a thread of its own.

        Raises:
            NotApplicable: a method may not be sent.
            Blocked: some were not answered in time.
        """
        replies = [Reply(self._addressed(one), self._watch(one)) for one in requests]
        if not threads:
            in_turn(self.application, replies, turns)
        elif not in_threads(self.application, replies, turns, TOGETHER):
            self.blocked(f"of {len(requests)} threads some had no reply in {TOGETHER:g} seconds")
        return replies

    def interleaved(self, outer: Request, inner: Request) -> tuple[Reply, Reply]:
        """Make ``inner`` when the first piece of the reply to ``outer`` was taken.

        Returns:
            The replies to both; ``inner`` is made last where ``outer`` has no piece.

        Raises:
            NotApplicable: a method may not be sent.
        """
        within: list[Reply] = []
        watched = self._watch(outer)
        reply = serve(
            self.application,
            self._addressed(outer),
            watched,
            pause=lambda: within.append(self.play(inner)),
        )
        return reply, within[0] if within else self.play(inner)

    def _addressed(self, request: Request) -> Request:
        """``request`` with the stage's host where it has the one that goes without saying."""
        if self.host == HOST:
            return request
        return request.but(
            headers=tuple(
                (name, self.host if (name, value) == ("Host", HOST) else value)
                for name, value in request.headers
            )
        )

    def _watch(self, request: Request) -> Watched:
        if request.method not in self.methods:
            self.not_applicable(f"{request.method} may not be sent (--target-methods)")
        watched = Watched("wsgi", request.line)
        self.exchanges.append(watched)
        return watched

    def concurrently(self, requests: Sequence[Request], within: float = TOGETHER) -> list[Reply]:
        """Make all ``requests`` at once, each in its own thread.

        Raises:
            NotApplicable: a method may not be sent.
            Blocked: some were not answered ``within`` that many seconds.
            BaseException: what left an application without being an Exception.
        """
        watches = [self._watch(request) for request in requests]
        replies: list[Reply | None] = [None] * len(requests)
        fatal: list[BaseException] = []
        start = threading.Barrier(len(requests))

        def run(index: int) -> None:
            try:
                start.wait(within)
                addressed = self._addressed(requests[index])
                replies[index] = serve(self.application, addressed, watches[index])
            except BaseException as error:  # noqa: BLE001 - raised again below
                fatal.append(error)

        threads = [
            threading.Thread(target=run, args=(index,), daemon=True, name=f"wsgi request {index}")
            for index in range(len(requests))
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + within
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        if fatal:
            raise fatal[0]
        answered = [reply for reply in replies if reply is not None]
        if len(answered) < len(requests):
            self.blocked(
                f"{len(requests) - len(answered)} of {len(requests)} requests at once "
                f"were not answered within {within:g} seconds"
            )
        return answered
