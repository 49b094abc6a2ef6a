"""uWSGI: one worker under a master; three ways to speak HTTP, which behave differently."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Known, Launch, Listen, Variants, deviations

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command; without die-on-term SIGTERM would reload it."""
    way = launch.variants["socket"]
    where = f"{launch.host}:{launch.port}" if way == "http" else f"fd://{launch.fd}"
    folders = [word for folder in launch.path for word in ("--pythonpath", str(folder))]
    return [
        launch.script("uwsgi"), f"--{way}", where, "--master",
        "--processes", "1", "--threads", str(THREADS), "--need-app", "--die-on-term",
        "--module", launch.app, *folders,
    ]  # fmt: skip


def listen(variants: Variants) -> Listen:
    """The router of ``--http`` takes no descriptor, and tells a wrong port."""
    return "port" if variants["socket"] == "http" else "fd"


def features(variants: Variants) -> Features:
    """Only ``--http11-socket`` keeps a connection."""
    kept = variants["socket"] == "http11-socket"
    return Features(
        keep_alive=kept,
        chunked_request=False,
        pipelining=False,
        expect_continue=False,
        concurrency=THREADS,
    )


KNOWN = (
    *deviations(
        "uwsgi",
        ">=2.0.31",
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
            "server.http1::field-value-trimmed": (
                "hands the application a header value with the blanks or tabs that surrounded"
                " it on the wire"
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
            "server.http1::blank-before-first-field": (
                "accepts a line that begins with a blank right after the request line as a header"
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
            "server.http1::version-of-responses": (
                "starts its status line with a version it does not implement, or with one "
                "that is malformed"
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
            "server.http1::only-unknown-codings": (
                "serves a request in which chunked is not the last transfer coding, or keeps "
                "its connection open"
            ),
            "server.http1::chunked-overrides-length": (
                "measures a chunked body by the Content-Length that came with it"
            ),
            "server.wsgi::head-without-body": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.wsgi::error-replaces-head": (
                "raises from start_response with exc_info, or drops the error page, although "
                "nothing has been output yet"
            ),
            "server.wsgi::start-twice": (
                "accepts a second start_response call that carries no exc_info"
            ),
            "server.wsgi::expect-continue": (
                "never delivers a body sent with Expect: 100-continue, or needs the "
                "application to answer the expectation"
            ),
            "server.wsgi::input-read": (
                "returns more octets than asked for, a type other than bytes, or an empty "
                "result before the body has ended"
            ),
        },
    ),
    *deviations(
        "uwsgi",
        ">=2.0.31",
        {
            "server.http1::close-announced": (
                "closes after an HTTP/1.1 response that did not carry the close option"
            ),
        },
        {"socket": "http|http-socket"},
    ),
    *deviations(
        "uwsgi",
        ">=2.0.31",
        {
            "server.http1::content-length-huge": (
                "crashes on a huge Content-Length, or wraps it around to a small number"
            ),
        },
        {"socket": "http11-socket|http-socket"},
    ),
    *deviations(
        "uwsgi",
        ">=2.0.31",
        {
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
        },
        {"socket": "http11-socket"},
    ),
    Known(
        "wsgi.environ.content-length-type",
        ">=2.0.31",
        (
            "supplies CONTENT_LENGTH as an int, as text that is not all digits, or with a"
            " value the client did not send"
        ),
        "docs/findings/uwsgi.md",
    ),
    Known(
        "wsgi.environ.request-method-required",
        ">=2.0.31",
        "calls the application with REQUEST_METHOD missing or empty",
        "docs/findings/uwsgi.md",
    ),
)

ADAPTER = Adapter(
    name="uwsgi",
    distribution="uwsgi",
    interfaces=("wsgi",),
    argv=argv,
    listen=listen,
    variants={"socket": ("http-socket", "http11-socket", "http")},
    features=features,
    columns=((), (("socket", "http11-socket"),), (("socket", "http"),)),
    homepage="https://github.com/unbit/uwsgi",
    known=KNOWN,
)
