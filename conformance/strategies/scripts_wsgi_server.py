"""WSGI: how a server answers ``start_response``, and ways to treat a result.

Answers are walked on top of what the application does before, the treatment of the
result by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache

from gateproof.conformance.strategies import scripts
from gateproof.conformance.strategies.choices import Choices, Given
from gateproof.conformance.strategies.ground import Ground, Kind, Node, Stride, Walk, halves
from gateproof.conformance.strategies.ground import stride as taken
from gateproof.conformance.strategies.scripts import Expected
from gateproof.conformance.strategies.scripts_wsgi import (
    LAZY,
    PIECES,
    Call,
    Here,
    Turn,
    does,
    played,
)
from gateproof.conformance.strategies.walks import Describe, described
from gateproof.targets.script import Script, Step, raise_, result, start, yield_
from gateproof.targets.wsgi_environ import Request
from gateproof.validators.wsgi.machines import (
    CLOSING,
    OWED,
    RESPONSE,
    STARTER,
    Answers,
    Closing,
    Does,
    Handles,
    Response,
)

TRAPS = frozenset({"wsgi.errors-handling.app-traps-own-errors"})
"""What is said of an exception that leaves an application."""

_AGAIN = "an application is called once, and what it returned is there from then on"
_ASKED = "a piece is asked for before that, which moves it on"
UNPLAYED: dict[tuple[str, str, str], str] = {
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
    **{
        (CLOSING.name, state, symbol): _ASKED
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


# The answer to start_response ------------------------------------------------------


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
        made = does(node, symbol)
        return None if symbol in (Does.EXHAUST, Turn.FAIL) else made
    if not isinstance(node, Here) or node.response == Response.OVER:
        return None
    owed = OWED[Response(node.response)][symbol.call is Does.START_ERROR]
    called = taken(RESPONSE, node.response, symbol.call)
    return replace(taken(STARTER, owed, symbol.answer), then=(node, symbol), wider=called.broken)


@cache
def starter_ground() -> Ground:
    """How a server can answer an application that does what it likes before that."""
    symbols = (*Does, Turn.BACK, *Reply)
    return Ground(Here(), symbols, _replies, last=tuple(Reply), drawn=tuple(Reply))


def answers(kind: Kind) -> Describe[Call]:
    """Behaviours of an application whose last call of start_response is answered somehow."""
    return described(starter_ground(), kind, answered)


def answered(walk: Walk, choices: Choices | None = None) -> Call:
    """The script for a walk over :func:`starter_ground`, and the server's answer."""
    choices = choices or Given(())
    *before, last = walk.moves
    steps, refused, also = played(before, choices, sized=False)
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
    script = Script(wsgi=tuple(steps), legal=not walk.broken)
    told = scripts.judged(walk)
    return Call(script=script, also=also, refused=refused, answered=reply.answer, **told)


# The treatment of the result -------------------------------------------------------


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
def closing_ground() -> Ground:
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


def treatments(kind: Kind) -> Describe[Treatment]:
    """Ways to treat a result, sound ones and others."""
    return described(closing_ground(), kind, treated)


_ACTS = {Handles.CLOSE: "close", Handles.END: "end"}


def treated(walk: Walk, choices: Choices | None = None) -> Treatment:
    """The application and the acts for a walk over :func:`closing_ground`."""
    choices = choices or Given(())
    inner: list[Step] = []
    acts: list[str] = []
    over = False
    for move in walk.moves:
        symbol = move.symbol
        if symbol in (Handles.NEXT, Handles.EXHAUST, Handles.RAISE):
            acts.append("next")
            if symbol is Handles.NEXT:
                inner.append(yield_(choices.pick(PIECES)))
            elif symbol is Handles.RAISE and not over:
                inner.append(raise_())
            over = over or symbol is not Handles.NEXT
        elif isinstance(symbol, Handles) and symbol in _ACTS:
            acts.append(_ACTS[symbol])
    fails = any(move.symbol is Turn.FAIL for move in walk.moves)
    steps = (start(), raise_() if fails else result("iterator", *inner))
    failing = fails or any(step["do"] == "raise" for step in inner)
    also = TRAPS if failing else scripts.SOUND
    script = Script(wsgi=steps, legal=not walk.broken)
    return Treatment(script=script, also=also, acts=tuple(acts), **scripts.judged(walk))


def requests(asked: Request | None = None) -> Describe[Request]:
    """Legal walks of a result's treatment, as requests for the server in this process.

    A walk that closes before the end of the iteration is a request that stops there.
    """
    plain = asked or Request()

    def play(walk: Walk, _choices: Choices) -> Request:
        count = 0
        for move in walk.moves:
            if move.symbol in (Handles.EXHAUST, Handles.RAISE, Turn.FAIL):
                return plain
            if move.symbol is Handles.CLOSE:
                break
            count += move.symbol is Handles.NEXT
        return plain.but(stop_after=count)

    return described(closing_ground(), "legal", play)
