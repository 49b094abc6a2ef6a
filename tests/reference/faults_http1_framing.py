"""Faults in the framing of HTTP/1.1: where bodies end, coming and going."""

from __future__ import annotations

import re
import socket
import struct

from reference.asgi_side import ASGICall
from reference.http_body import Body
from reference.http_reading import Fields, Reading, Request
from reference.http_writing import Response
from reference.octets import GoneError
from reference.parts import faults_of
from reference.wsgi_side import WSGICall


class DigitsOfAnyScript(Reading):
    def length(self, lengths: list[bytes]) -> int:
        text = lengths[0].decode("utf-8", "replace")
        return int(text) if text.isdigit() else super().length(lengths)


class LinesOfText(Reading):
    VALUE = re.compile(rb"[^\0\r\n]*")

    def add(self, entry: tuple[bytes, bytes] | None, fields: Fields) -> None:
        name, value = entry or (b"", b"")
        first, *rest = value.decode("latin-1").splitlines() or [""]
        super().add((name, first.encode("latin-1")), fields)
        for line in rest:
            super().add(self.field(line.encode("latin-1")), fields)


class LineEndsInBody(Body):
    async def data(self, limit: int) -> bytes:
        taken = await super().data(limit)
        return taken + b"\r\n" if self.request.chunked else taken


def lists(codings: list[bytes]) -> list[bytes]:
    """The transfer codings of a request."""
    return [name.strip(b" \t").lower() for name in b",".join(codings).split(b",")]


class UnknownCoding(Reading):
    def coded(self, codings: list[bytes]) -> bool:
        names = lists(codings)
        return super().coded(names[-1:] if b"chunked" not in names[:-1] else codings)


class ChunkedSomewhere(Reading):
    def coded(self, codings: list[bytes]) -> bool:
        names = lists(codings)
        return True if names[0] == b"chunked" != names[-1] else super().coded(codings)


class CodingOverlooked(Reading):
    def coded(self, codings: list[bytes]) -> bool:
        return super().coded(codings) if b"chunked" in lists(codings) else False


class ChunkedTwice(Reading):
    def coded(self, codings: list[bytes]) -> bool:
        return super().coded([b"chunked"] if set(lists(codings)) == {b"chunked"} else codings)


class AlmostChunked(Reading):
    def coded(self, codings: list[bytes]) -> bool:
        names = lists(codings)
        almost = len(names) == 1 and b"chunked" in names[0]
        return True if almost else super().coded(codings)


class LengthWins(Reading):
    def framing(self, request: Request) -> None:
        if lengths := request.get(b"content-length"):
            request.length = self.length(lengths)
        else:
            super().framing(request)


class ChunkedNoContent(Response):
    def frame(self, size: int | None) -> Fields:
        framing = super().frame(size)
        return [(b"Transfer-Encoding", b"chunked")] if self.status == 204 else framing


class LengthNoContent(Response):
    def frame(self, size: int | None) -> Fields:
        framing = super().frame(size)
        return [(b"Content-Length", b"0")] if self.status == 204 else framing


class BothFramings(Response):
    def frame(self, size: int | None) -> Fields:
        framing = super().frame(size)
        if self.framing == "length" and self.can_chunk() and not self.bodiless:
            self.framing = "chunked"
            return [*framing, (b"Transfer-Encoding", b"chunked")]
        return framing


class TwiceCoded(Response):
    def frame(self, size: int | None) -> Fields:
        framing = super().frame(size)
        return [(name, value.replace(b"chunked", b"chunked, chunked")) for name, value in framing]


class OneShort(Reading):
    def length(self, lengths: list[bytes]) -> int:
        return max(0, super().length(lengths) - 1)


class LastLength(Reading):
    def length(self, lengths: list[bytes]) -> int:
        return super().length(lengths[-1:])


class WrappedLength(Reading):
    def length(self, lengths: list[bytes]) -> int:
        if len(lengths) == 1 and lengths[0].isdigit():
            return int(lengths[0]) % (1 << 32)
        return super().length(lengths)


class EmptyLength(Response):
    """Content-Length 0 where nothing is sent."""

    def empty(self) -> bool:
        raise NotImplementedError

    def passed_on(self) -> Fields:
        fields = super().passed_on()
        if not self.empty():
            return fields
        return [entry for entry in fields if entry[0].lower() != b"content-length"]

    def frame(self, size: int | None) -> Fields:
        framing = super().frame(size)
        return [(b"Content-Length", b"0")] if self.empty() else framing


class HeadSaysZero(EmptyLength):
    def empty(self) -> bool:
        return self.request.method == "HEAD" and self.status == 200


