"""Every requirement that can be seen is checked, or has a reason why not."""

from __future__ import annotations

from click.testing import CliRunner

from gateproof.conformance.checked import (
    AT_THE_BOUNDARY,
    account,
    enforced,
    proved,
    unchecked,
)
from gateproof.conformance.cli import main
from gateproof.validators.catalogue import requirement, requirements

BOUNDARY = [entry for entry in requirements() if entry.observable in AT_THE_BOUNDARY]
WIRE = [entry for entry in requirements() if entry.observable == "wire"]


def test_nothing_at_the_boundary_is_unaccounted_for() -> None:
    assert len(BOUNDARY) > 580
    assert [entry.id for entry in BOUNDARY if account(entry).by == "nothing"] == []


def test_nothing_on_the_wire_is_unaccounted_for() -> None:
    proved_by_cases = [entry for entry in WIRE if account(entry).by == "case"]

    assert len(WIRE) > 370
    assert [entry.id for entry in WIRE if account(entry).by == "nothing"] == []
    assert len(proved_by_cases) > 0.85 * len(WIRE)


def test_most_of_it_is_enforced() -> None:
    reasons = [one for one in unchecked() if one.by == "reason"]

    assert len(reasons) < 0.12 * (len(BOUNDARY) + len(WIRE))


def test_what_restates_another_leads_to_one_that_is_checked() -> None:
    for entry in requirements():
        for name in entry.same_as:
            assert account(requirement(name)).by in ("validator", "case"), (entry.id, name)


def test_what_is_checked_gives_no_reason_why_not() -> None:
    checked = enforced() | proved().keys()

    assert [entry.id for entry in requirements() if entry.unchecked and entry.id in checked] == []
    assert [entry.id for entry in requirements() if entry.same_as and entry.id in enforced()] == []


def test_the_list_of_what_is_unchecked_prints_only_reasons() -> None:
    shown = CliRunner().invoke(main, ["list", "requirements", "--unchecked"])

    lines = shown.output.splitlines()
    assert shown.exit_code == 0
    assert lines[0::2] == [one.requirement.id for one in unchecked()]
    assert all(line.startswith("    ") and len(line) > 20 for line in lines[1::2])
    assert "no check yet" not in shown.output
