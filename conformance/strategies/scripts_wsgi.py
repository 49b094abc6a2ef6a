"""WSGI: behaviours of applications, answers of servers, and ways to treat a result.

An application's walk goes over the machines of the response and of ``write()`` at
once. What a server answers to ``start_response`` is walked on top of that, and what
it does with the result by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cache

from gateproof.conformance.strategies import scripts
from gateproof.conformance.strategies.choices import Choices, Given
from gateproof.conformance.strategies.ground import Ground, Kind, Move, Node, Stride, Walk
from gateproof.conformance.strategies.ground import stride as taken
from gateproof.conformance.strategies.scripts import Expected
from gateproof.conformance.strategies.walks import Describe, described
from gateproof.targets.script import Script, Step, catching, result, start, write, yield_
from gateproof.validators.wsgi.machines import (
    RESPONSE,
    WRITING,
    Answers,
    Does,
    Response,
    Writes,
    Writing,
)

PIECES = (b"ok", b"x" * 1000, b"\x00\xff\r\n", b"y" * 70_000)
STATUSES = ("200 OK", "404 Not Found", "500 Internal Server Error", "599 Odd")
LAZY = ("generator", "iterator", "iterable")
HELD = (*LAZY, "list", "tuple")

WROTE = frozenset({"wsgi.write.prefer-iterable", "wsgi.write.avoid-in-new-apps"})
"""What is said of any use of ``write()``."""

TRAPS = frozenset({"wsgi.errors-handling.app-traps-own-errors"})
"""What is said of an exception that leaves an application."""

_NO_WRITER = "write() comes from a start_response that returned, and there was none"
_MOVED_ON = "a refusal follows a call, which has moved the response on to STARTED"
_OVER = "nothing of the response is judged after its end"
UNPLAYED: dict[tuple[str, str, str], str] = {
    **{
        (RESPONSE.name, state, symbol): _NO_WRITER
        for state in ("UNSTARTED", "IDLING", "REFUSED")
        for symbol in ("WRITE", "WRITE_EMPTY")
    },
    **{
        (RESPONSE.name, state.name, "REFUSAL"): _MOVED_ON
        for state in Response
        if state is not Response.STARTED
    },
    **{(RESPONSE.name, "OVER", symbol.name): _OVER for symbol in Does},
    (WRITING.name, "RETURNED", "RETURN"): "an application returns once",
}
"""Cells that no script plays, by machine, state and symbol, and why."""

_CALLS = (Does.START, Does.START_ERROR, Does.REFUSAL)
_WRITES = {Does.WRITE: Writes.WRITE, Does.WRITE_EMPTY: Writes.WRITE}
_ITEMS = (Does.ITEM, Does.ITEM_EMPTY, Does.EXHAUST)
_UNSET = (Response.UNSTARTED, Response.IDLING, Response.REFUSED)


# Applications ----------------------------------------------------------------------


class Turn(IntEnum):
    """What an application does besides its response.

    ``BACK`` is the return of its call. ``FAIL`` is start_response with exc_info once
    body data may have been sent: what it raises is the end.
    """

    BACK = 100
    FAIL = 101


@dataclass(frozen=True, slots=True)
class Here:
    """Where an application is: its response, whether it returned, whether it can write."""

    response: int = 0
    writing: int = 0
    writer: bool = False


def does(node: Node, symbol: IntEnum) -> Stride | None:
    """A move by the response and by ``write()``; of two breaches the one of ``write()`` is told."""
    here = node
    if not isinstance(here, Here) or here.response == Response.OVER:
        return None
    back = here.writing == Writing.RETURNED
    if symbol is Turn.BACK:
        gone = taken(WRITING, here.writing, Writes.RETURN)
        return None if back else replace(gone, then=replace(here, writing=gone.state))
    late = here.response in (Response.TOUCHED, Response.SENT)
    if symbol is Turn.FAIL:
        symbol, late = Does.START_ERROR, not late
    if symbol is Does.REFUSAL:
        return _refused(here)
    if symbol in _ITEMS and not back:
        return None
    if symbol is Does.START_ERROR and (late or (here.response == Response.ASTRAY and here.writer)):
        return None  # data that went astray may have been sent after all
    if symbol is Does.START and here.response == Response.REFUSED:
        return None  # a sound server refuses it once more
    made = taken(RESPONSE, here.response, symbol)
    if symbol in _WRITES:
        if not here.writer:
            return None
        wrote = taken(WRITING, here.writing, Writes.WRITE)
        cells = wrote.cells + made.cells
        made = replace(made, broken=wrote.broken or made.broken, cells=cells)
    writer = here.writer or symbol in _CALLS
    return replace(made, then=Here(made.state, here.writing, writer))


def _refused(here: Here) -> Stride | None:
    """A call without exc_info that the server refuses, while no call has been accepted."""
    if here.response not in _UNSET:
        return None
    called = taken(RESPONSE, here.response, Does.START)
    made = taken(RESPONSE, called.state, Does.REFUSAL)
    then = replace(here, response=made.state)
    return Stride(then, called.broken, called.cells + made.cells)


def _willing(node: Node, symbol: IntEnum) -> Stride | None:
    """The same under a server that refuses no call but a second one."""
    return None if symbol is Does.REFUSAL else does(node, symbol)


@cache
def response_ground(*, refusing: bool = False) -> Ground:
    """What an application can do; ``refusing`` under a server that may refuse its calls."""
    step = does if refusing else _willing
    return Ground(Here(), (*Does, *Turn), step, last=(Does.EXHAUST, Turn.FAIL))


@dataclass(frozen=True, slots=True)
class Call(Expected):
    """An application's behaviour, and what the server has to do for it.

    Attributes:
        refused: which calls of start_response the server refuses, counted from 1,
            besides a second one without exc_info; only a server in this process can
            be asked for that.
        answered: how the server answers the last call, where it is the server that is
            drawn.
    """

    refused: frozenset[int] = field(default=frozenset())
    answered: Answers | None = None


def applications(kind: Kind, *, refusing: bool = False) -> Describe[Call]:
    """Behaviours of an application, with what is expected of them.

    Args:
        kind: what they are to show.
        refusing: whether start_response may refuse sound calls, see :class:`Call`.
    """
    return described(response_ground(refusing=refusing), kind, scripted)


def scripted(walk: Walk, choices: Choices | None = None) -> Call:
    """The script that plays a walk over :func:`response_ground`."""
    choices = choices or Given(())
    steps, refused, also = played(walk.moves, choices)
    script = Script(wsgi=tuple(steps), legal=not walk.broken)
    return Call(script=script, also=also, refused=refused, **scripts.judged(walk))


def played(
    moves: Sequence[Move], choices: Choices, *, sized: bool = True
) -> tuple[list[Step], frozenset[int], frozenset[str]]:
    """The steps of a walk, the calls that are to be refused, and what is told besides."""
    called: list[Step] = []
    iterated: list[Step] = []
    steps = called
    refused: set[int] = set()
    pieces = [choices.pick(PIECES) if _full(move) else b"" for move in moves]
    headers = [("Content-Type", "text/plain")]
    if sized:
        headers.extend(_length(moves, pieces, choices))
    calls = 0
    wrote = False
    for move, piece in zip(moves, pieces, strict=True):
        symbol = move.symbol
        if symbol is Turn.BACK:
            steps = iterated
        elif symbol in _WRITES and isinstance(symbol, Does):
            wrote = True
            steps.append(write(piece))
        elif symbol in (Does.ITEM, Does.ITEM_EMPTY) and isinstance(symbol, Does):
            steps.append(yield_(piece))
        elif symbol is not Does.EXHAUST:
            calls += 1
            status = choices.pick(STATUSES)
            error = symbol in (Does.START_ERROR, Turn.FAIL)
            step = start(status, headers, "raised" if error else None)
            if symbol is Does.REFUSAL:
                refused.add(calls)
            steps.append(step if error or _accepted(move) else catching(step))
    lazy = any(step["do"] != "yield" for step in iterated)
    kinds = LAZY if lazy else HELD
    kind = choices.pick(kinds)
    closable = kind in LAZY and choices.odds(1)
    called.append(result(kind, *iterated, close=() if closable else None))
    return called, frozenset(refused), WROTE if wrote else scripts.SOUND


def _full(move: Move) -> bool:
    return move.symbol is Does.WRITE or move.symbol is Does.ITEM


def _accepted(move: Move) -> bool:
    """Whether a sound server takes a call without exc_info: only the first one."""
    first = isinstance(move.node, Here) and not move.node.writer
    return move.symbol is Does.START and first


def _length(
    moves: Sequence[Move], pieces: Sequence[bytes], choices: Choices
) -> list[tuple[str, str]]:
    """Content-Length, where the whole body is known and one head goes before it."""
    calls = [move.symbol for move in moves if move.symbol in _CALLS or move.symbol is Turn.FAIL]
    sound = all(move.stride.broken is None for move in moves)
    if calls == [Does.START] and sound and choices.odds(1):
        return [("Content-Length", str(sum(map(len, pieces))))]
    return []
