"""What an ASGI server and its application see of each other is the same under a validator."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mirror.asgi_application import play
from mirror.asgi_defects import DEFECTS, Nothing
from mirror.asgi_plans import plan
from mirror.trace import difference

from gateproof.validators import ASGIValidator

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more examples than by default, for nightly runs."""

QUIET = settings(
    deadline=None,
    database=None,
    derandomize=SCALE == 1,
    suppress_health_check=list(HealthCheck),
)
TRIES = 400
"""Plans that a defect may survive before it counts as missed."""


def bare(app):
    return app


def collecting(app):
    return ASGIValidator(app, on_violation="collect", level="all")


def telling(app):
    return ASGIValidator(app, on_violation=str, level="all")


def twofold(app):
    return collecting(collecting(app))


def unwatched_party(app):
    return ASGIValidator(app, on_violation="raise", parties=["middleware"])


def parted(made, wrap) -> str:
    """Where the connection parts from the one without ``wrap``."""
    return difference(play(made, bare), play(made, wrap))


@pytest.mark.parametrize(
    "wrap", [collecting, telling, twofold, unwatched_party], ids=lambda wrap: wrap.__name__
)
@settings(QUIET, max_examples=100 * SCALE)
@given(st.randoms(note_method_calls=False, use_true_random=True))
def test_both_sides_see_the_same(wrap, rng):
    made = plan(rng)
    assert parted(made, wrap) == "", made


@settings(QUIET, max_examples=100 * SCALE)
@given(st.randoms(note_method_calls=False, use_true_random=True))
def test_a_validator_that_raises_is_a_mirror_of_what_is_correct(rng):
    made = plan(rng)
    found: list[object] = []
    play(made, lambda app: ASGIValidator(app, on_violation=found.append))
    if not found:
        assert parted(made, ASGIValidator) == "", made


def echo(kind):
    """A connection whose application takes all it is sent and answers each, with pauses."""
    made = plan(random.Random(kind))
    events = {
        "http": [{"type": "http.request", "body": b"a", "more_body": more} for more in (1, 1, 0)],
        "websocket": [{"type": "websocket.connect"}]
        + [{"type": "websocket.receive", "text": "a"}] * 3,
        "lifespan": [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}],
    }
    last = {"http": "http.disconnect", "websocket": "websocket.disconnect"}
    answers = {
        "http": [
            {"type": "http.response.start", "status": 200},
            {"type": "http.response.body", "body": b"a", "more_body": True},
            {"type": "http.response.body", "body": b"b"},
        ],
        "websocket": [{"type": "websocket.accept"}]
        + [{"type": "websocket.send", "text": "b"}] * 2
        + [{"type": "websocket.close"}],
        "lifespan": [
            {"type": "lifespan.startup.complete"},
            {"type": "lifespan.shutdown.complete"},
        ],
    }
    steps = [step for answer in answers[kind] for step in (("receive",), ("send", answer))]
    made |= {"kind": kind, "events": events[kind], "steps": steps, "pauses": [1, 1, 1, 1]}
    made |= {"scope": {}, "omit": (), "send_fails": None, "receive_fails": None, "ends": None}
    if kind in last:
        made["events"] = [*events[kind], {"type": last[kind], "code": 1005}]
    return made


@pytest.mark.parametrize("survives", [True, False])
@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan"])
def test_a_connection_may_end_at_every_point(kind, survives):
    """The client leaves, the server cancels, drops, or fails to send or receive: anywhere."""
    whole = {**echo(kind), "survives": survives, "lets_pass": not survives}
    points = len(whole["steps"]) + 2
    cases = [{"events": [*whole["events"][:at], whole["events"][-1]]} for at in range(points)]
    cases += [{"ends": (deed, at)} for deed in ("cancel", "drop") for at in range(points)]
    cases += [{failing: at} for failing in ("send_fails", "receive_fails") for at in range(points)]
    traces = []
    for case in cases:
        traces.append(str(play({**whole, **case}, bare).rungs))
        assert parted({**whole, **case}, collecting) == "", case
    assert len(set(traces)) > len(cases) / 3, "the points hardly differ"


def test_plans_reach_everything():
    """Both ends of every choice are met, so that nothing above passes for want of trying."""
    told = set()
    for seed in range(TRIES):
        told |= {f"{rung[0]} {rung[1]}" for rung in play(plan(random.Random(seed)), bare).rungs}
    assert told >= {
        *("application called", "application scope", "application set", "application receive"),
        *("application received", "application held", "application send", "application dropped"),
        *("application is left with", "application last words failed"),
        *("server receive", "server send", "server returned", "server caught", "server has scope"),
        *("server drops the connection", "loop paused"),
    }


@pytest.mark.parametrize("name", DEFECTS)
def test_a_wrapper_that_changes_something_is_noticed(name):
    wrap = DEFECTS[name]
    assert any(parted(plan(random.Random(seed)), wrap) for seed in range(TRIES))


def test_a_wrapper_that_changes_nothing_passes():
    for seed in range(TRIES):
        assert parted(plan(random.Random(seed)), Nothing) == ""
