"""ASGI over HTTP: the scope's versions, method, scheme, addresses and extensions.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
"""

from __future__ import annotations

import ipaddress

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAMILY,
    HOST,
    body,
    refused,
    scope,
    start,
)
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.script import Script, drain

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")
_CUSTOM = ("PURGE", "M-SEARCH", "GATEPROOF")
_BODILESS = Script(asgi=(drain(), start(), body()))


@case(
    FAMILY,
    "scope-of-a-plain-request",
    first=True,
    proves=(
        "asgi.app.awaited-with-three-arguments",
        "asgi.receive.awaitable-callable",
        "asgi.send.awaitable-callable",
        "asgi.scope.first-argument",
        "asgi.scope.is-dict",
        "asgi.strings.dict-keys-str",
        "asgi.scope.contains-type",
        "asgi.scope.type-unicode",
        "asgi.scope.type-known",
        "asgi.http.scope.type-signifies-http",
        "asgi.http.scope.type",
        "asgi.scope.asgi-present",
        "asgi.scope.asgi-version-present",
        "asgi.scope.asgi-version-type",
        "asgi.scope.asgi-version-value",
        "asgi.scope.spec-version-type",
        "asgi.http.scope.asgi-spec-version",
        "asgi.http.scope.root-path-type",
        "asgi.http.scope.state-type",
    ),
)
async def plain(stage: ServerStage) -> None:
    """A plain request calls the application with a scope of type http and its versions."""
    heard = await stage.ask(Request(), calls=1)
    if not heard.called:
        # Without a scope that is a dict there is no token to know the call by.
        strays = stage.server.folder.strays()
        heard.calls = [call for call in strays if not isinstance(call.request, dict)][:1]
        if not heard.called:
            stage.broken(
                "asgi.app.awaited-with-three-arguments",
                "a plain request was not given to the application",
                heard=heard,
                observed=f"no call; {heard.reply}",
                expected="a call with scope, receive and send, which is awaited",
            )
        return
    kind = scope(heard).get("type")
    if isinstance(kind, str) and kind.lower() != "http":  # a misspelt one is the judge's
        stage.broken(
            "asgi.http.scope.type-signifies-http",
            "an HTTP request arrived with a scope of another type",
            heard=heard,
            observed=repr(kind),
            expected="'http'",
        )


@case(
    FAMILY,
    "http-version",
    proves=(
        "asgi.http.scope.http-version-present",
        "asgi.http.scope.http-version-value",
        "asgi.http.scope.http-version-accurate",
    ),
)
async def http_version(stage: ServerStage) -> None:
    """The scope tells the version of HTTP in which the request was made."""
    for version in ("1.1", "1.0"):
        if version == "1.0" and not stage.features.http10:
            continue
        heard = await stage.ask(Request(version=f"HTTP/{version}"))
        if refused(heard):
            continue
        seen = scope(heard).get("http_version")
        # How a version is written is a matter of its own, and the judge's.
        if seen in ("1.0", "1.1", "2", "3") and seen != version:
            stage.broken(
                "asgi.http.scope.http-version-accurate",
                f"a request of HTTP/{version} arrived with another http_version",
                heard=heard,
                observed=repr(seen),
                expected=repr(version),
            )


@case(
    FAMILY,
    "method",
    proves=(
        "asgi.http.scope.method-present",
        "asgi.http.scope.method-accurate",
    ),
)
async def method(stage: ServerStage) -> None:
    """Standard and unknown methods arrive as they were sent, if the server takes them."""
    for sent in (*_METHODS, *_CUSTOM):
        heard = await stage.ask(Request(method=sent), _BODILESS)
        if refused(heard):
            continue
        seen = scope(heard).get("method")
        if isinstance(seen, str) and seen != sent:
            stage.broken(
                "asgi.http.scope.method-accurate",
                f"a request with the method {sent} arrived with another",
                heard=heard,
                observed=repr(seen),
                expected=repr(sent),
            )
            return


@case(FAMILY, "method-in-lower-case", proves=("asgi.http.scope.method-uppercased",))
async def lower_case(stage: ServerStage) -> None:
    """A method that the client wrote in lower case is in upper case in the scope, or refused."""
    await stage.ask(Request(method="get"))
    await stage.ask(Request(method="Post", body=b"x"))


