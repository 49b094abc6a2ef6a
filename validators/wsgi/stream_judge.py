"""The judge of ``wsgi.input`` and ``wsgi.errors``: how the application uses them."""

from __future__ import annotations

from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.memory import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.wsgi.memory import Found, Memory
    from gateproof.validators.wsgi.reading import Reading

ENDED = -1
"""Left of an input that has ended: whatever is read then needs a closer look."""


class StreamJudge:
    """Judges the two streams of one exchange.

    Args:
        memory: what the judges have in common.

    Attributes:
        input_left: octets that may be read without a closer look, ``None`` where
            no length was declared. The live wrapper counts it down too.
        reading: how far the input was read, once a use needed a closer look.
        flushed: whether nothing was written to the errors since they were flushed.
    """

    __slots__ = ("flushed", "input_left", "memory", "reading")

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.input_left: int | None = None
        self.reading: Reading | None = None
        self.flushed = True

    def input(self, method: str, args: tuple[object, ...], outcome: object) -> Found:
        """The application used ``wsgi.input``; ``outcome`` is the result, or what was raised."""
        if type(outcome) is bytes and method == "read" and args:
            size = args[0]
            if type(size) is int and 0 < len(outcome) <= size and len(args) == 1:
                left = self.input_left
                if left is None:
                    return NOTHING
                if size <= left:
                    self.input_left = left - len(outcome)
                    return NOTHING
        from gateproof.validators.wsgi import streams

        memory = self.memory
        if isinstance(outcome, BaseException):
            outcome = Raised.of(outcome)
        if type(outcome) is Raised:
            memory.answered = (*memory.answered, outcome.identity)
        reading = self.reading
        if reading is None:
            from gateproof.validators.wsgi.reading import Reading

            reading = self.reading = Reading(self.input_left)
        elif not reading.ended:
            reading.left = self.input_left
        found = list(streams.read(method, args, outcome, reading.left))
        more = list(reading.used(method, args, outcome))
        if all(breach.requirement in streams.READER for breach in found):
            found += more
        self.input_left = ENDED if reading.ended else reading.left
        return memory.once(found)

    @property
    def bounded(self) -> bool:
        """Whether the length of the body is known."""
        return (self.reading.left if self.reading else self.input_left) is not None

    def errors(self, method: str, args: tuple[object, ...], outcome: object = None) -> Found:
        """The application used ``wsgi.errors``."""
        from gateproof.validators.wsgi import streams

        if method in streams.WRITES:
            self.flushed = False
        elif method == "flush":
            self.flushed = True
        if isinstance(outcome, BaseException):
            outcome = Raised.of(outcome)
        return self.memory.once(streams.logged(method, args, outcome))

    def end(self) -> Found:
        """The server is done with the exchange."""
        if self.flushed:
            return NOTHING
        from gateproof.validators.wsgi import streams

        return [streams.unflushed()]
