"""Grounds: all that can be walked over the tables of state machines, and walks on them.

A ground is made of one machine, or of what one party can do by several of them at
once. The shortest ways on it are computed once. A walk is made for its aim, one move
out of all that can be reached, so that a cell at the end of a long way is visited as
often as one beside the start; a chosen detour leads there. Any choices whatever make
a walk.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, TypeAlias

from gateproof.conformance.strategies.choices import Choices, Given
from gateproof.validators.machine import Machine
from gateproof.validators.violation import Verdict

Kind = Literal["legal", "forbidden", "beyond"]
KINDS: tuple[Kind, ...] = ("legal", "forbidden", "beyond")
"""What a walk is to show.

``legal`` breaks nothing. ``forbidden`` ends on a cell that breaks a requirement.
``beyond`` ends on a legal cell that only a breach leads to: nothing more is told there.
"""

Node: TypeAlias = Hashable
Broken = tuple[str, Verdict | None]
"""A requirement, and the verdict that its cell names; ``None`` for the catalogue's."""

Cell = tuple[Machine, int, int]
"""A cell of a machine: the machine, its state, the symbol."""

DETOUR = 6
"""Moves that a walk makes at most before it heads for its aim."""

_FAR = 1_000_000
"""More moves than any walk has; one breach weighs that much."""


@dataclass(frozen=True, slots=True)
class Stride:
    """One move on a ground.

    Attributes:
        then: the node that it leads to.
        broken: the requirement that it breaks, if it breaks one.
        cells: the cells that it passes, of one machine or of several.
        wider: what else is broken, by another party, at the same moment.
    """

    then: Node
    broken: Broken | None = None
    cells: tuple[Cell, ...] = ()
    wider: Broken | None = None

    @property
    def state(self) -> int:
        """The state that it leads to, where nodes are a machine's states."""
        if not isinstance(self.then, int):
            raise TypeError(self.then)
        return self.then


Step = Callable[[Node, IntEnum], Stride | None]
"""The move by a symbol from a node; ``None`` where that cannot happen there."""


@dataclass(frozen=True, slots=True)
class Move:
    """A symbol that was drawn, where it was taken, and what came of it."""

    node: Node
    symbol: IntEnum
    stride: Stride


