from __future__ import annotations

import pytest

from gateproof.validators.asgi.machines import MACHINES
from gateproof.validators.asgi.words import STATES, SYMBOLS, allowed, where
from gateproof.validators.catalogue import requirement

each_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)


@each_machine
def test_every_cell_is_filled(machine):
    assert len(machine.rows) == len(machine.states)
    for row in machine.rows:
        assert len(row) == len(machine.symbols)
        for cell in row:
            assert cell.state in list(machine.states)


@each_machine
def test_every_state_can_be_reached(machine):
    reached, pending = {0}, [0]
    while pending:
        for cell in machine.rows[pending.pop()]:
            if cell.state not in reached:
                reached.add(cell.state)
                pending.append(cell.state)
    # Where judging holds back is also entered when the server refuses a message.
    held_back = {s for s in machine.states if s.name == "ASTRAY"}

    assert set(machine.states) - held_back <= reached


@each_machine
def test_every_requirement_is_in_the_catalogue(machine):
    for _, _, cell in machine.cells():
        if cell.requirement is not None:
            entry = requirement(cell.requirement)
            assert entry.observable == "boundary"


@each_machine
def test_no_cell_is_graver_than_the_catalogue_allows(machine):
    grave = ["fail", "weak", "observed"]
    for _, _, cell in machine.cells():
        if cell.verdict is not None:
            entry = requirement(cell.requirement)
            assert grave.index(cell.verdict) >= grave.index(entry.enforce)


@each_machine
def test_every_state_has_words(machine):
    for state in machine.states:
        assert where(machine, state)
    assert set(SYMBOLS[machine.name]) <= set(machine.symbols)
    assert set(STATES[machine.name]) == set(machine.states)


@each_machine
def test_a_breach_always_says_what_was_allowed(machine):
    for state, symbol, cell in machine.cells():
        if cell.requirement is not None:
            assert allowed(machine, state, symbol)
