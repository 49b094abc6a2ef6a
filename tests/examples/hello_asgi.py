"""The smallest ASGI application that is worth running.

It speaks HTTP and says so of anything else by raising, as the specification asks.
Try it: ``gateproof run --target=hello_asgi:application``
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Say hello to every request."""
    if scope["type"] != "http":
        raise NotImplementedError(f"this application does not speak {scope['type']}")
    body = b"Hello, world!\n"
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode("ascii")),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
