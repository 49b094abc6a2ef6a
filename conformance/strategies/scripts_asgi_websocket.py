"""ASGI over WebSocket: behaviours of applications, and sequences of a connection's events.

An application that listens is given what is due: the connect, then messages once it
has accepted, nothing while it has not answered. Where it closed, or the client did,
that is a disconnect.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cache, partial
from typing import Any

from gateproof.conformance.strategies import scripts
from gateproof.conformance.strategies.choices import Choices, Given
from gateproof.conformance.strategies.ground import Cell, Ground, Kind, Node, Stride, Walk, halves
from gateproof.conformance.strategies.ground import stride as taken
from gateproof.conformance.strategies.scripts import Delivery, Expected
from gateproof.conformance.strategies.walks import Describe, described
from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_websocket import DENIAL, Connect
from gateproof.targets.script import Script, Step, catching, receive, return_, send
from gateproof.validators.asgi.machines import ANSWER, SOCKET, Answer, Answers, Socket, Tells

MESSAGES = ("hello", b"\x00\xff", "", b"", "\u00e9\U0001f40d", "x" * 70_000)
CLOSES: tuple[dict[str, Any], ...] = ({}, {"code": 1000}, {"code": 4000, "reason": "bye"})
STATUSES = (403, 404, 500)

SILENCE = 0.3
"""Seconds that an application listens where nothing is due."""

UNPLAYED: dict[tuple[str, str, str], str] = {
    (ANSWER.name, "WAITING", "LOSE"): (
        "a send() that fails was judged when it was called, and has answered by then"
    ),
    (ANSWER.name, "GONE", "ACCEPT_UNHEARD"): "who heard of the end heard of the connect before",
    (ANSWER.name, "GONE", "LEAVE"): "a second disconnect is the server's breach, not drawn here",
}
"""Cells of ``ANSWER`` that no script plays, by machine, state and symbol, and why."""

_DENIALS = (Answers.DENY, Answers.DENY_MORE, Answers.DENY_LAST)
_ACCEPTS = (Answers.ACCEPT, Answers.ACCEPT_UNHEARD)
_OVER = (Answer.CLOSED, Answer.REFUSED, Answer.DENIED)


# Applications ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Here:
    """Where an application is.

    Attributes:
        answer: the state of its answer.
        told: what it was told.
        fresh: whether the latest thing that happened is a send().
        idle: whether it listens in vain since the latest thing that happened.
    """

    answer: int = 0
    told: Socket = Socket.SILENT
    fresh: bool = False
    idle: bool = False


def _answers(without: frozenset[IntEnum], node: Node, symbol: IntEnum) -> Stride | None:
    here = node
    if not isinstance(here, Here) or symbol in without:
        return None
    heard = here.told is not Socket.SILENT
    if (symbol is Answers.ACCEPT and not heard) or (symbol is Answers.ACCEPT_UNHEARD and heard):
        return None
    if symbol is Answers.LISTEN:
        # A server may tell of a disconnect where it was answered by something else than accept.
        vain = here.answer != Answer.GONE and not (_due(here) or here.answer == Answer.WAITING)
        return None if vain and Answers.LOSE in without else _listens(here)
    if symbol is Answers.LEAVE:
        return _leaves(here)
    if symbol is Answers.LOSE and not here.fresh:
        return None  # it follows from a send()
    made = taken(ANSWER, here.answer, symbol)
    fresh = symbol not in (Answers.LOSE, Answers.RETURN)
    return replace(made, then=Here(made.state, here.told, fresh))


def _listens(here: Here) -> Stride | None:
    """A receive() that is given what is due, if anything is; nothing is due twice."""
    if here.answer in _OVER and here.told is Socket.CONNECTED:
        return None  # a disconnect is due, which is LEAVE
    made = taken(ANSWER, here.answer, Answers.LISTEN)
    told = Socket.CONNECTED if here.told is Socket.SILENT else here.told
    return replace(made, then=Here(made.state, told, idle=not _due(here)))


def _leaves(here: Here) -> Stride | None:
    """A receive() that is given a disconnect."""
    if here.told is not Socket.CONNECTED or here.idle:
        return None  # who has listened in vain would be told then already
    listened = taken(ANSWER, here.answer, Answers.LISTEN)
    if listened.broken is not None:
        return None
    left = taken(ANSWER, listened.state, Answers.LEAVE)
    cells: tuple[Cell, ...] = listened.cells + left.cells
    return Stride(Here(left.state, Socket.GONE), left.broken, cells)


@cache
def answer_ground(offers: frozenset[str] = frozenset(), *, obedient: bool = False) -> Ground:
    """What an application can do under a server that offers denials, or does not.

    ``obedient`` is for a server in this process that does as a :class:`Session` says: its
    send() fails when it is asked to, and receive() gives nothing where nothing is due.
    """
    without: set[IntEnum] = set() if offers & DENIAL.keys() else set(_DENIALS)
    if not obedient:
        without.add(Answers.LOSE)
    return Ground(
        Here(), tuple(Answers), partial(_answers, frozenset(without)), last=(Answers.RETURN,)
    )


@dataclass(frozen=True, slots=True)
class Session(Expected):
    """An application's behaviour, and what the client has to do for it.

    Attributes:
        messages: how many messages the client sends once it is accepted.
        leave: when the client goes, if it does before it was answered; once it was
            accepted it goes when all of its messages were received.
        given: what each call of receive() is given: ``"connect"``, ``"message"``,
            ``"disconnect"``, or nothing.
        lost: which calls of send() fail, counted from 1; only a server in this
            process can be asked for that.
    """

    messages: int = 0
    leave: Leave = field(default_factory=Leave)
    given: tuple[str, ...] = ()
    lost: frozenset[int] = field(default=frozenset())

    def connect(self, asked: Connect | None = None) -> Connect:
        """The client's part, for the server in this process."""
        return (asked or Connect()).but(
            messages=("gateproof",) * self.messages,
            scope={"extensions": dict(DENIAL)},
            leave=self.leave,
        )


