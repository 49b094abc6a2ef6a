"""WebSocket octets (RFC 6455): frames with every bit free, and the opening handshake."""

from __future__ import annotations

import base64
import hashlib
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from gateproof.targets.http1 import Reply

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MASK = b"\x37\xfa\x21\x3d"
"""The masking key of section 5.7's example; a case that cares chooses others."""
KEY = base64.b64encode(b"gateproof wskey!").decode()

Form: TypeAlias = Literal[7, 16, 64]
"""How a length is written: in the 7 bits themselves, in 16 more, or in 64 more."""
Override: TypeAlias = str | Sequence[str] | None

_SECOND: Final[Mapping[Form, int]] = {16: 126, 64: 127}
_LENGTH: Final[Mapping[int, tuple[Form, struct.Struct]]] = {
    126: (16, struct.Struct("!H")),
    127: (64, struct.Struct("!Q")),
}


def shortest(length: int) -> Form:
    """Give the shortest form that holds ``length`` (RFC 6455 section 5.2 asks for it)."""
    return 7 if length < 126 else 16 if length < 1 << 16 else 64


def build(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    form: Form | None = None,
    length: int | None = None,
) -> bytes:
    """Build one frame, legal by default and with every bit free.

    ``rsv`` is three bits, RSV1 the highest; ``mask`` of None sends the payload bare;
    ``form`` and ``length`` write another length than that of the payload, or in another form.
    """
    announced = len(payload) if length is None else length
    chosen = form or shortest(announced)
    first = fin << 7 | rsv << 4 | opcode
    second = announced if chosen == 7 else _SECOND[chosen]
    head = bytes([first, (mask is not None) << 7 | second])
    if chosen != 7:
        head += _LENGTH[second][1].pack(announced)
    return head + (payload if mask is None else mask + masked(payload, mask))


def masked(payload: bytes, key: bytes) -> bytes:
    """Mask or unmask ``payload`` (RFC 6455 section 5.3)."""
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def fragments(opcode: int, *pieces: bytes) -> list[bytes]:
    """Build the frames of one message, a frame for each of ``pieces``."""
    last = len(pieces) - 1
    return [
        build(CONTINUATION if number else opcode, piece, fin=number == last)
        for number, piece in enumerate(pieces)
    ]


def close_payload(code: int | None = 1000, reason: bytes | str = b"") -> bytes:
    """Give the body of a close frame; of no code, an empty one (RFC 6455 section 5.5.1)."""
    if code is None:
        return b""
    return struct.pack("!H", code) + (reason.encode() if isinstance(reason, str) else reason)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came, with nothing judged.

    Attributes:
        opcode, fin, rsv: the first octet; ``rsv`` as three bits, RSV1 the highest.
        payload: unmasked, if it was masked.
        key: the masking key, None where the frame was bare.
        form: how the length was written.
        at: ``time.monotonic_ns()`` when its last octet was read.
        octets: length of head and payload together.
    """

    opcode: int
    payload: bytes
    fin: bool
    rsv: int
    key: bytes | None
    form: Form
    at: int
    octets: int

    @property
    def control(self) -> bool:
        """Whether the opcode is that of a control frame."""
        return self.opcode >= 0x8

    @property
    def minimal(self) -> bool:
        """Whether the length was written in the shortest form."""
        return self.form == shortest(len(self.payload))

    @property
    def code(self) -> int | None:
        """The close code; None where the frame carries none."""
        if self.opcode != CLOSE or len(self.payload) < 2:
            return None
        return int(struct.unpack_from("!H", self.payload)[0])

    @property
    def reason(self) -> bytes:
        """The octets of the close reason."""
        return self.payload[2:] if self.opcode == CLOSE else b""

    def __str__(self) -> str:
        """Name the frame in few words."""
        name = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}.get(
            self.opcode, f"opcode {self.opcode}"
        )
        if self.opcode == CLOSE and self.code is not None:
            return (
                f"{name} {self.code} {self.reason[:60]!r}" if self.reason else f"{name} {self.code}"
            )
        shown = (
            f"{self.payload[:40]!r}" if len(self.payload) <= 40 else f"{len(self.payload)} octets"
        )
        return f"{name} {shown}" + ("" if self.fin else ", more to come")


class FrameReader:
    """Cuts a stream of octets into frames, however it was cut in transit."""

    def __init__(self) -> None:
        self.broken = ""  # why the rest cannot be read as frames
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next octets; gives the frames that are whole now."""
        self._buffer += data
        found = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    @property
    def rest(self) -> bytes:
        """The octets of a frame that is not whole."""
        return bytes(self._buffer)

    def _next(self) -> Frame | None:
        buffer = self._buffer
        if self.broken or len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        length, at = second & 0x7F, 2
        form: Form = 7
        if length in _LENGTH:
            form, packing = _LENGTH[length]
            at += packing.size
            if len(buffer) < at:
                return None
            (length,) = packing.unpack_from(buffer, 2)
            if length >> 63:
                self.broken = "a 64-bit length with its highest bit set"
                return None
        key = bytes(buffer[at : at + 4]) if second & 0x80 else None
        at += 4 if second & 0x80 else 0
        if len(buffer) < at + length:
            return None
        payload = bytes(buffer[at : at + length])
        del buffer[: at + length]
        return Frame(
            opcode=first & 0x0F,
            payload=payload if key is None else masked(payload, key),
            fin=bool(first & 0x80),
            rsv=first >> 4 & 0x7,
            key=key,
            form=form,
            at=time.monotonic_ns(),
            octets=at + length,
        )


