"""Faults in the scopes of requests and of WebSockets."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType, SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from reference.asgi_side import ASGICall, Scopes
from reference.lifespan_side import Lifespan
from reference.parts import Edit, Fault, faults_of

Scope = dict[str, Any]
Change = Callable[[Scope], object]


def edited(kind: str, change: Change) -> dict[str, Edit]:
    """An edit of the scopes of ``kind``: http, websocket, or common to both."""
    made: Callable[..., Scope] = getattr(Scopes, kind)

    def scope(self: Scopes, *arguments: Any) -> Scope:
        result = made(self, *arguments)
        change(result)
        return result

    return {"scopes": {kind: scope}}


def without(key: str) -> Change:
    """A scope that lacks ``key``."""
    return lambda scope: scope.pop(key, None)


def having(key: str, value: object) -> Change:
    """A scope with ``value`` under ``key``; a function gets what was there."""
    return lambda scope: scope.update({key: value(scope.get(key)) if callable(value) else value})


def version(**changes: object) -> Change:
    """A scope whose ``asgi`` has changes; None takes a key away."""

    def change(scope: Scope) -> None:
        asgi = {**scope["asgi"], **changes}
        scope["asgi"] = {key: value for key, value in asgi.items() if value is not None}

    return change


def headers(change: Callable[[list[Any]], object]) -> Change:
    """A scope whose headers are made anew from those that it had."""
    return lambda scope: scope.update(headers=change(scope["headers"]))


def with_query(key: str) -> Change:
    """A path with the query behind it."""

    def change(scope: Scope) -> None:
        if scope["query_string"]:
            behind = b"?" + scope["query_string"]
            scope[key] += behind if isinstance(scope[key], bytes) else behind.decode("latin-1")

    return change


def spelt_anew(scope: Scope) -> None:
    """The path with other escapes than the client's."""
    scope["raw_path"] = quote(unquote_to_bytes(scope["raw_path"])).encode()


def path_escaped(scope: Scope) -> None:
    """The path as it was sent."""
    scope["path"] = scope["raw_path"].decode("latin-1")


def path_latin1(scope: Scope) -> None:
    """The path decoded as latin-1."""
    scope["path"] = unquote_to_bytes(scope["raw_path"]).decode("latin-1")


def joined(pairs: list[Any]) -> list[Any]:
    """Lines of one name as one, with commas."""
    lines: dict[bytes, bytes] = {}
    for name, value in pairs:
        lines[name] = lines[name] + b", " + value if name in lines else value
    return list(lines.items())


def part(key: str, place: int, change: Callable[[Any], object]) -> Change:
    """One item of a pair changed."""

    def edit(scope: Scope) -> None:
        if scope.get(key):
            pair = list(scope[key])
            pair[place] = change(pair[place])
            scope[key] = tuple(pair)

    return edit


def no_copy(self: Lifespan) -> dict[str, Any]:
    """The one state for all."""
    return self.state


def utf8(value: bytes) -> bytes:
    """latin-1 read and UTF-8 written."""
    return value.decode("latin-1").encode("utf-8")


