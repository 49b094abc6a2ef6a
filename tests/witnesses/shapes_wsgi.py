"""Shapes of environ, status, headers, exc_info and body pieces."""

from __future__ import annotations

import http
import io
import sys

from witnesses.kit import shapes, without

ENVIRON = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/caf\xc3\xa9",
    "QUERY_STRING": "a=%20",
    "CONTENT_TYPE": "text/plain",
    "CONTENT_LENGTH": "5",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost:8000",
    "HTTP_X.Y": "a",
    "PATH": "/bin",
    "ProgramFiles(x86)": "C:\\",
    "server.connection": object(),
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(b"hello"),
    "wsgi.errors": io.StringIO(),
    "wsgi.multithread": False,
    "wsgi.multiprocess": 1,
    "wsgi.run_once": False,
}
V = "wsgi.environ."


class Environ(dict):
    """A dict of one's own."""


def environ(**changes: object) -> dict[str, object]:
    return {**ENVIRON, **changes}


def dotted(name: str, value: object) -> dict[str, object]:
    return {**ENVIRON, name: value}


ENVIRONS = shapes(
    "wsgi/environ",
    ENVIRON,
    {
        V + "exact-dict": Environ(ENVIRON),
        V + "request-method-required": environ(REQUEST_METHOD=""),
        V + "script-name-type": environ(SCRIPT_NAME=None),
        V + "path-info-type": environ(PATH_INFO=b"/"),
        V + "query-string-type": environ(QUERY_STRING=b"a=1"),
        V + "content-type-type": environ(CONTENT_TYPE=b"text/plain"),
        V + "content-length-type": environ(CONTENT_LENGTH="five"),
        V + "server-name-required": without(ENVIRON, "SERVER_NAME"),
        V + "server-port-required": without(ENVIRON, "SERVER_PORT"),
        V + "server-protocol-present": without(ENVIRON, "SERVER_PROTOCOL"),
        V + "http-vars-str": environ(HTTP_HOST=None),
        V + "no-http-content-type-length": environ(HTTP_CONTENT_LENGTH="5"),
        V + "missing-vars-left-out": environ(REMOTE_USER="-"),
        V + "cgi-vars-native-str": environ(SERVER_PORT=8000),
        V + "wsgi-version-present": without(ENVIRON, "wsgi.version"),
        V + "wsgi-version-value": dotted("wsgi.version", [1, 0]),
        V + "url-scheme-present": without(ENVIRON, "wsgi.url_scheme"),
        V + "url-scheme-value": dotted("wsgi.url_scheme", b"http"),
        V + "input-present": dotted("wsgi.input", None),
        V + "errors-present": without(ENVIRON, "wsgi.errors"),
        "wsgi.file-wrapper.callable-signature": dotted("wsgi.file_wrapper", "sendfile"),
        V + "multithread-present": without(ENVIRON, "wsgi.multithread"),
        V + "multiprocess-present": without(ENVIRON, "wsgi.multiprocess"),
        V + "run-once-present": without(ENVIRON, "wsgi.run_once"),
        V + "extension-name-charset": dotted("MyServer.conn-id", 1),
        V + "extension-name-prefix": dotted(".connection", 1),
        "wsgi.unicode.server-latin1-only": environ(PATH_INFO="/\u20ac"),
    },
)

S = "wsgi.status."
STATUSES = shapes(
    "wsgi/status",
    "200 OK",
    {
        S + "native-str": http.HTTPStatus.OK,
        S + "form": "OK",
        S + "code-three-digits": "20 OK",
        S + "single-space": "404NotFound",
        S + "reason-phrase": "200",
        S + "no-surrounding-whitespace": " 200 OK",
        S + "no-control-characters": "200 O\tK",
        S + "no-line-terminator": "200 OK\r\n",
        "wsgi.unicode.app-latin1-only": "200 \u20ac",
    },
)

H = "wsgi.response-headers."
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "5"), ("Set-Cookie", "a=b")]
LISTS = shapes(
    "wsgi/headers",
    HEADERS,
    {
        H + "exact-list": tuple(HEADERS),
        H + "list-of-pairs": ["ab"],
        H + "name-token": [("X-Id:", "1")],
        H + "name-native-str": [(b"X-Id", "1")],
        H + "value-native-str": [("Content-Length", 5)],
        H + "value-no-control": [("X-Id", "1\r\nSet-Cookie: a=b")],
        "wsgi.unicode.app-latin1-only": [("X-Id", "\u20ac")],
        "wsgi.app.no-hop-by-hop": [("Connection", "close")],
        "wsgi.app.no-transfer-encoding": [("Transfer-Encoding", "chunked")],
        "wsgi.content-length.valid-value": [("Content-Length", "5"), ("content-length", "5")],
        "http1.field.value-grammar-response": [("X-Id", " 1")],
        "http1.field.no-duplicate-singletons": [("Content-Type", "a/b"), ("content-type", "a/b")],
        "http1.date.app-dates-format": [("Last-Modified", "2024-01-01")],
    },
)

try:
    raise ValueError("a")
except ValueError:
    EXC_INFO = sys.exc_info()

REST = [
    *shapes("wsgi/exc_info", EXC_INFO, {"wsgi.exc-info.tuple": ValueError("a")}),
    *shapes("wsgi/write", b"a", {"wsgi.unicode.bytes-to-write": "a"}),
    *shapes("wsgi/item", b"", {"wsgi.unicode.bytes-yielded": bytearray(b"a")}),
    *shapes("wsgi/read", b"", {"wsgi.unicode.bytes-from-input": ""}),
]
WITNESSES = [*ENVIRONS, *STATUSES, *LISTS, *REST]

CLEAN = [
    ("wsgi/environ", without(ENVIRON, "SCRIPT_NAME", "PATH_INFO")),
    ("wsgi/environ", without(ENVIRON, "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")),
    ("wsgi/environ", environ(PATH_INFO="", QUERY_STRING="", CONTENT_TYPE="", CONTENT_LENGTH="")),
    ("wsgi/environ", environ(SCRIPT_NAME="/app", PATH_INFO="*", REMOTE_HOST="")),
    ("wsgi/environ", dotted("wsgi.input_terminated", True)),
    ("wsgi/environ", dotted("wsgi.file_wrapper", object)),
    ("wsgi/environ", {**ENVIRON, 5: "odd"}),
    ("wsgi/status", "404 Not  Found"),
    ("wsgi/status", "299 \xe9"),
    ("wsgi/headers", []),
    ("wsgi/headers", [("X_y-", ""), ("x", "\xe9 b")]),
    ("wsgi/headers", [("Expires", "0"), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")]),
    ("wsgi/exc_info", None),
]
