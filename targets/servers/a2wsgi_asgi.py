"""a2wsgi's ASGIMiddleware: ASGI applications on a WSGI server."""

from __future__ import annotations

from dataclasses import replace

from gateproof.targets.adapter import deviations
from gateproof.targets.carried import carried
from gateproof.targets.servers import gunicorn, waitress

KNOWN = (
    *deviations(
        "a2wsgi-asgi",
        ">=1.10.10",
        (
            "server.http1::tunnel-framing",
            "server.http1::close-option-in-any-case",
            "server.http1::host-missing",
            "server.http1::host-malformed",
            "server.asgi.http::headers-repeated",
            "server.asgi.http::headers-cookies",
            "server.asgi.http::response-defaults",
            "server.asgi.http::response-ends",
            "server.asgi.http::sending-after-the-end",
            "server.http1::chunk-size-malformed",
        ),
    ),
    *deviations(
        "a2wsgi-asgi",
        ">=1.10.10",
        ("server.http1::chunks-ended",),
        always=False,  # two threads race for whether the error is seen
    ),
    *deviations(
        "a2wsgi-asgi",
        ">=1.10.10",
        (
            "server.http1::length-not-kept",
            "server.http1::version-of-responses",
            "server.http1::chunked-body",
        ),
        {"on": "gunicorn"},
    ),
    *deviations(
        "a2wsgi-asgi",
        ">=1.10.10",
        (
            "server.http1::head-without-content",
            "server.http1::host-twice",
            "server.http1::length-beside-chunked",
            "server.http1::chunked-in-http10",
            "server.asgi.http::transfer-encoding-ignored",
        ),
        {"on": "waitress"},
    ),
)

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
    known=KNOWN,
)
