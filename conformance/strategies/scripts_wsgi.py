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

from hypothesis import strategies as st

from gateproof.conformance.strategies import scripts
from gateproof.conformance.strategies.scripts import Adorner, Expected
from gateproof.conformance.strategies.walks import (
    Ground,
    Kind,
    Move,
    Node,
    Stride,
    Walk,
    halves,
    made,
)
from gateproof.conformance.strategies.walks import stride as taken
from gateproof.targets.script import Script, Step, catching, raise_, result, start, write, yield_
from gateproof.targets.wsgi_environ import Request
from gateproof.validators.wsgi.machines import (
    CLOSING,
    OWED,
    RESPONSE,
    STARTER,
    WRITING,
    Answers,
    Closing,
    Does,
    Handles,
    Response,
    Starter,
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
_AGAIN = "an application is called once, and what it returned is there from then on"
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
    **{(STARTER.name, "IDLE", symbol.name): "no call is pending" for symbol in Answers},
    **{
        (STARTER.name, state, "RERAISED"): "the call gave no exception"
        for state in ("FIRST", "REPEATED", "REPEATED_REFUSED")
    },
    **{
        (CLOSING.name, "CALLED", symbol): "there is no result yet"
        for symbol in ("NEXT", "EXHAUST", "CLOSE", "END")
    },
    **{
        (CLOSING.name, state.name, "RETURN"): _AGAIN
        for state in Closing
        if state is not Closing.CALLED
    },
    (WRITING.name, "RETURNED", "RETURN"): _AGAIN,
    **{
        (CLOSING.name, state, symbol): "a piece is asked for before that, which moves it on"
        for state in ("RETURNED", "CUT")
        for symbol in ("EXHAUST", "RAISE")
    },
    **{
        (CLOSING.name, state, "RAISE"): "what has ended stays at its end"
        for state in ("EXHAUSTED", "BROKEN")
    },
    **{
        (CLOSING.name, "OVER", symbol.name): "the server has let go of the result"
        for symbol in Handles
    },
}
"""Cells that nothing here plays, by machine, state and symbol, and why."""

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


def _does(node: Node, symbol: IntEnum) -> Stride | None:
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
    return None if symbol is Does.REFUSAL else _does(node, symbol)


@cache
def response(*, refusing: bool = False) -> Ground:
    """What an application can do; ``refusing`` under a server that may refuse its calls."""
    step = _does if refusing else _willing
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


def applications(
    kind: Kind, *, refusing: bool = False, fast: bool = False
) -> st.SearchStrategy[Call]:
    """Behaviours of an application, with what is expected of them.

    Args:
        kind: what they are to show.
        refusing: whether start_response may refuse sound calls, see :class:`Call`.
        fast: as for :func:`~gateproof.conformance.strategies.walks.made`.
    """
    return made(response(refusing=refusing), kind, scripted, adorned=8, fast=fast)


def scripted(walk: Walk, numbers: Sequence[int] = ()) -> Call:
    """The script that plays a walk over :func:`response`."""
    steps, refused, also = _played(walk.moves, Adorner(numbers))
    plain = scripts.expected(walk, Script(wsgi=tuple(steps), legal=not walk.broken), also)
    return Call(
        plain.requirement,
        plain.verdict,
        plain.script,
        plain.why,
        walk,
        plain.broken,
        plain.also,
        refused=refused,
    )


def _played(
    moves: Sequence[Move], adorner: Adorner, *, sized: bool = True
) -> tuple[list[Step], frozenset[int], frozenset[str]]:
    """The steps of a walk, the calls that are to be refused, and what is told besides."""
    called: list[Step] = []
    iterated: list[Step] = []
    steps = called
    refused: set[int] = set()
    pieces = [adorner.octets(PIECES) if _full(move) else b"" for move in moves]
    headers = [("Content-Type", "text/plain")]
    if sized:
        headers.extend(_length(moves, pieces, adorner))
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
            status = STATUSES[adorner.number(range(len(STATUSES)))]
            error = symbol in (Does.START_ERROR, Turn.FAIL)
            step = start(status, headers, "raised" if error else None)
            if symbol is Does.REFUSAL:
                refused.add(calls)
            steps.append(step if error or _accepted(move) else catching(step))
    lazy = any(step["do"] != "yield" for step in iterated)
    kinds = LAZY if lazy else HELD
    kind = kinds[adorner.number(range(len(kinds)))]
    closable = kind in LAZY and adorner.flag()
    called.append(result(kind, *iterated, close=() if closable else None))
    return called, frozenset(refused), WROTE if wrote else scripts.SOUND


