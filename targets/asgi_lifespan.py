"""One lifespan of an application in this process, started and stopped from any task."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import anyio
import anyio.lowlevel

from gateproof.targets import asgi_scope
from gateproof.targets.asgi_server import Application, Ending, Event, InvalidEvent, call
from gateproof.targets.watched import Watched

Outcome = Literal["complete", "failed", "unsupported", "returned", "silent"]

STARTUP_PATIENCE = 30.0
"""Seconds that an application has to start, and to shut down."""


class Lifespan:
    """An application's lifespan: ``run`` in a task of its own, ``start`` and ``stop`` from others.

    Args:
        application: the ASGI application.
        offer_state: whether the scope has a ``state``.
        scope: scope keys to replace, add or leave out.
        event: keys to add to the events.
        patience: seconds that start and stop may each take.

    Attributes:
        state: the namespace, ``None`` where none was offered.
        outcome: how startup ended: ``"complete"``, ``"failed"`` (``message`` says
            why), ``"unsupported"`` (the application raised ``watched.raised``),
            ``"returned"`` (without a word), ``"silent"`` (no answer in time);
            ``None`` before.
        shutdown: how shutdown was answered: ``"complete"``, ``"failed"``, or
            ``""`` for no answer.
        strayed: it sent an event of another protocol, so it does not know this one.
        ended: how the call ended, ``None`` while it runs.
        watched: the exchange with its violations.
    """

    def __init__(
        self,
        application: Application,
        *,
        offer_state: bool = True,
        scope: Mapping[str, Any] | None = None,
        event: Mapping[str, Any] | None = None,
        patience: float = STARTUP_PATIENCE,
    ) -> None:
        self.application = application
        self.state: dict[str, Any] | None = {} if offer_state else None
        self.patience = patience
        self.outcome: Outcome | None = None
        self.message = ""
        self.shutdown: Literal["", "complete", "failed"] = ""
        self.strayed = False
        self.ended: Ending | None = None
        self.watched = Watched("asgi.lifespan", "lifespan")
        self.deadline = float("inf")  # the call is ended by stop, not by the clock
        self.limit: anyio.CancelScope | None = None
        self._overrides = scope
        self._extra = dict(event or {})
        self._received = 0
        self._started = False

    # Made at first use, which is inside the loop that runs it.
    @cached_property
    def _decided(self) -> anyio.Event:
        return anyio.Event()

    @cached_property
    def _stopping(self) -> anyio.Event:
        return anyio.Event()

    @cached_property
    def _over(self) -> anyio.Event:
        return anyio.Event()

    @cached_property
    def _limit(self) -> anyio.CancelScope:
        return anyio.CancelScope()

    @property
    def blocks(self) -> str:
        """Why the application cannot serve after this startup; empty if it can."""
        if self.outcome == "failed":
            return f"the application refused to start: {self.message or 'it gave no reason'}"
        if self.outcome == "silent":
            return f"the application did not answer lifespan.startup within {self.patience:g} s"
        return ""

    async def run(self) -> None:
        """Call the application; returns when its call has ended. Must be started once."""
        self._started = True
        scope = asgi_scope.lifespan(state=self.state, overrides=self._overrides)
        if "state" not in scope:
            self.state = None
        try:
            with self._limit:
                self.ended = await call(self.application, scope, self, self.watched)
        finally:
            if self.outcome is None:
                self.outcome = {"raised": "unsupported", "returned": "returned"}.get(  # type: ignore[assignment]
                    self.ended or "", "silent"
                )
            self.ended = self.ended or "cancelled"
            self._decided.set()
            self._over.set()

    async def start(self) -> Outcome:
        """Wait until the application has started, or will not; returns ``outcome``."""
        with anyio.CancelScope(deadline=anyio.current_time() + self.patience):
            await self._decided.wait()
        if self.outcome is None:
            self.outcome = "silent"
        return self.outcome

    async def stop(self) -> None:
        """Shut the application down, wait for the end of its call, cancel it if need be."""
        if not self._started or self._over.is_set():
            return
        self._stopping.set()
        # One that never started has nothing to shut down, and gets only a moment.
        patience = self.patience if self.outcome == "complete" else min(1.0, self.patience)
        with anyio.CancelScope(deadline=anyio.current_time() + patience):
            await self._over.wait()
        if not self._over.is_set():
            self._limit.cancel()
            with anyio.CancelScope(deadline=anyio.current_time() + 1):
                await self._over.wait()

    async def receive(self) -> Event:
        """The startup event, then, once asked to stop, the shutdown event."""
        self._received += 1
        if self._received == 1:
            return {"type": "lifespan.startup", **self._extra}
        await self._stopping.wait()
        if self._received == 2 and self.outcome == "complete":
            return {"type": "lifespan.shutdown", **self._extra}
        await anyio.sleep_forever()  # there is nothing more to tell
        raise RuntimeError  # not reached

    async def send(self, event: Event) -> None:
        """Take the application's answer to startup or shutdown.

        Raises:
            InvalidEvent: no server could act on it.
        """
        await anyio.lowlevel.checkpoint()
        kind = event.get("type") if isinstance(event, dict) else None
        if kind in ("lifespan.startup.complete", "lifespan.startup.failed"):
            if self.outcome is None:
                self.outcome = "complete" if kind.endswith("complete") else "failed"
                self.message = str(event.get("message", ""))
            self._decided.set()
        elif kind in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            self.shutdown = "complete" if kind.endswith("complete") else "failed"
            self.message = str(event.get("message", ""))
        else:
            self.strayed |= not str(kind).startswith("lifespan.")
            raise InvalidEvent(f"there is no event of type {kind!r} here")


async def cycle(lifespan: Lifespan) -> None:
    """Start and at once stop an application."""
    async with anyio.create_task_group() as group:
        group.start_soon(lifespan.run)
        await lifespan.start()
        await lifespan.stop()
