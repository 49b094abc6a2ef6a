"""Connections that end without a closing handshake: the socket is lost, or the application leaves.

https://asgi.readthedocs.io/en/latest/specs/www.html#websocket
"""

from __future__ import annotations

import asyncio

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import reached, waiting
from gateproof.conformance.cases.server_websocket_session import (
    ACCEPT,
    FAMILY,
    LISTENING,
    application,
    frames_shown,
    opened,
    say,
)
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.script import catching, gone, raise_, repeat, return_, wait

_LOST = (1005, 1006)
_GOING_AWAY = (1001, 1012)
_STOPPING = 2.0
"""Seconds after SIGTERM in which open connections are closed by a server that does so."""
_TRACEBACK = "Traceback (most recent call last)"


@case(
    FAMILY,
    "lost-socket",
    proves=(
        "asgi.websocket.disconnect.on-socket-loss",
        "asgi.websocket.disconnect.code-1006-on-loss",
    ),
)
async def lost(stage: ServerStage) -> None:
    """A connection that the client resets is told to the application."""
    session = await opened(stage, application(ACCEPT, say("here"), gone(LISTENING)))
    await session.hears(1)
    session.client.wire.reset()
    await session.gather()
    event = session.disconnect
    if event is None:
        session.broken(
            "asgi.websocket.disconnect.on-socket-loss",
            "the connection was reset, and the application was not told",
            observed=f"no event within {stage.patience:g} s",
            expected="websocket.disconnect",
        )
    elif event.get("code", _LOST[0]) not in _LOST:
        session.broken(
            "asgi.websocket.disconnect.code-1006-on-loss",
            "a lost connection was told with a code that stands for something else",
            observed=repr(event.get("code")),
            expected="1006, or 1005",
        )


@case(
    FAMILY,
    "send-after-the-client-left",
    proves=(
        "asgi.websocket.send.raises-oserror-when-closed",
        "asgi.websocket.send.no-raise-before-2-4",
        "asgi.websocket.disconnect.send-may-fail-earlier",
    ),
)
async def send_late(stage: ServerStage) -> None:
    """Sending to a client that left raises an OSError, or is ignored by older servers."""
    app = application(ACCEPT, gone(LISTENING), catching(say("too late")))
    session = await opened(stage, app)
    await session.leave()


@case(
    FAMILY,
    "uncaught-disconnect-error",
    proves=("asgi.websocket.server.catches-own-disconnect-error",),
)
async def uncaught(stage: ServerStage) -> None:
    """What send() raises may leave the application; the server goes on serving."""
    app = application(ACCEPT, gone(LISTENING), repeat(3, say("too late")))
    session = await opened(stage, app)
    session.client.wire.reset()
    await session.gather()
    other = await opened(stage)
    await other.client.send_text("still served")
    await other.leave()
    if other.messages != ["still served"]:
        other.broken(
            "asgi.websocket.server.catches-own-disconnect-error",
            "an application let the server's own exception through, and the next was not served",
            observed=f"it received {other.messages!r}",
            expected="['still served']",
        )


@case(
    FAMILY,
    "application-returns",
    proves=("asgi.websocket.server.app-return-closes",),
)
async def returns(stage: ServerStage) -> None:
    """When the application returns without a close, the connection ends."""
    session = await opened(stage, application(ACCEPT, say("bye"), return_()))
    if not await session.ended():
        session.broken(
            "asgi.websocket.server.app-return-closes",
            "the application has returned, and the connection stays open",
            observed=frames_shown(session),
            expected="a close frame and the end of the stream",
        )
    await session.client.wire.close()
    await session.gather()


