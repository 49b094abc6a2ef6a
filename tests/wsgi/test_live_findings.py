"""Breaches as they are found live, on both sides, and again in the replay."""

from __future__ import annotations

import contextlib
import io
import sys

import pytest

from gateproof.validators import WSGIValidator
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.exercised import exercised
from gateproof.validators.wsgi.replay import replay

BROKEN = []


def breaks(*requirements, **how):
    def add(app):
        BROKEN.append((app, requirements, how))
        return app

    return add


@breaks("wsgi.start-response.repeat-without-exc-info")
def starts_twice(environ, start_response):
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


@breaks("wsgi.app.start-response-always-called")
def never_starts(environ, start_response):
    return []


@breaks("wsgi.app.start-response-before-first-body")
def starts_late(environ, start_response):
    yield b"a"
    start_response("200 OK", [])
    yield b"b"


@breaks("wsgi.app.returns-iterable")
def returns_none(environ, start_response):
    start_response("200 OK", [])


@breaks("wsgi.app.returns-iterable")
def returns_bytes(environ, start_response):
    start_response("200 OK", [])
    return b"hello"


@breaks("wsgi.app.returns-iterable")
def returns_text(environ, start_response):
    start_response("200 OK", [])
    return "hello"


@breaks("wsgi.unicode.bytes-yielded")
def yields_text(environ, start_response):
    start_response("200 OK", [])
    return ["hello"]


@breaks("wsgi.status.native-str", "wsgi.response-headers.exact-list")
def wrong_types(environ, start_response):
    start_response(200, {"Content-Type": "text/plain"})
    return []


@breaks("wsgi.start-response.app-calls-positionally")
def by_keyword(environ, start_response):
    start_response(status="200 OK", headers=[])
    return []


@breaks("wsgi.app.no-hop-by-hop", "wsgi.server.rejects-hop-by-hop")
def hop_by_hop(environ, start_response):
    start_response("200 OK", [("Connection", "close")])
    return []


@breaks("wsgi.content-length.app-accurate")
def too_short(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"a"]


@breaks("wsgi.content-length.app-accurate")
def too_long(environ, start_response):
    start_response("200 OK", [("Content-Length", "1")])
    yield b"a"
    yield b"b"


@breaks("wsgi.content-length.app-accurate", "wsgi.content-length.stop-iterating")
def much_too_long(environ, start_response):
    start_response("200 OK", [("Content-Length", "1")])
    return iter([b"abc", b"def"])


class Miscounted(list):
    def __len__(self):
        return 7


@breaks("wsgi.app.len-accurate")
def wrong_length(environ, start_response):
    start_response("200 OK", [])
    return Miscounted([b"a"])


@breaks("wsgi.write.not-from-iterable")
def writes_late(environ, start_response):
    write = start_response("200 OK", [])
    write(b"a")
    yield b"b"


@breaks("wsgi.write.single-bytes-parameter")
def writes_two(environ, start_response):
    start_response("200 OK", [])(b"a", b"b")
    return []


@breaks("wsgi.unicode.bytes-to-write")
def writes_text(environ, start_response):
    start_response("200 OK", [])("a")
    return []


@breaks("wsgi.exc-info.app-no-trap")
def swallows(environ, start_response):
    start_response("200 OK", [])
    yield b"a"
    try:
        raise ValueError("late")
    except ValueError:
        try:
            start_response("500 Oops", [], sys.exc_info())
        except ValueError:
            yield b"oops"


@breaks("wsgi.exc-info.propagates-to-server")
def raises_another(environ, start_response):
    start_response("200 OK", [])
    yield b"a"
    try:
        raise ValueError("late")
    except ValueError:
        error = sys.exc_info()
    with contextlib.suppress(ValueError):
        start_response("500 Oops", [], error)
    raise RuntimeError("another")


@breaks("wsgi.exc-info.tuple")
def wrong_exc_info(environ, start_response):
    start_response("200 OK", [], ValueError("a"))
    return []


@breaks("wsgi.streams.app-no-close")
def closes_input(environ, start_response):
    environ["wsgi.input"].close()
    start_response("200 OK", [])
    return []


@breaks("wsgi.input.app-not-read-past-length", body=b"abc")
def reads_on(environ, start_response):
    environ["wsgi.input"].read(100)
    start_response("200 OK", [])
    return []


@breaks("wsgi.unicode.str-type-only")
def logs_bytes(environ, start_response):
    with contextlib.suppress(TypeError):
        environ["wsgi.errors"].write(b"a")
    start_response("200 OK", [])
    return []


@breaks("wsgi.app.two-positional-arguments")
def one_argument(environ):
    return []


class BadClose(list):
    def close(self):
        raise RuntimeError("half done")


@breaks("wsgi.app.no-assumption-fully-consumed", stop=1)
def fails_to_close(environ, start_response):
    start_response("200 OK", [])
    return BadClose([b"a", b"b"])


@breaks("wsgi.legacy.app-no-bare-file-return")
def bare_file(environ, start_response):
    start_response("200 OK", [])
    return io.BytesIO(b"a\nb\n")


@breaks("wsgi.errors-handling.app-traps-own-errors")
def fails(environ, start_response):
    raise ValueError("mine")


each = pytest.mark.parametrize(
    ("app", "requirements", "how"), BROKEN, ids=[app.__name__ for app, _, _ in BROKEN]
)


@each
def test_is_found(app, requirements, how, serve):
    served = serve(app, **how)

    assert set(requirements) <= served.ids
    graver = {v.requirement for v in served.violations if v.verdict == "fail"}
    assert graver <= set(requirements) | {"wsgi.server.rejects-repeat-start-response"}


@each
def test_the_replay_finds_the_same(app, requirements, how, serve):
    served = serve(app, **how)

    assert replay(served.exchange.rungs()) == served.violations
    assert served.ids <= exercised(served.exchange.rungs())


@each
def test_ignoring_it_silences_it(app, requirements, how, serve):
    served = serve(app, **how)
    policy = Policy("collect", Rules(ignore=requirements, level="all"))

    assert not set(requirements) & {v.requirement for v in replay(served.exchange.rungs(), policy)}


@each
def test_the_application_is_not_disturbed(app, requirements, how, serve, bare):
    assert serve(app, **how).seen == bare(app, **how).seen


def test_a_start_response_that_takes_too_few_arguments(make_environ):
    def app(environ, start_response):
        try:
            raise ValueError("early")
        except ValueError:
            start_response("500 Oops", [], sys.exc_info())

    def two(status, headers):
        return print

    validator = WSGIValidator(app, on_violation="collect")
    with pytest.raises(TypeError):
        validator(make_environ(), two)

    assert [v.requirement for v in validator.violations] == ["wsgi.start-response.signature"]


def test_a_callable_that_fails_inside_takes_its_arguments(make_environ):
    def app(environ, start_response):
        raise TypeError("f() takes 1 positional argument but 2 were given")

    validator = WSGIValidator(app, on_violation="collect")
    with pytest.raises(TypeError):
        validator(make_environ(), print)

    assert validator.violations == []


def test_a_refusal_while_an_error_is_handled_is_no_reraise(make_environ):
    """It has the application's exception for its context, and is another all the same."""

    def app(environ, start_response):
        try:
            raise ValueError("early")
        except ValueError:
            start_response("500 Oops", [("X-A", "b")], sys.exc_info())

    def strict(status, headers, exc_info=None):
        raise AssertionError("not here")

    validator = WSGIValidator(app, on_violation="collect")
    with pytest.raises(AssertionError):
        validator(make_environ(), strict)

    assert validator.violations == []
