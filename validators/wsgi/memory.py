"""What the judges of one exchange's objects have to know in common."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Literal

    from gateproof.validators.machine import Machine
    from gateproof.validators.violation import Breach
    from gateproof.validators.wsgi.facts import Raised
    from gateproof.validators.wsgi.shape import Shapes

    Found = Sequence[Breach]
    Host = Literal["any", "server"]

NOTHING: tuple[()] = ()
"""What a judge returns when all is well."""


class _Closer(tuple):  # type: ignore[type-arg]
    """As empty as :data:`NOTHING`, and another object."""

    __slots__ = ()


CLOSER: Found = _Closer()
"""Nothing is found, but whoever is there live is to look closer: at an error response."""


class Memory:
    """What one judge learns and another asks for.

    Args:
        shapes: the compiled checks of the active set.
        host: what calls the application, as for the judge of the exchange.

    Attributes:
        trapped: what ``start_response`` raised when it was called with
            ``exc_info``, until the application was left with it or went on.
        answered: identities of exceptions that the server's own callables raised.
        told: requirements that are told once in an exchange and have been.
    """

    __slots__ = ("answered", "host", "shapes", "told", "trapped")

    def __init__(self, shapes: Shapes, host: Host) -> None:
        self.shapes = shapes
        self.host = host
        self.trapped: Raised | None = None
        self.answered: tuple[int, ...] = ()
        self.told: frozenset[str] = frozenset()

    def once(self, breaches: Iterable[Breach]) -> Found:
        """Those of ``breaches`` that this exchange has not shown yet."""
        found = [breach for breach in breaches if breach.requirement not in self.told]
        self.told |= {breach.requirement for breach in found}
        return found

    def trap(self) -> Found:
        """The application goes on: did it swallow what ``start_response`` raised?"""
        if self.trapped is None:
            return NOTHING
        from gateproof.validators.wsgi import response

        trapped, self.trapped = self.trapped, None
        return [response.trap(trapped)]


def accepts(check: Callable[[object], bool], value: object) -> bool:
    """Whether ``check`` accepts ``value``; a hostile object that raises is not accepted."""
    try:
        return check(value)
    except Exception:  # noqa: BLE001 - a hostile object
        return False


def true(value: object) -> bool:
    """Whether a value is true; one that will not say is."""
    try:
        return bool(value)
    except Exception:  # noqa: BLE001 - a hostile object
        return True


def declared_length(value: object) -> int | None:
    """The length that a header or variable declares, ``None`` if it declares none."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return None


def broken(machine: Machine, state: int, symbol: int, said: str = "") -> Breach:
    """The breach of a forbidden move; its words are loaded with the first one."""
    from gateproof.validators.wsgi.order import broken as told

    return told(machine, state, symbol, said)
