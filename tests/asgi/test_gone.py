"""Once the client has gone, nothing that is sent can mislead anybody."""

from __future__ import annotations

import pytest

from gateproof.validators.asgi.replay import replay

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": [],
}
START = {"type": "http.response.start", "status": 200, "headers": []}
ERROR = {"type": "http.response.start", "status": 500, "headers": []}
MORE = {"type": "http.response.body", "body": b"a", "more_body": True}
LAST = {"type": "http.response.body", "body": b"oops"}
GONE = ("send-raised", BrokenPipeError("gone"))
HEARD = (("receive", None), ("received", {"type": "http.request"}))


def told(*steps: tuple[str, object]) -> list[tuple[str, str]]:
    found = replay([("call", SCOPE), *HEARD, *steps])
    return [(v.requirement, v.verdict) for v in found if v.verdict != "observed"]


def test_an_error_page_in_place_of_a_start_that_was_not_sent_is_a_first_start() -> None:
    """As Sanic does: the start raised, so its error handler starts a response of its own."""
    steps = (("send", START), GONE, ("send", ERROR), GONE, ("raise", OSError("gone")))

    assert told(*steps) == []


@pytest.mark.parametrize("gone", [GONE, ("sent", None)], ids=["raised", "unnoticed"])
def test_a_second_start_is_weak_once_the_client_has_gone(gone: tuple[str, object]) -> None:
    steps = [("send", START), ("sent", None), ("send", MORE), gone]
    if gone is not GONE:
        steps += [("receive", None), ("received", {"type": "http.disconnect"})]

    found = told(*steps, ("send", ERROR), GONE, ("send", LAST), GONE, ("return", None))

    assert found == [("asgi.http.response-start.once", "weak")]


def test_a_second_start_fails_while_the_client_is_there() -> None:
    steps = [("send", START), ("sent", None), ("send", MORE), ("sent", None), ("send", ERROR)]

    assert ("asgi.http.response-start.once", "fail") in told(*steps)
