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
        (
            "server.http1::host-malformed",
            "server.http1::length-beside-chunked",
            "server.wsgi::error-replaces-head",
            "server.wsgi::error-after-data",
            "server.wsgi::error-after-write",
            "server.wsgi::start-twice",
            "server.wsgi::head-not-at-once",
            "server.wsgi::input-readlines",
            "server.wsgi::input-mixed",
        ),
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
