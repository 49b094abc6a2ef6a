"""The record of one exchange: a bounded, time-ordered ladder of rungs."""

from __future__ import annotations

from collections import deque
from time import monotonic_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.violation import Rung

HEAD = 48
"""Rungs kept from the beginning of an exchange, unless asked for more."""

TAIL = 16
"""Rungs kept from its end; what lies between is counted and dropped."""


class Exchange:
    """One request or connection as it crossed the boundary.

    Recording is append-only and costs a tuple a rung; memory is bounded by
    ``head + tail`` rungs, however long the connection lives. What crossed is
    kept by reference: recorders copy what the other side may change later.
    """

    __slots__ = ("_head", "_room", "_tail", "count")

    def __init__(self, head: int = HEAD, tail: int = TAIL) -> None:
        self._room = head
        self._head: list[tuple[str, object, int]] = []
        self._tail: deque[tuple[str, object, int]] = deque(maxlen=tail)
        self.count = 0

    def add(self, step: str, data: object = None) -> None:
        """Record that ``data`` crossed the boundary by ``step``, now."""
        self.count += 1
        if self._room:
            self._room -= 1
            self._head.append((step, data, monotonic_ns()))
        else:
            self._tail.append((step, data, monotonic_ns()))

    @property
    def room(self) -> int:
        """How many rungs the head has room for; of what comes then only the last are kept."""
        return self._room

    def skip(self, count: int) -> None:
        """Count rungs that the recorder did not keep, once the head is full."""
        self.count += count

    @property
    def dropped(self) -> int:
        """How many rungs between head and tail were not kept."""
        return self.count - len(self._head) - len(self._tail)

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs kept, oldest first."""
        from gateproof.validators.violation import Rung

        return tuple(Rung(*entry) for entry in (*self._head, *self._tail))
