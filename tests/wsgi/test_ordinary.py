"""What is accepted on the shorter ways is what the judge lets pass: both ways tell the same."""

from __future__ import annotations

import io
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi import closer, ordinary
from gateproof.validators.wsgi.shape import shapes
from gateproof.validators.wsgi.watching import Watching

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more examples than by default, for nightly runs."""

STATUSES = ("200 OK", "204 No Content")
PLAIN = [("Content-Type", "text/plain")]


class Wrapper:
    """A server's ``wsgi.file_wrapper``."""

    def __init__(self, file):
        self.file = file

    def __iter__(self):
        return iter(lambda: self.file.read(2), b"")


def wrapping(file):
    """The same, where it is no class."""
    return Wrapper(file)


class Pieces:
    """A result that is iterable, with a ``close()``."""

    def __init__(self, generator):
        self.generator = generator

    def __iter__(self):
        return self.generator

    def close(self):
        self.generator.close()


class Sized(Pieces):
    def __len__(self):
        return 2


class Once(Pieces):
    """A result that is an iterator of a class of its own."""

    def __next__(self):
        return next(self.generator)


class Unclosable(Pieces):
    def close(self):
        raise OSError("not closed")


STEPS = st.one_of(
    st.tuples(
        st.just("start"),
        st.sampled_from(["200 OK", "204 No Content", "500 Oops", "200"]),
        st.sampled_from([None, None, None, "0", "2", "4", "04", "x", "4,4"]),
        st.sampled_from([False, False, False, True]),
    ),
    st.tuples(st.just("read"), st.sampled_from([(), (1,), (2,), (4,), (-1,), (0,), ("x",)])),
    st.tuples(st.just("readline")),
    st.tuples(st.just("errors"), st.sampled_from(["write", "flush"])),
    st.tuples(st.just("write"), st.sampled_from([b"", b"ab", "text"])),
    st.tuples(st.just("raise")),
    st.tuples(st.just("replace")),
)
KINDS = ["list", "list", "tuple", "generator", "whole", Pieces, Sized, Once, Unclosable, "other"]

LENGTHS = [None, None, "0", "2", "4", "6", "80", "80", "2,2"]
BODIES = [
    [],
    [b"ab"],
    [b"ab"],
    [b"ab", b"ab"],
    [b"abcd"],
    [b"ab", b"", b"ab"],
    [b"", b"abcd"],
    ["text"],
    [b"ab", "text"],
    [b"ab"] * 3,
    [b"ab"] * 40,
    [b"ab"] * 41,
    [*[b"ab"] * 40, "text"],
]


@st.composite
def apps(draw):
    """Applications near the ordinary: a start, a body, and at most two other steps."""
    start = ("start", draw(st.sampled_from(["200 OK"] * 4 + ["204 No Content", "500 Oops"])))
    start += (draw(st.sampled_from(LENGTHS)), False)
    call, body = [], [("piece", piece) for piece in draw(st.sampled_from(BODIES))]
    (call if draw(st.integers(0, 3)) else body).insert(0, start)
    for step in draw(st.lists(STEPS, max_size=draw(st.sampled_from([0, 0, 1, 2])))):
        place = call if draw(st.booleans()) else body
        place.insert(draw(st.integers(0, len(place))), step)
    return {"call": call, "body": body, "kind": draw(st.sampled_from(KINDS))}


def mostly(usual, *others):
    return st.sampled_from([usual] * 6 + list(others))


SERVERS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "HEAD", "POST"]),
        "length": st.sampled_from([None, "", "4", "6"]),
        "wrapper": st.sampled_from([None, None, Wrapper, wrapping]),
        "refuses": mostly(False, True),
        "writer": mostly(True, False),
        "takes": mostly(None, 0, 1, 2),
        "by": mostly("loop", "next", "twice"),
        "closes": mostly(1, 0, 2),
    }
)


def played(app, server, call, rules):
    """One exchange: what both sides saw, and what was told of it."""
    told, seen = [], []
    policy = Policy(told.append, rules)
    application = made(app, seen)
    served(server, lambda *given: call(policy, application, *given), seen)
    return [shown(violation) for violation in told], seen


