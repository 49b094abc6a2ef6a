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

_SPEC = importlib.util.spec_from_file_location("drawing", Path(__file__).parent / "drawing.py")
draw = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(draw)

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


@settings(QUIET, max_examples=250 * SCALE)
@given(st.randoms(note_method_calls=False, use_true_random=True))
def test_random_schemas(rng):
    made = draw.schema(rng)
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


PAIR = {"pythonType": ["list", "tuple"], "minItems": 2, "maxItems": 2}
FIXED = [
    ({"pythonType": "int"}, [True, 1, 1.0, draw.Code.OK, draw.Number(3), "1"]),
    ({"const": 1}, [True, 1, 1.0, "1", draw.Number(1)]),
    ({"const": True}, [1, True, 1.0]),
    ({"enum": [0, None]}, [False, 0, None, 0.0, ""]),
    ({"const": ""}, ["", b"", [], (), draw.Text("")]),
    ({"enum": ["ab"]}, ["ab", b"ab", ["a", "b"], draw.Text("ab")]),
    ({"textPattern": "GET"}, ["GET", "GET\n", b"GET", draw.Text("GET")]),
    ({"textPattern": "[A-Z]+"}, ["GET", "GET\n", "\udc80"]),
    ({"bytesPattern": "[a-z]+"}, [b"a", b"a\n", bytearray(b"A"), memoryview(b"A")]),
    ({"minimum": 1}, [float("nan"), 10**5000, 0.5, True, False, "0"]),
    ({"maximum": 5}, [float("inf"), -(10**5000), 6, draw.Number(6)]),
    ({"items": {"pythonType": "bytes", "bytesPattern": "a*"}}, [[b"a", memoryview(b"a")], "b"]),
    ({"items": {"textPattern": "a*"}}, [["a", "a", b"b", 5], [draw.Text("b")], draw.Items("a")]),
    ({"additionalProperties": False}, [{}, {"a": 1}, {b"a": 1}, draw.Map(a=1)]),
    ({"properties": {"a": False}}, [{"a": 1}, {"b": 1}, draw.Map(a=1), draw.Map(b=1)]),
    (
        {"propertyNames": {"pythonType": "str"}},
        [{"a": 1}, {1: 2}, {draw.Word("a"): 1}, {draw.Clash("a"): 1}],
    ),
    ({"patternProperties": {"^a": False}}, [{"a": 1}, {"ba": 1}, {b"a": 1}, {1: 1}]),
    ({"anyOf": [{"properties": {"a": False}}]}, [{"a": 1}, {}, 5]),
    ({"not": {}}, [None, {}]),
    ({"oneOf": [{"pythonType": "int"}, {"minimum": 1}]}, [0, 1, 0.5, "a"]),
    ({"exactlyOne": ["a", "b"]}, [{}, {"a": None}, {"a": 1, "b": 1}, {"b": ""}, []]),
    ({**PAIR, "prefixItems": [{"const": "a"}, {}]}, [("a", 1), ["b", 1], ("a",), "ab"]),
    ({"prefixItems": [{"const": 1}], "items": {"const": 2}}, [[1, 2, 2], [1, 1], [], (2,)]),
    ({"fields": {"a": {"once": True}}}, [[("A", 1), (b"a", 2)], [(memoryview(b"a"), 1)] * 2]),
    ({"fields": {"a": {"pattern": "[0-9]+"}}}, [[("a", "1\n")], [["a", b"1"]], [("a", 5)]]),
    ({"pythonType": "str", "minLength": 1}, [draw.Liar(), draw.Hostile(), ""]),
    ({"pythonType": "exact dict", "required": ["a"]}, [{"a": 1}, draw.Map(a=1), {}]),
    ({"pythonType": ["None", "exact list"]}, [None, [], draw.Items(), ()]),
    ({"pythonType": "iterable"}, [[], "a", b"", {}, range(2), iter(()), 5, draw.Hostile()]),
    ({"if": {"pythonType": "str"}, "then": {"minLength": 2}, "else": False}, ["a", "ab", 5]),
]


@pytest.mark.parametrize(("made", "values"), FIXED)
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
