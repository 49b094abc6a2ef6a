"""asgiref's WsgiToAsgi: WSGI applications on an ASGI server, all in one thread, the body first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from gateproof.targets.carried import carried
from gateproof.targets.servers import daphne, uvicorn

ADAPTER = carried(
    name="asgiref",
    distribution="asgiref",
    bridge="asgiref",
    interface="wsgi",
    carriers={
        "uvicorn": (uvicorn.ADAPTER, partial(uvicorn.argv, lifespan="off")),
        "daphne": (daphne.ADAPTER, daphne.argv),
    },
    features=lambda server: replace(
        server,
        websocket=False,
        lifespan=False,
        streaming_input=False,
        disconnect_seen=False,
        concurrency=1,
    ),
    homepage="https://github.com/django/asgiref",
)
