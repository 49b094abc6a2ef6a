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
        {
            "server.http1::tunnel-framing": (
                "sends Transfer-Encoding in a successful answer to CONNECT"
            ),
            "server.http1::close-option-in-any-case": (
                "overlooks the close option when it is written in capitals or within a list"
            ),
            "server.http1::host-missing": (
                "serves an HTTP/1.1 request that carries no Host header"
            ),
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.asgi.http::headers-repeated": (
                "keeps only the first or the last of two request headers with the same name"
            ),
            "server.asgi.http::headers-cookies": (
                "joins repeated headers with commas, re-encodes a value, or drops one of "
                "several lines of the same name"
            ),
            "server.asgi.http::response-defaults": (
                "raises or answers 500 when http.response.start has no headers key"
            ),
            "server.asgi.http::sending-after-the-end": (
                "lets data sent after the final body event reach the client, where it "
                "corrupts the next response"
            ),
            "server.http1::chunk-size-malformed": (
                'accepts a chunk size with a sign, an "0x" prefix, an underscore or no digits'
                " at all"
            ),
        },
    ),
    *deviations(
        "a2wsgi-asgi",
        ">=1.10.10",
        {
            "server.http1::length-not-kept": (
                "sends more or fewer octets than Content-Length declares and then keeps the "
                "connection open"
            ),
            "server.http1::version-of-responses": (
                "starts its status line with a version it does not implement, or with one "
                "that is malformed"
            ),
            "server.http1::chunked-body": (
                "loses, alters or passes on raw the body of a valid chunked request"
            ),
        },
        {"on": "gunicorn"},
    ),
    *deviations(
        "a2wsgi-asgi",
        ">=1.10.10",
        {
            "server.http1::head-without-content": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
            "server.http1::chunked-in-http10": (
                "keeps the connection open after an HTTP/1.0 request that carried Transfer-Encoding"
            ),
            "server.asgi.http::transfer-encoding-ignored": (
                "copies the application's Transfer-Encoding to the wire, so that it appears "
                "twice or names a coding that was not applied"
            ),
        },
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
