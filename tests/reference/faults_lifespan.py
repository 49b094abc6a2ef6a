"""Faults in the lifespan of an ASGI application."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable
from typing import Any

from reference.connection import Connection
from reference.lifespan_side import Event, Lifespan
from reference.parts import faults_of


class TwoCalls(Lifespan):
    async def startup(self) -> bool:
        started = await super().startup()
        second = Lifespan(self.server)
        await second.startup()
        return started


class OtherLoop(Lifespan):
    """The call runs in a loop of its own."""

    async def startup(self) -> bool:
        done = threading.Event()

        async def alone() -> None:
            started = asyncio.ensure_future(Lifespan.startup(self))
            await started
            done.set()
            await asyncio.Event().wait()

        threading.Thread(target=lambda: asyncio.run(alone()), daemon=True).start()
        await asyncio.to_thread(done.wait, 10)
        return self.phase != "failed"

    async def shutdown(self) -> None:
        pass


class CancelledWhenStarted(Lifespan):
    async def startup(self) -> bool:
        started = await super().startup()
        if self.task is not None:
            self.task.cancel()
        return started


def scopes(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """An edit of the scope."""

    def scope(self: Lifespan) -> dict[str, Any]:
        made = Lifespan.scope(self)
        change(made)
        return made

    return {"scope": scope}


class NotEmpty(Lifespan):
    def scope(self) -> dict[str, Any]:
        self.state["server"] = "reference"
        return super().scope()


class ExitsOnException(Lifespan):
    async def startup(self) -> bool:
        started = await super().startup()
        return started and self.phase == "started"


class CallsAgain(Lifespan):
    async def call(self) -> None:
        await super().call()
        if self.phase == "starting":
            self.told = 0
            await super().call()


class ServesAnyway(Lifespan):
    async def startup(self) -> bool:
        await super().startup()
        return True


class FailedThenRaised(Lifespan):
    async def startup(self) -> bool:
        started = await super().startup()
        if self.task is not None:
            await asyncio.wait({self.task}, timeout=0.5)
            raised = self.task.done() and self.raised
            return started or raised
        return started

    raised = False

    async def call(self) -> None:
        app = self.server.app

        async def noting(*arguments: Any) -> None:
            try:
                await app(*arguments)
            except Exception:
                self.raised = True
                raise

        self.server.app = noting
        try:
            await super().call()
        finally:
            self.server.app = app


class Touches(Lifespan):
    def request_state(self) -> dict[str, Any]:
        self.state["requests"] = self.state.get("requests", 0) + 1
        return super().request_state()


class StateUnoffered(Lifespan):
    def scope(self) -> dict[str, Any]:
        scope = super().scope()
        del scope["state"]
        return scope


class StartsWithoutWaiting(Lifespan):
    async def startup(self) -> bool:
        self.phase = "starting"
        self.task = asyncio.create_task(self.call())
        return True


class StartsLater(Lifespan):
    """Startup is announced after the first request."""

    async def startup(self) -> bool:
        self.phase = "starting"
        self.task = asyncio.create_task(self.call())
        return True

    async def receive(self) -> Event:
        while self.phase == "starting" and not self.server.answered:
            await self.wait()
        return await super().receive()


class WakesLifespan(Connection):
    async def serve(self) -> None:
        await super().serve()
        self.server.lifespan.turn(self.server.lifespan.phase)


class StartupAgain(Lifespan):
    again = False

    async def receive(self) -> Event:
        event = await super().receive()
        if event["type"] == "lifespan.shutdown" and not self.again:
            self.again = True
            self.told -= 1
            return self.startup_event()
        return event


class Silent(Lifespan):
    def message(self, event: Event) -> str:
        super().message(event)
        return ""


def message_wanted(self: Lifespan, event: Event) -> str:
    """A message that is not there is a KeyError."""
    return str(event["message"])


class ShutdownAfterFailure(Lifespan):
    async def startup(self) -> bool:
        if await super().startup():
            return True
        self.turn("stopping")
        if self.task is not None:
            await asyncio.wait({self.task}, timeout=1.0)
        return False


class ShutdownTwice(Lifespan):
    async def receive(self) -> Event:
        if self.told == 2 and self.phase in ("stopping", "stopped"):
            self.told += 1
            return self.shutdown_event()
        return await super().receive()


class NoShutdown(Lifespan):
    async def shutdown(self) -> None:
        pass


class ImpatientShutdown(Lifespan):
    SHUTDOWN = 0.0

    async def dismiss(self, task: asyncio.Task[None]) -> None:
        await asyncio.sleep(0.01)
        task.cancel()


class WaitsAfterFailure(Lifespan):
    async def send(self, event: Event) -> None:
        if isinstance(event, dict) and event.get("type") == "lifespan.shutdown.failed":
            self.server.log(f"shutdown failed: {self.message(event)}\n")
        else:
            await super().send(event)

    async def shutdown(self) -> None:
        if self.task is not None and not self.task.done():
            self.turn("stopping")
            while self.phase == "stopping":
                await self.wait()


fault = faults_of("asgi.lifespan")

FAULTS = [
    fault("two-lifespans", "once-per-event-loop", lifespan=TwoCalls),
    fault("other-loop", "same-loop-as-requests", lifespan=OtherLoop),
    fault("cancelled-when-started", "scope.lasts-for-loop", lifespan=CancelledWhenStarted),
    fault("odd-lifespan", "scope.type", lifespan=scopes(lambda scope: scope.update(type="life"))),
    fault("state-as-list", "scope.state-type",
          lifespan=scopes(lambda scope: scope.update(state=[]))),
    fault("state-not-empty", "scope.state-initially-empty", lifespan=NotEmpty),
    fault("lifespan-with-path", "scope.minimal",
          lifespan=scopes(lambda scope: scope.update(path="/", headers=[]))),
    fault("exits-on-exception", "exception.server-continues", lifespan=ExitsOnException),
    fault("calls-again", "exception.no-further-events", lifespan=CallsAgain),
    fault("failed-then-raised", "exception.after-startup-failed", lifespan=FailedThenRaised),
    fault("state-empty-for-requests", "state.copied-to-requests",
          lifespan={"request_state": lambda self: {}}),
    fault("state-copied-deep", "state.shallow-copy",
          lifespan={"request_state": lambda self: copy.deepcopy(self.state)}),
    fault("state-unoffered", "state.advertised-in-lifespan-scope", lifespan=StateUnoffered),
    fault("state-touched", "state.server-does-not-touch", lifespan=Touches),
    fault("starts-later", "startup.sent-before-connections", lifespan=StartsLater,
          connection=WakesLifespan),
    fault("startup-again", "startup.first-event", lifespan=StartupAgain),
    fault("odd-startup", "startup.type",
          lifespan={"startup_event": lambda self: {"type": "lifespan.start"}}),
    fault("starts-without-waiting", "startup-complete.server-waits",
          lifespan=StartsWithoutWaiting),
    fault("serves-anyway", "startup-failed-exits", lifespan=ServesAnyway),
    fault("silent", "startup-failed.logs-message shutdown-failed.logs-message", lifespan=Silent),
    fault("message-wanted", "startup-failed.message-default shutdown-failed.message-default",
          lifespan={"message": message_wanted}),
    fault("shutdown-after-failure", "startup-failed.no-shutdown-sent",
          lifespan=ShutdownAfterFailure),
    fault("shutdown-with-requests", "shutdown.sent-after-connections-closed",
          lifespan={"LAST": False}),
    fault("odd-shutdown", "shutdown.type",
          lifespan={"shutdown_event": lambda self: {"type": "lifespan.stop"}}),
    fault("shutdown-twice", "shutdown.once-after-startup-complete", lifespan=ShutdownTwice),
    fault("no-shutdown", "shutdown.sent-on-graceful-stop", lifespan=NoShutdown),
    fault("impatient-shutdown", "shutdown-complete.server-waits", lifespan=ImpatientShutdown),
    fault("waits-after-failure", "shutdown-failed.terminates", lifespan=WaitsAfterFailure),
]  # fmt: skip
