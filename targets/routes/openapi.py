"""What an OpenAPI document says of a route: schemas and examples of parameters and bodies.

https://spec.openapis.org/oas/v3.1.0.html#path-item-object
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast, get_args

from gateproof.targets.routes.route import Body, Operation, Parameter, Place, Route

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

FORMATS = {"uuid": "uuid", "date": "date", "date-time": "datetime", "time": "time"}
"""Kinds of parameters by the format of their schema."""

TYPES = {"integer": "int", "number": "float", "boolean": "bool"}
"""Kinds of parameters by the type of their schema."""

IGNORED = frozenset({"accept", "content-type", "authorization"})
"""Names of header parameters that have no meaning, says the text of the Parameter Object."""

SIZE = 5000
"""So many subschemas are resolved for one schema; what is beyond them is left open."""


def described(route: Route, document: Any) -> Route:
    """``route`` with what ``document`` says of it; unchanged where it says nothing."""
    paths = document.get("paths") if isinstance(document, Mapping) else None
    item = _mapping(_mapping(paths).get(route.plain_path))
    if not item:
        return route
    shared = list(_parameters(item.get("parameters"), document))
    operations: dict[str, Operation] = {}
    in_path: dict[str, Parameter] = {}
    for name in METHODS:
        if name not in item:
            continue
        said = _mapping(item[name])
        own = {(one.place, one.name): one for one in shared}
        own |= {(o.place, o.name): o for o in _parameters(said.get("parameters"), document)}
        in_path |= {one.name: one for one in own.values() if one.place == "path"}
        operations[name.upper()] = Operation(
            tuple(one for one in own.values() if one.place != "path"),
            tuple(_bodies(said.get("requestBody"), document)),
        )
    pieces = tuple(
        _joined(piece, in_path.get(piece.name)) if isinstance(piece, Parameter) else piece
        for piece in route.pieces
    )
    return replace(route, pieces=pieces, operations=operations)


def _joined(known: Parameter, said: Parameter | None) -> Parameter:
    """What the router knows of a parameter, with what the document says of it."""
    if said is None:
        return known
    kind = said.kind if known.kind == "str" else known.kind
    return replace(known, kind=kind, schema=said.schema, examples=said.examples)


def _parameters(found: object, document: Any) -> Iterator[Parameter]:
    for one in found if isinstance(found, list) else ():
        said = _resolved_object(one, document)
        place, name = said.get("in"), said.get("name")
        if place not in get_args(Place) or not isinstance(name, str):
            continue
        if place == "header" and name.lower() in IGNORED:
            continue
        content = _mapping(said.get("content"))
        schema = said.get("schema") or _mapping(next(iter(content.values()), {})).get("schema")
        schema = resolved(schema, document)
        yield Parameter(
            name,
            kind_of(schema),
            cast(Place, place),
            schema=schema,
            examples=tuple(_examples(said, schema, document)),
            required=bool(said.get("required")) or place == "path",
        )


def _bodies(found: object, document: Any) -> Iterator[Body]:
    said = _resolved_object(found, document)
    for media_type, one in _mapping(said.get("content")).items():
        content = _mapping(one)
        schema = resolved(content.get("schema"), document)
        examples = tuple(_examples(content, schema, document))
        yield Body(str(media_type), schema, examples, bool(said.get("required")))


def _examples(
    said: Mapping[str, Any], schema: Mapping[str, Any], document: Any
) -> Iterator[object]:
    """The examples of a parameter or a body, then those of its schema."""
    if "example" in said:
        yield said["example"]
    for one in _mapping(said.get("examples")).values():
        example = _resolved_object(one, document)
        if "value" in example:
            yield example["value"]
    if "example" in schema:
        yield schema["example"]
    if isinstance(schema.get("examples"), list):
        yield from schema["examples"]


def kind_of(schema: Mapping[str, Any]) -> str:
    """The kind of a parameter with ``schema``."""
    for key in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(key) or ():
            if isinstance(inner, Mapping) and inner.get("type") != "null":
                return kind_of(inner)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    if kind == "string":
        return FORMATS.get(str(schema.get("format")), "str")
    return TYPES.get(str(kind), "str")


def resolved(schema: object, document: Any) -> dict[str, Any]:
    """``schema`` without references.

    Where a schema contains itself nothing is allowed any more (the schema ``False``): an
    optional member is then absent, a list empty. What it refers to in vain may be anything.
    """
    left = [SIZE]
    found = _resolved(schema, document, (), left)
    return found if isinstance(found, dict) else {}


def _resolved(value: object, document: Any, around: tuple[str, ...], left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        return True
    if isinstance(value, list):
        return [_resolved(one, document, around, left) for one in value]
    if not isinstance(value, Mapping):
        return value
    reference = value.get("$ref")
    if not isinstance(reference, str):
        return {
            str(key): one if key in ("enum", "const", "default", "example", "examples")
            else _resolved(one, document, around, left)
            for key, one in value.items()
        }  # fmt: skip
    if reference in around:
        return False
    target = _resolved(_referred(reference, document), document, (*around, reference), left)
    beside = {key: one for key, one in value.items() if key != "$ref"}
    if not beside or not isinstance(target, dict):
        return target
    return {**target, **_resolved(beside, document, around, left)}


def _resolved_object(value: object, document: Any) -> Mapping[str, Any]:
    """A parameter, body or example, which may be a reference to one."""
    for _ in range(8):
        reference = _mapping(value).get("$ref")
        if not isinstance(reference, str):
            break
        value = _referred(reference, document)
    return _mapping(value)


def _referred(reference: str, document: Any) -> object:
    """What a JSON pointer leads to, an empty object where it leads nowhere."""
    if not reference.startswith("#/"):
        return {}
    value = document
    for part in reference[2:].split("/"):
        value = _mapping(value).get(part.replace("~1", "/").replace("~0", "~"))
    return {} if value is None else value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
