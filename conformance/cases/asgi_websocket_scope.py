"""ASGI WebSocket: scopes with optional keys absent, None or given, and with unknown ones.

https://asgi.readthedocs.io/en/latest/specs/www.html#websocket-connection-scope
"""

from __future__ import annotations

from typing import Any

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_websocket_connect import HANDSHAKE
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_scope import ABSENT

_DEFAULTS: tuple[tuple[str, Any, str], ...] = (
    ("http_version", ABSENT, "asgi.websocket.scope.http-version-default"),
    ("scheme", ABSENT, "asgi.websocket.scope.scheme-default"),
    ("root_path", ABSENT, "asgi.websocket.scope.root-path-default"),
    ("query_string", ABSENT, "asgi.websocket.scope.query-string-default"),
    ("query_string", None, "asgi.websocket.scope.query-string-default"),
    ("subprotocols", ABSENT, "asgi.websocket.scope.subprotocols-default"),
    ("raw_path", ABSENT, "asgi.websocket.scope.raw-path-optional"),
    ("raw_path", None, "asgi.websocket.scope.raw-path-optional"),
    ("extensions", ABSENT, "asgi.extensions.optional"),
)
"""Keys whose absence says the same as their presence, and what says so."""

_ADDRESSES = (
    ("client", "asgi.websocket.scope.client-optional"),
    ("server", "asgi.websocket.scope.server-optional"),
)


def _said(key: str, value: object) -> str:
    return f"the scope has no {key!r}" if value is ABSENT else f"{key!r} is {value!r}"


@case(
    "asgi.websocket",
    "scope-keys-absent",
    proves=(*HANDSHAKE, *dict.fromkeys(requirement for *_, requirement in _DEFAULTS)),
)
async def keys_absent(stage: ASGIStage) -> None:
    """A connection goes on the same when optional keys of the scope are left to their defaults."""
    for base in await stage.connections(messages=("1",)):
        for key, value, requirement in _DEFAULTS:
            if key == "query_string" and base.asked.query:
                continue  # its absence would say something else
            await base.agrees(base.asked.but(scope={key: value}), requirement, _said(key, value))


@case(
    "asgi.websocket",
    "scope-addresses",
    proves=(
        *HANDSHAKE,
        "asgi.websocket.scope.client-optional",
        "asgi.websocket.scope.server-optional",
        "asgi.websocket.scope.server-unix-none",
    ),
)
async def addresses(stage: ASGIStage) -> None:
    """An application copes with unknown addresses and with Unix sockets.

    It may behave differently, so only a breakdown counts.
    """
    for base in await stage.connections(messages=("1",)):
        for key, requirement in _ADDRESSES:
            for value in (ABSENT, None):
                await base.agrees(
                    base.asked.but(scope={key: value}),
                    requirement,
                    _said(key, value),
                    changed=None,
                )
        await base.agrees(
            base.asked.but(scope={"server": ["/run/app.sock", None], "client": None}),
            "asgi.websocket.scope.server-unix-none",
            "the server listens on a Unix socket",
            broke="weak",
            changed=None,
        )


@case(
    "asgi.websocket",
    "scope-versions",
    proves=(
        *HANDSHAKE,
        "asgi.websocket.scope.asgi-spec-version",
        "asgi.websocket.scope.asgi-spec-version-default",
    ),
)
async def versions(stage: ASGIStage) -> None:
    """Every published spec_version is served, and none at all means the oldest.

    An application may use what a version brings, so only a breakdown counts; one
    that breaks down with the oldest version may do so where there is none.
    """
    for base in await stage.connections(messages=("1",)):
        oldest = base
        for version in asgi_scope.SPEC_VERSIONS:
            asked = base.asked.but(scope={"asgi": asgi_scope.asgi(version)})
            reply = await base.agrees(
                asked,
                "asgi.websocket.scope.asgi-spec-version",
                f"the spec_version is {version!r}",
                broke="weak",
                changed=None,
            )
            if version == asgi_scope.OLDEST:
                oldest = base.beside(asked, reply)
        await oldest.agrees(
            base.asked.but(scope={"asgi": asgi_scope.asgi(None)}),
            "asgi.websocket.scope.asgi-spec-version-default",
            "the scope has no spec_version",
            changed=None,
        )


@case(
    "asgi.websocket",
    "scope-http-2",
    proves=(*HANDSHAKE, "asgi.websocket.scope.http-version-type"),
)
async def http_2(stage: ASGIStage) -> None:
    """Over HTTP/2 there are no upgrade headers, and an application does not need them."""
    for base in await stage.connections(messages=("1",)):
        host = stage.host.encode("latin-1")
        headers = [(b"host", host), (b"sec-websocket-version", b"13")]
        await base.agrees(
            base.asked.but(scope={"http_version": "2", "headers": headers}),
            "asgi.websocket.scope.http-version-type",
            "the connection came over HTTP/2",
            broke="weak",
            changed=None,
        )


@case("asgi.websocket", "scope-keys-extra", proves=(*HANDSHAKE, "asgi.app.ignores-extra-keys"))
async def keys_extra(stage: ASGIStage) -> None:
    """Unknown keys and unknown extensions in the scope change nothing."""
    extra = {"x_gateproof": {"nested": [1]}, "extensions": {"x.gateproof.unknown": {}}}
    for base in await stage.connections(messages=("1",)):
        await base.agrees(
            base.asked.but(scope=extra), "asgi.app.ignores-extra-keys", "the scope has unknown keys"
        )
