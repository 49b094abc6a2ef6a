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
        ("server.http1::length-beside-chunked",),
        {"on": "uvicorn"},
    ),
    *deviations(
        "daphne",
        ">=3.13.0",
        (
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::tunnel-framing",
            "server.http1::length-not-kept",
            "server.http1::chunk-extensions",
            "server.http1::close-option-in-any-case",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::coded-not-chunked",
        ),
        {"on": "daphne"},
    ),
    Known(
        "server.wsgi::head-without-body",
        ">=3.13.0",
        link="docs/findings/daphne.md#head-without-content",
        variants={"on": "daphne"},
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
    # A request that came with the one before it is mostly answered with 500: see the findings.
    features=lambda server: replace(
        server,
        pipelining=False,
        websocket=False,
        lifespan=False,
        streaming_input=False,
        disconnect_seen=False,
        concurrency=1,
    ),
    homepage="https://github.com/django/asgiref",
    known=KNOWN,
)
