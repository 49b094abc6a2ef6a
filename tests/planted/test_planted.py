"""Each planted fault shows in its trigger and nowhere in the fixed cases; mended, it is gone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from planted_faults.rows import PLANTED, RELATIONS, Planted

from gateproof.conformance.case import cases
from gateproof.conformance.engine import Engine, Plan
from gateproof.targets.application import Application
from gateproof.targets.detect import Detected
from gateproof.targets.load import load_application
from gateproof.validators.catalogue import UnknownRequirementError, requirement
from gateproof.validators.policy import Rules

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW")
SPREAD = {"wsgi": 14, "http": 17, "websocket": 8, "lifespan": 1}

# What is only observed counts as found too, but not where it hangs on how threads are switched.
BY_CHANCE = ("wsgi::threads",)

# All cases of all applications are for the nightly run; else those of some.
STRIDE = 1 if int(os.environ.get("GATEPROOF_TEST_SCALE", "1")) > 1 else 4


def each(rows: Sequence[Planted]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])


def findings(row: Planted, application: Any) -> dict[str, Any]:
    """What the cases that are the same in every run come to, where they find anything."""
    detected = Detected(row.interface, "the row says so")
    selected = [
        case
        for case in cases().values()
        if case.concerns("application", row.interface)
        and "generated" not in case.id + case.where  # of those, each run has others
    ]
    plan = Plan(
        application=Application(row.name, application, detected),
        methods=METHODS,
        rules=Rules(level="all"),
    )
    engine = Engine(plan, selected)
    try:
        outcomes = {case.full_id: engine.outcome(case) for case in selected}
    finally:
        engine.close()
    assert sum(outcome.verdict == "pass" for outcome in outcomes.values()) >= 5
    return {
        name: (outcome.verdict, outcome.reason, [one["message"] for one in outcome.findings])
        for name, outcome in outcomes.items()
        if outcome.verdict not in ("pass", "observed", "n/a")
        or (outcome.findings and name not in BY_CHANCE)
    }


@each(PLANTED)
def test_the_trigger_shows_the_fault(row):
    shown = row.trigger(row.faulty())

    assert shown
    if row.breaks == "raises":
        assert shown.startswith("raised ")
    elif row.breaks == "blocks-the-loop":
        assert shown.startswith("blocked ")
    elif row.breaks not in RELATIONS:
        assert shown == row.breaks


@each(PLANTED)
def test_the_trigger_shows_nothing_where_the_fault_is_mended(row):
    assert row.trigger(row.sound()) == ""


@each(PLANTED[::STRIDE])
def test_no_fixed_case_finds_the_fault(row):
    assert findings(row, row.faulty()) == {}


@each(PLANTED[1::STRIDE])
def test_no_fixed_case_finds_anything_where_the_fault_is_mended(row):
    assert findings(row, row.sound()) == {}


@each(PLANTED)
def test_the_target_string_leads_to_the_application(row, checkout):
    loaded = load_application(row.target(), checkout / "tests" / "planted")

    assert loaded.__qualname__ == row.faulty().__qualname__


def test_there_are_forty_and_all_kinds():
    kinds = {kind: sum(row.traffic == kind for row in PLANTED) for kind in SPREAD}
    names = {row.name for row in PLANTED}
    factories = {row.factory for row in PLANTED}

    assert len(PLANTED) == len(names) == len(factories) == 40
    assert kinds == SPREAD
    assert {row.breaks for row in PLANTED} >= {*RELATIONS, "raises", "blocks-the-loop"}


@each(PLANTED)
def test_what_is_broken_is_a_duty_of_applications_or_a_relation(row):
    try:
        broken = requirement(row.breaks)
    except UnknownRequirementError:
        assert row.breaks in (*RELATIONS, "raises", "blocks-the-loop")
    else:
        assert broken.party in ("application", "both")
        assert broken.enforce in ("fail", "weak")


@each(PLANTED)
def test_the_fault_is_told_where_it_is(row):
    words = " ".join((row.factory.__doc__ or "").split())

    assert " Fault: " in words
    assert " Shows " in words
