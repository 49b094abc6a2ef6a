"""Behind a server an application gets the verdicts that it gets in this process, or n/a."""

from __future__ import annotations

import pytest

PAIRS = [
    ("wsgi_form:application", "wsgiref"),
    ("wsgi_form:application", "gunicorn[worker=gthread]"),
    ("wsgi_form:application", "waitress"),
    ("wsgi_blog:application", "hypercorn[interface=wsgi]"),
    ("asgi_chat:application", "hypercorn"),
    ("asgi_chat:application", "uvicorn"),
    ("hello_asgi:application", "hypercorn[worker=trio]"),
]

AT_LEAST = {"wsgi": 20, "asgi": 15}
"""So many of the cases can be asked of any server, or the way to the application is broken."""


@pytest.mark.parametrize(("target", "server"), PAIRS)
def test_examples_pass_in_both_places(target, server, here, behind, checkout):
    folder = checkout / "tests" / "examples"
    carried = behind(server, target, folder)
    own = here(target, folder)

    asked = {name: outcome for name, outcome in carried.items() if outcome.verdict != "n/a"}
    assert {name: outcome.verdict for name, outcome in asked.items()} == {
        name: own[name].verdict for name in asked
    }
    assert len(asked) >= AT_LEAST[next(iter(own)).partition(":")[0].partition(".")[0]]
    assert all(outcome.reason for outcome in carried.values() if outcome.verdict == "n/a")


def test_what_is_not_asked_is_not_counted_as_exercised(behind, checkout):
    carried = behind("wsgiref", "hello_wsgi:application", checkout / "tests" / "examples")

    asked = {name for outcome in carried.values() for name in outcome.exercised}
    assert "wsgi.middleware.transparent" not in asked
    assert "wsgi.content-length.app-accurate" in asked
