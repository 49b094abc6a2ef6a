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
        {
            "server.http1::unread-body": (
                "parses the unread rest of a request body as the next request"
            ),
            "server.http1::body-of-declared-length": (
                "takes too few or too many octets as body and misreads the pipelined request "
                "that follows"
            ),
            "server.http1::no-framing-no-body": (
                "waits for a body, or reads the next request as one, when a request has no "
                "framing headers"
            ),
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.http1::chunked-body": (
                "loses, alters or passes on raw the body of a valid chunked request"
            ),
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
            "server.wsgi::close": (
                "never calls close() on the returned iterable after an ordinary response"
            ),
            "server.wsgi::close-without-body": (
                "never calls close() on the returned iterable after an ordinary response"
            ),
            "server.wsgi::close-after-length": (
                "never calls close() on the returned iterable after an ordinary response"
            ),
            "server.wsgi::close-after-error": (
                "skips close() when the application's iterable raises in the middle of the body"
            ),
            "server.wsgi::close-after-reset": (
                "leaves the iterable unclosed when the client drops the connection before the"
                " body is finished"
            ),
            "server.wsgi::close-after-leaving-before": (
                "leaves the iterable unclosed when the client drops the connection before the"
                " body is finished"
            ),
            "server.wsgi::closed-before-next": (
                "never calls close() on the returned iterable after an ordinary response"
            ),
            "server.wsgi::write": (
                "returns None, or something that cannot be called, from start_response"
            ),
        },
    ),
    Known(
        "wsgi.server.close-called",
        ">=3.13.0",
        "never calls close() on the returned iterable after an ordinary response",
        "docs/findings/asgiref.md",
    ),
    Known(
        "wsgi.start-response.returns-write",
        ">=3.13.0",
        "returns None, or something that cannot be called, from start_response",
        "docs/findings/asgiref.md",
    ),
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
