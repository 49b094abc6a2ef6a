"""Values of which messages are made, right in one place and wrong in another."""

from __future__ import annotations

import io
import math
import re
from collections import OrderedDict
from functools import cache

from gateproof.validators import schema
from gateproof.validators.schema.files import load


class Text(str):
    """A str of a class of its own."""

    __slots__ = ()


class Octets(bytes):
    """Bytes of a class of their own."""


class Number(int):
    """An int of a class of its own."""


class Items(list):  # type: ignore[type-arg]
    """A list of a class of its own."""


class Deaf:
    """A stream without the methods that others have."""

    def close(self) -> None:
        """Do nothing."""


TEXTS = (
    *("", "a", "/", "/a", "/a/", "a/", "GET", "get", "text/plain", "5", "80", "1.1", "2.0", "2.4"),
    *("2.10", "3.0", "4.0", "1.0", "2", "x", "-", "http", "https", "HTTP", "ws", "localhost"),
    *("127.0.0.1", "::1", "*", "\u00e9", "\u20ac", "a b", " a", "a ", "a\n", "a\x00", "a\x01"),
    *("200 OK", "404 Not Found", "200 ", "200", "200 OK\n", "200  OK", " 200 OK", "20 OK"),
    *("600 Odd", "099 Low", "200OK", "OK", "2000 OK", "200-OK", "200 O\x01K", "200 OK ", " "),
    *("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n", "a.b", "A.b", ".a", "a."),
    *(
        "HTTP_",
        "x" * 123,
        "x" * 124,
        "\u20ac" * 42,
        "Transfer-Encoding",
        "a:b",
        "199 OK",
        "200 \u20ac",
    ),
)
"""Texts, of which some are right nearly everywhere."""

BYTES = (
    *(b"", b"a", b"text/plain", b"/", b"A", b":a", b"a b", b" a", b"a ", b"a\r\n", b"a\x00"),
    *(b"a\x01", b"\xe9", b"5", b"x" * 300),
)

OTHERS: tuple[object, ...] = (
    *(None, True, False, 0, 1, -1, 80, 65536, 2**63, 1.5, math.inf, 1.0, object(), len),
    *(bytearray(b"a"), memoryview(b"a"), Text("a"), Octets(b"a"), Number(1), {1, 2}, ()),
    *([], {}, {"a": 1}, {b"a": 1}, {"a": {1: 2}}, [1], ("a",), ["a", 1], ["127.0.0.1", 80]),
    *(("127.0.0.1", 80), ("/run/app.sock", None), ("/run/app.sock", 80), ("a", 1, 2), (1, 0)),
    *([1, 0], (1, 1), Items(), OrderedDict(), io.BytesIO(b""), io.StringIO(), Deaf()),
    *((None, None, None), (ValueError, ValueError("planted"), None), (None, ValueError("a"), None)),
    *((ValueError, KeyError("planted"), None), (1, 2, 3), (ValueError, ValueError("a"))),
)
"""Everything else that a value may be."""

FIELDS = (
    *(("content-type", "text/plain"), ("content-length", "5"), ("date", "x"), ("server", "x")),
    *(("www-authenticate", "Basic"), ("allow", "GET"), ("upgrade", "h2c"), ("location", "/")),
    *(("content-range", "bytes 0-0/1"), ("etag", '"a"'), ("age", "1"), ("retry-after", "1")),
    *(("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("expires", "0"), ("x-a", "")),
    *(("content-type", "multipart/byteranges; boundary=b"), ("content-length", "five")),
    *(("last-modified", "yesterday"), ("expires", "soon"), ("retry-after", "soon")),
    *(("connection", "close"), ("transfer-encoding", "chunked"), ("keep-alive", "x")),
    *(("proxy-authenticate", "Basic"), ("te", "trailers"), ("trailer", "x"), ("trailers", "x")),
    *(("proxy-authorization", "x"), ("sec-websocket-protocol", "a"), ("date", "y")),
    *(("sec-websocket-accept", "x"), ("sec-websocket-extensions", "x"), ("host", "example.org")),
)
"""Header fields: sound ones, and some that are not everywhere."""

KEYS: tuple[object, ...] = (
    *("x_gateproof", "x.gateproof", "HTTP_X_GATEPROOF", "X_GATEPROOF", "X.Gateproof"),
    *("http.response.debug", "tls", "REMOTE_USER", "", "wsgi.x", "HTTP_CONTENT_TYPE", ".x", "a."),
    *(
        "gateproof.Unknown",
        "wsgi.file_wrapper",
        "HTTP_CONTENT_LENGTH",
        5,
        b"x",
        Text("x_own"),
        None,
    ),
)
"""Keys that nobody asks for."""


def literals(pattern: str) -> tuple[str, ...]:
    """The plain words among the alternatives of a pattern."""
    words = (re.sub(r"\\(.)", r"\1", one) for one in pattern.split("|"))
    return tuple(word for word in words if re.fullmatch(pattern, word))


@cache
def texts() -> tuple[str, ...]:
    """All texts: those above, and every word that some schema names."""
    found = dict.fromkeys(TEXTS)
    for name in schema.names():
        pending: list[object] = [load(name)]
        while pending:
            node = pending.pop()
            if isinstance(node, dict):
                own = node.get("textPattern")
                if isinstance(own, str):
                    found.update(dict.fromkeys(literals(own)))
                pending.extend(node.values())
            elif isinstance(node, list):
                pending.extend(node)
    return tuple(found)