def made(app, seen):
    """The application that ``app`` describes; it notes what it sees."""

    def act(step, environ, start):
        name, *values = step
        source, errors = environ["wsgi.input"], environ["wsgi.errors"]
        try:
            if name == "start":
                status, length, late = values
                lengths = length.split(",") if length else []
                headers = [*PLAIN, *(("Content-Length", each) for each in lengths)]
                if not late:
                    seen.append(("write", callable(start(status, headers))))
                    return
                try:
                    raise KeyError("late")
                except KeyError as error:
                    start(status, headers, (KeyError, error, error.__traceback__))
            elif name == "read":
                seen.append(source.read(*values[0]))
            elif name == "readline":
                seen.append(source.readline())
            elif name == "errors":
                seen.append(errors.write("noted\n") if values[0] == "write" else errors.flush())
            elif name == "write":
                start("200 OK", list(PLAIN))(values[0])
            elif name == "replace":
                environ["wsgi.input"] = io.BytesIO(b"other")
        except (OSError, TypeError, KeyError, AssertionError) as error:
            seen.append(repr(error))
        if name == "raise":
            raise LookupError("the application fails")

    def body(environ, start):
        for step in app["body"]:
            if step[0] == "piece":
                yield step[1]
            else:
                act(step, environ, start)

    def application(environ, start):
        for step in app["call"]:
            act(step, environ, start)
        kind = app["kind"]
        given = [step[1] for step in app["body"] if step[0] == "piece"]
        if kind == "list":
            return given
        if kind == "tuple":
            return tuple(given)
        if kind == "whole" and environ.get("wsgi.file_wrapper"):
            return environ["wsgi.file_wrapper"](io.BytesIO(b"abcd"))
        if kind == "other":
            return "text"
        return body(environ, start) if isinstance(kind, str) else kind(body(environ, start))

    return application


def served(server, call, seen):
    environ = {
        "REQUEST_METHOD": server["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b"a\nbcdef"[: int(server["length"] or 0) or None]),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if server["length"] is not None:
        environ["CONTENT_LENGTH"] = server["length"]
    if server["wrapper"] is not None:
        environ["wsgi.file_wrapper"] = server["wrapper"]
    before = dict(environ)

    def start_response(status, headers, exc_info=None, /):
        seen.append(("started", status, headers, bool(exc_info)))
        if server["refuses"]:
            raise OSError("refused")
        return (lambda data: seen.append(("written", data))) if server["writer"] else None

    result = None
    try:
        result = call(environ, start_response)
        seen.append(len(result) if hasattr(type(result), "__len__") else "no length")
        for piece in taken(result, server):
            seen.append(("got", piece))
    except Exception as error:
        seen.append(repr(error))
    for _ in range(server["closes"]):
        try:
            if hasattr(type(result), "close"):
                result.close()
        except Exception as error:
            seen.append(repr(error))
    del result
    seen.append({key for key in before if environ[key] is not before[key]})


def taken(result, server):
    """The pieces as the server takes them."""
    if server["takes"] == 0:
        return
    iterator = result if server["by"] == "next" and hasattr(result, "__next__") else iter(result)
    count = 0
    while count != server["takes"]:
        try:
            yield next(iterator)
        except StopIteration:
            if server["by"] == "twice":
                yield from iter(result)
            return
        count += 1


def shown(violation):
    """A violation as it can be compared: without what differs between two runs."""
    rungs = [
        (rung.step, sorted(rung.data) if rung.step == "call" else repr(rung.data))
        for rung in violation.exchange
    ]
    told = (violation.requirement, violation.verdict, violation.party, violation.message)
    return re.sub(r"0x[0-9a-f]+", "", repr((*told, violation.event, rungs)))


def shortly(policy, application, environ, start_response):
    return ordinary.call(policy, shapes(policy.rules), application, environ, start_response)


def closely(policy, application, environ, start_response):
    watching = Watching(policy, Exchange(), shapes(policy.rules))
    return watching.call(application, environ, start_response)


@settings(max_examples=600 * SCALE, deadline=None, database=None, derandomize=SCALE == 1)
@given(apps(), SERVERS, st.sampled_from(["all", "must"]))
def test_both_ways_tell_and_show_the_same(app, server, level):
    rules = Rules(level=level)
    assert all(map(shapes(rules).status_is_sound, STATUSES))  # as after a request of each

    assert played(app, server, shortly, rules) == played(app, server, closely, rules)


ONE = [("start", "200 OK", "2", False)]


@pytest.mark.parametrize(
    "app",
    [
        {"call": ONE, "body": [("piece", b"ab")], "kind": "list"},
        {"call": ONE, "body": [("piece", b"ab")], "kind": "tuple"},
        {"call": [("read", (2,)), *ONE], "body": [("piece", b"ab")], "kind": "generator"},
        {"call": [], "body": [*ONE, ("piece", b"ab")], "kind": Pieces},
        {
            "call": [("start", "200 OK", None, False)],
            "body": [("piece", b"ab")] * 200,
            "kind": Once,
        },
    ],
)
def test_an_ordinary_exchange_needs_no_judge(app, monkeypatch):
    def made(self, known):
        raise AssertionError("a closer look was taken")

    monkeypatch.setattr(closer.Closer, "__init__", made)
    server = {"method": "POST", "length": "4", "wrapper": Wrapper, "refuses": False}
    server |= {"writer": True, "takes": None, "by": "loop", "closes": 1}
    assert all(map(shapes(Rules()).status_is_sound, STATUSES))

    told, seen = played(app, server, shortly, Rules())

    assert told == []
    assert ("got", b"ab") in seen
    assert not any("AssertionError" in str(entry) for entry in seen)
    assert seen[-1] == set()
