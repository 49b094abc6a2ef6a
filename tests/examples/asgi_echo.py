"""Echoes what it is sent, over HTTP as it comes in and over WebSocket message by message.

One function for each protocol, and a table that finds it by the type of the scope.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def http(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the request body back, each piece as soon as it is there."""
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"application/octet-stream")],
        }
    )
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
        body = message.get("body", b"")
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept the connection, then send each message back as it was, text or bytes."""
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """There is nothing to start or to stop; say so when asked."""
    await receive()  # lifespan.startup
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    await send({"type": "lifespan.shutdown.complete"})


PROTOCOLS = {"http": http, "websocket": websocket, "lifespan": lifespan}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand the connection to its protocol."""
    protocol = PROTOCOLS.get(scope["type"])
    if protocol is None:
        raise NotImplementedError(f"this application does not speak {scope['type']}")
    await protocol(scope, receive, send)
