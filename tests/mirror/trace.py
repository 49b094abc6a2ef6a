"""One interleaved record of what both sides of a boundary did and saw.

Two runs of the same plan, one of them watched, must give equal traces. Values are
told with their types; objects that pass the boundary by identity are told by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_DEPTH = 4
_BITS = 1000
_SCALARS = (str, bytes, bytearray, int, float, bool, type(None))


class Trace:
    """What happened, in order: tuples of side, deed and facts.

    ``looks`` counts what was done and may be, and is left out.
    """

    def __init__(self) -> None:
        self.looks = 0
        self.rungs: list[tuple[Any, ...]] = []
        self._named: dict[int, tuple[str, object]] = {}

    def add(self, side: str, deed: str, *facts: object) -> None:
        """Record a deed of ``side`` with what it saw."""
        self.rungs.append((side, deed, *map(self.told, facts)))

    def name(self, thing: Any, name: str) -> Any:
        """Tell ``thing`` by ``name`` from now on; gives it back."""
        self._named[id(thing)] = (name, thing)  # kept alive, so that its id stays its own
        return thing

    def told(self, value: Any, depth: int = 0) -> object:
        """A value as plain data: its name, or its exact type and what it holds.

        Nothing of the value's own is run: it may be made to hurt whoever looks at it.
        """
        kind = type(value)
        known = self._named.get(id(value))
        if known is not None and known[1] is value:
            if issubclass(kind, BaseException):  # a cause, or a context, may be new on it
                return (known[0], *map(self._cause, (value.__cause__, value.__context__)))
            return known[0]
        if kind is int and value.bit_length() > _BITS:  # too long to be shown
            return ("int", value.bit_length(), hash(value))
        if kind in _SCALARS:
            return (kind.__name__, value)
        if depth > _DEPTH:
            return "something deep inside"
        if issubclass(kind, BaseException):
            causes = map(self._cause, (value.__cause__, value.__context__))
            return (kind.__name__, [self.told(item, depth + 1) for item in value.args], *causes)
        if issubclass(kind, dict):
            pairs = dict.items(value)
            return (kind.__name__, [tuple(self.told(x, depth + 1) for x in p) for p in pairs])
        for base in (list, tuple):
            if issubclass(kind, base):
                items = base.__iter__(value)
                return (kind.__name__, [self.told(item, depth + 1) for item in items])
        return f"a {kind.__name__}" if kind.__module__.startswith("stress") else "an object"

    def _cause(self, error: BaseException | None) -> object:
        if error is None:
            return None
        known = self._named.get(id(error))
        return type(error).__name__ if known is None else known[0]


def difference(bare: Trace, watched: Trace) -> str:
    """Where two traces part, empty where they are equal."""
    ours, theirs = bare.rungs, watched.rungs
    if ours == theirs:
        return ""
    place = next(
        (at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other),
        min(len(ours), len(theirs)),
    )
    return "\n".join(_shown(ours, theirs, place))


def _shown(ours: list[Any], theirs: list[Any], place: int) -> Iterator[str]:
    for at in range(max(0, place - 4), place):
        yield f"  both     {ours[at]!r}"[:300]
    for label, rungs in (("bare", ours), ("watched", theirs)):
        for rung in rungs[place : place + 3] or ["nothing more"]:
            yield f"  {label:8} {rung!r}"[:300]
