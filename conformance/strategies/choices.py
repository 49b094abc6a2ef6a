"""Choices, from which examples are made: one description of an example serves two styles.

A description is a function that is given :class:`Choices` and makes an example from
them. Each choice is a number below a bound, 0 being the plainest. On a *tape* of random
octets a choice costs next to nothing, which is for volume; *drawn* one by one they are
Hypothesis's own, which is for shrinking. What was found on a tape is a list of numbers,
and with that list the other style begins where the first left off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.control import current_build_context

T = TypeVar("T")

OCTETS = 160
"""Octets of tape that one example is made from; where they are used up, all that follows is 0."""

SEED = 8
"""Octets that a whole tape is made from."""


class Choices:
    """Where a description gets its choices from.

    Attributes:
        made: the choices so far, each with its bound.
    """

    __slots__ = ("made",)

    def __init__(self) -> None:
        self.made: list[tuple[int, int]] = []

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound - 1``; none is chosen where there is but one."""
        if bound < 2:
            return 0
        chosen = self._next(bound)
        self.made.append((chosen, bound))
        return chosen

    def _next(self, bound: int) -> int:
        raise NotImplementedError

    def pick(self, options: Sequence[T]) -> T:
        """One of ``options``, of which the first is the plainest."""
        return options[self.below(len(options))]

    def odds(self, against: int) -> bool:
        """True once in ``against + 1`` times."""
        return self.below(against + 1) == against

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """Up to ``most`` of ``options``, in any order, the same one more than once perhaps."""
        return [self.pick(options) for _ in range(self.below(most + 1))]

    def cuts(self, octets: bytes, most: int) -> tuple[bytes, ...]:
        """``octets`` in up to ``most + 1`` pieces, some of them perhaps empty."""
        places = sorted(self.below(len(octets) + 1) for _ in range(self.below(most + 1)))
        edges = [0, *places, len(octets)]
        return tuple(octets[a:b] for a, b in pairwise(edges))


class Tape(Choices):
    """Choices that random octets make.

    Args:
        octets: the tape.
    """

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        super().__init__()
        self._octets = octets
        self._at = 0

    def _next(self, bound: int) -> int:
        wide = 1 if bound <= 64 else 2 if bound <= 1 << 12 else 4  # so that all are about as likely
        at = self._at
        self._at = at + wide
        return int.from_bytes(self._octets[at : at + wide], "big") % bound


class Drawn(Choices):
    """Choices that Hypothesis draws one by one, and can shrink one by one."""

    __slots__ = ("_draw",)

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        super().__init__()
        self._draw = draw

    def _next(self, bound: int) -> int:
        return self._draw(_numbers(bound))


class Straight(Choices):
    """Choices as of `Drawn`, without the strategy that is around each: that costs the half."""

    __slots__ = ("_data",)

    def __init__(self, data: Any) -> None:
        super().__init__()
        self._data = data

    def _next(self, bound: int) -> int:
        chosen: int = self._data.draw_integer(0, bound - 1)
        return chosen


class Given(Choices):
    """Choices that are known beforehand; those after the last are 0."""

    __slots__ = ("_left",)

    def __init__(self, choices: Sequence[int]) -> None:
        super().__init__()
        self._left = iter(choices)

    def _next(self, bound: int) -> int:
        return min(next(self._left, 0), bound - 1)


@lru_cache(maxsize=1024)
def _numbers(bound: int) -> st.SearchStrategy[int]:
    return st.integers(0, bound - 1)


def structured(describe: Callable[[Choices], T]) -> st.SearchStrategy[T]:
    """Examples as ``describe`` makes them, drawn choice by choice."""
    return recorded(describe).map(lambda found: found[0])


def recorded(describe: Callable[[Choices], T]) -> st.SearchStrategy[tuple[T, list[int]]]:
    """Examples, each with the numbers that it was made from."""

    @st.composite
    def examples(draw: Any) -> tuple[T, list[int]]:
        data = current_build_context().data
        choices = Straight(data) if hasattr(data, "draw_integer") else Drawn(draw)
        example = describe(choices)
        return example, [chosen for chosen, _ in choices.made]

    return examples()


def tapes(examples: int) -> st.SearchStrategy[bytes]:
    """Tapes for so many examples each, one behind the other.

    Hypothesis draws octets one by one, which costs more than most examples do: it
    draws a few, from which the others are made.
    """
    length = OCTETS * examples
    return st.binary(min_size=SEED, max_size=SEED).map(
        lambda drawn: hashlib.shake_128(drawn).digest(length)
    )


def cut(tape: bytes) -> list[bytes]:
    """The tape of each example on a tape for several."""
    return [tape[at : at + OCTETS] for at in range(0, len(tape), OCTETS)]
