"""A schema read as a tree of places, each with the values that may stand there.

The schemas speak of Python values (octets, tuples, streams), of which no generator for
JSON knows: see ``validators/schemas/dialect.json``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Any

from gateproof.conformance.strategies import message_values as values
from gateproof.validators.schema.compiler import compile_schema
from gateproof.validators.schema.conjunction import Active, Conjunction, Owner, Scoped, conjoin
from gateproof.validators.schema.files import load

MOST = 16
"""Values of one kind in one place among which is chosen."""

_ALL = Active()


class Place:
    """A place in a message: what is asked of the value there.

    Attributes:
        wanted: everything that is asked.
        accepts: whether a value may stand here.
        named: values that some condition speaks of.
        keys: the places of named keys, where it is a dict.
        kinds: the containers that may stand here.
    """

    def __init__(self, parts: list[Scoped], named: tuple[object, ...] = ()) -> None:
        self.parts = parts
        self.named = named
        self.wanted: Conjunction = conjoin(parts, _ALL)
        whole: dict[str, object] = {"allOf": [part.schema for part in parts]}
        self.accepts = compile_schema(whole, _ALL)
        self._others: dict[object, Place | None] = {}
        spoken = dict(_named(self.wanted))
        self.keys = {
            key: Place(inner, tuple(spoken.get(key, ()))) for key, inner in self.wanted.keys.items()
        }
        for key in self.wanted.required:
            if key not in self.keys:
                self.keys[key] = Place([], (True, False))
        self.kinds = tuple(self._kinds())

    @cached_property
    def atoms(self) -> tuple[object, ...]:
        """The values that may stand here as they are, the plainest first."""
        return tuple(self._atoms())

    @cached_property
    def sorts(self) -> tuple[tuple[object, ...], ...]:
        """The same, those of one type together."""
        found: dict[type, list[object]] = {}
        for atom in self.atoms:
            found.setdefault(type(atom), []).append(atom)
        return tuple(map(tuple, found.values()))

    @property
    def possible(self) -> bool:
        """Whether anything may stand here at all."""
        return bool(self.atoms or self.kinds)

    @property
    def listed(self) -> bool:
        """Whether it looks like a list of header fields."""
        rest = self.item(0).wanted
        return bool(rest.prefix) or bool(self.wanted.fields)

    def _kinds(self) -> Iterator[type]:
        wanted = self.wanted
        if "exc_info" in wanted.forms:
            return  # it is one thing, not three
        if wanted.keys or wanted.extras:
            kinds: tuple[type, ...] = (dict,)
        elif wanted.items or wanted.prefix:
            kinds = (list, tuple)
        else:
            return
        for kind in kinds:
            allowed = wanted.kinds is None or kind in wanted.kinds
            if allowed and all(kind is exact for exact in wanted.exact) and not wanted.never:
                yield kind

    def _atoms(self) -> Iterator[object]:
        own = [text for one in self.wanted.text_patterns for text in values.literals(one)]
        constants = [value for some in self.wanted.values for value in some]
        pool = (*constants, *own, *self.named, *self.limits, *values.TEXTS, *values.BYTES)
        seen: set[tuple[str, str]] = set()
        kinds: dict[str, int] = {}
        for value in (*pool, *values.OTHERS):
            kind = type(value).__name__
            mark = (kind, repr(value)[:200])
            if type(value) in self.kinds or mark in seen or not self.accepts(value):
                continue
            seen.add(mark)
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] <= MOST:
                yield value

    def item(self, index: int) -> Place:
        """The place of an item, where it is a list."""
        return self._items[min(index, len(self._items) - 1)]

    @cached_property
    def _items(self) -> list[Place]:
        wanted = self.wanted
        count = max((place + 1 for place in wanted.prefix), default=0)
        return [
            Place(
                [
                    *wanted.prefix.get(index, []),
                    *(part for since, part in wanted.items if index >= since),
                ]
            )
            for index in range(count + 1)
        ]

    @cached_property
    def _names(self) -> Place:
        return Place(self.wanted.key_names)

    def key(self, key: object) -> Place | None:
        """The place of a key that is not named; ``None`` if it may not be there."""
        mark = (type(key), key)
        if mark not in self._others:
            self._others[mark] = self._key(key) if self._names.accepts(key) else None
        return self._others[mark]

    def _key(self, key: object) -> Place:
        text = key if isinstance(key, str) else ""
        parts = [part for pattern, part in self.wanted.key_patterns if re.search(pattern, text)]
        for named, patterns, part in self.wanted.extras:
            if text not in named and not any(re.search(one, text) for one in patterns):
                parts.append(part)
        return Place(parts)

    @cached_property
    def limits(self) -> tuple[int, ...]:
        """The numbers that are just in bounds, and just out of them."""
        found: dict[int, None] = {}
        pending: list[object] = [part.schema for part in self.parts]
        while pending:
            node = pending.pop(0)
            if isinstance(node, dict):
                ends = [node[key] for key in ("minimum", "maximum") if key in node]
                found.update(dict.fromkeys(int(end) + by for end in ends for by in (0, -1, 1)))
                pending += [*_inner(node, "allOf"), *_inner(node, "anyOf")]
        return tuple(found)

    @cached_property
    def others(self) -> tuple[object, ...]:
        """Values that may stand here or not, to be tried."""
        own = [text for one in self.wanted.text_patterns for text in values.literals(one)]
        own.extend(values.Text(atom) for atom in self.atoms[:4] if type(atom) is str)
        return (*self.limits, *own, *values.texts(), *values.BYTES, *values.OTHERS)

    @cached_property
    def conditions(self) -> tuple[Callable[[object], bool], ...]:
        """Checks of the conditions that are asked here, outer and inner ones."""
        found: list[Callable[[object], bool]] = []
        pending: list[object] = [part.schema for part in self.parts]
        while pending:
            node = pending.pop()
            if not isinstance(node, dict):
                continue
            if "if" in node:
                found.append(compile_schema({"allOf": [node["if"]]}, _ALL))
            pending.extend(node.get("allOf", ()))
            pending.append(node.get("then"))
        return tuple(found)

    @cached_property
    def ids(self) -> frozenset[str]:
        """The requirements that are asked of the value here, not of what it holds."""
        found = {part.owner.requirement for part in self.parts}
        pending: list[tuple[object, bool]] = [(part.schema, False) for part in self.parts]
        pending += [(part.schema, True) for part in self.wanted.key_names]
        while pending:
            node, deep = pending.pop()
            if not isinstance(node, dict):
                continue
            own = node.get("requirement")
            if isinstance(own, str):
                found.add(own)
            pending += [(inner, deep) for inner in _inner(node, "allOf")]
            pending += [(node.get(key), True) for key in ("then", "else")]
            if deep or not self.keys:
                pending += [(node.get("items"), deep), (node.get("additionalProperties"), deep)]
                pending += [(inner, deep) for inner in _inner(node, "prefixItems")]
            if deep:
                pending += [(inner, True) for inner in node.get("properties", {}).values()]
        return frozenset(found - {""})

    @cached_property
    def extras(self) -> list[tuple[object, Place]]:
        """Some keys that are not named and may be there, with their places."""
        return [
            (key, place)
            for key in values.KEYS[:4]
            if key not in self.keys
            for place in [self.key(key)]
            if place is not None and place.possible
        ]


def _inner(node: dict[str, Any], keyword: str) -> list[Any]:
    found = node.get(keyword, [])
    return list(found)


def _named(wanted: Conjunction) -> Iterator[tuple[str, list[object]]]:
    """The values of keys that conditions speak of, such as statuses that ask for a header."""
    found: dict[str, list[object]] = {}
    pending: list[object] = [part.schema for some in wanted.conditions for part in some if part]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            for key, inner in node.get("properties", {}).items():
                if isinstance(inner, dict):
                    found.setdefault(key, []).extend(inner.get("enum", ()))
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    yield from found.items()


@cache
def root(name: str) -> Place:
    """The place of the whole that the schema called ``name`` describes.

    Raises:
        UnknownSchemaError: no schema has that name.
    """
    return Place([Scoped(load(name), Owner())])
