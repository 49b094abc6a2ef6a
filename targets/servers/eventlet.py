"""eventlet.wsgi: one process, a greenlet a connection."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, deviations

KNOWN = (
    *deviations(
        "eventlet",
        ">=0.41.3",
        {
            "server.http1::head-without-content": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.http1::status-without-content": (
                "sends body octets with a 204 or 304, so that the next response is misread"
            ),
            "server.http1::length-not-kept": (
                "sends more or fewer octets than Content-Length declares and then keeps the "
                "connection open"
            ),
            "server.http1::chunk-size-malformed": (
                'accepts a chunk size with a sign, an "0x" prefix, an underscore or no digits'
                " at all"
            ),
            "server.http1::chunk-data-end": (
                "accepts chunk data that is longer or shorter than its size, or that other "
                "octets than CRLF follow"
            ),
            "server.http1::close-option-in-any-case": (
                "overlooks the close option when it is written in capitals or within a list"
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
            "server.http1::chunked-not-last": (
                "serves a request in which chunked is not the last transfer coding, or keeps "
                "its connection open"
            ),
            "server.http1::coded-not-chunked": (
                "serves a request in which chunked is not the last transfer coding, or keeps "
                "its connection open"
            ),
            "server.http1::only-unknown-codings": (
                "serves a request in which chunked is not the last transfer coding, or keeps "
                "its connection open"
            ),
            "server.http1::chunked-in-http10": (
                "keeps the connection open after an HTTP/1.0 request that carried Transfer-Encoding"
            ),
            "server.wsgi::head-without-body": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.wsgi::server-protocol": (
                "reports a fixed version, or that of the response, in SERVER_PROTOCOL instead"
                " of the version in the request"
            ),
            "server.wsgi::start-twice": (
                "accepts a second start_response call that carries no exc_info"
            ),
            "server.wsgi::input-iteration": (
                "cannot be iterated, or yields pieces that are not the lines of the body"
            ),
            "server.wsgi::write-like-yield": (
                "loses, alters or frames data given to write() differently from the same data"
                " yielded as a block"
            ),
        },
    ),
    Known(
        "wsgi.environ.content-length-type",
        ">=0.41.3",
        (
            "supplies CONTENT_LENGTH as an int, as text that is not all digits, or with a"
            " value the client did not send"
        ),
        "docs/findings/eventlet.md",
    ),
)

ADAPTER = Adapter(
    name="eventlet",
    distribution="eventlet",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("eventlet"),
    listen="zero",
    port_told=LAUNCHED,
    features=lambda _: Features(streaming_output=False),  # it collects 4096 octets
    stop_codes=(0, -15),
    homepage="https://github.com/eventlet/eventlet",
    known=KNOWN,
)
