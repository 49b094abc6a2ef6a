"""Faults in what a WSGI server does with the result: blocks, lengths, errors, files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from reference.faults_http1_connections import no_invitation
from reference.faults_http1_framing import LineEndsInBody, ShortStays
from reference.http_body import Body
from reference.http_reading import Fields, Reading, Request
from reference.http_writing import ExcessError, Response
from reference.octets import GoneError
from reference.parts import faults_of
from reference.wsgi_side import FileWrapper, WSGICall


class NothingForEmpty(WSGICall):
    def end(self) -> None:
        if self.response.prepared and not self.response.head_sent:
            raise GoneError("nothing to send")
        super().end()


class HoldBack(WSGICall):
    def transmit(self, result: Iterable[bytes]) -> None:
        super().transmit(self.late(result))

    def late(self, result: Iterable[bytes]) -> Iterator[bytes]:
        """Every block when the next one is there."""
        held = b""
        for block in result:
            yield held
            held = block
        yield held


class HoldSmall(HoldBack):
    def late(self, result: Iterable[bytes]) -> Iterator[bytes]:
        """Every small block with the next one."""
        held = b""
        for block in result:
            held += block
            if len(held) > 1024:
                yield held
                held = b""
        yield held


class HoldRest(HoldBack):
    def late(self, result: Iterable[bytes]) -> Iterator[bytes]:
        """The rest of a large block with the next one."""
        held = b""
        for block in result:
            yield held + block[:65536]
            held = block[65536:]
        yield held


class IterateOn(WSGICall):
    def send(self, block: bytes, *, last: bool = False) -> None:
        with contextlib.suppress(ExcessError):
            super().send(block, last=last)

    def full(self) -> bool:
        return False


class LineEnds(WSGICall):
    def send(self, block: bytes, *, last: bool = False) -> None:
        super().send(block.replace(b"\r", b"\n"), last=last)


def never_closed(self: WSGICall, result: Any) -> None:
    """Nobody closes the result."""


class ClosedUnless(WSGICall):
    """Closed unless something of ``kinds`` was raised."""

    kinds: type[BaseException] = Exception
    spared: tuple[type[BaseException], ...] = ()

    def call(self) -> None:
        result = self.invoke(self.environ())
        try:
            self.transmit(result)
        except self.spared:
            self.close(result)
            raise
        except self.kinds:
            raise
        except BaseException:
            self.close(result)
            raise
        self.close(result)


class LeftOpenOnError(ClosedUnless):
    spared = (OSError,)


class LeftOpenOnDisconnect(ClosedUnless):
    kinds = OSError


class ClosedTwice(WSGICall):
    def close(self, result: Any) -> None:
        super().close(result)
        super().close(result)


class StartedBefore(WSGICall):
    def transmit(self, result: Iterable[bytes]) -> None:
        if not self.response.prepared:
            raise RuntimeError("start_response was not called")
        super().transmit(result)


class LookAround(WSGICall):
    def transmit(self, result: Iterable[bytes]) -> None:
        getattr(result, "status_code", None)
        super().transmit(result)


class NextOfResult(WSGICall):
    def transmit(self, result: Iterable[bytes]) -> None:
        if isinstance(result, (list, tuple)):
            super().transmit(result)
        else:
            super().transmit(self.stepped(result))

    def stepped(self, result: Any) -> Iterator[bytes]:
        """Blocks of the object itself, as if it were an iterator."""
        try:
            while True:
                yield next(result)
        except StopIteration:
            return


class OwnDate(Response):
    def date(self) -> Fields:
        given, self.fields = self.fields, []
        try:
            return super().date()
        finally:
            self.fields = given


class OneSpellingOfLength(Response):
    def given(self, name: bytes) -> list[bytes]:
        spelt = (name, b"-".join(part.capitalize() for part in name.split(b"-")))
        return [value for other, value in self.fields if other in spelt]


class WriteOn(WSGICall):
    def write(self, data: bytes) -> None:
        with contextlib.suppress(ExcessError):
            super().write(data)


class ZeroChunkForEmpty(WSGICall):
    def check_block(self, block: bytes) -> None:
        super().check_block(block)
        if not block and self.response.head_sent and self.response.framing == "chunked":
            self.wait(self.response.octets.write(b"0\r\n\r\n"))


class WriteOtherwise(WSGICall):
    def write(self, data: bytes) -> None:
        super().write(data.swapcase())


class Written(WSGICall):
    """Holds what is written."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.check_block(data)
        self.written.append(data)


