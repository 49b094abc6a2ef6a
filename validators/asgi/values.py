"""What judges make of values that are somebody else's: read, shown, turned to breaches.

Nothing here runs a method that an application's or a server's class overrides,
save ``repr`` and ``bool``, whose exceptions are caught.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.violation import Breach, Party, Verdict

NOTHING: tuple[Breach, ...] = ()
"""What a judge returns when all is fine."""


class Misuse:
    """A call of send, or of the application, with other arguments than it takes."""

    __slots__ = ("arguments", "named")

    def __init__(self, arguments: tuple[object, ...], named: dict[str, object]) -> None:
        self.arguments = arguments
        self.named = named

    def shown(self) -> str:
        """The arguments as they stand in a call."""
        return ", ".join(
            (
                *(shown(argument) for argument in self.arguments),
                *(f"{name}={shown(value)}" for name, value in self.named.items()),
            )
        )

    def __repr__(self) -> str:
        return f"Misuse({self.arguments!r}, {self.named!r})"


def breach(
    requirement: str,
    message: str,
    observed: str = "",
    expected: str = "",
    *,
    party: Party | None = None,
    verdict: Verdict | None = None,
    hint: str = "",
) -> Breach:
    """A breach; its class is loaded with the first one."""
    from gateproof.validators.violation import Breach

    return Breach(requirement, message, observed, expected, party, verdict, hint)


def shown(value: object, limit: int = 120) -> str:
    """A bounded ``repr`` that never raises."""
    try:
        if isinstance(value, (str, bytes)) and len(value) > limit:
            text = f"{value[: limit // 2]!r}... ({len(value)} long)"
        elif isinstance(value, dict):
            pairs = [f"{shown(k, 40)}: {shown(v, 40)}" for k, v in list(dict.items(value))[:8]]
            text = "{" + ", ".join(pairs) + ("}" if len(value) <= 8 else ", ...}")
        else:
            text = repr(value)
    except Exception as error:  # noqa: BLE001 - a repr is the application's own code
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    return text if len(text) <= 4 * limit else f"{text[: 4 * limit]}..."


def exact(kind: object) -> str | None:
    """The text that an event's type holds, ``None`` if it is no text."""
    return str.__str__(kind) if issubclass(type(kind), str) else None


def plain(value: object) -> dict[str, object] | None:
    """``value`` as an exact dict, ``None`` if it is no dict.

    Only what a dict subclass holds is judged, never what its methods say.
    """
    return dict(dict.items(value)) if issubclass(type(value), dict) else None  # type: ignore[arg-type]


def refused_by_us(error: BaseException) -> bool:
    """Whether ``error`` is a validator's own, so that the other side has no part in it."""
    from gateproof.validators.violation import ConformanceError, ConformanceWarning

    return isinstance(error, (ConformanceError, ConformanceWarning))


def truth(value: object) -> bool:
    """Whether a server would take ``value`` for true."""
    if value is True or value is False:
        return value is True
    try:
        return bool(value)
    except Exception:  # noqa: BLE001 - the value is the other side's own
        return False


def dotted(version: tuple[int, int]) -> str:
    """A version as scopes write it."""
    return f"{version[0]}.{version[1]}"
