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
from gateproof.validators.schema.memory import remember


class Rule(TypedDict, total=False):
    """What a schema may say of one field name (lower case)."""

    once: bool
    absent: bool
    present: bool
    pattern: str


Rules = Mapping[str, Rule]

_MEMORY = 1024
"""How many spellings of names a check remembers."""

_LENGTH = 64
"""The longest name that is remembered."""


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


class Names:
    """What one check of headers knows of names: which are sound, and which a rule is about.

    Names are looked up in bounded memories, so that a header that no rule is about
    costs one test of membership. Each name with a rule has a bit of its own.

    Args:
        several: the rules.
        wanted: patterns that every name must match.
        kind: the type of names, str or bytes.
        value_kind: the type of values.

    Attributes:
        plain: sound names that no rule is about.
        ruled: the bits of other sound names, in every spelling met so far.
        rules: whether there are any.
        absent: the bits of names that may not occur.
        once: the bits of names that may occur once.
        present: the bits of names that must occur.
        values: by bit, what the value must satisfy.
        patterned: the bits in ``values``.
    """

    def __init__(
        self, several: Sequence[Rules], wanted: Sequence[str], kind: type, value_kind: type
    ) -> None:
        self.plain: set[str] | set[bytes] = set()
        self.ruled: dict[object, int] = {}
        self.rules = bool(several)
        self.wanted = [
            re.compile(pattern if kind is str else pattern.encode("latin-1")).fullmatch
            for pattern in dict.fromkeys(wanted)
        ]
        self._bits: dict[str, int] = {}
        self.absent = self.once = self.present = 0
        expected: dict[int, list[str]] = {}
        for rules in several:
            for name, rule in rules.items():
                bit = self._bits.setdefault(name, 1 << len(self._bits))
                self.absent |= bit * bool(rule.get("absent"))
                self.once |= bit * bool(rule.get("once"))
                self.present |= bit * bool(rule.get("present"))
                if "pattern" in rule:
                    expected.setdefault(bit, []).append(rule["pattern"])
        self.values = {bit: _value(patterns, value_kind) for bit, patterns in expected.items()}
        self.patterned = sum(self.values)

    def learn(self, name: str | bytes) -> int:
        """The bit of a name not met before, 0 for one without rules, -1 for an unsound one."""
        if any(matches(name) is None for matches in self.wanted):  # type: ignore[arg-type]
            return -1
        text = name if isinstance(name, str) else name.decode("latin-1")
        bit = self._bits.get(text.lower(), 0)
        if not bit:
            remember(self.plain, name)
        elif len(name) <= _LENGTH:
            if len(self.ruled) >= _MEMORY:
                self.ruled.clear()
            self.ruled[name] = bit
        return bit


def _value(patterns: Sequence[str], kind: type) -> Callable[[str | bytes], object]:
    """A check that a plain value matches all ``patterns``."""
    if kind is bytes and set(patterns) == {"[0-9]+"}:
        return bytes.isdigit  # type: ignore[return-value]  # knows no digits but these ten
    matches = [re.compile(pattern).fullmatch for pattern in dict.fromkeys(patterns)]
    if kind is str and len(matches) == 1:
        return matches[0]  # type: ignore[return-value]

    def check(value: str | bytes) -> bool:
        text = value if isinstance(value, str) else value.decode("latin-1")
        return all(match(text) for match in matches)

    return check


def compiled(several: Sequence[Rules]) -> Callable[[Sequence[object]], bool]:
    """A check that a plain list or tuple of whatever it holds breaks none of ``several`` rules.

    Where nothing but headers of one type can come, the compiler writes a faster loop.
    """
    names = Names(several, (), str, str)

    def check(headers: Sequence[object]) -> bool:
        seen = 0
        for entry in headers:
            pair = _pair(entry)
            name = None if pair is None else text_of(pair[0])
            if pair is None or name is None or name in names.plain:
                continue
            bit = names.ruled.get(name) or names.learn(name)
            if bit & names.absent or bit & names.once & seen:
                return False
            seen |= bit
            if bit & names.patterned:
                text = text_of(pair[1])
                if text is not None and not names.values[bit](text):
                    return False
        return names.present & ~seen == 0

    return check
