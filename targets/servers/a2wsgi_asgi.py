"""a2wsgi's ASGIMiddleware: ASGI applications on a WSGI server."""

from __future__ import annotations

from dataclasses import replace

from gateproof.targets.carried import carried
from gateproof.targets.servers import gunicorn, waitress

ADAPTER = carried(
    name="a2wsgi-asgi",
    distribution="a2wsgi",
    bridge="a2wsgi_asgi",
    interface="asgi",
    carriers={
        "gunicorn": (gunicorn.ADAPTER, gunicorn.argv),
        "waitress": (waitress.ADAPTER, waitress.argv),
    },
    # It reads as far as CONTENT_LENGTH says, which is there when the server has read the body.
    features=lambda server: replace(
        server, disconnect_seen=False, chunked_request=not server.streaming_input, concurrency=12
    ),
    homepage="https://github.com/abersheeran/a2wsgi",
)
