"""The closer watch over an exchange that was ordinary so far, with all that came before."""

from __future__ import annotations

from gateproof.validators.exchange import Exchange
from gateproof.validators.wsgi import excinfo, light, ordinary
from gateproof.validators.wsgi.light import CLOSED, CLOSELY, WHOLE, WHOLE_CLOSED
from gateproof.validators.wsgi.masking import Masks
from gateproof.validators.wsgi.watching import Watching

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from gateproof.validators.wsgi.facts import Raised
    from gateproof.validators.wsgi.ordinary import Ordinary


class Closer(Watching):
    """A watch that goes on where an ordinary exchange stopped being one.

    Args:
        known: what is known of the exchange; it is told that it is judged closely.
    """

    __slots__ = ("_ordinary",)

    def __init__(self, known: Ordinary) -> None:
        exchange = Exchange()
        super().__init__(known.policy, exchange, _JUDGED)
        self._ordinary = known
        judge = self.judge
        caught_up = False
        for step, data in steps(known):
            if step == "exhausted":
                caught_up = self._count()
            if exchange.room > 0:
                exchange.room -= 1
                exchange.head.append((step, data, known.began))
            else:
                exchange.add(step, data)
            judge.feed(step, data)
        if not caught_up:
            self._count()
        judge.memory.shapes = known.shapes
        self.recorded = judge.body.seen
        self.closed = known.closing in (CLOSED, WHOLE_CLOSED)
        if known.environ is not None:
            self._masks = _Masked(self, known)
        known.response = known.closing = known.left = known.reads = CLOSELY

    def _count(self) -> bool:
        """Let the judge know of items that were only counted: the log has all others."""
        known, body = self._ordinary, self.judge.body
        if body.left < 0 or known.closing in (WHOLE, WHOLE_CLOSED):
            return False
        if known.room >= 0:
            body.left = known.left
        self.exchange.skip(known.seen - body.seen)
        body.seen = known.seen
        return True

    # What the shorter ways leave to this

    def returned(self, result: Any) -> Any:
        """The application returned ``result``; what the server is to have of it is returned.

        Raises:
            ConformanceError: as the policy says.
        """
        return self._handed_on(result, self._masks)

    def left_with(self, error: BaseException) -> None:
        """The application's call raised ``error``.

        Raises:
            ConformanceError: as the policy says.
        """
        self._raised(error, 1)

    def refused(self, error: BaseException) -> None:
        """The server's start_response raised ``error``.

        Raises:
            ConformanceError: as the policy says.
        """
        self._refused(error)

    def answered(self, write: Any) -> Any:
        """The server's start_response returned ``write``; what the application gets is returned.

        Raises:
            ConformanceError: as the policy says.
        """
        return self._answered(write, None)

    def not_closed(self, error: BaseException) -> None:
        """The result's close() raised ``error``.

        Raises:
            ConformanceError: as the policy says.
        """
        self._close_raised(error)

    def was_closed(self, closed: bool) -> None:
        """The server's call of close() is over; ``closed`` says that the result has one."""
        if closed:
            self.add("closed")
        self.closed = True
        self._restore()

    def _handling(self) -> Raised | None:
        return super()._handling() or excinfo.handled(CALLERS, self._ordinary)


class _Masked(Masks):
    """The proxies that are in environ already."""

    __slots__ = ("_ordinary",)

    def __init__(self, closer: Closer, known: Ordinary) -> None:
        self._ordinary = known
        self._watching = closer
        self._file_wrapper = known.wrapper
        self._made = getattr(known, "made", [])

    def lift(self) -> None:
        """Put back what the proxies stood for, unless the application replaced them itself."""
        light.lift(self._ordinary)


def steps(known: Ordinary) -> Iterator[tuple[str, Any]]:
    """What the log of an ordinary exchange stands for, step by step."""
    for entry in known.log:
        if type(entry) is bytes:
            yield "item", entry
        elif len(entry) == 3:
            yield "start_response", (entry[:2], {})
        elif type(entry[0]) is int:
            yield "input", ("read", entry[:1], entry[1])
        else:
            yield entry
    if known.closing not in (WHOLE, WHOLE_CLOSED):
        return
    state: Any = known.iterator.__reduce__()  # how a list's iterator tells where it is
    (rest,), index = state[1], state[2:]
    if not rest or index[0]:  # it was asked
        yield light.NEXT
        yield "item", known.whole
    if not rest:
        yield light.END
    if known.closing == WHOLE_CLOSED:
        yield light.CLOSE


def _sound(_: object) -> bool:
    return True


class _Accepted:
    """Stands for the compiled checks while what they have accepted is gone through again."""

    bodiless: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    environ = headers = status = status_is_sound = exc_info = item = write = staticmethod(_sound)


_JUDGED: Any = _Accepted

CALLERS = frozenset(
    function.__code__ for function in (ordinary.call, light.pieces, light.Iterable.close)
)
"""The frames of the shorter ways that call the application's code."""
