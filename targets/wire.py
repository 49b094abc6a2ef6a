"""One connection to a server: octets go out exactly as given, what comes back is kept exactly."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
import struct
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from gateproof.targets.segments import delivered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

Address: TypeAlias = tuple[str, int] | str  # (host, port), or the path of a Unix socket
Moment: TypeAlias = tuple[int, bytes]  # time.monotonic_ns(), octets

CHUNK = 65536
HEAD_KEPT = 1 << 18
TAIL_KEPT = 1 << 16
SEGMENT_PATIENCE = 0.25  # seconds: a peer that does not read must not stop the sender for ever


class WireError(Exception):
    """The harness itself could not do its part: no connection, or a wire used after its end."""


class HalfCloseError(WireError):
    """One half of a connection that speaks TLS was to be closed, which TLS does not have."""


class Record:
    """The octets of one direction, with times: all of them up to a bound, then head and tail.

    ``total`` and ``sha256`` always tell of all octets.
    """

    def __init__(self) -> None:
        self.total = 0
        self._digest = hashlib.sha256()
        self._head: list[Moment] = []
        self._head_size = 0
        self._tail: deque[Moment] = deque()
        self._tail_size = 0

    def add(self, data: bytes, at: int) -> None:
        """Keep ``data`` with its time, ``at`` (``time.monotonic_ns()``)."""
        moment = (at, data)
        self.total += len(data)
        self._digest.update(data)
        if self._head_size + len(data) <= HEAD_KEPT and not self._tail:
            self._head.append(moment)
            self._head_size += len(data)
            return
        self._tail.append(moment)
        self._tail_size += len(data)
        while len(self._tail) > 1 and self._tail_size - len(self._tail[0][1]) >= TAIL_KEPT:
            self._tail_size -= len(self._tail.popleft()[1])

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of all octets, kept or not."""
        return self._digest.hexdigest()

    @property
    def moments(self) -> list[Moment]:
        """What was kept, in order of time."""
        return [*self._head, *self._tail]

    @property
    def whole(self) -> bool:
        """Whether nothing was dropped."""
        return self._head_size + self._tail_size == self.total


