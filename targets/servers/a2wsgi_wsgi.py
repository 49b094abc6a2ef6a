"""a2wsgi's WSGIMiddleware: WSGI applications on an ASGI server."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from gateproof.targets.adapter import deviations
from gateproof.targets.carried import carried
from gateproof.targets.servers import hypercorn, uvicorn

KNOWN = (
    *deviations(
        "a2wsgi-wsgi",
        ">=1.10.10",
        {
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
            "server.wsgi::error-replaces-head": (
                "raises from start_response with exc_info, or drops the error page, although "
                "nothing has been output yet"
            ),
            "server.wsgi::error-after-data": (
                "returns normally from start_response with exc_info although the head has "
                "already left"
            ),
            "server.wsgi::error-after-write": (
                "returns normally from start_response with exc_info although the head has "
                "already left"
            ),
            "server.wsgi::start-twice": (
                "accepts a second start_response call that carries no exc_info"
            ),
            "server.wsgi::head-not-at-once": (
                "puts the status line on the wire as soon as start_response is called"
            ),
            "server.wsgi::input-readlines": (
                "lacks readlines(), or returns from it something other than the list of "
                "remaining lines"
            ),
            "server.wsgi::input-mixed": (
                "returns results from wsgi.input that differ from those of io.BytesIO over "
                "the same body for the same calls"
            ),
        },
    ),
)

ADAPTER = carried(
    name="a2wsgi-wsgi",
    distribution="a2wsgi",
    bridge="a2wsgi_wsgi",
    interface="wsgi",
    carriers={
        "uvicorn": (uvicorn.ADAPTER, partial(uvicorn.argv, lifespan="off")),
        "hypercorn": (hypercorn.ADAPTER, hypercorn.argv),
    },
    features=lambda server: replace(server, websocket=False, lifespan=False, concurrency=10),
    homepage="https://github.com/abersheeran/a2wsgi",
    known=KNOWN,
)