def applications(
    kind: Kind, offers: Collection[str] = (), *, obedient: bool = False
) -> Describe[Session]:
    """Behaviours of an application, with what is expected of them.

    Args:
        kind: what they are to show.
        offers: the extensions that the server announces; no other is used.
        obedient: for a server that does as a :class:`Session` says.
    """
    return described(answer_ground(frozenset(offers), obedient=obedient), kind, scripted)


def scripted(walk: Walk, choices: Choices | None = None) -> Session:
    """The script that plays a walk over :func:`answer_ground`."""
    choices = choices or Given(())
    steps: list[Step] = []
    given: list[str] = []
    sent = 0
    leave = Leave()
    lost: set[int] = set()
    for move in walk.moves:
        here = move.node
        symbol = Answers(move.symbol)
        if not isinstance(here, Here) or symbol is Answers.RETURN:
            continue
        if symbol is Answers.LOSE:
            lost.add(sent)
            steps[-1] = catching(steps[-1])
        elif symbol is Answers.LISTEN:
            given.append(_due(here))
            steps.append(receive() if given[-1] else catching(receive(within=SILENCE)))
        elif symbol is Answers.LEAVE:
            if here.answer not in (*_OVER, Answer.ACCEPTED):
                received = len([one for one in given if one])
                leave = Leave(sent=sent) if here.fresh else Leave(received=received)
            given.append("disconnect")
            steps.append(receive())
        else:
            sent += 1
            event = _event(symbol, choices)
            gone = here.told is Socket.GONE or here.answer == Answer.LOST
            steps.append(catching(send(event)) if gone else send(event))
    steps.append(return_())
    return Session(
        script=Script(asgi=tuple(steps), legal=not walk.broken),
        messages=given.count("message"),
        leave=leave,
        given=tuple(given),
        lost=frozenset(lost),
        **scripts.judged(walk),
    )


