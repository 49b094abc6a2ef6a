"""What other checkers catch, we catch; what they report without the text, we don't."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path

import pytest
from peers import rules_asgion, rules_wsgi
from peers.lints import OURS, PEERS
from peers.measure import RULES, document, lints, measure, reporters, unplayed
from peers.plays import plays

from gateproof.validators.catalogue import requirement, requirements

WRITE = "GATEPROOF_UPDATE_SNAPSHOTS"
ABSENT = [f"{one.name}: {one.absent}" for one in PEERS if one.absent]


def rules(kind=lambda rule: True):
    """Parametrizes a test by rules."""
    chosen = [
        pytest.param(interface, rule, id=f"{interface}-{rule.name}")
        for interface, every in RULES.items()
        for rule in every
        if kind(rule)
    ]
    return pytest.mark.parametrize(("interface", "rule"), chosen)


def interfaces(*, whole: bool = False) -> list[object]:
    """Both interfaces, skipped where checkers are missing: any, or all if not ``whole``."""
    made = []
    for name in ("wsgi", "asgi"):
        absent = [one.absent for one in PEERS if one.interface == name and one.absent]
        skipped = absent and (whole or len(lints(name)) == 1)
        marks = [pytest.mark.skip(reason="; ".join(absent))] if skipped else []
        made.append(pytest.param(name, marks=marks))
    return made


@pytest.mark.parametrize("interface", interfaces())
def test_what_others_catch_we_catch(interface):
    missed = measure(interface).missed

    assert missed == []


@pytest.mark.parametrize("interface", interfaces())
def test_others_catch_some_of_it(interface):
    """The exchanges are played so that a checker can see what is wrong with them."""
    measured = measure(interface)

    assert measured.witnesses.total() > 100
    for column in measured.columns:
        assert column.caught.total() > 25, column.lint.name


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_we_raise_no_alarm(interface):
    ours = measure(interface).columns[0]

    assert ours.lint is OURS[interface]
    assert {text: sorted(names) for text, names in ours.alarms.items()} == {}
    assert (ours.crashed, ours.crashes) == (set(), set())


def test_most_witnesses_can_be_played():
    left = unplayed()

    assert len(plays()) > 450
    assert left["Application"] == 0
    assert left["Shape"] + left["Order"] < len(plays()) / 5


@rules(lambda rule: rule.ours)
def test_a_rule_that_the_text_backs_is_ours(interface, rule):
    heard = OURS[interface].listen(rule.breaks)

    assert requirement(rule.ours).id == rule.ours
    assert rule.ours in heard.reports


@rules(lambda rule: not rule.ours)
def test_of_a_rule_that_the_text_does_not_back_we_are_silent(interface, rule, checkout):
    heard = OURS[interface].listen(rule.breaks)
    positions = {file.stem for file in (checkout / "validators" / "positions").glob("*.md")}

    assert heard.reports == {}
    assert rule.silent in positions | {entry.id for entry in requirements()}
    assert rule.why


@rules()
def test_a_rule_is_one_of_theirs(interface, rule):
    absent = [one.name for one in PEERS if one.interface == interface and one.absent]
    found = reporters(interface, rule)
    if absent and not found:
        pytest.skip(f"not installed in this environment: {', '.join(absent)}")

    assert found


REPORTED = re.compile(
    r"\s*(assert_?[ (]|raise AssertionError|warn\(|warnings\.warn\(|check_type\()"
)


@pytest.mark.parametrize("lint", [one for one in PEERS if one.interface == "wsgi"], ids=str)
def test_every_rule_of_a_lint_has_a_mutant(lint):
    """Each place in its source that reports something is reached by a mutant."""
    if lint.absent:
        pytest.skip(lint.absent)
    places = {"werkzeug lint": "werkzeug.middleware.lint"}
    source = importlib.import_module(places.get(lint.name, lint.name)).__file__
    lines = Path(source).read_text().splitlines()
    reached = {kind for rule in rules_wsgi.RULES for kind in lint.listen(rule.breaks).reports}
    unreachable = rules_wsgi.UNREACHABLE.get(lint.name, ())

    missing = [
        (number, line.strip())
        for number, line in enumerate(lines, 1)
        if REPORTED.match(line)
        and f"line {number}" not in reached
        and not any(" ".join((line + lines[number]).split()).startswith(u) for u in unreachable)
    ]
    assert missing == []


def test_every_rule_of_asgion_has_a_mutant():
    if ABSENT and any(one.startswith("asgion") for one in ABSENT):
        pytest.skip("; ".join(ABSENT))
    from asgion.rules import ALL_RULES

    named = {rule.name for rule in rules_asgion.RULES}
    theirs = {rule.id for rule in ALL_RULES}
    assert theirs - named == set(rules_asgion.UNREACHABLE)
    assert named <= theirs


@pytest.mark.skipif(bool(ABSENT), reason="; ".join(ABSENT) or "all are there")
def test_the_page_is_up_to_date(checkout):
    page = checkout / "docs" / "peers.md"
    made = document()
    if os.environ.get(WRITE):
        page.parent.mkdir(exist_ok=True)
        page.write_text(made)
    written = page.read_text()
    others = [one for one in PEERS if one.distribution and f"| {one.version} |" not in written]
    if others:
        pytest.skip(f"the page was made with other versions of {', '.join(map(str, others))}")

    # wsgiref.validate is the same in every release of CPython that we know.
    interpreter = re.compile(r"CPython \d+\.\d+")
    assert interpreter.sub("CPython", written) == interpreter.sub("CPython", made), (
        f"{page} is out of date: set {WRITE}=1 and run this test"
    )
