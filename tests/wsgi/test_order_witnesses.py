"""Every requirement that the judge decides fires on its witness and spares the neighbour."""

from __future__ import annotations

import pytest
from witnesses.load import modules

from gateproof.validators import schema
from gateproof.validators.violation import Rung
from gateproof.validators.wsgi.exercised import CLAIMS, exercised
from gateproof.validators.wsgi.replay import replay
from gateproof.validators.wsgi.shape import WHOLE

WITNESSES = [one for module in modules("order_wsgi_") for one in module.WITNESSES]
SHAPES = frozenset().union(*(schema.requirements(name) for name in WHOLE))

each = pytest.mark.parametrize(
    "witness", WITNESSES, ids=[f"{n}-{w.requirement}" for n, w in enumerate(WITNESSES)]
)


def rungs(steps):
    return [Rung(step, data, 0) for step, data in steps]


@each
def test_fires_on_what_breaks_it(witness):
    found = replay(rungs(witness.breaks), host="server")

    assert witness.requirement in {violation.requirement for violation in found}
    for violation in found:
        assert str(violation).count("\n") >= 3
        assert violation.expected
        assert "{" not in violation.message


@each
def test_spares_the_neighbour(witness):
    found = replay(rungs(witness.keeps), host="server")

    assert [
        v for v in found if v.requirement == witness.requirement and v.verdict != "observed"
    ] == []
    assert [str(v) for v in found if v.verdict != "observed"] == []


@each
def test_the_witness_exercises_all_it_breaks(witness):
    steps = rungs(witness.breaks)

    assert {violation.requirement for violation in replay(steps)} <= exercised(steps)


def test_every_claim_has_a_witness():
    assert CLAIMS - SHAPES - {witness.requirement for witness in WITNESSES} == set()


def test_no_witness_is_for_something_else():
    assert {witness.requirement for witness in WITNESSES} <= CLAIMS
