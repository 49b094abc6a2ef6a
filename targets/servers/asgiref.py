"""asgiref's WsgiToAsgi: WSGI applications on an ASGI server, all in one thread, the body first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from gateproof.targets.adapter import Known, deviations
from gateproof.targets.carried import carried
from gateproof.targets.servers import daphne, uvicorn

KNOWN = (
    *deviations(
        "asgiref",
        ">=3.13.0",
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
            "server.wsgi::write",
        ),
    ),
    *deviations(
        "asgiref",
        ">=3.13.0",
        (
            "server.http1::unread-body",
            "server.http1::body-of-declared-length",
            "server.http1::no-framing-no-body",
            "server.http1::chunked-body",
        ),
        always=False,  # the thread of the request before may still be ending
    ),
    Known("wsgi.server.close-called", ">=3.13.0", link="docs/findings/asgiref.md"),
    Known("wsgi.start-response.returns-write", ">=3.13.0", link="docs/findings/asgiref.md"),
)

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
    known=KNOWN,
)
