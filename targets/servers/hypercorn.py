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
        {
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
            "server.wsgi::environ-cgi-variables": (
                "stores an int, None or bytes under a CGI variable name, for example an int "
                "as SERVER_PORT"
            ),
            "server.wsgi::error-after-data": (
                "returns normally from start_response with exc_info although the head has "
                "already left"
            ),
            "server.wsgi::start-twice": (
                "accepts a second start_response call that carries no exc_info"
            ),
            "server.wsgi::empty-body": (
                "sends nothing, or a different status, when the application starts a response"
                " and its iterable holds no data"
            ),
            "server.wsgi::zero-length": (
                "sends nothing, or a different status, when the application starts a response"
                " and its iterable holds no data"
            ),
            "server.wsgi::write": (
                "returns None, or something that cannot be called, from start_response"
            ),
            "server.asgi.http::transfer-encoding-ignored": (
                "copies the application's Transfer-Encoding to the wire, so that it appears "
                "twice or names a coding that was not applied"
            ),
            "server.asgi.websocket::client-closes": (
                "reports its own state, such as 1000 or 1006, instead of the code in the "
                "client's close frame"
            ),
            "server.asgi.websocket::close-codes-not-to-send": (
                "puts a close code under 1000 into a close frame, for example 999 given by "
                "the application"
            ),
            "server.asgi.websocket::handshakes-to-refuse": (
                "completes a handshake that carries the version headers 13 and 8 together"
            ),
            "server.asgi.websocket::malformed-extensions": (
                "agrees to an extension on the basis of a malformed Sec-WebSocket-Extensions header"
            ),
        },
    ),
    Known(
        "wsgi.environ.cgi-vars-native-str",
        ">=0.18.0",
        (
            "stores an int, None or bytes under a CGI variable name, for example an int "
            "as SERVER_PORT"
        ),
        "docs/findings/hypercorn.md",
    ),
    Known(
        "wsgi.start-response.returns-write",
        ">=0.18.0",
        "returns None, or something that cannot be called, from start_response",
        "docs/findings/hypercorn.md",
    ),
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