class WrittenOnReturn(Written):
    def transmit(self, result: Iterable[bytes]) -> None:
        super().transmit(chain(self.written, result) if self.written else result)


class WrittenLast(Written):
    def transmit(self, result: Iterable[bytes]) -> None:
        super().transmit(chain(result, self.written) if self.written else result)


class OnlyWritten(WSGICall):
    wrote = False

    def write(self, data: bytes) -> None:
        super().write(data)
        self.wrote = True

    def transmit(self, result: Iterable[bytes]) -> None:
        super().transmit([] if self.wrote else result)


def die(self: WSGICall, raised: BaseException) -> None:
    """An application that raises takes the server with it."""
    os._exit(1)


class FailureIsSuccess(WSGICall):
    async def answer_failure(self, problem: OSError | None) -> None:
        if self.response.head_sent or problem is not None:
            await super().answer_failure(problem)
        else:
            await self.response.error(200, "")


class BodyNotExpected(Reading):
    def framing(self, request: Request) -> None:
        super().framing(request)
        if request.get(b"expect"):
            request.length = 0


class NothingYet(Body):
    told = False

    async def some(self, limit: int) -> bytes:
        await self.invite()
        if b"100-continue" in self.request.tokens(b"expect") and not self.told:
            self.told = True
            if not self.octets.pending:
                return b""
        return await super().some(limit)


class OtherStatus(WSGICall):
    def prepare(self, status: str, headers: list[Any]) -> None:
        super().prepare("200 OK" if status.startswith("4") else status, headers)


class CookiesMerged(Response):
    def passed_on(self) -> Fields:
        fields = super().passed_on()
        cookies = [value for name, value in fields if name.lower() == b"set-cookie"]
        if len(cookies) < 2:
            return fields
        others = [entry for entry in fields if entry[0].lower() != b"set-cookie"]
        return [*others, (b"Set-Cookie", b", ".join(cookies))]


def size_wanted(filelike: Any, block_size: int) -> FileWrapper:
    """A wrapper that cannot do without a block size."""
    return FileWrapper(filelike, block_size)


class NotIterable(FileWrapper):
    __iter__ = None  # type: ignore[assignment]


class AtOnce(WSGICall):
    def environ(self) -> dict[str, Any]:
        def wrapper(filelike: Any, block_size: int = 8192) -> Any:
            self.send(filelike.read())
            return FileWrapper(filelike, block_size)

        return {**super().environ(), "wsgi.file_wrapper": wrapper}


class NeverClosed(FileWrapper):
    close = None  # type: ignore[assignment]


class Remembered(WSGICall):
    made: FileWrapper | None = None

    def environ(self) -> dict[str, Any]:
        def wrapper(filelike: Any, block_size: int = 8192) -> FileWrapper:
            self.made = FileWrapper(filelike, block_size)
            return self.made

        return {**super().environ(), "wsgi.file_wrapper": wrapper}

    def transmit(self, result: Iterable[bytes]) -> None:
        super().transmit(self.made or result)


class OtherContent(FileWrapper):
    def __iter__(self) -> Iterator[bytes]:
        return (block.swapcase() for block in super().__iter__())


class FromTheBeginning(FileWrapper):
    def __iter__(self) -> Iterator[bytes]:
        if seek := getattr(self.filelike, "seek", None):
            seek(0)
        return super().__iter__()


class OneBlock(FileWrapper):
    def __iter__(self) -> Iterator[bytes]:
        yield self.filelike.read(self.block_size)


class FilenoUnasked(FileWrapper):
    def __init__(self, filelike: Any, block_size: int = 8192) -> None:
        filelike.fileno()
        super().__init__(filelike, block_size)


class RealFilesOnly(FileWrapper):
    def __iter__(self) -> Iterator[bytes]:
        try:
            self.filelike.fileno()
        except (AttributeError, OSError):
            return iter(())
        return super().__iter__()


fault = faults_of("wsgi")


