"""ASGI applications with one fault in how they serve several at once, or start and stop.

Every function makes an application; with ``faulty=False`` the same one, mended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PAUSE = 0.2
"""Seconds that a client is given to send on."""


class GoneError(Exception):
    """The client went away before its request was complete."""


def only_http(scope: Scope) -> None:
    """Refuse what is not HTTP."""
    if scope["type"] != "http":
        raise NotImplementedError(f"this application does not speak {scope['type']}")


async def request(receive: Receive) -> tuple[bytes, bool]:
    """The next piece of the body, and whether there is more.

    Raises:
        GoneError: the client went away.
    """
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise GoneError
        if event["type"] == "http.request":
            return event.get("body", b""), event.get("more_body", False)


async def answer(scope: Scope, send: Send, body: bytes) -> None:
    """Send a complete response."""
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-length", str(len(body)).encode("ascii")),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def collected(faulty: bool) -> Application:
    """Sends the whole body back once it is there.

    Fault: all requests collect their pieces in one list. Shows when a second request
    begins before the body of the first is complete.
    """
    common: list[bytes] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        parts = common if faulty else []
        parts.clear()
        more = True
        try:
            while more:
                piece, more = await request(receive)
                parts.append(piece)
        except GoneError:
            return
        await answer(scope, send, b"".join(parts))

    return application


def patient(faulty: bool) -> Application:
    """Answers once the body is there; a client that does not say how long it is has more time.

    Fault: this time is waited in the thread of the event loop. Shows when the first piece
    of a body without content-length is not the last.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        known = any(key.lower() == b"content-length" for key, _ in scope["headers"])
        try:
            _, more = await request(receive)
            if more and not known:
                if faulty:
                    time.sleep(PAUSE)  # noqa: ASYNC251 - the fault
                else:
                    await asyncio.sleep(PAUSE)
            while more:
                _, more = await request(receive)
        except GoneError:
            return
        await answer(scope, send, b"thank you\n")

    return application


def rendered(faulty: bool) -> Application:
    """Answers when the body is there; who asks for the same path meanwhile gets the same page.

    Fault: when the client goes away that asked first, so do all who wait for its page.
    Shows when a second request begins before the body of the first is complete, and the
    first client goes away.
    """
    waiting: dict[str, asyncio.Future[bytes]] = {}

    def page(path: str) -> bytes:
        return f"The page at {path}\n".encode("utf-8", "replace")

    async def shared(path: str, receive: Receive) -> bytes:
        if path in waiting:
            return await asyncio.shield(waiting[path])
        future = waiting[path] = asyncio.get_running_loop().create_future()
        try:
            more = True
            while more:
                _, more = await request(receive)
        except GoneError as gone:
            if faulty:
                future.set_exception(gone)
                future.exception()  # it was looked at, even if nobody waits
            raise
        finally:
            del waiting[path]
            if not future.done():
                future.set_result(page(path))
        return future.result()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        only_http(scope)
        try:
            body = await shared(scope["path"], receive)
        except GoneError:
            return
        await answer(scope, send, body)

    return application


def started(faulty: bool) -> Application:
    """Opens a store at startup, in ``state`` where the version of lifespan has that.

    Fault: of the versions, 1.0 is known only by its absence. Shows when the scope of the
    lifespan says that its spec_version is ``1.0``.
    """
    own: dict[str, Any] = {}

    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        version = scope["asgi"].get("spec_version")
        known = {None: False, "2.0": True}
        has_state = known[version] if faulty else version not in (None, "1.0")
        await receive()  # lifespan.startup
        namespace = scope["state"] if has_state and "state" in scope else own
        namespace["planted.store"] = object()
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        namespace.clear()
        await send({"type": "lifespan.shutdown.complete"})

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(scope, receive, send)
            return
        only_http(scope)
        try:
            more = True
            while more:
                _, more = await request(receive)
        except GoneError:
            return
        await answer(scope, send, b"open\n")

    return application
