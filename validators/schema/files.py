"""The published schema files: their names, their text, their references resolved.

A file is read when its schema is first used. References are replaced by what
they point to, so that the compiler and jsonschema both see one plain tree; they
may lead to ``#/$defs/name`` or to another file of the same folder, never back
to themselves.
"""

from __future__ import annotations

import functools
import json

from gateproof.validators.packaged import UnknownNameError, packaged

Schema = dict[str, object] | bool
"""A schema of our dialect as JSON gives it."""

_FOLDERS = ("asgi", "wsgi")
_MAPS = ("properties", "patternProperties")
_LISTS = ("prefixItems", "allOf", "anyOf", "oneOf")
_SINGLE = ("additionalProperties", "propertyNames", "items", "not", "if", "then", "else")


class UnknownSchemaError(UnknownNameError):
    """No schema has that name; ``nearest`` holds the most similar names."""

    kind = "schema"


class SchemaError(ValueError):
    """A schema uses a keyword, a value or a reference that our dialect refuses."""


@functools.cache
def names() -> tuple[str, ...]:
    """Every schema by name, such as ``"asgi/http.response.start"``."""
    from importlib import resources

    root = resources.files("gateproof.validators").joinpath("schemas")
    return tuple(
        sorted(
            f"{folder}/{file.name.removesuffix('.json')}"
            for folder in _FOLDERS
            for file in root.joinpath(folder).iterdir()
            if file.name.endswith(".json")
        )
    )


@functools.cache
def read(name: str) -> dict[str, object]:
    """The file of the schema called ``name``, as published.

    Raises:
        UnknownSchemaError: no schema has that name.
    """
    folder, _, file = name.partition("/")
    try:
        if folder not in _FOLDERS or "/" in file or "\\" in file:
            raise FileNotFoundError(name)
        content: dict[str, object] = json.loads(packaged(f"schemas/{name}.json"))
    except FileNotFoundError:
        from gateproof.validators.catalogue import nearest

        raise UnknownSchemaError(name, nearest(name, names())) from None
    return content


@functools.cache
def dialect() -> dict[str, object]:
    """The metaschema that every schema file obeys."""
    content: dict[str, object] = json.loads(packaged("schemas/dialect.json"))
    return content


@functools.cache
def load(name: str) -> dict[str, object]:
    """The schema called ``name``, made plain: no references, no boolean subschemas.

    Raises:
        UnknownSchemaError: no schema has that name.
        SchemaError: a reference leads nowhere, or back to itself.
    """
    return resolve(read(name), read(name), name)


def resolve(
    schema: object, root: dict[str, object], name: str, trail: tuple[str, ...] = ()
) -> dict[str, object]:
    """``schema`` made plain: references replaced, ``true`` and ``false`` written out.

    jsonschema does not say where in the schema a ``false`` stands.

    Args:
        schema: a subschema of ``root``.
        root: the file that ``#`` means.
        name: the name of that file, for relative references.
        trail: the references being replaced, to notice a circle.

    Raises:
        SchemaError: ``schema`` is no schema, or a reference cannot be replaced.
    """
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if not isinstance(schema, dict):
        raise SchemaError(f"{name}: {schema!r} is not a schema")
    result: dict[str, object] = {}
    for keyword, value in schema.items():
        if keyword in _MAPS:
            result[keyword] = {
                key: resolve(inner, root, name, trail) for key, inner in value.items()
            }
        elif keyword in _LISTS:
            result[keyword] = [resolve(inner, root, name, trail) for inner in value]
        elif keyword in _SINGLE:
            result[keyword] = resolve(value, root, name, trail)
        elif keyword not in ("$ref", "$defs"):
            result[keyword] = value
    if "$ref" in schema:
        target = _target(str(schema["$ref"]), root, name, trail)
        others = result.get("allOf", [])
        result["allOf"] = [target, *(others if isinstance(others, list) else [])]
    return result


def _target(
    reference: str, root: dict[str, object], name: str, trail: tuple[str, ...]
) -> dict[str, object]:
    file, _, pointer = reference.partition("#")
    folder = name.rpartition("/")[0]
    home = f"{folder}/{file.removesuffix('.json')}" if file else name
    mark = f"{home}#{pointer}"
    if mark in trail:
        raise SchemaError(f"{name}: {reference!r} leads back to itself")
    top = read(home) if file else root
    node: object = top
    for step in pointer.split("/")[1:]:
        if not isinstance(node, dict) or step not in node:
            raise SchemaError(f"{name}: {reference!r} leads nowhere")
        node = node[step]
    return resolve(node, top, home, (*trail, mark))