def accept_value(key: str) -> str:
    """Give the Sec-WebSocket-Accept that answers ``key`` (RFC 6455 section 4.2.2)."""
    digest = hashlib.sha1(key.strip().encode("latin-1") + GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def handshake_headers(
    host: str,
    *,
    key: str = KEY,
    subprotocols: Sequence[str] = (),
    extensions: str = "",
    override: Mapping[str, Override] | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> tuple[tuple[str, str], ...]:
    """Give the headers of an opening handshake (RFC 6455 section 4.1), then ``headers``.

    ``override`` changes them by name: a value replaces, several repeat the line, None drops it.
    """
    lines: list[tuple[str, str]] = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", "13"),
    ]
    if subprotocols:
        lines.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
    if extensions:
        lines.append(("Sec-WebSocket-Extensions", extensions))
    changed: list[tuple[str, str]] = []
    wanted = {name.lower(): value for name, value in (override or {}).items()}
    for name, value in lines:
        new = wanted.get(name.lower(), value)
        values = [] if new is None else [new] if isinstance(new, str) else new
        changed += [(name, each) for each in values]
    return (*changed, *headers)


def handshake(
    host: str,
    target: str = "/",
    *,
    method: str = "GET",
    version: str = "HTTP/1.1",
    key: str = KEY,
    subprotocols: Sequence[str] = (),
    extensions: str = "",
    override: Mapping[str, Override] | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Give the octets of an opening handshake; text is sent as latin-1."""
    lines = handshake_headers(
        host,
        key=key,
        subprotocols=subprotocols,
        extensions=extensions,
        override=override,
        headers=headers,
    )
    head = f"{method} {target} {version}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines)
    return f"{head}\r\n".encode("latin-1")


Fault: TypeAlias = tuple[
    Literal[
        "status",
        "upgrade",
        "connection",
        "accept",
        "accept-once",
        "protocol",
        "protocol-once",
        "extension",
        "extension-once",
        "framing",
    ],
    str,
]


def check_answer(
    reply: Reply,
    *,
    key: str = KEY,
    subprotocols: Sequence[str] = (),
    extensions: Sequence[str] = (),
) -> list[Fault]:
    """Say what an answer to the opening handshake lacks as an acceptance (section 4.2.2).

    ``subprotocols`` and ``extensions`` are the names that were offered.
    Gives pairs: which part, and what was found there in words.
    """
    faults: list[Fault] = []
    if reply.status != 101:
        return [("status", f"status {reply.status}")]
    if [value.lower() for value in reply.get(b"upgrade")] != [b"websocket"]:
        faults.append(("upgrade", f"Upgrade is {_shown(reply, b'upgrade')}"))
    if b"upgrade" not in reply.options(b"connection"):
        faults.append(("connection", f"Connection is {_shown(reply, b'connection')}"))
    accepts = reply.get(b"sec-websocket-accept")
    if set(accepts) != {accept_value(key).encode()}:
        faults.append(("accept", f"Sec-WebSocket-Accept is {accepts!r}"))
    if len(accepts) > 1:
        faults.append(("accept-once", f"{len(accepts)} lines of Sec-WebSocket-Accept"))
    chosen = [value.decode("latin-1") for value in reply.get(b"sec-websocket-protocol")]
    if any(value not in subprotocols for value in chosen):
        faults.append(("protocol", f"Sec-WebSocket-Protocol is {chosen!r}"))
    if len(chosen) > 1:
        faults.append(("protocol-once", f"{len(chosen)} lines of Sec-WebSocket-Protocol"))
    agreed = [name.decode("latin-1") for name, _ in agreed_extensions(reply)]
    if any(name not in extensions for name in agreed):
        faults.append(("extension", f"Sec-WebSocket-Extensions names {agreed!r}"))
    if len(reply.get(b"sec-websocket-extensions")) > 1:
        faults.append(("extension-once", "several lines of Sec-WebSocket-Extensions"))
    faults.extend(
        ("framing", f"{name.decode()} is {_shown(reply, name)}")
        for name in (b"content-length", b"transfer-encoding")
        if reply.get(name)
    )
    return faults


def agreed_extensions(reply: Reply) -> list[tuple[bytes, tuple[bytes, ...]]]:
    """Give the extensions that an answer agrees to: lower-case name and its parameters."""
    members = (m.split(b";") for m in reply.options(b"sec-websocket-extensions"))
    return [(m[0].strip(), tuple(p.strip() for p in m[1:])) for m in members]


def _shown(reply: Reply, name: bytes) -> str:
    return repr(reply.get(name)) if reply.get(name) else "missing"
