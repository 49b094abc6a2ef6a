"""WebSocket frames: RFC 6455, read strictly and written plainly."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

from reference.octets import Octets

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
CONTROL = (CLOSE, PING, PONG)
KNOWN = (CONTINUATION, TEXT, BINARY, *CONTROL)


class FrameError(Exception):
    """The client broke the protocol: the connection fails with ``code``."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass
class Frame:
    """One frame, unmasked."""

    final: bool
    reserved: int  # the three bits, RSV1 being 4
    opcode: int
    payload: bytes


class Deflate:
    """permessage-deflate without context takeover in either direction."""

    NAME = b"permessage-deflate"
    TAIL = b"\x00\x00\xff\xff"

    def __init__(self, bits: int) -> None:
        self.bits = bits  # of our window

    def answer(self) -> bytes:
        """The value of Sec-WebSocket-Extensions that agrees to it."""
        value = self.NAME + b"; server_no_context_takeover; client_no_context_takeover"
        return value + (b"; server_max_window_bits=%d" % self.bits if self.bits < 15 else b"")

    def compress(self, payload: bytes) -> bytes:
        """A payload as it goes on the wire."""
        packer = zlib.compressobj(wbits=-self.bits)
        packed = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
        return packed.removesuffix(self.TAIL) or b"\x00"

    def decompress(self, payload: bytes, limit: int) -> bytes:
        """The payload that was meant."""
        unpacker = zlib.decompressobj(wbits=-15)
        try:
            data = unpacker.decompress(payload + self.TAIL, limit + 1)
        except zlib.error:
            raise FrameError(1007, "the compressed data is damaged") from None
        if len(data) > limit:
            raise FrameError(1009, "the message is too large")
        return data


OFFER = re.compile(
    rb'[ \t]*([!#-\'*+.^_`|~\w-]+)((?:[ \t]*;[ \t]*[\w-]+(?:=(?:[\w-]+|"[\w-]+"))?)*)[ \t]*'
)
WINDOW = re.compile(rb'"?([89]|1[0-5])"?')


