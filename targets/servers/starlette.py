"""Starlette's WSGIMiddleware: WSGI applications on an ASGI server; it reads the body first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from gateproof.targets.adapter import Known, deviations
from gateproof.targets.carried import carried
from gateproof.targets.servers import hypercorn, uvicorn

KNOWN = (
    *deviations(
        "starlette",
        ">=1.10.0",
        {
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
            "server.wsgi::close": (
                "never calls close() on the returned iterable after an ordinary response"
            ),
            "server.wsgi::close-without-body": (
                "never calls close() on the returned iterable after an ordinary response"
            ),
            "server.wsgi::close-after-length": (
                "never calls close() on the returned iterable after an ordinary response"
            ),
            "server.wsgi::close-after-error": (
                "skips close() when the application's iterable raises in the middle of the body"
            ),
            "server.wsgi::close-after-reset": (
                "leaves the iterable unclosed when the client drops the connection before the"
                " body is finished"
            ),
            "server.wsgi::close-after-leaving-before": (
                "leaves the iterable unclosed when the client drops the connection before the"
                " body is finished"
            ),
            "server.wsgi::closed-before-next": (
                "never calls close() on the returned iterable after an ordinary response"
            ),
            "server.wsgi::environ-cgi-variables": (
                "stores an int, None or bytes under a CGI variable name, for example an int "
                "as SERVER_PORT"
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
            "server.wsgi::head-not-at-once": (
                "puts the status line on the wire as soon as start_response is called"
            ),
            "server.wsgi::write": (
                "returns None, or something that cannot be called, from start_response"
            ),
        },
    ),
    Known(
        "wsgi.environ.cgi-vars-native-str",
        ">=1.10.0",
        (
            "stores an int, None or bytes under a CGI variable name, for example an int "
            "as SERVER_PORT"
        ),
        "docs/findings/starlette.md",
    ),
    Known(
        "wsgi.server.close-called",
        ">=1.10.0",
        "never calls close() on the returned iterable after an ordinary response",
        "docs/findings/starlette.md",
    ),
    Known(
        "wsgi.start-response.returns-write",
        ">=1.10.0",
        "returns None, or something that cannot be called, from start_response",
        "docs/findings/starlette.md",
    ),
)

ADAPTER = carried(
    name="starlette",
    distribution="starlette",
    bridge="starlette",
    interface="wsgi",
    carriers={
        "uvicorn": (uvicorn.ADAPTER, partial(uvicorn.argv, lifespan="off")),
        "hypercorn": (hypercorn.ADAPTER, hypercorn.argv),
    },
    features=lambda server: replace(
        server,
        websocket=False,
        lifespan=False,
        streaming_input=False,
        disconnect_seen=False,
        concurrency=40,
    ),
    homepage="https://github.com/Kludex/starlette",
    known=KNOWN,
)
