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
        (
            "server.http1::host-malformed",
            "server.http1::length-beside-chunked",
            "server.wsgi::close",
            "server.wsgi::close-without-body",
            "server.wsgi::close-after-length",
            "server.wsgi::close-after-error",
            "server.wsgi::close-after-reset",
            "server.wsgi::close-after-leaving-before",
            "server.wsgi::closed-before-next",
            "server.wsgi::environ-cgi-variables",
            "server.wsgi::error-replaces-head",
            "server.wsgi::error-after-data",
            "server.wsgi::start-twice",
            "server.wsgi::head-not-at-once",
            "server.wsgi::write",
        ),
    ),
    *deviations(
        "starlette",
        ">=1.10.0",
        ("server.http1::last-chunk-missing",),
        {"on": "hypercorn"},
        always=False,  # the disconnect may come before the end of the call is known
    ),
    Known("wsgi.environ.cgi-vars-native-str", ">=1.10.0", link="docs/findings/starlette.md"),
    Known("wsgi.server.close-called", ">=1.10.0", link="docs/findings/starlette.md"),
    Known("wsgi.start-response.returns-write", ">=1.10.0", link="docs/findings/starlette.md"),
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
