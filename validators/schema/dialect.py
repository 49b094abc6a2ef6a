"""Our dialect as jsonschema walks it, and why a value was rejected.

The only module here that imports jsonschema, and only when first used. The
keywords of JSON Schema keep their meaning; ours are added, and "object",
"array" and the like mean Python's types told apart honestly.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from gateproof.validators.schema import fields, forms, kinds, texts
from gateproof.validators.schema.conjunction import Active, Owner
from gateproof.validators.schema.files import dialect, load
from gateproof.validators.schema.sentences import Failure, say
from gateproof.validators.violation import VERDICTS, Breach

_MOST = 200
"""Errors that are looked at; a giant header list need not be explained to its end."""

Errors = Iterator[ValidationError]


def _held(value: object, *types: type) -> Any:
    """The plain value if it is of one of ``types``, else ``None``."""
    held = kinds.plain(value)
    return held if type(held) in types else None


def _guarded(keyword: str, check: Any, *, held: bool) -> Any:
    """A keyword's ``check`` that fails instead of raising.

    Messages of jsonschema show the value, and showing can raise; ours are
    written anew anyway, so whatever is raised counts as the failure it reports.
    ``held`` hands over the plain value in place of a subclass's instance.
    """

    def guarded(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        try:
            given = kinds.plain(instance) if held else instance
            yield from check(validator, value, given, schema) or ()
        except Exception:  # noqa: BLE001 - see above
            yield ValidationError(f"{keyword} failed")

    return guarded


def _python_type(_v: Any, declared: Any, instance: Any, _s: Any) -> Errors:
    names = [declared] if isinstance(declared, str) else declared
    if not any(kinds.matches(instance, name) for name in names):
        yield ValidationError("of another type")


def _same(constant: object, instance: object) -> bool:
    """Whether a scalar equals ``constant``, numbers by value, nothing across types."""
    if constant is None or isinstance(constant, bool):
        return instance is constant
    if isinstance(constant, str):
        return bool(_held(instance, str) == constant)
    number = _held(instance, int, float)
    return number is not None and bool(number == constant)


def _const(_v: Any, constant: Any, instance: Any, _s: Any) -> Errors:
    if not _same(constant, instance):
        yield ValidationError("another value")


def _enum(_v: Any, constants: Any, instance: Any, _s: Any) -> Errors:
    if not any(_same(constant, instance) for constant in constants):
        yield ValidationError("another value")


def _text_pattern(_v: Any, pattern: Any, instance: Any, _s: Any) -> Errors:
    text = _held(instance, str)
    if text is not None and re.fullmatch(pattern, text) is None:
        yield ValidationError("no match")


def _bytes_pattern(_v: Any, pattern: Any, instance: Any, _s: Any) -> Errors:
    octets = _held(instance, bytes)
    if octets is not None and re.fullmatch(pattern.encode("latin-1"), octets) is None:
        yield ValidationError("no match")


def _form(_v: Any, name: Any, instance: Any, _s: Any) -> Errors:
    if not forms.holds(name, instance):
        yield ValidationError("another form")


def _attributes(_v: Any, names: Any, instance: Any, _s: Any) -> Errors:
    if not forms.has_attributes(instance, tuple(names)):
        yield ValidationError("attributes missing")


def _fields(_v: Any, rules: Any, instance: Any, _s: Any) -> Errors:
    headers = _held(instance, list, tuple)
    if headers is not None:
        for name, rule, value in fields.broken(rules, headers):
            yield ValidationError(f"{name} {rule}", cause=None, context=(), instance=value)


def _exactly_one(_v: Any, names: Any, instance: Any, _s: Any) -> Errors:
    held = _held(instance, dict)
    if held is not None and sum(held.get(name) is not None for name in names) != 1:
        yield ValidationError("not exactly one")


def _matching(patterns: Any, key: object) -> bool:
    text = _held(key, str)
    return text is not None and any(re.search(pattern, text) for pattern in patterns)


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _s: Any) -> Errors:
    for key, value in (_held(instance, dict) or {}).items():
        for pattern, inner in patterns.items():
            if _matching([pattern], key):
                yield from validator.descend(value, inner, path=key, schema_path=pattern)


def _additional(validator: Any, inner: Any, instance: Any, schema: Any) -> Errors:
    for key, value in (_held(instance, dict) or {}).items():
        if _held(key, str) in schema.get("properties", {}):
            continue
        if not _matching(schema.get("patternProperties", {}), key):
            yield from validator.descend(value, inner, path=key)


_WHOLE = ("allOf", "anyOf", "oneOf", "not", "if")
"""Stock keywords that hand the value on."""

_INSIDE = (
    "properties",
    "required",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "prefixItems",
    "items",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
)
"""Stock keywords that look inside the value."""


_OURS = {
    "pythonType": _python_type,
    "const": _const,
    "enum": _enum,
    "textPattern": _text_pattern,
    "bytesPattern": _bytes_pattern,
    "form": _form,
    "attributes": _attributes,
    "fields": _fields,
    "exactlyOne": _exactly_one,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
}


def _is(*types: type) -> Any:
    return lambda _checker, instance: type(kinds.plain(instance)) in types


def _keywords() -> dict[str, Any]:
    stock = Draft202012Validator.VALIDATORS
    inside = {name: _guarded(name, stock[name], held=True) for name in _INSIDE}
    whole = {name: _guarded(name, stock[name], held=False) for name in _WHOLE}
    return inside | whole | {name: _guarded(name, ours, held=False) for name, ours in _OURS.items()}


@functools.cache
def validator_class() -> Any:
    """The class by which jsonschema knows our dialect."""
    types = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "object": _is(dict),
            "array": _is(list, tuple),
            "string": _is(str),
            "integer": _is(int),
            "number": _is(int, float),
            "boolean": _is(bool),
        }
    )
    return jsonschema.validators.create(
        meta_schema=dialect(),
        validators=_keywords(),
        type_checker=types,
    )


Failed = tuple[Owner, ValidationError, dict[str, object]]
"""Whose requirement an assertion was, jsonschema's error, and the subschema it stands in."""


