"""Awaits three things at once and answers when all are there.

The three run together, so the request takes as long as the slowest of them; the
answer has them in the order in which they were asked for, not that in which
they came.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def weather() -> str:
    """Ask the slowest source."""
    await asyncio.sleep(0.003)
    return "sunny"


async def headlines() -> list[str]:
    """Ask a source that has its answer at hand."""
    await asyncio.sleep(0)
    return ["All quiet", "More of the same"]


async def visitors() -> int:
    """Ask a source of medium speed."""
    await asyncio.sleep(0.001)
    return 3


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer with what three sources say."""
    if scope["type"] != "http":
        raise NotImplementedError(f"this application does not speak {scope['type']}")
    sky, news, count = await asyncio.gather(weather(), headlines(), visitors())
    body = json.dumps({"weather": sky, "headlines": news, "visitors": count}).encode("ascii")
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode("ascii")),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
