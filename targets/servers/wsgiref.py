"""The standard library's wsgiref: HTTP/1.0, one request at a time unless threads are mixed in."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, Variants, deviations


def features(variants: Variants) -> Features:
    """It never keeps a connection, knows no chunked bodies, and lets five connections wait."""
    threaded = variants["threaded"] == "yes"
    return Features(
        keep_alive=False,
        chunked_request=False,
        pipelining=False,
        expect_continue=False,
        concurrency=5 if threaded else 1,
    )


KNOWN = (
    *deviations(
        "wsgiref",
        ">=3.11",
        {
            "server.http1::head-without-content": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.http1::status-without-content": (
                "sends body octets with a 204 or 304, so that the next response is misread"
            ),
            "server.http1::tunnel-framing": (
                "sends Content-Length in a successful answer to CONNECT"
            ),
            "server.http1::content-length-malformed": (
                'serves a request whose Content-Length is not plain digits, such as "+5" or '
                '"1_0", or stays connected'
            ),
            "server.http1::content-length-padded": (
                'serves a request whose Content-Length is not plain digits, such as "+5" or '
                '"1_0", or stays connected'
            ),
            "server.http1::content-lengths-differ": (
                "picks one of two different Content-Length values and serves the request"
            ),
            "server.http1::space-before-colon": (
                'accepts "Content-Length : 5" or another name followed by whitespace before '
                "its colon"
            ),
            "server.http1::field-name-no-token": (
                "passes a header with an invalid or empty name to the application"
            ),
            "server.http1::folded-line": (
                "treats the continuation of a folded header as a header of its own, or keeps "
                "the line break in the value"
            ),
            "server.http1::nul-in-value": (
                "passes a header value with NUL, CR or LF in it to the application"
            ),
            "server.http1::bare-cr-in-request": (
                "passes a lone CR from a request line, header value or chunk line through to "
                "the application"
            ),
            "server.http1::line-break-in-value": (
                "lets a line break in an application's header value start a new header on the wire"
            ),
            "server.http1::line-break-in-name": (
                "lets a line break in an application's header value start a new header on the wire"
            ),
            "server.http1::bare-cr-from-application": (
                "writes a header value with a line break followed by a blank, which folds the"
                " line; writes a carriage return that no line feed follows into the response "
                "head"
            ),
            "server.http1::host-missing": (
                "serves an HTTP/1.1 request that carries no Host header"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.wsgi::head-without-body": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
        },
    ),
    Known(
        "wsgi.environ.content-length-type",
        ">=3.11",
        (
            "supplies CONTENT_LENGTH as an int, as text that is not all digits, or with a"
            " value the client did not send"
        ),
        "docs/findings/wsgiref.md",
    ),
)

ADAPTER = Adapter(
    name="wsgiref",
    distribution="",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("wsgiref"),
    listen="zero",
    port_told=LAUNCHED,
    variants={"threaded": ("no", "yes")},
    features=features,
    columns=((), (("threaded", "yes"),)),
    stop_codes=(0, -15),
    homepage="https://github.com/python/cpython",
    known=KNOWN,
)
