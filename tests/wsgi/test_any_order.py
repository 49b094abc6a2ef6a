"""Steps in any order: the judge goes on, and says only what it claims and can render."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st
from witnesses.load import modules

from gateproof.validators.violation import Rung
from gateproof.validators.wsgi.exercised import CLAIMS, exercised
from gateproof.validators.wsgi.replay import replay

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more examples than by default, for nightly runs."""

STEPS = [
    step
    for module in modules("order_wsgi_")
    for witness in module.WITNESSES
    for step in (*witness.breaks, *witness.keeps)
]
CALL = next(step for step in STEPS if step[0] == "call")


@settings(max_examples=300 * SCALE, deadline=None, database=None, derandomize=SCALE == 1)
@given(st.lists(st.sampled_from(STEPS), max_size=14))
def test_the_judge_goes_on(steps):
    rungs = [Rung(step, data, 0) for step, data in (CALL, *steps)]

    found = replay(rungs)

    assert all(str(violation) for violation in found)
    assert {violation.requirement for violation in found} <= exercised(rungs) <= CLAIMS