# What both kinds of scopes have in common: name of the fault, requirement of either kind, change.
BOTH: list[tuple[str, str, Change]] = [
    ("spec-version-of-another", "scope.asgi-spec-version", version(spec_version="3.0")),
    ("empty-scheme", "scope.scheme-not-empty", having("scheme", "")),
    ("scheme-as-bytes", "scope.scheme-type", having("scheme", lambda scheme: scheme.encode())),
    ("no-path", "scope.path-present", without("path")),
    ("raw-path-as-text", "scope.raw-path-type", having("raw_path", lambda path: path.decode())),
    ("raw-path-anew", "scope.raw-path-unmodified", spelt_anew),
    ("root-path-as-bytes", "scope.root-path-type", having("root_path", b"")),
    ("no-headers", "scope.headers-present", without("headers")),
    ("names-as-text", "scope.headers-name-bytes",
     headers(lambda pairs: [(name.decode("latin-1"), value) for name, value in pairs])),
    ("values-as-text", "scope.headers-value-bytes",
     headers(lambda pairs: [(name, value.decode("latin-1")) for name, value in pairs])),
    ("one-of-each-name", "scope.headers-duplicates-preserved",
     headers(lambda pairs: list(dict(pairs).items()))),
    ("names-in-capitals", "scope.headers-lowercase",
     headers(lambda pairs: [(name.title(), value) for name, value in pairs])),
    ("pseudo-header", "scope.headers-no-pseudo",
     headers(lambda pairs: [(b":scheme", b"http"), *pairs])),
    ("client-as-text", "scope.client-shape", having("client", "127.0.0.1:80")),
    ("client-host-as-bytes", "scope.client-host-type", part("client", 0, str.encode)),
    ("client-port-as-text", "scope.client-port-type", part("client", 1, str)),
    ("server-as-text", "scope.server-shape", having("server", "127.0.0.1:80")),
    ("server-host-as-bytes", "scope.server-host-type", part("server", 0, str.encode)),
    ("server-port-as-text", "scope.server-port-type", part("server", 1, str)),
    ("state-as-object", "scope.state-type",
     having("state", lambda state: SimpleNamespace(**(state or {})))),
]  # fmt: skip


def of_both() -> list[Fault]:
    """The faults that either kind of scope can have, one for each kind."""
    return [
        faults_of(f"asgi.{kind}")(f"{kind}-{name}", requirement, **edited(kind, change))
        for name, requirement, change in BOTH
        for kind in ("http", "websocket")
    ]


KEY_IN_BYTES: Any = {b"x": 1}

fault = faults_of("asgi")


def http(name: str, requirements: str, change: Change) -> Fault:
    """A fault of scopes of requests."""
    return fault(name, requirements, **edited("http", change))


def common(name: str, requirements: str, change: Change) -> Fault:
    """A fault of scopes of both kinds."""
    return fault(name, requirements, **edited("common", change))


def websocket(name: str, requirements: str, change: Change) -> Fault:
    """A fault of scopes of WebSockets."""
    return fault(name, requirements, **edited("websocket", change))


def proxied(self: ASGICall) -> Any:
    """The scope as something that only reads."""
    scopes = self.connection.parts.scopes(self.connection, self.request)
    return MappingProxyType(scopes.http())


CORE = [
    http("no-type", "scope.contains-type", without("type")),
    websocket("no-type-here", "scope.contains-type", without("type")),
    http("type-as-bytes", "scope.type-unicode", having("type", b"http")),
    http("odd-type", "http.scope.type",
         having("type", "HTTP")),
    http("web-type", "scope.type-known http.scope.type-signifies-http", having("type", "web")),
    fault("read-only-scope", "scope.is-dict", asgi={"scope": proxied}),
    common("no-asgi", "scope.asgi-present", without("asgi")),
    http("no-asgi-version", "scope.asgi-version-present",
         version(version=None)),
    websocket("no-asgi-version-here", "scope.asgi-version-present",
              version(version=None)),
    common("asgi-version-as-number", "scope.asgi-version-type", version(version=3.0)),
    http("odd-asgi-version", "scope.asgi-version-value", version(version="3")),
    common("spec-version-as-number", "scope.spec-version-type", version(spec_version=2.5)),
    http("extensions-as-list", "extensions.is-dict", having("extensions", list)),
    http("extension-in-bytes", "extensions.name-unicode", having("extensions", {b"x": {}})),
    http("extension-true", "extensions.entry-is-dict", having("extensions", {"x": True})),
    http("secret-trailers", "ext.trailers.advertised", having("extensions", {})),
    http("debug-extension", "ext.debug.servers-not-implement",
         having("extensions", {"http.response.debug": {}})),
    http("tls-without-tls", "ext.tls.forbidden-without-tls", having("extensions", {"tls": {
        "server_cert": None, "client_cert_chain": [], "client_cert_name": None,
        "client_cert_error": None, "tls_version": 0x304, "cipher_suite": 0x1301}})),
    common("key-in-bytes", "strings.dict-keys-str", lambda scope: scope.update(dict(KEY_IN_BYTES))),
]  # fmt: skip

