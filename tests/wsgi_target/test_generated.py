"""Generated traffic finds rare faults, shrinks them, and is the same in every run."""

from __future__ import annotations

from dataclasses import replace

from gateproof.conformance.effort import PROFILES, Traffic

CASE = "wsgi::generated"

TIME = Traffic(replace(PROFILES["default"], seconds=60.0, shrinking=60.0))
"""On a busy machine it is not time that ends a search."""


def rare(environ, start_response):
    """Wrong only for a body of more than two octets on a path below the root."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    wrong = size > 2 and len(environ.get("PATH_INFO", "")) > 1
    start_response("200 OK", [("Content-Length", "6" if wrong else "5")])
    return [b"hello"]


def test_the_smallest_example_is_kept(play):
    played = play(rare, CASE, traffic=TIME)

    found = [w for w in played.stage.exchanges if w.violations]
    assert {v.requirement for w in found for v in w.violations} == {
        "wsgi.content-length.app-accurate"
    }
    environ = found[0].exchange.rungs()[0].data
    assert environ["CONTENT_LENGTH"] == "3"
    assert len(environ["PATH_INFO"]) == 2
    assert environ["QUERY_STRING"] == ""


def test_two_runs_are_equal(play):
    requests = [
        [w.request for w in play(rare, CASE, traffic=TIME).stage.exchanges] for _ in range(2)
    ]

    assert requests[0] == requests[1]


def test_a_silent_run_keeps_only_the_plain_requests(play):
    def correct(environ, start_response):
        start_response("200 OK", [])
        return []

    assert {w.request for w in play(correct, CASE).stage.exchanges} == {"GET /"}


def test_a_slow_application_is_not_asked_for_long(play):
    calls = []

    def counted(environ, start_response):
        calls.append(1)
        start_response("200 OK", [])
        return []

    none = Traffic(replace(PROFILES["default"], seconds=0.0))

    assert play(counted, CASE, traffic=none).requirements() == set()
    assert len(calls) == 3  # twice to begin with, and once to see that it still works


def test_a_fault_that_comes_and_goes_is_kept_as_it_was_seen(play):
    calls = []

    def fickle(environ, start_response):
        calls.append(1)
        start_response("200 OK", [("Content-Length", "6" if len(calls) == 40 else "5")])
        return [b"hello"]

    played = play(fickle, CASE)

    assert played.requirements() == {"wsgi.content-length.app-accurate"}
