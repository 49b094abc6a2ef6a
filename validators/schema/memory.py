"""Bounded memories that the compiled checks keep of what they accepted.

Names of headers and of keys come again and again, as do versions, hosts and the like:
what a pattern once accepted is found in a set before any pattern is tried. Values of
headers are not kept. Nothing long is, and a full memory starts anew, so that hostile
traffic cannot make it grow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from gateproof.validators.schema.kinds import plain

_LENGTH = 64
"""The longest text that is remembered; secrets are mostly longer than this."""

_MEMBERS = 1024
"""How many values one memory holds before it is emptied."""

_FREE = 32
"""How many keys with values of any kind one memory holds."""


def remember(memory: set[str] | set[bytes], value: str | bytes) -> None:
    """Add an accepted ``value`` of exact type str or bytes to ``memory``."""
    if len(value) <= _LENGTH:
        if len(memory) >= _MEMBERS:
            memory.clear()
        memory.add(value)  # type: ignore[arg-type]


KeyTest = tuple[frozenset[str], Sequence[str], bool]
"""Known keys, patterns, and whether a part applies to keys outside both or inside the patterns."""


def classifier(
    memory: dict[object, int],
    named: Callable[[object], bool],
    tests: Sequence[KeyTest],
) -> Callable[[object], int]:
    """A function from a key to a bit for each part of a schema that applies to its value.

    Args:
        memory: filled by the function, read by its callers first.
        named: whether a name is allowed at all; a forbidden one gives -1.
        tests: for each bit the keys that are excepted, the patterns, and whether
            the part is for keys that match none (``True``) or some (``False``).
    """
    searches = [
        (known, [re.compile(pattern).search for pattern in patterns], outside)
        for known, patterns, outside in tests
    ]

    def classify(key: object) -> int:
        mask = 0
        if not named(key):
            mask = -1
        else:
            held = plain(key)
            text = held if type(held) is str else None
            for bit, (known, found, outside) in enumerate(searches):
                matched = text is not None and any(search(text) for search in found)
                applies = (text not in known and not matched) if outside else matched
                mask |= applies << bit
        if type(key) is str and len(key) <= _LENGTH:
            if len(memory) >= _MEMBERS:
                memory.clear()
            memory[key] = mask
        return mask

    return classify


class TextKeys:
    """The keys of a mapping behind which nothing but a native string is expected.

    Args:
        first: keys that the schema names so.
        named: all keys that the schema names; what they hold is known.
        sound: whether a name is allowed.
        tests: patterns of other keys, each with whether its values may be anything.

    Attributes:
        texts: ``first`` and keys met since whose values are, or were, str.
        free: keys met that may hold anything, and did.
    """

    def __init__(
        self,
        first: frozenset[str],
        named: frozenset[str],
        sound: Callable[[object], bool],
        tests: Sequence[tuple[str, bool]],
    ) -> None:
        self._first = first
        self._named = named
        self._sound = sound
        self._searches = [(re.compile(pattern).search, idle) for pattern, idle in tests]
        self.texts: set[object] = set(first)
        self.free: tuple[str, ...] = ()

    def learn(self, rest: dict[object, object]) -> bool:
        """Sort the new keys of ``rest``; whether all of them are sound.

        Those that may hold anything are taken out with what they hold.
        """
        for key in [key for key in rest if key not in self.texts]:
            if type(key) is not str or key in self._named or not self._sound(key):
                return False
            anything = not any(search(key) and not idle for search, idle in self._searches)
            if anything and type(rest[key]) is not str:
                del rest[key]
                if len(self.free) < _FREE:
                    self.free = (*self.free, key)
            elif len(key) <= _LENGTH:
                if len(self.texts) >= _MEMBERS:
                    self.texts.clear()
                    self.texts |= self._first
                self.texts.add(key)
        return True
