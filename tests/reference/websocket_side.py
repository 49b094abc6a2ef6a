"""The ASGI side for WebSockets: the call, its events, closing."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections import deque
from typing import Any

from reference.asgi_side import VALUE, Event, check_headers, check_type, typed
from reference.connection import Connection
from reference.http_reading import Fields, RefusedError, Request
from reference.http_writing import Response, reason_phrase
from reference.octets import GoneError
from reference.websocket_frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    FrameError,
    sendable,
)
from reference.websocket_handshake import Handshake


class WebSocketCall(Handshake):
    """One call of an ASGI application for a WebSocket."""

    BACKLOG = 1024 * 1024  # octets of messages that wait for the application
    CLOSING = 3.0  # seconds for the client's answer to our close frame
    PING_EVERY = 20.0
    VALUE = VALUE

    def __init__(self, connection: Connection, request: Request, response: Response) -> None:
        super().__init__(request)
        self.connection = connection
        self.server = connection.server
        self.octets = connection.octets
        self.response = response
        self.phase = "connecting"  # then open or denying, closed (all for the application)
        self.connect_told = False
        self.messages: deque[str | bytes] = deque()
        self.waiting = 0  # octets in them
        self.ending: tuple[int, str] | None = None  # code and reason of the disconnect
        self.close_sent = False
        self.close_received = False
        self.frames = self.connection.parts.frames(self.octets)
        self.reader: asyncio.Task[None] | None = None
        self.pinger: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Shake hands as the application decides, and play the call to its end."""
        try:
            self.handshake()
        except RefusedError as refused:
            self.server.log(f"refused: {refused.why}\n")
            await self.response.error(refused.status, refused.why, list(refused.fields))
            return
        self.connection.server.websockets.add(self)
        task = asyncio.create_task(self.call())
        self.server.keep(task)
        try:
            while not task.done() and not self.over():
                await self.change(task)
            await self.wind_up()
        finally:
            self.connection.server.websockets.discard(self)
            for helper in (self.reader, self.pinger):
                if helper is not None:
                    helper.cancel()

    def over(self) -> bool:
        """Whether nothing can be said on this connection any more."""
        ended = self.octets.ended and self.ending is not None
        return ended or self.response.complete or self.close_sent

    async def change(self, *tasks: asyncio.Task[None]) -> None:
        """Wait until something happened."""
        changed = asyncio.ensure_future(self.octets.changed.wait())
        try:
            await asyncio.wait({changed, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()

    async def wind_up(self) -> None:
        """Wait for the client's close frame, where ours went first."""
        try:
            async with asyncio.timeout(self.CLOSING):
                while self.awaits_close():
                    await self.change()
        except TimeoutError:
            pass

    def awaits_close(self) -> bool:
        """Whether the client's close frame is still to come."""
        return self.close_sent and not self.close_received and not self.octets.ended

    # -- the call ----------------------------------------------------------------------

    def scope(self) -> dict[str, Any]:
        """The scope of the call."""
        scopes = self.connection.parts.scopes(self.connection, self.request)
        return scopes.websocket(self.subprotocols)

    async def call(self) -> None:
        """Call the application, and end the connection after it."""
        try:
            await self.server.app(self.scope(), self.receive, self.send)
            await self.returned()
        except GoneError:
            pass  # ours: nobody is there to be told
        except Exception as raised:
            self.server.log("".join(traceback.format_exception(raised)))
            await self.failed()

    async def returned(self) -> None:
        """The application returned; it may have forgotten to answer, or to close."""
        if self.phase in ("connecting", "denying"):
            await self.not_answered()
        elif self.phase == "open":
            await self.close(1000, "")

    async def failed(self) -> None:
        """The application raised."""
        try:
            if self.phase in ("connecting", "denying"):
                await self.not_answered()
            elif self.phase == "open":
                await self.close(1011, "")
        except GoneError:
            pass

    async def not_answered(self) -> None:
        """The application left the client without a decision."""
        self.phase = "closed"
        if self.response.head_sent:
            self.response.break_off()
        else:
            await self.response.error(500, "the application failed")

    # -- receive -----------------------------------------------------------------------

    async def receive(self) -> Event:
        """The next event: connect, messages, disconnect."""
        if not self.connect_told:
            self.connect_told = True
            return self.connect_event()
        while not self.messages and self.ending is None:
            if self.phase == "connecting" and self.octets.ended:
                self.ending = (1006, "")
            else:
                await self.change()
        if self.messages and self.deliverable():
            message = self.messages.popleft()
            self.waiting -= len(message)
            self.octets.wake()
            return self.receive_event(message)
        return self.disconnect_event(*(self.ending or (1006, "")))

    def deliverable(self) -> bool:
        """Whether messages that came go to the application: not after it closed."""
        return self.phase == "open"

    def connect_event(self) -> Event:
        """The first event."""
        return {"type": "websocket.connect"}

    def receive_event(self, message: str | bytes) -> Event:
        """The event of a message."""
        key = "text" if isinstance(message, str) else "bytes"
        return {"type": "websocket.receive", key: message}

    def disconnect_event(self, code: int, reason: str) -> Event:
        """The last event."""
        return {"type": "websocket.disconnect", "code": code, "reason": reason}

    async def read(self) -> None:
        """Read frames until the connection ends; pings are answered whoever waits."""
        try:
            while not self.close_received:
                await self.take()
        except GoneError:
            self.end(1006, "")
        except FrameError as failed:
            self.server.log(f"a WebSocket failed: {failed}\n")
            await self.fail(failed.code)
        except Exception as raised:  # a fault of ours must not leave the client waiting
            self.server.log("".join(traceback.format_exception(raised)))
            self.end(1006, "")

    async def take(self) -> None:
        """Take one frame."""
        while self.waiting > self.BACKLOG:
            await self.change()
        frame = await self.frames.frame()
        if frame.opcode == PING:
            await self.pong(frame.payload)
        elif frame.opcode == CLOSE:
            await self.closed_by_client(*self.frames.closing(frame.payload))
        elif frame.opcode != PONG:
            message = self.frames.message(frame)
            if message is not None:
                self.deliver(message)

    def deliver(self, message: str | bytes) -> None:
        """Hold a message for the application."""
        self.messages.append(message)
        self.waiting += len(message)
        self.octets.wake()

    async def pong(self, payload: bytes) -> None:
        """Answer a ping with what it carries."""
        if not self.close_sent:
            await self.octets.write(self.frames.build(PONG, payload))

    async def closed_by_client(self, code: int, reason: str) -> None:
        """The client's close frame came: answer, and that is the end."""
        self.close_received = True
        self.end(code, reason)
        if not self.close_sent:
            await self.send_close(self.echo(code))

    def echo(self, code: int) -> bytes:
        """The payload of the answer to a close frame."""
        return b"" if code == 1005 else code.to_bytes(2, "big")

    def end(self, code: int, reason: str) -> None:
        """There will be no more messages."""
        if self.ending is None:
            self.ending = (code, reason)
        self.octets.wake()

    async def fail(self, code: int) -> None:
        """Fail the connection."""
        self.end(1006, "")
        self.close_received = True  # what else comes is not looked at
        if not self.close_sent:
            with contextlib.suppress(GoneError):
                await self.send_close(code.to_bytes(2, "big"))

    # -- send --------------------------------------------------------------------------

    async def send(self, event: Event) -> None:
        """Take an event of the application; on return it has left."""
        kind = check_type(event)
        if kind == "websocket.accept":
            await self.accept(event)
        elif kind == "websocket.send":
            await self.send_message(event)
        elif kind == "websocket.close":
            await self.close_by_application(event)
        elif kind == "websocket.http.response.start":
            self.start_denial(event)
        elif kind == "websocket.http.response.body":
            await self.deny_with(event)
        else:
            raise ValueError(f"{kind!r} is no event of a WebSocket here")

    def present(self) -> None:
        """Raise once the application knows, or could know, that the client is gone."""
        if self.ending is not None or self.octets.lost or self.phase == "closed":
            raise GoneError("the WebSocket is closed")

    async def accept(self, event: Event) -> None:
        """Complete the handshake."""
        fields = check_headers(event.get("headers", ()), self.VALUE)
        subprotocol = event.get("subprotocol")
        self.check_subprotocol(subprotocol, fields)
        if self.phase in ("open", "denying"):
            raise RuntimeError("the handshake was answered before")
        self.present()
        self.phase = "open"
        self.frames.deflate = self.deflate
        await self.octets.write(self.accepted(subprotocol, fields))
        self.reader = asyncio.create_task(self.read())
        self.pinger = asyncio.create_task(self.ping())
        self.server.keep(self.pinger)

    def check_subprotocol(self, subprotocol: Any, fields: Fields) -> None:
        """The application can only choose what was offered."""
        if any(name.lower() == b"sec-websocket-protocol" for name, _ in fields):
            raise ValueError("a subprotocol is chosen by its key, not by a header")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(f"subprotocol {subprotocol!r} was not offered")

    async def ping(self) -> None:
        """See from time to time whether the client is there."""
        while not (self.close_sent or self.octets.ended):
            await asyncio.sleep(self.PING_EVERY)
            if not (self.close_sent or self.octets.ended):
                await self.octets.write(self.frames.build(PING, b""))

    async def send_message(self, event: Event) -> None:
        """Send a message: one of the two contents."""
        text, data = event.get("text"), event.get("bytes")
        if (text is None) == (data is None):
            raise ValueError("a message is either text or bytes")
        if text is not None:
            opcode, payload = TEXT, typed(event, "text", str, None).encode("utf-8")
        else:
            opcode, payload = BINARY, typed(event, "bytes", bytes, None)
        if self.phase in ("connecting", "denying"):
            raise RuntimeError("the WebSocket is not accepted")
        self.present()
        await self.transmit(opcode, payload)

    async def transmit(self, opcode: int, payload: bytes) -> None:
        """Put a message on the wire."""
        if not self.close_sent:
            await self.octets.write(self.frames.build(opcode, payload))

    async def close_by_application(self, event: Event) -> None:
        """Close, or refuse where nothing was accepted."""
        code = typed(event, "code", int, self.default_code())
        reason = event.get("reason") or ""
        if not isinstance(reason, str):
            raise TypeError("reason is no str")
        if not sendable(code) or len(reason.encode("utf-8")) > 123:
            raise ValueError("code or reason cannot stand in a close frame")
        self.present()
        if self.phase == "denying":
            raise RuntimeError("the handshake is being answered")
        if self.phase == "connecting":
            await self.deny()
        else:
            await self.close(code, reason)

    def default_code(self) -> int:
        """The code of a close event that has none."""
        return 1000

    async def deny(self) -> None:
        """Refuse the handshake."""
        self.phase = "closed"
        self.end(1006, "")
        await self.response.error(403, "refused by the application")

    def start_denial(self, event: Event) -> None:
        """Refuse the handshake with a response of the application's own."""
        status = typed(event, "status", int, None)
        fields = check_headers(event.get("headers", ()), self.VALUE)
        if self.phase != "connecting":
            raise RuntimeError("a response has no place here")
        self.present()
        self.phase = "denying"
        self.response.keep = False
        self.response.prepare(status, reason_phrase(status), fields)

    async def deny_with(self, event: Event) -> None:
        """Content of that response."""
        data = typed(event, "body", bytes, b"")
        more = typed(event, "more_body", bool, False)
        if self.phase != "denying":
            raise RuntimeError("content has no place here")
        await self.response.data(data, last=not more)
        if not more:
            self.phase = "closed"
            self.end(1006, "")
            await self.response.end()

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame of ours."""
        self.phase = "closed"
        self.end(code, reason)
        if not self.close_sent:
            await self.send_close(self.close_payload(code, reason))

    def close_payload(self, code: int, reason: str) -> bytes:
        """What a close frame carries."""
        return code.to_bytes(2, "big") + reason.encode("utf-8")

    async def send_close(self, payload: bytes) -> None:
        """Put a close frame on the wire: the last that is sent."""
        self.close_sent = True
        try:
            await self.octets.write(self.frames.build(CLOSE, payload))
        finally:
            self.octets.wake()

    async def going_away(self) -> None:
        """The server stops."""
        if self.phase == "open":
            self.end(1001, "")
            if not self.close_sent:
                await self.send_close((1001).to_bytes(2, "big"))
