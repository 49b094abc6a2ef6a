"""Every requirement that an ASGI case judges itself fires on its witness."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from gateproof.conformance.case import cases
from gateproof.targets import asgi_server
from gateproof.validators.asgi.exercised import CLAIMS

_SPEC = importlib.util.spec_from_file_location(
    "witnesses_load", Path(__file__).parent.parent / "witnesses" / "load.py"
)
load = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(load)

WITNESSES = [witness for module in load.modules("cases_asgi") for witness in module.WITNESSES]
IDS = [f"{w.requirement}-{w.case}" for w in WITNESSES]

# Left for the validator's own witnesses: cases name these only to say what they reach.
REACHED = CLAIMS - {witness.requirement for witness in WITNESSES}


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Applications that hang are cancelled soon: nothing is concluded from when."""
    monkeypatch.setattr(asgi_server, "GRACE", 0.1)


@pytest.mark.parametrize("witness", WITNESSES, ids=IDS)
def test_catches_the_fault(witness, play):
    played = play(witness.breaks, witness.case, patience=1.0)

    assert witness.requirement in played.requirements()
    assert {v.party for v in played.found} == {"application"}
    assert cases()[witness.case].proves.count(witness.requirement) == 1


@pytest.mark.parametrize("witness", WITNESSES, ids=IDS)
def test_leaves_the_correct_neighbour_alone(witness, play):
    played = play(witness.keeps, witness.case, patience=20)

    assert played.requirements("fail", "weak") == set()
    assert witness.requirement not in played.requirements()
    assert played.ended == ""


def test_every_requirement_that_a_case_names_has_a_witness(checkout):
    files = [
        *checkout.glob("conformance/cases/asgi_*.py"),
        checkout / "conformance" / "asgi_stage.py",
    ]
    named = {
        name
        for file in files
        for name in re.findall(
            r'"((?:asgi|http1)\.[a-z0-9-]+\.[a-z0-9.-]+)"', file.read_text("utf-8")
        )
    }

    assert named - REACHED == {witness.requirement for witness in WITNESSES}


def test_what_a_case_proves_is_in_the_catalogue():
    from gateproof.validators.catalogue import requirement

    for case in cases().values():
        for name in case.proves:
            assert requirement(name).id == name