def _full(move: Move) -> bool:
    return move.symbol is Does.WRITE or move.symbol is Does.ITEM


def _accepted(move: Move) -> bool:
    """Whether a sound server takes a call without exc_info: only the first one."""
    first = isinstance(move.node, Here) and not move.node.writer
    return move.symbol is Does.START and first


def _length(
    moves: Sequence[Move], pieces: Sequence[bytes], adorner: Adorner
) -> list[tuple[str, str]]:
    """Content-Length, where the whole body is known and one head goes before it."""
    calls = [move.symbol for move in moves if move.symbol in _CALLS or move.symbol is Turn.FAIL]
    sound = all(move.stride.broken is None for move in moves)
    if calls == [Does.START] and sound and adorner.flag():
        return [("Content-Length", str(sum(map(len, pieces))))]
    return []


# Servers: the answer to start_response ---------------------------------------------


class Reply(IntEnum):
    """A last call of start_response, and how the server answers it."""

    WRITER = 200
    NOTHING = 201
    RAISED = 202
    ERROR_WRITER = 210
    ERROR_NOTHING = 211
    ERROR_RAISED = 212
    ERROR_RERAISED = 213

    @property
    def answer(self) -> Answers:
        """What the server does."""
        return Answers(self % 10)

    @property
    def call(self) -> Does:
        """How the application calls."""
        return Does.START_ERROR if self >= Reply.ERROR_WRITER else Does.START


def _replies(node: Node, symbol: IntEnum) -> Stride | None:
    if not isinstance(symbol, Reply):
        made = _does(node, symbol)
        return None if symbol in (Does.EXHAUST, Turn.FAIL) else made
    if not isinstance(node, Here) or node.response == Response.OVER:
        return None
    owed = OWED[Response(node.response)][symbol.call is Does.START_ERROR]
    called = taken(RESPONSE, node.response, symbol.call)
    return replace(taken(STARTER, owed, symbol.answer), then=(node, symbol), wider=called.broken)


@cache
def starter() -> Ground:
    """How a server can answer an application that does what it likes before that."""
    symbols = (*Does, Turn.BACK, *Reply)
    return Ground(Here(), symbols, _replies, last=tuple(Reply), drawn=tuple(Reply))


def answers(kind: Kind, *, fast: bool = False) -> st.SearchStrategy[Call]:
    """Behaviours of an application whose last call of start_response is answered somehow."""
    return made(starter(), kind, answered, adorned=8, fast=fast)


def answered(walk: Walk, numbers: Sequence[int] = ()) -> Call:
    """The script for a walk over :func:`starter`, and the server's answer."""
    *before, last = walk.moves
    steps, refused, also = _played(before, Adorner(numbers), sized=False)
    *called, returned = steps
    reply = last.symbol
    if not isinstance(reply, Reply):
        raise TypeError(reply)
    call = start(exc_info="raised" if reply.call is Does.START_ERROR else None)
    back = any(move.symbol is Turn.BACK for move in before)
    if back:
        lazy = returned["kind"] if returned["kind"] in LAZY else LAZY[0]
        steps = [*called, result(lazy, *returned["steps"], call)]
    else:
        steps = [*called, call, result("list")]
    plain = scripts.expected(walk, Script(wsgi=tuple(steps), legal=not walk.broken), also)
    return Call(
        plain.requirement,
        plain.verdict,
        plain.script,
        plain.why,
        walk,
        plain.broken,
        plain.also,
        refused=refused,
        answered=reply.answer,
    )


# Servers: the treatment of the result ----------------------------------------------


