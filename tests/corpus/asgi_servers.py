"""Odd but legal servers, each under an application that asks of it what it may."""

from __future__ import annotations

from corpus.asgi_heads import BODY, DISCONNECT, START
from corpus.kit import Corpus

SERVERS = Corpus("asgi")


async def echo(scope, receive, send):
    """Answers with its body, or with its messages, and copes with every legal server."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] != "websocket.disconnect":
            text = event.get("text")
            said = {"bytes": event["bytes"]} if text is None else {"text": text}
            await send({"type": "websocket.send", **said})
        return
    parts = []
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        parts.append(event.get("body", b""))
        if not event.get("more_body", False):
            break
    await send({**START, "headers": [(b"x-path", scope["path"].encode())]})
    await send({**BODY, "body": b"".join(parts)})


def odd(clause, name, why, *, shows=(), expects=None, **server):
    """A server under which ``echo`` runs."""
    SERVERS(clause, name=name, why=why, shows=shows, expects=expects, **server)(echo)


S = "asgi.http.scope."
W = "asgi.websocket.scope."
OPTIONAL = ("scheme", "raw_path", "root_path", "client", "server")
odd(
    S + "raw-path-optional",
    "legal_minimal_scope",
    "A scope with no optional key, and an event with none.",
    shows=(
        S + "raw-path-optional",
        S + "client-optional",
        S + "server-optional",
        S + "state-optional",
        "asgi.scope.spec-version-optional",
        "asgi.extensions.optional",
    ),
    omit=OPTIONAL,
    asgi={"version": "3.0"},
    headers=[],
    events=[{"type": "http.request"}],
)
odd(
    S + "client-optional",
    "nothing_known",
    "What is not known may be None.",
    shows=(S + "raw-path-optional", S + "client-optional", S + "server-optional"),
    raw_path=None,
    client=None,
    server=None,
)
odd(
    S + "server-optional",
    "unix_socket",
    "A unix socket has a path and no port.",
    server=["/run/acme.sock", None],
    client=None,
)
odd(
    S + "client-optional",
    "lists_and_addresses",
    "Addresses are pairs in lists or tuples, of any family.",
    client=["::1", 5000],
    server=("example.org", 443),
)
for number in ("2.0", "2.1", "2.2", "2.3", "2.4", "2.5"):
    odd(
        S + "asgi-spec-version",
        f"spec_version_{number.replace('.', '_')}",
        f"Version {number} of the HTTP and WebSocket text.",
        shows="asgi.scope.spec-version-optional" if number == "2.0" else (),
        asgi={"version": "3.0", "spec_version": number},
    )
odd(
    S + "asgi-spec-version",
    "no_version_at_all",
    "A missing number means 2.0.",
    shows="asgi.scope.spec-version-optional",
    asgi={"version": "3.0"},
)
for number in ("1.0", "1.1", "2", "3"):
    odd(
        S + "http-version-value",
        f"http_version_{number.replace('.', '_')}",
        f"HTTP {number}.",
        http_version=number,
    )
odd(
    "asgi.http.headers.transport-as-pairs",
    "headers_in_tuples",
    "Headers in tuples of lists.",
    headers=([b"host", b"example.org"], (b"accept", b"*/*")),
)
odd(
    "asgi.http.headers.transport-as-pairs",
    "one_shot_scope_headers",
    "Headers are an iterable, so a server may give a generator.",
    headers=lambda: ((name, b"1") for name in (b"host", b"x-a")),
)
odd(
    "asgi.http.headers.app-handles-h2-cookie",
    "several_cookies",
    "HTTP/2 may split a cookie header.",
    http_version="2",
    headers=[(b"cookie", b"a=1"), (b"cookie", b"b=2")],
)
odd(
    S + "path-present",
    "path_of_any_text",
    "A path is decoded: any text may be in it.",
    path="/caf\u00e9/\u20ac /\U0001f600%",
    raw_path=b"/caf%C3%A9/%E2%82%AC%20/%F0%9F%98%80%25",
)
odd(
    S + "path-present",
    "asterisk_for_options",
    "OPTIONS * is no path.",
    method="OPTIONS",
    path="*",
    raw_path=b"*",
)
odd(
    S + "root-path-type",
    "mounted",
    "root_path is the beginning of path.",
    root_path="/api",
    path="/api/page",
    raw_path=b"/api/page",
)
odd(
    S + "query-string-present",
    "query_as_sent",
    "The query is kept as it was sent.",
    query_string=b"a=1&&b=%zz;\xff",
)
odd(
    S + "method-uppercased",
    "method_of_its_own",
    "Any token is a method.",
    method="M-SEARCH",
)
odd(
    "asgi.app.ignores-extra-keys",
    "keys_of_the_server",
    "A server adds what it likes.",
    events=[{"type": "http.request", "body": b"a", "acme": "a"}],
    **{"acme.transport": object(), "state": {}, "tasks": [1]},
)
odd(
    "asgi.http.request.body-concatenated",
    "empty_request_pieces",
    "A body may come in pieces of any size, empty ones included.",
    method="POST",
    events=[
        {"type": "http.request", "body": b"", "more_body": True},
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": b"c", "more_body": False},
        {"type": "http.disconnect"},
    ],
)
odd(
    "asgi.http.request.body-concatenated",
    "gone_in_the_middle_of_a_body",
    "A client may leave in the middle of its body.",
    method="POST",
    events=[{"type": "http.request", "body": b"ab", "more_body": True}, DISCONNECT],
)
odd(
    "asgi.extensions.optional",
    "extensions_of_somebody",
    "Unknown extensions, with and without details.",
    shows=("asgi.extensions.optional", "asgi.extensions.empty-dict-allowed"),
    offers={"acme.progress": {}, "acme.http.priority": {"levels": [1, 2]}},
)
odd(
    "asgi.extensions.optional",
    "no_extensions",
    "A server may say that it has none.",
    extensions={},
)


class Own(dict):
    """A dict of the server's own."""


