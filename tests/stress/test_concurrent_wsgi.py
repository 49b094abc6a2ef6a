"""Many threads at once: each planted fault is found, on its own request."""

from __future__ import annotations

import os
import sys
import threading

import pytest
from corpus.play_wsgi import Served, environ, play

from gateproof.validators import WSGIValidator

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more requests than by default, for nightly runs."""

THREADS = 32
REQUESTS = 30 * SCALE
DEADLINE = 120
"""Seconds that all threads may take together."""


def clean(number, start):
    start("200 OK", [("Content-Length", str(len(number)))])
    return [number.encode()]


def streams(number, start):
    start("200 OK", [("Content-Length", str(len(number)))])
    return (digit.encode() for digit in number)


def starts_late(number, start):
    start("200 OK", [("X-Number", number)])
    yield number.encode()


def starts_twice(number, start):
    start("200 OK", [])
    start("200 OK", [])
    return [number.encode()]


def yields_text(number, start):
    start("200 OK", [])
    return iter([number])


def says_too_much(number, start):
    start("200 OK", [("Content-Length", "1")])
    return [number.encode(), number.encode()]


def is_no_end(number, start):
    start("200 OK", [("Connection", "close")])
    return [number.encode()]


FAULTS = [
    (clean, []),
    (streams, []),
    (starts_late, []),
    (starts_twice, ["wsgi.start-response.repeat-without-exc-info"]),
    (yields_text, ["wsgi.unicode.bytes-yielded"]),
    (says_too_much, ["wsgi.content-length.app-accurate"]),
    (is_no_end, ["wsgi.app.no-hop-by-hop"]),
]
"""What an application does, and the requirements that it breaks by it."""


def planted(number):
    return FAULTS[number % len(FAULTS)]


def application(environ, start_response):
    number = environ["HTTP_NUMBER"]
    return planted(int(number))[0](number, start_response)


@pytest.fixture(autouse=True)
def threads_that_change_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def serve_all(validator):
    """Serve all requests, each thread its own; gives what went wrong with the threads."""
    begin = threading.Barrier(THREADS)
    problems = []

    def work(thread):
        begin.wait(DEADLINE)
        try:
            for request in range(REQUESTS):
                number = thread * REQUESTS + request
                served = play(validator, Served(environ=environ(HTTP_NUMBER=str(number))))
                served.result = None  # the server lets go of it
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert not any(thread.is_alive() for thread in threads)
    return problems


def wanted():
    return {n: planted(n)[1] for n in range(THREADS * REQUESTS) if planted(n)[1]}


def findings(make):
    """What is found, by the number of the request; ``make`` wraps the application."""
    found = {}

    def tell(number, violation):
        found.setdefault(number, []).append(violation.requirement)

    assert serve_all(make(application, tell)) == []
    return found


def validating(app, tell):
    def told(violation):
        number = violation.exchange[0].data["HTTP_NUMBER"]
        for rung in violation.exchange:
            if rung.step == "item" and type(rung.data) is bytes:
                assert rung.data.decode() in number
        tell(int(number), violation)

    return WSGIValidator(app, on_violation=told)


class Muddled:
    """A validator that keeps the request at hand in an attribute of its own."""

    def __init__(self, app, tell):
        self.inner = WSGIValidator(app, on_violation=lambda violation: tell(self.number, violation))

    def __call__(self, environ, start_response):
        self.number = int(environ["HTTP_NUMBER"])
        return self.inner(environ, start_response)


def test_each_fault_is_found_on_its_own_request():
    assert findings(validating) == wanted()


def test_a_validator_with_shared_state_would_be_noticed():
    assert findings(Muddled) != wanted()


def test_collected_findings_are_counted_exactly():
    validator = WSGIValidator(application, on_violation="collect")

    assert serve_all(validator) == []

    expected = {}
    for ids in wanted().values():
        for name in ids:
            expected[name] = expected.get(name, 0) + 1
    assert {v.requirement: validator.count(v) for v in validator.violations} == expected
