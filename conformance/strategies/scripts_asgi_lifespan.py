"""ASGI lifespan: behaviours of applications, and sequences of a lifespan's events.

One machine follows both sides. Where the application is drawn, the server delivers
only what is due; where the server is drawn, the application answers only as it may.
No walk is turned into a lifespan of the server in this process: all that a sound
server chooses there is whether it stops.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from typing import Any

from gateproof.conformance.strategies import scripts
from gateproof.conformance.strategies.choices import Choices, Given
from gateproof.conformance.strategies.ground import Ground, Kind, Node, Stride, Walk, halves
from gateproof.conformance.strategies.ground import stride as taken
from gateproof.conformance.strategies.scripts import Delivery, Expected
from gateproof.conformance.strategies.walks import Describe, described
from gateproof.targets.script import Script, Step, raise_, receive, return_, send
from gateproof.validators.asgi.machines import LIFE, Life, Lives

EVENTS = {
    Lives.STARTUP: "lifespan.startup",
    Lives.SHUTDOWN: "lifespan.shutdown",
    Lives.COMPLETE: "lifespan.startup.complete",
    Lives.FAIL: "lifespan.startup.failed",
    Lives.STOP: "lifespan.shutdown.complete",
    Lives.STOP_FAIL: "lifespan.shutdown.failed",
}
"""The types of the events that symbols stand for."""

ENDS = (Lives.RETURN, Lives.RAISE)
DELIVERED = (Lives.STARTUP, Lives.SHUTDOWN)
FAILURES = (Lives.FAIL, Lives.STOP_FAIL)
REASONS = ("", "no database", "\u00e9")

_OVER = "its call has ended, and nothing more can come from it"
UNPLAYED: dict[tuple[str, str, str], str] = {
    (LIFE.name, "HASTY", "SHUTDOWN"): "a server delivers the startup first, whoever was hasty",
    **{
        (LIFE.name, "UNSUPPORTED", symbol.name): _OVER
        for symbol in Lives
        if symbol not in DELIVERED
    },
}
"""Cells that neither side plays, by machine, state and symbol, and why."""


# Applications ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Here:
    """Where a lifespan is: its state, how much was delivered, whether startup was answered."""

    life: int = 0
    delivered: int = 0
    ready: bool | None = None


def _lives(node: Node, symbol: IntEnum) -> Stride | None:
    if not isinstance(node, Here):
        return None
    made = taken(LIFE, node.life, symbol)
    delivered, ready = node.delivered, node.ready
    if symbol in DELIVERED:
        due = delivered == 0 if symbol is Lives.STARTUP else delivered == 1 and ready
        if not due or made.broken is not None:
            return None
        delivered += 1
    elif symbol in (Lives.COMPLETE, Lives.FAIL) and ready is None:
        ready = symbol is Lives.COMPLETE
    return replace(made, then=Here(made.state, delivered, ready))


@cache
def life_ground() -> Ground:
    """What an application can do in its lifespan."""
    return Ground(Here(), tuple(Lives), _lives, last=ENDS)


def applications(kind: Kind) -> Describe[Expected]:
    """Behaviours of an application, with what is expected of them.

    Args:
        kind: what they are to show.
    """
    return described(life_ground(), kind, scripted)


def scripted(walk: Walk, choices: Choices | None = None) -> Expected:
    """The script that plays a walk over :func:`life_ground`."""
    choices = choices or Given(())
    steps = tuple(_step(Lives(move.symbol), choices) for move in walk.moves)
    return scripts.expected(walk, Script(asgi=steps, legal=not walk.broken))


def _step(symbol: Lives, choices: Choices) -> Step:
    if symbol in DELIVERED:
        return receive()
    if symbol is Lives.RAISE:
        return raise_()
    if symbol is Lives.RETURN:
        return return_()
    event: dict[str, Any] = {"type": EVENTS[symbol]}
    if symbol in FAILURES and choices.odds(1):
        event["message"] = choices.pick(REASONS)
    return send(event)


# Servers ---------------------------------------------------------------------------


def _serves(node: Node, symbol: IntEnum) -> Stride | None:
    state, over = halves(node)
    made = taken(LIFE, state, symbol)
    if symbol not in DELIVERED and (over or made.broken is not None):
        return None
    if over and state != Life.UNSUPPORTED:
        return None  # what comes after a return, nobody hears
    return replace(made, then=(made.then, over or symbol in ENDS))


@cache
def server_ground() -> Ground:
    """What a server can deliver to an application that answers as it may."""
    return Ground((0, False), tuple(Lives), _serves, drawn=DELIVERED)


def deliveries(kind: Kind) -> Describe[Delivery]:
    """Sequences of events of one lifespan, sound ones and others.

    A text is the type of what the application sends, or ``"return"`` or ``"raise"``;
    what is delivered after these is given to a receive() called before.
    """
    return described(server_ground(), kind, delivered)


def delivered(walk: Walk, choices: Choices | None = None) -> Delivery:
    """The events of a walk over :func:`server_ground`."""
    choices = choices or Given(())
    events: list[dict[str, Any] | str] = []
    for move in walk.moves:
        symbol = Lives(move.symbol)
        if symbol in DELIVERED:
            events.append({"type": EVENTS[symbol]})
        else:
            events.append("return" if symbol is Lives.RETURN else EVENTS.get(symbol, "raise"))
    return scripts.delivery(walk, events)
