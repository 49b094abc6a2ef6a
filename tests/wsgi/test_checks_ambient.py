"""Calls that overlap, and calls that come again, where environ says otherwise."""

from __future__ import annotations

import io
import itertools
import threading

import pytest

from gateproof.validators import WSGIValidator
from gateproof.validators.wsgi import ambient

THREADS = "wsgi.environ.multithread-accurate"
ONCE = "wsgi.environ.run-once-accurate"
SECONDS = 20


def write(data):
    pass


def starter(status, headers, exc_info=None):
    return write


def ok(environ, start_response):
    start_response("200 OK", [])
    return [b"a"]


@pytest.fixture
def calls(make_environ):
    """Call ``app`` in as many threads as there are environs; they all are in it at once."""

    def run(app, *given):
        threads = [
            threading.Thread(target=lambda flags=flags: list(app(make_environ(**flags), starter)))
            for flags in given
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
        assert not any(thread.is_alive() for thread in threads)

    return run


def meeting(count):
    """An application that answers once ``count`` calls of it run."""
    barrier = threading.Barrier(count)

    def app(environ, start_response):
        barrier.wait(SECONDS)
        return ok(environ, start_response)

    return app


def collecting(app, level="should"):
    return WSGIValidator(app, on_violation="collect", level=level)


ALONE = {"wsgi.multithread": False}
AMONG = {"wsgi.multithread": True}


def test_calls_that_overlap_while_the_flag_is_false(calls):
    app = collecting(meeting(3))

    calls(app, ALONE, ALONE, ALONE)

    (violation,) = app.violations
    assert (violation.requirement, violation.verdict) == (THREADS, "weak")
    assert violation.party == "server"
    assert app.count(violation) == 2


@pytest.mark.parametrize("given", [(AMONG, AMONG), (AMONG, ALONE)], ids=["true", "one of each"])
def test_a_true_flag_says_that_there_may_be_others(given, calls):
    app = collecting(meeting(2))

    calls(app, *given)

    assert app.violations == []


def test_calls_one_after_the_other(calls):
    app = collecting(ok)

    for _ in range(3):
        calls(app, ALONE)

    assert app.violations == []


def test_a_call_that_raised_is_over(calls, make_environ):
    def fails(environ, start_response):
        if environ["PATH_INFO"] == "/fail":
            raise ValueError("mine")
        return ok(environ, start_response)

    app = collecting(fails)
    with pytest.raises(ValueError, match="mine"):
        app(make_environ(PATH_INFO="/fail", **ALONE), starter)
    calls(app, ALONE)

    assert app.violations == []


def test_an_application_that_calls_itself_is_one_thread(make_environ):
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/again":
            return ok(environ, start_response)
        return validator(make_environ(PATH_INFO="/again", **ALONE), start_response)

    validator = collecting(app)
    list(validator(make_environ(**ALONE), starter))

    assert validator.violations == []


def test_greenlets_of_one_thread_are_not_told_apart(make_environ, monkeypatch):
    """As in gevent's own server, where ``get_ident`` is patched and the flag is false."""
    idents = itertools.count(1)
    monkeypatch.setattr(ambient, "get_ident", lambda: next(idents))

    def app(environ, start_response):
        if environ["PATH_INFO"] != "/other":
            list(validator(make_environ(PATH_INFO="/other", **ALONE), starter))
        return ok(environ, start_response)

    validator = collecting(app)
    list(validator(make_environ(**ALONE), starter))

    assert validator.violations == []
    assert next(idents) == 3


def test_no_failure_is_looked_for_where_only_failures_count(calls):
    app = collecting(meeting(2), level="must")

    calls(app, ALONE, ALONE)

    assert app.violations == []


def test_a_process_that_was_to_call_once(make_environ):
    app = collecting(ok)

    for _ in range(3):
        list(app(make_environ(**{"wsgi.run_once": True}), starter))

    (violation,) = app.violations
    assert (violation.requirement, violation.verdict) == (ONCE, "weak")
    assert app.count(violation) == 2


def test_one_call_is_what_was_said(make_environ):
    app = collecting(ok)

    list(app(make_environ(**{"wsgi.run_once": True}), starter))
    list(app(make_environ(), starter))

    assert app.violations == []


def test_a_child_process_counts_for_itself(make_environ, monkeypatch):
    app = collecting(ok)
    for pid in (101, 102):
        monkeypatch.setattr("os.getpid", lambda pid=pid: pid)
        list(app(make_environ(**{"wsgi.run_once": True}), starter))

    assert app.violations == []


def test_an_application_that_takes_one_argument_is_still_told(make_environ):
    app = collecting(lambda environ: [])

    with pytest.raises(TypeError):
        app(make_environ(**ALONE), starter)

    assert [v.requirement for v in app.violations] == ["wsgi.app.two-positional-arguments"]


def test_an_environ_that_is_no_dict_is_handed_on():
    class Environ(dict):
        pass

    app = collecting(ok)
    list(app(Environ({"wsgi.input": io.BytesIO()}), starter))

    assert "wsgi.environ.exact-dict" in [v.requirement for v in app.violations]
