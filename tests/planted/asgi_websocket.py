"""ASGI applications that speak WebSocket, each with one fault in how it does.

Every function makes an application; with ``faulty=False`` the same one, mended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

FRAME = 125
"""Characters of a message that is not split."""

LONGEST = 20
"""Characters of a command."""

REASON = 123
"""Octets of a reason that fit into a close frame."""


class GoneError(Exception):
    """The connection is over; ``code`` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell who comes by HTTP that here is a WebSocket; refuse every other protocol."""
    if scope["type"] != "http":
        raise NotImplementedError(f"this application does not speak {scope['type']}")
    more = True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        more = event["type"] != "http.request" or event.get("more_body", False)
    body = b"" if scope["method"] == "HEAD" else b"connect with a WebSocket\n"
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first value of a header of the handshake, ``None`` where there is none."""
    for key, value in scope["headers"]:
        if key.lower() == name:
            return value
    return None


async def accepted(receive: Receive, send: Send, subprotocol: str | None = None) -> None:
    """Take websocket.connect and accept.

    Raises:
        GoneError: the client went away before.
    """
    event = await receive()
    if event["type"] == "websocket.disconnect":
        raise GoneError(event.get("code", 1005))
    answer: Event = {"type": "websocket.accept"}
    await send(answer if subprotocol is None else {**answer, "subprotocol": subprotocol})


async def message(receive: Receive) -> str | bytes:
    """The next message of the client.

    Raises:
        GoneError: the connection is over.
    """
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            raise GoneError(event.get("code", 1005))
        if event["type"] == "websocket.receive":
            text = event.get("text")
            return event["bytes"] if text is None else text


async def text_of(receive: Receive) -> str:
    """The next message as text, however it was sent."""
    said = await message(receive)
    return said if isinstance(said, str) else said.decode("utf-8", "replace")


async def say(send: Send, said: str | bytes) -> None:
    """Send a message."""
    key = "text" if isinstance(said, str) else "bytes"
    await send({"type": "websocket.send", key: said})


def echo(faulty: bool) -> Application:
    """Sends every message back, and looks at the code that the client closes with.

    Fault: behind a code that it does not know it waits for one event more, where none can
    come. Shows when websocket.disconnect has a code from 1012 to 2999.
    """

    def known(code: int) -> bool:
        return 1000 <= code <= 1011 or 3000 <= code <= 4999

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await page(scope, receive, send)
            return
        try:
            await accepted(receive, send)
            while True:
                await say(send, await message(receive))
        except GoneError as gone:
            if faulty and not known(gone.code):
                await receive()

    return application


def commands(faulty: bool) -> Application:
    """Takes commands of up to 20 characters; a longer one ends the connection.

    Fault: the reason that quotes it is cut to 123 characters, where a close frame has
    room for 123 octets. Shows when the command is long and not ASCII.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await page(scope, receive, send)
            return
        try:
            await accepted(receive, send)
            while len(command := await text_of(receive)) <= LONGEST:
                await say(send, f"done: {command}")
        except GoneError:
            return
        reason = f"no command: {command}"[:REASON]
        if not faulty:
            reason = reason.encode("utf-8", "replace")[:REASON].decode("utf-8", "ignore")
        await send({"type": "websocket.close", "code": 1008, "reason": reason})

    return application


def negotiated(faulty: bool) -> Application:
    """Accepts with the first subprotocol that the client offers, and says which that is.

    Fault: it is selected in lower case. Shows when the first subprotocol has an upper
    case letter.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await page(scope, receive, send)
            return
        offered = list(scope.get("subprotocols") or ())
        chosen = offered[0] if offered else None
        if faulty and chosen is not None:
            chosen = chosen.lower()
        try:
            await accepted(receive, send, chosen)
            while True:
                await message(receive)
                await say(send, chosen or "no subprotocol")
        except GoneError:
            return

    return application


def settings(faulty: bool) -> Application:
    """Takes a name, then its value, and confirms both in one message.

    Fault: the name is kept in one place for all connections. Shows when another connection
    sends a name between the name and the value of the first.
    """
    common = {"name": ""}

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await page(scope, receive, send)
            return
        kept = common if faulty else {"name": ""}
        try:
            await accepted(receive, send)
            while True:
                kept["name"] = await text_of(receive)
                value = await text_of(receive)
                await say(send, f"{kept['name']}={value}")
        except GoneError:
            return

    return application


def counted(faulty: bool) -> Application:
    """Says of each message which one it is, and from the second on, whose.

    Fault: the address of the client is taken for granted. Shows at the second message of
    a connection whose scope has no ``client``, or ``None``.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await page(scope, receive, send)
            return
        number = 0
        try:
            await accepted(receive, send)
            while True:
                await message(receive)
                number += 1
                if number == 1:
                    await say(send, "the first")
                    continue
                peer = scope["client"] if faulty else scope.get("client") or ("somewhere", 0)
                await say(send, f"number {number} from {peer[0]}")
        except GoneError:
            return

    return application


def guarded(faulty: bool) -> Application:
    """Accepts pages of its own host only; others are denied, with a response where it may.

    Fault: behind the response for an origin without a host there is a close as well. Shows when
    an Origin header has no ``://`` and the server offers websocket.http.response.
    """

    async def deny(scope: Scope, send: Send, why: bytes) -> bool:
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": 1008})
            return False
        headers = [(b"content-type", b"text/plain")]
        start = {"type": "websocket.http.response.start", "status": 403, "headers": headers}
        await send(start)
        await send({"type": "websocket.http.response.body", "body": why})
        return True

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await page(scope, receive, send)
            return
        origin = header(scope, b"origin")
        host = (origin or b"").partition(b"://")[2]
        if origin is not None and host != header(scope, b"host"):
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            if host:
                await deny(scope, send, b"this is another site\n")
            elif await deny(scope, send, b"an origin has a host\n") and faulty:
                await send({"type": "websocket.close", "code": 1008})
            return
        try:
            await accepted(receive, send)
            while True:
                await say(send, await message(receive))
        except GoneError:
            return

    return application


def split(faulty: bool) -> Application:
    """Sends messages back, text in parts of at most 125 characters.

    Fault: behind the last full part there is one more, of nothing, which is neither text
    nor bytes. Shows when a text has a multiple of 125 characters, and some.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await page(scope, receive, send)
            return
        try:
            await accepted(receive, send)
            while True:
                said = await message(receive)
                if isinstance(said, bytes) or not said:
                    await say(send, said)
                    continue
                end = len(said) + 1 if faulty else len(said)
                for start in range(0, end, FRAME):
                    part = said[start : start + FRAME]
                    await send({"type": "websocket.send", "text": part or None})
        except GoneError:
            return

    return application


def localised(faulty: bool) -> Application:
    """Greets in the language of the handshake, then sends every message back.

    Fault: the header pairs are put into a set, as lists cannot be. Shows when the pairs of
    ``headers`` are lists.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await page(scope, receive, send)
            return
        headers = set(scope["headers"]) if faulty else [tuple(pair) for pair in scope["headers"]]
        languages = sorted(v for k, v in headers if k.lower() == b"accept-language")
        french = bool(languages) and languages[0].lower().startswith(b"fr")
        try:
            await accepted(receive, send)
            await say(send, "Bonjour" if french else "Good day")
            while True:
                await say(send, await message(receive))
        except GoneError:
            return

    return application
