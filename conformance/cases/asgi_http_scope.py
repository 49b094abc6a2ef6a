"""ASGI HTTP: scopes with optional keys absent, None or given, and with unknown ones.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
"""

from __future__ import annotations

from typing import Any

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_method import RESPONSE
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import Request
from gateproof.targets.asgi_scope import ABSENT

_DEFAULTS: tuple[tuple[str, Any, str], ...] = (
    ("scheme", ABSENT, "asgi.http.scope.scheme-default"),
    ("root_path", ABSENT, "asgi.http.scope.root-path-default"),
    ("raw_path", ABSENT, "asgi.http.scope.raw-path-optional"),
    ("raw_path", None, "asgi.http.scope.raw-path-optional"),
    ("extensions", ABSENT, "asgi.extensions.optional"),
)
"""Keys whose absence says the same as their presence, and what says so."""

_ADDRESSES = (
    ("client", "asgi.http.scope.client-optional"),
    ("server", "asgi.http.scope.server-optional"),
)


def _said(key: str, value: object) -> str:
    return f"the scope has no {key!r}" if value is ABSENT else f"{key!r} is {value!r}"


@case(
    "asgi.http",
    "scope-keys-absent",
    proves=(*RESPONSE, *dict.fromkeys(requirement for *_, requirement in _DEFAULTS)),
)
async def keys_absent(stage: ASGIStage) -> None:
    """The reply is the same when optional keys of the scope are left to their defaults."""
    for base in await stage.baselines():
        for key, value, requirement in _DEFAULTS:
            await base.agrees(base.asked.but(scope={key: value}), requirement, _said(key, value))


@case(
    "asgi.http",
    "scope-addresses",
    proves=(
        *RESPONSE,
        "asgi.http.scope.client-optional",
        "asgi.http.scope.server-optional",
        "asgi.http.scope.server-unix-none",
        "asgi.http.scope.client-shape",
    ),
)
async def addresses(stage: ASGIStage) -> None:
    """An application copes with unknown addresses and with Unix sockets.

    It may answer differently, so only a breakdown counts.
    """
    for base in await stage.baselines():
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
            "asgi.http.scope.server-unix-none",
            "the server listens on a Unix socket",
            broke="weak",
            changed=None,
        )
        await base.agrees(
            base.asked.but(scope={"client": ["::1", 0], "server": ["::1", 8000]}),
            "asgi.http.scope.client-shape",
            "the addresses are IPv6 and in lists",
            broke="weak",
            changed=None,
        )


@case(
    "asgi.http",
    "scope-versions",
    proves=(
        *RESPONSE,
        "asgi.http.scope.asgi-spec-version",
        "asgi.http.scope.asgi-spec-version-default",
        "asgi.scope.asgi-version-default",
    ),
)
async def versions(stage: ASGIStage) -> None:
    """Every published spec_version is served, and none at all means the oldest.

    An application may use what a version brings, so only a breakdown counts; one
    that breaks down with the oldest version may do so where there is none.
    """
    for base in await stage.baselines():
        oldest = base
        for version in asgi_scope.SPEC_VERSIONS:
            asked = base.asked.but(scope={"asgi": asgi_scope.asgi(version)})
            reply = await base.agrees(
                asked,
                "asgi.http.scope.asgi-spec-version",
                f"the spec_version is {version!r}",
                broke="weak",
                changed=None,
            )
            if version == asgi_scope.OLDEST:
                oldest = base.beside(asked, reply)
        await oldest.agrees(
            base.asked.but(scope={"asgi": asgi_scope.asgi(None)}),
            "asgi.http.scope.asgi-spec-version-default",
            "the scope has no spec_version",
            changed=None,
        )
        await oldest.agrees(
            base.asked.but(scope={"asgi": {}}),
            "asgi.scope.asgi-version-default",
            "the scope has no version",
            changed=None,
        )


@case("asgi.http", "scope-http-versions", proves=RESPONSE)
async def http_versions(stage: ASGIStage) -> None:
    """Requests of HTTP/1.0, also without Host, and HTTP/2 get well-formed responses."""
    for path in stage.paths:
        await stage.request(Request.to(path, scope={"http_version": "1.0"}))
        await stage.request(Request.to(path, scope={"http_version": "1.0", "headers": []}))
        await stage.request(Request.to(path, scope={"http_version": "2", "scheme": "https"}))


@case("asgi.http", "scope-keys-extra", proves=(*RESPONSE, "asgi.app.ignores-extra-keys"))
async def keys_extra(stage: ASGIStage) -> None:
    """Unknown keys and unknown extensions in the scope change nothing."""
    extra: dict[str, Any] = {
        "x_gateproof": {"nested": [1, 2]},
        "gateproof.extension": None,
        "asgi": {**asgi_scope.asgi(), "x_gateproof": "1"},
        "extensions": {"x.gateproof.unknown": {}},
    }
    for base in await stage.baselines():
        await base.agrees(
            base.asked.but(scope=extra), "asgi.app.ignores-extra-keys", "the scope has unknown keys"
        )


@case("asgi.http", "scope-root-path", proves=RESPONSE)
async def root_path(stage: ASGIStage) -> None:
    """Mounted under a root path, an application's response is as well-formed as at the root."""
    for target in stage.paths:
        asked = Request.to(target)
        path = "/mounted" + asked.path
        await stage.request(asked.but(path=path, scope={"root_path": "/mounted"}))


@case("asgi.http", "state-absent", proves=(*RESPONSE, "asgi.http.scope.state-optional"))
async def state(stage: ASGIStage) -> None:
    """An application whose lifespan stored nothing does not need the state key.

    Where something was stored, a server has to provide it, and leaving it out
    would prove nothing.
    """
    if stage.state:
        stage.not_applicable("the application keeps something in the lifespan's state")
    for base in await stage.baselines(scope={"state": {}}):
        await base.agrees(
            base.asked.but(scope={"state": ABSENT}),
            "asgi.http.scope.state-optional",
            _said("state", ABSENT),
        )


@case(
    "asgi.http",
    "unknown-scope-type",
    proves=("asgi.app.rejects-unknown-protocol", "asgi.app.rejects-unknown-before-sending"),
)
async def unknown_type(stage: ASGIStage) -> None:
    """A scope of an unknown type is refused with an exception, before anything is sent."""
    if await stage.offer_unknown() == "cancelled":
        stage.broken(
            "asgi.app.rejects-unknown-protocol",
            "went on waiting for events when called with a scope of an unknown type",
            observed="a call that did not end",
            expected="an exception",
            party="application",
            hint="raise for every scope type that the application does not handle",
        )
