"""Starlette's WSGIMiddleware: WSGI applications on an ASGI server; it reads the body first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from gateproof.targets.carried import carried
from gateproof.targets.servers import hypercorn, uvicorn

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
)
