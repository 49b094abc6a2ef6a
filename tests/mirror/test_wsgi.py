"""What a WSGI server and its application see of each other is the same under a validator."""

from __future__ import annotations

import gc
import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mirror.trace import Trace, difference
from mirror.wsgi_defects import DEFECTS, Nothing
from mirror.wsgi_plans import plan
from mirror.wsgi_server import play

from gateproof.validators import WSGIValidator

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
    return WSGIValidator(app, on_violation="collect", level="all")


def telling(app):
    return WSGIValidator(app, on_violation=str, level="all")


def twofold(app):
    return collecting(collecting(app))


def unwatched_party(app):
    return WSGIValidator(app, on_violation="raise", parties=["middleware"])


WRAPS = [collecting, telling, twofold, unwatched_party, WSGIValidator]


def parted(made, wrap) -> str:
    """Where the exchange parts from the one without ``wrap``."""
    watched = play(made, wrap)
    if watched.looks > (2 if wrap is twofold else 1):
        return f"the length was asked for {watched.looks} times"
    return difference(play(made, bare), watched)


@pytest.mark.parametrize("wrap", WRAPS[:4], ids=lambda wrap: wrap.__name__)
@settings(QUIET, max_examples=80 * SCALE)
@given(st.randoms(note_method_calls=False, use_true_random=True))
def test_both_sides_see_the_same(wrap, rng):
    made = plan(rng)
    assert parted(made, wrap) == "", made


@settings(QUIET, max_examples=80 * SCALE)
@given(st.randoms(note_method_calls=False, use_true_random=True))
def test_a_validator_that_raises_is_a_mirror_of_what_is_correct(rng):
    made = plan(rng)
    found: list[object] = []
    play(made, lambda app: WSGIValidator(app, on_violation=found.append))
    gc.collect()
    if not found:
        assert parted(made, WSGIValidator) == "", made


def test_plans_reach_everything():
    """Both ends of every choice are met, so that nothing above passes for want of trying."""
    deeds = {}
    for seed in range(TRIES):
        for rung in play(plan(random.Random(seed)), bare).rungs:
            deeds.setdefault(rung[:2], rung)
    told = {f"{side} {deed}" for side, deed in deeds}
    wanted = {
        *("application called", "application environ", "application read", "application readline"),
        *("application readlines", "application lines", "application errors", "application flush"),
        *("application set", "application offers", "application start", "application write"),
        *("application generator begins", "application generator ends", "application result.iter"),
        *("application result.next", "application result.getitem", "application result.close"),
        *("server start_response", "server write", "server caught", "server has a result"),
        *("server caught in the middle", "server piece", "server end", "server finds out"),
        *("server caught while closing", "server has environ", "server input.read"),
    }
    assert wanted <= told


@pytest.mark.parametrize("name", DEFECTS)
def test_a_wrapper_that_changes_something_is_noticed(name):
    wrap = DEFECTS[name]
    assert any(parted(plan(random.Random(seed)), wrap) for seed in range(TRIES))


def test_a_wrapper_that_changes_nothing_passes():
    for seed in range(TRIES):
        assert parted(plan(random.Random(seed)), Nothing) == ""


def test_a_difference_is_shown_where_it_begins():
    one, other = Trace(), Trace()
    for trace in (one, other):
        trace.add("server", "called", 1)
    one.add("server", "end")
    assert difference(one, one) == ""
    assert difference(one, other).splitlines() == [
        "  both     ('server', 'called', ('int', 1))",
        "  bare     ('server', 'end')",
        "  watched  'nothing more'",
    ]
