"""Rules about named fields of a header list: the keyword ``fields``.

``{"content-length": {"once": true, "pattern": "[0-9]+"}}`` looks at the entries
called so in any case, whether names are bytes or str. Entries that are no pairs
of name and value, and values that are not text, are other keywords' business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypedDict

from gateproof.validators.schema.kinds import plain


class Rule(TypedDict, total=False):
    """What a schema may say of one field name (lower case)."""

    once: bool
    absent: bool
    present: bool
    pattern: str


Rules = Mapping[str, Rule]

_MEMORY = 1024
"""How many spellings of names a check remembers."""


def text_of(value: object) -> str | None:
    """``value`` as text, octets as latin-1; ``None`` if it is neither str nor bytes."""
    held = plain(value)
    if type(held) is bytes:
        return held.decode("latin-1")
    return held if type(held) is str else None


def _pair(entry: object) -> tuple[object, object] | None:
    held = plain(entry)
    if (type(held) is tuple or type(held) is list) and len(held) == 2:
        return held[0], held[1]
    return None


def pairs(headers: Sequence[object]) -> Iterator[tuple[int, str, object]]:
    """Index, lower-case name and value of every entry that is a pair with a text name."""
    for index, entry in enumerate(headers):
        pair = _pair(entry)
        if pair is not None:
            name = text_of(pair[0])
            if name is not None:
                yield index, name.lower(), pair[1]


def broken(rules: Rules, headers: Sequence[object]) -> Iterator[tuple[str, str, object]]:
    """Every rule that ``headers`` break, as field name, rule and the value at fault.

    Written for reading: :func:`compiled` is the fast twin.
    """
    found = list(pairs(headers))
    for name, rule in rules.items():
        values = [value for _, other, value in found if other == name]
        if rule.get("present") and not values:
            yield name, "present", None
        if rule.get("absent") and values:
            yield name, "absent", values[0]
        if rule.get("once") and len(values) > 1:
            yield name, "once", values[1]
        if "pattern" in rule:
            for value in values:
                text = text_of(value)
                if text is not None and re.fullmatch(rule["pattern"], text) is None:
                    yield name, "pattern", value


def compiled(several: Sequence[Rules]) -> Callable[[Sequence[object]], bool]:
    """A check that a plain list or tuple breaks none of ``several`` rules.

    Names are looked up in a bounded memory of spellings, so that a header that
    no rule is about costs one dict access.
    """
    order: list[str] = []
    absent = once = present = 0
    patterns: dict[int, list[Callable[[str], object]]] = {}
    for rules in several:
        for name, rule in rules.items():
            if name not in order:
                order.append(name)
            place = order.index(name)
            absent |= bool(rule.get("absent")) << place
            once |= bool(rule.get("once")) << place
            present |= bool(rule.get("present")) << place
            if "pattern" in rule:
                patterns.setdefault(place, []).append(re.compile(rule["pattern"]).fullmatch)
    places = {name: place for place, name in enumerate(order)}
    memory: dict[object, int] = {}
    recall = memory.get

    def place_of(name: object) -> int:
        text = text_of(name)
        place = -1 if text is None else places.get(text.lower(), -1)
        if (type(name) is bytes or type(name) is str) and len(name) <= 64:
            if len(memory) >= _MEMORY:
                memory.clear()
            memory[name] = place
        return place

    def check(headers: Sequence[object]) -> bool:
        seen = 0
        for entry in headers:
            pair = entry if type(entry) is tuple else plain(entry)
            if (type(pair) is not tuple and type(pair) is not list) or len(pair) != 2:
                continue
            name = pair[0]
            # A memoryview equals and hashes like its bytes: the type comes first.
            known = recall(name) if type(name) is bytes or type(name) is str else None
            place = place_of(name) if known is None else known
            if place < 0:
                continue
            bit = 1 << place
            if bit & absent or (bit & once and bit & seen):
                return False
            seen |= bit
            for matches in patterns.get(place, ()):
                text = text_of(pair[1])
                if text is not None and matches(text) is None:
                    return False
        return present & ~seen == 0

    return check
