"""Objects that misbehave when they are looked at: a finding at most, never a crash of ours."""

from __future__ import annotations

import gc
import io
import traceback

import pytest

from gateproof.validators import WSGIValidator


class HostileError(Exception):
    def __str__(self):
        raise HostileError

    __repr__ = __str__


class HostileDict(dict):
    def get(self, *args):
        raise HostileError

    __getitem__ = __contains__ = keys = items = __iter__ = copy = get


class HostileText(str):
    def lower(self):
        raise HostileError

    startswith = encode = __len__ = __eq__ = __iter__ = lower
    __hash__ = str.__hash__


class HostileList(list):
    def __iter__(self):
        raise HostileError

    copy = __len__ = __getitem__ = __iter__


class HostileResult:
    def __init__(self, *pieces):
        self.pieces = pieces

    def __len__(self):
        raise HostileError

    @property
    def fileno(self):
        raise HostileError

    def __iter__(self):
        return iter(self.pieces)


def app(environ, start_response):
    start_response("200 OK", [])
    return [b"a"]


def frames(error):
    """The functions that an exception passed through."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_an_environ_that_raises(serve, make_environ):
    given = HostileDict(make_environ())

    served = serve(app, given=given)

    assert served.body == [b"a"]
    assert "wsgi.environ.exact-dict" in served.ids


@pytest.mark.parametrize("given", [None, 5, [], b"environ"], ids=repr)
def test_an_environ_that_is_none(given):
    found = []
    validator = WSGIValidator(app, on_violation=found.append, level="all")

    assert list(validator(given, lambda *args: print)) == [b"a"]
    assert [v.requirement for v in found] == ["wsgi.environ.exact-dict"]


CALLS = {
    "status": (HostileText("200 OK"), []),
    "name": ("200 OK", [(HostileText("A"), "b")]),
    "value": ("200 OK", [("Content-Length", HostileText("1"))]),
    "headers": ("200 OK", HostileList([("A", "b")])),
    "pair": ("200 OK", [HostileList(["A", "b"])]),
    "pair of one": ("200 OK", [("A",)]),
    "nothing": (None, None),
    "giant": ("200 " + "O" * 1_000_000, [("A", "b" * 1_000_000)]),
    "surrogates": ("200 \udc80", [("A", "\ud800")]),
    "exc_info": ("200 OK", [], HostileList([1])),
    "error": ("200 OK", [], (HostileError, HostileError(), None)),
    "many headers": ("200 OK", [("A", "b")] * 10_000),
}


@pytest.mark.parametrize("level", ["must", "all"])
@pytest.mark.parametrize("name", CALLS)
def test_arguments_that_raise(name, level, serve, bare):
    def hostile(environ, start_response):
        start_response(*CALLS[name])
        return [b"a"]

    expected = bare(hostile)
    served = serve(hostile, level=level)

    assert served.body == expected.body
    assert type(served.error) is type(expected.error)
    if served.error is not None:  # the server's own doing, and not ours
        assert "start_response" in frames(served.error)
    for violation in served.violations:
        assert len(str(violation)) < 3000


@pytest.mark.parametrize(
    "piece",
    [HostileText("a"), HostileList([1]), None, 5, memoryview(b"a"), object(), "\ud800"],
    ids=lambda piece: type(piece).__name__,
)
def test_pieces_that_are_no_bytes(piece, serve):
    def hostile(environ, start_response):
        start_response("200 OK", [("Content-Length", "3")])
        yield piece

    served = serve(hostile, stop=None)

    assert {v.requirement for v in served.violations if v.verdict == "fail"} == {
        "wsgi.unicode.bytes-yielded"
    }


def test_a_result_whose_length_raises(serve):
    def hostile(environ, start_response):
        start_response("200 OK", [])
        return HostileResult(b"a", b"b")

    served = serve(hostile)

    assert served.body == [b"a", b"b"]
    assert served.violations == []


def test_an_iterable_that_cannot_be_iterated(serve):
    class Cannot:
        def __iter__(self):
            raise HostileError

    def hostile(environ, start_response):
        start_response("200 OK", [])
        return Cannot()

    served = serve(hostile)

    assert type(served.error) is HostileError
    assert served.ids == {"wsgi.errors-handling.app-traps-own-errors"}


def test_an_input_that_raises(serve):
    class Gone(io.BytesIO):
        def read(self, *args):
            raise ConnectionResetError

    def reader(environ, start_response):
        environ["wsgi.input"].read(1)

    served = serve(reader, **{"wsgi.input": Gone()})

    assert type(served.error) is ConnectionResetError
    assert served.violations == []


def test_an_input_without_methods_is_left_as_it_is(serve, make_environ):
    source = object()

    def curious(environ, start_response):
        assert environ["wsgi.input"] is source
        start_response("200 OK", [])
        return []

    served = serve(curious, **{"wsgi.input": source})

    assert served.error is None
    assert served.ids == {"wsgi.environ.input-present"}


def test_exceptions_pass_unchanged(serve):
    error = HostileError()

    def hostile(environ, start_response):
        raise error

    assert serve(hostile).error is error


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_other_exceptions_pass_as_well(kind, serve):
    def hostile(environ, start_response):
        raise kind

    with pytest.raises(kind):
        serve(hostile)


def test_nothing_is_left_behind_that_only_the_collector_finds(serve, make_environ):
    validator = WSGIValidator(app)
    for _ in range(3):
        list(validator(make_environ(), lambda *args: print))
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            result = validator(make_environ(), lambda *args: print)
            list(result)
            result.close()
            del result
        assert gc.collect() == 0
    finally:
        gc.enable()
