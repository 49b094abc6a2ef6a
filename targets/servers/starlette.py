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
