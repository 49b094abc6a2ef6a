"""Differences count only where they are the application's own doing."""

from __future__ import annotations

import itertools
import random

import pytest

from gateproof.conformance.case import cases
from gateproof.conformance.wsgi_baseline import Baseline
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import ABSENT, Request


def stage_for(application):
    return WSGIStage(case=cases()["wsgi::get"], application=application)


def saying(make, status=lambda environ: "200 OK"):
    def application(environ, start_response):
        said = str(make(environ)).encode()
        start_response(status(environ), [("X-Body", said.decode())])
        return [said]

    return application


WITHOUT_HOST = Request(environ={"HTTP_HOST": ABSENT})


def difference(application, request=WITHOUT_HOST):
    return Baseline(stage_for(application), Request()).confirmed(request)


def test_a_changed_body_or_status_is_a_difference():
    body = difference(saying(lambda environ: "HTTP_HOST" in environ))
    status = difference(
        saying(len, lambda environ: "200 OK" if "HTTP_HOST" in environ else "400 Bad Request")
    )

    assert "another body" in body.text
    assert "answered 400 instead of 200" in status.text
    assert not body.fails
    assert not status.fails


@pytest.mark.parametrize(
    ("code", "fails"), [("500 Oops", True), ("502 Oops", True), ("503 Busy", False)]
)
def test_an_error_of_the_500s_is_a_failure_unless_the_application_is_busy(code, fails):
    application = saying(len, lambda environ: "200 OK" if "HTTP_HOST" in environ else code)

    assert difference(application).fails is fails


def test_what_differs_between_equal_requests_is_not_compared():
    numbers = itertools.count()

    assert difference(saying(lambda environ: next(numbers))) is None
    assert difference(saying(lambda environ: random.random())) is None


def test_what_differs_from_some_time_on_is_not_the_changes_doing():
    calls = []

    def tired(environ):
        calls.append(1)
        return "fresh" if len(calls) <= 2 else "tired"

    assert difference(saying(tired)) is None


def test_a_rate_limit_is_not_the_changes_doing():
    calls = []

    def limited(environ):
        calls.append(1)
        return "200 OK" if len(calls) <= 2 else "429 Too Many Requests"

    assert difference(saying(lambda environ: "", limited)) is None


def test_an_exception_that_comes_once_is_no_difference():
    calls = []

    def hiccup(environ):
        calls.append(1)
        if len(calls) == 3:
            raise ValueError
        return ""

    assert difference(saying(hiccup)) is None


def test_an_exception_that_comes_each_time_is_one():
    found = difference(saying(lambda environ: environ["HTTP_HOST"]))

    assert found.fails
    assert found.raised
    assert "KeyError('HTTP_HOST')" in found.text


def test_headers_that_are_steady_are_known():
    numbers = itertools.count()

    def application(environ, start_response):
        start_response("200 OK", [("X-Same", "a"), ("X-Other", str(next(numbers)))])
        return []

    assert Baseline(stage_for(application), Request()).headers == {"x-same": ("a",)}


def test_a_method_that_is_not_allowed_is_not_sent():
    from gateproof.conformance.case import NotApplicable

    stage = stage_for(saying(len))
    with pytest.raises(NotApplicable, match="BREW"):
        stage.request("BREW")
    assert stage.exchanges == []


def test_requests_at_once_that_are_not_answered_block_the_case():
    import threading

    from gateproof.conformance.case import Blocked

    release = threading.Event()

    def waiting(environ, start_response):
        release.wait(30)
        start_response("200 OK", [])
        return []

    stage = stage_for(waiting)
    try:
        with pytest.raises(Blocked, match="2 of 2"):
            stage.concurrently([Request(), Request()], within=0.05)
    finally:
        release.set()


def test_what_is_no_exception_leaves_a_thread():
    class Deadline(BaseException):
        pass

    def application(environ, start_response):
        raise Deadline

    with pytest.raises(Deadline):
        stage_for(application).concurrently([Request(), Request()])


def test_a_broken_plain_request_blocks_the_case(play_all):
    def application(environ, start_response):
        raise ValueError("mine")

    for name, played in play_all(application).items():
        if name not in ("wsgi::head-closed-early", "wsgi::routes"):
            assert played.ended.startswith("the application raised ValueError('mine') on ")
