"""What binds middleware is found on its witness, named, and spares the neighbour."""

from __future__ import annotations

import pytest
from witnesses.load import modules

from gateproof.validators.catalogue import requirement
from gateproof.validators.layers.blame import MAY, OWN
from gateproof.validators.layers.claims import CLAIMS

WITNESSES = [one for module in modules("layers_") for one in module.WITNESSES]
MUTANTS = [one for one in WITNESSES if one.breaks is not None]


def names(witnesses):
    return [f"{number}-{one.requirement}" for number, one in enumerate(witnesses)]


@pytest.mark.parametrize("witness", MUTANTS, ids=names(MUTANTS))
def test_fires_on_what_breaks_it_and_names_the_layer(witness, three):
    told = three(witness.interface, witness.breaks, witness.app)

    found = [one for one in told.grave if one[0] not in witness.also]
    assert found == [(witness.requirement, "middleware", "middle")]
    assert told.error is None


@pytest.mark.parametrize("witness", WITNESSES, ids=names(WITNESSES))
def test_spares_the_neighbour(witness, three):
    told = three(witness.interface, witness.keeps, witness.app)

    assert [str(one) for one in told.violations if one.verdict != "observed"] == []
    assert told.error is None
    assert told.body


def test_every_claim_has_a_mutant():
    assert {one.requirement for one in MUTANTS} == CLAIMS


def test_what_has_no_mutant_is_a_permission():
    permitted = {one.requirement for one in WITNESSES if one.breaks is None}

    assert {requirement(name).level for name in permitted} == {"may"}


def test_tables_are_of_requirements_that_exist():
    named = {*OWN, *OWN.values(), *MAY, *CLAIMS}

    assert [name for name in named if requirement(name).id != name] == []
    assert {requirement(name).party for name in OWN.values()} == {"middleware"}
    assert {requirement(name).party for name in MAY} == {"server"}