@case(
    FAMILY,
    "scheme",
    proves=(
        "asgi.http.scope.scheme-type",
        "asgi.http.scope.scheme-not-empty",
        "asgi.http.scope.scheme-accurate",
    ),
)
async def scheme(stage: ServerStage) -> None:
    """The scheme of a request on a plain connection is http."""
    stage.at_hand("the scheme on the server's own connection")
    heard = await stage.ask(Request())
    seen = scope(heard).get("scheme", "http")
    if isinstance(seen, str) and seen not in ("http", ""):
        stage.broken(
            "asgi.http.scope.scheme-accurate",
            "a request on a plain connection arrived with another scheme than http",
            heard=heard,
            observed=repr(seen),
            expected="'http'",
        )


@case(
    FAMILY,
    "client",
    proves=(
        "asgi.http.scope.client-shape",
        "asgi.http.scope.client-host-type",
        "asgi.http.scope.client-port-type",
    ),
)
async def client(stage: ServerStage) -> None:
    """The client's address and port, where they are given, are those of the connection."""
    stage.at_hand("the address that the server sees of its client")
    wire = await stage.connect()
    host, port = wire.local[:2]  # type: ignore[index]
    heard = await stage.ask(Request(), wire=wire)
    pair = _pair(scope(heard).get("client"))
    if pair is None:
        return
    if isinstance(pair[0], str) and _address(pair[0]) not in (None, _address(host)):
        stage.broken(
            "asgi.http.scope.client-host-type",
            "the client's address is not that of the connection",
            heard=heard,
            observed=repr(pair[0]),
            expected=repr(host),
        )
    # A server behind another may not know the port, and says 0.
    if isinstance(pair[1], int) and pair[1] not in (port, 0):
        stage.broken(
            "asgi.http.scope.client-port-type",
            "the client's port is not that of the connection",
            heard=heard,
            observed=repr(pair[1]),
            expected="the port of the client's end",
        )


@case(
    FAMILY,
    "server",
    proves=(
        "asgi.http.scope.server-shape",
        "asgi.http.scope.server-host-type",
        "asgi.http.scope.server-port-type",
    ),
)
async def server(stage: ServerStage) -> None:
    """The server's port, where it is given, is the one that it listens on."""
    stage.at_hand("the port that the server listens on")
    # The Host field names another port: it is no source for the listening address.
    heard = await stage.ask(Request(headers=(("Host", "gateproof.example:81"),)))
    pair = _pair(scope(heard).get("server"))
    port = stage.server.address[1]
    if pair is not None and isinstance(pair[1], int) and pair[1] != port:
        stage.broken(
            "asgi.http.scope.server-port-type",
            "the server's port is not the one that it listens on",
            heard=heard,
            observed=repr(pair[1]),
            expected=repr(port),
        )


def _pair(value: object) -> tuple[object, object] | None:
    """The two items of an address; ``None`` where it is missing or the judge's to find fault."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return None
    return (value[0], value[1])


def _address(host: str) -> object:
    """An IP address, ``None`` where ``host`` is none; an IPv4 address in IPv6 is itself."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@case(
    FAMILY,
    "extensions",
    proves=(
        "asgi.extensions.is-dict",
        "asgi.extensions.name-unicode",
        "asgi.extensions.entry-is-dict",
        "asgi.ext.debug.servers-not-implement",
        "asgi.ext.tls.forbidden-without-tls",
        "asgi.ext.ws-denial.websocket-scope-only",
    ),
)
async def extensions(stage: ServerStage) -> None:
    """The extensions are a dict of dicts, without those that have no place on a plain server."""
    heard = await stage.ask(Request(headers=(HOST, ("TE", "trailers"))))
    offered = scope(heard).get("extensions")
    if not isinstance(offered, dict):
        return
    if "tls" in offered and not stage.server.hosted:
        stage.broken(
            "asgi.ext.tls.forbidden-without-tls",
            "the extension tls is offered on a plain connection",
            heard=heard,
            observed=repr(offered["tls"]),
            expected="no entry tls",
        )
    if "http.response.debug" in offered:
        stage.broken(
            "asgi.ext.debug.servers-not-implement",
            "a server offers the extension http.response.debug, which is for test clients",
            heard=heard,
            observed=repr(offered["http.response.debug"]),
            expected="no entry http.response.debug",
        )
