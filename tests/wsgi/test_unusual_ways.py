"""Unusual ways to break a rule, played live, and what looks like one of them and is none."""

from __future__ import annotations

import io
from typing import Any

import pytest
from corpus.play_wsgi import environ

from gateproof.validators import ConformanceError, WSGIValidator, layer


def served(app: Any, given: dict[str, Any] | None = None, write: Any = print) -> set[str]:
    """Serve one request and close the result; the ids of what was found."""
    watched = WSGIValidator(app, on_violation="collect", level="should")
    serve(watched, given, write)
    return {violation.requirement for violation in watched.violations}


def serve(app: Any, given: dict[str, Any] | None = None, write: Any = print) -> None:
    result = app(environ() if given is None else given, lambda status, headers: write)
    try:
        list(result)
    except TypeError:
        pass
    finally:
        if hasattr(result, "close"):
            result.close()


def started(start_response: Any, result: Any) -> Any:
    start_response("200 OK", [])
    return result


class Pages:
    """What has an __iter__() that gives ``iterator``."""

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator

    def __iter__(self) -> Any:
        return self.iterator


@pytest.mark.parametrize("iterator", [None, [b"a"], b"a"])
def test_an_iter_that_gives_no_iterator_makes_no_iterable(iterator):
    found = served(lambda environ, start: started(start, Pages(iterator)))

    assert found == {"wsgi.app.returns-iterable"}


def test_an_iter_that_gives_an_iterator_makes_one():
    assert served(lambda environ, start: started(start, Pages(iter([b"a"])))) == set()


def test_a_result_without_iterator_is_raised_where_it_is_iterated():
    result = WSGIValidator(lambda environ, start: started(start, Pages([])))(
        environ(), lambda status, headers: print
    )

    with pytest.raises(ConformanceError) as caught:
        iter(result)
    assert caught.value.violation.requirement == "wsgi.app.returns-iterable"


@pytest.mark.parametrize("write", [True, 1, None])
def test_what_is_no_writer_is_told_whatever_it_is(write):
    found = served(lambda environ, start: started(start, [b"a"]), write=write)

    assert found == {"wsgi.start-response.returns-write"}


@pytest.mark.parametrize("stream", ["wsgi.input", "wsgi.errors"])
def test_a_with_block_closes_a_stream(stream):
    def app(environ, start_response):
        with environ[stream]:
            return started(start_response, [b"a"])

    assert served(app, environ()) == {"wsgi.streams.app-no-close"}


def test_a_with_block_that_closes_nothing_is_no_fault():
    class Open(io.BytesIO):
        def __exit__(self, *given):
            pass

    def app(environ, start_response):
        with environ["wsgi.input"]:
            return started(start_response, [b"a"])

    assert served(app, {**environ(), "wsgi.input": Open()}) == set()


@pytest.mark.parametrize("depth", [1, 3])
def test_whoever_returns_the_input_has_not_closed_it(depth):
    source = io.BytesIO(b"a\nb")

    def app(environ, start_response):
        return started(start_response, environ["wsgi.input"])

    for _ in range(depth - 1):
        app = WSGIValidator(app, level="should")

    assert served(app, {**environ(), "wsgi.input": source}) == set()
    assert source.closed


def test_a_middleware_that_hands_on_another_kind_of_dict_is_named():
    class Environ(dict):
        pass

    def middleware(environ, start_response):
        return inside(Environ(environ), start_response)

    inside = layer("app")(lambda environ, start: started(start, [b"a"]))
    outside = layer("other-dict", on_violation="collect")(middleware)
    serve(outside)

    (violation,) = outside.violations
    assert violation.requirement == "wsgi.environ.exact-dict"
    assert (violation.party, violation.layer) == ("middleware", "other-dict")


@pytest.mark.parametrize("names", [("environ", "start_response"), ("start_response",)])
def test_a_middleware_that_calls_by_keyword_is_named(names):
    def middleware(environ, start_response):
        given = {"environ": environ, "start_response": start_response}
        named = {name: given.pop(name) for name in names}
        return inside(*given.values(), **named)

    def app(environ, start_response):
        return started(start_response, [b"a"])

    inside = layer("app")(app)
    outside = layer("by-keyword", on_violation="collect")(middleware)
    serve(outside)

    (violation,) = outside.violations
    assert violation.requirement == "wsgi.server.call-app-positionally"
    assert (violation.party, violation.layer) == ("middleware", "by-keyword")
