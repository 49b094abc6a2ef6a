"""Disputed points, as they are decided at the boundary, each on both sides of the line.

The pages of ``validators/positions/`` say why. What only the wire shows, such as when
the head leaves or how repeated headers are joined, is decided by cases.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field

import pytest

from gateproof.validators.violation import Rung
from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.replay import replay

CASES = []


@dataclass(frozen=True)
class Decided:
    """What is told of an application and its server: verdicts by requirement."""

    page: str
    name: str
    app: object
    told: dict[str, str]
    how: dict[str, object] = field(default_factory=dict)


def decided(page, told=None, **how):
    def add(app):
        CASES.append(Decided(page, app.__name__, app, told or {}, how))
        return app

    return add


def answering(*headers, status="200 OK", pieces=(b"a",)):
    def app(environ, start_response):
        start_response(status, list(headers))
        return list(pieces)

    return app


def one(page, name, told=None, *headers, how=(), **what):
    CASES.append(Decided(page, name, answering(*headers, **what), told or {}, dict(how)))


@decided("wsgi-start-response-in-iteration")
def started_in_the_first_step(environ, start_response):
    start_response("418 I'm a teapot", [])
    yield b"short"


@decided("wsgi-start-response-in-iteration", {"wsgi.app.start-response-before-first-body": "fail"})
def started_after_the_first_piece(environ, start_response):
    yield b"a"
    start_response("200 OK", [])


@decided("wsgi-start-response-twice", {"wsgi.start-response.repeat-without-exc-info": "fail"})
def started_twice(environ, start_response):
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


@decided("wsgi-start-response-twice")
def started_twice_for_an_error(environ, start_response):
    start_response("200 OK", [])
    try:
        raise ValueError
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    return []


@decided("wsgi-write", {"wsgi.write.prefer-iterable": "observed"})
def writes(environ, start_response):
    start_response("200 OK", [])(b"a")
    return []


HOP = "wsgi.app.no-hop-by-hop"
ACCEPTED = {"wsgi.server.rejects-hop-by-hop": "weak"}
for header in ("Connection", "Keep-Alive", "Upgrade", "TE", "Trailer"):
    one("wsgi-hop-by-hop", header, {HOP: "fail", **ACCEPTED}, (header, "a"))
one(
    "wsgi-hop-by-hop",
    "Transfer-Encoding",
    {"wsgi.app.no-transfer-encoding": "fail"},
    ("Transfer-Encoding", "chunked"),
)
one("wsgi-hop-by-hop", "Proxy-Authenticate", {HOP: "weak"}, ("Proxy-Authenticate", "Basic"))
one("wsgi-hop-by-hop", "Proxy-Connection is no name of the list", {}, ("X-Connection", "a"))

REASON = "wsgi.status.reason-phrase"
one("wsgi-reason-phrase", "no reason", {REASON: "weak"}, status="200")
one("wsgi-reason-phrase", "an empty reason", {REASON: "observed"}, status="200 ")
one("wsgi-reason-phrase", "any reason", {}, status="200 Fine by me")
one("wsgi-reason-phrase", "no space", {"wsgi.status.single-space": "fail"}, status="200OK")
one("wsgi-reason-phrase", "two spaces", {"wsgi.status.single-space": "weak"}, status="200  OK")

LENGTH = "wsgi.content-length.app-accurate"
one("wsgi-more-than-content-length", "more", {LENGTH: "fail"}, ("Content-Length", "0"))
one("wsgi-less-than-content-length", "less", {LENGTH: "fail"}, ("Content-Length", "2"))
one("wsgi-less-than-content-length", "as much", {}, ("Content-Length", "1"))
one(
    "wsgi-less-than-content-length",
    "cut short by the server",
    {},
    ("Content-Length", "3"),
    pieces=(b"a", b"b", b"c"),
    how={"stop": 1},
)

NO_BODY = {"http1.body.1xx-204-304-none": "weak"}

one("body-where-none-may-be", "204", NO_BODY, status="204 No Content")
one("body-where-none-may-be", "304", NO_BODY, ("Content-Length", "9"), status="304 Not Modified")
one(
    "body-where-none-may-be",
    "HEAD",
    {},
    ("Content-Length", "1"),
    how={"REQUEST_METHOD": "HEAD"},
)
one(
    "body-where-none-may-be",
    "HEAD without a body",
    {},
    ("Content-Length", "9"),
    pieces=(),
    how={"REQUEST_METHOD": "HEAD"},
)

one("wsgi-content-type-not-required", "no type", {}, pieces=(b"a",))
one("wsgi-content-type-not-required", "302", {}, ("Location", "http://a/"), status="302 Found")
one("http-relative-location", "relative", {}, ("Location", "../b"), status="302 Found")
one("http-content-length-not-required", "204", {}, status="204 No Content", pieces=())


@decided("wsgi-read-and-readline-size", body=b"abc\ndef")
def reads_without_a_size(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].readline(2), environ["wsgi.input"].read()]


class Old(io.BytesIO):
    """A stream of the first version of the specification."""

    def read(self, size):
        return super().read(size)

    def readline(self):
        return super().readline()


@decided(
    "wsgi-read-and-readline-size",
    {"wsgi.input.read-no-argument": "weak", "wsgi.input.readline-size": "weak"},
    **{"wsgi.input": Old(b"abc")},
)
def reads_what_knows_no_sizes(environ, start_response):
    start_response("200 OK", [])
    stream = environ["wsgi.input"]
    for use in (stream.read, lambda: stream.readline(3)):
        with pytest.raises(TypeError):
            use()
    return []


@decided(
    "wsgi-read-past-content-length",
    {"wsgi.input.app-not-read-past-length": "weak"},
    body=b"abc",
)
def reads_past_the_length(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].read(8192)]


@decided("wsgi-read-past-content-length", body=b"abc", **{"wsgi.input_terminated": True})
def reads_past_the_length_of_what_ends(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].read(8192)]


@decided(
    "wsgi-read-past-content-length",
    {"wsgi.input.empty-bytes-when-exhausted": "weak"},
    CONTENT_LENGTH="3",
    **{"wsgi.input": io.BytesIO(b"abcGET / HTTP/1.1\r\n")},
)
def is_given_more_than_the_length(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


for name, value in (("SERVER_PORT", 8000), ("REMOTE_ADDR", b"::1")):
    one(
        "wsgi-environ-types",
        name,
        {"wsgi.environ.cgi-vars-native-str": "fail"},
        how={name: value},
    )


class Text(str):
    pass


class Fields(list):
    pass


EXACT = "wsgi.response-headers.exact-list"


@decided("wsgi-subclasses", {EXACT: "fail"})
def a_tuple_of_headers(environ, start_response):
    start_response("200 OK", (("X-A", "b"),))
    return []


@decided("wsgi-subclasses", {EXACT: "observed"})
def a_list_of_ones_own(environ, start_response):
    start_response("200 OK", Fields([("X-A", "b")]))
    return []


one(
    "wsgi-subclasses",
    "a status of its own",
    {"wsgi.status.native-str": "observed"},
    status=Text("200 OK"),
)
one(
    "wsgi-subclasses",
    "a value of its own",
    {"wsgi.response-headers.value-native-str": "observed"},
    ("X-A", Text("b")),
)
one(
    "wsgi-subclasses",
    "a variable of its own",
    {"wsgi.environ.cgi-vars-native-str": "observed"},
    how={"REMOTE_USER": Text("me")},
)

NOT_ASKED = {
    "wsgi.server.rejects-repeat-start-response",
    "wsgi.server.checks-headers-at-call",
    "wsgi.content-length.stop-iterating",
}
"""What the server of these tests does wrong by taking an application's fault."""


