"""ASGI applications that only generated traffic catches, each with its correct neighbour.

The faults need more than one thing that is rare: no fixed case has them together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from witnesses.cases_asgi import any_field, field, http, refuse, websocket
from witnesses.kit import Application

App = Callable[..., Any]


def witness(requirement: str, case: str, breaks: App, keeps: App) -> Application:
    return Application(requirement, "asgi", breaks, keeps, case)


def reading(join: Callable[[list[bytes]], object]) -> App:
    """Answers with what ``join`` makes of the pieces of the body."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        pieces, more = [], True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            pieces.append(event.get("body", b""))
            more = event.get("more_body", False)
        said = repr(join(pieces)).encode()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": said})

    return application


def decoded(pieces: list[bytes]) -> str:
    """Each piece for itself, so that a character that two of them share is lost."""
    return "".join(piece.decode("utf-8", "ignore") for piece in pieces)


def joined(pieces: list[bytes]) -> str:
    return b"".join(pieces).decode("utf-8", "ignore")


def sleeping(pause: Callable[[], object]) -> App:
    """Pauses for queries of one kind."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        await receive()
        if b"a=2" in scope["query_string"]:
            pause()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    return application


def sharing(shared: bool) -> App:
    """Keeps what it knows of a request while it waits for the rest: for all requests, or each."""
    common: dict[str, Any] = {}

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        known = common if shared else {}
        known["query"] = scope["query_string"]
        event: dict[str, Any] = {"more_body": True}
        while event.get("more_body"):
            event = await receive()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": known["query"]})

    return application


def mounted(strip: Callable[[str, str], str]) -> App:
    """Knows two paths below its mount."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        await receive()
        path = strip(scope["path"], scope.get("root_path", ""))
        status = 200 if path == "/" else 404
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body", "body": b"here"})

    return application


def headed(kind: Callable[[dict[str, Any]], bytes]) -> App:
    """Tells the type of a body as ``kind`` makes it of the scope."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        headers = [(b"content-type", kind(scope))]
        body = b"" if scope["method"] == "HEAD" else b"hello"
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


def speaking(shared: bool) -> App:
    """Echoes; what it was told last is kept for all connections, or each, and lost with any."""
    common: dict[str, Any] = {}

    async def application(scope, receive, send):
        if scope["type"] != "websocket":
            raise ValueError(scope["type"])
        known = common if shared else {}
        await receive()
        await send({"type": "websocket.accept"})
        known["open"] = True
        while (event := await receive())["type"] == "websocket.receive":
            refuse("open" not in known)
            said = {key: event[key] for key in ("text", "bytes") if event.get(key) is not None}
            await send({"type": "websocket.send", **said})
        known.pop("open", None)

    return application


async def paced(send: Any, wait: bool) -> None:
    import anyio

    done: list[int] = []

    async def later() -> None:
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        done.append(1)

    async with anyio.create_task_group() as group:
        group.start_soon(later)
        for _ in range(7):
            await anyio.lowlevel.checkpoint()
        in_time = wait or bool(done)
    await send({"type": "http.response.body", "body": b"%d" % in_time})


def pacing(wait: bool) -> App:
    """Counts on a send being over after some turns of the loop, or waits for it."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        await send({"type": "http.response.start", "status": 200})
        await paced(send, wait)

    return application


def looks(requirement: str, case: str, breaks: Any, keeps: Any) -> Application:
    return witness(requirement, f"asgi.http::generated-{case}", http(breaks), http(keeps))


def meets(requirement: str, case: str, breaks: Any, keeps: Any) -> Application:
    broken, kept = websocket(breaks), websocket(keeps)
    return witness(requirement, f"asgi.websocket::generated-{case}", broken, kept)


def asked(scope: dict[str, Any], query: bytes) -> bool:
    return query in (scope.get("query_string") or b"")


PAIRS = "asgi.http.headers.transport-as-pairs"

