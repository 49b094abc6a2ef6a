"""ASGI lifespan: shutdown, of servers that each case starts and stops for itself.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_lifespan_own import (
    FAMILY,
    MESSAGE,
    SHORT,
    STARTS,
    STOPS,
    broken,
    failing_at,
    living,
    logged,
    ready,
    told,
)
from gateproof.conformance.patience import stretch
from gateproof.conformance.server_stage import Own, Request, ServerStage
from gateproof.targets.script import (
    Script,
    drain,
    receive,
    send,
    wait,
)


@case(
    FAMILY,
    "shutdown-after-the-connections",
    proves=("asgi.lifespan.shutdown.sent-after-connections-closed",),
)
async def after_connections(stage: ServerStage) -> None:
    """Shutdown is told after the last response is complete, if the server waits for it."""
    length = (b"content-length", b"4")
    slow = (
        drain(),
        send({"type": "http.response.start", "status": 200, "headers": [length]}),
        send({"type": "http.response.body", "body": b"be", "more_body": True}),
        wait("on", 3.0),
        send({"type": "http.response.body", "body": b"ne"}),
    )
    async with living(stage) as own:
        await ready(stage, own)
        asking = asyncio.ensure_future(own.stage.ask(Request(), Script(asgi=slow), calls=1))
        try:
            await _until(partial(_waits, own), stage.patience)
            stopping = asyncio.ensure_future(asyncio.to_thread(own.server.stop))
            await _until(partial(told, own), SHORT * stretch())
            own.stage.let(own.stage.heard[-1].token, "on")
            await stopping
        finally:
            await asking


def _waits(own: Own) -> bool:
    """Whether the application has come to its wait in the latest request."""
    heard = own.stage.heard[-1:]
    calls = own.server.folder.calls(heard[0].token) if heard else []
    return any("wait" in said for call in calls for said in call.notes)


async def _until(test: Callable[[], bool], within: float) -> bool:
    """Wait until ``test()`` holds, at most ``within`` seconds; whether it does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not test():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


@case(
    FAMILY,
    "shutdown-takes-its-time",
    proves=("asgi.lifespan.shutdown-complete.server-waits",),
)
async def slow_stop(stage: ServerStage) -> None:
    """The server stays until the application has completed its shutdown."""
    slow = Script(asgi=(*STARTS, receive(), wait("never", SHORT), STOPS[1]))
    async with living(stage, slow) as own:
        await ready(stage, own)
        await own.stop()
        if not told(own):
            stage.not_applicable("the server does not tell of the shutdown")
        sent = [one for call in own.server.folder.lifespans() for one in call.steps("send")]
        if len(sent) < 2:
            broken(
                stage,
                own,
                "asgi.lifespan.shutdown-complete.server-waits",
                "the server was gone before the application had completed its shutdown",
                observed=f"the server ended while the application took {SHORT:g} s",
                expected="waiting for lifespan.shutdown.complete",
            )


@case(
    FAMILY,
    "shutdown-failed",
    proves=(
        "asgi.lifespan.shutdown-failed.terminates",
        "asgi.lifespan.shutdown-failed.logs-message",
        "asgi.lifespan.shutdown-failed.message-default",
    ),
)
async def shutdown_failed(stage: ServerStage) -> None:
    """A server whose application fails to stop ends all the same, and says why."""
    for message in (MESSAGE, None):
        failing = Script(asgi=(*STARTS, receive(), failing_at("shutdown", message)))
        async with living(stage, failing) as own:
            await ready(stage, own)
            stopped = await own.stop()
            if not told(own):
                stage.not_applicable("the server does not tell of the shutdown")
            if stopped.killed:
                broken(
                    stage,
                    own,
                    "asgi.lifespan.shutdown-failed.terminates",
                    "the server did not end after lifespan.shutdown.failed",
                    observed=f"still there after {stopped.seconds:.1f} s",
                    expected="the end of the process",
                )
            if message and not logged(own, message):
                broken(
                    stage,
                    own,
                    "asgi.lifespan.shutdown-failed.logs-message",
                    "the log does not say why the application failed to stop",
                    observed=own.server.log_tail()[-500:],
                    expected=f"the message {message!r}",
                )
