"""Granian: one worker; its interface has to be named, and it never tells its port."""

from __future__ import annotations

from gateproof.targets.adapter import (
    Adapter,
    Features,
    Interface,
    Known,
    Launch,
    Variants,
    deviations,
)

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    options = ["--blocking-threads", str(THREADS)] if launch.interface == "wsgi" else []
    if launch.root_path:
        options += ["--url-path-prefix", launch.root_path]
    return launch.run(
        "granian", "--host", launch.host, "--port", str(launch.port), "--workers", "1",
        "--workers-kill-timeout", "3", "--interface", launch.variants["interface"], "--http", "1",
        "--loop", launch.variants["loop"], *options, launch.app,
    )  # fmt: skip


def requires(variants: Variants) -> tuple[str, ...]:
    """The event loop, where it is not Python's own."""
    return () if variants["loop"] == "asyncio" else (variants["loop"],)


def speaks(variants: Variants) -> Interface:
    """What Granian calls asginl is ASGI without lifespan."""
    return "wsgi" if variants["interface"] == "wsgi" else "asgi"


def features(variants: Variants) -> Features:
    """By interface."""
    if variants["interface"] == "wsgi":
        return Features(concurrency=THREADS, root_path=True)
    return Features(websocket=True, lifespan=variants["interface"] == "asgi", root_path=True)


KNOWN = (
    *deviations(
        "granian",
        ">=2.8.7",
        ("server.http1::chunks-ended",),
        {"interface": "wsgi"},
    ),
    *deviations(
        "granian",
        ">=2.8.7",
        (
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.wsgi::error-replaces-head",
            "server.wsgi::error-after-data",
            "server.wsgi::start-twice",
            "server.wsgi::never-started",
            "server.wsgi::head-held",
            "server.wsgi::start-while-iterating",
            "server.wsgi::input-readline",
            "server.wsgi::input-readlines",
            "server.wsgi::input-readlines-hint",
            "server.wsgi::input-iteration",
            "server.wsgi::input-mixed",
            "server.wsgi::write",
            "server.asgi.http::transfer-encoding-ignored",
            "server.asgi.http::response-defaults",
            "server.asgi.http::client",
            "server.asgi.http::server",
            "server.asgi.websocket::close-codes-not-to-send",
            "server.asgi.websocket::accept-headers",
            "server.asgi.websocket::handshakes-to-refuse",
            "server.asgi.websocket::scope",
        ),
    ),
    *deviations(
        "granian",
        ">=2.8.7",
        (
            "server.http1::length-not-kept",
            "server.http1::http10-upgrade",
        ),
        {"interface": "asgi"},
    ),
    Known("asgi.http.scope.client-port-type", ">=2.8.7", link="docs/findings/granian.md"),
    Known("asgi.http.scope.server-port-type", ">=2.8.7", link="docs/findings/granian.md"),
    Known("wsgi.start-response.returns-write", ">=2.8.7", link="docs/findings/granian.md"),
)

ADAPTER = Adapter(
    name="granian",
    distribution="granian",
    interfaces=("asgi", "wsgi"),
    argv=argv,
    listen="zero",
    variants={"interface": ("asgi", "asginl", "wsgi"), "loop": ("asyncio", "uvloop")},
    requires=requires,
    features=features,
    speaks=speaks,
    columns=((), (("interface", "wsgi"),)),
    homepage="https://github.com/emmett-framework/granian",
    known=KNOWN,
)