RESULTS = [
    fault("nothing-for-empty", "server.headers-sent-when-body-empty", wsgi=NothingForEmpty),
    fault("hold-back", "server.transmit-unbuffered",
          wsgi=HoldBack),
    fault("hold-small", "block.no-delay", wsgi=HoldSmall),
    fault("hold-rest", "block.transmit-or-guarantee", wsgi=HoldRest),
    fault("line-ends", "server.body-bytes-unaltered", wsgi=LineEnds),
    fault("never-closed", "server.close-called", wsgi={"close": never_closed}),
    fault("left-open-on-error", "server.close-called-on-app-error", wsgi=LeftOpenOnError),
    fault("left-open-on-disconnect", "server.close-called-on-disconnect",
          wsgi=LeftOpenOnDisconnect),
    fault("closed-twice", "server.close-called-once", wsgi=ClosedTwice),
    fault("started-before", "server.no-assumption-started-before-iteration", wsgi=StartedBefore),
    fault("look-around", "server.no-other-iterable-attributes", wsgi=LookAround),
    fault("next-of-result", "legacy.server-uses-for-loop", wsgi=NextOfResult),
    fault("bare-response", "server.adds-required-headers", response={"date": lambda self: []}),
    fault("own-date", "server.app-header-not-duplicated", response=OwnDate),
    fault("one-spelling-of-length", "server.header-names-case-insensitive",
          response=OneSpellingOfLength),
    fault("beyond-length", "content-length.not-exceeded", response={"room": lambda self: None}),
    fault("iterate-on", "content-length.stop-iterating", wsgi=IterateOn),
    fault("write-on", "content-length.write-past-raises", wsgi=WriteOn),
    fault("short-is-kept", "content-length.short-body-closes", response=ShortStays),
    fault("chunks-for-all", "chunked.only-if-client-supports",
          response={"can_chunk": lambda self: True}),
    fault("zero-chunk-for-empty", "chunked.fully-compliant", wsgi=ZeroChunkForEmpty),
    fault("write-otherwise", "write.same-treatment-as-yield", wsgi=WriteOtherwise),
    fault("written-on-return", "write.sent-or-buffered-before-return", wsgi=WrittenOnReturn),
    fault("only-written", "write.yielded-output-still-sent", wsgi=OnlyWritten),
    fault("written-last", "write.order-before-yielded", wsgi=WrittenLast),
    fault("die", "errors-handling.server-traps-and-logs", wsgi={"failed": die}),
    fault("failure-is-success", "errors-handling.server-500-when-unsent", wsgi=FailureIsSuccess),
    fault("other-status", "server.plays-dumb", wsgi=OtherStatus),
    fault("cookies-merged", "server.header-order-and-duplicates-kept", response=CookiesMerged),
    fault("chunks-to-wsgi", "server.decodes-transfer-encoding", body=LineEndsInBody),
    fault("no-invitation-by-wsgi", "expect-continue.client-timeout-discouraged",
          response={"invite": no_invitation}),
    fault("body-not-expected", "expect-continue.supported", reading=BodyNotExpected),
    fault("nothing-yet", "expect-continue.read-blocks-until-body", body=NothingYet),
]  # fmt: skip


FILES = [
    fault("block-size-wanted", "file-wrapper.callable-signature",
          wsgi={"FILE_WRAPPER": staticmethod(size_wanted)}),
    fault("not-iterable", "file-wrapper.returns-iterable", wsgi={"FILE_WRAPPER": NotIterable}),
    fault("file-at-once", "file-wrapper.no-transmission-until-returned", wsgi=AtOnce),
    fault("file-left-open", "file-wrapper.close-propagated", wsgi={"FILE_WRAPPER": NeverClosed}),
    fault("file-remembered", "file-wrapper.check-after-return", wsgi=Remembered),
    fault("other-content", "file-wrapper.same-as-iter-read", wsgi={"FILE_WRAPPER": OtherContent}),
    fault("from-the-beginning", "file-wrapper.starts-at-current-position",
          wsgi={"FILE_WRAPPER": FromTheBeginning}),
    fault("one-block", "file-wrapper.until-eof-or-content-length",
          wsgi={"FILE_WRAPPER": OneBlock}),
    fault("fileno-unasked", "file-wrapper.inspects-suitability",
          wsgi={"FILE_WRAPPER": FilenoUnasked}),
    fault("real-files-only", "file-wrapper.works-with-unsuitable-object",
          wsgi={"FILE_WRAPPER": RealFilesOnly}),
]  # fmt: skip


FAULTS = [*RESULTS, *FILES]
