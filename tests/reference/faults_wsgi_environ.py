"""Faults in the environ of WSGI, and in its streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from reference.http_body import Body
from reference.parts import faults_of
from reference.wsgi_side import Errors, Input, WSGICall

Environ = dict[str, Any]


def changed(change: Callable[[WSGICall, Environ], object]) -> dict[str, Any]:
    """An edit of the call whose environ is changed before the application gets it."""

    def environ(self: WSGICall) -> Environ:
        made = WSGICall.environ(self)
        change(self, made)
        return made

    return {"environ": environ}


def without(key: str) -> dict[str, Any]:
    """An environ that lacks ``key``."""
    return changed(lambda call, environ: environ.pop(key, None))


def having(key: str, value: object) -> dict[str, Any]:
    """An environ with ``value`` under ``key``; a function gets the environ."""
    return changed(
        lambda call, environ: environ.update({key: value(environ) if callable(value) else value})
    )


class Look(dict[str, Any]):
    """Looks like a dict."""


def look_alike(self: WSGICall) -> Environ:
    """An environ of a class of its own."""
    return Look(WSGICall.environ(self))


def path_of(decoded: Callable[[bytes], str]) -> dict[str, Any]:
    """An edit of how PATH_INFO is made from the path of the target."""
    return {"split_path": lambda self: ("", decoded(self.request.path))}


def whole_path(self: WSGICall) -> tuple[str, str]:
    """The root as SCRIPT_NAME, and once more in PATH_INFO."""
    script, path = WSGICall.split_path(self)
    root = self.server.root_path
    return root, script + path if script else root + path


def names_kept(self: WSGICall) -> dict[str, str]:
    """Header variables with the hyphens of the names."""
    return {
        "HTTP_" + name.decode("latin-1").upper(): value.decode("latin-1")
        for name, value in self.request.fields
        if name.lower() not in (b"content-type", b"content-length")
    }


def last_line(self: WSGICall) -> dict[str, str]:
    """Header variables with the last line of each name."""
    every = self.request.fields
    try:
        self.request.fields = list({name.lower(): (name, value) for name, value in every}.values())
        return WSGICall.http_variables(self)
    finally:
        self.request.fields = every


def length_of_chunked(call: WSGICall, environ: Environ) -> None:
    """A length where none was declared."""
    if call.request.chunked:
        environ["CONTENT_LENGTH"] = "0"


def length_as_number(call: WSGICall, environ: Environ) -> None:
    """The length as an int."""
    if "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = int(environ["CONTENT_LENGTH"])


def type_cut(call: WSGICall, environ: Environ) -> None:
    """The media type without its parameters."""
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]


def type_twice(call: WSGICall, environ: Environ) -> None:
    """The media type under another name as well."""
    if "CONTENT_TYPE" in environ:
        environ["HTTP_CONTENT_TYPE"] = environ["CONTENT_TYPE"]


# Streams ---------------------------------------------------------------------------------


class AlteredInput(Input):
    def fill(self) -> bool:
        before = len(self.held)
        more = super().fill()
        self.held[before:] = self.held[before:].swapcase()
        return more


class OneMore(Input):
    def read(self, size: int | None = -1) -> bytes:
        return super().read(size + 1 if size is not None and size > 0 else size)


class TwoPositions(Input):
    """Lines are taken from where the last line ended, whatever was read meanwhile."""

    def __init__(self, some: Callable[[int], bytes]) -> None:
        super().__init__(some)
        self.read_meanwhile = b""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.read_meanwhile += data
        return data

    def readline(self, size: int | None = -1) -> bytes:
        self.held[:0], self.read_meanwhile = self.read_meanwhile, b""
        return super().readline(size)


class LinesWithoutEnd(Input):
    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        return line.rstrip(b"\n") or line


class PiecesAsLines(Input):
    def __next__(self) -> bytes:
        if piece := self.read(3):
            return piece
        raise StopIteration

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        return list(iter(self.readline, b""))


class NoLines(Input):
    @property
    def readlines(self) -> Any:
        raise AttributeError("readlines")


class LinesAsIterator(Input):
    def readlines(self, hint: int | None = -1) -> Any:
        return iter(super().readlines(hint))


class SizeWanted(Input):
    def read(self, size: int | None) -> bytes:  # type: ignore[override]
        return super().read(size)


class NoneAtEnd(Input):
    def read(self, size: int | None = -1) -> Any:
        return super().read(size) or (None if size else b"")


class WholeLines(Input):
    def readline(self, size: int | None = -1) -> bytes:
        return super().readline()


class Bytearrays(Input):
    def read(self, size: int | None = -1) -> Any:
        return bytearray(super().read(size))


class BeyondTheEnd(Body):
    async def some(self, limit: int) -> bytes:
        if self.complete and not self.request.chunked and self.problem is None:
            return await self.octets.some(limit)
        return await super().some(limit)


class LinesOfText(Errors):
    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            super().write(line)


class BytesErrors(LinesOfText):
    def write(self, text: Any) -> int:
        if isinstance(text, str):
            raise TypeError("a bytes-like object is required")
        return len(text)


class ASCIIErrors(Errors):
    def write(self, text: str) -> int:
        text.encode("ascii")
        return super().write(text)


class NoFlush(Errors):
    def flush(self, how: object) -> None:  # type: ignore[override]
        super().flush()


class NoWriteLines(Errors):
    def writelines(self, lines: Iterable[str]) -> None:
        self.write(lines)  # type: ignore[arg-type]


class NoIterator(Input):
    def __iter__(self) -> Iterator[bytes]:
        raise TypeError("not iterable")

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        return list(iter(self.readline, b""))


fault = faults_of("wsgi")

METHODS = ("GET", "HEAD", "POST")

BELOW_ROOT = faults_of("asgi.http.wsgi")(
    "path-below-root",
    "path-info-strips-root-path",
    wsgi={"split_path": whole_path},
)

ENVIRON = [
    fault("look-alike", "environ.exact-dict", wsgi={"environ": look_alike}),
    fault("no-query-string", "environ.cgi-vars-present", wsgi=without("QUERY_STRING")),
    fault("no-method", "environ.request-method-required", wsgi=without("REQUEST_METHOD")),
    fault(
        "other-method",
        "environ.request-method-matches",
        wsgi=having(
            "REQUEST_METHOD",
            lambda made: made["REQUEST_METHOD"] if made["REQUEST_METHOD"] in METHODS else "POST",
        ),
    ),
    fault("script-name-none", "environ.script-name-type", wsgi=having("SCRIPT_NAME", None)),
    fault(
        "path-as-bytes",
        "environ.path-info-type",
        wsgi=having("PATH_INFO", lambda made: made["PATH_INFO"].encode("latin-1")),
    ),
    fault(
        "path-encoded",
        "environ.path-info-decoding",
        wsgi=path_of(lambda path: path.decode("latin-1")),
    ),
    fault(
        "path-decoded-twice",
        "environ.path-info-decoding",
        wsgi=path_of(lambda path: unquote_to_bytes(unquote_to_bytes(path)).decode("latin-1")),
    ),
    fault(
        "path-utf8",
        "environ.path-info-decoding unicode.server-latin1-only",
        wsgi=path_of(lambda path: unquote_to_bytes(path).decode("utf-8", "replace")),
    ),
    fault(
        "script-name-of-nothing",
        "environ.script-name-plus-path-info",
        wsgi=having("SCRIPT_NAME", "/nothing"),
    ),
    BELOW_ROOT,
    fault(
        "query-decoded",
        "environ.query-string-type",
        wsgi=having("QUERY_STRING", lambda made: unquote(made["QUERY_STRING"], "latin-1")),
    ),
    fault("type-cut", "environ.content-type-type", wsgi=changed(type_cut)),
    fault("length-as-number", "environ.content-length-type", wsgi=changed(length_as_number)),
    fault(
        "length-of-chunked",
        "environ.content-length-for-chunked",
        wsgi=changed(length_of_chunked),
    ),
    fault("no-server-name", "environ.server-name-required", wsgi=without("SERVER_NAME")),
    fault("no-server-port", "environ.server-port-required", wsgi=without("SERVER_PORT")),
    fault(
        "other-port",
        "environ.server-name-port-usable-default",
        wsgi=having("SERVER_PORT", "1"),
    ),
    fault("no-protocol", "environ.server-protocol-present", wsgi=without("SERVER_PROTOCOL")),
    fault(
        "fixed-protocol",
        "environ.server-protocol-matches-request",
        wsgi=having("SERVER_PROTOCOL", "HTTP/1.1"),
    ),
    fault(
        "variable-of-nothing",
        "environ.http-vars-correspond",
        wsgi=having("HTTP_X_REQUEST_ID", "1"),
    ),
    fault(
        "header-as-list",
        "environ.http-vars-str",
        wsgi=having("HTTP_HOST", lambda made: [made.get("HTTP_HOST", "")]),
    ),
    fault("hyphens", "environ.http-vars-name-mapping", wsgi={"http_variables": names_kept}),
    fault("type-twice", "environ.no-http-content-type-length", wsgi=changed(type_twice)),
    fault("last-line", "environ.repeated-headers-joined", wsgi={"http_variables": last_line}),
    fault("no-client", "environ.other-cgi-vars", wsgi=without("REMOTE_ADDR")),
    fault("dash", "environ.missing-vars-left-out", wsgi=having("REMOTE_USER", "-")),
    fault(
        "port-as-number",
        "environ.cgi-vars-native-str",
        wsgi=having("SERVER_PORT", lambda made: int(made["SERVER_PORT"])),
    ),
    fault(
        "no-version",
        "environ.wsgi-version-present",
        wsgi=without("wsgi.version"),
    ),
    fault("version-as-list", "environ.wsgi-version-value", wsgi=having("wsgi.version", [1, 0])),
    fault("no-scheme", "environ.url-scheme-present", wsgi=without("wsgi.url_scheme")),
    fault("scheme-none", "environ.url-scheme-value", wsgi=having("wsgi.url_scheme", None)),
    fault(
        "other-scheme",
        "environ.url-scheme-matches-connection",
        wsgi={"scheme": lambda self: "http" if self.connection.secure else "https"},
    ),
    fault("no-input", "environ.input-present", wsgi=without("wsgi.input")),
    fault("no-errors", "environ.errors-present", wsgi=without("wsgi.errors")),
    fault("no-multithread", "environ.multithread-present", wsgi=without("wsgi.multithread")),
    fault("one-thread", "environ.multithread-accurate", wsgi=having("wsgi.multithread", False)),
    fault("no-multiprocess", "environ.multiprocess-present", wsgi=without("wsgi.multiprocess")),
    fault("no-run-once", "environ.run-once-present", wsgi=without("wsgi.run_once")),
    fault("run-once", "environ.run-once-accurate", wsgi=having("wsgi.run_once", True)),
    fault("odd-name", "environ.extension-name-charset", wsgi=having("myserver.conn-Id", "1")),
    fault("no-prefix", "environ.extension-name-prefix", wsgi=having(".connection", "1")),
]

STREAMS = [
    fault("altered-input", "environ.input-yields-body-bytes", wsgi={"INPUT": AlteredInput}),
    fault("one-more", "input.read-size", wsgi={"INPUT": OneMore}),
    fault("two-positions", "streams.library-semantics", wsgi={"INPUT": TwoPositions}),
    fault("lines-without-end", "input.readline", wsgi={"INPUT": LinesWithoutEnd}),
    fault("no-lines", "input.readlines", wsgi={"INPUT": NoLines}),
    fault("lines-as-iterator", "input.readlines", wsgi={"INPUT": LinesAsIterator}),
    fault("no-iterator", "input.iter", wsgi={"INPUT": NoIterator}),
    fault("pieces-as-lines", "input.iter", wsgi={"INPUT": PiecesAsLines}),
    fault("size-wanted", "input.read-no-argument", wsgi={"INPUT": SizeWanted}),
    fault("none-at-end", "input.empty-bytes-when-exhausted", wsgi={"INPUT": NoneAtEnd}),
    fault("whole-lines", "input.readline-size", wsgi={"INPUT": WholeLines}),
    fault(
        "bytearrays",
        "unicode.bytes-from-input",
        wsgi={"INPUT": Bytearrays},
    ),
    fault("beyond-the-end", "input.eof-at-content-length", body=BeyondTheEnd),
    fault("bytes-errors", "errors.write", wsgi={"ERRORS": BytesErrors}),
    fault("ascii-errors", "environ.errors-accepts-unicode", wsgi={"ERRORS": ASCIIErrors}),
    fault("no-flush", "errors.flush", wsgi={"ERRORS": NoFlush}),
    fault("no-writelines", "errors.writelines", wsgi={"ERRORS": NoWriteLines}),
]

FAULTS = [*ENVIRON, *STREAMS]
