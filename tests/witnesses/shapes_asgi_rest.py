"""Shapes of lifespan and of the extensions."""

from __future__ import annotations

from witnesses.kit import Shape, shapes, without
from witnesses.shapes_asgi_http import SCOPE as HTTP

LIFESPAN = {
    "type": "lifespan",
    "asgi": {"version": "3.0", "spec_version": "2.0"},
    "state": {},
}
L = "asgi.lifespan."


def lifespan(**changes: object) -> dict[str, object]:
    return {**LIFESPAN, **changes}


def typed(kind: str, requirement: str, wrong: str, good: dict[str, object]) -> Shape:
    return Shape(requirement, f"asgi/{kind}", {**good, "type": wrong}, good)


SCOPES = shapes(
    "asgi/scope.lifespan",
    LIFESPAN,
    {
        L + "scope.type": lifespan(type="startup"),
        L + "scope.asgi-spec-version": lifespan(asgi={"version": "3.0", "spec_version": "2.4"}),
        L + "scope.state-type": lifespan(state=[]),
        L + "scope.state-initially-empty": lifespan(state={"db": 1}),
        L + "scope.minimal": lifespan(path="/"),
        "asgi.ext.tls.with-base-protocol": lifespan(extensions={"tls": {}}),
    },
)
EVENTS = [
    typed(kind, L + part + ".type", "lifespan.done", {"type": kind})
    for kind, part in (
        ("lifespan.startup", "startup"),
        ("lifespan.startup.complete", "startup-complete"),
        ("lifespan.startup.failed", "startup-failed"),
        ("lifespan.shutdown", "shutdown"),
        ("lifespan.shutdown.complete", "shutdown-complete"),
        ("lifespan.shutdown.failed", "shutdown-failed"),
    )
] + [
    Shape(
        f"{L}{part}-failed.message-type",
        f"asgi/lifespan.{part}.failed",
        {"type": f"lifespan.{part}.failed", "message": OSError("no")},
        {"type": f"lifespan.{part}.failed", "message": "no"},
    )
    for part in ("startup", "shutdown")
]

N = "asgi.ext.ws-denial."
DENIAL = {"type": "websocket.http.response.start", "status": 403, "headers": [(b"a", b"b")]}
DENIAL_BODY = {"type": "websocket.http.response.body", "body": b"no"}
PUSH = {"type": "http.response.push", "path": "/style.css", "headers": [(b"accept", b"*/*")]}
ZEROCOPY = {"type": "http.response.zerocopysend", "file": object(), "offset": 0, "count": 5}
PATHSEND = {"type": "http.response.pathsend", "path": "/srv/file"}
HINT = {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]}
TRAILERS = {"type": "http.response.trailers", "headers": [(b"digest", b"x")]}
DEBUG = {"type": "http.response.debug", "info": {"template": object()}}
P, Z, F = "asgi.ext.push.", "asgi.ext.zerocopy.", "asgi.ext.pathsend."
T, D = "asgi.ext.trailers.", "asgi.ext.debug."


def push(*pairs: object) -> dict[str, object]:
    return {**PUSH, "headers": list(pairs)}


def trailers(*pairs: object) -> dict[str, object]:
    return {**TRAILERS, "headers": list(pairs)}


