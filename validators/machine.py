"""State machines as total tables.

Each row is a state, each column a symbol of a small alphabet into which events
are classified, each cell the next state together with the requirement that the
move breaks, or none. No cell is empty, so that judging goes on sensibly after a
breach. The same tables say what was allowed, draw diagrams and generate legal
and illegal sequences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from gateproof.validators.violation import Verdict


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a move leads, and the requirement it breaks (``None`` for a legal move)."""

    state: int
    requirement: str | None = None
    verdict: Verdict | None = None


def breaks(requirement: str, then: IntEnum, verdict: Verdict | None = None) -> Cell:
    """A forbidden move: the requirement it breaks and the state in which judging goes on.

    ``verdict`` may be milder than the catalogue's.
    """
    return Cell(int(then), requirement, verdict)


class Machine:
    """A total table of moves over two enumerations.

    Attributes:
        name: what the machine follows, for diagrams and messages.
        states, symbols: the two enumerations, members in order from 0.
        rows: ``rows[state][symbol]`` is a :class:`Cell`.
    """

    def __init__(
        self,
        name: str,
        states: type[IntEnum],
        symbols: type[IntEnum],
        rows: tuple[tuple[Cell, ...], ...],
    ) -> None:
        self.name = name
        self.states = states
        self.symbols = symbols
        self.rows = rows

    @classmethod
    def table(
        cls, name: str, symbols: tuple[IntEnum, ...], *rows: tuple[IntEnum | Cell, ...]
    ) -> Machine:
        """Build a machine from a written table.

        Args:
            name: what the machine follows.
            symbols: the header, all members of the symbol enumeration in order.
            rows: one for each state in order: the state, then a cell for each
                symbol, either the next state (a legal move) or :func:`breaks`.

        Raises:
            ValueError: a state, a symbol or a cell is missing or out of order.
        """
        alphabet = type(symbols[0])
        if list(symbols) != list(alphabet):
            raise ValueError(f"{name}: the header must list {alphabet.__name__} in order")
        first = rows[0][0]
        if not isinstance(first, IntEnum):
            raise ValueError(f"{name}: a row must begin with its state")
        states = type(first)
        if [row[0] for row in rows] != list(states):
            raise ValueError(f"{name}: the rows must list {states.__name__} in order")
        table = []
        for row in rows:
            if len(row) != len(symbols) + 1:
                raise ValueError(f"{name}: row {row[0]!r} must have {len(symbols)} cells")
            table.append(
                tuple(cell if isinstance(cell, Cell) else Cell(int(cell)) for cell in row[1:])
            )
        return cls(name, states, alphabet, tuple(table))

    def allowed(self, state: int) -> list[IntEnum]:
        """The symbols that are legal in ``state``."""
        return [
            symbol
            for symbol, cell in zip(self.symbols, self.rows[state], strict=True)
            if cell.requirement is None
        ]

    def column(self, symbol: int) -> frozenset[str]:
        """The requirements that a move by ``symbol`` could break in any state."""
        found = (row[symbol].requirement for row in self.rows)
        return frozenset(name for name in found if name is not None)

    def requirements(self) -> frozenset[str]:
        """Every requirement that some cell names."""
        return frozenset(cell.requirement for _, _, cell in self.cells() if cell.requirement)

    def cells(self) -> Iterator[tuple[IntEnum, IntEnum, Cell]]:
        """Every state, symbol and cell."""
        for state, row in zip(self.states, self.rows, strict=True):
            for symbol, cell in zip(self.symbols, row, strict=True):
                yield state, symbol, cell