class NotModifiedSaysZero(EmptyLength):
    def empty(self) -> bool:
        return self.status == 304


class ClosingEnds(Response):
    def frame(self, size: int | None) -> Fields:
        if self.bodiless or self.given(b"content-length"):
            return super().frame(size)
        self.framing = "close"
        return []


class ShortStays(Response):
    async def end(self) -> None:
        keep = self.keep if self.head_sent else True
        await super().end()
        self.keep = keep


class GetHasNoBody(Reading):
    def framing(self, request: Request) -> None:
        super().framing(request)
        if request.method == "GET":
            request.length = 0


class WaitForNothing(Reading):
    def framing(self, request: Request) -> None:
        super().framing(request)
        if not request.chunked and not request.get(b"content-length") and request.method == "POST":
            request.length = 16


class CutOffIsComplete(Body):
    async def some(self, limit: int) -> bytes:
        try:
            return await super().some(limit)
        except GoneError:
            self.problem = None
            self.phase = "done"
            return b""


class ChunkedCutOffIsComplete(Body):
    async def some(self, limit: int) -> bytes:
        try:
            return await super().some(limit)
        except GoneError:
            if self.phase != "size":
                raise
            self.problem = None
            self.phase = "done"
            return b""


class StayUnframed(Response):
    def decide(self) -> None:
        super().decide()
        if self.framing == "close":
            self.keep = self.wanted_to_stay()


class StayAfter400(Response):
    def decide(self) -> None:
        super().decide()
        self.keep = self.keep or self.status == 400


class AnySize(Body):
    def size(self, line: bytes) -> int:
        digits = line.partition(b";")[0]
        try:
            size = int(digits or b"0", 16)  # which takes signs, prefixes, blanks, underscores
        except ValueError:
            return super().size(line)
        return size if size >= 0 else super().size(line)


class WrappedSize(Body):
    def size(self, line: bytes) -> int:
        parts = self.SIZE.fullmatch(line)
        return int(parts[1], 16) % (1 << 32) if parts else super().size(line)


async def skip_line(self: Body) -> None:
    """Whatever stands behind the data of a chunk is skipped."""
    await self.octets.line(self.LINE_LIMIT)


class MergeTrailers(Body):
    held: bytes | None = None

    async def preload(self) -> None:
        """Read the whole body before the application is called."""
        data = b""
        try:
            while piece := await super().some(65536):
                data += piece
        except OSError:
            return
        self.held = data

    async def some(self, limit: int) -> bytes:
        if self.held is None:
            return await super().some(limit)
        data, self.held = self.held[:limit], self.held[limit:]
        return data

    @property
    def complete(self) -> bool:
        return self.phase == "done" and not self.held

    def trailer(self, line: bytes) -> None:
        super().trailer(line)
        self.request.fields += self.trailers[-1:]


class WSGIPreloaded(WSGICall):
    async def run(self) -> None:
        if isinstance(self.body, MergeTrailers) and self.request.chunked:
            await self.body.preload()
        await super().run()


class ASGIPreloaded(ASGICall):
    async def run(self) -> None:
        if isinstance(self.body, MergeTrailers) and self.request.chunked:
            await self.body.preload()
        await super().run()


class PrefixedSize(Response):
    def framed(self, data: bytes) -> bytes:
        framed = super().framed(data)
        return b"0x" + framed if framed and self.framing == "chunked" else framed


class EndBrokenOff(Response):
    def break_off(self) -> None:
        if self.framing == "chunked":
            self.octets.transport.write(self.last_chunk())
        super().break_off()


async def no_drain(self: Body) -> None:
    """What was not read stays where it is."""


class ResetWithOctets(Response):
    """What a client sees of a connection that was closed with octets unread."""

    async def data(self, data: bytes, *, last: bool = False) -> None:
        if self.body is not None and not self.body.complete:
            connection = self.octets.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.octets.transport.abort()
        await super().data(data, last=last)


fault = faults_of("http1")

