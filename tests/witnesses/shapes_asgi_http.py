"""Shapes of HTTP scopes and messages."""

from __future__ import annotations

import enum
import http

from witnesses.kit import shapes, without

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/a b",
    "raw_path": b"/a%20b",
    "query_string": b"x=1",
    "root_path": "",
    "headers": [(b"host", b"example.org"), [b"accept", b"*/*"]],
    "client": ("127.0.0.1", 50000),
    "server": ["127.0.0.1", 8000],
    "state": {},
    "extensions": {"http.response.trailers": {}},
}
S = "asgi.http.scope."


def scope(**changes: object) -> dict[str, object]:
    return {**SCOPE, **changes}


def headers(*pairs: object) -> dict[str, object]:
    return scope(headers=list(pairs))


class Text(str):
    """A str of one's own."""


class Method(enum.StrEnum):
    GET = "GET"


SCOPES = shapes(
    "asgi/scope.http",
    SCOPE,
    {
        S + "type": scope(type="HTTP"),
        S + "asgi-spec-version": scope(asgi={"version": "3.0", "spec_version": "3.1"}),
        S + "http-version-present": without(SCOPE, "http_version"),
        S + "http-version-value": scope(http_version="2.0"),
        S + "method-present": scope(method=b"GET"),
        S + "method-uppercased": scope(method="get"),
        S + "scheme-type": scope(scheme=b"http"),
        S + "scheme-not-empty": scope(scheme=""),
        S + "path-present": scope(path=b"/"),
        S + "raw-path-type": scope(raw_path="/"),
        S + "query-string-present": scope(query_string=""),
        S + "root-path-type": scope(root_path=b"/api"),
        S + "root-path-form": scope(root_path="/api/"),
        S + "headers-present": scope(headers=None),
        S + "headers-pairs": headers((b"a", b"b", b"c")),
        S + "headers-name-bytes": headers(("host", b"x")),
        S + "headers-value-bytes": headers((b"content-length", 5)),
        S + "headers-lowercase": headers((b"Host", b"x")),
        S + "headers-no-pseudo": headers((b":path", b"/")),
        S + "client-shape": scope(client="127.0.0.1:5"),
        S + "client-host-type": scope(client=(b"127.0.0.1", 5)),
        S + "client-port-type": scope(client=("127.0.0.1", "5")),
        S + "server-shape": scope(server=("a", 1, 2)),
        S + "server-host-type": scope(server=(None, 80)),
        S + "server-port-type": scope(server=("127.0.0.1", "8000")),
        S + "server-unix-none": scope(server=("/run/app.sock", 0)),
        S + "state-type": scope(state={b"a": 1}),
    },
)

START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")],
}
R = "asgi.http.response-start."


def start(**changes: object) -> dict[str, object]:
    return {**START, **changes}


def fields(*pairs: object) -> dict[str, object]:
    return start(headers=list(pairs))


STARTS = shapes(
    "asgi/http.response.start",
    START,
    {
        R + "type": start(type="http.start"),
        R + "status-present": without(START, "status"),
        R + "status-type": start(status="200"),
        R + "status-range": start(status=103),
        R + "headers-iterable": fields(b"ab"),
        R + "headers-name-bytes": fields(("a", b"b")),
        R + "headers-value-bytes": fields((b"content-length", 5)),
        R + "headers-lowercase": fields((b"Set-Cookie", b"a=b")),
        R + "headers-no-pseudo": fields((b":status", b"200")),
        R + "trailers-type": start(trailers=[]),
        "asgi.http.app.content-length-valid": fields((b"content-length", b"+5")),
        "http1.field.name-grammar-response": fields((b"a b", b"c")),
        "http1.field.value-grammar-response": fields((b"a", b"b\r\nset-cookie: c")),
        "http1.field.no-duplicate-singletons": fields((b"etag", b"a"), (b"etag", b"b")),
        "http1.date.app-dates-format": fields((b"last-modified", b"yesterday")),
        "http1.status.401-www-authenticate": start(status=401),
        "http1.status.405-allow": {"type": "http.response.start", "status": 405},
        "http1.status.426-needs-upgrade": start(status=426),
        "http1.status.206-content-range": start(status=206),
    },
)

BODY = {"type": "http.response.body", "body": b"hello", "more_body": False}
REQUEST = {"type": "http.request", "body": b"", "more_body": False}
DISCONNECT = {"type": "http.disconnect"}

MESSAGES = [
    *shapes(
        "asgi/http.response.body",
        BODY,
        {
            "asgi.http.response-body.type": {**BODY, "type": "http.body"},
            "asgi.http.response-body.body-type": {**BODY, "body": "hello"},
            "asgi.http.response-body.more-body-type": {**BODY, "more_body": "yes"},
        },
    ),
    *shapes(
        "asgi/http.request",
        REQUEST,
        {
            "asgi.http.request.type": {**REQUEST, "type": "http.requests"},
            "asgi.http.request.body-type": {**REQUEST, "body": bytearray(b"x")},
            "asgi.http.request.more-body-type": {**REQUEST, "more_body": 1},
        },
    ),
    *shapes(
        "asgi/http.disconnect",
        DISCONNECT,
        {"asgi.http.disconnect.type": {"type": "http.close"}},
    ),
]

WITNESSES = [*SCOPES, *STARTS, *MESSAGES]

CLEAN = [
    ("asgi/scope.http", without(SCOPE, "client", "server", "state", "raw_path", "extensions")),
    ("asgi/scope.http", without(SCOPE, "scheme", "root_path")),
    ("asgi/scope.http", scope(client=None, server=None, raw_path=None)),
    ("asgi/scope.http", scope(asgi={"version": "3.0"})),
    ("asgi/scope.http", scope(client=["::1", 0], server=["/run/app.sock", None])),
    ("asgi/scope.http", scope(client=("fe80::1%eth0", 1), http_version="2")),
    ("asgi/scope.http", scope(http_version="3", root_path="/api", app=object(), **{"x.y": 1})),
    ("asgi/scope.http", scope(method=Method.GET, path=Text("/\udcff"))),
    ("asgi/scope.http", scope(headers=(), extensions={"tls.x": {"a": object()}, "own": {}})),
    ("asgi/scope.http", scope(headers=((b"a", b""), (b"a", b"\xff")))),
    ("asgi/http.response.start", {"type": "http.response.start", "status": http.HTTPStatus.OK}),
    ("asgi/http.response.start", start(status=599, headers=[], trailers=True)),
    ("asgi/http.response.start", fields((b"transfer-encoding", b"chunked"))),
    ("asgi/http.response.start", fields([b"set-cookie", b"a=b"], [b"set-cookie", b"c=d"])),
    ("asgi/http.response.start", fields((b"expires", b"0"), (b"retry-after", b"120"))),
    ("asgi/http.response.start", fields((b"x", b"a\tb \xe9"), (b"y", b""))),
    ("asgi/http.response.start", start(status=405, headers=[(b"Allow".lower(), b"GET")])),
    (
        "asgi/http.response.start",
        start(status=206, headers=[(b"content-type", b"multipart/byteranges; boundary=x")]),
    ),
    ("asgi/http.response.start", start(extra={"a": [1, "b", None, 2.5, True]})),
    ("asgi/http.response.body", {"type": "http.response.body"}),
    ("asgi/http.request", {"type": "http.request"}),
]
