"""Sample values: the author's first, then the plainest that is allowed; encoded as on the wire."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from gateproof.targets.routes.openapi import described, resolved
from gateproof.targets.routes.route import Operation, Parameter, Route
from gateproof.targets.routes.samples import FORMATS, SAMPLES, sample, sample_value, visit


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (Parameter("a"), "1"),
        (Parameter("a", examples=("", "a/b", ".", "good")), "good"),
        (Parameter("a", "path", examples=("a/b",)), "a/b"),
        (Parameter("a", "pattern", pattern="[a-z]{2}", examples=("UP", "up")), "up"),
        (Parameter("a", "int", pattern="[0-9]{3}", digits=3), "001"),
        (Parameter("a", "int", schema={"type": "integer", "minimum": 8}), "8"),
        (Parameter("a", "uuid"), SAMPLES["uuid"]),
        (Parameter("a", schema={"enum": ["x y", "z"]}), "x y"),
        (Parameter("a", "pattern", pattern="("), "1"),
        (Parameter("a", schema={"type": "string", "format": "date"}), "2024-01-02"),
        (Parameter("a", schema={"type": "array", "items": {"type": "integer"}}), "1"),
        (Parameter("a", place="query", schema={"type": "object"}), "{}"),
        (Parameter("a", place="query", schema={"type": "null"}, examples=(False,)), "false"),
    ],
)
def test_a_parameter(parameter: Parameter, text: str) -> None:
    assert sample(parameter) == text


SCHEMAS: list[dict[str, Any]] = [
    {"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5},
    {"type": "integer", "maximum": -2},
    {"type": "number", "minimum": 2.25},
    {"type": "number", "exclusiveMaximum": 1},
    {"type": ["null", "boolean"]},
    {"type": "string", "minLength": 5, "maxLength": 6},
    {"type": "string", "maxLength": 0},
    {"type": "string", "pattern": "^[A-Z]{3}$"},
    {"type": "array", "items": {"type": "integer", "minimum": 4}, "minItems": 3},
    {"anyOf": [{"type": "null"}, {"type": "integer"}]},
    {"allOf": [{"type": "string", "minLength": 4}]},
    {"const": 4},
    {"enum": ["b", "a"]},
    {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "object", "required": ["b"],
                             "properties": {"b": {"type": "boolean"}}}, "c": {}},
    },
    *({"type": "string", "format": name} for name in FORMATS),
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_value_of_a_schema_is_valid(schema: dict[str, Any]) -> None:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER

    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(sample_value(schema))


def test_a_schema_without_end_has_a_value() -> None:
    schema: dict[str, Any] = {"type": "object", "required": ["next"], "properties": {}}
    schema["properties"]["next"] = schema

    assert isinstance(sample_value(schema), dict)


def test_a_path_is_encoded_once_and_keeps_what_may_stand_in_it() -> None:
    route = Route(("/a b%/ü;x/", Parameter("p", examples=("é?#/%2F",), kind="path"), ".json"))

    assert visit(route).path == "/a%20b%25/%C3%BC;x/%C3%A9%3F%23/%252F.json"


def test_what_is_required_comes_along() -> None:
    operation = Operation(
        (
            Parameter("q", place="query", examples=("a&b=c é",)),
            Parameter("page", place="query", required=False),
            Parameter("X-Key", place="header", examples=("k",)),
            Parameter("sid", place="cookie", examples=("a;b",)),
        )
    )
    asked = visit(Route(("/",), ("GET",), operations={"GET": operation}))

    assert asked.target == "/?q=a%26b%3Dc%20%C3%A9"
    assert asked.headers == (("X-Key", "k"), ("Cookie", "sid=a%3Bb"))
    assert visit(asked.route, "HEAD").target == asked.target
    assert visit(asked.route, "POST").target == "/"


DOCUMENT: dict[str, Any] = {
    "paths": {
        "/items/{id}": {
            "parameters": [
                {"$ref": "#/components/parameters/Id"},
                {"name": "lang", "in": "query", "schema": {"type": "string"}},
            ],
            "get": {
                "parameters": [
                    {"name": "lang", "in": "query", "required": True, "schema": {"enum": ["de"]}},
                    {"name": "Accept", "in": "header", "schema": {"type": "string"}},
                    {"name": "f", "in": "query",
                     "content": {"application/json": {"schema": {"type": "object"}}}},
                    {"name": "broken", "in": "nowhere"},
                    "broken",
                ]
            },
            "post": {"requestBody": {"$ref": "#/components/requestBodies/Item"}},
            "delete": None,
        }
    },
    "components": {
        "parameters": {
            "Id": {"name": "id", "in": "path", "schema": {"$ref": "#/components/schemas/A~1b"},
                   "examples": {"one": {"value": 12}, "two": {"$ref": "#/nowhere"}}}
        },
        "requestBodies": {
            "Item": {"required": True,
                     "content": {"application/json":
                                 {"schema": {"$ref": "#/components/schemas/Tree"}}}}
        },
        "schemas": {
            "A/b": {"type": "integer", "format": "int64"},
            "Tree": {
                "type": "object",
                "properties": {"left": {"anyOf": [{"$ref": "#/components/schemas/Tree"},
                                                  {"type": "null"}]},
                               "id": {"$ref": "#/components/schemas/A~1b", "minimum": 3}},
            },
            "Ring": {"$ref": "#/components/schemas/Ring"},
        },
    },
}  # fmt: skip


def test_a_document_describes_a_route() -> None:
    known = Route(("/items/", Parameter("id")), ("DELETE", "GET", "POST"))
    route = described(known, DOCUMENT)
    (number,) = route.parameters
    (lang, form) = route.operation("GET").parameters
    (body,) = route.operation("POST").bodies

    assert (number.kind, number.examples) == ("int", (12,))
    assert (lang.name, lang.required, lang.schema) == ("lang", True, {"enum": ["de"]})
    assert form.schema == {"type": "object"}
    assert body.required
    assert body.schema["properties"] == {
        "left": {"anyOf": [False, {"type": "null"}]},
        "id": {"type": "integer", "format": "int64", "minimum": 3},
    }
    assert visit(route).target == "/items/12?lang=de"
    (shared,) = route.operation("DELETE").parameters
    assert (shared.name, shared.required, shared.schema) == ("lang", False, {"type": "string"})


@pytest.mark.parametrize(
    "document", [None, {}, [], {"paths": None}, {"paths": {"/items/{id}": []}}, {"paths": "x"}]
)
def test_a_document_that_says_nothing_changes_nothing(document: Any) -> None:
    route = Route(("/items/", Parameter("id")))

    assert described(route, document) == route


def test_a_reference_to_itself_alone_allows_nothing() -> None:
    assert resolved({"items": {"$ref": "#/components/schemas/Ring"}}, DOCUMENT) == {"items": False}


def test_a_document_that_would_unfold_without_end_is_cut_off() -> None:
    schemas = {
        f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 4} for n in range(30)
    }
    made = resolved({"$ref": "#/components/schemas/S0"}, {"components": {"schemas": schemas}})

    assert made["allOf"]