REQUESTS = [
    fault("digits-of-any-script", "parse.octets-not-unicode", reading=DigitsOfAnyScript),
    fault("lines-of-text", "parse.octets-not-unicode", reading=LinesOfText),
    fault("line-ends-in-body", "te.chunked-request-parsed", body=LineEndsInBody),
    fault("unknown-coding", "te.unknown-coding-501", reading=UnknownCoding),
    fault("chunked-somewhere", "te.chunked-not-final-400", reading=ChunkedSomewhere),
    fault("coding-overlooked", "te.chunked-not-final-400", reading=CodingOverlooked),
    fault("chunked-twice", "te.chunked-twice", reading=ChunkedTwice),
    fault("almost-chunked", "te.obfuscated", reading=AlmostChunked),
    fault(
        "coding-and-length",
        "te.with-content-length-close",
        reading={"both": lambda self, request, lengths: None},
    ),
    fault(
        "coding-in-http10",
        "te.http10-faulty",
        reading={"coding_in_http10": lambda self, request: None},
    ),
    fault("one-short", "cl.request-body-exact", reading=OneShort),
    fault(
        "odd-lengths",
        "cl.invalid-400-close",
        reading={"LENGTH": re.compile(rb"\+?[0-9][0-9_]*(?<!_)")},
    ),
    fault("last-length", "cl.differing-duplicates-400", reading=LastLength),
    fault("wrapped-length", "cl.large-number", reading=WrappedLength),
    fault("length-wins", "body.te-overrides-cl", reading=LengthWins),
    fault("get-has-no-body", "limits.smuggling-consistent", reading=GetHasNoBody),
    fault("wait-for-nothing", "body.none-without-headers", reading=WaitForNothing),
    fault("cut-off-is-complete", "body.incomplete-request", body=CutOffIsComplete),
    fault("read-on", "error.400-then-close", response=StayAfter400, body={"drain": no_drain}),
    fault("any-size", "chunked.size-grammar", body=AnySize),
    fault("wrapped-size", "chunked.size-overflow", body=WrappedSize),
    fault(
        "small-letters",
        "chunked.hex-case",
        body={"SIZE": re.compile(rb"([0-9a-f]+)([ \t]*;[\t\x20-\x7e\x80-\xff]*)?")},
    ),
    fault("skip-behind-chunk", "chunked.data-crlf", body={"data_end": skip_line}),
    fault(
        "cr-in-chunk-line",
        "parse.bare-cr-in-request",
        reading={"ended": lambda self, line: line.removesuffix(b"\r\n").removesuffix(b"\n")},
        body={"SIZE": re.compile(rb"([0-9A-Fa-f]+)([ \t\r]*;[\t\r\x20-\x7e\x80-\xff]*)?")},
    ),
    fault(
        "no-extensions",
        "chunked.extensions-ignored",
        body={"SIZE": re.compile(rb"([0-9A-Fa-f]+)()")},
    ),
    fault("long-extensions", "chunked.extension-limit", body={"LINE_LIMIT": 1 << 30}),
    fault("no-last-chunk", "chunked.last-chunk-required", body=ChunkedCutOffIsComplete),
    fault(
        "merge-trailers",
        "chunked.trailers-not-merged",
        body=MergeTrailers,
        wsgi=WSGIPreloaded,
        asgi=ASGIPreloaded,
    ),
    fault(
        "unread-body",
        "conn.unread-body",
        body={"drain": no_drain, "drainable": property(lambda self: True)},
    ),
    fault("reset-with-octets", "conn.lingering-close", response=ResetWithOctets),
]

RESPONSES = [
    fault("chunked-no-content", "te.not-with-1xx-204", response=ChunkedNoContent),
    fault("length-no-content", "cl.not-in-1xx-204", response=LengthNoContent),
    fault("chunk-http10", "te.not-to-http10-client", response={"can_chunk": lambda self: True}),
    fault("both-framings", "te.no-content-length-with-te", response=BothFramings),
    fault("twice-coded", "te.multiple-codings-chunked-last", response=TwiceCoded),
    fault("head-says-zero", "cl.head-matches-get", response=HeadSaysZero),
    fault("not-modified-says-zero", "cl.304-matches-200", response=NotModifiedSaysZero),
    fault("closing-ends", "cl.known-size-sent", response=ClosingEnds),
    fault("any-length", "cl.incorrect-not-sent", response={"room": lambda self: None}),
    fault("short-stays", "cl.incorrect-not-sent", response=ShortStays),
    fault(
        "content-for-head",
        "body.head-none",
        response={"bodiless": property(lambda self: self.status in self.EMPTY)},
    ),
    fault(
        "content-for-204-and-304",
        "body.1xx-204-304-none",
        response={"EMPTY": frozenset({205})},
    ),
    fault("content-for-205", "body.205-no-content", response={"EMPTY": frozenset({204, 304})}),
    fault("stay-unframed", "body.close-delimited-response", response=StayUnframed),
    fault("prefixed-size", "chunked.response-valid", response=PrefixedSize),
    fault(
        "no-zero-chunk", "chunked.response-terminated", response={"last_chunk": lambda self: b""}
    ),
    fault("end-broken-off", "chunked.response-terminated", response=EndBrokenOff),
]

FAULTS = [*REQUESTS, *RESPONSES]
