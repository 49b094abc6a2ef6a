"""Our files obey our dialect, and the dialect refuses what we cannot compile or attribute."""

from __future__ import annotations

import re

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError as DialectError

from gateproof.validators import catalogue, schema
from gateproof.validators.schema.compiler import compile_schema
from gateproof.validators.schema.conjunction import KEYWORDS
from gateproof.validators.schema.dialect import validator_class
from gateproof.validators.schema.files import SchemaError, dialect, read, resolve
from gateproof.validators.schema.forms import FORMS
from gateproof.validators.schema.kinds import NAMES
from gateproof.validators.violation import VERDICTS

HEAD = {
    "$schema": "https://gateproof.dev/schemas/dialect/1",
    "$id": "https://gateproof.dev/schemas/1/asgi/own.json",
    "title": "own",
}
OWNED = {"requirement": "asgi.event.is-dict", "pythonType": "dict"}


def subschemas(node):
    if isinstance(node, dict):
        if isinstance(node.get("requirement"), str):
            yield node
        for inner in node.values():
            yield from subschemas(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from subschemas(inner)


@pytest.mark.parametrize("name", schema.names())
def test_every_file_obeys_the_dialect(name):
    validator_class().check_schema(read(name))
    assert read(name)["$id"] == f"https://gateproof.dev/schemas/1/{name}.json"


def test_the_dialect_is_a_schema_itself():
    Draft202012Validator.check_schema(dialect())


@pytest.mark.parametrize(
    "made",
    [
        {"type": "object"},
        {"pattern": "a"},
        {"pythonType": "object"},
        {"pythonType": "exact None"},
        {"form": "date"},
        {"const": []},
        {"enum": [{"a": 1}]},
        {"verdict": "weak"},
        {"verdict": "fail", "requirement": "asgi.event.is-dict"},
        {"requirement": "nonsense"},
        {"then": {}},
        {"anyOf": [OWNED]},
        {"oneOf": [{}, {"properties": {"a": OWNED}}]},
        {"not": OWNED},
        {"if": OWNED, "then": {}},
        {"if": {}, "then": {"not": {"items": OWNED}}},
        {"not": {"$ref": "#/$defs/own"}, "$defs": {"own": OWNED}},
        {"fields": {"Upper": {"once": True}}},
        {"fields": {"a": {"twice": True}}},
        {"$ref": "https://elsewhere.example/a.json"},
    ],
)
def test_the_dialect_refuses(made):
    with pytest.raises(DialectError):
        validator_class().check_schema(HEAD | made)


@pytest.mark.parametrize(
    "made", [{"allOf": [OWNED]}, {"if": {}, "then": OWNED}, {"items": OWNED}, OWNED, {"$defs": {}}]
)
def test_the_dialect_allows(made):
    validator_class().check_schema(HEAD | made)


@pytest.mark.parametrize(
    "made",
    [
        {"type": "object"},
        {"pythonType": "object"},
        {"pythonType": []},
        {"const": []},
        {"form": "date"},
        {"verdict": "weak"},
        {"anyOf": [OWNED]},
        {"not": {"items": OWNED}},
        {"if": {"properties": {"a": OWNED}}, "then": {}},
        {"items": 5},
        {"properties": []},
    ],
)
def test_the_compiler_refuses(made):
    with pytest.raises(SchemaError):
        compile_schema(made)


def test_references_are_replaced_and_circles_refused():
    root = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"const": 1}}, "$ref": "#/$defs/a"}
    accept = compile_schema(resolve(root, root, "asgi/own"))
    assert accept(1)
    assert not accept(2)
    for wrong in ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, {"$ref": "#/no"}):
        with pytest.raises(SchemaError):
            resolve(wrong, wrong, "asgi/own")


def test_the_dialect_lists_what_the_code_knows():
    known = dialect()["$defs"]["subschema"]["oneOf"][1]["properties"]
    assert known.keys() == KEYWORDS - {"$schema", "$id", "$defs"}
    assert set(known["form"]["enum"]) == FORMS.keys()
    assert set(known["pythonType"]["oneOf"][0]["enum"]) == set(NAMES)


@pytest.mark.parametrize("name", schema.names())
def test_requirements_are_in_the_catalogue_and_verdicts_never_graver(name):
    for node in subschemas(read(name)):
        entry = catalogue.requirement(node["requirement"])
        verdict = node.get("verdict", entry.enforce)
        assert VERDICTS.index(verdict) >= VERDICTS.index(entry.enforce), node


@pytest.mark.parametrize("name", schema.names())
def test_every_assertion_belongs_to_a_requirement(name):
    """Failing anything names somebody: an error without an owner would be no finding."""
    idle = {"allOf", "properties", "patternProperties", "items", "prefixItems", "title", "if"}
    idle |= {"then", "else", "additionalProperties", "propertyNames", "$schema", "$id"}
    idle |= {"description", "$ref", "requirement", "verdict"}

    def walk(node, owned):
        if not isinstance(node, dict):
            return
        owned = owned or "requirement" in node
        assert owned or not node.keys() - idle, node
        for keyword in ("properties", "patternProperties"):
            for inner in node.get(keyword, {}).values():
                walk(inner, owned)
        for keyword in ("allOf", "prefixItems"):
            for inner in node.get(keyword, ()):
                walk(inner, owned)
        for keyword in ("items", "additionalProperties", "propertyNames", "then", "else"):
            walk(node.get(keyword), owned)

    walk(read(name), owned=False)


def test_patterns_compile_and_need_no_anchors():
    for name in schema.names():
        for pattern in re.findall(r'"(?:text|bytes)Pattern": "((?:[^"\\]|\\.)*)"', str(read(name))):
            re.compile(pattern)
            assert not pattern.startswith("^")
