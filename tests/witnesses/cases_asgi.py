"""ASGI applications that a case catches, each with its correct neighbour.

Both are made by one factory, so that they differ in nothing but the fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from witnesses.kit import Application

Scope = dict[str, Any]
Event = dict[str, Any]
App = Callable[..., Any]


def whole(event: Event) -> tuple[bytes, bool]:
    return event.get("body", b""), event.get("more_body", False)


def http(
    look: Callable[[Scope, bytes], object] = lambda scope, body: len(body),
    take: Callable[[Event], tuple[bytes, bool]] = whole,
) -> App:
    """An application that answers with what ``look`` makes of scope and body."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        parts, more = [], True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            part, more = take(event)
            parts.append(part)
        said = repr(look(scope, b"".join(parts))).encode()
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": said})

    return application


def websocket(
    look: Callable[[Scope], object] = lambda scope: "hello",
    take: Callable[[Event], str | bytes | None] = lambda event: (
        event.get("bytes") if event.get("text") is None else event["text"]
    ),
    leave: Callable[[Event], object] = lambda event: event["code"],
) -> App:
    """An application that greets with what ``look`` makes of the scope, then echoes."""

    async def application(scope, receive, send):
        if scope["type"] != "websocket":
            raise ValueError(scope["type"])
        await receive()
        said = look(scope)
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": repr(said)})
        while (event := await receive())["type"] == "websocket.receive":
            taken = take(event)
            kind = "text" if isinstance(taken, str) else "bytes"
            await send({"type": "websocket.send", kind: taken})
        leave(event)

    return application


def lifespan(look: Callable[[Scope, Event], object]) -> App:
    """An application that starts if ``look`` at its scope and events does not raise."""

    async def application(scope, receive, send):
        if scope["type"] != "lifespan":
            raise ValueError(scope["type"])
        for _ in range(2):
            event = await receive()
            look(scope, event)
            await send({"type": f"{event['type']}.complete"})

    return application


