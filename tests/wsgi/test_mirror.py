"""What each side sees of the other through the validator."""

from __future__ import annotations

import gc
import io
import itertools
import sys
import threading
import weakref

import pytest

from gateproof.validators import WSGIValidator


def collecting(app, **how):
    return WSGIValidator(app, on_violation="collect", level="all", **how)


def ok(environ, start_response):
    start_response("200 OK", [])
    return [b"a"]


def write(data):
    pass


def starter(status, headers, exc_info=None):
    return write


def test_the_environ_stays_the_servers_own(make_environ):
    given = make_environ()
    seen = []

    def app(environ, start_response):
        seen.append(environ)
        return ok(environ, start_response)

    collecting(app)(given, starter)

    assert seen == [given]
    assert seen[0] is given


@pytest.mark.parametrize("result", [[b"a"], (b"a",), {b"a"}, {b"a": 1}, "", range(0)], ids=repr)
def test_length_and_truth_are_kept(result, make_environ):
    seen = collecting(lambda environ, start: result)(make_environ(), starter)

    assert len(seen) == len(result)
    assert bool(seen) is bool(result)
    assert not hasattr(seen, "__next__")
    assert list(seen) == list(result)
    assert list(seen) == list(result)


def test_an_iterator_stays_one(make_environ):
    seen = collecting(lambda environ, start: iter([b"a", b"b", b"c"]))(make_environ(), starter)

    assert not hasattr(seen, "__len__")
    assert next(seen) == b"a"
    assert next(iter(seen)) == b"b"
    assert list(seen) == [b"c"]
    with pytest.raises(StopIteration):
        next(seen)


def test_attributes_are_handed_on(make_environ):
    class Response:
        status_code = 200

        def __iter__(self):
            yield b"a"

        def __getitem__(self, index):
            return (b"a",)[index]

    seen = collecting(lambda environ, start: Response())(make_environ(), starter)

    assert seen.status_code == 200
    assert seen[0] == b"a"
    with pytest.raises(AttributeError):
        _ = seen.other


def test_the_application_is_reached_through_the_validator():
    ok.extra = "here"
    validator = WSGIValidator(ok)

    assert validator.extra == "here"
    assert validator.app is ok
    with pytest.raises(AttributeError):
        _ = validator.other
    with pytest.raises(TypeError, match="callable"):
        WSGIValidator(None)


def test_start_response_and_write_keep_their_attributes(make_environ):
    seen = []

    class Server:
        def start(self, status, headers, exc_info=None):
            return self.write

        def write(self, data):
            seen.append(data)
            return "kept"

    server = Server()

    def app(environ, start_response):
        assert start_response.__self__ is server
        write = start_response("200 OK", [])
        assert write.__self__ is server
        assert write(b"a") == "kept"
        return []

    list(collecting(app)(make_environ(), server.start))

    assert seen == [b"a"]


def test_close_is_passed_on_and_only_once(make_environ):
    class Body(list):
        closed = 0

        def close(self):
            self.closed += 1

    body = Body([b"a"])
    seen = collecting(lambda environ, start: body)(make_environ(), starter)

    assert body.closed == 0
    seen.close()
    assert body.closed == 1


def test_what_has_no_close_can_be_closed(make_environ):
    validator = collecting(ok)
    seen = validator(make_environ(), starter)

    list(seen)
    seen.close()
    seen.close()
    del seen

    assert validator.violations == []


@pytest.mark.parametrize("as_class", [True, False])
def test_results_of_the_file_wrapper_are_the_servers_own(as_class, make_environ):
    made = []

    class Wrapper:
        def __init__(self, file, size=8):
            made.append(self)

        def __iter__(self):
            return iter([b"a"])

    def function(*args):
        return Wrapper(*args)

    wrapper = Wrapper if as_class else function
    given = make_environ(**{"wsgi.file_wrapper": wrapper})

    def app(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"a"))

    seen = collecting(app)(given, starter)

    assert seen is made[0]
    assert given["wsgi.file_wrapper"] is wrapper


def test_streams_offer_what_they_stand_for(make_environ):
    source = io.BytesIO(b"a\nb\nc\n")
    given = make_environ(**{"wsgi.input": source, "wsgi.errors": io.StringIO()})

    def app(environ, start_response):
        stream = environ["wsgi.input"]
        assert stream is not source
        assert next(stream) == b"a\n"
        assert stream.tell() == 2
        assert stream.getvalue() == source.getvalue()
        assert not hasattr(stream, "other")
        assert list(io.TextIOWrapper(io.BufferedReader(stream))) == ["b\n", "c\n"]
        assert environ["wsgi.errors"].write("abc") == 3
        return ok(environ, start_response)

    found = collecting(app)
    list(found(given, starter))

    # A wrapper of io that is collected closes what it wraps: no application did.
    assert [v.requirement for v in found.violations if v.verdict == "fail"] == []
    assert given["wsgi.input"] is source


def test_exc_info_is_not_held(make_environ):
    class LateError(Exception):
        pass

    alive = []

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise LateError
        except LateError as error:
            alive.append(weakref.ref(error))
            start_response("500 Oops", [], sys.exc_info())
        gc.disable()
        assert alive[0]() is None
        return [b"oops"]

    try:
        list(collecting(app)(make_environ(), starter))
    finally:
        gc.enable()


def test_a_long_stream_is_bounded_and_counted(make_environ):
    found = []
    validator = WSGIValidator(
        lambda environ, start: (
            start("200 OK", []),
            itertools.chain(itertools.repeat(b"a", 10_000), [5]),
        )[1],
        on_violation=found.append,
    )

    seen = validator(make_environ(), starter)
    assert sum(1 for _ in seen) == 10_001
    seen.close()
    del seen

    (violation,) = found
    assert len(violation.exchange) < 100
    # call, start_response, started, result, next, and the items before it
    assert violation.event == 5 + 10_000


def test_odd_calls_by_the_server_are_served(make_environ):
    validator = collecting(ok)

    def named(environ, start_response, extra=None):
        return ok(environ, start_response)

    assert list(validator(make_environ(), start_response=starter)) == [b"a"]
    assert list(collecting(named)(environ=make_environ(), start_response=starter)) == [b"a"]
    assert list(collecting(named)(make_environ(), starter, 3)) == [b"a"]
    assert [v.requirement for v in validator.violations] == ["wsgi.server.call-app-positionally"]


def test_a_server_may_try_whether_it_was_given_a_factory():
    """As Uvicorn does, which calls what it loaded without arguments and expects TypeError."""
    validator = collecting(ok)

    with pytest.raises(TypeError, match="missing 2 required positional arguments"):
        validator()
    assert validator.violations == []


def test_threads_do_not_meet(make_environ):
    def app(environ, start_response):
        number = environ["HTTP_N"]
        start_response("200 OK", [("Content-Length", str(len(number)))])
        yield from (digit.encode() for digit in number)

    validator = collecting(app)
    problems = []

    def work(number):
        for _ in range(50):
            seen = validator(make_environ(HTTP_N=str(number)), starter)
            body = b"".join(seen)
            seen.close()
            if body != str(number).encode():
                problems.append(body)

    threads = [threading.Thread(target=work, args=(n * 111,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert problems == []
    assert validator.violations == []


def test_one_validator_in_another(make_environ):
    inner = collecting(ok)
    outer = collecting(inner)

    seen = outer(make_environ(), starter)
    assert len(seen) == 1
    assert list(seen) == [b"a"]
    seen.close()
    del seen

    assert inner.violations == outer.violations == []
