"""Hypercorn: in one process where that takes SIGTERM, else as a master with one worker.

A master ends with code 0 even when the application could not be imported; and without a master,
trio's worker does not handle SIGTERM: it is killed by it, with no shutdown of the lifespan.
"""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Known, Launch, Variants, deviations


def argv(launch: Launch) -> list[str]:
    """The command; without a prefix it guesses which interface the application speaks."""
    alone = launch.variants["worker"] != "trio" and launch.since("hypercorn", "0.15")
    workers = "0" if alone else "1"
    mounted = ["--root-path", launch.root_path] if launch.root_path else []
    return launch.run(
        "hypercorn", "-b", f"fd://{launch.fd}", "-w", workers, "-k", launch.variants["worker"],
        *mounted, f"{launch.interface}:{launch.app}",
    )  # fmt: skip


def requires(variants: Variants) -> tuple[str, ...]:
    """The event loops that are not Python's own."""
    return () if variants["worker"] == "asyncio" else (variants["worker"],)


def features(variants: Variants) -> Features:
    """In WSGI mode the body is read first, and the event loop's own threads run the application."""
    if variants["interface"] == "asgi":
        return Features(websocket=True, lifespan=True, root_path=True)
    return Features(streaming_input=False, disconnect_seen=False, concurrency=5, root_path=True)


KNOWN = (
    Known(
        "http1.chunked.last-chunk-required",
        ">=0.18.0",
        "calls a WSGI application with the part of a body that came before the client left",
        "docs/findings/hypercorn.md#last-chunk-missing",
        variants={"interface": "wsgi"},
    ),
    *deviations(
        "hypercorn",
        ">=0.18.0",
        (
            "server.http1::host-malformed",
            "server.http1::length-beside-chunked",
            "server.wsgi::environ-cgi-variables",
            "server.wsgi::error-after-data",
            "server.wsgi::start-twice",
            "server.wsgi::empty-body",
            "server.wsgi::zero-length",
            "server.wsgi::write",
            "server.asgi.http::transfer-encoding-ignored",
            "server.asgi.websocket::client-closes",
            "server.asgi.websocket::close-codes-not-to-send",
            "server.asgi.websocket::handshakes-to-refuse",
            "server.asgi.websocket::malformed-extensions",
        ),
    ),
    *deviations(
        "hypercorn",
        ">=0.18.0",
        {"server.http1::switching-unasked": "ends altogether when an application answers with 101"},
        {"worker": "trio"},
    ),
    Known("wsgi.environ.cgi-vars-native-str", ">=0.18.0", link="docs/findings/hypercorn.md"),
    Known("wsgi.start-response.returns-write", ">=0.18.0", link="docs/findings/hypercorn.md"),
)

ADAPTER = Adapter(
    name="hypercorn",
    distribution="hypercorn",
    interfaces=("asgi", "wsgi"),
    argv=argv,
    listen="fd",
    variants={"worker": ("asyncio", "uvloop", "trio"), "interface": ("asgi", "wsgi")},
    requires=requires,
    features=features,
    columns=((), (("worker", "trio"),), (("interface", "wsgi"),)),
    homepage="https://github.com/pgjones/hypercorn",
    known=KNOWN,
)
