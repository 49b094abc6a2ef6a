"""Every requirement that we claim to check has a witness, and every claim is in the catalogue."""

from __future__ import annotations

from functools import cache

import pytest
from witnesses import kit
from witnesses.load import modules

from gateproof.conformance.case import APPLICATION_FAMILIES, cases
from gateproof.validators import schema
from gateproof.validators.asgi.exercised import CLAIMS as ASGI
from gateproof.validators.catalogue import requirement
from gateproof.validators.layers.claims import CLAIMS as LAYERS
from gateproof.validators.wsgi.exercised import CLAIMS as WSGI


@cache
def witnessed() -> frozenset[str]:
    """The ids that some witness file shows to be caught."""
    prefixes = ("shapes_", "order_", "cases_", "layers_")
    files = [file for prefix in prefixes for file in modules(prefix)]
    return frozenset(
        witness.requirement
        for file in files
        for value in vars(file).values()
        if isinstance(value, list)
        for witness in value
        if isinstance(witness, kit.Shape | kit.Order | kit.Application | kit.Layered | kit.Loop)
        and not (isinstance(witness, kit.Layered) and witness.breaks is None)
    )


SHAPES = frozenset(name for file in schema.names() for name in schema.requirements(file))
PROVED = frozenset(
    name for case in cases().values() if case.family in APPLICATION_FAMILIES for name in case.proves
)


@pytest.mark.parametrize(
    "claims",
    [SHAPES, ASGI, WSGI, PROVED, LAYERS],
    ids=["schemas", "asgi", "wsgi", "cases", "layers"],
)
def test_every_claim_has_a_witness(claims: frozenset[str]) -> None:
    permitted = {name for name in claims if requirement(name).level == "may"}

    assert len(claims) > 10
    assert sorted(claims - permitted - witnessed()) == []


def test_witnesses_are_of_requirements_that_exist() -> None:
    assert [name for name in witnessed() if requirement(name).id != name] == []


def test_nothing_unobservable_is_claimed() -> None:
    claims = SHAPES | ASGI | WSGI | PROVED | LAYERS

    assert [name for name in claims if requirement(name).observable == "none"] == []
