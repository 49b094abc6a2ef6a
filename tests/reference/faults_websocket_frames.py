"""Faults in the frames of WebSockets, as they are read and as they are written."""

from __future__ import annotations

import asyncio
import os
import struct
from typing import Any

from reference.octets import GoneError
from reference.parts import faults_of
from reference.websocket_frames import (
    BINARY,
    CONTROL,
    PONG,
    TEXT,
    Deflate,
    Frame,
    FrameError,
    Frames,
)
from reference.websocket_side import WebSocketCall


async def taken_unmasked(self: Frames, frame: Frame, size: int) -> Frame:
    """A frame without a mask, taken as it is."""
    frame.payload = await self.octets.exactly(size)
    return frame


def masking(self: Frames, opcode: int, payload: bytes) -> bytes:
    """A frame with a mask of zeros."""
    built = Frames.build(self, opcode, payload)
    head = len(built) - len(payload)
    return built[:1] + bytes([built[1] | 0x80]) + built[2:head] + bytes(4) + built[head:]


class WrongMask(Frames):
    def unmask(self, payload: bytes, key: bytes) -> bytes:
        if len(payload) <= 125:
            return super().unmask(payload, key)
        return super().unmask(payload, key[1:] + key[:1])


class AnyReserved(Frames):
    def check(self, frame: Frame) -> None:
        reserved, frame.reserved = frame.reserved, 0
        super().check(frame)
        frame.reserved = reserved & (4 if self.deflate else 0)


class IgnoreUnknown(Frames):
    def check(self, frame: Frame) -> None:
        if 3 <= frame.opcode <= 7:
            frame.opcode = BINARY
        elif frame.opcode > PONG:
            frame.opcode = PONG
        super().check(frame)


def long_length(self: Frames, size: int) -> bytes:
    """A length in 16 bits at least."""
    return b"\x7e" + struct.pack(">H", size) if size < 126 else Frames.length(self, size)


class AnyLength(Frames):
    def check_size(self, frame: Frame, size: int, least: int) -> None:
        super().check_size(frame, size, 0)


class TopBitDropped(Frames):
    def check_size(self, frame: Frame, size: int, least: int) -> None:
        super().check_size(frame, size & ~(1 << 63), 0 if size >> 63 else least)

    async def size(self, frame: Frame, short: int) -> int:
        return await super().size(frame, short) & ~(1 << 63)


class Wrapped(Frames):
    async def size(self, frame: Frame, short: int) -> int:
        return await super().size(frame, short) & 0xFFFFFFFF

    def check_size(self, frame: Frame, size: int, least: int) -> None:
        if size >> 63 or size < 1 << 32:
            super().check_size(frame, size, least)


class Greedy(Frames):
    def check_size(self, frame: Frame, size: int, least: int) -> None:
        if size > self.LIMIT:
            os._exit(1)  # out of memory
        super().check_size(frame, size, least)


class WholeFrames(Frames):
    async def frame(self) -> Frame:
        while not self.octets.pending:
            await self.octets.more()
        if len(self.octets.pending) < 6:
            raise FrameError(1002, "half a frame")
        return await super().frame()


class Singly(Frames):
    def message(self, frame: Frame) -> str | bytes | None:
        self.sequence(frame)
        kind = self.kind
        if frame.final:
            self.kind = 0
        payload = frame.payload
        if self.compressed and self.deflate:
            payload = self.deflate.decompress(payload, self.LIMIT)
        return payload.decode("utf-8", "replace") if kind == TEXT else payload


class NoControlBetween(Frames):
    def check(self, frame: Frame) -> None:
        super().check(frame)
        if frame.opcode in CONTROL and self.kind:
            raise FrameError(1002, "a control frame within a message")


class FragmentedControl(Frames):
    def check(self, frame: Frame) -> None:
        final = frame.final
        frame.final = final or frame.opcode in CONTROL
        super().check(frame)
        frame.final = final


class NewBegins(Frames):
    def sequence(self, frame: Frame) -> None:
        if frame.opcode and self.kind:
            self.kind = 0
            self.parts.clear()
        super().sequence(frame)


class ContinuesNothing(Frames):
    def sequence(self, frame: Frame) -> None:
        if not frame.opcode and not self.kind:
            frame.opcode = BINARY
        super().sequence(frame)


