"""Reading the body of a request: by its length, or by chunks."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from reference.http_reading import Fields, Reading, RefusedError, Request
from reference.octets import GoneError, Octets, TooLongError


class Body:
    """Reads the body of one request.

    All of its state is in attributes and changes only when octets are taken, so
    that a reader who is cancelled can be followed by another.
    """

    LINE_LIMIT = 4096  # of a chunk's first line, with its extensions
    TRAILER_LIMIT = 16 * 1024
    SIZE = re.compile(rb"([0-9A-Fa-f]+)([ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
    SIZE_DIGITS = 15
    DRAIN = 1024 * 1024  # unread octets that are read to keep the connection

    def __init__(
        self,
        octets: Octets,
        request: Request,
        reading: Reading,
        invite: Callable[[], Awaitable[None]],
    ) -> None:
        self.octets = octets
        self.request = request
        self.reading = reading
        self.invite = invite  # sends 100 Continue where it is waited for
        self.left = request.length  # of the body or of this chunk
        self.phase = "size" if request.chunked else "data"
        self.problem: OSError | None = None
        self.trailers: Fields = []
        self.trailer_room = self.TRAILER_LIMIT
        if not request.chunked and not self.left:
            self.phase = "done"

    @property
    def complete(self) -> bool:
        """Whether all of it was read."""
        return self.phase == "done"

    async def some(self, limit: int) -> bytes:
        """The next octets, at most ``limit``; nothing at the end of the body.

        Raises:
            RefusedError: The framing is broken.
            GoneError: The client ended before the body did.
        """
        if self.problem is not None:
            raise self.problem
        try:
            if not self.complete:
                await self.invite()
            while not self.complete:
                if self.phase == "data":
                    return await self.data(limit)
                await self.between()
        except TooLongError:
            self.problem = RefusedError(400, "a line in the chunked body is too long")
            raise self.problem from None
        except (RefusedError, GoneError) as problem:
            self.problem = problem
            raise
        return b""

    async def data(self, limit: int) -> bytes:
        """Octets of the body or of one chunk."""
        taken = await self.octets.some(min(limit, self.left))
        self.left -= len(taken)
        if not self.left:
            self.phase = "data end" if self.request.chunked else "done"
        return taken

    async def between(self) -> None:
        """One step of what stands around the data of chunks."""
        if self.phase == "size":
            self.left = self.size(self.reading.ended(await self.octets.line(self.LINE_LIMIT)))
            self.phase = "data" if self.left else "trailers"
        elif self.phase == "data end":
            await self.data_end()
            self.phase = "size"
        else:
            line = self.reading.ended(await self.octets.line(self.trailer_room))
            self.trailer_room -= len(line) + 2
            if line:
                self.trailer(line)
            else:
                self.phase = "done"

    def size(self, line: bytes) -> int:
        """The size of a chunk; its extensions mean nothing to us."""
        parts = self.SIZE.fullmatch(line)
        if not parts:
            raise RefusedError(400, "the size of a chunk is no number")
        if len(parts[1].lstrip(b"0")) > self.SIZE_DIGITS:
            raise RefusedError(413, "a chunk is beyond any limit")
        return int(parts[1], 16)

    async def data_end(self) -> None:
        """CR LF directly behind the data of a chunk."""
        if await self.octets.exactly(2) != b"\r\n":
            raise RefusedError(400, "chunk data is not as long as its size says")

    def trailer(self, line: bytes) -> None:
        """A trailer field: it has to be well formed, and is dropped."""
        if entry := self.reading.field(line):
            self.trailers.append(entry)

    @property
    def drainable(self) -> bool:
        """Whether what is unread is little enough to be read and forgotten."""
        return self.complete or (not self.request.chunked and self.left <= self.DRAIN)

    async def drain(self) -> None:
        """Read what the application left, so that the next request begins where it begins."""
        while not self.complete:
            await self.data(65536)