@case(
    FAMILY,
    "application-raises",
    proves=("asgi.websocket.scope.lives-with-socket", "ws.close-code.1011-on-error"),
)
async def raises(stage: ServerStage) -> None:
    """When the application raises, the connection ends."""
    session = await opened(stage, application(ACCEPT, say("oh"), raise_()))
    if not await session.ended():
        session.broken(
            "asgi.websocket.scope.lives-with-socket",
            "the application has died, and the connection stays open",
            observed=frames_shown(session),
            expected="a close frame such as 1011, and the end of the stream",
        )
    await session.client.wire.close()
    await session.gather()


@case(
    FAMILY,
    "client-leaves-a-busy-application",
    proves=("asgi.websocket.disconnect.on-client-close",),
)
async def busy(stage: ServerStage) -> None:
    """A close that comes while the application is busy is told when it receives again."""
    session = await opened(stage, application(ACCEPT, wait("go"), gone(LISTENING)))
    token = session.heard.token
    if await reached(stage, token, waiting("go")) is None:
        stage.blocked("the application did not come to wait")
    await session.client.send_text("before")
    await session.client.close(3001)
    stage.let(token, "go")
    await session.client.collect(stage.patience)
    await session.client.wire.close()
    await session.gather()
    if session.disconnect is None:
        session.broken(
            "asgi.websocket.disconnect.on-client-close",
            "the client closed while the application was busy, and it was not told later",
            observed=repr(session.events[-2:]),
            expected="websocket.disconnect",
        )


@case(
    FAMILY,
    "lost-socket-of-a-busy-application",
    proves=("asgi.websocket.scope.socket-death-ends-app",),
)
async def lost_while_busy(stage: ServerStage) -> None:
    """An application that is busy when the socket is lost learns of it when it receives."""
    session = await opened(stage, application(ACCEPT, wait("go"), gone(LISTENING)))
    token = session.heard.token
    if await reached(stage, token, waiting("go")) is None:
        stage.blocked("the application did not come to wait")
    session.client.wire.reset()
    stage.let(token, "go")
    await session.gather()
    if session.disconnect is None:
        session.broken(
            "asgi.websocket.scope.socket-death-ends-app",
            "the socket was lost while the application was busy, and it was not told later",
            observed=repr(session.events[-1:]),
            expected="websocket.disconnect",
        )


@case(
    FAMILY,
    "disconnect-error-in-the-log",
    alone=True,
    proves=("asgi.websocket.server.disconnect-not-logged-as-error",),
)
async def logged(stage: ServerStage) -> None:
    """What send() raised because the client left is not logged as the application's error."""
    stage.at_hand("the log of the server")
    mark = stage.server.log_mark()
    session = await opened(stage, application(ACCEPT, gone(LISTENING), say("too late")))
    session.client.wire.reset()
    await session.gather()
    other = await opened(stage)  # by its end, what was to be logged before is written
    await other.leave()
    log = stage.server.log_tail(mark)
    if any(call.raised is not None for call in session.heard.calls) and _TRACEBACK in log:
        session.broken(
            "asgi.websocket.server.disconnect-not-logged-as-error",
            "the server logged its own exception as an error of the application",
            observed=log[-300:],
            expected="no traceback",
        )


@case(FAMILY, "server-stops", proves=("ws.close.once-initiated-by-app-return",))
async def server_stops(stage: ServerStage) -> None:
    """A server that is stopped closes open WebSockets with a close frame."""
    stage.needs("websocket")
    async with stage.own_server() as own:
        if own.failed:
            stage.blocked(f"a second server did not start: {own.failed}")
        session = await opened(own.stage)
        stopping = asyncio.create_task(asyncio.to_thread(own.server.stop))
        await session.client.collect(_STOPPING, until="close")
        await session.client.close()
        await session.client.wire.close()
        await stopping
        await session.gather()
        frame = session.close_frame
        if frame is None or frame.code not in _GOING_AWAY:
            session.broken(
                "ws.close.once-initiated-by-app-return",
                "a server that was stopped did not say so in a close frame",
                observed=frames_shown(session),
                expected="a close frame with 1001 or 1012",
            )
