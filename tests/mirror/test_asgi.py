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
