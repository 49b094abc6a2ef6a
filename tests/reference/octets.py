"""The octets of one connection, both ways; what they mean is other files' business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine


class GoneError(OSError):
    """The client is no longer there: reading ended, or writing has nowhere to go."""


class TooLongError(Exception):
    """A line is longer than its limit."""


class Octets(asyncio.Protocol):
    """A buffer of what came, a way out, and word of the client's end.

    Everything that waits here waits for ``changed`` only and takes octets in one
    go, so that a cancelled reader has taken nothing.
    """

    HIGH = 256 * 1024  # octets read ahead before the client has to wait
    LINGER = 2.0  # seconds that a refused client may go on talking

    def __init__(self, serve: Callable[[Octets], Coroutine[object, object, None]]) -> None:
        self.serve = serve
        self.pending = bytearray()
        self.ended = False  # the client will send no more
        self.lost = False  # and will not read any more either
        self.changed = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.transport: asyncio.Transport
        self.task: asyncio.Task[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.task = asyncio.get_running_loop().create_task(self.serve(self))

    def data_received(self, data: bytes) -> None:
        self.pending += data
        if len(self.pending) > self.HIGH:
            self.transport.pause_reading()
        self.wake()

    def eof_received(self) -> bool:
        self.ended = True
        self.wake()
        return True  # it may still read what we have to say

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = self.lost = True
        self.writable.set()
        self.wake()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self.changed.set()
        self.changed = asyncio.Event()

    async def more(self) -> None:
        """Wait for further octets.

        Raises:
            GoneError: There will be none.
        """
        if self.ended:
            raise GoneError("the client closed the connection")
        if self.pending and not self.transport.is_closing():
            self.transport.resume_reading()
        await self.changed.wait()

    def take(self, size: int) -> bytes:
        """The first ``size`` octets of what came, which are gone from the buffer then."""
        taken = bytes(self.pending[:size])
        del self.pending[:size]
        if len(self.pending) <= self.HIGH and not self.transport.is_closing():
            self.transport.resume_reading()
        return taken

    async def line(self, limit: int) -> bytes:
        """Everything up to and including the next LF, at most ``limit`` octets.

        Raises:
            TooLongError: No LF came within the limit.
            GoneError: The client ended before it.
        """
        while (at := self.pending.find(b"\n", 0, limit)) < 0:
            if len(self.pending) >= limit:
                raise TooLongError
            await self.more()
        return self.take(at + 1)

    async def some(self, limit: int) -> bytes:
        """At least one octet and at most ``limit``; raises ``GoneError`` when there are none."""
        while not self.pending:
            await self.more()
        return self.take(limit)

    async def exactly(self, size: int) -> bytes:
        """``size`` octets; raises ``GoneError`` when fewer came, and leaves them."""
        while len(self.pending) < size:
            await self.more()
        return self.take(size)

    async def write(self, data: bytes) -> None:
        """Send, and wait while the client reads too slowly; raises ``GoneError``."""
        if self.lost or self.transport.is_closing():
            raise GoneError("the client closed the connection")
        self.transport.write(data)
        await self.writable.wait()
        if self.lost:
            raise GoneError("the client closed the connection")

    async def finish(self) -> None:
        """Close our side first, so that the client can read to the end; then everything.

        Closing at once with octets unread would reset the connection, and with it
        what the client has not read yet.
        """
        if self.lost or not self.transport.can_write_eof():
            self.transport.close()
            return
        try:
            self.transport.write_eof()
            async with asyncio.timeout(self.LINGER):
                while not self.lost:
                    self.take(len(self.pending))
                    await self.more()
        except (OSError, TimeoutError):
            pass
        finally:
            self.transport.close()
