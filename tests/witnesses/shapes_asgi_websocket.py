"""Shapes of WebSocket scopes and messages."""

from __future__ import annotations

import enum

from witnesses.kit import shapes, without

SCOPE = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "scheme": "ws",
    "path": "/chat",
    "raw_path": b"/chat",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"example.org"), (b"upgrade", b"websocket")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
    "subprotocols": ["chat"],
    "state": {},
    "extensions": {"websocket.http.response": {}},
}
S = "asgi.websocket.scope."


def scope(**changes: object) -> dict[str, object]:
    return {**SCOPE, **changes}


def headers(*pairs: object) -> dict[str, object]:
    return scope(headers=list(pairs))


SCOPES = shapes(
    "asgi/scope.websocket",
    SCOPE,
    {
        S + "type": scope(type="ws"),
        S + "asgi-spec-version": scope(asgi={"version": "3.0", "spec_version": "13.0"}),
        S + "http-version-type": scope(http_version=b"1.1"),
        S + "scheme-type": scope(scheme=b"ws"),
        S + "scheme-not-empty": scope(scheme=""),
        S + "path-present": without(SCOPE, "path"),
        S + "raw-path-type": scope(raw_path="/chat"),
        S + "query-string-type": scope(query_string=""),
        S + "root-path-type": scope(root_path=b""),
        S + "headers-present": headers((b"a",)),
        S + "headers-name-bytes": headers(("a", b"b")),
        S + "headers-value-bytes": headers((b"a", "b")),
        S + "headers-lowercase": headers((b"Host", b"b")),
        S + "headers-no-pseudo": headers((b":protocol", b"websocket")),
        S + "client-shape": scope(client="127.0.0.1"),
        S + "client-host-type": scope(client=(None, 1)),
        S + "client-port-type": scope(client=("127.0.0.1", "1")),
        S + "server-shape": scope(server=("a", 1, 2)),
        S + "server-host-type": scope(server=(b"a", 1)),
        S + "server-port-type": scope(server=("127.0.0.1", "1")),
        S + "server-unix-none": scope(server=("/run/app.sock", 80)),
        S + "subprotocols-type": scope(subprotocols="chat, superchat"),
        S + "state-type": scope(state=[]),
    },
)


class Code(enum.IntEnum):
    NORMAL = 1000


CONNECT = {"type": "websocket.connect"}
ACCEPT = {"type": "websocket.accept", "subprotocol": None, "headers": [(b"x-a", b"b")]}
RECEIVE = {"type": "websocket.receive", "text": "hello"}
SEND = {"type": "websocket.send", "bytes": b""}
DISCONNECT = {"type": "websocket.disconnect", "code": 1005, "reason": None}
CLOSE = {"type": "websocket.close", "code": 1000, "reason": ""}
A = "asgi.websocket.accept."


def accept(*pairs: object) -> dict[str, object]:
    return {**ACCEPT, "headers": list(pairs)}


def data(direction: str, good: dict[str, object]) -> list:
    prefix = f"asgi.websocket.{direction}."
    kind = {"type": good["type"]}
    return shapes(
        f"asgi/websocket.{direction}",
        good,
        {
            prefix + "type": {**good, "type": "websocket.message"},
            prefix + "bytes-type": {**kind, "bytes": "hello"},
            prefix + "text-type": {**kind, "text": b"hello"},
            prefix + "exactly-one": {**kind, "text": "", "bytes": b""},
        },
    )


MESSAGES = [
    *shapes(
        "asgi/websocket.connect",
        CONNECT,
        {"asgi.websocket.connect.type": {"type": "websocket.open"}},
    ),
    *shapes(
        "asgi/websocket.accept",
        ACCEPT,
        {
            A + "type": {**ACCEPT, "type": "websocket.accepted"},
            A + "subprotocol-type": {**ACCEPT, "subprotocol": b"chat"},
            A + "headers-iterable": accept((b"a",)),
            A + "headers-name-bytes": accept(("a", b"b")),
            A + "headers-value-bytes": accept((b"a", "b")),
            A + "headers-lowercase": accept((b"Set-Cookie", b"a=b")),
            A + "headers-no-pseudo": accept((b":status", b"101")),
            A + "headers-no-subprotocol": accept((b"Sec-WebSocket-Protocol".lower(), b"chat")),
            A + "headers-no-handshake-override": accept((b"upgrade", b"websocket")),
        },
    ),
    *data("receive", RECEIVE),
    *data("send", SEND),
    *shapes(
        "asgi/websocket.disconnect",
        DISCONNECT,
        {
            "asgi.websocket.disconnect.type": {**DISCONNECT, "type": "http.disconnect"},
            "asgi.websocket.disconnect.code-present": without(DISCONNECT, "code"),
            "asgi.websocket.disconnect.code-type": {**DISCONNECT, "code": None},
            "asgi.websocket.disconnect.reason-type": {**DISCONNECT, "reason": b""},
        },
    ),
    *shapes(
        "asgi/websocket.close",
        CLOSE,
        {
            "asgi.websocket.close.type": {**CLOSE, "type": "websocket.disconnect"},
            "asgi.websocket.close.code-type": {**CLOSE, "code": "1000"},
            "asgi.websocket.close.code-valid": {**CLOSE, "code": 1005},
            "asgi.websocket.close.reason-type": {**CLOSE, "reason": ValueError("x")},
            "asgi.websocket.close.reason-length": {**CLOSE, "reason": "\u20ac" * 42},
        },
    ),
]
WITNESSES = [*SCOPES, *MESSAGES]

CLEAN = [
    ("asgi/scope.websocket", without(SCOPE, "client", "server", "state", "raw_path")),
    ("asgi/scope.websocket", without(SCOPE, "subprotocols", "http_version", "query_string")),
    ("asgi/scope.websocket", scope(client=None, server=None, raw_path=None, query_string=None)),
    ("asgi/scope.websocket", scope(method="GET", subprotocols=("a",))),
    ("asgi/scope.websocket", scope(asgi={"version": "3.0", "spec_version": "2.5"})),
    ("asgi/websocket.receive", {"type": "websocket.receive", "text": "", "bytes": None}),
    ("asgi/websocket.receive", {"type": "websocket.receive", "text": None, "bytes": b""}),
    ("asgi/websocket.send", {"type": "websocket.send", "text": "x", "bytes": None}),
    ("asgi/websocket.send", {"type": "websocket.send", "text": None, "bytes": b"x"}),
    ("asgi/websocket.accept", {"type": "websocket.accept"}),
    ("asgi/websocket.accept", {"type": "websocket.accept", "subprotocol": "chat", "headers": ()}),
    ("asgi/websocket.disconnect", {"type": "websocket.disconnect", "code": Code.NORMAL}),
    ("asgi/websocket.close", {"type": "websocket.close"}),
    ("asgi/websocket.close", {**CLOSE, "code": Code.NORMAL, "reason": None}),
    ("asgi/websocket.close", {**CLOSE, "code": 4999, "reason": "x" * 123}),
]
