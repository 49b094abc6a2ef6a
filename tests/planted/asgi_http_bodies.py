"""ASGI applications that receive a body, each with one fault in how it does.

Every function makes an application; with ``faulty=False`` the same one, mended.
"""

from __future__ import annotations

import asyncio
import codecs
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OCTETS = (b"content-type", b"application/octet-stream")

KEPT = 64 * 1024
"""Octets of a body of unknown length that stay in memory."""


class GoneError(Exception):
    """The client went away before its request was complete."""


def only_http(scope: Scope) -> None:
    """Refuse what is not HTTP."""
    if scope["type"] != "http":
        raise NotImplementedError(f"this application does not speak {scope['type']}")


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first value of a request header, ``None`` where there is none."""
    for key, value in scope["headers"]:
        if key.lower() == name:
            return value
    return None


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body as it comes in.

    Raises:
        GoneError: the client went away.
    """
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise GoneError
        if event["type"] == "http.request":
            yield event.get("body", b"")
            more = event.get("more_body", False)


async def answer(scope: Scope, send: Send, status: int, text: str) -> None:
    """Send a complete response of plain text."""
    body = text.encode("utf-8")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def louder(faulty: bool) -> Application:
    """Answers with the text that was sent, in upper case.

    Fault: each piece of the body is decoded by itself. Shows when the body is cut within
    a character of several octets.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        decoder = codecs.getincrementaldecoder("utf-8")()
        text = ""
        try:
            async for piece in pieces(receive):
                text += piece.decode("utf-8") if faulty else decoder.decode(piece)
            text += decoder.decode(b"", final=True)
        except GoneError:
            return
        except UnicodeDecodeError:
            await answer(scope, send, 400, "that is no text\n")
            return
        await answer(scope, send, 200, text.upper())

    return application


def weighed(faulty: bool) -> Application:
    """Answers with how many octets were sent.

    Fault: where no length is announced, the first event tells whether there is a body at
    all. Shows when a body without content-length begins with an empty piece.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        announced = header(scope, b"content-length") is not None
        size, first = 0, True
        try:
            async for piece in pieces(receive):
                size += len(piece)
                if faulty and first and not piece and not announced:
                    break
                first = False
        except GoneError:
            return
        await answer(scope, send, 200, f"{size} octets\n")

    return application


class Store:
    """Keeps a body: in memory up to a limit, then in what stands for a file here.

    Args:
        limit: octets that stay in memory.
        exact: what fills the memory exactly is kept as well.
    """

    def __init__(self, limit: int, exact: bool) -> None:
        self.limit = limit
        self.exact = exact
        self.memory = bytearray()
        self.file = hashlib.sha256()
        self.spilled = False

    def add(self, piece: bytes) -> None:
        """Keep a piece more."""
        total = len(self.memory) + len(piece)
        if self.spilled or total > self.limit:
            self.file.update(self.memory)
            self.file.update(piece)
            self.memory.clear()
            self.spilled = True
        elif total < self.limit or self.exact:
            self.memory += piece

    def digest(self) -> str:
        """The digest of all that was kept."""
        self.file.update(self.memory)
        self.memory.clear()
        return self.file.hexdigest()


def stored(faulty: bool) -> Application:
    """Answers with the digest of the body, of which 64 KiB are kept in memory.

    Fault: a piece that makes exactly 64 KiB is neither kept in memory nor written to the
    file. Shows when a body without content-length has a cut, or its end, after 64 KiB.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        known = header(scope, b"content-length") is not None
        store = Store(0 if known else KEPT, exact=known or not faulty)
        try:
            async for piece in pieces(receive):
                store.add(piece)
        except GoneError:
            return
        await answer(scope, send, 200, f"{store.digest()}\n")

    return application


@dataclass(frozen=True)
class Disconnected:
    """The event that tells that the client has gone."""

    type: str


def drained(faulty: bool) -> Application:
    """Answers once the body was received, and notes who goes away before.

    Fault: the keys of http.disconnect are taken for the fields of a class, so that there
    may be no others. Shows when http.disconnect has an unknown key.
    """
    gone: list[Disconnected] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        more = True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                gone[:] = [Disconnected(**event) if faulty else Disconnected(event["type"])]
                return
            if event["type"] == "http.request":
                more = event.get("more_body", False)
        await answer(scope, send, 200, "received\n")

    return application


def echo(faulty: bool) -> Application:
    """Sends the body back piece by piece; the response starts with the first piece.

    Fault: an empty piece does not count as a start. Shows when the client goes away after
    a first piece that was empty: the response is started again, to say 400.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        started, size = False, 0
        try:
            async for piece in pieces(receive):
                if not started:
                    start = {"type": "http.response.start", "status": 200, "headers": [OCTETS]}
                    await send(start)
                    started = True
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                size += len(piece)
        except GoneError:
            if not (size if faulty else started):
                await answer(scope, send, 400, "the request ended too early\n")
            return
        await send({"type": "http.response.body"})

    return application


def piped(faulty: bool) -> Application:
    """Sends the body back from a task of its own, behind a queue of four pieces.

    Fault: who receives does not wait for a place in the queue. Shows when the body comes
    in more than four pieces and ``send`` takes longer than ``receive``.
    """

    async def forward(receive: Receive, queue: asyncio.Queue[bytes | None]) -> None:
        try:
            async for piece in pieces(receive):
                if faulty:
                    queue.put_nowait(piece)
                    await asyncio.sleep(0)  # the other task's turn
                else:
                    await queue.put(piece)
        except GoneError:
            pass
        await queue.put(None)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=4)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(forward(receive, queue))
                piece = await queue.get()
                await send({"type": "http.response.start", "status": 200, "headers": [OCTETS]})
                while piece is not None:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    piece = await queue.get()
                await send({"type": "http.response.body"})
        except* OSError:
            pass  # nobody is there to be sent anything

    return application
