"""The lifespan side: one call of the application for the life of the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reference.server import Server

Event = dict[str, Any]


class Lifespan:
    """The lifespan call of an ASGI application."""

    SHUTDOWN = 10.0  # seconds that cleaning up may take
    LAST = True  # shutdown comes when all connections have ended

    def __init__(self, server: Server) -> None:
        self.server = server
        self.state: dict[str, Any] = {}
        self.phase = "new"  # then starting, started, failed, stopping, stopped
        self.told = 0  # events that were delivered
        self.changed = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    # -- towards the server ------------------------------------------------------------

    async def startup(self) -> bool:
        """Start the application up; whether the server may serve."""
        self.phase = "starting"
        self.task = asyncio.create_task(self.call())
        while self.phase == "starting" and not self.task.done():
            await self.wait()
        return self.phase != "failed"

    async def shutdown(self) -> None:
        """Let the application clean up, if it has a lifespan that lives."""
        if self.task is None:
            return
        if self.phase == "started" and not self.task.done():
            self.turn("stopping")
            try:
                async with asyncio.timeout(self.SHUTDOWN):
                    while self.phase == "stopping" and not self.task.done():
                        await self.wait()
            except TimeoutError:
                self.server.log("the application did not finish cleaning up\n")
        await self.dismiss(self.task)

    async def dismiss(self, task: asyncio.Task[None]) -> None:
        """Let the call return; cancel it when it does not."""
        await asyncio.wait([task], timeout=1.0)
        task.cancel()
        await asyncio.wait([task], timeout=1.0)

    @property
    def supported(self) -> bool:
        """Whether requests get a state."""
        return self.phase in ("started", "stopping")

    def request_state(self) -> dict[str, Any]:
        """The state of one request: a copy, one level deep."""
        return self.state.copy()

    # -- towards the application -------------------------------------------------------

    def scope(self) -> dict[str, Any]:
        """The scope of the call."""
        return {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }

    async def call(self) -> None:
        """Call the application; an exception means that it knows no lifespan."""
        try:
            await self.server.app(self.scope(), self.receive, self.send)
        except Exception as raised:
            if self.phase != "starting":
                self.server.log(f"the lifespan call raised {raised!r}\n")
        finally:
            self.turn(self.phase)

    def turn(self, phase: str) -> None:
        """Change the phase, and let everybody who waits look at it."""
        self.phase = phase
        self.changed.set()
        self.changed = asyncio.Event()

    async def wait(self) -> None:
        """Wait for a change of phase, or the end of the call."""
        await self.changed.wait()

    async def receive(self) -> Event:
        """The next event: startup at once, shutdown when its time has come."""
        self.told += 1
        if self.told == 1:
            return self.startup_event()
        while self.phase != "stopping" or self.told > 2:
            await self.wait()
        return self.shutdown_event()

    def startup_event(self) -> Event:
        """What startup is announced with."""
        return {"type": "lifespan.startup"}

    def shutdown_event(self) -> Event:
        """What shutdown is announced with."""
        return {"type": "lifespan.shutdown"}

    async def send(self, event: Event) -> None:
        """Take an event of the application."""
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise TypeError("an event is a dict with a type")
        phase, kind = self.phase, event["type"]
        if (phase, kind) == ("starting", "lifespan.startup.complete"):
            self.turn("started")
        elif (phase, kind) == ("starting", "lifespan.startup.failed"):
            self.server.log(f"startup failed: {self.message(event)}\n")
            self.turn("failed")
        elif (phase, kind) == ("stopping", "lifespan.shutdown.complete"):
            self.turn("stopped")
        elif (phase, kind) == ("stopping", "lifespan.shutdown.failed"):
            self.server.log(f"shutdown failed: {self.message(event)}\n")
            self.turn("stopped")
        else:
            raise RuntimeError(f"{kind!r} has no place here")

    def message(self, event: Event) -> str:
        """The message of a failure."""
        message = event.get("message", "")
        if not isinstance(message, str):
            raise TypeError("message is no str")
        return message
