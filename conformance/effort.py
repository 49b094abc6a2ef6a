"""How much generated traffic a run makes, by the name of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """What a search for one case may cost.

    Attributes:
        volume: examples made from tapes.
        drawn: examples drawn choice by choice.
        seconds: no further example is begun after so many.
        shrinking: seconds for making one found example smaller.
    """

    volume: int
    drawn: int
    seconds: float
    shrinking: float


PROFILES: Mapping[str, Effort] = {
    "quick": Effort(volume=32, drawn=8, seconds=2.0, shrinking=2.0),
    "default": Effort(volume=200, drawn=50, seconds=6.0, shrinking=4.0),
    "thorough": Effort(volume=3_000, drawn=500, seconds=60.0, shrinking=15.0),
    "nightly": Effort(volume=10_000, drawn=1_000, seconds=600.0, shrinking=30.0),
}
DEFAULT = "default"
