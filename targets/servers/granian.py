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
        {
            "server.http1::chunks-ended": (
                "omits the zero chunk after a complete response, or sends it after an "
                "application error"
            ),
        },
        {"interface": "wsgi"},
    ),
    *deviations(
        "granian",
        ">=2.8.7",
        {
            "server.http1::host-missing": (
                "serves an HTTP/1.1 request that carries no Host header"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.wsgi::error-replaces-head": (
                "raises from start_response with exc_info, or drops the error page, although "
                "nothing has been output yet"
            ),
            "server.wsgi::error-after-data": (
                "returns normally from start_response with exc_info although the head has "
                "already left"
            ),
            "server.wsgi::start-twice": (
                "accepts a second start_response call that carries no exc_info"
            ),
            "server.wsgi::never-started": (
                "sends a successful response around body data from an application that never "
                "called start_response"
            ),
            "server.wsgi::head-held": (
                "transmits the head before a non-empty block, a write call or the end of "
                "iteration has occurred"
            ),
            "server.wsgi::start-while-iterating": (
                "reads status and headers right after the call returns, so a generator "
                "application gets a wrong status or an error"
            ),
            "server.wsgi::input-readline": (
                "returns from readline() a partial line, several lines at once, or a line "
                "without its terminator"
            ),
            "server.wsgi::input-readlines": (
                "returns from readline() a partial line, several lines at once, or a line "
                "without its terminator; lacks readlines(), or returns from it something "
                "other than the list of remaining lines"
            ),
            "server.wsgi::input-readlines-hint": (
                "lacks readlines(), or returns from it something other than the list of "
                "remaining lines"
            ),
            "server.wsgi::input-iteration": (
                "cannot be iterated, or yields pieces that are not the lines of the body"
            ),
            "server.wsgi::input-mixed": (
                "returns results from wsgi.input that differ from those of io.BytesIO over "
                "the same body for the same calls"
            ),
            "server.wsgi::write": (
                "returns None, or something that cannot be called, from start_response"
            ),
            "server.asgi.http::transfer-encoding-ignored": (
                "copies the application's Transfer-Encoding to the wire, so that it appears "
                "twice or names a coding that was not applied"
            ),
            "server.asgi.http::response-defaults": (
                "raises or answers 500 when http.response.start has no headers key"
            ),
            "server.asgi.http::client": 'gives the client port as a string such as "54321"',
            "server.asgi.http::server": (
                'gives the port of a TCP listener as a string such as "8000"'
            ),
            "server.asgi.websocket::close-codes-not-to-send": (
                "puts a close code under 1000 into a close frame, for example 999 given by "
                "the application; puts 1005, 1006 or 1015 into a close frame; accepts a ping "
                "of 126 octets, or sends a close frame with an overlong reason"
            ),
            "server.asgi.websocket::accept-headers": (
                "declares spec version 2.1 or later and leaves the application's accept "
                "headers out of the response"
            ),
            "server.asgi.websocket::handshakes-to-refuse": (
                "opens a WebSocket for a POST request or for an HTTP/1.0 request; accepts an "
                "opening handshake that has no Host header; completes a handshake that "
                "carries the version headers 13 and 8 together"
            ),
            "server.asgi.websocket::scope": (
                "gives the client port of a WebSocket scope as a string; gives the listening "
                "port of a TCP listener as a string or float in a WebSocket scope"
            ),
        },
    ),
    *deviations(
        "granian",
        ">=2.8.7",
        {
            "server.http1::length-not-kept": (
                "sends more or fewer octets than Content-Length declares and then keeps the "
                "connection open"
            ),
            "server.http1::http10-upgrade": (
                "switches protocols for an HTTP/1.0 request that carries Upgrade"
            ),
        },
        {"interface": "asgi"},
    ),
    Known(
        "asgi.http.scope.client-port-type",
        ">=2.8.7",
        'gives the client port as a string such as "54321"',
        "docs/findings/granian.md",
    ),
    Known(
        "asgi.http.scope.server-port-type",
        ">=2.8.7",
        'gives the port of a TCP listener as a string such as "8000"',
        "docs/findings/granian.md",
    ),
    Known(
        "wsgi.start-response.returns-write",
        ">=2.8.7",
        "returns None, or something that cannot be called, from start_response",
        "docs/findings/granian.md",
    ),
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
