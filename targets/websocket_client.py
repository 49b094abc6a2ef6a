"""A WebSocket client over a `Wire`: wsproto for correct traffic, any octets beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from wsproto import events
from wsproto.connection import CLIENT, Connection, ConnectionState
from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.utilities import ProtocolError

from gateproof.targets.frames import (
    CLOSE,
    KEY,
    Fault,
    Frame,
    FrameReader,
    agreed_extensions,
    check_answer,
    handshake,
)
from gateproof.targets.http1 import Reply, read_reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateproof.targets.frames import Override
    from gateproof.targets.wire import Wire

_CLOSING = (ConnectionState.REMOTE_CLOSING, ConnectionState.CLOSED)

Kind: TypeAlias = Literal["text", "bytes", "ping", "pong", "close", "end"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a client hears: a whole message, a control frame, or the end of the stream.

    Attributes:
        kind: ``close`` is a close frame, ``end`` that nothing more comes.
        data: text, octets, or the payload of a ping or pong.
        code, reason: of a close frame; ``code`` is None where it carried none.
    """

    kind: Kind
    data: str | bytes = b""
    code: int | None = None
    reason: str = ""


class WebSocketClient:
    """One WebSocket connection; the server's breaches are recorded and never raised.

    Attributes:
        wire: the connection, free for octets that wsproto would not send.
        request, reply: the opening handshake.
        faults: what the answer lacks as an acceptance, empty when it is one.
        frames: what the server sent, frame by frame.
        problem: what wsproto says against the frames, empty when it accepts them.
        pongs, closes: whether pings and a close frame are answered while receiving.
    """

    def __init__(self, wire: Wire, request: bytes, reply: Reply, faults: list[Fault]) -> None:
        """Go on from an opening handshake; most callers use `open`."""
        self.wire = wire
        self.request = request
        self.reply = reply
        self.faults = faults
        self.frames: list[Frame] = []
        self.problem = ""
        self.pongs = True
        self.closes = True
        self.reader = FrameReader()
        self._heard: list[Incoming] = []
        self._parts: list[str | bytes] = []
        self._connection = Connection(CLIENT, _extensions(reply) if self.accepted else [])

    @property
    def accepted(self) -> bool:
        """Whether the server completed the handshake (101, right or not in its details)."""
        return self.reply.status == 101

    @classmethod
    async def open(
        cls,
        wire: Wire,
        host: str,
        target: str = "/",
        *,
        within: float = 3.0,
        key: str = KEY,
        subprotocols: Sequence[str] = (),
        extensions: str = "",
        override: Mapping[str, Override] | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> WebSocketClient:
        """Send an opening handshake and read the answer, be it acceptance or refusal."""
        request = handshake(
            host,
            target,
            key=key,
            subprotocols=subprotocols,
            extensions=extensions,
            override=override,
            headers=headers,
        )
        await wire.send(request)
        return await cls.answered(
            wire, request, within=within, key=key, subprotocols=subprotocols, extensions=extensions
        )

    @classmethod
    async def answered(
        cls,
        wire: Wire,
        request: bytes,
        *,
        within: float = 3.0,
        key: str = KEY,
        subprotocols: Sequence[str] = (),
        extensions: str = "",
    ) -> WebSocketClient:
        """Read the answer to an opening handshake that was sent already."""
        reply = await read_reply(wire, "GET", within, switching=True)
        offered = [offer.split(";")[0].strip().lower() for offer in extensions.split(",")]
        faults = check_answer(reply, key=key, subprotocols=subprotocols, extensions=offered)
        return cls(wire, request, reply, faults)

    async def send_text(self, text: str) -> None:
        """Send one text message in one frame."""
        await self._send(events.TextMessage(data=text))

    async def send_bytes(self, data: bytes) -> None:
        """Send one binary message in one frame."""
        await self._send(events.BytesMessage(data=data))

    async def ping(self, payload: bytes = b"") -> None:
        """Send a ping."""
        await self._send(events.Ping(payload=payload))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame, unless one was sent."""
        if self._connection.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            await self._send(events.CloseConnection(code=code, reason=reason))

    async def send_frames(self, *frames: bytes, cuts: Sequence[int] = ()) -> None:
        """Send octets verbatim, all in one piece unless cut."""
        await self.wire.send(b"".join(frames), cuts)

    async def _send(self, event: events.Event) -> None:
        await self.wire.send(self._connection.send(event))

    async def receive(self, within: float = 3.0) -> Incoming:
        """Give the next message, control frame or end.

        Raises:
            TimeoutError: nothing whole came ``within`` that many seconds.

        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while not self._heard:
            data = await self.wire.receive(deadline - loop.time())
            if not data:
                return Incoming("end")
            await self._take(data)
        return self._heard.pop(0)

    async def collect(self, within: float = 3.0, *, until: Kind = "end") -> list[Incoming]:
        """Give everything up to the first of kind ``until`` (or the end), or to the deadline."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        found: list[Incoming] = []
        while not found or found[-1].kind not in (until, "end"):
            try:
                found.append(await self.receive(deadline - loop.time()))
            except TimeoutError:
                break
        return found

    async def _take(self, data: bytes) -> None:
        frames = self.reader.feed(data)
        self.frames += frames
        if self.problem:
            return
        if self._connection.state in _CLOSING:
            self.problem = f"{len(data)} octets after a close frame"
            return
        self._connection.receive_data(data)
        try:
            for event in self._connection.events():
                await self._hear(event)
        except ProtocolError as error:
            self.problem = str(error)

    async def _hear(self, event: events.Event) -> None:
        if isinstance(event, events.Message):
            self._parts.append(event.data if isinstance(event.data, str) else bytes(event.data))
            if event.message_finished:
                kind: Kind = "text" if isinstance(event, events.TextMessage) else "bytes"
                empty: str | bytes = "" if kind == "text" else b""
                self._heard.append(Incoming(kind, empty.join(self._parts)))  # type: ignore[arg-type]
                self._parts = []
        elif isinstance(event, events.Ping):
            self._heard.append(Incoming("ping", bytes(event.payload)))
            if self.pongs:
                await self._answer(event.response())
        elif isinstance(event, events.Pong):
            self._heard.append(Incoming("pong", bytes(event.payload)))
        elif isinstance(event, events.CloseConnection):
            await self._hear_close(event)

    async def _hear_close(self, event: events.CloseConnection) -> None:
        # wsproto tells of a breach by a close event too: a real one has its frame.
        frame = next((frame for frame in self.frames if frame.opcode == CLOSE), None)
        if frame is None or self._connection.state not in _CLOSING:
            self.problem = event.reason or f"wsproto fails the connection with {int(event.code)}"
            return
        self._heard.append(Incoming("close", b"", frame.code, event.reason or ""))
        if self.closes and self._connection.state is ConnectionState.REMOTE_CLOSING:
            await self._answer(event.response())

    async def _answer(self, event: events.Event) -> None:
        if not self.wire.closed and not self.wire.eof:
            await self._send(event)


def _extensions(reply: Reply) -> list[Extension]:
    """Set up the extensions that the answer agrees to, where we know them."""
    found: list[Extension] = []
    for name, parameters in agreed_extensions(reply):
        if name == b"permessage-deflate":
            deflate = PerMessageDeflate()
            try:
                deflate.finalize(b"; ".join((name, *parameters)).decode("latin-1"))
            except (ValueError, IndexError):  # parameters that nobody can use: a case looks at them
                continue
            found.append(deflate)
    return found