EXTENSIONS = [
    typed("websocket.http.response.start", N + "message-types", "http.response.start", DENIAL),
    typed("http.response.push", P + "type", "http.push", PUSH),
    typed("http.response.zerocopysend", Z + "type", "http.response.zerocopy_send", ZEROCOPY),
    typed("http.response.pathsend", F + "type", "http.response.path_send", PATHSEND),
    typed("http.response.early_hint", "asgi.ext.early-hint.type", "http.early_hints", HINT),
    typed("http.response.trailers", T + "type", "http.response.trailer", TRAILERS),
    typed("http.response.debug", D + "type", "http.debug", DEBUG),
    *shapes(
        "asgi/websocket.http.response.start",
        DENIAL,
        {
            N + "start-structure": {**DENIAL, "status": "403"},
            N + "status-not-101": {**DENIAL, "status": 101},
        },
    ),
    *shapes(
        "asgi/websocket.http.response.body",
        DENIAL_BODY,
        {N + "body-structure": {**DENIAL_BODY, "body": "no"}},
    ),
    *shapes(
        "asgi/scope.http",
        HTTP,
        {N + "websocket-scope-only": {**HTTP, "extensions": {"websocket.http.response": {}}}},
    ),
    *shapes(
        "asgi/http.response.push",
        PUSH,
        {
            P + "path-present": without(PUSH, "path"),
            P + "headers-pairs": without(PUSH, "headers"),
            P + "headers-lowercase": push((b"Accept", b"*/*")),
            P + "headers-no-pseudo": push((b":method", b"GET")),
        },
    ),
    *shapes(
        "asgi/http.response.zerocopysend",
        ZEROCOPY,
        {
            Z + "file-descriptor": without(ZEROCOPY, "file"),
            Z + "offset-type": {**ZEROCOPY, "offset": -1},
            Z + "count-type": {**ZEROCOPY, "count": 1.0},
            Z + "more-body-type": {**ZEROCOPY, "more_body": 1},
        },
    ),
    *shapes(
        "asgi/http.response.pathsend",
        PATHSEND,
        {
            F + "path-type": {**PATHSEND, "path": b"/srv/file"},
            F + "path-absolute": {**PATHSEND, "path": "file"},
        },
    ),
    *shapes(
        "asgi/http.response.early_hint",
        HINT,
        {"asgi.ext.early-hint.links": {**HINT, "links": [b"a\r\nb"]}},
    ),
    *shapes(
        "asgi/http.response.trailers",
        TRAILERS,
        {
            T + "headers-pairs": trailers((b"a", "b")),
            T + "headers-lowercase": trailers((b"Digest", b"x")),
            T + "headers-no-pseudo": trailers((b":status", b"200")),
            T + "more-trailers-type": {**TRAILERS, "more_trailers": 1},
        },
    ),
    *shapes("asgi/http.response.debug", DEBUG, {D + "info-dict": {**DEBUG, "info": {1: "a"}}}),
]

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
TLS = {
    "server_cert": PEM,
    "client_cert_chain": [PEM],
    "client_cert_name": "CN=a",
    "client_cert_error": None,
    "tls_version": 0x0304,
    "cipher_suite": 0x1301,
}
X = "asgi.ext.tls."


def tls(**changes: object) -> dict[str, object]:
    return {**TLS, **changes}


ENTRIES = shapes(
    "asgi/extension.tls",
    TLS,
    {
        X + "is-dict": True,
        X + "server-cert-present": without(TLS, "server_cert"),
        X + "server-cert-type": tls(server_cert="cert.pem"),
        X + "server-cert-none-if-unknown": tls(server_cert=""),
        X + "client-cert-chain-type": tls(client_cert_chain=PEM),
        X + "client-cert-name-type": tls(client_cert_name=b"CN=a"),
        X + "client-cert-name-required-with-chain": tls(client_cert_name=None),
        X + "client-cert-error-type": tls(client_cert_error=""),
        X + "tls-version-present": without(TLS, "tls_version"),
        X + "tls-version-type": tls(tls_version="TLSv1.3"),
        X + "cipher-suite-present": without(TLS, "cipher_suite"),
        X + "cipher-suite-type": tls(cipher_suite=0x10000),
    },
)
WITNESSES = [*SCOPES, *EVENTS, *EXTENSIONS, *ENTRIES]

MINIMAL_TLS = {"server_cert": None, "tls_version": None, "cipher_suite": None}
CLEAN = [
    ("asgi/scope.lifespan", {"type": "lifespan", "asgi": {"version": "3.0"}}),
    ("asgi/scope.lifespan", lifespan(extensions={"own": {}})),
    ("asgi/lifespan.startup.failed", {"type": "lifespan.startup.failed"}),
    ("asgi/scope.http", {**HTTP, "extensions": {}}),
    ("asgi/scope.http", {**HTTP, "extensions": {"tls": TLS}}),
    ("asgi/scope.http", {**HTTP, "extensions": {"tls": MINIMAL_TLS, "http.response.debug": {}}}),
    ("asgi/extension.tls", MINIMAL_TLS),
    ("asgi/extension.tls", tls(client_cert_chain=[], client_cert_name=None)),
    ("asgi/extension.tls", without(TLS, "client_cert_chain")),
    ("asgi/extension.tls", without(TLS, "client_cert_chain", "client_cert_name")),
    ("asgi/extension.tls", without(TLS, "client_cert_error")),
    ("asgi/http.response.zerocopysend", without(ZEROCOPY, "offset", "count")),
    ("asgi/http.response.trailers", {"type": "http.response.trailers", "headers": []}),
    ("asgi/websocket.http.response.body", {"type": "websocket.http.response.body"}),
]
