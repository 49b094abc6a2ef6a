"""One interleaved record of what both sides of a boundary did and saw.

Two runs of the same plan, one of them watched, must give equal traces. Values are
told with their types; objects that pass the boundary by identity are told by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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

    def told(self, value: object) -> object:
        """A value as plain data: its name, or its exact type and what it holds."""
        known = self._named.get(id(value))
        if known is not None and known[1] is value:
            if isinstance(value, BaseException):  # a cause, or a context, may be new on it
                return (known[0], *map(self._cause, (value.__cause__, value.__context__)))
            return known[0]
        kind = type(value)
        if kind in _SCALARS:
            return (kind.__name__, value)
        if isinstance(value, BaseException):
            return self._error(value)
        if isinstance(value, dict):
            return (kind.__name__, [(self.told(k), self.told(v)) for k, v in dict.items(value)])
        if isinstance(value, list | tuple):
            return (kind.__name__, [self.told(item) for item in value])
        return "an object"

    def _error(self, error: BaseException) -> object:
        causes = map(self._cause, (error.__cause__, error.__context__))
        return (type(error).__name__, [self.told(item) for item in error.args], *causes)

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
