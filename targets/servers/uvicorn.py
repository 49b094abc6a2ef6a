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
        {
            "server.http1::status-without-content": (
                "sends body octets with a 204 or 304, so that the next response is misread"
            ),
            "server.http1::one-kind-of-framing": (
                "sends Content-Length and Transfer-Encoding in the same response"
            ),
            "server.http1::trailers": (
                "adds a trailer field, such as Content-Length or Host, to the request headers"
                " the application sees"
            ),
            "server.http1::expect-in-http10": (
                "sends 100 in answer to an HTTP/1.0 request with Expect"
            ),
            "server.http1::interim-in-http10": (
                "sends an interim response such as 100 or 103 to an HTTP/1.0 client"
            ),
            "server.http1::field-value-trimmed": (
                "hands the application a header value with the blanks or tabs that surrounded"
                " it on the wire"
            ),
            "server.http1::http10-unchunked": (
                "answers an HTTP/1.0 request with a response that carries Transfer-Encoding"
            ),
            "server.http1::host-missing": (
                "serves an HTTP/1.1 request that carries no Host header"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
        },
        {"http": "httptools"},
    ),
    *deviations(
        "uvicorn",
        ">=0.54.0",
        {
            "server.http1::http10-upgrade": (
                "switches protocols for an HTTP/1.0 request that carries Upgrade"
            ),
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.asgi.http::transfer-encoding-ignored": (
                "copies the application's Transfer-Encoding to the wire, so that it appears "
                "twice or names a coding that was not applied"
            ),
            "server.asgi.websocket::handshakes-to-refuse": (
                "opens a WebSocket for a POST request or for an HTTP/1.0 request; accepts an "
                "opening handshake that has no Host header; completes a handshake that "
                "carries the version headers 13 and 8 together"
            ),
        },
    ),
    *deviations(
        "uvicorn",
        ">=0.54.0",
        {
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
        },
        {"http": "h11"},
    ),
    *deviations(
        "uvicorn",
        ">=0.54.0",
        {
            "server.asgi.websocket::close-codes-not-to-send": (
                "puts a close code under 1000 into a close frame, for example 999 given by "
                "the application"
            ),
            "server.asgi.websocket::malformed-extensions": (
                "agrees to an extension on the basis of a malformed Sec-WebSocket-Extensions header"
            ),
        },
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