class Wire:
    """One connection, not read until asked: whoever does not receive is a slow client.

    A peer that closes or resets is noted in ``eof``, ``was_reset`` and ``refused``,
    and never raised out of a call.
    """

    def __init__(self, connected: socket.socket) -> None:
        """Take a connected socket, which the wire owns from now on."""
        connected.setblocking(False)
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._waiting: tuple[set[asyncio.Future[None]], set[asyncio.Future[None]]] = (set(), set())
        self.outbound = Record()
        self.inbound = Record()
        self.pending = bytearray()
        self.eof = False
        self.was_reset = False
        self.ended_at = 0  # time.monotonic_ns() when the peer's end was noticed first
        self.refused = b""  # what could not be sent, because the peer took no more
        self.closed = False
        with suppress(OSError):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    async def open(
        cls,
        address: Address,
        within: float = 3.0,
        *,
        receive_buffer: int | None = None,
        wrap: Callable[[socket.socket], Awaitable[socket.socket]] | None = None,
    ) -> Wire:
        """Connect to ``address`` (host and port, or the path of a Unix socket).

        ``receive_buffer`` octets of SO_RCVBUF make the peer feel a slow reader early.
        ``wrap`` may exchange the connected socket, for example for one that speaks TLS.

        Raises:
            WireError: no connection stood ``within`` that many seconds.

        """
        family = socket.AF_UNIX if isinstance(address, str) else _family(address[0])
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            if receive_buffer is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            loop = asyncio.get_running_loop()
            await asyncio.wait_for(loop.sock_connect(sock, address), within)
            if wrap is not None:
                sock = await asyncio.wait_for(wrap(sock), within)
        except ConnectionResetError:  # it stood, and was gone before we could look
            wire = cls(sock)
            wire.was_reset = True
            wire._over()
            return wire
        except (OSError, TimeoutError) as error:
            sock.close()
            why = str(error) or f"nothing accepted within {within:g} s"
            raise WireError(f"no connection to {address!r}: {why}") from error
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    @property
    def sent(self) -> list[Moment]:
        """What the kernel took from us, with times (see `Record` for the bound)."""
        return self.outbound.moments

    @property
    def received(self) -> list[Moment]:
        """What came, with times (see `Record` for the bound)."""
        return self.inbound.moments

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return isinstance(self._socket, ssl.SSLSocket)

    @property
    def local(self) -> object:
        """Our own address, by which a server's log or environ can be told."""
        return self._socket.getsockname()

    async def send(
        self,
        data: bytes,
        cuts: Sequence[int] = (),
        *,
        within: float = 5.0,
        reading: bool = True,
    ) -> int:
        """Send ``data`` verbatim, as separate TCP segments at each offset in ``cuts``.

        After each segment waits, bounded, until the peer has taken it, so that segments
        are not joined on the way. While the peer takes nothing, what it sends is received into
        ``pending`` (both sides could wait for each other else), unless ``reading`` is off.
        Returns the number of octets the kernel took in ``within`` seconds; the rest is ``refused``.

        Raises:
            WireError: the wire was closed by us.

        """
        if self.closed:
            raise WireError("octets sent on a wire that was closed before")
        deadline = self._loop.time() + within
        edges = sorted({cut for cut in cuts if 0 < cut < len(data)})
        taken = 0
        for start, end in zip([0, *edges], [*edges, len(data)], strict=True):
            piece = memoryview(data)[start:end]
            count = await self._push(piece, deadline, reading=reading)
            taken += count
            if count < len(piece):
                self.refused += data[taken:]
                break
            if end < len(data):
                patience = min(SEGMENT_PATIENCE, max(0.0, deadline - self._loop.time()))
                await delivered(self._socket, patience)
        return taken

    async def _push(self, piece: memoryview, deadline: float, *, reading: bool) -> int:
        taken = 0
        if self.eof and self.secure:
            return taken  # there is no TLS any more to send it by
        while taken < len(piece):
            wants = (reading and not self.eof, True)
            at = time.monotonic_ns()  # before: the peer may have answered when send() returns
            try:
                count = self._socket.send(piece[taken:])
            except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError):
                pass
            except ssl.SSLWantReadError:
                wants = (True, False)
            except OSError as error:
                self._note(error)
                break
            else:
                self.outbound.add(bytes(piece[taken : taken + count]), at)
                taken += count
                continue
            if not await self._ready(*wants, deadline - self._loop.time()):
                break
            if reading:
                self._pull()
        return taken

    async def receive(self, within: float) -> bytes:
        """Give what is pending, else the next octets that come; empty at the end of the stream.

        Raises:
            TimeoutError: nothing came ``within`` that many seconds, the connection being open.

        """
        deadline = self._loop.time() + within
        while not self.pending and not self.eof and not self.closed:
            wants = self._pull()
            if self.pending or self.eof:
                break
            if not await self._ready(*wants, deadline - self._loop.time()):
                raise TimeoutError(f"nothing came within {within:g} s")
        chunk = bytes(self.pending)
        self.pending.clear()
        return chunk

    def _pull(self) -> tuple[bool, bool]:
        """Move what the kernel has to ``pending``; tells what to wait for (read, write)."""
        if self.closed or self.eof:
            return (False, False)
        try:
            chunk = self._socket.recv(CHUNK)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError):
            return (True, False)
        except ssl.SSLWantWriteError:
            return (False, True)
        except OSError as error:
            self._note(error)
            self._over()
            return (False, False)
        if chunk:
            self.inbound.add(chunk, time.monotonic_ns())
            self.pending += chunk
        else:
            self._over()
            self._farewell()
        return (True, False)

    def look(self) -> None:
        """Take what has come, without waiting; so the peer's end is noticed, and TLS answered."""
        self._pull()

    def _farewell(self) -> None:
        """Say in TLS that we end too: some peers wait for it before they close.

        https://www.rfc-editor.org/rfc/rfc8446#section-6.1
        """
        if isinstance(self._socket, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                self._socket.unwrap()  # an answer is not waited for

    def _over(self) -> None:
        self.eof = True
        self.ended_at = self.ended_at or time.monotonic_ns()

    def _note(self, error: OSError) -> None:
        # A broken pipe tells that an earlier reset was met by a later send.
        if isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
            self.was_reset = True
            self.ended_at = self.ended_at or time.monotonic_ns()

    async def _ready(self, read: bool, write: bool, within: float) -> bool:
        """Wait until the socket is ready for one of both; False when the time was up."""
        if within <= 0 or self.closed:
            return False
        future: asyncio.Future[None] = self._loop.create_future()
        number = self._socket.fileno()
        # Sender and receiver may wait at once: each side keeps its own set, one callback each.
        if read:
            self._waiting[0].add(future)
            self._loop.add_reader(number, self._wake, 0)
        if write:
            self._waiting[1].add(future)
            self._loop.add_writer(number, self._wake, 1)
        timer = self._loop.call_later(within, _finish, future, TimeoutError())
        try:
            await future
        except TimeoutError:
            return False
        finally:
            timer.cancel()
            self._forget(future)
        return True

    def _forget(self, future: asyncio.Future[None]) -> None:
        for side, remove in enumerate((self._loop.remove_reader, self._loop.remove_writer)):
            waiting = self._waiting[side]
            waiting.discard(future)
            if not waiting and not self.closed:
                remove(self._socket.fileno())

    def _wake(self, side: int) -> None:
        for future in tuple(self._waiting[side]):
            _finish(future)

    def half_close(self) -> None:
        """Send FIN: nothing more comes from us, while we still receive.

        Raises:
            HalfCloseError: the wire speaks TLS.

        """
        if self.secure:
            raise HalfCloseError("a connection that speaks TLS cannot be closed by half")
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._note(error)

    async def close(self) -> None:
        """Close, in the ordinary way; doing it again does nothing."""
        if not self.closed and not self.eof:
            self._farewell()
        self._shut()
        await asyncio.sleep(0)

    def reset(self) -> None:
        """Close with RST: what is under way in either direction is lost."""
        if not self.closed:
            with suppress(OSError):
                self._socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
        self._shut()

    def _shut(self) -> None:
        if self.closed:
            return
        number = self._socket.fileno()
        if not self._loop.is_closed():
            self._loop.remove_reader(number)
            self._loop.remove_writer(number)
        self.closed = True
        for waiting in self._waiting:
            for future in tuple(waiting):
                _finish(future)
        with suppress(OSError):
            self._socket.close()


def _finish(future: asyncio.Future[None], error: BaseException | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
