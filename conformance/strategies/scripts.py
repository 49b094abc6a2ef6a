"""What the generators of scripts have in common: a script, and what is expected of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.strategies.ground import Broken, Walk
from gateproof.targets.script import Script
from gateproof.validators import catalogue
from gateproof.validators.violation import Verdict

SOUND: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expected:
    """An application's behaviour, and what a judge is to say of it.

    Attributes:
        requirement: what it was drawn to break, ``None`` for nothing.
        verdict: how grave that is, ``None`` where nothing is broken.
        script: the behaviour.
        why: the walk in words.
        walk: the walk itself.
        broken: every requirement that it breaks, in order: more than one where only
            another breach leads to what it was drawn for. A server that refuses the
            first may end the call there, so that only a beginning of these is told.
        also: what cannot but be told along with these, all of it milder.
    """

    requirement: str | None
    verdict: Verdict | None
    script: Script
    why: str
    walk: Walk = field(repr=False)
    broken: tuple[str, ...] = ()
    also: frozenset[str] = SOUND


def expected(walk: Walk, script: Script, also: frozenset[str] = SOUND) -> Expected:
    """What is expected of ``script``, which plays ``walk``."""
    return Expected(script=script, also=also, **judged(walk))


def judged(walk: Walk) -> dict[str, Any]:
    """What a judge is to say of whatever plays ``walk``, as keywords of what is expected."""
    aimed = walk.aimed
    return {
        "requirement": None if aimed is None else aimed[0],
        "verdict": None if aimed is None else gravity(aimed),
        "why": described(walk),
        "walk": walk,
        "broken": tuple(requirement for requirement, _ in walk.broken),
    }


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a server delivers on one connection, and what a judge is to say of the server.

    Attributes:
        requirement, verdict, why, walk, broken: as for :class:`Expected`.
        events: what receive() gives, in order; a text is the application's turn
            between two of them.
    """

    requirement: str | None
    verdict: Verdict | None
    events: tuple[dict[str, Any] | str, ...]
    why: str
    walk: Walk = field(repr=False)
    broken: tuple[str, ...] = ()


def delivery(walk: Walk, events: Iterable[dict[str, Any] | str]) -> Delivery:
    """What is expected of ``events``, which play ``walk``."""
    return Delivery(events=tuple(events), **judged(walk))


def gravity(broken: Broken) -> Verdict:
    """How grave a breach is: what its cell says, or the catalogue."""
    requirement, verdict = broken
    return verdict or catalogue.requirement(requirement).enforce


def described(walk: Walk) -> str:
    """A walk in words: what led to the move it was drawn for, and that move."""
    move = walk.moves[walk.aim]
    before = " ".join(one.symbol.name for one in walk.moves[: walk.aim]) or "the start"
    if not move.stride.cells:
        return f"{move.symbol.name} after {before}"
    cells = [
        cell
        for cell in move.stride.cells
        if cell[0].rows[cell[1]][cell[2]].requirement == walk.requirement
    ]
    machine, state, _ = (cells or move.stride.cells)[-1]
    return f"{machine.name}: {move.symbol.name} in {machine.states(state).name}, after {before}"