odd(
    "asgi.event.is-dict",
    "events_of_the_servers_own",
    "A subclass of dict is a dict.",
    events=[Own({"type": "http.request"})],
)
odd(
    W + "raw-path-optional",
    "legal_minimal_websocket_scope",
    "A WebSocket scope with no optional key has no method either.",
    shows=(
        W + "raw-path-optional",
        W + "client-optional",
        W + "server-optional",
        W + "state-optional",
        W + "no-method-key",
    ),
    kind="websocket",
    omit=("scheme", "raw_path", "root_path", "http_version", "query_string", "subprotocols"),
    asgi={"version": "3.0"},
    events=[{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}],
)
odd(
    W + "client-optional",
    "nothing_known_of_a_websocket",
    "What is not known may be None.",
    shows=(W + "raw-path-optional", W + "client-optional", W + "server-optional"),
    kind="websocket",
    raw_path=None,
    client=None,
    server=None,
    events=[{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1005}],
)
odd(
    "asgi.websocket.receive.both-keys-allowed",
    "messages_of_every_form",
    "One key, or both with one of them None.",
    shows="asgi.websocket.receive.both-keys-allowed",
    kind="websocket",
    events=[
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "a"},
        {"type": "websocket.receive", "bytes": b"a"},
        {"type": "websocket.receive", "bytes": None, "text": "a"},
        {"type": "websocket.receive", "bytes": b"a", "text": None},
        {"type": "websocket.disconnect", "code": 4000, "reason": "bye"},
    ],
)
odd(
    "asgi.websocket.disconnect.reason-default",
    "disconnect_without_a_reason",
    "The reason may be left out.",
    kind="websocket",
    events=[{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}],
)
odd(
    W + "subprotocols-default",
    "no_subprotocols",
    "A client need not offer any; tuples will do as lists do.",
    kind="websocket",
    subprotocols=(),
    scheme="wss",
    http_version="2",
)


@SERVERS(
    "asgi.scope.spec-version-governs-features",
    asgi={"version": "3.0", "spec_version": "2.9"},
    expects={"asgi.http.scope.asgi-spec-version": "a number that the published text does not know"},
)
async def a_version_to_come(scope, receive, send):
    """A version that is newer than the text that we know."""
    await receive()
    await send(START)
    await send(BODY)