def _handles(node: Node, symbol: IntEnum) -> Stride | None:
    """What a server does with a result that has a close(); each piece has to be asked for."""
    state, ended = halves(node)
    if (state == Closing.CALLED) is not (symbol in (Handles.RETURN, Turn.FAIL)):
        return None
    if state == Closing.OVER or (ended and symbol in (Handles.NEXT, Handles.RAISE)):
        return None
    if symbol is Turn.FAIL:
        made = taken(CLOSING, state, Handles.RAISE)
        return replace(made, then=(made.then, True))
    made = taken(CLOSING, state, symbol)
    if symbol in (Handles.EXHAUST, Handles.RAISE):
        asked = taken(CLOSING, state, Handles.NEXT)
        made = taken(CLOSING, asked.state, symbol)
        made = replace(made, broken=asked.broken or made.broken, cells=asked.cells + made.cells)
        ended = True
    return replace(made, then=(made.state, ended))


@cache
def closing() -> Ground:
    """What a server can do with a result."""
    symbols = (*Handles, Turn.FAIL)
    return Ground((0, False), symbols, _handles, last=(Handles.END, Turn.FAIL))


@dataclass(frozen=True, slots=True)
class Treatment(Expected):
    """An application whose result gives pieces, and what a server does with it.

    Attributes:
        acts: ``"next"``, ``"close"``, ``"end"``, in order.
    """

    acts: tuple[str, ...] = ()


def treatments(kind: Kind, *, fast: bool = False) -> st.SearchStrategy[Treatment]:
    """Ways to treat a result, sound ones and others."""
    return made(closing(), kind, treated, adorned=4, fast=fast)


_ACTS = {Handles.CLOSE: "close", Handles.END: "end"}


def treated(walk: Walk, numbers: Sequence[int] = ()) -> Treatment:
    """The application and the acts for a walk over :func:`closing`."""
    adorner = Adorner(numbers)
    inner: list[Step] = []
    acts: list[str] = []
    over = False
    for move in walk.moves:
        symbol = move.symbol
        if symbol in (Handles.NEXT, Handles.EXHAUST, Handles.RAISE):
            acts.append("next")
            if symbol is Handles.NEXT:
                inner.append(yield_(adorner.octets(PIECES)))
            elif symbol is Handles.RAISE and not over:
                inner.append(raise_())
            over = over or symbol is not Handles.NEXT
        elif isinstance(symbol, Handles) and symbol in _ACTS:
            acts.append(_ACTS[symbol])
    fails = any(move.symbol is Turn.FAIL for move in walk.moves)
    steps = (start(), raise_() if fails else result("iterator", *inner))
    failing = fails or any(step["do"] == "raise" for step in inner)
    also = TRAPS if failing else scripts.SOUND
    plain = scripts.expected(walk, Script(wsgi=steps, legal=not walk.broken), also)
    return Treatment(
        plain.requirement,
        plain.verdict,
        plain.script,
        plain.why,
        walk,
        plain.broken,
        plain.also,
        acts=tuple(acts),
    )


def requests(asked: Request | None = None, *, fast: bool = False) -> st.SearchStrategy[Request]:
    """Legal walks of a result's treatment, as requests for the server in this process.

    A walk that closes before the end of the iteration is a request that stops there.
    """
    plain = asked or Request()

    def play(walk: Walk, _numbers: Sequence[int]) -> Request:
        count = 0
        for move in walk.moves:
            if move.symbol in (Handles.EXHAUST, Handles.RAISE, Turn.FAIL):
                return plain
            if move.symbol is Handles.CLOSE:
                break
            count += move.symbol is Handles.NEXT
        return plain.but(stop_after=count)

    return made(closing(), "legal", play, fast=fast)


__all__ = [
    "STATUSES",
    "UNPLAYED",
    "Call",
    "Reply",
    "Starter",
    "Treatment",
    "Turn",
    "answered",
    "answers",
    "applications",
    "closing",
    "requests",
    "response",
    "scripted",
    "starter",
    "treated",
    "treatments",
]
