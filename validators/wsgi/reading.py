"""What ``wsgi.input`` gives from one use to the next.

"The semantics of each method are as documented in the Python Library Reference"
(https://peps.python.org/pep-3333/#input-and-error-streams): the uses share one
position, an empty result is the end, and only the last line lacks its terminator.
Less than was asked for says nothing, for a body may come in pieces.
"""

from __future__ import annotations

from gateproof.validators.violation import Breach
from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.request import octets as counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARY = "wsgi.streams.library-semantics"
SPENT = "wsgi.input.empty-bytes-when-exhausted"
WHOLE = "wsgi.input.read-no-argument"
SIZED = "wsgi.input.readline-size"

REQUIREMENTS = frozenset({LIBRARY, SPENT})
"""Every requirement that only this module decides."""

METHODS = frozenset({"read", "readline", "readlines", "__next__"})

END = "exhausted"
"""The step that says that the iteration of the input has ended."""


class Reading:
    """How far one exchange has read its input.

    Args:
        left: octets of the declared body that are not read yet, ``None`` where
            no length was declared.

    Attributes:
        left: the same, counted on.
        ended: what showed that there is no more, in words; empty while nothing did.
        blind: the application used more of the stream than the specification
            lists, and may have moved its position, or was given what is no data.
    """

    __slots__ = ("_broken", "_iterating", "blind", "ended", "left")

    def __init__(self, left: int | None) -> None:
        self.left = left
        self.ended = ""
        self._broken = LIBRARY
        self.blind = self._iterating = False

    def used(self, method: str, args: tuple[object, ...], outcome: object) -> Iterator[Breach]:
        """The application used the input; ``outcome`` is the result, or what was raised."""
        if self.blind:
            return
        if method == "__iter__":
            self._iterating = type(outcome) is not Raised
        elif method == END:
            self._iterating = False
            self._end("the end of its iteration", LIBRARY)
        elif method not in METHODS:
            self._lose_sight()
        elif type(outcome) is Raised:
            if self.left == 0:
                yield _unspent(method, args, f"raised {outcome.name}", repr(outcome), 0)
        else:
            data = _data(outcome)
            if data is None:
                self._lose_sight()
            else:
                yield from self._gave(method, args, data)

    def _lose_sight(self) -> None:
        """Where the stream stands is not known any more."""
        self.blind = True
        self.left, self.ended = None, ""

    @property
    def at_stake(self) -> frozenset[str]:
        """What the next use would break if it gave data."""
        return frozenset({self._broken}) if self.ended else frozenset()

    def _gave(
        self, method: str, args: tuple[object, ...], data: bytes | list[bytes]
    ) -> Iterator[Breach]:
        """A use gave ``data``."""
        octets = len(data) if isinstance(data, bytes) else sum(map(len, data))
        left = self.left
        if left is not None:
            self.left = max(left - octets, 0)
            if octets > left:
                gave = f"gave {counted(octets)}"
                yield _unspent(method, args, gave, _short(data), left)
                return
        if self._iterating and method != "__next__":
            return  # what a read amid an iteration gives varies
        if self.ended and octets:
            yield Breach(
                self._broken,
                f"{_call(method, args)} of wsgi.input gave {_short(data)} after {self.ended}",
                observed=_short(data),
                expected=f"no more data after {self.ended}",
            )
            return
        early = _unterminated(data[:-1]) if type(data) is list else None
        if early is not None:
            yield Breach(
                LIBRARY,
                f"readlines() of wsgi.input gave {early[:40]!r}, which ends without a "
                "terminator, and another line after it",
                observed=_short(data),
                expected="a terminator at the end of each line but the last",
            )
            return
        self._look(method, args, data)

    def _look(self, method: str, args: tuple[object, ...], data: bytes | list[bytes]) -> None:
        """See whether ``data`` shows that there is no more."""
        size = args[0] if args else None
        call = _call(method, args)
        if args and (type(size) is not int or size <= 0):
            return
        if method == "read" and not args:
            self._end("read() had given all that was left", WHOLE)
        elif not data:
            self._end(f"{call} had given {data!r}", LIBRARY)
        elif isinstance(data, list):
            if not args:
                self._end("readlines() had given all lines that were left", LIBRARY)
        elif method != "read" and not data.endswith(b"\n"):
            if type(size) is not int:
                self._end(f"{call} had given a line without its terminator", LIBRARY)
            elif len(data) < size:
                self._end(f"{call} had given less than {size} octets of a line", SIZED)

    def _end(self, how: str, requirement: str) -> None:
        if not self.ended:
            self.ended, self._broken = how, requirement


def _data(outcome: object) -> bytes | list[bytes] | None:
    """What was read, ``None`` where it is not what it should be."""
    if type(outcome) is bytes:
        return outcome
    if type(outcome) is list and all(type(line) is bytes for line in outcome):
        return outcome
    return None


def _unterminated(lines: list[bytes]) -> bytes | None:
    """The first line that lacks its terminator."""
    return next((line for line in lines if not line.endswith(b"\n")), None)


def _call(method: str, args: tuple[object, ...]) -> str:
    if method == "__next__":
        return "iteration"
    return f"{method}({', '.join(repr(argument)[:40] for argument in args)})"


def _short(data: bytes | list[bytes]) -> str:
    text = repr(data[:40] if type(data) is bytes else data[:4])
    return text if len(text) <= 120 else text[:117] + "..."


def _unspent(method: str, args: tuple[object, ...], did: str, observed: str, left: int) -> Breach:
    """A use that goes beyond the declared body does not show its end."""
    rest = f"only {counted(left)} of the body {'was' if left == 1 else 'were'} left"
    return Breach(
        SPENT,
        f"{_call(method, args)} of wsgi.input {did}, "
        f"although {rest if left else 'the whole body had been read'}",
        observed=observed,
        expected=f"at most {counted(left)}" if left else "an empty result",
    )
