"""Every requirement that a WSGI case judges itself fires on its witness."""

from __future__ import annotations

import re

import pytest
from witnesses.load import modules

from gateproof.conformance.case import cases
from gateproof.validators.catalogue import requirement

WITNESSES = [witness for module in modules("cases_wsgi") for witness in module.WITNESSES]
IDS = [f"{w.requirement}-{w.case}" for w in WITNESSES]

# What cases name only to say which checks of the validator they reach.
REACHED = {
    "wsgi.app.no-assumption-fully-consumed",
    "wsgi.app.returns-iterable",
    "wsgi.app.start-response-always-called",
    "wsgi.app.start-response-before-first-body",
    "wsgi.app.two-positional-arguments",
    "wsgi.content-length.app-accurate",
    "wsgi.errors-handling.app-traps-own-errors",
    "wsgi.exc-info.app-no-trap",
    "wsgi.input.app-not-read-past-length",
    "wsgi.response-headers.value-no-control",
    "wsgi.unicode.app-latin1-only",
}

# Other names of what a witness shows, in which a stimulus is known or always empty.
ALIASES = {
    "wsgi.environ.os-environ-allowed",
    "wsgi.environ.query-string-omittable",
    "wsgi.environ.run-once-not-guarantee",
}


@pytest.mark.parametrize("witness", WITNESSES, ids=IDS)
def test_catches_the_fault(witness, play):
    played = play(witness.breaks, witness.case)

    found = [v for v in played.by_case if v.requirement == witness.requirement]
    assert found
    assert {v.party for v in found} == {"application"}
    assert witness.requirement in cases()[witness.case].proves


@pytest.mark.parametrize("witness", WITNESSES, ids=IDS)
def test_leaves_the_correct_neighbour_alone(witness, play):
    played = play(witness.keeps, witness.case)

    assert played.requirements("fail", "weak") == set()
    assert played.stage.findings == []
    assert played.ended == ""


def test_every_requirement_that_a_case_names_has_a_witness(checkout):
    files = [
        *checkout.glob("conformance/cases/wsgi_*.py"),
        checkout / "conformance" / "wsgi_baseline.py",
        checkout / "conformance" / "strategies" / "wsgi_servers.py",
    ]
    named = {
        name
        for file in files
        for name in re.findall(
            r'"((?:wsgi|http1)\.[a-z0-9-]+\.[a-z0-9.-]+)"', file.read_text("utf-8")
        )
    }

    assert named - REACHED - ALIASES == {witness.requirement for witness in WITNESSES}


def test_what_a_case_proves_is_in_the_catalogue():
    for name, case in cases().items():
        if name.startswith("wsgi::"):
            assert [requirement(proved).id for proved in case.proves] == list(case.proves)
            assert case.proves, name
