"""The judge of ``wsgi.input`` and ``wsgi.errors``: how the application uses them."""

from __future__ import annotations

from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.memory import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.wsgi.memory import Found, Memory


class StreamJudge:
    """Judges the two streams of one exchange.

    Args:
        memory: what the judges have in common.

    Attributes:
        input_left: octets of the request's body that are not read yet, ``None``
            where no length was declared. The live wrapper counts it down too.
        flushed: whether nothing was written to the errors since they were flushed.
    """

    __slots__ = ("flushed", "input_left", "memory")

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.input_left: int | None = None
        self.flushed = True

    def input(self, method: str, args: tuple[object, ...], outcome: object) -> Found:
        """The application used ``wsgi.input``; ``outcome`` is the result, or what was raised."""
        if type(outcome) is bytes and method == "read" and args:
            size = args[0]
            if type(size) is int and len(outcome) <= size and len(args) == 1:
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
        found = memory.once(streams.read(method, args, outcome, self.input_left))
        if self.input_left is not None and method != "readlines":
            taken = len(outcome) if type(outcome) is bytes else 0
            self.input_left = max(self.input_left - taken, 0)
        return found

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