def in_two(self: Frames, opcode: int, payload: bytes) -> bytes:
    """A message in two fragments that both have its opcode."""
    if opcode in CONTROL or len(payload) < 2 or self.deflate:
        return Frames.build(self, opcode, payload)
    half = len(payload) // 2
    first, second = payload[:half], payload[half:]
    return (
        bytes([opcode]) + self.length(half) + first
        + bytes([0x80 | opcode]) + self.length(len(second)) + second
    )  # fmt: skip


class LongControl(Frames):
    def check_size(self, frame: Frame, size: int, least: int) -> None:
        opcode = frame.opcode
        frame.opcode = BINARY
        super().check_size(frame, size, least)
        frame.opcode = opcode


def compressed_anyway(self: Frames, opcode: int, payload: bytes) -> bytes:
    """Compressed, whoever agreed."""
    if opcode in (TEXT, BINARY) and not self.deflate:
        return Frames.build(Frames(self.octets, Deflate(15)), opcode, payload)
    return Frames.build(self, opcode, payload)


class HalfDeflated(Frames):
    def build(self, opcode: int, payload: bytes) -> bytes:
        return super().build(opcode, payload[:-1] if self.deflate and opcode == TEXT else payload)


class OneOctetCloses(Frames):
    def closing(self, payload: bytes) -> tuple[int, str]:
        return super().closing(b"" if len(payload) == 1 else payload)


class Replaced(Frames):
    def text(self, payload: bytes) -> str:
        return payload.decode("utf-8", "replace")


class ReasonReplaced(Frames):
    def closing(self, payload: bytes) -> tuple[int, str]:
        code, _ = super().closing(payload[:2])
        return code, payload[2:].decode("utf-8", "replace")


class TextByFragment(Frames):
    def message(self, frame: Frame) -> str | bytes | None:
        if frame.opcode == TEXT or (self.kind == TEXT and not frame.opcode):
            super().text(b"" if self.deflate else frame.payload)
        return super().message(frame)


class ZerosLost(Frames):
    def message(self, frame: Frame) -> str | bytes | None:
        message = super().message(frame)
        return message.replace(b"\0", b"") if isinstance(message, bytes) else message


async def no_pong(self: WebSocketCall, payload: bytes) -> None:
    """Pings stay unanswered."""


async def empty_pong(self: WebSocketCall, payload: bytes) -> None:
    """A pong without what the ping carried."""
    await WebSocketCall.pong(self, b"")


class PongOnReceive(WebSocketCall):
    async def pong(self, payload: bytes) -> None:
        self.__dict__.setdefault("owed", []).append(payload)

    async def receive(self) -> dict[str, Any]:
        event = await super().receive()
        for payload in self.__dict__.pop("owed", []):
            if not self.close_sent and not self.octets.lost:
                await super().pong(payload)
        return event


class PongFails(Frames):
    def check(self, frame: Frame) -> None:
        super().check(frame)
        if frame.opcode == PONG:
            raise FrameError(1002, "nobody asked")


class NoReply(WebSocketCall):
    async def closed_by_client(self, code: int, reason: str) -> None:
        self.close_received = True
        self.close_sent = True
        self.end(code, reason)


class SendsOn(WebSocketCall):
    def present(self) -> None:
        if self.octets.lost:
            super().present()

    async def transmit(self, opcode: int, payload: bytes) -> None:
        await self.octets.write(self.frames.build(opcode, payload))

    async def wind_up(self) -> None:
        await asyncio.sleep(0.2)  # so that there is somewhere to send to
        await super().wind_up()


class StaysOpen(WebSocketCall):
    async def wind_up(self) -> None:
        await super().wind_up()
        while not self.octets.ended and self.close_received:
            await self.change()


class FailureStaysOpen(WebSocketCall):
    failing = False

    async def fail(self, code: int) -> None:
        self.failing = True
        await super().fail(code)

    async def wind_up(self) -> None:
        await super().wind_up()
        while self.failing and not self.octets.ended:
            await self.change()


class ReadsOn(WebSocketCall):
    async def closed_by_client(self, code: int, reason: str) -> None:
        await super().closed_by_client(code, reason)
        for _ in range(8):
            if not self.octets.pending:
                break
            frame = await self.frames.frame()
            message = self.frames.message(frame) if frame.opcode in (TEXT, BINARY) else None
            if message is not None:
                self.deliver(message)