@dataclass(frozen=True, slots=True)
class Walk:
    """A sequence of moves.

    Attributes:
        moves: all of them.
        aim: the index of the move for which the walk was drawn.
        finished: whether the walk ends where walks on its ground may end.
    """

    moves: tuple[Move, ...]
    aim: int
    finished: bool

    @property
    def symbols(self) -> tuple[IntEnum, ...]:
        """What happens, in order."""
        return tuple(move.symbol for move in self.moves)

    @property
    def broken(self) -> tuple[Broken, ...]:
        """All that the walk breaks, in order."""
        return tuple(
            broken
            for move in self.moves
            for broken in (move.stride.wider, move.stride.broken)
            if broken is not None
        )

    @property
    def aimed(self) -> Broken | None:
        """What the move breaks for which the walk was drawn."""
        return self.moves[self.aim].stride.broken

    @property
    def requirement(self) -> str | None:
        """The requirement that the walk was drawn to break."""
        return self.aimed[0] if self.aimed else None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of that cell, ``None`` for the catalogue's."""
        return self.aimed[1] if self.aimed else None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell that the walk passes."""
        return tuple(cell for move in self.moves for cell in move.stride.cells)

    def __str__(self) -> str:
        return " ".join(
            move.symbol.name + ("!" if move.stride.broken else "") for move in self.moves
        )


class Ground:
    """All that can be walked from a start.

    Args:
        start: the first node.
        symbols: what can happen, in the order in which aims are tried.
        step: what comes of a symbol at a node.
        last: symbols after which nothing follows. A walk ends with one of them,
            by the shortest legal way; where there are none, it may end anywhere.
        ends: nodes at which a walk may end, in place of ``last``.
        drawn: the symbols for which walks are drawn, ``None`` for all.
        most: how many breaches may lead to a cell that nothing else leads to.

    Attributes:
        aims: by kind, the moves for which walks are drawn, the nearest first; those
            together that pass the same cells, so that each cell is drawn equally often.
    """

    def __init__(
        self,
        start: Node,
        symbols: Iterable[IntEnum],
        step: Step,
        *,
        last: Collection[IntEnum] = (),
        ends: Collection[Node] | None = None,
        drawn: Collection[IntEnum] | None = None,
        most: int = 1,
    ) -> None:
        self.start = start
        self._symbols = tuple(symbols)
        self._last = frozenset(last)
        self._ends = None if ends is None else frozenset(ends)
        self._moves: dict[Node, tuple[Move, ...]] = {}
        self._before: dict[Node, list[Move]] = {}
        self._most = most
        self._cost = self._explored(step)
        self._to: dict[Node, dict[Node, int]] = {}
        self._home = self._homeward()
        self.aims = self._aims(self._symbols if drawn is None else drawn)

    def _explored(self, step: Step) -> dict[Node, int]:
        """The cost of the cheapest way to each node: its breaches, then its length."""
        cost = {self.start: 0}
        heap: list[tuple[int, int, Node]] = [(0, 0, self.start)]
        count = 0
        while heap:
            so_far, _, node = heapq.heappop(heap)
            if node in self._moves:
                continue
            self._moves[node] = moves = tuple(self._from(node, step))
            for move in moves:
                if move.symbol in self._last:
                    continue
                self._before.setdefault(move.stride.then, []).append(move)
                then = so_far + _weight(move)
                if then < cost.get(move.stride.then, then + 1):
                    cost[move.stride.then] = then
                    count += 1
                    heapq.heappush(heap, (then, count, move.stride.then))
        return cost

    def _from(self, node: Node, step: Step) -> Iterable[Move]:
        for symbol in self._symbols:
            stride = step(node, symbol)
            if stride is not None:
                yield Move(node, symbol, stride)

    def _spread(self, costs: dict[Node, int]) -> dict[Node, int]:
        """What it costs from every node to get to those of ``costs``."""
        found: dict[Node, int] = {}
        heap = [(cost, count, node) for count, (node, cost) in enumerate(costs.items())]
        heapq.heapify(heap)
        count = len(heap)
        while heap:
            cost, _, node = heapq.heappop(heap)
            if node in found:
                continue
            found[node] = cost
            for move in self._before.get(node, ()):
                if move.node not in found and move.node in self._moves:
                    count += 1
                    heapq.heappush(heap, (cost + _weight(move), count, move.node))
        return found

    def _homeward(self) -> dict[Node, int]:
        """What it costs from every node to end there; nodes from which no legal way leads."""
        if self._last:
            ends = {
                node: min(weights)
                for node, moves in self._moves.items()
                if (weights := [_weight(move) for move in moves if move.symbol in self._last])
            }
        else:
            ends = dict.fromkeys(self._moves if self._ends is None else self._ends, 0)
        return {node: cost for node, cost in self._spread(ends).items() if cost < _FAR}

    def _aims(self, drawn: Collection[IntEnum]) -> dict[Kind, tuple[tuple[Move, ...], ...]]:
        found: dict[Kind, dict[object, list[Move]]] = {kind: {} for kind in KINDS}
        near = [(cost, node) for node, cost in self._cost.items() if cost // _FAR <= self._most]
        for cost, node in sorted(near, key=lambda pair: pair[0]):
            for move in self._moves[node]:
                kind: Kind = "legal"
                if move.stride.broken is not None:
                    kind = "forbidden"
                elif cost >= _FAR:
                    kind = "beyond"
                elif move.symbol not in self._last and move.stride.then not in self._home:
                    continue
                if move.symbol in drawn:
                    found[kind].setdefault(move.stride.cells or move.symbol, []).append(move)
        return {kind: tuple(map(tuple, groups.values())) for kind, groups in found.items()}

    def reached(self) -> frozenset[Cell]:
        """Every cell that some walk is drawn for."""
        return frozenset(
            cell
            for groups in self.aims.values()
            for group in groups
            for move in group
            for cell in move.stride.cells
        )

    def walk(self, kind: Kind, choices: Choices) -> Walk:
        """A walk that is chosen: what it is drawn for, then which way it goes there.

        Any choices make a walk.

        Raises:
            ValueError: this ground has no walks of that kind.
        """
        if not self.aims[kind]:
            raise ValueError(f"no walk on this ground is {kind}")
        return self._walk(choices.pick(choices.pick(self.aims[kind])), choices)

    def _walk(self, move: Move, choices: Choices) -> Walk:
        moves = self._way(move.node, choices)
        moves.append(move)
        aim = len(moves) - 1
        finished = self._finish(moves)
        return Walk(tuple(moves), aim, finished)

    def every(self, kind: Kind) -> tuple[Walk, ...]:
        """The shortest walk for each move that walks of a kind are drawn for."""
        return tuple(self._walk(move, Given(())) for group in self.aims[kind] for move in group)

    def _way(self, target: Node, choices: Choices) -> list[Move]:
        """Moves from the start to ``target``: some chosen ones, then the shortest.

        No way with more breaches than the one with the fewest is taken.
        """
        costs = self._to.get(target)
        if costs is None:
            costs = self._to[target] = self._spread({target: 0})
        node, moves = self.start, list[Move]()
        most = costs[node] // _FAR
        for _ in range(choices.below(DETOUR + 1)):
            open_ = [
                move
                for move in self._moves[node]
                if move.symbol not in self._last
                and move.stride.then in costs
                and (_weight(move) + costs[move.stride.then]) // _FAR <= most
            ]
            if not open_:
                break
            move = choices.pick(open_)
            moves.append(move)
            most -= move.stride.broken is not None
            node = move.stride.then
        while node != target:
            move = self._nearest(node, costs)
            moves.append(move)
            node = move.stride.then
        return moves

    def _nearest(self, node: Node, costs: dict[Node, int]) -> Move:
        """The first move of the cheapest way."""
        onward = [
            move
            for move in self._moves[node]
            if move.symbol not in self._last and move.stride.then in costs
        ]
        return min(onward, key=lambda move: _weight(move) + costs[move.stride.then])

    def _finish(self, moves: list[Move]) -> bool:
        """Add the shortest legal way to an end; ``False`` where there is none."""
        while moves[-1].symbol not in self._last:
            node = moves[-1].stride.then
            left = self._home.get(node)
            if left is None:
                return False
            if left == 0:
                return True
            ending = [
                move
                for move in self._moves[node]
                if move.symbol in self._last and move.stride.broken is None
            ]
            moves.append(ending[0] if ending and left == 1 else self._nearest(node, self._home))
        return True


def halves(node: Node) -> tuple[int, bool]:
    """A node that is made of a state and of whether something has happened."""
    if not isinstance(node, tuple):
        raise TypeError(node)
    state, happened = node
    return state, happened


def _weight(move: Move) -> int:
    return 1 if move.stride.broken is None else 1 + _FAR


def stride(machine: Machine, state: int, symbol: int) -> Stride:
    """The move of one machine: where it leads is the state itself."""
    cell = machine.rows[state][symbol]
    broken = None if cell.requirement is None else (cell.requirement, cell.verdict)
    return Stride(cell.state, broken, ((machine, int(state), int(symbol)),))
