"""Defects of released servers are found by the case about them, and gone where they are mended."""

from __future__ import annotations

import os

import pytest
from releases.released import RELEASED, Released

from gateproof.conformance.case import cases
from gateproof.conformance.outcome import Outcome
from gateproof.conformance.server_runner import ServerEngine, ServerPlan
from gateproof.targets.environments import made_environments
from gateproof.targets.registry import adapters
from gateproof.targets.server import open_server
from gateproof.targets.server_name import parse_server
from gateproof.validators.catalogue import requirement
from gateproof.validators.policy import Rules

NIGHTLY = int(os.environ.get("GATEPROOF_TEST_SCALE", "1")) > 1

GRAVITY = ("observed", "weak", "fail")


def outcome(row: Released, release: str) -> Outcome:
    """What the row's case comes to on a release; skips where that is not installed."""
    made = row.installed(release, made_environments())
    if made is None:
        pytest.skip(f"there is no environment of {row.server} {release}; make releases makes it")
    case = cases()[row.case]
    plan = ServerPlan(open_server(row.target(made.folder)), Rules(level="all"))
    engine = ServerEngine(plan, [case])
    try:
        return engine.outcome(case)
    finally:
        engine.close()


@pytest.mark.skipif(not NIGHTLY, reason="two servers are started for each: make nightly does")
@pytest.mark.parametrize("row", RELEASED, ids=lambda row: row.id)
def test_a_released_defect_is_found_and_gone_where_it_is_mended(row: Released) -> None:
    good = outcome(row, row.good)
    bad = outcome(row, row.bad)
    found = {(finding["requirement"], finding["verdict"]) for finding in bad.findings}

    assert (row.requirement, row.verdict) in found, (bad.verdict, bad.reason, bad.findings)
    assert (good.verdict, good.findings) == ("pass", []), good.reason


def test_the_table_names_what_there_is() -> None:
    for row in RELEASED:
        case = cases()[row.case]
        adapter = adapters()[row.server]
        chosen = parse_server(row.target(row.python)).choices(adapter.variants)

        assert case.concerns("server", adapter.interface(chosen)), row.id
        assert row.requirement in case.proves, row.id
        assert row.bad != row.good, row.id
        allowed = GRAVITY.index(requirement(row.requirement).enforce)
        assert GRAVITY.index(row.verdict) <= allowed, row.id


def test_no_two_rows_have_one_name() -> None:
    assert len({row.id for row in RELEASED}) == len(RELEASED)
