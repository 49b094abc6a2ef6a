"""The lifespan of an application behind a real server, as its journal shows it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from gateproof.conformance.wired_stage import Account, take_in
from gateproof.targets.asgi_lifespan import Lifespan
from gateproof.targets.journal import Call
from gateproof.targets.server import Server
from gateproof.targets.watched import Watched

_STARTUP = {"lifespan.startup.complete": "complete", "lifespan.startup.failed": "failed"}
_SHUTDOWN = {"lifespan.shutdown.complete": "complete", "lifespan.shutdown.failed": "failed"}


async def _nobody(*_: object) -> None:
    """The application is elsewhere."""


class WiredLifespan(Lifespan):
    """The lifespan that a server gives its application; to stop it is to stop the server.

    Args:
        server: the server.
        patience: seconds in which startup and shutdown have to be answered.

    Attributes:
        stopped: the server was stopped for the lifespan's sake.
        account: what the judges found on the server.
    """

    def __init__(self, server: Server, patience: float) -> None:
        super().__init__(_nobody, patience=patience)
        self.server = server
        self.stopped = False
        self.account = Account()
        self._since = 0

    def begin(self) -> None:
        """The server is about to be started: what was before counts no more."""
        Lifespan.__init__(self, _nobody, patience=self.patience)
        self.account = Account()
        self.stopped = False
        self._since = time.monotonic_ns()

    def look(self) -> None:
        """Read the journal of the first lifespan since the server was started."""
        calls = [c for c in self.server.folder.lifespans() if c.meta["at"] >= self._since]
        if not calls:
            return
        call = calls[0]
        self.watched = Watched("asgi.lifespan", "lifespan")
        self.account = Account()
        take_in(self.watched, [call], self.account)
        self._read(call)

    def _read(self, call: Call) -> None:
        """Take what the application said out of a journal."""
        self.outcome = None
        for rung in call.rungs:
            data: Any = rung.data
            kind = data.get("type") if isinstance(data, dict) else None
            if rung.step == "send" and isinstance(kind, str):
                self.strayed |= not kind.startswith("lifespan.")
                if kind in _STARTUP and self.outcome is None:
                    self.outcome = _STARTUP[kind]  # type: ignore[assignment]
                if kind in _SHUTDOWN:
                    self.shutdown = _SHUTDOWN[kind]  # type: ignore[assignment]
                if kind in _STARTUP or kind in _SHUTDOWN:
                    self.message = str(data.get("message", ""))
            elif rung.step == "raise":
                self.ended = "raised"
                self.outcome = self.outcome or "unsupported"
                if isinstance(data, BaseException):
                    self.watched.raised = data
            elif rung.step == "return":
                self.ended = "returned"
                self.outcome = self.outcome or "returned"
        asked = [data.get("type") for data in call.steps("received") if isinstance(data, dict)]
        waited = time.monotonic_ns() - call.meta["at"] > self.patience * 1e9
        if self.outcome is None and asked and waited:
            self.outcome = "silent"
        # A call that the server does not end is the application's only when it was told to end.
        self.ended = self.ended or ("cancelled" if asked[-1:] == ["lifespan.shutdown"] else None)

    def refusal(self) -> str:
        """Why the application would not start, or the empty string."""
        self.look()
        return self.blocks

    async def stop(self) -> None:
        """Stop the server, with SIGTERM, and read what the application made of it."""
        if self.stopped:
            return
        self.stopped = True
        stopped = await asyncio.to_thread(self.server.stop, max(self.patience, 1.0))
        self.look()
        if self.ended == "cancelled" and not stopped.killed:
            self.ended = "returned"  # the server did not wait for it
