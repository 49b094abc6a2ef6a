"""Cheroot: one process with a pool of threads; it never tells its port."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Known, Launch, deviations

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    return launch.run(
        "cheroot", "--bind", f"{launch.host}:{launch.port}", "--threads", str(THREADS), launch.app
    )


KNOWN = (
    *deviations(
        "cheroot",
        ">=11.1.2",
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
            "server.http1::close-option-in-any-case": (
                "overlooks the close option when it is written in capitals or within a list"
            ),
            "server.http1::unread-body": (
                "parses the unread rest of a request body as the next request"
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
            "server.http1::target-absolute-form": (
                "answers 400 to a full URI as target, or hands the whole URI to the "
                "application as path"
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
            "server.http1::chunked-misspelt": (
                'takes "xchunked", "chunked\\x0b" or another damaged spelling for chunked coding'
            ),
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
            "server.wsgi::head-without-body": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.wsgi::close-after-error": (
                "skips close() when the application's iterable raises in the middle of the body"
            ),
            "server.wsgi::input-readlines": (
                "lacks readlines(), or returns from it something other than the list of "
                "remaining lines"
            ),
            "server.wsgi::input-readlines-hint": (
                "lacks readlines(), or returns from it something other than the list of "
                "remaining lines"
            ),
        },
    ),
    Known(
        "wsgi.environ.content-length-type",
        ">=11.1.2",
        (
            "supplies CONTENT_LENGTH as an int, as text that is not all digits, or with a"
            " value the client did not send"
        ),
        "docs/findings/cheroot.md",
    ),
    Known(
        "wsgi.environ.input-present",
        ">=11.1.2",
        ("leaves wsgi.input out of environ, or sets it to None for a request without a body"),
        "docs/findings/cheroot.md",
    ),
    Known(
        "wsgi.input.iter",
        ">=11.1.2",
        "cannot be iterated, or yields pieces that are not the lines of the body",
        "docs/findings/cheroot.md",
    ),
)

ADAPTER = Adapter(
    name="cheroot",
    distribution="cheroot",
    interfaces=("wsgi",),
    argv=argv,
    listen="zero",
    features=lambda _: Features(concurrency=THREADS),
    stop_codes=(0, -15),
    homepage="https://github.com/cherrypy/cheroot",
    known=KNOWN,
)