class ProcessesOn(WebSocketCall):
    async def fail(self, code: int) -> None:
        try:
            while len(self.octets.pending) > 5:
                frame = await asyncio.wait_for(self.frames.frame(), 0.2)
                message = self.frames.message(frame) if frame.opcode in (TEXT, BINARY) else None
                if message is not None:
                    self.deliver(message)
        except (FrameError, TimeoutError, GoneError):
            pass
        await super().fail(code)


class NoCloseFrame(WebSocketCall):
    async def fail(self, code: int) -> None:
        self.close_sent = True
        await super().fail(code)
        self.octets.wake()


class EchoesAnyCode(Frames):
    def check_code(self, code: int) -> None:
        pass


class ClientClosesFirst(WebSocketCall):
    async def wind_up(self) -> None:
        await super().wind_up()
        while not self.octets.ended:
            await self.change()


fault = faults_of("ws")

FRAMES = [
    fault("unmasked", "frame.unmasked-client-frame-closes", frames={"unmasked": taken_unmasked}),
    fault("masking", "frame.server-not-masking", frames={"build": masking}),
    fault("wrong-mask", "frame.unmask-correct", frames=WrongMask),
    fault("any-reserved", "frame.rsv-nonzero-fails", frames=AnyReserved),
    fault("ignore-unknown", "frame.unknown-opcode-fails", frames=IgnoreUnknown),
    fault("long-length", "frame.minimal-length-sent", frames={"length": long_length}),
    fault("any-length-here", "frame.minimal-length-received", frames=AnyLength),
    fault("top-bit-dropped", "frame.length-msb", frames=TopBitDropped),
    fault("wrapped-frame", "frame.large-length-limits", frames=Wrapped),
    fault("greedy", "frame.large-length-limits", frames=Greedy),
    fault("whole-frames", "frame.split-reads", frames=WholeFrames),
    fault("singly", "fragment.reassembly", frames=Singly),
    fault("no-control-between", "fragment.control-interleaved", frames=NoControlBetween),
    fault("fragmented-control", "fragment.control-not-fragmented", frames=FragmentedControl),
    fault("new-begins", "fragment.no-interleaved-messages", frames=NewBegins),
    fault("continues-nothing", "fragment.continuation-without-start", frames=ContinuesNothing),
    fault("in-two", "fragment.server-order", frames={"build": in_two}),
    fault("long-control", "control.max-125", frames=LongControl),
    fault("compressed-anyway", "extension.not-used-unless-agreed",
          frames={"build": compressed_anyway}),
    fault("half-deflated", "extension.deflate-roundtrip", frames=HalfDeflated),
    fault("replaced", "utf8.invalid-text-fails", frames=Replaced),
    fault("text-by-fragment", "utf8.split-across-fragments", frames=TextByFragment),
    fault("reason-replaced", "utf8.close-reason", frames=ReasonReplaced),
    fault("zeros-lost", "data.binary-arbitrary", frames=ZerosLost),
]  # fmt: skip

CONTROLS = [
    fault("no-pong", "ping.answered", websocket={"pong": no_pong}),
    fault("pong-on-receive", "ping.prompt", websocket=PongOnReceive),
    fault("empty-pong", "pong.same-payload", websocket={"pong": empty_pong}),
    fault("pong-fails", "pong.unsolicited-ignored", frames=PongFails),
    fault("one-octet-closes", "close.payload-format", frames=OneOctetCloses),
    fault("no-reply", "close.reply", websocket=NoReply),
    fault("sends-on", "close.no-data-after-close", websocket=SendsOn),
    fault("stays-open-here", "close.tcp-closed-by-server", websocket=StaysOpen),
    fault("client-closes-first", "close.server-closes-first", websocket=ClientClosesFirst),
    fault("reads-on", "close.data-after-close-ignored", websocket=ReadsOn),
    fault("echoes-any-code", "close-code.invalid-received", frames=EchoesAnyCode),
    fault("failure-stays-open", "fail.closes-tcp", websocket=FailureStaysOpen),
    fault("no-close-frame", "fail.sends-close-frame", websocket=NoCloseFrame),
    fault("processes-on", "fail.no-processing-after", websocket=ProcessesOn),
]

FAULTS = [*FRAMES, *CONTROLS]
