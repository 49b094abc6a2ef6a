"""What becomes of findings, and where they are raised."""

from __future__ import annotations

import logging
import warnings

import pytest

from gateproof.validators import ConformanceError, WSGIValidator
from gateproof.validators.policy import WARNINGS
from gateproof.validators.violation import ConformanceWarning


def write(data):
    pass


def starter(status, headers, exc_info=None):
    return write


def ok(environ, start_response):
    start_response("200 OK", [])
    return [b"a"]


def bad_status(environ, start_response):
    start_response(200, [])
    return []


def late(environ, start_response):
    yield b"a"


class Body(list):
    closed = False

    def close(self):
        self.closed = True


def test_raise_is_the_default_and_raises_before_the_server_is_called(make_environ):
    called = []

    with pytest.raises(ConformanceError) as caught:
        WSGIValidator(bad_status)(make_environ(), lambda *args: called.append(args))

    assert called == []
    assert caught.value.violation.requirement == "wsgi.status.native-str"
    assert "wsgi.status.native-str" in str(caught.value)


def test_an_application_can_answer_an_error_of_the_validator(make_environ):
    def app(environ, start_response):
        try:
            start_response(200, [])
        except ConformanceError:
            import sys

            start_response("500 Oops", [], sys.exc_info())
        return [b"oops"]

    seen = WSGIValidator(app)(make_environ(), starter)

    assert list(seen) == [b"oops"]


def test_a_bad_item_is_raised_out_of_the_iteration(make_environ):
    seen = WSGIValidator(late)(make_environ(), starter)

    with pytest.raises(ConformanceError, match="before-first-body"):
        next(seen)
    seen.close()


def test_what_is_missing_is_raised_at_the_end_of_the_iteration(make_environ):
    seen = WSGIValidator(lambda environ, start: [])(make_environ(), starter)

    with pytest.raises(ConformanceError, match="always-called"):
        list(seen)
    seen.close()


def test_a_result_that_is_not_handed_on_is_closed(make_environ):
    class Nothing:
        closed = 0

        def close(self):
            self.closed += 1

    nothing = Nothing()

    with pytest.raises(ConformanceError, match="returns-iterable"):
        WSGIValidator(lambda environ, start_response: nothing)(make_environ(), starter)

    assert nothing.closed == 1


def test_write_raises_before_the_server_is_called(make_environ):
    written = []

    def app(environ, start_response):
        start_response("200 OK", [])("text")
        return []

    with pytest.raises(ConformanceError, match="bytes-to-write"):
        WSGIValidator(app)(make_environ(), lambda *args: written.append)

    assert written == []


def test_a_servers_breach_is_warned_of(make_environ):
    def ok(environ, start_response):
        start_response("200 OK", [])
        return [b"a"]

    with pytest.warns(ConformanceWarning, match="returns-write"):
        assert list(WSGIValidator(ok)(make_environ(), lambda *args: None)) == [b"a"]


def test_a_servers_breach_is_raised_if_asked_for(make_environ):
    validator = WSGIValidator(bad_status, parties=["server"])

    given = make_environ()
    del given["wsgi.version"]

    with pytest.raises(ConformanceError, match="wsgi-version"):
        validator(given, starter)


def test_a_result_that_is_dropped_without_close_is_told(make_environ):
    def ok(environ, start_response):
        start_response("200 OK", [])
        return Body([b"a"])

    seen = WSGIValidator(ok)(make_environ(), starter)
    list(seen)
    with pytest.warns(ConformanceWarning, match="close-called"):
        del seen


def test_a_result_that_is_dropped_is_told_of_even_if_asked_to_raise(make_environ):
    def ok(environ, start_response):
        start_response("200 OK", [])
        return Body([b"a"])

    seen = WSGIValidator(ok, parties=["server"])(make_environ(), starter)
    list(seen)
    with pytest.warns(ConformanceWarning, match="close-called"):
        del seen


def test_the_result_lives_as_long_as_it_is_iterated(make_environ):
    validator = WSGIValidator(
        lambda environ, start: (start("200 OK", []), Body([b"a", b"b"]))[1], on_violation="collect"
    )

    items = iter(validator(make_environ(), starter))
    assert next(items) == b"a"
    assert validator.violations == []
    del items

    assert [v.requirement for v in validator.violations] == ["wsgi.server.close-called"]


def test_warn(make_environ):
    with pytest.warns(ConformanceWarning, match="native-str"):
        list(WSGIValidator(bad_status, on_violation="warn")(make_environ(), starter))


def test_warnings_of_a_server_that_is_always_wrong_come_to_an_end(make_environ):
    """As with Granian, which tells the client's port as text: another text each time."""
    validator = WSGIValidator(ok)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for port in range(WARNINGS + 50):
            list(validator(make_environ(SERVER_PORT=port), starter))

    assert len({str(one.message) for one in caught}) == len(caught) == WARNINGS


def test_log(make_environ, caplog):
    with caplog.at_level(logging.WARNING, "gateproof"):
        list(WSGIValidator(bad_status, on_violation="log")(make_environ(), starter))

    assert "wsgi.status.native-str" in caplog.text


def test_collect_counts(make_environ):
    validator = WSGIValidator(bad_status, on_violation="collect")
    for _ in range(3):
        list(validator(make_environ(), starter))

    (violation,) = validator.violations
    assert validator.count(violation) == 3
    assert violation.party == "application"


def test_a_callable_is_told(make_environ):
    found = []
    list(WSGIValidator(bad_status, on_violation=found.append)(make_environ(), starter))

    assert [v.requirement for v in found] == ["wsgi.status.native-str"]
    assert [rung.step for rung in found[0].exchange] == ["call", "start_response"]


def test_select_and_ignore(make_environ):
    def both(environ, start_response):
        start_response(200, {})
        return []

    def ids(**how):
        validator = WSGIValidator(both, on_violation="collect", **how)
        list(validator(make_environ(), starter))
        return {v.requirement for v in validator.violations}

    assert ids() == {"wsgi.status.native-str", "wsgi.response-headers.exact-list"}
    assert ids(ignore=["wsgi.status.*"]) == {"wsgi.response-headers.exact-list"}
    assert ids(select=["wsgi.status.*"]) == {"wsgi.status.native-str"}
    assert ids(parties=["server"]) == set()


def test_weak_findings_are_told_at_their_level(make_environ):
    def app(environ, start_response):
        yield b""
        start_response("200 OK", [])

    def told(level):
        validator = WSGIValidator(app, on_violation="warn", level=level)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            seen = validator(make_environ(), starter)
            list(seen)
            seen.close()
        return [str(one.message).partition(":")[0] for one in caught]

    assert told("must") == []
    assert told("should") == ["weak[wsgi.app.start-response-before-first-body]"]


def test_weak_findings_are_never_raised(make_environ):
    def app(environ, start_response):
        yield b""
        start_response("200 OK", [])

    seen = WSGIValidator(app, level="all")(make_environ(), starter)
    with pytest.warns(ConformanceWarning, match="before-first-body"):
        assert list(seen) == [b""]
    seen.close()
