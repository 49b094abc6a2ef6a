"""Uvicorn: one process, the lifespan as by default; the parts are named, not "auto"."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, Variants, deviations

PORT_TOLD = r"Uvicorn running on http://[^ ]*:(\d+)"


def argv(launch: Launch, lifespan: str = "auto") -> list[str]:
    """The command; by default it trusts forwarded headers from 127.0.0.1, which we are."""
    chosen = launch.variants
    forwarded = [] if chosen["forwarded"] == "default" else ["--no-proxy-headers"]
    mounted = ["--root-path", launch.root_path] if launch.root_path else []
    return launch.run(
        "uvicorn", "--host", launch.host, "--port", str(launch.port), "--workers", "1",
        "--http", chosen["http"], "--ws", chosen["ws"], "--loop", chosen["loop"],
        "--lifespan", lifespan, *forwarded, *mounted, launch.app,
    )  # fmt: skip


def requires(variants: Variants) -> tuple[str, ...]:
    """Uvicorn's own metadata leave parsers and loops to extras."""
    named = {"h11": "h11", "httptools": "httptools", "uvloop": "uvloop", "wsproto": "wsproto"}
    named |= {"websockets": "websockets", "websockets-sansio": "websockets"}
    return tuple(named[value] for value in variants.values() if value in named)


KNOWN = (
    *deviations(
        "uvicorn",
        ">=0.54.0",
        (
            "server.http1::status-without-content",
            "server.http1::one-kind-of-framing",
            "server.http1::trailers",
            "server.http1::expect-in-http10",
            "server.http1::interim-in-http10",
            "server.http1::field-value-trimmed",
            "server.http1::http10-unchunked",
            "server.http1::host-missing",
            "server.http1::host-twice",
        ),
        {"http": "httptools"},
    ),
    *deviations(
        "uvicorn",
        ">=0.54.0",
        (
            "server.http1::http10-upgrade",
            "server.http1::host-malformed",
            "server.asgi.http::transfer-encoding-ignored",
            "server.asgi.websocket::handshakes-to-refuse",
        ),
    ),
    *deviations(
        "uvicorn",
        ">=0.54.0",
        ("server.http1::length-beside-chunked",),
        {"http": "h11"},
    ),
    *deviations(
        "uvicorn",
        ">=0.54.0",
        (
            "server.asgi.websocket::close-codes-not-to-send",
            "server.asgi.websocket::malformed-extensions",
        ),
        {"ws": "wsproto"},
    ),
)

ADAPTER = Adapter(
    name="uvicorn",
    distribution="uvicorn",
    interfaces=("asgi",),
    argv=argv,
    listen="zero",  # with --fd it takes the socket for a unix one and leaves Nagle's delay on
    port_told=PORT_TOLD,
    variants={
        "http": ("h11", "httptools"),
        "ws": ("websockets", "websockets-sansio", "wsproto"),
        "loop": ("asyncio", "uvloop"),
        "forwarded": ("ignored", "default"),
    },
    requires=requires,
    features=lambda _: Features(websocket=True, lifespan=True, root_path=True),
    stop_codes=(0, -15),
    columns=(
        (),
        (("http", "httptools"), ("loop", "uvloop"), ("ws", "websockets-sansio")),
        (("ws", "wsproto"),),
    ),
    homepage="https://github.com/Kludex/uvicorn",
    known=KNOWN,
)
