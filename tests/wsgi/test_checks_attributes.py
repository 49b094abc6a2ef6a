"""Which attributes of a result may be read, by whom, as it is seen live."""

from __future__ import annotations

import io

import pytest

from gateproof.validators import WSGIValidator
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.validator import watch

ATTRIBUTES = "wsgi.server.no-other-iterable-attributes"
LOOP = "wsgi.legacy.server-uses-for-loop"


class Response(list):
    """What a framework returns."""

    status_code = 200
    fileno = None

    def close(self):
        pass


def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "1")])
    return Response([b"a"])


def write(data):
    pass


def starter(status, headers, exc_info=None):
    return write


@pytest.fixture
def result(make_environ):
    """The proxy of an application's result, and where findings are kept."""

    def make(app=app, host="server", **changes):
        found = []
        policy = Policy(found.append, Rules(level="all"))
        given = make_environ(**changes)
        return watch(app, given, starter, policy=policy, exchange=Exchange(), host=host), found

    return make


def test_an_attribute_of_its_own_is_not_the_servers_to_read(result):
    seen, found = result()

    assert seen.status_code == 200
    assert [(v.requirement, v.verdict, v.party) for v in found] == [(ATTRIBUTES, "fail", "server")]
    assert "'status_code'" in found[0].message


def test_a_middleware_may_know_what_it_was_given(result):
    seen, found = result(host="any")

    assert seen.status_code == 200
    assert [(v.requirement, v.verdict) for v in found] == [(ATTRIBUTES, "observed")]


@pytest.mark.parametrize("name", ["fileno", "other"])
def test_asking_whether_it_is_a_file_uses_nothing(name, result):
    seen, found = result()

    getattr(seen, name, None)
    assert [(v.requirement, v.verdict) for v in found] == [(ATTRIBUTES, "observed")]


def test_what_every_server_does_says_nothing(result):
    seen, found = result()

    assert hasattr(seen, "close")
    assert hasattr(seen, "__len__")
    assert not isinstance(seen, io.IOBase)
    assert repr(seen)
    assert len(seen) == 1
    assert list(seen) == [b"a"]
    seen.close()
    del seen

    assert found == []


def test_what_the_server_made_itself_is_its_own(result):
    class Wrapper(Response):
        def __init__(self, file, size=8):
            super().__init__(iter(lambda: file.read(size), b""))

    def files(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"a"))

    seen, found = result(files, **{"wsgi.file_wrapper": Wrapper})

    assert seen.status_code == 200
    assert found == []


def test_a_validator_around_another_looks_without_using(make_environ):
    inner = WSGIValidator(app, on_violation="collect", level="all")
    outer = WSGIValidator(inner, on_violation="collect", level="all")

    seen = outer(make_environ(), starter)
    assert list(seen) == [b"a"]
    seen.close()

    assert inner.violations == outer.violations == []


class Indexed:
    """An iterable of the kind that there was before iterators."""

    def __init__(self, *pieces):
        self.pieces = pieces

    def __getitem__(self, index):
        return self.pieces[index]


def by_index(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return Indexed(b"a", b"b")


def test_an_iterable_without_iter_stays_one(result):
    seen, found = result(by_index)

    assert not hasattr(seen, "__iter__")
    assert not hasattr(seen, "__next__")
    assert seen[1] == b"b"
    assert list(seen) == [b"a", b"b"]
    assert seen[0] == b"a"
    assert list(seen) == [b"a", b"b"]
    seen.close()
    del seen

    assert [v for v in found if v.verdict != "observed"] == []


def test_the_pieces_of_such_an_iterable_are_judged(result):
    def text(environ, start_response):
        start_response("200 OK", [("Content-Length", "1")])
        return Indexed("a")

    seen, found = result(text)

    assert list(seen) == ["a"]
    assert [v.requirement for v in found] == ["wsgi.unicode.bytes-yielded"]


def test_a_server_that_calls_next_on_it_is_told(result):
    seen, found = result(by_index)

    with pytest.raises(TypeError):
        next(seen)
    seen.close()

    assert [(v.requirement, v.verdict) for v in found] == [(LOOP, "weak")]


def test_what_raises_while_it_is_indexed_raises(result):
    class Failing(Indexed):
        def __getitem__(self, index):
            raise KeyError(index)

    def failing(environ, start_response):
        start_response("200 OK", [])
        return Failing()

    seen, found = result(failing)

    with pytest.raises(KeyError):
        list(seen)
    assert [v.requirement for v in found] == ["wsgi.errors-handling.app-traps-own-errors"]
