"""Writing responses: status line, framing, and whether the connection stays."""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus

from reference.http_body import Body
from reference.http_reading import Fields, Request
from reference.octets import Octets

# Fields about this connection only. They are the server's, whoever names them.
OURS = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding"}


class ExcessError(ValueError):
    """More data than Content-Length announced."""


def reason_phrase(status: int) -> str:
    """The usual words for a status; none for a status that nobody registered."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class Response:
    """The response to one request.

    ``prepare`` may be called again until something left: ``data`` and ``end`` send
    the head first.
    """

    VERSION = b"HTTP/1.1"
    EMPTY = frozenset({204, 205, 304})  # statuses without content
    CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
    HINT = b"HTTP/1.1 103 Early Hints\r\n"

    def __init__(self, octets: Octets, request: Request) -> None:
        self.octets = octets
        self.request = request
        self.body: Body | None = None  # of the request; set by whoever made both
        self.status = 0
        self.reason = ""
        self.fields: Fields = []
        self.trailers: Fields | None = None  # a list when some were announced
        self.prepared = False
        self.head_sent = False
        self.complete = False
        self.invited = False
        self.framing = "none"  # or "length", "chunked", "close"
        self.length = 0  # declared, where framing is "length"
        self.count = 0  # octets of content so far, sent or (for HEAD) not
        self.keep = self.wanted_to_stay()

    # -- what the client wants ----------------------------------------------------

    def wanted_to_stay(self) -> bool:
        """Whether the client wants the connection to stay."""
        options = self.request.tokens(b"connection")
        if b"close" in options:
            return False
        return self.request.version == "1.1" or b"keep-alive" in options

    @property
    def expected(self) -> bool:
        """Whether the client waits for 100 before it sends the body."""
        return self.request.version == "1.1" and b"100-continue" in self.request.tokens(b"expect")

    async def invite(self) -> None:
        """Send 100 where it is waited for: once, before the head, unless data came anyway."""
        if self.expected and not self.invited and not self.head_sent:
            self.invited = True
            if not self.octets.pending:
                await self.octets.write(self.CONTINUE)

    async def hint(self, links: Fields) -> None:
        """Send an interim response with links."""
        lines = b"".join(self.line(name, value) for name, value in links)
        await self.octets.write(self.HINT + lines + b"\r\n")

    # -- the head -----------------------------------------------------------------

    def prepare(self, status: int, reason: str, fields: Fields) -> None:
        """Set status and fields; nothing leaves yet."""
        self.status = status
        self.reason = reason
        self.fields = fields
        self.prepared = True

    @property
    def bodiless(self) -> bool:
        """Whether no content follows, whatever the application says."""
        return self.request.method == "HEAD" or self.status in self.EMPTY

    def given(self, name: bytes) -> list[bytes]:
        """The values that the application gave for a field."""
        return [value for other, value in self.fields if other.lower() == name]

    def frame(self, size: int | None) -> Fields:
        """Choose the framing; the fields that it needs beyond the application's.

        Args:
            size: Of the whole content, where it is known by now.
        """
        lengths = self.given(b"content-length")
        if self.status == 204:
            return []
        if self.status == 205 and self.bodiless:
            return [(b"Content-Length", b"0")]
        if lengths:
            self.framing, self.length = "length", int(lengths[0])
            return []
        if self.bodiless:
            return []
        if size is not None and self.trailers is None:
            self.framing, self.length = "length", size
            return [(b"Content-Length", b"%d" % size)]
        if self.can_chunk():
            self.framing = "chunked"
            return [(b"Transfer-Encoding", b"chunked")]
        self.framing = "close"
        return []

    def can_chunk(self) -> bool:
        """Whether the client knows chunks."""
        return self.request.version == "1.1"

    def passed_on(self) -> Fields:
        """The application's fields that go on the wire, in its order."""
        withheld = set(OURS)
        if self.status in (204, 205) and self.bodiless:
            withheld.add(b"content-length")
        return [entry for entry in self.fields if entry[0].lower() not in withheld]

    def decide(self) -> None:
        """Decide whether the connection stays, before the head says so."""
        closing = b",".join(self.given(b"connection")).lower()
        if b"close" in [option.strip() for option in closing.split(b",")]:
            self.keep = False
        if self.framing == "close":
            self.keep = False
        if self.body is not None and not self.body.complete:
            # Nobody knows whether a client that was not invited still sends the body.
            if self.body.problem or not self.body.drainable:
                self.keep = False
            if self.expected and not self.invited:
                self.keep = False

    def connection(self) -> Fields:
        """The Connection field."""
        options = []
        if not self.keep:
            options.append(b"close")
        elif self.request.version == "1.0":
            options.append(b"keep-alive")
        if self.given(b"upgrade"):
            options.append(b"upgrade")
        return [(b"Connection", b", ".join(options))] if options else []

    def date(self) -> Fields:
        """Date, unless the application gave one."""
        if self.given(b"date"):
            return []
        return [(b"Date", formatdate(usegmt=True).encode())]

    def status_line(self) -> bytes:
        """The status line, with its second blank even where the reason is empty."""
        return b"%s %d %s\r\n" % (self.VERSION, self.status, self.reason.encode("latin-1"))

    def head(self, size: int | None) -> bytes:
        """All octets of the head."""
        framing = self.frame(size)
        self.decide()
        fields = [*self.passed_on(), *self.date(), *framing, *self.connection()]
        lines = [self.line(name, value) for name, value in fields]
        return self.status_line() + b"".join(lines) + b"\r\n"

    def line(self, name: bytes, value: bytes) -> bytes:
        """One field line."""
        return name + b": " + value + b"\r\n"

    # -- the content ----------------------------------------------------------------

    def room(self) -> int | None:
        """How many octets of content may still come; None for any number."""
        lengths = self.given(b"content-length")
        return max(0, int(lengths[0]) - self.count) if lengths else None

    async def data(self, data: bytes, *, last: bool = False) -> None:
        """Send content; the head with it where it has not left.

        Args:
            data: Octets; an empty block sends nothing, unless it is the last.
            last: Nothing follows, so the size is known where this is the first.

        Raises:
            ExcessError: There is more than was announced; what fits was sent.
            GoneError: The client is.
        """
        room = self.room()
        excess = room is not None and len(data) > room
        data = data[:room] if excess else data
        out = b""
        if not self.head_sent:
            if not data and not last and not excess:
                return
            out = self.head(len(data) if last else None)
            self.head_sent = True
        self.count += len(data)
        out += self.framed(data)
        if out:
            await self.octets.write(out)
        if excess:
            raise ExcessError("more data than Content-Length announced")

    def framed(self, data: bytes) -> bytes:
        """A block of content as it goes on the wire."""
        if self.bodiless or not data:
            return b""
        return b"%x\r\n%s\r\n" % (len(data), data) if self.framing == "chunked" else data

    async def end(self) -> None:
        """Complete the response."""
        if self.complete:
            return
        if not self.head_sent:
            await self.data(b"", last=True)
        self.complete = True
        if self.framing == "chunked" and not self.bodiless:
            await self.octets.write(self.last_chunk())
        if self.framing == "length" and not self.bodiless and self.count < self.length:
            self.keep = False
        self.octets.wake()  # whoever waits for the end of the response

    def last_chunk(self) -> bytes:
        """The zero chunk and the trailer section."""
        wanted = b"trailers" in self.request.tokens(b"te")
        lines = [self.line(name, value) for name, value in self.trailers or [] if wanted]
        return b"0\r\n" + b"".join(lines) + b"\r\n"

    async def error(
        self, status: int, why: str, fields: Fields | None = None, *, close: bool = True
    ) -> None:
        """Answer with an error of our own, in the place of what was prepared."""
        text = f"{why}\n".encode()
        self.trailers = None
        self.prepare(
            status,
            reason_phrase(status),
            [(b"Content-Type", b"text/plain; charset=utf-8"), *(fields or [])],
        )
        if close:
            self.keep = False
        await self.data(text, last=True)
        await self.end()

    def break_off(self) -> None:
        """Leave a response unfinished: only the end of the connection can tell."""
        self.keep = False
        self.octets.wake()
