"""What becomes of an exception that is handled: given on, and let go of."""

from __future__ import annotations

import contextlib
import logging
import sys

import pytest

from gateproof.validators import WSGIValidator

KEPT = "wsgi.exc-info.no-reference-kept"
UNREPORTED = "wsgi.errors-handling.always-give-exc-info"


def write(data):
    pass


def starter(status, headers, exc_info=None):
    return write


def error_page(environ, start_response):
    try:
        raise ValueError("mine")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    return [b"oops"]


def found(app, environ, start_response=starter, level="should"):
    """What is found in an exchange, by requirement and verdict."""
    validator = WSGIValidator(app, on_violation="collect", level=level)
    result = validator(environ, start_response)
    list(result)
    if hasattr(result, "close"):
        result.close()
    return [(violation.requirement, violation.verdict) for violation in validator.violations]


class Keeping:
    """A server whose start_response keeps a part of exc_info."""

    def __init__(self, part):
        self.part = part
        self.kept = None

    def __call__(self, status, headers, exc_info=None):
        self.kept = self.part(exc_info)
        return write


@pytest.mark.parametrize(
    "part",
    [lambda given: given, lambda given: given[1], lambda given: given[2]],
    ids=["exc_info", "exception", "traceback"],
)
def test_a_server_that_keeps_it(part, make_environ):
    assert found(error_page, make_environ(), Keeping(part)) == [(KEPT, "weak")]


def test_a_server_that_remembers_only_what_it_was(make_environ):
    assert found(error_page, make_environ(), Keeping(lambda given: repr(given[1]))) == []


def test_a_server_that_lets_go(make_environ):
    def clearing(status, headers, exc_info=None):
        try:
            return write
        finally:
            del exc_info

    assert found(error_page, make_environ(), clearing) == []


@pytest.mark.parametrize("direct", [True, False])
def test_a_log_record_may_keep_it(direct, make_environ):
    records = []

    class Handler(logging.Handler):
        def emit(self, record):
            records.append(record)

    logger = logging.getLogger("gateproof.tests.server")
    handler = Handler()
    logger.addHandler(handler)

    def logs(status, headers, exc_info=None):
        logger.error("failed", exc_info=exc_info if direct else exc_info[1])
        return write

    try:
        assert found(error_page, make_environ(), logs) == []
    finally:
        logger.removeHandler(handler)
    assert records[0].exc_info[0] is ValueError


def test_a_validator_between_does_not_keep_it(make_environ):
    inner = WSGIValidator(error_page, on_violation="collect", level="all")

    assert found(inner, make_environ(), level="all") == []
    assert inner.violations == []


def test_an_error_page_out_of_the_handler(make_environ):
    def app(environ, start_response):
        try:
            raise ValueError("mine")
        except ValueError:
            start_response("500 Oops", [])
        return [b"oops"]

    assert found(app, make_environ()) == [(UNREPORTED, "weak")]


def test_an_error_page_out_of_a_handler_while_it_is_iterated(make_environ):
    def app(environ, start_response):
        try:
            raise ValueError("mine")
        except ValueError:
            start_response("500 Oops", [])
            yield b"oops"

    assert found(app, make_environ()) == [(UNREPORTED, "weak")]


def test_an_error_page_below_the_handler(make_environ):
    """The handler is a frame of the application above the one that starts the response."""

    def page(start_response):
        start_response("503 Busy", [])
        return [b"busy"]

    def app(environ, start_response):
        try:
            raise ValueError("mine")
        except ValueError:
            return page(start_response)

    assert found(app, make_environ()) == [(UNREPORTED, "weak")]


def test_an_error_page_once_the_error_is_handled(make_environ):
    def app(environ, start_response):
        with contextlib.suppress(ValueError):
            raise ValueError("mine")
        start_response("500 Oops", [])
        return [b"oops"]

    assert found(app, make_environ()) == []


def test_another_page_out_of_a_handler(make_environ):
    def app(environ, start_response):
        try:
            return [environ["HTTP_NO_SUCH_THING"]]
        except KeyError:
            start_response("404 Not Found", [])
            return [b"none"]

    assert found(app, make_environ()) == []


def test_an_error_that_the_server_handles_is_not_the_applications(make_environ):
    def app(environ, start_response):
        start_response("500 Oops", [])
        return [b"oops"]

    try:
        raise RuntimeError("the server's")
    except RuntimeError:
        assert found(app, make_environ()) == []


def test_an_error_that_a_middleware_handles_is_not_the_applications(make_environ):
    def app(environ, start_response):
        start_response("500 Oops", [])
        return [b"oops"]

    inner = WSGIValidator(app, on_violation="collect", level="should")

    def middleware(environ, start_response):
        try:
            raise RuntimeError("the middleware's")
        except RuntimeError:
            return inner(environ, start_response)

    assert found(middleware, make_environ()) == [(UNREPORTED, "weak")]
    assert inner.violations == []


def test_an_error_page_that_comes_second_is_told_once(make_environ):
    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ValueError("mine")
        except ValueError:
            start_response("500 Oops", [])
        return [b"oops"]

    assert found(app, make_environ()) == [
        ("wsgi.start-response.repeat-without-exc-info", "fail"),
        ("wsgi.server.rejects-repeat-start-response", "fail"),
    ]
