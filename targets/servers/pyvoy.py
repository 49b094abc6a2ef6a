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
        (
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::tunnel-framing",
            "server.http1::length-not-kept",
            "server.http1::chunk-size-malformed",
            "server.http1::chunk-data-end",
            "server.http1::host-twice",
            "server.wsgi::head-without-body",
            "server.asgi.http::headers-repeated",
            "server.asgi.websocket::close-codes-not-to-send",
            "server.asgi.websocket::lost-socket",
            "server.asgi.websocket::lengths",
            "server.asgi.websocket::handshakes-to-refuse",
            "server.asgi.websocket::handshake-octet-by-octet",
            "server.asgi.websocket::malformed-extensions",
            "server.asgi.lifespan::raising-on-the-lifespan",
        ),
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
