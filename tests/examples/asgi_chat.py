"""A chat: every message of a WebSocket goes to all who are connected.

Each visitor has a queue, and a task that sends what is in it, so that a slow
reader holds up nobody else. Over HTTP the chat tells how many are there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

BACKLOG = 100
"""Messages that may wait for a visitor before further ones are lost to them."""


class Room:
    """The visitors of the chat."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[str]] = set()

    def __len__(self) -> int:
        return len(self._queues)

    @contextlib.contextmanager
    def visit(self) -> Iterator[asyncio.Queue[str]]:
        """Be in the room; gives the queue in which its messages arrive."""
        queue: asyncio.Queue[str] = asyncio.Queue(BACKLOG)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def say(self, text: str) -> None:
        """Give ``text`` to everyone who has room for it."""
        for queue in self._queues:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(text)


ROOM = Room()


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Say that the chat is ready, and that it is over."""
    await receive()  # lifespan.startup
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    await send({"type": "lifespan.shutdown.complete"})


async def http(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell how many visitors there are."""
    body = f"{len(ROOM)} in the room\n".encode("ascii")
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


async def websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Let a visitor in, until the connection ends."""
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    with ROOM.visit() as queue:
        async with asyncio.TaskGroup() as tasks:
            delivery = tasks.create_task(_deliver(queue, send))
            await _listen(receive)
            delivery.cancel()


async def _listen(receive: Receive) -> None:
    """Say in the room what the visitor says."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is not None:
            ROOM.say(text)


async def _deliver(queue: asyncio.Queue[str], send: Send) -> None:
    """Send the visitor what is said in the room; a lost connection ends it."""
    with contextlib.suppress(OSError):
        while True:
            await send({"type": "websocket.send", "text": await queue.get()})


PROTOCOLS = {"http": http, "websocket": websocket, "lifespan": lifespan}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand the connection to its protocol."""
    protocol = PROTOCOLS.get(scope["type"])
    if protocol is None:
        raise NotImplementedError(f"this application does not speak {scope['type']}")
    await protocol(scope, receive, send)
