"""Every rule of wsgiref.validate, paste.lint, webtest.lint and werkzeug's lint, with a mutant."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from typing import Any

from corpus.play_wsgi import environ
from peers.lints import Exchange, Wrap
from peers.rules import Rule

RULES: list[Rule] = []
UNREACHABLE = {
    "wsgiref.validate": (
        "assert_('PATH_INFO' in environ,",  # the check before it dies of a KeyError
        "raise AssertionError(*args)",  # in assert_ itself
    ),
    "werkzeug lint": ('warn( f"{context!r} requires',),  # in check_type itself
}
"""Places of reports that no exchange leads to, by their source."""

TYPE = [("Content-Type", "text/plain")]
V = "wsgi.environ."
H = "wsgi.response-headers."


def rule(name: str, breaks: Exchange, **ours: Any) -> None:
    RULES.append(Rule(name, breaks, **ours))


def start(status: Any = "200 OK", headers: Any = None, *more: Any) -> Callable[..., Any]:
    """An application with this head and a small body."""

    def application(environ: Any, start_response: Any) -> Any:
        start_response(status, list(TYPE) if headers is None else headers, *more)
        return [b"hello"]

    return application


ok = start()


def head(status: Any = "200 OK", *headers: Any, body: Any = (b"hello",)) -> Callable[..., Any]:
    """An application with these headers, among them a Content-Type."""

    def application(environ: Any, start_response: Any) -> Any:
        start_response(status, [*TYPE, *headers])
        return list(body)

    return application


def started(status: Any, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
    return lambda data: None


def by(app: Callable[..., Any], given: Any = None, close: bool = True) -> Exchange:
    """Serves ``app`` one request, as a server does."""

    def exchange(wrap: Wrap) -> None:
        result = wrap(app)(environ() if given is None else given(), started)
        try:
            for _ in result:
                pass
        finally:
            if close and hasattr(result, "close"):
                result.close()

    return exchange


def given(omit: tuple[str, ...] = (), **changes: Any) -> Exchange:
    """Serves a correct application a request with these variables."""
    return by(ok, lambda: environ(omit, **changes))


def reading(use: Callable[[Any], Any], **changes: Any) -> Exchange:
    """Serves an application that uses its environ."""

    def application(environ: Any, start_response: Any) -> Any:
        use(environ)
        return ok(environ, start_response)

    return by(application, lambda: environ(**changes))


# The call

rule(
    "the application is called with two arguments",
    lambda wrap: wrap(lambda *args: ok(*args[:2]))(environ(), started, 1),
    ours="wsgi.server.call-app-positionally",
)
rule(
    "the application is called without keywords",
    lambda wrap: wrap(lambda *args, **named: ok(*args))(environ(), started, debug=1),
    ours="wsgi.server.call-app-positionally",
)
rule(
    "start_response takes two or three arguments",
    by(lambda environ, start: start("200 OK") and [b""]),
    ours="wsgi.start-response.app-calls-positionally",
)
rule(
    "start_response takes no keywords",
    by(lambda environ, start: start("200 OK", headers=list(TYPE)) and [b"a"]),
    ours="wsgi.start-response.app-calls-positionally",
)
rule(
    "the application returns an iterable",
    by(lambda environ, start: start("200 OK", list(TYPE)) and None),
    ours="wsgi.app.returns-iterable",
)
rule(
    "the result is no bytes",
    by(lambda environ, start: start("200 OK", list(TYPE)) and b"hello"),
    ours="wsgi.app.returns-iterable",
)
rule(
    "the result is no str",
    by(lambda environ, start: start("200 OK", list(TYPE)) and "hello"),
    ours="wsgi.app.returns-iterable",
)


# environ

rule(
    "start_response takes no other keywords",
    by(lambda environ, start: start("200 OK", list(TYPE), exc_info=None) and [b"a"]),
    ours="wsgi.start-response.app-calls-positionally",
)
rule(
    "environ is some kind of dict",
    by(ok, lambda: UserDict(environ())),
    ours=V + "exact-dict",
)
rule(
    "environ is a dict",
    by(ok, lambda: type("Environ", (dict,), {})(environ())),
    ours=V + "exact-dict",
)
for key, name in {
    "REQUEST_METHOD": "request-method-required",
    "SERVER_NAME": "server-name-required",
    "SERVER_PORT": "server-port-required",
    "wsgi.version": "wsgi-version-present",
    "wsgi.input": "input-present",
    "wsgi.errors": "errors-present",
    "wsgi.multithread": "multithread-present",
    "wsgi.multiprocess": "multiprocess-present",
    "wsgi.run_once": "run-once-present",
}.items():
    rule(f"environ has {key}", given((key,)), ours=V + name)
rule(
    "there is no HTTP_CONTENT_TYPE",
    given(HTTP_CONTENT_TYPE="text/plain"),
    ours=V + "no-http-content-type-length",
)
rule(
    "there is no HTTP_CONTENT_LENGTH",
    given(HTTP_CONTENT_LENGTH="0"),
    ours=V + "no-http-content-type-length",
)
rule(
    "environ has QUERY_STRING",
    given(("QUERY_STRING",)),
    silent=V + "query-string-omittable",
    why="it may be left out; the cgi module, for whose sake this is said, is gone",
)
rule("CGI variables are str", given(SERVER_PORT=8000), ours=V + "cgi-vars-native-str")
rule(
    "variables of other names are str",
    given(TERM_WIDTH=80),
    ours=V + "cgi-vars-native-str",
)
rule("wsgi.version is a tuple", given(**{"wsgi.version": [1, 0]}), ours=V + "wsgi-version-value")
rule("wsgi.version is (1, 0)", given(**{"wsgi.version": (1, 1)}), ours=V + "wsgi-version-value")
rule(
    "wsgi.url_scheme is http or https",
    given(**{"wsgi.url_scheme": "ftp"}),
    ours=V + "url-scheme-value",
)
INPUT = {
    "read": lambda self, size=-1: b"",
    "readline": lambda self, size=-1: b"",
    "readlines": lambda self, hint=-1: [],
    "__iter__": lambda self: iter(()),
}
ERRORS = {
    "flush": lambda self: None,
    "write": lambda self, text: None,
    "writelines": lambda self, lines: None,
}


def without(methods: dict[str, Any], name: str) -> Any:
    """A stream that lacks a method."""
    return type("Stream", (), {key: call for key, call in methods.items() if key != name})()


for method in INPUT:
    rule(
        f"wsgi.input has {method}",
        given(**{"wsgi.input": without(INPUT, method)}),
        ours=V + "input-present",
    )
for method in ERRORS:
    rule(
        f"wsgi.errors has {method}",
        given(**{"wsgi.errors": without(ERRORS, method)}),
        ours=V + "errors-present",
    )
rule(
    "the method is known",
    given(REQUEST_METHOD="PROPFIND"),
    silent=V + "request-method-matches",
    why="the method is what the client sent",
)
rule(
    "SCRIPT_NAME begins with a slash",
    given(SCRIPT_NAME="app"),
    ours=V + "script-name-type",
)
rule(
    "PATH_INFO begins with a slash",
    given(PATH_INFO="page"),
    ours=V + "path-info-type",
)
rule("SCRIPT_NAME is no slash", given(SCRIPT_NAME="/", PATH_INFO=""), ours=V + "script-name-type")
rule(
    "there is a PATH_INFO where SCRIPT_NAME is empty",
    given(("SCRIPT_NAME", "PATH_INFO")),
    silent=V + "empty-cgi-vars-omittable",
    why="what would be empty may be left out; that one of both is needed, nobody says",
)
rule("CONTENT_LENGTH is not negative", given(CONTENT_LENGTH="-1"), ours=V + "content-length-type")


# The streams

TOO_MANY = "such a call fails by itself: the stream raises TypeError"

rule(
    "read() has one argument",
    reading(lambda environ: environ["wsgi.input"].read(), body=b"a"),
    silent="wsgi-read-and-readline-size",
    why="read() without a size has been legal since PEP 3333",
)
rule(
    "read() has at most one argument",
    reading(lambda environ: _ignoring(environ["wsgi.input"].read, 1, 2), body=b"a"),
    silent="wsgi-read-and-readline-size",
    why=TOO_MANY,
)
rule(
    "readline() has a size",
    reading(lambda environ: environ["wsgi.input"].readline(), body=b"a"),
    silent="wsgi-read-and-readline-size",
    why="a line ends; the size is optional",
)
rule(
    "readline() has no size",
    reading(lambda environ: environ["wsgi.input"].readline(9), body=b"a"),
    silent="wsgi-read-and-readline-size",
    why="the size has been legal since PEP 3333",
)
rule(
    "readline() has at most one argument",
    reading(lambda environ: _ignoring(environ["wsgi.input"].readline, 1, 2), body=b"a"),
    silent="wsgi-read-and-readline-size",
    why=TOO_MANY,
)
rule(
    "readlines() has at most one argument",
    reading(lambda environ: _ignoring(environ["wsgi.input"].readlines, 1, 2), body=b"a"),
    silent="wsgi-read-and-readline-size",
    why=TOO_MANY,
)


def _ignoring(call: Callable[..., Any], *arguments: Any) -> None:
    try:
        call(*arguments)
    except TypeError:
        return


class Wrong:
    """An input that gives str."""

    def read(self, size: int = -1) -> Any:
        return "text"

    readline = read

    def readlines(self, hint: int = -1) -> Any:
        return ["text"]

    def __iter__(self) -> Any:
        return iter(["text"])


class NoList(Wrong):
    """An input whose readlines() gives a tuple."""

    def readlines(self, hint: int = -1) -> Any:
        return (b"text",)


for method in ("read", "readline", "readlines"):
    rule(
        f"{method}() gives bytes",
        reading(
            lambda environ, method=method: getattr(environ["wsgi.input"], method)(4),
            **{"wsgi.input": Wrong(), "CONTENT_LENGTH": "4"},
        ),
        ours="wsgi.unicode.bytes-from-input",
    )
rule(
    "readlines() gives a list",
    reading(
        lambda environ: environ["wsgi.input"].readlines(),
        **{"wsgi.input": NoList(), "CONTENT_LENGTH": "4"},
    ),
    ours="wsgi.input.readlines",
)
rule(
    "wsgi.input can be iterated",
    reading(
        lambda environ: _ignoring(lambda: list(environ["wsgi.input"])),
        **{"wsgi.input": without(INPUT, "__iter__")},
    ),
    ours=V + "input-present",
)
rule(
    "wsgi.input is not closed",
    reading(lambda environ: environ["wsgi.input"].close()),
    ours="wsgi.streams.app-no-close",
)
rule(
    "wsgi.errors is not closed",
    reading(lambda environ: environ["wsgi.errors"].close()),
    ours="wsgi.streams.app-no-close",
)
rule(
    "wsgi.errors is written str",
    reading(lambda environ: _ignoring(environ["wsgi.errors"].write, b"bytes\n")),
    ours="wsgi.unicode.str-type-only",
)


# The head

rule("the status is a str", by(start(b"200 OK")), ours="wsgi.status.native-str")
rule("the status is a text", by(start(200)), ours="wsgi.status.native-str")
rule("the status has three digits", by(start("20 OK")), ours="wsgi.status.code-three-digits")
rule("the status is a number", by(start("2xx OK")), ours="wsgi.status.code-three-digits")
rule("the status is at least 100", by(start("099 Low")), ours="wsgi.status.code-three-digits")
rule("the status has a space", by(start("200-OK-done")), ours="wsgi.status.single-space")
rule("the status has a reason", by(start("200")), ours="wsgi.status.reason-phrase")
rule(
    "the reason is longer than one letter",
    by(start("200 A")),
    silent="wsgi-reason-phrase",
    why="a reason is any text",
)
rule("headers are a list", by(start("200 OK", tuple(TYPE))), ours=H + "exact-list")
rule("a header is a tuple", by(head("200 OK", ["X-A", "1"])), ours=H + "list-of-pairs")
rule("a header has two parts", by(head("200 OK", ("X-A", "1", "2"))), ours=H + "list-of-pairs")
rule("a header's name is a str", by(head("200 OK", (b"X-A", "1"))), ours=H + "name-native-str")
rule("a header's value is a str", by(head("200 OK", ("X-A", 1))), ours=H + "value-native-str")
rule(
    "a header's name is Latin-1",
    by(head("200 OK", ("X-\u20ac", "1"))),
    ours=H + "name-token",
)
rule(
    "a header's value is Latin-1",
    by(head("200 OK", ("X-A", "\u20ac"))),
    ours="wsgi.unicode.app-latin1-only",
)
rule("a header's name has no colon", by(head("200 OK", ("X-A:", "1"))), ours=H + "name-token")
rule("a header's name has no space", by(head("200 OK", ("X A", "1"))), ours=H + "name-token")
rule(
    "a header's name has only letters, digits, dashes and underscores",
    by(head("200 OK", ("X.A", "1"))),
    silent=H + "name-token",
    why="a name is a token",
)
rule(
    "a header's name ends in a letter or a digit",
    by(head("200 OK", ("X-A-", "1"))),
    silent=H + "name-token",
    why="a name is a token, and a token may end in a dash",
)
rule(
    "a header's value has no control characters",
    by(head("200 OK", ("X-A", "1\r\nSet-Cookie: a=b"))),
    ours=H + "value-no-control",
)
rule(
    "there is no Status header",
    by(head("200 OK", ("Status", "200 OK"))),
    silent="http-empty-status-and-etag",
    why="HTTP knows no such field, so it means nothing; only CGI gateways are confused by it",
)
rule(
    "exc_info is a tuple", by(start("200 OK", list(TYPE), ValueError())), ours="wsgi.exc-info.tuple"
)
rule(
    "there is a Content-Type",
    by(start("200 OK", [("Content-Length", "5")])),
    silent="wsgi-content-type-not-required",
    why="nothing demands one",
)
rule(
    "a 204 has no Content-Type",
    by(head("204 No Content", body=())),
    silent="wsgi-content-type-not-required",
    why="HTTP forbids the content, not the field",
)
rule(
    "a 204 has no Content-Type with a length",
    by(head("204 No Content", ("Content-Length", "5"), body=())),
    ours="http1.cl.not-in-1xx-204",
    gap=True,
)
rule(
    "a 204 has a Content-Length of 0",
    by(lambda environ, start: start("204 No Content", []) and []),
    silent="http-content-length-not-required",
    why="HTTP forbids the field in a 204",
)
rule(
    "a 204 has no body",
    by(lambda environ, start: start("204 No Content", []) and [b"hello"]),
    ours="http1.body.1xx-204-304-none",
    gap=True,
)
rule(
    "a 304 has no body",
    by(lambda environ, start: start("304 Not Modified", []) and [b"hello"]),
    ours="http1.body.1xx-204-304-none",
    gap=True,
)
rule(
    "a 304 has no entity headers",
    by(lambda environ, start: start("304 Not Modified", [("Content-Length", "5")]) and []),
    silent="http1.status.304-metadata",
    why="the field that a 200 would have had is legal",
)
rule(
    "an ETag is quoted",
    by(head("200 OK", ("ETag", "abc"))),
    silent="http-empty-status-and-etag",
    why="the interface takes any header; what an ETag looks like is a matter of HTTP",
)
rule(
    "a weak ETag begins with W",
    by(head("200 OK", ("ETag", 'w/"abc"'))),
    silent="http-empty-status-and-etag",
    why="the interface takes any header; what an ETag looks like is a matter of HTTP",
)
rule(
    "a Location is absolute",
    by(head("302 Found", ("Location", "/elsewhere"))),
    silent="http-relative-location",
    why="HTTP has had relative locations since RFC 7231",
)


# The body

rule(
    "write() is given bytes",
    by(lambda environ, start: start("200 OK", list(TYPE))("text") or []),
    ours="wsgi.unicode.bytes-to-write",
)
rule(
    "pieces are bytes",
    by(lambda environ, start: start("200 OK", list(TYPE)) and ["text"]),
    ours="wsgi.unicode.bytes-yielded",
)
rule(
    "the response is started before the first piece",
    by(lambda environ, start: [b"hello"]),
    ours="wsgi.app.start-response-before-first-body",
)
rule(
    "the body is as long as Content-Length says",
    by(head("200 OK", ("Content-Length", "9"))),
    ours="wsgi.content-length.app-accurate",
)


def _read_after_close(wrap: Wrap) -> None:
    result = wrap(start_closable)(environ(), started)
    result.close()
    for _ in result:
        pass


class Pages:
    """A body with a close()."""

    def __init__(self) -> None:
        self.pieces = iter([b"a"])

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> bytes:
        return next(self.pieces)

    def close(self) -> None:
        pass


def start_closable(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", list(TYPE))
    return Pages()


rule("a body is not read after close()", _read_after_close, ours="wsgi.server.close-called")
rule(
    "a body with a close() is closed",
    by(start_closable, close=False),
    ours="wsgi.server.close-called",
)
rule(
    "a body without a close() is closed",
    by(ok, close=False),
    silent="wsgi-close",
    why="there is nothing to call",
)