def responding(respond: Callable[..., Any]) -> App:
    """An application whose response ``respond(send)`` sends."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        await send({"type": "http.response.start", "status": 200})
        await respond(send)

    return application


def refuse(condition: object) -> None:
    if condition:
        raise RuntimeError("that is not what I expected")


def field(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def any_field(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key.lower() == name]


async def never(scope, receive, send):
    if scope["type"] != "http":
        raise ValueError(scope["type"])
    while True:
        await receive()


async def stays(scope, receive, send):
    if scope["type"] != "http":
        while True:
            await receive()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


async def hangs_in_startup(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            await receive()


async def hangs_in_shutdown(scope, receive, send):
    if scope["type"] != "lifespan":
        raise ValueError(scope["type"])
    await receive()
    await send({"type": "lifespan.startup.complete"})
    while True:
        await receive()


async def stumbles(send):
    try:
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        await send({"type": "http.response.body", "body": b"2"})
    except OSError:
        pass
    raise KeyError("session")


async def lets_out(send):
    await send({"type": "http.response.body", "body": b"1", "more_body": True})
    await send({"type": "http.response.body", "body": b"2"})


async def converts(send):
    try:
        await lets_out(send)
    except OSError as error:
        raise RuntimeError("client disconnected") from error


async def streams_for_ever(send):
    while True:
        await send({"type": "http.response.body", "body": b"tick", "more_body": True})


async def streams(send):
    for _ in range(3):
        await send({"type": "http.response.body", "body": b"tick", "more_body": True})
    await send({"type": "http.response.body"})


async def races(send):
    """Counts on a send being over after three turns of the loop."""
    import anyio

    done = []

    async def later():
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        done.append(True)

    async with anyio.create_task_group() as group:
        group.start_soon(later)
        for _ in range(4):
            await anyio.lowlevel.checkpoint()
        in_time = bool(done)
    await send({"type": "http.response.body", "body": b"%d" % in_time})


def losing(after: Callable[[], object]) -> App:
    """A WebSocket application that sends twice, and does ``after()`` when that fails."""

    async def application(scope, receive, send):
        if scope["type"] != "websocket":
            raise ValueError(scope["type"])
        await receive()
        lost = False
        try:
            await send({"type": "websocket.accept"})
            for text in ("one", "two"):
                await send({"type": "websocket.send", "text": text})
        except OSError:
            lost = True
        if lost:
            after()
        while (await receive())["type"] != "websocket.disconnect":
            pass

    return application


def witness(requirement: str, case: str, breaks: App, keeps: App) -> Application:
    return Application(requirement, "asgi", breaks, keeps, case)


def looks(requirement: str, case: str, breaks: Any, keeps: Any) -> Application:
    """A witness among HTTP applications that differ in how they look at scope and body."""
    return witness(requirement, f"asgi.http::{case}", http(breaks), http(keeps))


def meets(requirement: str, case: str, breaks: Any, keeps: Any) -> Application:
    """A witness among WebSocket applications that differ in how they look at the scope."""
    return witness(requirement, f"asgi.websocket::{case}", websocket(breaks), websocket(keeps))


HTTP = [
    witness("asgi.http.app.completes-response", "asgi.http::get", never, http()),
    looks(
        "asgi.http.headers.transport-as-pairs",
        "headers-containers",
        lambda scope, body: len(set(scope["headers"])),
        lambda scope, body: len({tuple(pair) for pair in scope["headers"]}),
    ),
    looks(
        "asgi.http.scope.headers-lowercase",
        "headers-mixed-case",
        lambda scope, body: field(scope, b"accept"),
        lambda scope, body: any_field(scope, b"accept"),
    ),
    looks(
        "asgi.http.headers.app-handles-h2-cookie",
        "cookie-split",
        lambda scope, body: field(scope, b"cookie")[0],
        lambda scope, body: b"; ".join(field(scope, b"cookie")),
    ),
    witness(
        "asgi.http.request.body-concatenated",
        "asgi.http::body-cut",
        http(take=lambda event: (event["body"], False)),
        http(),
    ),
    witness(
        "asgi.http.request.body-concatenated",
        "asgi.http::body-large-cut",
        http(take=lambda event: (event["body"], bool(event["body"]) and event["more_body"])),
        http(),
    ),
    witness(
        "asgi.http.request.body-default",
        "asgi.http::body-keys-absent",
        http(take=lambda event: (event["body"], event.get("more_body", False))),
        http(),
    ),
    witness(
        "asgi.http.request.more-body-default",
        "asgi.http::body-keys-absent",
        http(take=lambda event: (event.get("body", b""), event.get("more_body", True))),
        http(),
    ),
    witness(
        "asgi.app.ignores-extra-keys",
        "asgi.http::body-keys-extra",
        http(take=lambda event: (refuse(len(event) > 3), whole(event))[1]),
        http(),
    ),
    looks(
        "asgi.app.ignores-extra-keys",
        "scope-keys-extra",
        lambda scope, body: refuse("x_gateproof" in scope),
        lambda scope, body: scope["path"],
    ),
    looks(
        "asgi.http.scope.scheme-default",
        "scope-keys-absent",
        lambda scope, body: scope["scheme"],
        lambda scope, body: scope.get("scheme", "http"),
    ),
    looks(
        "asgi.http.scope.root-path-default",
        "scope-keys-absent",
        lambda scope, body: scope.get("root_path"),
        lambda scope, body: scope.get("root_path", ""),
    ),
    looks(
        "asgi.http.scope.raw-path-optional",
        "scope-keys-absent",
        lambda scope, body: scope["raw_path"].decode(),
        lambda scope, body: scope["path"],
    ),
    looks(
        "asgi.extensions.optional",
        "scope-keys-absent",
        lambda scope, body: "x" in scope["extensions"],
        lambda scope, body: "x" in scope.get("extensions", {}),
    ),
    looks(
        "asgi.http.scope.client-optional",
        "scope-addresses",
        lambda scope, body: scope["client"][0],
        lambda scope, body: (scope.get("client") or ("unknown",))[0],
    ),
    looks(
        "asgi.http.scope.server-optional",
        "scope-addresses",
        lambda scope, body: scope["server"][0],
        lambda scope, body: (scope.get("server") or ("unknown",))[0],
    ),
    looks(
        "asgi.http.scope.server-unix-none",
        "scope-addresses",
        lambda scope, body: (scope.get("server") or ("", 0))[1] + 1,
        lambda scope, body: (scope.get("server") or ("", 0))[1],
    ),
    looks(
        "asgi.http.scope.client-shape",
        "scope-addresses",
        lambda scope, body: hash(scope.get("client")),
        lambda scope, body: hash(tuple(scope.get("client") or ())),
    ),
    looks(
        "asgi.http.scope.asgi-spec-version",
        "scope-versions",
        lambda scope, body: refuse(scope["asgi"].get("spec_version") == "2.1"),
        lambda scope, body: scope["asgi"].get("spec_version"),
    ),
    looks(
        "asgi.http.scope.asgi-spec-version-default",
        "scope-versions",
        lambda scope, body: scope["asgi"]["spec_version"],
        lambda scope, body: scope["asgi"].get("spec_version", "2.0"),
    ),
    looks(
        "asgi.scope.asgi-version-default",
        "scope-versions",
        lambda scope, body: scope["asgi"]["version"],
        lambda scope, body: scope["asgi"].get("version", "2.0"),
    ),
    looks(
        "asgi.http.scope.state-optional",
        "state-absent",
        lambda scope, body: len(scope["state"]),
        lambda scope, body: len(scope.get("state", {})),
    ),
    witness("asgi.app.rejects-unknown-protocol", "asgi.http::unknown-scope-type", stays, http()),
    witness(
        "asgi.http.disconnect.app-expects-send-error",
        "asgi.http::client-gone-after-start",
        responding(stumbles),
        responding(lets_out),
    ),
    witness(
        "asgi.http.disconnect.app-expects-send-error",
        "asgi.http::client-gone-during-response",
        responding(stumbles),
        responding(converts),
    ),
    witness(
        "asgi.send.after-close-noop",
        "asgi.http::client-gone-during-response",
        responding(streams_for_ever),
        responding(streams),
    ),
    witness(
        "asgi.app.must-await-send", "asgi.http::slow-server", responding(races), responding(streams)
    ),
]

WEBSOCKET = [
    witness(
        "asgi.websocket.receive.app-handles-absent-key",
        "asgi.websocket::receive-shapes",
        websocket(
            take=lambda event: event["text"].upper() if "text" in event else event["bytes"],
        ),
        websocket(),
    ),
    witness(
        "asgi.app.ignores-extra-keys",
        "asgi.websocket::event-keys-extra",
        websocket(take=lambda event: (refuse(len(event) > 2), event["text"])[1]),
        websocket(),
    ),
    meets(
        "asgi.app.ignores-extra-keys",
        "scope-keys-extra",
        lambda scope: refuse("x_gateproof" in scope),
        lambda scope: scope["path"],
    ),
    witness(
        "asgi.websocket.disconnect.reason-default",
        "asgi.websocket::close-reason-absent",
        websocket(leave=lambda event: event["reason"].upper()),
        websocket(leave=lambda event: (event.get("reason") or "").upper()),
    ),
    witness(
        "asgi.websocket.disconnect.app-expects-send-error",
        "asgi.websocket::client-gone-between-messages",
        losing(lambda: refuse(True)),
        losing(lambda: None),
    ),
    meets(
        "asgi.websocket.scope.http-version-default",
        "scope-keys-absent",
        lambda scope: scope["http_version"],
        lambda scope: scope.get("http_version", "1.1"),
    ),
    meets(
        "asgi.websocket.scope.scheme-default",
        "scope-keys-absent",
        lambda scope: scope.get("scheme", "http"),
        lambda scope: scope.get("scheme", "ws"),
    ),
    meets(
        "asgi.websocket.scope.root-path-default",
        "scope-keys-absent",
        lambda scope: scope["root_path"],
        lambda scope: scope.get("root_path", ""),
    ),
    meets(
        "asgi.websocket.scope.query-string-default",
        "scope-keys-absent",
        lambda scope: scope.get("query_string", b"").decode(),
        lambda scope: (scope.get("query_string") or b"").decode(),
    ),
    meets(
        "asgi.websocket.scope.subprotocols-default",
        "scope-keys-absent",
        lambda scope: list(scope["subprotocols"]),
        lambda scope: list(scope.get("subprotocols", [])),
    ),
    meets(
        "asgi.websocket.scope.raw-path-optional",
        "scope-keys-absent",
        lambda scope: len(scope["raw_path"]),
        lambda scope: len(scope["path"]),
    ),
    meets(
        "asgi.extensions.optional",
        "scope-keys-absent",
        lambda scope: scope["extensions"],
        lambda scope: scope.get("extensions", {}),
    ),
    meets(
        "asgi.websocket.scope.client-optional",
        "scope-addresses",
        lambda scope: scope["client"][0],
        lambda scope: (scope.get("client") or ("unknown",))[0],
    ),
    meets(
        "asgi.websocket.scope.server-optional",
        "scope-addresses",
        lambda scope: scope["server"][0],
        lambda scope: (scope.get("server") or ("unknown",))[0],
    ),
    meets(
        "asgi.websocket.scope.server-unix-none",
        "scope-addresses",
        lambda scope: (scope.get("server") or ("", 0))[1] + 1,
        lambda scope: (scope.get("server") or ("", 0))[1],
    ),
    meets(
        "asgi.websocket.scope.asgi-spec-version",
        "scope-versions",
        lambda scope: refuse(scope["asgi"].get("spec_version") == "2.1"),
        lambda scope: scope["asgi"].get("spec_version"),
    ),
    meets(
        "asgi.websocket.scope.asgi-spec-version-default",
        "scope-versions",
        lambda scope: scope["asgi"]["spec_version"],
        lambda scope: scope["asgi"].get("spec_version", "2.0"),
    ),
    meets(
        "asgi.websocket.scope.http-version-type",
        "scope-http-2",
        lambda scope: dict(scope["headers"])[b"sec-websocket-key"],
        lambda scope: dict(scope["headers"]).get(b"sec-websocket-key"),
    ),
]

LIFESPAN = [
    witness(
        "asgi.lifespan.startup-complete.app-sends",
        "asgi.lifespan::around-the-cases",
        hangs_in_startup,
        lifespan(lambda scope, event: None),
    ),
    witness(
        "asgi.lifespan.shutdown-complete.app-sends",
        "asgi.lifespan::around-the-cases",
        hangs_in_shutdown,
        lifespan(lambda scope, event: None),
    ),
    witness(
        "asgi.lifespan.scope.asgi-spec-version-default",
        "asgi.lifespan::spec-version-absent",
        lifespan(lambda scope, event: scope["asgi"]["spec_version"]),
        lifespan(lambda scope, event: scope["asgi"].get("spec_version", "1.0")),
    ),
    witness(
        "asgi.app.ignores-extra-keys",
        "asgi.lifespan::keys-extra",
        lifespan(lambda scope, event: refuse(len(event) > 1)),
        lifespan(lambda scope, event: None),
    ),
]

WITNESSES = [*HTTP, *WEBSOCKET, *LIFESPAN]
