"""The tables are total, every state can be reached, and every cell's requirement is known."""

from __future__ import annotations

import pytest

from gateproof.validators import catalogue
from gateproof.validators.wsgi import machines, order

each = pytest.mark.parametrize("machine", machines.MACHINES, ids=lambda machine: machine.name)


@each
def test_is_total(machine):
    assert len(machine.rows) == len(machine.states)
    assert all(len(row) == len(machine.symbols) for row in machine.rows)
    assert all(0 <= cell.state < len(machine.states) for _, _, cell in machine.cells())


@each
def test_every_state_can_be_reached(machine):
    reached = {0}
    if machine is machines.STARTER:  # its states are set by the table of what is owed
        reached |= {int(state) for pair in machines.OWED.values() for state in pair}
        reached.add(int(machines.Starter.DOUBTFUL))
    while True:
        more = {cell.state for state, _, cell in machine.cells() if int(state) in reached}
        if more <= reached:
            break
        reached |= more
    assert reached == {int(state) for state in machine.states}


@each
def test_every_cell_can_be_told(machine):
    for state, symbol, cell in machine.cells():
        if cell.requirement is None:
            with pytest.raises(ValueError, match="legal"):
                order.broken(machine, state, symbol)
            continue
        breach = order.broken(machine, state, symbol)
        entry = catalogue.requirement(breach.requirement)
        assert breach.expected
        assert machines.label(machine, symbol) in breach.observed
        assert cell.verdict is None or cell.verdict != "fail"
        assert entry.observable in {"boundary", "static"}


@each
def test_every_symbol_has_words(machine):
    for symbol in machine.symbols:
        assert machines.label(machine, symbol)


def test_every_state_of_the_response_owes_an_answer():
    assert list(machines.OWED) == list(machines.Response)
