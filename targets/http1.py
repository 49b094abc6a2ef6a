"""Reading what a server answers in HTTP/1: our own lenient record, h11's strict opinion beside it.

The lenient reading follows RFC 9112 section 6.3: it says what a client could know of the answer,
and keeps oddities apart instead of stopping at them.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from gateproof.targets.h11_opinion import HEAD_LIMIT, StrictOpinion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateproof.targets.wire import Wire

Header: TypeAlias = tuple[bytes, bytes]
Framing: TypeAlias = Literal["length", "chunked", "close", "none"]
Ended: TypeAlias = Literal["complete", "closed", "reset", "timeout", "garbage", "nothing"]

BODY_KEPT = 1 << 24
"""Octets of a body that are kept; the rest is counted and digested."""
RAW_KEPT = 1 << 20
"""Octets of a reply as it came that are kept."""

SHOWN_OF_GARBAGE = 1024

_STATUS_LINE = re.compile(rb"HTTP/(\d)\.(\d) ([0-9]{3})(?: ([^\r\n]*))?")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?", re.DOTALL)
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_START = b"HTTP/"


@dataclass
class Reply:
    """One final answer, with the interim ones before it.

    Attributes:
        status: 0 when no status line was understood.
        reason, version: octets and text of the status line (``HTTP/1.1``).
        headers: names as sent, values without the white space around them.
        lines: status line and header lines exactly as sent, without their line ends.
        body: at most `BODY_KEPT` octets of it; ``body_size`` and ``body_sha256`` tell of all.
        trailers: header fields after a chunked body.
        interim: heads of 1xx answers.
        framing: by what the body ends (RFC 9112 section 6.3).
        chunks: the chunk sizes; ``extensions``: the chunk extensions that were not empty.
        complete: whether the answer came as whole as its framing says.
        ended: ``closed``: the peer closed too early; ``nothing``: it closed before the first octet;
            ``timeout``: it left us waiting; ``garbage``: what came cannot be read as an answer.
        problem: what h11 says against the octets, empty when it accepts them.
        oddities: what our own reading noticed, in words.
        raw: the octets as they came, at most `RAW_KEPT`; ``raw_size`` counts all.
        began_at, ended_at: ``time.monotonic_ns()`` of first and last octet as read, 0 when none.
    """

    status: int = 0
    reason: bytes = b""
    version: str = ""
    headers: list[Header] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    body: bytes = b""
    body_size: int = 0
    body_sha256: str = ""
    trailers: list[Header] = field(default_factory=list)
    interim: list[tuple[int, list[Header]]] = field(default_factory=list)
    framing: Framing = "none"
    chunks: list[int] = field(default_factory=list)
    extensions: list[bytes] = field(default_factory=list)
    complete: bool = False
    ended: Ended = "nothing"
    problem: str = ""
    oddities: list[str] = field(default_factory=list)
    raw: bytes = b""
    raw_size: int = 0
    began_at: int = 0
    ended_at: int = 0

    def get(self, name: bytes) -> list[bytes]:
        """Give the values of header ``name``, in whatever case it was sent, in order."""
        return _values(self.headers, name)

    def options(self, name: bytes) -> list[bytes]:
        """Give the members of a comma-separated header such as Connection, in lower case."""
        members = b",".join(self.get(name)).split(b",")
        return [member.strip().lower() for member in members if member.strip()]

    @property
    def keeps(self) -> bool:
        """Whether the answer leaves the connection open for more (RFC 9112 section 9.3)."""
        options = self.options(b"connection")
        if not self.complete or self.framing == "close" or b"close" in options:
            return False
        return self.version != "HTTP/1.0" or b"keep-alive" in options

    def __str__(self) -> str:
        """Say in few words what came."""
        if not self.status:
            return {"nothing": "closed without an answer", "timeout": "no answer"}.get(
                self.ended, f"no HTTP answer ({self.ended}): {self.raw[:60]!r}"
            )
        told = f"{self.status}, {self.body_size} octets of body"
        return told if self.complete else f"{told}, incomplete ({self.ended})"


def _values(headers: Sequence[Header], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key.strip().lower() == name.lower()]


class ReplyReader:
    """The lenient reading of one reply, sans-I/O: `feed` octets, `end` them, take ``reply``.

    ``done`` tells that nothing more belongs to this reply; `leftover` is what came behind it.
    """

    def __init__(self, method: str = "GET") -> None:
        """Read the answer to a request with ``method``."""
        self.method = method
        self.reply = Reply()
        self.done = False
        self._buffer = bytearray()
        self._raw = bytearray()
        self._body = bytearray()
        self._digest = hashlib.sha256()
        self._left = 0  # octets of the body or chunk that are still to come
        self._step: Callable[[], bool] = self._head

    def feed(self, data: bytes) -> None:
        """Take the next octets, however they were cut."""
        self._buffer += data
        while not self.done and self._step():
            pass

    def end(self, how: Literal["closed", "reset", "timeout"]) -> Reply:
        """Tell that nothing more comes and why; gives the reply."""
        if not self.done:
            if how == "closed" and self._step == self._until_close:
                self._finish("complete")
            elif how != "timeout" and not self.reply.raw_size and not self._buffer:
                self._finish("nothing")
            else:
                self._take(len(self._buffer))
                self._finish(how)
        return self.reply

    def leftover(self) -> bytes:
        """Give the octets behind the reply."""
        return bytes(self._buffer)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        self.reply.raw_size += len(taken)
        self._raw += taken[: RAW_KEPT - len(self._raw)]
        return taken

    def _line(self) -> bytes | None:
        """Take one line without its end; a bare LF ends one too, as an oddity."""
        at = self._buffer.find(b"\n")
        if at < 0:
            if len(self._buffer) > HEAD_LIMIT:
                self._garbage("a line without an end")
            return None
        line = self._take(at + 1)[:-1]
        if line.endswith(b"\r"):
            return line[:-1]
        self._odd("a line that ends with a bare LF")
        return line

    def _odd(self, text: str) -> None:
        if text not in self.reply.oddities:
            self.reply.oddities.append(text)

    def _garbage(self, text: str) -> bool:
        self._odd(text)
        self._finish("garbage")
        return False

    def _finish(self, ended: Ended) -> None:
        reply = self.reply
        reply.ended = ended
        reply.complete = ended == "complete"
        if ended == "garbage":  # shown here, and left where it is for whoever wants to read on
            self._raw += self._buffer[:SHOWN_OF_GARBAGE]
        reply.raw = bytes(self._raw)
        reply.body = bytes(self._body)
        reply.body_sha256 = self._digest.hexdigest()
        self.done = True

    def _head(self) -> bool:
        """Wait for a whole head; what cannot be a status line is refused at its first octets."""
        start = bytes(self._buffer[: len(_START)])
        if not _START.startswith(start):
            return self._garbage("octets that are no status line")
        end = re.search(rb"\n\r?\n", self._buffer)
        if end is None:
            if len(self._buffer) > HEAD_LIMIT:
                return self._garbage("a head without an end")
            return False
        match = _STATUS_LINE.fullmatch(self._buffer[: self._buffer.find(b"\n")].rstrip(b"\r"))
        if match is None:
            return self._garbage("octets that are no status line")
        self.reply.lines = []
        status_line = self._line() or b""
        self.reply.lines.append(status_line)
        major, minor, status, reason = match.groups()
        if reason is None:
            self._odd("a status line without the space before the reason")
        self.reply.version = f"HTTP/{int(major)}.{int(minor)}"
        self.reply.reason = reason or b""
        headers = self._fields(self.reply.lines)
        self._headed(int(status), headers)
        return not self.done

    def _fields(self, lines: list[bytes]) -> list[Header]:
        """Take header lines up to the empty one, which is known to be there."""
        fields: list[Header] = []
        while line := self._line():
            lines.append(line)
            name, colon, value = line.partition(b":")
            if line[:1] in (b" ", b"\t"):
                self._odd("a folded header line")
                if fields:
                    fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip(b" \t"))
                continue
            if not colon:
                self._odd("a header line without a colon")
                continue
            if not _TOKEN.fullmatch(name):
                self._odd("a header name that is no token")
            fields.append((name, value.strip(b" \t")))
        return fields

    def _headed(self, status: int, headers: list[Header]) -> None:
        """Decide how the body ends (RFC 9112 section 6.3), or wait for the next head."""
        reply = self.reply
        if 100 <= status < 200 and status != 101:
            reply.interim.append((status, headers))
            return
        reply.status, reply.headers = status, headers
        codings = reply.options(b"transfer-encoding")
        lengths = reply.options(b"content-length")
        if (
            self.method == "HEAD"
            or status in (101, 204, 304)
            or (self.method == "CONNECT" and 200 <= status < 300)
        ):
            self._finish("complete")
        elif codings:
            if lengths:
                self._odd("Transfer-Encoding beside Content-Length")
            if reply.version == "HTTP/1.0":
                self._odd("Transfer-Encoding in HTTP/1.0")
            chunked = codings[-1] == b"chunked"
            reply.framing = "chunked" if chunked else "close"
            self._step = self._chunk if chunked else self._until_close
        elif lengths:
            self._lengths(lengths)
        else:
            reply.framing, self._step = "close", self._until_close

    def _lengths(self, lengths: list[bytes]) -> None:
        if len(lengths) > 1:
            self._odd("several Content-Length values")
        if len(set(lengths)) > 1 or not re.fullmatch(rb"[0-9]{1,18}", lengths[0]):
            self._garbage("a Content-Length that cannot be used")
            return
        self.reply.framing = "length"
        self._left = int(lengths[0])
        self._step = self._counted
        if not self._left:
            self._finish("complete")

    def _keep(self, data: bytes) -> None:
        self.reply.body_size += len(data)
        self._digest.update(data)
        self._body += data[: BODY_KEPT - len(self._body)]

    def _some(self) -> None:
        taken = self._take(min(self._left, len(self._buffer)))
        self._left -= len(taken)
        self._keep(taken)

    def _counted(self) -> bool:
        self._some()
        if not self._left:
            self._finish("complete")
        return False

    def _until_close(self) -> bool:
        self._keep(self._take(len(self._buffer)))
        return False

    def _chunk(self) -> bool:
        line = self._line()
        if line is None:
            return False
        match = _CHUNK_LINE.fullmatch(line)
        if match is None:
            return self._garbage("a chunk without a size")
        size = int(match[1], 16)
        self.reply.chunks.append(size)
        if match[2]:
            self.reply.extensions.append(bytes(match[2]))
        self._left = size
        self._step = self._chunk_data if size else self._trailers
        return True

    def _chunk_data(self) -> bool:
        self._some()
        if self._left:
            return False
        self._step = self._chunk_end
        return True

    def _chunk_end(self) -> bool:
        start = bytes(self._buffer[:2])
        if start not in (b"", b"\r", b"\r\n") and start[:1] != b"\n":
            return self._garbage("a chunk longer than its size")
        if self._line() is None:
            return False
        self._step = self._chunk
        return True

    def _trailers(self) -> bool:
        if not re.match(rb"\r?\n", self._buffer) and not re.search(rb"\n\r?\n", self._buffer):
            if len(self._buffer) > HEAD_LIMIT:
                self._garbage("a trailer section without an end")
            return False
        self.reply.trailers = self._fields([])
        self._finish("complete")
        return False


async def read_reply(
    wire: Wire, method: str = "GET", within: float = 3.0, *, switching: bool = False
) -> Reply:
    """Read the next final answer to a request with ``method``, interim ones included.

    Takes at most ``within`` seconds and raises nothing for what the server did: ``ended`` says it.
    ``switching`` tells h11 that the request asked for an upgrade.
    Octets behind the answer stay in ``wire.pending``;
    so does what cannot be an answer at all (``garbage``).
    """
    reader = ReplyReader(method)
    strict = StrictOpinion(method, switching=switching)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    reply = reader.reply
    while not reader.done:
        try:
            data = await wire.receive(deadline - loop.time())
        except TimeoutError:
            reader.end("timeout")
            break
        strict.feed(data)
        if not data:
            reader.end("reset" if wire.was_reset else "closed")
            break
        reply.began_at = reply.began_at or time.monotonic_ns()
        reader.feed(data)
        reply.ended_at = time.monotonic_ns()
        # A busy server may send without end: the time counts for it as well.
        if loop.time() > deadline and not reader.done:
            reader.end("timeout")
    wire.pending[:0] = reader.leftover()
    reply.problem = strict.problem
    return reply


async def read_replies(wire: Wire, methods: Sequence[str], within: float = 3.0) -> list[Reply]:
    """Read the answers to several pipelined requests, up to the first that is not complete.

    ``within`` is the time for all of them together, in seconds.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    replies: list[Reply] = []
    for method in methods:
        replies.append(await read_reply(wire, method, deadline - loop.time()))
        if not replies[-1].complete:
            break
    return replies
