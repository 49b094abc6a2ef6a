"""What is asked of a WSGI application: a request as data, and the environ made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_to_bytes

from gateproof.targets.wsgi_input import ERRORS, INPUTS

HOST = "localhost"
"""The Host header of requests that don't say another."""

HEADERS = (("Host", HOST), ("User-Agent", "gateproof"), ("Accept", "*/*"))
"""The headers of a request that gives none."""

CGI = {
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_SOFTWARE": "gateproof",
    "GATEWAY_INTERFACE": "CGI/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "50000",
}
"""CGI variables that do not depend on the request."""

WSGI = {
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
"""WSGI variables that do not depend on the request."""

MANDATORY = frozenset(
    {
        "REQUEST_METHOD",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
        "wsgi.input",
        "wsgi.errors",
        *WSGI,
    }
)
"""Keys that every environ holds; all others may be left out where they are empty.

https://peps.python.org/pep-3333/#environ-variables
"""


class _Absent:
    """The type of :data:`ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""In the environ overrides of a request: leave this key out."""


class FileWrapper:
    """A ``wsgi.file_wrapper`` that reads blocks and closes the file.

    https://peps.python.org/pep-3333/#optional-platform-specific-file-handling
    """

    def __init__(self, filelike: Any, block_size: int = 8192, /) -> None:
        self.filelike = filelike
        self.block_size = block_size
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data: bytes = self.filelike.read(self.block_size)
        if not data:
            raise StopIteration
        return data


@dataclass(frozen=True)
class Request:
    """One request to a WSGI application, and how a legal server conducts it.

    Attributes:
        method: the request method.
        path: the path within the application, percent-encoded as on the wire.
        query: what follows the question mark.
        headers: name and value pairs; equal names are joined with a comma.
        body: the request body; ``CONTENT_LENGTH`` is given where it is not empty.
        mount: ``SCRIPT_NAME``.
        protocol: ``SERVER_PROTOCOL``.
        environ: environ keys set last; :data:`ABSENT` leaves one out.
        minimal: leave out every key that is not mandatory, except those which
            the request gives a value of its own (path, query, body, mount).
        input: a name in :data:`~gateproof.targets.wsgi_input.INPUTS`, or what makes an
            input of a body.
        errors: a name in :data:`~gateproof.targets.wsgi_input.ERRORS`.
        file_wrapper: offer ``wsgi.file_wrapper``.
        starter: how start_response is made: ``"method"``, or a name in
            :data:`~gateproof.targets.wsgi_gateway.STARTERS`.
        middleware: a middleware that changes nothing stands before the application.
        stop_after: stop after this many items of the iterable, then close it;
            after one item rather than none where start_response was not called yet.
        stop_at_length: stop iterating as soon as Content-Length is reached,
            without asking for one more item.
        edit_headers: edit the list given to start_response in place.
        early_head: with ``Content-Length: 0``, send the head at once.
        write_fails: the client is gone: ``write()`` raises.
    """

    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = HEADERS
    body: bytes = b""
    mount: str = ""
    protocol: str = "HTTP/1.1"
    environ: Mapping[str, Any] = field(default_factory=dict)
    minimal: bool = False
    input: str | Callable[[bytes], Any] = "file"
    errors: str = "file"
    file_wrapper: bool = True
    starter: str = "method"
    middleware: bool = False
    stop_after: int | None = None
    stop_at_length: bool = False
    edit_headers: bool = False
    early_head: bool = False
    write_fails: bool = False

    @property
    def line(self) -> str:
        """The request line without its version, shortened."""
        target = f"{self.mount}{self.path}" + (f"?{self.query}" if self.query else "")
        return f"{self.method} {target if len(target) <= 80 else target[:77] + '...'}"

    def but(self, **changes: Any) -> Request:
        """This request with some fields changed."""
        return replace(self, **changes)


def environ_key(header: str) -> str:
    """The environ key of a request header."""
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def make_environ(request: Request) -> dict[str, Any]:
    """A fresh environ, a plain dict, for one call with ``request``.

    A path is percent-decoded into octets, each of which becomes the character
    with its number: https://peps.python.org/pep-3333/#unicode-issues
    """
    environ: dict[str, Any] = dict(CGI)
    environ["SERVER_PROTOCOL"] = request.protocol
    environ["REQUEST_METHOD"] = request.method
    environ["SCRIPT_NAME"] = request.mount
    environ["PATH_INFO"] = unquote_to_bytes(request.path).decode("latin-1")
    environ["QUERY_STRING"] = request.query
    if request.body:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    for name, value in request.headers:
        key = environ_key(name)
        joined = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joined}{value}" if key in environ else value
    if request.minimal:
        given = {"SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_LENGTH", "CONTENT_TYPE"}
        kept = MANDATORY | {key for key in given if environ.get(key)}
        environ = {key: value for key, value in environ.items() if key in kept}
    environ.update(WSGI)
    make = INPUTS[request.input] if isinstance(request.input, str) else request.input
    environ["wsgi.input"] = make(request.body)
    environ["wsgi.errors"] = ERRORS[request.errors]()
    if request.file_wrapper:
        environ["wsgi.file_wrapper"] = FileWrapper
    for key, value in request.environ.items():
        if value is ABSENT:
            environ.pop(key, None)
        else:
            environ[key] = value
    return environ


__all__ = ["ABSENT", "MANDATORY", "FileWrapper", "Request", "environ_key", "make_environ"]