HTTP = [
    http("no-http-version", "http.scope.http-version-present", without("http_version")),
    http("odd-http-version", "http.scope.http-version-value", having("http_version", "1")),
    http("http-version-fixed", "http.scope.http-version-accurate", having("http_version", "1.1")),
    http("no-method-here", "http.scope.method-present", without("method")),
    http("method-in-small-letters", "http.scope.method-uppercased", having("method", str.lower)),
    http("head-as-get", "http.scope.method-accurate",
         having("method", lambda method: "GET" if method == "HEAD" else method)),
    http("https-for-http", "http.scope.scheme-accurate", having("scheme", "https")),
    http("path-as-bytes-here", "http.scope.path-present",
         having("path", lambda path: path.encode())),
    http("path-with-query", "http.scope.path-excludes-query", with_query("path")),
    http("path-escaped", "http.scope.path-percent-decoded", path_escaped),
    http("path-latin1", "http.scope.path-utf8-decoded", path_latin1),
    http("other-root", "http.scope.path-full-form", having("root_path", "/elsewhere")),
    http("raw-path-with-query", "http.scope.raw-path-excludes-query", with_query("raw_path")),
    http("no-query-here", "http.scope.query-string-present",
         without("query_string")),
    http("query-undone", "http.scope.query-string-raw", having("query_string", unquote_to_bytes)),
    http("query-none", "http.scope.query-string-empty",
         having("query_string", lambda query: query or b"?")),
    http("root-path-with-slash", "http.scope.root-path-form", having("root_path", "/")),
    http("root-path-unmounted", "http.scope.root-path-mount", having("root_path", "")),
    http("triples", "http.scope.headers-pairs",
         headers(lambda pairs: [(name, value, b"") for name, value in pairs])),
    http("headers-backwards", "http.scope.headers-value-order",
         headers(lambda pairs: pairs[::-1])),
    http("values-in-small-letters", "http.headers.preserved-exactly",
         headers(lambda pairs: [(name, value.lower()) for name, value in pairs])),
    http("headers-joined", "http.headers.preserved-exactly", headers(joined)),
    http("headers-decoded", "http.encoding.headers-exact-bytes",
         headers(lambda pairs: [(name, utf8(value)) for name, value in pairs])),
    fault("one-state-for-requests", "lifespan.state.shallow-copy "
          "lifespan.state.request-additions-isolated", lifespan={"request_state": no_copy}),
]  # fmt: skip

WEBSOCKET = [
    websocket("type-as-bytes-here", "scope.type-unicode", having("type", b"websocket")),
    websocket("type-ws", "websocket.scope.type-signifies-websocket websocket.scope.type",
              having("type", "ws")),
    websocket("http-version-as-number", "websocket.scope.http-version-type",
              having("http_version", 1.1)),
    websocket("scheme-http", "websocket.scope.scheme-value", having("scheme", "http")),
    websocket("path-escaped-here", "websocket.scope.path-decoded", path_escaped),
    websocket("query-as-text", "websocket.scope.query-string-type",
              having("query_string", lambda query: query.decode())),
    websocket("headers-backwards-here", "websocket.scope.headers-order",
              headers(lambda pairs: pairs[::-1])),
    websocket("subprotocols-as-text", "websocket.scope.subprotocols-type",
              having("subprotocols", ", ".join)),
    websocket("subprotocols-backwards", "websocket.scope.subprotocols-accurate",
              having("subprotocols", lambda names: names[::-1])),
    websocket("subprotocols-unsplit", "websocket.scope.subprotocols-accurate",
              having("subprotocols", lambda names: [", ".join(names)] if names else [])),
    websocket("subprotocols-invented", "websocket.scope.subprotocols-default",
              having("subprotocols", lambda names: names or ["chat"])),
    websocket("root-path-unmounted-here", "websocket.scope.root-path-mount",
              having("root_path", "")),
]  # fmt: skip

FAULTS = [*CORE, *HTTP, *WEBSOCKET, *of_both()]
