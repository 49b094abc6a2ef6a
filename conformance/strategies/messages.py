"""Messages, scopes and environs out of the schemas: every legal shape.

A shape is a choice for each place of a schema. What binds several places together is put
right afterwards, step by step, so that any choices make a legal value. Values may be
shared between shapes: who plays one that is changed copies it before.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from gateproof.conformance.strategies import message_values as values
from gateproof.conformance.strategies.choices import Choices, Given
from gateproof.conformance.strategies.message_places import Place, root
from gateproof.conformance.strategies.walks import Describe
from gateproof.validators.schema.files import SchemaError

ITEMS = 3
"""Items of a list that has no length of its own."""


def legal(name: str) -> Describe[Any]:
    """The description of the legal shapes of a message, scope or environ.

    Args:
        name: a schema's name, such as ``"asgi/http.response.start"``.

    Raises:
        UnknownSchemaError: no schema has that name.
    """
    return partial(legal_value, root(name))


def legal_value(place: Place, choices: Choices) -> Any:
    """A value that may stand at a place."""
    return settled(place, _drawn(place, choices))


def _drawn(place: Place, choices: Choices) -> Any:
    """A value for a place; what binds its parts together may still be amiss."""
    which = choices.below(len(place.kinds) + len(place.sorts))
    if which >= len(place.kinds):
        return choices.pick(place.sorts[which - len(place.kinds)])
    kind = place.kinds[which]
    if kind is dict:
        return _mapping(place, choices)
    return kind(_listing(place, choices))


def _mapping(place: Place, choices: Choices) -> dict[object, Any]:
    made: dict[object, Any] = {}
    for key, inner in place.keys.items():
        if inner.possible and (key in place.wanted.required or choices.odds(1)):
            made[key] = legal_value(inner, choices)
    if place.extras and choices.odds(3):
        other, inner = choices.pick(place.extras)
        made[other] = legal_value(inner, choices)
    return made


def _listing(place: Place, choices: Choices) -> list[Any]:
    least = int(max(place.wanted.bound("minItems"), default=0))
    most = int(min(place.wanted.bound("maxItems"), default=least + ITEMS))
    count = least + choices.below(most - least + 1)
    made = [legal_value(place.item(index), choices) for index in range(count)]
    if not place.listed or place.wanted.bound("maxItems"):
        return made
    for pair in choices.some(values.FIELDS, 2):
        made.append(header(place, pair, choices))
        if not place.accepts(list(made)) and not place.accepts(tuple(made)):
            made.pop()
    return made


def header(place: Place, pair: tuple[str, str], choices: Choices | None = None) -> Any:
    """A header field in the types that a place wants."""
    octets = place.item(0).accepts((b"a", b"a"))
    made = tuple(one.encode() for one in pair) if octets else pair
    wild = choices is not None and choices.odds(1) and place.item(0).accepts(list(made))
    return list(made) if wild else made


def settled(place: Place, value: Any) -> Any:
    """``value``, or the first one near it that may stand there."""
    if place.accepts(value):
        return value
    if isinstance(value, dict):
        near = list(_near(place, value))
        for one in near:
            if place.accepts(one):
                return one
        for one in near:
            for other in _near(place, one):
                if place.accepts(other):
                    return other
    plainest = plainest_of(place)
    if not place.accepts(plainest):
        raise SchemaError(f"no legal value was found for {place.wanted}")
    return plainest


def _near(place: Place, value: dict[object, Any]) -> Iterator[dict[object, Any]]:
    """Variants of a dict that differ in one key: a header more, the key gone, or plainer."""
    for key, inner in place.keys.items():
        if list in inner.kinds and inner.listed:
            held = value.get(key)
            fields = list(held) if isinstance(held, list | tuple) else []
            for pair in values.FIELDS:
                yield {**value, key: [*fields, header(inner, pair)]}
    for held_key in value:
        if held_key not in place.wanted.required:
            yield {one: inner for one, inner in value.items() if one != held_key}
    for key, inner in place.keys.items():
        if inner.possible:
            for atom in (*inner.atoms, plainest_of(inner)):
                yield {**value, key: atom}


def plainest_of(place: Place) -> Any:
    """The value that the plainest choices make, put right if need be."""
    made = _drawn(place, Given(()))
    if place.accepts(made) or not isinstance(made, dict):
        return made
    return next((one for one in _near(place, made) if place.accepts(one)), made)
