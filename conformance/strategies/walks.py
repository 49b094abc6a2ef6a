"""Walks over state machines: legal ones, and ones that end on a forbidden cell.

The tables by which the judges judge are read here as a map, see
:mod:`gateproof.conformance.strategies.ground`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import IntEnum
from functools import cache, partial
from typing import TypeVar

from hypothesis import strategies as st

from gateproof.conformance.strategies.choices import Choices, Tape, structured, tapes
from gateproof.conformance.strategies.ground import Ground, Kind, Node, Stride, Walk, stride
from gateproof.validators.machine import Machine

T = TypeVar("T")

Describe = Callable[[Choices], T]
"""A description: it makes an example from choices."""


def _step(machine: Machine, without: frozenset[int], node: Node, symbol: IntEnum) -> Stride | None:
    if not isinstance(node, int) or symbol in without:
        return None
    return stride(machine, node, symbol)


@cache
def ground(
    machine: Machine,
    start: int = 0,
    *,
    ends: frozenset[int] | None = None,
    last: frozenset[IntEnum] = frozenset(),
    without: frozenset[int] = frozenset(),
) -> Ground:
    """The ground of one machine alone, computed once; arguments as for :class:`Ground`.

    ``without`` are symbols that are never drawn.
    """
    step = partial(_step, machine, without)
    return Ground(int(start), tuple(machine.symbols), step, last=last, ends=ends)


def strategy(describe: Describe[T], *, fast: bool = False) -> st.SearchStrategy[T]:
    """What a description makes, as a strategy.

    Args:
        describe: makes an example from choices.
        fast: draw one run of octets. That is quicker and visits all cells equally
            often, but it shrinks less well; what can be drawn is the same.
    """
    if not fast:
        return structured(describe)
    return tapes(1).map(lambda octets: describe(Tape(octets)))


def described(land: Ground, kind: Kind, make: Callable[[Walk, Choices], T]) -> Describe[T]:
    """The description of a walk of a kind, then of what ``make`` makes of it."""
    return lambda choices: make(land.walk(kind, choices), choices)


def walks(land: Ground, kind: Kind, *, fast: bool = False) -> st.SearchStrategy[Walk]:
    """Walks of one kind; ``fast`` as for :func:`strategy`."""
    return strategy(partial(land.walk, kind), fast=fast)


def over(
    machine: Machine,
    start: int = 0,
    *,
    ends: Collection[int] | None = None,
    last: Collection[IntEnum] = (),
    without: Collection[int] = (),
) -> Ground:
    """The ground of one machine alone, from any collections.

    Args:
        machine: any machine.
        start: the first state.
        ends: states in which a walk may end, ``None`` for any.
        last: symbols with which a walk ends, in place of ``ends``.
        without: symbols that never happen.
    """
    return ground(
        machine,
        int(start),
        ends=None if ends is None else frozenset(map(int, ends)),
        last=frozenset(last),
        without=frozenset(map(int, without)),
    )
