"""Reading requests: RFC 9112, strictly. What is not certain is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reference.octets import GoneError, Octets, TooLongError

Fields = list[tuple[bytes, bytes]]


class RefusedError(OSError):
    """A request that is answered with ``status`` and the end of the connection.

    An ``OSError``, since an application that reads a broken body is told by it.
    """

    def __init__(self, status: int, why: str, fields: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.fields = fields


@dataclass
class Request:
    """The head of one request; names are as the client wrote them."""

    method: str
    target: bytes
    protocol: str  # as sent: "HTTP/1.2"
    path: bytes
    query: bytes
    authority: bytes = b""  # of an absolute target
    fields: Fields = field(default_factory=list)
    length: int = 0
    chunked: bool = False

    @property
    def version(self) -> str:
        """The version that is spoken: a higher minor one is 1.1 to us."""
        return "1.0" if self.protocol == "HTTP/1.0" else "1.1"

    def get(self, name: bytes) -> list[bytes]:
        """The values of every field of this (lower-case) name, in order."""
        return [value for other, value in self.fields if other.lower() == name]

    def tokens(self, name: bytes) -> list[bytes]:
        """The members of a list of tokens over all its lines, in lower case."""
        members = b",".join(self.get(name)).split(b",")
        return [member.strip(b" \t").lower() for member in members if member.strip(b" \t")]


class Reading:
    """Reads the heads of the requests of a connection."""

    LINE_LIMIT = 16 * 1024
    HEAD_LIMIT = 64 * 1024
    EMPTY_LINES = 4  # that may precede a request line
    TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
    METHOD = TOKEN
    METHOD_LIMIT = 64
    VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
    TARGET = re.compile(rb"[!-\x22$-~]+")  # visible, without "#"
    ABSOLUTE = re.compile(rb"(?i:https?)://([^/?@]+)(.*)")
    HOST = re.compile(
        rb"(\[[0-9A-Fa-f:.]+\]|([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(:[0-9]*)?"
    )
    VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
    LENGTH = re.compile(rb"[0-9]+")
    BLANKS = b" \t"
    LENGTH_DIGITS = 18  # what more has cannot be meant

    def __init__(self, octets: Octets) -> None:
        self.octets = octets

    async def request(self) -> Request | None:
        """The next request, or None at the end of the connection.

        Raises:
            RefusedError: What came is no request that we serve.
        """
        line = await self.first_line()
        if line is None:
            return None
        request = self.request_line(line)
        try:
            request.fields = await self.fields()
        except GoneError:
            return None
        self.host(request)
        self.framing(request)
        return request

    async def first_line(self) -> bytes | None:
        """The request line, past a few empty lines."""
        for _ in range(self.EMPTY_LINES + 1):
            try:
                line = self.ended(await self.octets.line(self.LINE_LIMIT))
            except GoneError:
                return None
            except TooLongError:
                raise self.long_request_line() from None
            if line:
                return line
        raise RefusedError(400, "no request line")

    def long_request_line(self) -> RefusedError:
        """Which part was too long."""
        if b" " not in self.octets.pending[: self.LINE_LIMIT]:
            return RefusedError(501, "the method is too long")
        return RefusedError(414, "the target is too long")

    def ended(self, line: bytes) -> bytes:
        """A line without its end, which is CR LF and nothing else."""
        if not line.endswith(b"\r\n"):
            raise RefusedError(400, "a line ends without CR")
        line = line[:-2]
        if b"\r" in line:
            raise RefusedError(400, "a CR stands alone")
        return line

    def request_line(self, line: bytes) -> Request:
        """The three parts of a request line, taken apart."""
        parts = self.split(line)
        if len(parts) != 3:
            raise RefusedError(400, "the request line has no three parts")
        method, target, version = parts
        if not self.METHOD.fullmatch(method):
            raise RefusedError(400, "the method is no token")
        if len(method) > self.METHOD_LIMIT:
            raise RefusedError(501, "the method is too long")
        self.version(version)
        if not self.TARGET.fullmatch(target):
            raise RefusedError(400, "the target has characters that it cannot have")
        path, query, authority = self.target(method, target)
        return Request(
            method=method.decode("latin-1"),
            target=target,
            protocol=version.decode("latin-1"),
            path=path,
            query=query,
            authority=authority,
        )

    def split(self, line: bytes) -> list[bytes]:
        """The parts of a request line: one SP between them."""
        return line.split(b" ")

    def version(self, version: bytes) -> None:
        """Refuse a version that is none or not ours."""
        if not self.VERSION.fullmatch(version):
            raise RefusedError(400, "the version is no HTTP version")
        if not version.startswith(b"HTTP/1."):
            raise RefusedError(505, "only HTTP/1 is spoken here")

    def target(self, method: bytes, target: bytes) -> tuple[bytes, bytes, bytes]:
        """Path, query and authority of a request target, by its four forms."""
        if method == b"CONNECT":
            raise RefusedError(501, "no tunnels here")
        if target == b"*":
            return self.asterisk(method)
        authority = b""
        if absolute := self.ABSOLUTE.fullmatch(target):
            authority, target = absolute.group(1, 2)
            target = target if target.startswith(b"/") else b"/" + target
        if not target.startswith(b"/"):
            raise RefusedError(400, "the target is no path")
        path, _, query = target.partition(b"?")
        return path, query, authority

    def asterisk(self, method: bytes) -> tuple[bytes, bytes, bytes]:
        """The target ``*``, which is for OPTIONS."""
        if method != b"OPTIONS":
            raise RefusedError(400, "only OPTIONS is asked of the whole server")
        return b"*", b"", b""

    async def fields(self) -> Fields:
        """The field lines up to the empty one."""
        fields: Fields = []
        left = self.HEAD_LIMIT
        while True:
            try:
                line = await self.octets.line(left)
            except TooLongError:
                raise RefusedError(431, "the head is too long") from None
            left -= len(line)
            line = self.ended(line)
            if not line:
                return fields
            if line[:1] in (b" ", b"\t"):
                self.folded(line, fields)
                continue
            self.add(self.field(line), fields)

    def add(self, entry: tuple[bytes, bytes] | None, fields: Fields) -> None:
        """Append a field to those that came before."""
        if entry is not None:
            fields.append(entry)

    def folded(self, line: bytes, fields: Fields) -> None:
        """A line that would continue the one before it."""
        raise RefusedError(400, "a field line begins with a blank")

    def field(self, line: bytes) -> tuple[bytes, bytes] | None:
        """Name and value of a field line."""
        name, colon, value = line.partition(b":")
        if not colon:
            raise RefusedError(400, "a field line has no colon")
        name = self.name(name)
        value = self.trimmed(value)
        if not self.VALUE.fullmatch(value):
            raise RefusedError(400, "a field value has control characters")
        return name, value

    def name(self, name: bytes) -> bytes:
        """A field name: a token, directly before the colon."""
        if not self.TOKEN.fullmatch(name):
            raise RefusedError(400, "a field name is no token")
        if name.lower() in (b"content_length", b"transfer_encoding"):
            raise RefusedError(400, "a field name passes for one that frames the body")
        return name

    def trimmed(self, value: bytes) -> bytes:
        """A value without the blanks around it."""
        return value.strip(self.BLANKS)

    def host(self, request: Request) -> None:
        """Check Host, and let the authority of an absolute target replace it."""
        hosts = request.get(b"host")
        self.host_count(request, len(hosts))
        for host in [*hosts, request.authority]:
            if not self.HOST.fullmatch(host):
                raise RefusedError(400, "Host is no host")
        if request.authority:
            self.override(request)

    def host_count(self, request: Request, count: int) -> None:
        """Exactly one Host in HTTP/1.1, at most one in HTTP/1.0."""
        if count > 1:
            raise RefusedError(400, "several Host fields")
        if count == 0 and request.version == "1.1":
            raise RefusedError(400, "no Host field")

    def override(self, request: Request) -> None:
        """Put the authority of an absolute target in the place of Host."""
        others = [entry for entry in request.fields if entry[0].lower() != b"host"]
        request.fields = [(b"Host", request.authority), *others]

    def framing(self, request: Request) -> None:
        """Find out where the body ends."""
        codings = request.get(b"transfer-encoding")
        lengths = request.get(b"content-length")
        if codings:
            self.both(request, lengths)
            if request.version == "1.0":
                self.coding_in_http10(request)
            request.chunked = self.coded(codings)
        elif lengths:
            request.length = self.length(lengths)

    def both(self, request: Request, lengths: list[bytes]) -> None:
        """Transfer-Encoding and Content-Length together."""
        if lengths:
            raise RefusedError(400, "Transfer-Encoding and Content-Length together")

    def coding_in_http10(self, request: Request) -> None:
        """HTTP/1.0 knows no transfer codings."""
        raise RefusedError(400, "a transfer coding in HTTP/1.0")

    def coded(self, codings: list[bytes]) -> bool:
        """True for chunked; nothing else is served."""
        names = [name.strip(self.BLANKS).lower() for name in b",".join(codings).split(b",")]
        if names == [b"chunked"]:
            return True
        if names[-1] == b"chunked" and b"chunked" not in names[:-1]:
            raise RefusedError(501, "an unknown transfer coding")
        raise RefusedError(400, "the transfer coding does not end in chunked, once")

    def length(self, lengths: list[bytes]) -> int:
        """The number that Content-Length says."""
        if len(lengths) > 1:
            raise RefusedError(400, "several Content-Length fields")
        if not self.LENGTH.fullmatch(lengths[0]):
            raise RefusedError(400, "Content-Length is no number")
        if len(lengths[0].lstrip(b"0")) > self.LENGTH_DIGITS:
            raise RefusedError(413, "Content-Length is beyond any limit")
        return int(lengths[0])
