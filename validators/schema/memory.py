"""Bounded memories that the compiled checks keep of what they accepted.

Header names and values come again and again: what a pattern once accepted is
found in a set before any pattern is tried. Nothing long is kept, and a full
memory starts anew, so that hostile traffic cannot make it grow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from gateproof.validators.schema.kinds import plain

_LENGTH = 64
"""The longest text that is remembered; secrets are mostly longer than this."""

_MEMBERS = 1024
"""How many values one memory holds before it is emptied."""


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
