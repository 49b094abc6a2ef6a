"""Rules of WSGI lints about heads and bodies."""

from __future__ import annotations

from typing import Any

from corpus.play_wsgi import environ
from peers.lints import Exchange, Wrap
from peers.rules import Rule
from peers.wsgi_mutants import TYPE, H, by, head, ok, start, start_closable, started

RULES: list[Rule] = []


def rule(name: str, breaks: Exchange, **ours: Any) -> None:
    RULES.append(Rule(name, breaks, **ours))


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
)
rule(
    "a 304 has no body",
    by(lambda environ, start: start("304 Not Modified", []) and [b"hello"]),
    ours="http1.body.1xx-204-304-none",
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
