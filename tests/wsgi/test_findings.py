"""What users read of each finding: held fast in files, and held to the form of a sentence.

``GATEPROOF_UPDATE_SNAPSHOTS=1`` writes the files of ``findings/`` anew, one for each
section of PEP 3333. They are to be read before they are committed, as users will.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest
from witnesses import kit
from witnesses.load import modules

from gateproof.validators.catalogue import requirement, requirements
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.violation import Rung
from gateproof.validators.wsgi.replay import replay
from gateproof.validators.wsgi.shape import shapes

FOLDER = Path(__file__).parent / "findings"
UPDATE = os.environ.get("GATEPROOF_UPDATE_SNAPSHOTS") == "1"
RANK = {entry.id: rank for rank, entry in enumerate(requirements())}
NAME = re.compile(r"[A-Z]+_[A-Z_]+ ")
"""A variable of environ that a sentence may begin with."""

LIVE = {"wsgi/read"}
"""Schemas that no judge uses: what was read is judged by hand."""


def witnesses():
    """All that breaks something, in the order of the catalogue, each once."""
    found = [
        one
        for prefix in ("order_wsgi_", "shapes_wsgi")
        for module in modules(prefix)
        for one in module.WITNESSES
    ]
    unlike = {(one.requirement, shown(one.breaks)): one for one in found}
    return sorted(unlike.values(), key=lambda one: RANK[one.requirement])


def shown(value):
    return re.sub(r" at 0x[0-9a-f]+", " at 0x...", repr(value))


def violations(witness):
    """What is found of a witness, as a user is told it."""
    if isinstance(witness, kit.Order):
        return replay([Rung(step, data, 0) for step, data in witness.breaks], host="server")
    rules, exchange = Rules(level="all"), Exchange()
    exchange.add("call")
    policy = Policy(print, rules)
    found = (
        policy.violation(breach, exchange)
        for breach in shapes(rules).explain(witness.schema, witness.breaks)
    )
    return [violation for violation in found if violation is not None]


@cache
def findings():
    """Each witness that a user can meet, with its violations."""
    return [
        (witness, violations(witness))
        for witness in witnesses()
        if not isinstance(witness, kit.Shape) or witness.schema not in LIVE
    ]


def section(name):
    """The file of a requirement's section."""
    return re.sub(r"[^a-z0-9]+", "-", requirement(name).section.lower()).strip("-")


@cache
def rendered():
    """The text of each file, by its name."""
    parts: dict[str, list[str]] = {}
    for witness, found in findings():
        lines = parts.setdefault(section(witness.requirement), [])
        lines.append(f"## {witness.requirement}\n")
        lines.extend(f"{violation}\n" for violation in found)
    return {name: shown_text("\n".join(lines)) for name, lines in parts.items()}


def shown_text(text):
    return re.sub(r" at 0x[0-9a-f]+", " at 0x...", text)


@pytest.mark.parametrize("name", rendered())
def test_findings_read_as_they_did(name):
    path = FOLDER / f"{name}.txt"
    if UPDATE:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(rendered()[name], encoding="utf-8")

    assert rendered()[name] == path.read_text(encoding="utf-8")


def test_no_file_of_findings_is_left_over():
    assert {path.stem for path in FOLDER.iterdir()} == set(rendered())


@pytest.mark.parametrize(
    ("witness", "found"),
    findings(),
    ids=[f"{number}-{witness.requirement}" for number, (witness, _) in enumerate(findings())],
)
def test_each_has_the_form_of_a_finding(witness, found):
    assert witness.requirement in {violation.requirement for violation in found}
    for violation in found:
        message = violation.message
        assert "\n" not in message
        assert not message.endswith(".")
        assert len(message) < 300
        assert message[0].islower() or NAME.match(message), message
        assert not re.search(r"\{\w*\}", message)
        assert violation.observed.strip()
        assert violation.expected.strip()
        assert violation.observed != violation.expected
        assert "\n" not in violation.observed + violation.expected
        assert violation.hint.strip()
        assert not violation.hint.endswith(".")
        assert violation.url.startswith("https://")
        assert len(str(violation).splitlines()) == 6