WITNESSES = [
    witness(
        "asgi.http.request.body-concatenated",
        "asgi.http::generated-body-cut",
        reading(decoded),
        reading(joined),
    ),
    looks(
        "asgi.http.scope.scheme-default",
        "default-keys",
        lambda scope, body: asked(scope, b"a=1") and scope["scheme"],
        lambda scope, body: asked(scope, b"a=1") and scope.get("scheme", "http"),
    ),
    looks(
        PAIRS,
        "header-container",
        lambda scope, body: asked(scope, b"a=1") and len(set(scope["headers"])),
        lambda scope, body: len({tuple(pair) for pair in scope["headers"]}),
    ),
    looks(
        "asgi.http.scope.headers-lowercase",
        "header-container",
        lambda scope, body: field(scope, b"accept-language"),
        lambda scope, body: any_field(scope, b"accept-language"),
    ),
    looks(
        "asgi.app.ignores-extra-keys",
        "extra-keys",
        lambda scope, body: refuse(asked(scope, b"a=2") and "gateproof-key" in scope),
        lambda scope, body: scope["path"],
    ),
    looks(
        "asgi.http.headers.app-handles-h2-cookie",
        "cookie-split",
        lambda scope, body: len(field(scope, b"cookie")) if len(body) else 0,
        lambda scope, body: b"; ".join(field(scope, b"cookie")),
    ),
    witness(
        "asgi.app.must-await-send",
        "asgi.http::generated-back-pressure",
        pacing(wait=False),
        pacing(wait=True),
    ),
    witness(
        "asgi.server.one-call-per-connection",
        "asgi.http::generated-among-others",
        sharing(shared=True),
        sharing(shared=False),
    ),
    witness(
        "http1.head.same-headers",
        "asgi.http::generated-head",
        headed(
            lambda scope: b"a/b" if scope["method"] == "GET" or not asked(scope, b"a=1") else b"a/c"
        ),
        headed(lambda scope: b"a/b"),
    ),
    witness(
        "asgi.http.scope.root-path-mount",
        "asgi.http::generated-mount",
        mounted(lambda path, root: path.replace(root, "") if root.isascii() else path),
        mounted(lambda path, root: path.removeprefix(root)),
    ),
    witness(
        "asgi.server.one-call-per-connection",
        "asgi.websocket::generated-among-others",
        speaking(shared=True),
        speaking(shared=False),
    ),
    witness(
        "asgi.app.async-callable",
        "asgi.http::generated",
        sleeping(lambda: time.sleep(0.15)),
        sleeping(lambda: None),
    ),
    witness(
        "asgi.websocket.disconnect.code-from-client",
        "asgi.websocket::generated",
        websocket(leave=lambda event: refuse(event["code"] == 1012)),
        websocket(leave=lambda event: event["code"]),
    ),
    witness(
        "asgi.websocket.disconnect.reason-default",
        "asgi.websocket::generated",
        websocket(leave=lambda event: event["code"] == 4000 and event["reason"].upper()),
        websocket(leave=lambda event: (event.get("reason") or "").upper()),
    ),
    meets(
        "asgi.websocket.scope.subprotocols-default",
        "default-keys",
        lambda scope: asked(scope, b"a=1") and list(scope["subprotocols"]),
        lambda scope: list(scope.get("subprotocols", [])),
    ),
    meets(
        PAIRS,
        "header-container",
        lambda scope: len(set(scope["headers"])),
        lambda scope: len({tuple(pair) for pair in scope["headers"]}),
    ),
    meets(
        "asgi.websocket.scope.headers-lowercase",
        "header-container",
        lambda scope: field(scope, b"sec-websocket-key"),
        lambda scope: any_field(scope, b"sec-websocket-key"),
    ),
    meets(
        "asgi.app.ignores-extra-keys",
        "extra-keys",
        lambda scope: refuse(asked(scope, b"a=1") and any("x_" in key for key in scope)),
        lambda scope: scope["path"],
    ),
]
