"""Near misses: messages, scopes and environs that break one requirement and no other.

A near miss is a legal value with one edit. Which edits break just one thing is found out
once for each schema, by the compiled checks: what is rejected as it stands, and accepted
where one requirement is ignored, breaks that one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from gateproof.conformance.strategies import message_values as values
from gateproof.conformance.strategies.choices import Choices, Tape
from gateproof.conformance.strategies.message_places import MOST, Place, root
from gateproof.conformance.strategies.messages import (
    ITEMS,
    header,
    legal_value,
    plainest_of,
    settled,
)
from gateproof.conformance.strategies.walks import Describe
from gateproof.validators import catalogue, schema
from gateproof.validators.violation import Verdict

_BASES = 16
"""Legal values on which edits are tried."""


@dataclass(frozen=True)
class Edit:
    """One change of a value.

    Attributes:
        path: keys and indices that lead to what is changed.
        how: ``"put"`` another value, ``"drop"`` it, add ``"more"`` to it, or the same
            ``"twice"``.
        value: what is put, or added: an item, or a key and its value.
    """

    path: tuple[object, ...]
    how: str
    value: Any = None

    def apply(self, whole: Any) -> Any:
        """The changed value; ``whole`` itself stays as it is.

        Raises:
            LookupError: the path does not lead anywhere in it.
        """
        return _edited(whole, self.path, self)


@dataclass(frozen=True)
class Miss:
    """A value that breaks one requirement and no other.

    Attributes:
        schema: the name of the schema that rejects it.
        requirement: what it breaks.
        verdict: how grave that is.
        value: the value.
        edit: what is wrong with it.
        base: the legal value that was edited.
    """

    schema: str
    requirement: str
    verdict: Verdict
    value: Any = field(repr=False)
    edit: Edit
    base: Any = field(repr=False)


def misses(name: str) -> Describe[Miss]:
    """The description of near misses of a message, scope or environ.

    Raises:
        UnknownSchemaError: no schema has that name.
    """
    return partial(_missed, name)


def _missed(name: str, choices: Choices) -> Miss:
    """A known near miss, or the same edit of another legal value where that breaks the same."""
    known = choices.pick(choices.pick(near_misses(name)))
    whole = legal_value(root(name), choices)
    for base in (whole, _with(root(name), whole, known)):
        try:
            value = known.edit.apply(base)
        except LookupError:
            continue
        if blamed(name, value, (known.requirement,)) == (known.requirement, known.verdict):
            return Miss(name, known.requirement, known.verdict, value, known.edit, base)
    return known


def _with(place: Place, whole: Any, known: Miss) -> Any:
    """``whole`` with the part that ``known`` has where its edit leads."""
    first = known.edit.path[0] if known.edit.path else None
    if not isinstance(whole, dict) or not isinstance(known.base, dict) or first not in known.base:
        return whole
    return settled(place, {**whole, first: known.base[first]})


def blamed(name: str, value: Any, among: Iterable[str] | None = None) -> tuple[str, Verdict] | None:
    """The one requirement that ``value`` breaks, and how gravely.

    ``None`` where it breaks none, more than one, or none of ``among``.
    """
    if schema.compiled(name)(value):
        return None
    for requirement in schema.requirements(name) if among is None else among:
        if schema.compiled(name, frozenset({requirement}))(value):
            return requirement, _gravity(name, requirement, value)
    return None


def _gravity(name: str, requirement: str, value: Any) -> Verdict:
    if not schema.compiled(name, frozenset(), "fail")(value):
        return catalogue.requirement(requirement).enforce
    return "observed" if schema.compiled(name, frozenset(), "weak")(value) else "weak"


Shape = tuple[object, ...]
"""Where an edit is made: as its path, but that all items of a list are one."""


@dataclass(frozen=True)
class Spot:
    """Where edits are made.

    Attributes:
        place: what is asked there.
        path: what leads there.
        shape: likewise, all items of a list being one.
        met: which conditions hold on the way.
        ids: the requirements that may be broken there.
    """

    place: Place
    path: tuple[object, ...] = ()
    shape: Shape = ()
    met: tuple[bool, ...] = ()
    ids: frozenset[str] = frozenset()

    def of(self, value: Any) -> Spot:
        """The same, once it is known what stands there."""
        met = tuple(check(value) for check in self.place.conditions)
        return replace(self, met=(*self.met, *met), ids=self.ids | self.place.ids)

    def inside(self, step: object, place: Place) -> Spot:
        """The spot of a key or an item."""
        endless = isinstance(step, int) and not self.place.wanted.bound("maxItems")
        shape = (*self.shape, "" if endless else step)
        return replace(self, place=place, path=(*self.path, step), shape=shape)


@cache
def near_misses(name: str) -> tuple[tuple[Miss, ...], ...]:
    """The known near misses of a schema, those together that break one thing in one place."""
    place = root(name)
    found: dict[tuple[object, ...], list[Miss]] = {}
    tried: set[tuple[object, ...]] = set()
    for base in _bases(place):
        for spot, edit in _edits(Spot(place), base, tried):
            try:
                value = edit.apply(base)
            except LookupError:
                continue
            wrong = blamed(name, value, sorted(spot.ids))
            if wrong is None:
                continue
            group = found.setdefault((wrong, repr(spot.shape)), [])
            if len(group) < MOST:
                group.append(Miss(name, *wrong, value, edit, base))
    return tuple(map(tuple, found.values()))


def _bases(place: Place) -> list[Any]:
    """Legal values to edit: the fullest, the plainest, and some that are chosen evenly."""
    plainest = plainest_of(place)
    special = [
        settled(place, {**plainest, key: one})
        for key, inner in place.keys.items()
        for one in inner.named
        if isinstance(plainest, dict)
    ]
    fullest = [settled(place, _full(place, turn)) for turn in (0, 1)]
    tapes = (Tape(_octets(seed)) for seed in range(_BASES))
    return [*fullest, plainest, *special, *(legal_value(place, tape) for tape in tapes)]


def _full(place: Place, turn: int) -> Any:
    """A value that holds all that can be in it; ``turn`` chooses among kinds of containers."""
    if not place.kinds:
        return place.atoms[turn % len(place.atoms)]
    kind = place.kinds[turn % len(place.kinds)]
    if kind is dict:
        return {key: _full(one, turn) for key, one in place.keys.items() if one.possible}
    least = int(max(place.wanted.bound("minItems"), default=1))
    return kind(_full(place.item(index), turn) for index in range(least))


def _octets(seed: int) -> bytes:
    """Octets without any order, the same ones for each seed."""
    return b"".join(hashlib.sha256(bytes((seed, block))).digest() for block in range(20))


def _edits(spot: Spot, value: Any, tried: set[tuple[object, ...]]) -> Iterator[tuple[Spot, Edit]]:
    """Everything that is done to a value at a spot and below, unless its like was done before."""
    spot = spot.of(value)
    place, path = spot.place, spot.path
    mark = (repr(spot.shape), spot.met, type(value))
    if mark not in tried:
        tried.add(mark)
        for other in place.others:
            yield spot, Edit(path, "put", other)
        for pair in values.FIELDS if isinstance(value, list | tuple) and place.listed else ():
            yield spot, Edit(path, "twice", header(place, pair))
        for more in _more(place, value):
            yield _added(spot, value, more), Edit(path, "more", more)
    if isinstance(value, dict):
        for key in value:
            yield from _dropped(spot, key, tried)
            inner = place.keys.get(str(key)) or place.key(key)
            if inner is not None:
                yield from _edits(spot.inside(key, inner), value[key], tried)
    elif isinstance(value, list | tuple) and place.kinds:
        for index in range(min(len(value), ITEMS)):
            yield spot, Edit((*path, index), "drop")
            yield from _edits(spot.inside(index, place.item(index)), value[index], tried)


def _added(spot: Spot, value: Any, more: Any) -> Spot:
    """The spot of a key that is added, or of a list that gets longer."""
    if not isinstance(value, dict):
        return spot
    key = more[0]
    inner = spot.place.keys.get(key) or spot.place.key(key)
    return spot if inner is None else replace(spot, ids=spot.ids | inner.ids)


def _dropped(
    spot: Spot, key: object, tried: set[tuple[object, ...]]
) -> Iterator[tuple[Spot, Edit]]:
    mark = (repr(spot.shape), spot.met, "drop", key)
    if mark not in tried:
        tried.add(mark)
        yield spot, Edit((*spot.path, key), "drop")


def _more(place: Place, value: Any) -> Iterator[Any]:
    """What is added to a dict or a list: keys with values, items, header fields."""
    if isinstance(value, dict):
        for key in values.KEYS:
            for other in (1, "a", "\u20ac", " a", *values.OTHERS):
                yield key, other
        for key, inner in place.keys.items():
            if key not in value:
                for other in ("a", *values.OTHERS, *inner.atoms):
                    yield key, other
    elif isinstance(value, list | tuple) and place.kinds:
        yield "a"
        for pair in values.FIELDS if place.listed else ():
            yield header(place, pair)
            yield list(header(place, pair))
            yield header(place, (pair[0].title(), pair[1]))


def _edited(whole: Any, path: tuple[object, ...], edit: Edit) -> Any:
    if not path:
        return _changed(whole, edit)
    step, *rest = path
    if isinstance(whole, dict):
        if step not in whole:
            raise KeyError(step)
        copy: Any = dict(whole)
    elif isinstance(whole, list | tuple) and isinstance(step, int):
        copy = list(whole)
    else:
        raise LookupError(step)
    if not rest and edit.how == "drop":
        del copy[step]
    else:
        copy[step] = _edited(copy[step], tuple(rest), edit)
    return tuple(copy) if isinstance(whole, tuple) else copy


def _changed(value: Any, edit: Edit) -> Any:
    if edit.how == "put":
        return edit.value
    if edit.how == "more" and isinstance(value, dict):
        key, other = edit.value
        return {**value, key: other}
    if edit.how in ("more", "twice") and isinstance(value, list | tuple):
        return type(value)([*value, *[edit.value] * (1 + (edit.how == "twice"))])
    raise LookupError(edit.how)
