"""Every requirement that a schema decides fires on its witness and spares the neighbour."""

from __future__ import annotations

import pytest
from witnesses.load import modules

from gateproof.conformance.checked import proved
from gateproof.validators import catalogue, schema

MODULES = modules("shapes_")
SHAPES = [shape for module in MODULES for shape in module.WITNESSES]
CLEAN = [pair for module in MODULES for pair in module.CLEAN]
SHAPELY = [entry for entry in catalogue.requirements() if entry.schema]
RESTATED = {entry.id: entry.same_as for entry in SHAPELY if entry.same_as}
UNDECIDED = {entry.id for entry in SHAPELY if entry.unchecked}
PROVED = proved().keys()  # by cases of the suite, which see more than the shape
DECIDED = frozenset().union(*(schema.requirements(name) for name in schema.names()))


@pytest.mark.parametrize(
    "shape", SHAPES, ids=[f"{shape.requirement}-{shape.schema}" for shape in SHAPES]
)
def test_fires_on_what_breaks_it_and_spares_the_neighbour(shape):
    accept = schema.compiled(shape.schema)
    assert schema.explain(shape.schema, shape.keeps) == []
    assert accept(shape.keeps)
    found = schema.explain(shape.schema, shape.breaks)
    assert not accept(shape.breaks)
    # One broken thing, one finding.
    assert {breach.requirement for breach in found} == {shape.requirement}
    assert accept(shape.breaks) is False
    ignoring = frozenset({shape.requirement})
    assert schema.compiled(shape.schema, ignoring)(shape.breaks)
    assert schema.explain(shape.schema, shape.breaks, ignoring) == []


@pytest.mark.parametrize(("name", "value"), CLEAN)
def test_says_nothing_about_what_is_allowed(name, value):
    assert schema.explain(name, value) == []
    assert schema.compiled(name)(value)


def test_every_decided_requirement_has_a_witness():
    assert DECIDED - {shape.requirement for shape in SHAPES} == set()


def test_every_requirement_of_shape_is_decided_or_has_a_reason():
    owed = {
        entry.id
        for entry in catalogue.requirements()
        if entry.schema and entry.level != "may" and entry.id not in DECIDED
    }
    assert owed - PROVED == (RESTATED.keys() | UNDECIDED) - PROVED


def test_restated_requirements_lead_to_decided_ones():
    assert {target for targets in RESTATED.values() for target in targets} <= DECIDED
    assert not RESTATED.keys() & UNDECIDED


def test_messages_are_one_sentence_about_the_value():
    for shape in SHAPES:
        for breach in schema.explain(shape.schema, shape.breaks):
            assert breach.message
            assert not breach.message.endswith(".")
            assert "\n" not in breach.message
            assert " 0x" not in breach.message
            assert breach.expected
