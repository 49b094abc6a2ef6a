"""The record of one exchange: a bounded, time-ordered ladder of rungs."""

from __future__ import annotations

from time import monotonic_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque

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

    Attributes:
        room: how many rungs the head has room for; of what comes then only the
            last are kept.
    """

    __slots__ = ("_head", "_keep", "_later", "_tail", "room")

    def __init__(self, head: int = HEAD, tail: int = TAIL) -> None:
        self._head: list[tuple[str, object, int]] = []
        self.room = head
        self._keep = tail
        self._tail: deque[tuple[str, object, int]] | None = None  # few exchanges need it
        self._later = 0

    def add(self, step: str, data: object = None) -> None:
        """Record that ``data`` crossed the boundary by ``step``, now."""
        if self.room > 0:
            self.room -= 1
            self._head.append((step, data, monotonic_ns()))
            return
        tail = self._tail
        if tail is None:
            from collections import deque

            tail = self._tail = deque(maxlen=self._keep)
        self._later += 1
        tail.append((step, data, monotonic_ns()))

    @property
    def count(self) -> int:
        """How many rungs there were, kept or not."""
        return len(self._head) + self._later

    def skip(self, count: int) -> None:
        """Count rungs that the recorder did not keep, once the head is full."""
        self._later += count

    @property
    def dropped(self) -> int:
        """How many rungs between head and tail were not kept."""
        return self._later - len(self._tail or ())

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs kept, oldest first."""
        from gateproof.validators.violation import Rung

        return tuple(Rung(*entry) for entry in (*self._head, *(self._tail or ())))
