"""gevent's pywsgi: one process, a greenlet a connection."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, deviations

KNOWN = (
    *deviations(
        "gevent",
        ">=26.9.0",
        {
            "server.http1::head-without-content": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.http1::tunnel-framing": (
                "sends Content-Length in a successful answer to CONNECT; sends Transfer-"
                "Encoding in a successful answer to CONNECT"
            ),
            "server.http1::length-not-kept": (
                "sends more or fewer octets than Content-Length declares and then keeps the "
                "connection open"
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
            "server.http1::no-interim-afterwards": (
                "sends 100 after the status line of the final response has gone out"
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
            "server.http1::http10-unframed": (
                "leaves the connection open, or announces keep-alive, after a response "
                "without framing headers"
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
            "server.http1::chunked-misspelt": (
                'takes "xchunked", "chunked\\x0b" or another damaged spelling for chunked coding'
            ),
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
            "server.http1::chunked-in-http10": (
                "keeps the connection open after an HTTP/1.0 request that carried Transfer-Encoding"
            ),
            "server.wsgi::head-without-body": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.wsgi::start-twice": (
                "accepts a second start_response call that carries no exc_info"
            ),
        },
    ),
    Known(
        "wsgi.environ.content-length-type",
        ">=26.9.0",
        (
            "supplies CONTENT_LENGTH as an int, as text that is not all digits, or with a"
            " value the client did not send"
        ),
        "docs/findings/gevent.md",
    ),
)

ADAPTER = Adapter(
    name="gevent",
    distribution="gevent",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("gevent"),
    listen="zero",
    port_told=LAUNCHED,
    features=lambda _: Features(),
    homepage="https://github.com/gevent/gevent",
    known=KNOWN,
)
