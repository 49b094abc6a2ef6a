"""wsgi.input from one use to the next: what any honest stream gives says nothing."""

from __future__ import annotations

import contextlib
import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateproof.validators import WSGIValidator

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more examples than by default, for nightly runs."""

LIBRARY = "wsgi.streams.library-semantics"
SPENT = "wsgi.input.empty-bytes-when-exhausted"
PAST = "wsgi.input.app-not-read-past-length"


def starter(status, headers, exc_info=None):
    return print


class Trickle(io.RawIOBase):
    """A stream that gives less than it is asked for, as a socket does."""

    def __init__(self, body, sizes):
        self.source = io.BytesIO(body)
        self.sizes = sizes

    def read(self, size=-1):
        if size is None or size < 0:
            return self.source.read()
        return self.source.read(min(size, self.sizes))

    def readline(self, size=-1):
        return self.source.readline(-1 if size is None else size)

    def readlines(self, hint=-1):
        return self.source.readlines(-1 if hint is None else hint)

    def __iter__(self):
        return iter(self.source)


SIZES = st.sampled_from([(), (0,), (1,), (3,), (1000,), (-1,), (None,)])
USES = st.lists(
    st.tuples(st.sampled_from(["read", "readline", "readlines", "for", "once"]), SIZES),
    max_size=8,
)


def use(stream, uses):
    """Use a stream, and return what it gave."""
    seen = []
    for method, args in uses:
        if method == "for":
            seen.append(list(stream))
        elif method == "once":
            seen.append([line for line, _ in zip(stream, range(1), strict=False)])
        else:
            seen.append(getattr(stream, method)(*args))
    return seen


@settings(max_examples=300 * SCALE, deadline=None, database=None, derandomize=SCALE == 1)
@given(st.text("ab\n", max_size=12).map(str.encode), USES, st.integers(0, 5), st.booleans())
def test_an_honest_stream_is_spared_and_unchanged(body, uses, sizes, known):
    def make():
        return Trickle(body, sizes) if sizes else io.BytesIO(body)

    def app(environ, start_response):
        seen.extend(use(environ["wsgi.input"], uses))
        start_response("200 OK", [])
        return []

    seen: list[object] = []
    found = []
    environ = {"wsgi.input": make(), **({"CONTENT_LENGTH": str(len(body))} if known else {})}
    list(WSGIValidator(app, on_violation=found.append, level="should")(environ, starter))

    assert seen == use(make(), uses)
    about = [v for v in found if v.requirement.startswith(("wsgi.input.", "wsgi.streams."))]
    assert [str(v) for v in about if v.requirement != PAST] == []


class Script:
    """A stream whose every use gives the next of a list, whatever was asked for."""

    def __init__(self, *given):
        self.given = list(given)

    def read(self, *args):
        value = self.given.pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    readline = readlines = read

    def __iter__(self):
        return iter(self.given)


BROKEN = {
    "data after the end": ([b"a", b"", b"b"], [("read", (5,))] * 3, {}, LIBRARY),
    "two last lines": ([b"a", b"b\n"], [("readline", ())] * 2, {}, LIBRARY),
    "lines in the middle": ([[b"a", b"b\n"]], [("readlines", ())], {}, LIBRARY),
    "lines after all lines": (
        [[b"a\n"], [b"b\n"]],
        [("readlines", ()), ("readlines", (5,))],
        {},
        LIBRARY,
    ),
    "iterated lines": ([b"a", b"b"], [("for", ())], {}, LIBRARY),
    "a part of all": (
        [b"a", b"b"],
        [("read", ()), ("read", (1,))],
        {},
        "wsgi.input.read-no-argument",
    ),
    "a part of a line": (
        [b"a", b"b\n"],
        [("readline", (9,))] * 2,
        {},
        "wsgi.input.readline-size",
    ),
    "no end": (
        [b"ab", ConnectionError("gone")],
        [("read", (2,)), ("readline", ())],
        {"CONTENT_LENGTH": "2"},
        SPENT,
    ),
    "the next request": (
        [b"ab", b"GET / HTTP/1.1\r\n"],
        [("read", (2,)), ("readline", ())],
        {"CONTENT_LENGTH": "2"},
        SPENT,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("whole", [True, False], ids=["each step judged", "judged where it is odd"])
def test_a_broken_stream_is_the_servers(name, whole, serve, make_environ):
    gives, uses, changes, requirement = BROKEN[name]

    def app(environ, start_response):
        with contextlib.suppress(ConnectionError):
            use(environ["wsgi.input"], uses)
        start_response("200 OK", [])
        return []

    given = make_environ(**{"wsgi.input": Script(*gives), **changes})
    found = []
    if whole:
        found = serve(app, level="should", given=given).violations
    else:
        list(WSGIValidator(app, on_violation=found.append, level="should")(given, starter))

    assert [(v.requirement, v.party) for v in found] == [(requirement, "server")]


def test_an_application_that_moves_the_position_is_not_judged_by_it(serve):
    def app(environ, start_response):
        stream = environ["wsgi.input"]
        stream.read()
        stream.seek(0)
        start_response("200 OK", [])
        return [stream.read(3), stream.read(1), stream.read()]

    served = serve(app, level="should", body=b"abc")

    assert served.body == [b"abc", b"", b""]
    assert [v.requirement for v in served.violations if v.requirement != PAST] == []


def test_an_iteration_that_fails_is_recorded(serve):
    def failing():
        yield b"a\n"
        raise ConnectionError("gone")

    class Stream(Script):
        def __iter__(self):
            return failing()

    def app(environ, start_response):
        with pytest.raises(ConnectionError):
            list(environ["wsgi.input"])
        start_response("200 OK", [])
        return []

    served = serve(app, **{"wsgi.input": Stream()})

    steps = [rung.data[0] for rung in served.exchange.rungs() if rung.step == "input"]
    assert steps == ["__next__", "__next__"]
    assert served.violations == []
