"""pyvoy: Envoy with Python inside; refuses HTTP/1.0."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, Variants, deviations

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    options = (
        ["--worker-threads", str(THREADS)]
        if launch.interface == "wsgi"
        else ["--websockets", "--loop", launch.variants["loop"]]
    )
    return [
        str(launch.python), launch.script("pyvoy"), "--address", launch.host,
        "--port", str(launch.port), "--interface", launch.interface, *options, launch.app,
    ]  # fmt: skip


def requires(variants: Variants) -> tuple[str, ...]:
    """The event loops that are not Python's own."""
    return () if variants["loop"] == "asyncio" else (variants["loop"],)


def features(variants: Variants) -> Features:
    """By interface."""
    if variants["interface"] == "wsgi":
        return Features(http10=False, concurrency=THREADS)
    return Features(http10=False, upgrade=False, websocket=True, lifespan=True)


KNOWN = (
    *deviations(
        "pyvoy",
        ">=1.3.0",
        {
            "server.http1::head-without-content": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.http1::status-without-content": (
                "sends body octets with a 204 or 304, so that the next response is misread"
            ),
            "server.http1::tunnel-framing": (
                "sends Content-Length in a successful answer to CONNECT"
            ),
            "server.http1::length-not-kept": (
                "sends more or fewer octets than Content-Length declares and then keeps the "
                "connection open"
            ),
            "server.http1::chunk-size-malformed": (
                'accepts a chunk size with a sign, an "0x" prefix, an underscore or no digits'
                " at all"
            ),
            "server.http1::chunk-data-end": (
                "accepts chunk data that is longer or shorter than its size, or that other "
                "octets than CRLF follow"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
            "server.wsgi::head-without-body": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.asgi.http::headers-repeated": (
                "keeps only the first or the last of two request headers with the same name"
            ),
            "server.asgi.websocket::close-codes-not-to-send": (
                "accepts a ping of 126 octets, or sends a close frame with an overlong reason"
            ),
            "server.asgi.websocket::lost-socket": (
                "delivers no websocket.disconnect after the TCP connection was reset"
            ),
            "server.asgi.websocket::lengths": (
                "leaves the TCP connection open after a protocol error of the client"
            ),
            "server.asgi.websocket::handshakes-to-refuse": (
                "accepts an opening handshake that has no Host header; completes a handshake "
                "that carries the version headers 13 and 8 together"
            ),
            "server.asgi.websocket::handshake-octet-by-octet": (
                "misreads a frame that arrives in several TCP segments, or several frames in one"
            ),
            "server.asgi.websocket::malformed-extensions": (
                "agrees to an extension on the basis of a malformed Sec-WebSocket-Extensions header"
            ),
            "server.asgi.lifespan::raising-on-the-lifespan": (
                "opens another lifespan call, or delivers lifespan.shutdown, after the "
                "application raised on lifespan"
            ),
        },
    ),
)

ADAPTER = Adapter(
    name="pyvoy",
    distribution="pyvoy",
    interfaces=("asgi", "wsgi"),
    argv=argv,
    listen="zero",
    port_told=r"pyvoy listening on [^ ]*:(\d+)",
    variants={"interface": ("asgi", "wsgi"), "loop": ("asyncio", "uvloop", "trio")},
    requires=requires,
    features=features,
    columns=((), (("interface", "wsgi"),)),
    stop_codes=(0, -15),
    homepage="https://github.com/curioswitch/pyvoy",
    known=KNOWN,
)
