"""Rules of WSGI lints about the call, environ and the two streams."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from typing import Any

from corpus.play_wsgi import environ
from peers.lints import Exchange
from peers.rules import Rule
from peers.wsgi_mutants import TYPE, V, by, given, ok, reading, started

RULES: list[Rule] = []


def rule(name: str, breaks: Exchange, **ours: Any) -> None:
    RULES.append(Rule(name, breaks, **ours))


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
