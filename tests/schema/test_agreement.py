"""Compiled checks and jsonschema judge every value alike."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from witnesses.load import modules

from gateproof.validators import schema as published
from gateproof.validators.schema.compiler import compile_schema
from gateproof.validators.schema.conjunction import Active
from gateproof.validators.schema.dialect import failures
from gateproof.validators.schema.files import load, resolve


def beside(name):
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


boundary = beside("boundary")
draw = boundary.draw

SEEDS = {}
for file in modules("shapes_"):
    for shape in file.WITNESSES:
        SEEDS.setdefault(shape.schema, []).extend([shape.keeps, shape.breaks])
    for name, value in file.CLEAN:
        SEEDS.setdefault(name, []).append(value)

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more examples than by default, for nightly runs."""

QUIET = settings(
    deadline=None,
    database=None,
    derandomize=SCALE == 1,
    suppress_health_check=list(HealthCheck),
)


def rejected(made, value, active):
    """What jsonschema says."""
    return next(failures(resolve(made, {}, "asgi/random"), value, active), None) is not None


@settings(QUIET, max_examples=600 * SCALE)
@given(st.randoms(note_method_calls=False, use_true_random=True))
def test_random_schemas(rng):
    made = draw.drawn(rng)
    ignored, mildest = draw.active(rng)
    active = Active(ignored, mildest)
    accept = compile_schema(made, active)
    for _ in range(6):
        value = draw.value(rng, made)
        assert accept(value) is not rejected(made, value, active), (made, value)


@settings(QUIET, max_examples=8 * SCALE)
@given(st.randoms(note_method_calls=False, use_true_random=True))
@pytest.mark.parametrize("name", published.names())
def test_our_own_schemas(name, rng):
    accept = published.compiled(name)
    for _ in range(3):
        if name in SEEDS and rng.random() < 0.7:
            value = draw.nudge(rng, rng.choice(SEEDS[name]))
        else:
            value = draw.value(rng, load(name))
        found = published.explain(name, value)  # raises where the two disagree
        assert accept(value) is not bool(found)


@pytest.mark.parametrize(("made", "values"), boundary.PAIRS)
def test_boundary_pairs(made, values):
    for value in values:
        assert compile_schema(made)(value) is not rejected(made, value, Active()), value


@pytest.mark.parametrize("name", published.names())
def test_hostile_objects_are_told_and_never_crash(name):
    cycle = []
    cycle += [cycle, cycle]
    deep = []
    for _ in range(5000):
        deep = [deep]
    hostile = [
        *draw.ODD,
        *draw.CLASHING,
        cycle,
        deep,
        {"type": cycle, "x": deep},
        [(draw.Hostile(),)] * 2,
    ]
    for value in hostile:
        accepted = published.compiled(name)(value)
        assert accepted is (published.explain(name, value) == [])
    good = next((v for v in SEEDS.get(name, []) if type(v) is dict), None)
    worst = [draw.Hostile(), draw.Liar(), 10**5000, cycle, deep, draw.Items("a"), draw.Map(a=1)]
    for key in list(good or ()):
        for value in worst:
            published.explain(name, {**good, key: value})
