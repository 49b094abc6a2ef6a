"""The record of one exchange: a bounded, time-ordered ladder of rungs."""

from __future__ import annotations

from time import monotonic_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque

    from gateproof.validators.violation import ConformanceError, Rung

HEAD = 32
"""Rungs kept from the beginning of an exchange, unless asked for more."""

TAIL = 16
"""Rungs kept from its end; what lies between is counted and dropped."""


class Exchange:
    """One request or connection as it crossed the boundary.

    Recording is append-only and costs a tuple a rung; memory is bounded by
    ``head + tail`` rungs, however long the connection lives. What crossed is
    kept by reference: recorders copy what the other side may change later.

    Once the head is full, a recorder may count what is ordinary instead of adding
    it: it raises ``later`` by one for each rung, and leaves the latest event of
    either direction in ``received`` and ``sent``. These come into the ladder before
    whatever is added next, with the time at which that happens.

    Attributes:
        head: the first rungs, each step, data and time.
        room: how many more the head has room for; of what comes then only the last
            are kept. A recorder in a hurry may append to ``head`` itself while there
            is room, and lowers ``room`` by one.
        later: how many rungs came after the head, kept or not.
        received, sent: the latest event that was counted and not added.
        answered: whether the return of ``sent`` was counted, too.
        due: the error of a server's breach, raised on the application's side, that
            the server has still to get.
    """

    __slots__ = ("_keep", "_tail", "answered", "due", "head", "later", "received", "room", "sent")

    def __init__(self, head: int = HEAD, tail: int = TAIL) -> None:
        self.head: list[tuple[str, object, int]] = []
        self.room = head
        self._keep = tail
        self._tail: deque[tuple[str, object, int]] | None = None  # few exchanges need it
        self.later = 0
        self.received: object = None
        self.sent: object = None
        self.answered = False
        self.due: ConformanceError | None = None

    def add(self, step: str, data: object = None) -> None:
        """Record that ``data`` crossed the boundary by ``step``, now."""
        if self.room > 0:
            self.room -= 1
            self.head.append((step, data, monotonic_ns()))
            return
        self._settle()
        self.later += 1
        self._kept().append((step, data, monotonic_ns()))

    def place(self, rung: Rung) -> None:
        """Take in a rung that was recorded elsewhere, with its own time."""
        if self.room > 0:
            self.room -= 1
            self.head.append((rung.step, rung.data, rung.at))
        else:
            self._settle()
            self.later += 1
            self._kept().append((rung.step, rung.data, rung.at))

    def _kept(self) -> deque[tuple[str, object, int]]:
        """The rungs kept after the head."""
        tail = self._tail
        if tail is None:
            from collections import deque

            tail = self._tail = deque(maxlen=self._keep)
        return tail

    def _settle(self) -> None:
        """Keep the latest events that were only counted."""
        if self.received is not None:
            self._kept().append(("received", self.received, monotonic_ns()))
            self.received = None
        if self.sent is not None:
            self._kept().append(("send", self.sent, monotonic_ns()))
            if self.answered:
                self._kept().append(("sent", None, monotonic_ns()))
            self.sent = None

    @property
    def count(self) -> int:
        """How many rungs there were, kept or not."""
        return len(self.head) + self.later

    def skip(self, count: int) -> None:
        """Count rungs that the recorder did not keep, once the head is full."""
        self.later += count

    @property
    def dropped(self) -> int:
        """How many rungs between head and tail were not kept."""
        self._settle()
        return self.later - len(self._tail or ())

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs kept, oldest first."""
        from gateproof.validators.violation import Rung

        self._settle()
        return tuple(Rung(*entry) for entry in (*self.head, *(self._tail or ())))
