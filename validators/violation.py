"""What a judge finds and what the user is told: breach, violation, error.

A :class:`Breach` is what a check knows: which requirement, what was seen, what
was allowed. A :class:`Violation` adds what the catalogue knows (level, verdict,
party, link) and the exchange in which it happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["must", "must-not", "should", "should-not", "may"]
Party = Literal["application", "server", "middleware", "both"]
Verdict = Literal["fail", "weak", "observed"]

VERDICTS: tuple[Verdict, ...] = ("fail", "weak", "observed")
"""Verdicts of a violation, gravest first."""

PARTIES: tuple[Party, ...] = ("application", "middleware", "server")
"""The parties that a violation can name."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken requirement as a check sees it.

    ``message`` is one lower-case sentence without a full stop, values in repr.
    ``observed`` and ``expected`` stand beside each other in reports.
    ``party`` says who did it where the requirement binds both sides.
    ``verdict`` may be milder than the catalogue's, never graver.
    ``layer`` names the layer of a stack that is at fault, where that is known.
    """

    requirement: str
    message: str
    observed: str = ""
    expected: str = ""
    party: Party | None = None
    verdict: Verdict | None = None
    hint: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Rung:
    """One crossing of the boundary, in the ladder of an exchange.

    ``step`` is a name of the protocol's step table (``"send"``, ``"received"``,
    ``"start_response"``...), ``data`` what crossed, ``at`` nanoseconds of
    ``time.monotonic_ns``.
    """

    step: str
    data: object
    at: int


@dataclass(frozen=True, slots=True)
class Violation:
    """A requirement broken by a party, seen at an event of an exchange.

    ``event`` is the index of the rung at which it was seen, counted from 0 over
    the whole exchange; ``exchange`` holds the rungs so far, bounded, so the
    rung itself is ``exchange[event - dropped]`` only for short exchanges.
    ``layer`` is the layer of a stack that is at fault, empty where no
    ``layer("name")`` tells.
    """

    requirement: str
    verdict: Verdict
    level: Level
    party: Party
    message: str
    event: int
    expected: str
    observed: str
    hint: str
    url: str
    exchange: tuple[Rung, ...] = field(default=(), repr=False, compare=False)
    layer: str = ""

    def __str__(self) -> str:
        """The five things: what was seen, what was allowed, where, why, what to do."""
        lines = [f"{self.verdict}[{self.requirement}]: {self.message}"]
        if self.observed:
            lines.append(f"  observed: {self.observed}")
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        whose = f"{self.level}, {self.party}" + (f", layer {self.layer!r}" if self.layer else "")
        lines.append(f"  where:    event {self.event} of the exchange ({whose})")
        lines.append(f"  why:      {self.url}")
        if self.hint:
            lines.append(f"  help:     {self.hint}")
        return "\n".join(lines)


class _OfViolation(Exception):  # noqa: N818 - what its two kinds have in common
    """Carries a violation, and reads as it does."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation)
        self.violation = violation

    def __str__(self) -> str:
        return str(self.violation)


class ConformanceError(_OfViolation):
    """Raised at the offending call when a validator's policy is ``"raise"``.

    ``violation`` is the :class:`Violation`.
    """


class ConformanceWarning(_OfViolation, UserWarning):
    """Given for a violation that the policy does not raise.

    ``violation`` is the :class:`Violation`.
    """