def offers(values: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Name and parameters of the extensions that are offered.

    Raises:
        ValueError: One is malformed.
    """
    parts = [OFFER.fullmatch(offer) for value in values for offer in value.split(b",")]
    found = [(part[1], part[2]) for part in parts if part is not None]
    if len(found) < len(parts):
        raise ValueError("a malformed offer of an extension")
    return found


def agree(values: list[bytes]) -> Deflate | None:
    """What we agree to of the extensions that are offered; raises as :func:`offers`."""
    for name, text in offers(values):
        if name == Deflate.NAME and (agreed := parameters(text)) is not None:
            return agreed
    return None


def parameters(text: bytes) -> Deflate | None:
    """The extension with the parameters of an offer; None if we cannot have them."""
    bits = 15
    seen = set()
    for part in text.split(b";")[1:]:
        name, equals, value = part.strip(b" \t").partition(b"=")
        if name in seen:
            return None
        seen.add(name)
        window = WINDOW.fullmatch(value)
        if name in (b"server_no_context_takeover", b"client_no_context_takeover") and not equals:
            continue
        if name == b"client_max_window_bits" and (window or not equals):
            continue
        if name != b"server_max_window_bits" or not window:
            return None
        bits = int(window[1])
    return Deflate(bits) if bits > 8 else None  # zlib makes no smaller windows


class Frames:
    """Reads and writes the frames of one connection."""

    LIMIT = 16 * 1024 * 1024  # octets of a message

    def __init__(self, octets: Octets, deflate: Deflate | None = None) -> None:
        self.octets = octets
        self.deflate = deflate
        self.kind = 0  # opcode of an unfinished message
        self.compressed = False
        self.parts = bytearray()

    # -- reading ---------------------------------------------------------------------

    async def frame(self) -> Frame:
        """The next frame; raises ``FrameError`` and ``GoneError``."""
        first, second = await self.octets.exactly(2)
        frame = Frame(bool(first & 0x80), first >> 4 & 7, first & 15, b"")
        self.check(frame)
        size = await self.size(frame, second & 0x7F)
        if not second & 0x80:
            return await self.unmasked(frame, size)
        key = await self.octets.exactly(4)
        frame.payload = self.unmask(await self.octets.exactly(size), key)
        return frame

    def check(self, frame: Frame) -> None:
        """Check the first octet."""
        if frame.opcode not in KNOWN:
            raise FrameError(1002, "an unknown opcode")
        allowed = 4 if self.deflate and frame.opcode in (TEXT, BINARY) else 0
        if frame.reserved & ~allowed:
            raise FrameError(1002, "a reserved bit is set")
        if frame.opcode in CONTROL and not frame.final:
            raise FrameError(1002, "a control frame is fragmented")

    async def size(self, frame: Frame, short: int) -> int:
        """The size of the payload, which is written in the shortest form."""
        size, least = short, 0
        if short == 126:
            size, least = struct.unpack(">H", await self.octets.exactly(2))[0], 126
        elif short == 127:
            size, least = struct.unpack(">Q", await self.octets.exactly(8))[0], 1 << 16
        self.check_size(frame, size, least)
        return size

    def check_size(self, frame: Frame, size: int, least: int) -> None:
        """Check a size before anything is kept for it."""
        if size >> 63:
            raise FrameError(1002, "a length with its top bit set")
        if size < least:
            raise FrameError(1002, "a length is not in its shortest form")
        if frame.opcode in CONTROL and size > 125:
            raise FrameError(1002, "a control frame is too long")
        if size + len(self.parts) > self.LIMIT:
            raise FrameError(1009, "the message is too large")

    async def unmasked(self, frame: Frame, size: int) -> Frame:
        """A frame without a mask."""
        raise FrameError(1002, "a frame of the client is not masked")

    def unmask(self, payload: bytes, key: bytes) -> bytes:
        """The payload that was masked with ``key``."""
        size = len(payload)
        mask = (key * (size // 4 + 1))[:size]
        return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")

    def message(self, frame: Frame) -> str | bytes | None:
        """Take a data frame; the message, when it is complete."""
        self.sequence(frame)
        self.parts += frame.payload
        if not frame.final:
            return None
        payload, kind = bytes(self.parts), self.kind
        self.kind = 0
        self.parts.clear()
        if self.compressed and self.deflate:
            payload = self.deflate.decompress(payload, self.LIMIT)
        return self.text(payload) if kind == TEXT else payload

    def sequence(self, frame: Frame) -> None:
        """Check that a data frame has its place."""
        if frame.opcode == CONTINUATION:
            if not self.kind:
                raise FrameError(1002, "a continuation without a beginning")
        elif self.kind:
            raise FrameError(1002, "a message within a message")
        else:
            self.kind = frame.opcode
            self.compressed = bool(frame.reserved & 4)

    def text(self, payload: bytes) -> str:
        """The text of a message, which is UTF-8."""
        try:
            return payload.decode("utf-8")
        except UnicodeDecodeError:
            raise FrameError(1007, "the text is no UTF-8") from None

    def closing(self, payload: bytes) -> tuple[int, str]:
        """Code and reason of a close frame; 1005 where it has none."""
        if not payload:
            return 1005, ""
        if len(payload) == 1:
            raise FrameError(1002, "a close frame with one octet")
        code = int.from_bytes(payload[:2], "big")
        self.check_code(code)
        return code, self.text(payload[2:])

    def check_code(self, code: int) -> None:
        """Check a close code that came."""
        if not sendable(code):
            raise FrameError(1002, "a close code that nobody may send")

    # -- writing ---------------------------------------------------------------------

    def build(self, opcode: int, payload: bytes) -> bytes:
        """A whole message as one frame, or a control frame."""
        first = 0x80 | opcode
        if self.deflate and opcode in (TEXT, BINARY):
            first |= 0x40
            payload = self.deflate.compress(payload)
        return bytes([first]) + self.length(len(payload)) + payload

    def length(self, size: int) -> bytes:
        """The length in its shortest form, and no mask."""
        if size < 126:
            return bytes([size])
        if size < 1 << 16:
            return b"\x7e" + struct.pack(">H", size)
        return b"\x7f" + struct.pack(">Q", size)


def sendable(code: int) -> bool:
    """Whether a close code may stand in a frame."""
    return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))