def _due(here: Here) -> str:
    """What a receive() is given there; nothing for nothing."""
    if here.told is Socket.SILENT:
        return "connect"
    return "message" if here.told is Socket.CONNECTED and here.answer == Answer.ACCEPTED else ""


def _event(symbol: Answers, choices: Choices) -> dict[str, Any]:
    if symbol in _ACCEPTS:
        headers = {"headers": [(b"x-gateproof", b"1")]}
        return {"type": "websocket.accept", **(headers if choices.odds(1) else {})}
    if symbol is Answers.SEND:
        message = choices.pick(MESSAGES)
        key = "text" if isinstance(message, str) else "bytes"
        return {"type": "websocket.send", key: message}
    if symbol is Answers.CLOSE:
        return {"type": "websocket.close", **choices.pick(CLOSES)}
    if symbol is Answers.DENY:
        status = choices.pick(STATUSES)
        headers_ = [(b"content-type", b"text/plain")]
        return {"type": "websocket.http.response.start", "status": status, "headers": headers_}
    event: dict[str, Any] = {"type": "websocket.http.response.body", "body": b"denied"}
    if symbol is Answers.DENY_MORE or choices.odds(1):
        event["more_body"] = symbol is Answers.DENY_MORE
    return event


# Servers ---------------------------------------------------------------------------


class Turn(IntEnum):
    """What an application does between two events."""

    ACCEPT = 100


def _tells(node: Node, symbol: IntEnum) -> Stride | None:
    state, opened = halves(node)
    if symbol is Turn.ACCEPT:
        if opened or state == Socket.GONE:
            return None
        unheard = taken(ANSWER, Answer.WAITING, Answers.ACCEPT_UNHEARD).broken
        return Stride((state, True), unheard if state == Socket.SILENT else None)
    if (symbol is Tells.RECEIVE and not opened) or (symbol is Tells.UNASKED and opened):
        return None
    made = taken(SOCKET, state, symbol)
    return Stride((made.then, opened), made.broken, made.cells)


@cache
def connection_ground() -> Ground:
    """What a server can tell of a WebSocket, to an application that accepts when it likes."""
    return Ground((0, False), (*Tells, Turn.ACCEPT), _tells, drawn=tuple(Tells))


def deliveries(kind: Kind) -> Describe[Delivery]:
    """Sequences of events of one connection, sound ones and others.

    ``"accept"`` stands where the application accepts. All of its calls of receive()
    come before the first event, so that it never asks for more after a disconnect.
    """
    return described(connection_ground(), kind, delivered)


def delivered(walk: Walk, choices: Choices | None = None) -> Delivery:
    """The events of a walk over :func:`connection_ground`."""
    choices = choices or Given(())
    events: list[dict[str, Any] | str] = []
    for move in walk.moves:
        if move.symbol is Turn.ACCEPT:
            events.append("accept")
        elif move.symbol is Tells.CONNECT:
            events.append({"type": "websocket.connect"})
        elif move.symbol is Tells.DISCONNECT:
            events.append({"type": "websocket.disconnect", "code": 1005, "reason": ""})
        else:
            message = choices.pick(MESSAGES)
            key = "text" if isinstance(message, str) else "bytes"
            events.append({"type": "websocket.receive", key: message})
    return scripts.delivery(walk, events)


def connections(asked: Connect | None = None) -> Describe[Connect]:
    """Legal walks of a connection's events, as connections for the server in this process."""
    plain = asked or Connect()

    def play(walk: Walk, choices: Choices) -> Connect:
        messages = tuple(
            choices.pick(MESSAGES) for move in walk.moves if move.symbol is Tells.RECEIVE
        )
        count = sum(move.symbol in (Tells.CONNECT, Tells.RECEIVE) for move in walk.moves)
        ends = any(move.symbol is Tells.DISCONNECT for move in walk.moves)
        leave = Leave(received=count) if ends and choices.odds(1) else Leave()
        return plain.but(messages=messages, leave=leave)

    return described(connection_ground(), "legal", play)
