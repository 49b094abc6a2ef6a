"""Walks go where the tables lead, break what they say, and reach every cell of every machine."""

from __future__ import annotations

import importlib.util
from enum import IntEnum
from pathlib import Path

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from gateproof.conformance.strategies.choices import Given
from gateproof.conformance.strategies.ground import KINDS
from gateproof.conformance.strategies.walks import ground, over, walks
from gateproof.validators.asgi.machines import MACHINES as ASGI
from gateproof.validators.asgi.machines import RESPONSE, Response, Sends
from gateproof.validators.machine import Machine, breaks
from gateproof.validators.wsgi.machines import MACHINES as WSGI
from gateproof.validators.wsgi.machines import STARTER

_SPEC = importlib.util.spec_from_file_location("playing", Path(__file__).parent / "playing.py")
playing = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(playing)

each_machine = pytest.mark.parametrize("machine", [*ASGI, *WSGI], ids=lambda m: m.name)
each_kind = pytest.mark.parametrize("kind", KINDS)

EACH = 10
"""Examples for each cell: one in 22,000 is missed by chance."""


def replayed(machine, start, walk):
    """What the machine itself says of a walk: the states and the breaches, move by move."""
    state, states, broken = start, [], []
    for symbol in walk.symbols:
        cell = machine.rows[state][symbol]
        states.append(state)
        broken.append(cell.requirement and (cell.requirement, cell.verdict))
        state = cell.state
    return states, broken


def held(machine, start, walk, kind):
    """Whether a walk is what it claims to be."""
    states, broken = replayed(machine, start, walk)
    assert states == [move.node for move in walk.moves]
    assert [one for one in broken if one] == list(walk.broken)
    before, aimed, after = broken[: walk.aim], broken[walk.aim], broken[walk.aim + 1 :]
    assert not any(after)
    assert sum(map(bool, before)) <= 1
    assert bool(aimed) is (kind == "forbidden")
    assert any(before) or kind != "beyond"
    assert not any(before) or kind != "legal"
    assert (walk.requirement, walk.verdict) == (aimed or (None, None))


def drawn(strategy, count, check):
    """Draw walks and check each; gives the cells that they pass."""
    passed = set()

    @playing.examples(count)
    @given(strategy)
    def look(walk):
        check(walk)
        passed.update((cell[1], cell[2]) for cell in walk.cells)

    look()
    return passed


@each_machine
def test_every_state_transition_and_forbidden_cell_is_reached(machine):
    # What the server owes to a call is set by another table, so that all are starts.
    starts = list(machine.states) if machine is STARTER else [0]
    passed = set()
    for start in starts:
        land = ground(machine, int(start))
        for kind in KINDS:
            if land.aims[kind]:
                count = EACH * len(land.aims[kind])
                check = lambda walk, s=int(start), k=kind: held(machine, s, walk, k)  # noqa: E731
                passed |= drawn(walks(land, kind, fast=True), count, check)

    assert passed == {(int(state), int(symbol)) for state, symbol, _ in machine.cells()}


@each_machine
@each_kind
def test_any_numbers_make_a_walk(machine, kind):
    land = ground(machine, 1 if machine is STARTER else 0)
    if not land.aims[kind]:
        with pytest.raises(ValueError, match="no walk"):
            land.walk(kind, Given(()))
        return

    @playing.examples(40)
    @given(st.lists(st.integers(0, 2**16), max_size=30))
    def look(numbers):
        walk = land.walk(kind, Given(numbers))
        held(machine, walk.moves[0].node, walk, kind)
        assert walk == land.walk(kind, Given(numbers))

    look()


@each_machine
def test_the_structured_style_draws_the_same_walks(machine):
    if machine is STARTER:
        return
    for kind in KINDS:
        if ground(machine).aims[kind]:
            drawn(walks(over(machine), kind), 40, lambda walk, k=kind: held(machine, 0, walk, k))


def test_walks_end_with_the_symbols_asked_for_and_never_go_on():
    seen = drawn(
        walks(over(RESPONSE, last=(Sends.RETURN,)), "legal"),
        200,
        lambda walk: playing.check(
            walk.finished
            and walk.symbols[-1] is Sends.RETURN
            and Sends.RETURN not in walk.symbols[:-1]
        ),
    )
    assert {symbol for _, symbol in seen} == {int(symbol) for symbol in Sends}


def test_walks_end_in_the_states_asked_for():
    ends = {int(Response.DONE), int(Response.ENDED)}
    drawn(
        walks(over(RESPONSE, ends=ends), "legal"),
        200,
        lambda walk: playing.check(walk.moves[-1].stride.then in ends),
    )


def test_walks_start_where_they_are_asked_to_and_leave_symbols_out():
    without = [Sends.HINT, Sends.PUSH, Sends.RETURN]
    seen = drawn(
        walks(over(RESPONSE, Response.PROMISED, without=without), "forbidden"),
        200,
        lambda walk: playing.check(walk.moves[0].node == Response.PROMISED),
    )
    assert not {symbol for _, symbol in seen} & {int(symbol) for symbol in without}


@pytest.mark.parametrize("fast", [False, True], ids=["structured", "fast"])
def test_a_walk_shrinks_to_the_shortest_way(fast):
    walk = find(
        walks(over(RESPONSE, last=(Sends.RETURN,)), "forbidden", fast=fast),
        lambda walk: walk.requirement == "asgi.ext.trailers.promised-must-come",
        settings=playing.examples(3000),
    )

    assert str(walk) == "PROMISE LAST RETURN!"


class Place(IntEnum):
    HERE = 0
    THERE = 1
    NOWHERE = 2


class Go(IntEnum):
    ON = 0
    BACK = 1


TRAP = Machine.table(
    "a place without a way out",
    tuple(Go),
    (Place.HERE, Place.THERE, Place.NOWHERE),
    (Place.THERE, breaks("a.b", Place.NOWHERE, "weak"), Place.HERE),
    (Place.NOWHERE, Place.NOWHERE, Place.NOWHERE),
)


def test_legal_walks_enter_no_place_from_which_no_end_is_reached():
    land = ground(TRAP, ends=frozenset({0}))

    assert sorted(str(walk) for walk in land.every("legal")) == ["ON BACK", "ON BACK"]
    (walk,) = land.every("forbidden")
    assert str(walk) == "ON ON!"
    assert not walk.finished
    assert (walk.requirement, walk.verdict) == ("a.b", "weak")


def test_a_ground_is_computed_once():
    assert ground(RESPONSE) is ground(RESPONSE)
