"""Streams are heard from the outside in, and hostile objects change nothing."""

from __future__ import annotations

import io

import pytest
from corpus.play_wsgi import environ
from layered import faults

from gateproof.validators import layer
from gateproof.validators.layers.asgi_pair import parts

HEADERS = [("Content-Type", "text/plain")]


class Passes(faults.Middleware):
    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


class ClosesInput(faults.Middleware):
    def __call__(self, environ, start_response):
        environ["wsgi.input"].close()
        return self.app(environ, start_response)


class Logs(faults.Middleware):
    def __call__(self, environ, start_response):
        environ["wsgi.errors"].write("seen\n")
        return self.app(environ, start_response)


def silent(environ, start_response):
    start_response("200 OK", list(HEADERS))
    return [b"hello"]


def closes_input(environ, start_response):
    environ["wsgi.input"].close()
    return silent(environ, start_response)


def logs(environ, start_response):
    environ["wsgi.errors"].write("seen\n")
    return silent(environ, start_response)


def stack(middle, app):
    outermost = layer("outermost", on_violation="collect", level="all")
    return outermost(Passes(layer("middle")(middle(layer("application")(app)))))


def streams(app):
    return [
        (one.requirement, one.party, one.layer)
        for one in app.violations
        if one.requirement.startswith(("wsgi.input", "wsgi.errors", "wsgi.streams"))
    ]


def test_what_the_application_does_to_a_stream_is_its_own(serve):
    app = stack(Passes, closes_input)

    serve["wsgi"](app, **{"wsgi.input": io.BytesIO()})

    assert [one[1:] for one in streams(app)] == [("application", "application")]


def test_what_a_middleware_does_to_a_stream_is_its_own(serve):
    app = stack(ClosesInput, silent)

    serve["wsgi"](app, **{"wsgi.input": io.BytesIO()})

    assert [one[2] for one in streams(app)] == ["middle"]


@pytest.mark.parametrize(
    ("middle", "app", "name"), [(Passes, logs, "application"), (Logs, silent, "middle")]
)
def test_who_did_not_flush_is_told(middle, app, name, serve):
    app = stack(middle, app)

    serve["wsgi"](app)

    assert {one[2] for one in streams(app)} == {name}


class Hostile(str):
    """A key that is equal to nothing and says so loudly."""

    __slots__ = ()

    def __hash__(self):
        return hash(str(self))

    def __eq__(self, other):
        raise RuntimeError("compared")


@pytest.mark.parametrize("key", ["headers", "QUERY_STRING"])
def test_a_hostile_key_in_environ(key, serve):
    environ = {"REQUEST_METHOD": "GET", Hostile(key): 1}
    seen = []

    def application(environ, start_response):
        seen.append(environ)
        return silent({}, start_response)

    app = stack(Passes, application)
    started = []
    result = app(environ, lambda *args: started.append(args) or (lambda data: None))

    assert list(result) == [b"hello"]
    assert started[0][0] == "200 OK"
    assert seen[0] is environ


@pytest.mark.parametrize("key", ["type", "headers", "root_path"])
def test_a_scope_that_cannot_be_read_is_not_compared(key):
    assert parts({Hostile(key): 1}) == {}
    assert parts({"path": "/", "headers": [(b"a", object())]}) == {"path": "/"}
    assert parts(None) == {}


@pytest.mark.parametrize("environ", [None, (), "environ", io.StringIO()])
def test_an_environ_that_is_none(environ, serve):
    app = stack(Passes, lambda environ, start_response: silent({}, start_response))

    result = app(environ, lambda *args: lambda data: None)

    assert list(result) == [b"hello"]
    assert {one.requirement for one in app.violations if one.verdict == "fail"} == {
        "wsgi.environ.exact-dict"
    }
    assert {one.party for one in app.violations if one.verdict == "fail"} == {"server"}


def test_a_call_of_another_form_goes_through(serve):
    point = layer("component")(lambda *args, **named: (args, named))

    assert point() == ((), {})
    assert point(1, 2, 3, 4) == ((1, 2, 3, 4), {})
    assert point(environ={}, start_response=None) == ((), {"environ": {}, "start_response": None})


class Wrapper:
    """A server's ``wsgi.file_wrapper``."""

    def __init__(self, file, size=8):
        self.file = file
        self.close = file.close

    def __iter__(self):
        return iter(lambda: self.file.read(8), b"")


@pytest.mark.parametrize("wrapper", [Wrapper, lambda file, size=8: Wrapper(file)])
def test_a_file_of_the_servers_own_wrapper_comes_out_as_it_is(wrapper):
    made = []

    def sends_file(environ, start_response):
        start_response("200 OK", list(HEADERS))
        made.append(environ["wsgi.file_wrapper"](io.BytesIO(b"a file")))
        return made[0]

    app = stack(Passes, sends_file)
    given = environ(**{"wsgi.file_wrapper": wrapper})

    result = app(given, lambda *args: lambda data: None)

    assert result is made[0]
    result.close()
    assert streams(app) == []
    assert [str(one) for one in app.violations if one.verdict == "fail"] == []


def test_a_list_keeps_its_length(serve):
    app = stack(Passes, silent)

    result = app(environ(), lambda *args: lambda data: None)

    assert len(result) == 1
    assert list(result) == [b"hello"]
    result.close()