def failures(schema: dict[str, object], value: object, active: Active) -> Iterator[Failed]:
    """Every failed assertion of ``schema``, made plain before, that ``active`` decides."""
    for error in validator_class()(schema).iter_errors(value):
        owner, node = _owner(schema, error.absolute_schema_path)
        if active.decides(owner):
            yield owner, error, node


def breaches(name: str, value: object, active: Active) -> list[Breach]:
    """What is wrong with ``value``, worst first where one place breaks one requirement twice.

    Args:
        name: a schema's name.
        value: what was rejected.
        active: which requirements to report.

    Raises:
        UnknownSchemaError: no schema has that name.
    """
    schema = load(name)
    found: dict[tuple[object, ...], Failed] = {}
    for owner, error, node in itertools.islice(failures(schema, value, active), _MOST):
        place = (_key(error.absolute_path), owner.requirement)
        if place not in found or _gravity(owner) < _gravity(found[place][0]):
            found[place] = (owner, error, node)
    groups: dict[Owner, list[tuple[ValidationError, dict[str, object]]]] = {}
    for owner, error, node in found.values():
        groups.setdefault(owner, []).append((error, node))
    return [_breach(owner, group, schema) for owner, group in groups.items()]


def _key(path: Sequence[object]) -> tuple[object, ...]:
    return tuple((type(step).__name__, texts.short(step)) for step in path)


def _gravity(owner: Owner) -> int:
    return -1 if owner.verdict is None else VERDICTS.index(owner.verdict)


_NESTED = ("properties", "patternProperties", "allOf", "prefixItems")
_DIRECT = ("items", "additionalProperties", "propertyNames", "then", "else")


def _owner(schema: dict[str, object], path: Sequence[Any]) -> tuple[Owner, dict[str, object]]:
    """The requirement that an error at ``path`` belongs to, and the subschema that failed."""
    node: Any = schema
    owner = Owner().of(node)
    steps = iter(path)
    for step in steps:
        if step in _NESTED:
            part = next(steps, None)
            if part is None:
                break  # the keyword itself could not be checked
            inner = node[step][part]
        elif step in _DIRECT:
            inner = node[step]
        else:
            break
        node = inner
        owner = owner.of(node)
    return owner, node


def _breach(
    owner: Owner,
    group: list[tuple[ValidationError, dict[str, object]]],
    schema: dict[str, object],
) -> Breach:
    error, node = group[0]
    noun = str(schema.get("title", "value"))
    name = texts.subject([_step(step) for step in error.absolute_path], noun)
    failure = Failure(
        keyword=error.validator if isinstance(error.validator, str) else "",
        limit=error.validator_value,
        value=error.instance,
        detail=error.message,
        title="" if node is schema else str(node.get("title", "")),
        of_a_key="propertyNames" in error.absolute_schema_path,
    )
    message, observed, expected = say(failure, name)
    if len(group) > 1:
        message += f" (and {len(group) - 1} more like it)"
    return Breach(
        requirement=owner.requirement,
        message=message,
        observed=observed,
        expected=expected,
        verdict=owner.verdict,
    )


def _step(step: object) -> object:
    held = kinds.plain(step)
    return held if type(held) in (int, str) else texts.short(step)
