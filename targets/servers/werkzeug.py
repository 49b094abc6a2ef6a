"""Werkzeug's development server: a thread a connection, or one request at a time."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, Variants, deviations


def features(variants: Variants) -> Features:
    """It never keeps a connection."""
    threaded = variants["threaded"] == "yes"
    return Features(keep_alive=False, pipelining=False, concurrency=64 if threaded else 1)


KNOWN = (
    *deviations(
        "werkzeug",
        ">=3.1.9",
        (
            "server.http1::tunnel-framing",
            "server.http1::chunks-ended",
        ),
        {"threaded": "yes"},
    ),
    *deviations(
        "werkzeug",
        ">=3.1.9",
        {
            "server.http1::only-unknown-codings": "serves a request in an unknown coding",
            "server.http1::head-without-content": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.http1::status-without-content": (
                "sends body octets with a 204 or 304, so that the next response is misread"
            ),
            "server.http1::chunk-size-malformed": (
                'accepts a chunk size with a sign, an "0x" prefix, an underscore or no digits'
                " at all"
            ),
            "server.http1::chunk-extensions": (
                "refuses a chunk because of an unknown extension, or mixes the extension into"
                " the body"
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
            "server.http1::expect-in-http10": (
                "sends 100 in answer to an HTTP/1.0 request with Expect"
            ),
            "server.http1::interim-in-http10": (
                "sends an interim response such as 100 or 103 to an HTTP/1.0 client"
            ),
            "server.http1::space-before-colon": (
                'accepts "Content-Length : 5" or another name followed by whitespace before '
                "its colon"
            ),
            "server.http1::field-value-trimmed": (
                "hands the application a header value with the blanks or tabs that surrounded"
                " it on the wire"
            ),
            "server.http1::field-name-no-token": (
                "passes a header with an invalid or empty name to the application"
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
            "server.http1::http10-unchunked": (
                "answers an HTTP/1.0 request with a response that carries Transfer-Encoding"
            ),
            "server.http1::host-missing": (
                "serves an HTTP/1.1 request that carries no Host header"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.http1::chunked-body": (
                "loses, alters or passes on raw the body of a valid chunked request"
            ),
            "server.http1::chunked-not-last": (
                "serves a request in which chunked is not the last transfer coding, or keeps "
                "its connection open"
            ),
            "server.http1::coded-not-chunked": (
                "serves a request in which chunked is not the last transfer coding, or keeps "
                "its connection open"
            ),
            "server.http1::chunked-misspelt": (
                'takes "xchunked", "chunked\\x0b" or another damaged spelling for chunked coding'
            ),
            "server.wsgi::no-chunks-for-http10": ("sends a chunked response to an HTTP/1.0 client"),
            "server.wsgi::head-without-body": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
        },
    ),
    Known("wsgi.environ.content-length-type", ">=3.1.9", link="docs/findings/werkzeug.md"),
)

ADAPTER = Adapter(
    name="werkzeug",
    distribution="werkzeug",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("werkzeug"),
    listen="zero",
    port_told=LAUNCHED,
    variants={"threaded": ("yes", "no")},
    features=features,
    columns=((), (("threaded", "no"),)),
    stop_codes=(0, -15),
    homepage="https://github.com/pallets/werkzeug",
    known=KNOWN,
)