@pytest.mark.parametrize("case", CASES, ids=[f"{case.page}-{case.name}" for case in CASES])
def test_it_is_decided_as_the_page_says(case, serve):
    served = serve(case.app, **case.how)

    told = {v.requirement: v.verdict for v in served.violations if v.requirement not in NOT_ASKED}
    assert told == case.told


def test_each_page_exists():
    from gateproof.validators.packaged import packaged

    assert all(packaged(f"positions/{page}.md") for page in {case.page for case in CASES})


# Sides of servers that the small server here never shows

CALL = ("call", {})
START = ("start_response", (("200 OK", []), {}))
TAKEN = ("started", True)
PAGES = (
    "result",
    {
        "type": "Pages",
        "iterable": True,
        "iterator": True,
        "len": None,
        "has_close": True,
        "generator": False,
        "has_fileno": False,
        "is_file_wrapper": False,
        "indexed": False,
    },
)
LATE = Raised("ValueError", "a", 1)
SERVERS = {
    "wsgi-close: after an error": (
        (START, TAKEN, PAGES, ("next", None), ("item-raised", ValueError("a")), ("end", None)),
        ("wsgi.server.close-called-on-app-error", "fail"),
    ),
    "wsgi-close: after the end": (
        (START, TAKEN, PAGES, ("next", None), ("exhausted", None), ("end", None)),
        ("wsgi.server.close-called", "fail"),
    ),
    "wsgi-write: nothing to write with": (
        (START, ("started", None)),
        ("wsgi.start-response.returns-write", "fail"),
    ),
    "wsgi-start-response-twice: taken": (
        (START, TAKEN, START, TAKEN),
        ("wsgi.server.rejects-repeat-start-response", "fail"),
    ),
    "wsgi-hop-by-hop: taken": (
        (("start_response", (("200 OK", [("Upgrade", "a")]), {})), TAKEN),
        ("wsgi.server.rejects-hop-by-hop", "weak"),
    ),
    "wsgi-more-than-content-length: written": (
        (
            ("start_response", (("200 OK", [("Content-Length", "1")]), {})),
            TAKEN,
            ("write", ((b"ab",), {})),
            ("written", None),
        ),
        ("wsgi.content-length.write-past-raises", "weak"),
    ),
    "wsgi-when-headers-leave: after an empty piece": (
        (
            START,
            TAKEN,
            PAGES,
            ("next", None),
            ("item", b""),
            ("start_response", (("500 Oops", [], LATE), {})),
            ("start_response-raised", LATE),
        ),
        ("wsgi.server.exc-info-works-after-empty-yield", "weak"),
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_is_judged_as_the_page_says(name, make_environ):
    steps, expected = SERVERS[name]
    rungs = [Rung("call", make_environ(), 0), *(Rung(step, data, 0) for step, data in steps)]

    told = {(v.requirement, v.verdict) for v in replay(rungs, host="server") if v.party == "server"}

    assert told == {expected}
