"""How much generated traffic a run makes, by the name of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateproof.conformance.patience import MOST

KINDS = 12
"""After so many different things shown in one case no further one is looked for."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a search for one case may cost.

    Attributes:
        volume: examples made from tapes.
        drawn: examples drawn choice by choice.
        seconds: no further example is begun after so many, on a machine with nothing else
            to do.
        shrinking: likewise, seconds for making one found example smaller.
    """

    volume: int
    drawn: int
    seconds: float
    shrinking: float

    @property
    def longest(self) -> float:
        """Seconds that a search takes at most, give or take an example, on a busy machine."""
        return MOST * (self.seconds + KINDS * self.shrinking)


PROFILES: Mapping[str, Effort] = {
    "quick": Effort(volume=32, drawn=8, seconds=2.0, shrinking=2.0),
    "default": Effort(volume=200, drawn=50, seconds=6.0, shrinking=4.0),
    "thorough": Effort(volume=3_000, drawn=500, seconds=60.0, shrinking=15.0),
    "nightly": Effort(volume=10_000, drawn=1_000, seconds=600.0, shrinking=30.0),
}
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the user asked of generated traffic.

    Attributes:
        effort: how much of it there is.
        seed: what the examples depend on; ``None`` for the same ones in every run.
        database: where choices that showed something are kept: a folder, or the URL of a
            Redis server; empty for nowhere.
        replay: the choices of the one example that is played; ``None`` for a search.
        target: what the examples are for; those of others are kept apart from them.
    """

    effort: Effort = PROFILES[DEFAULT]
    seed: int | None = None
    database: str = ""
    replay: tuple[int, ...] | None = None
    target: str = ""
