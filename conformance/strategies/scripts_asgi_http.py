"""ASGI over HTTP: behaviours of applications, and sequences of a request's events.

An application's walk goes over the machines of the response and of its content at
once, joined as the judge joins them. What a server delivers is walked by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache, partial
from pathlib import Path
from typing import Any

from gateproof.conformance.strategies import scripts
from gateproof.conformance.strategies.choices import Choices, Given
from gateproof.conformance.strategies.ground import Ground, Kind, Move, Node, Stride, Walk, halves
from gateproof.conformance.strategies.ground import stride as taken
from gateproof.conformance.strategies.scripts import Delivery, Expected
from gateproof.conformance.strategies.walks import Describe, described
from gateproof.targets import probe
from gateproof.targets.asgi_http import Leave, Request
from gateproof.targets.script import New, Script, Step, drain, raise_, send
from gateproof.validators.asgi.machines import (
    CONTENT,
    REQUEST,
    RESPONSE,
    Content,
    Delivers,
    Gives,
    Sends,
)
from gateproof.validators.asgi.machines import Request as Delivered
from gateproof.validators.asgi.machines import Response as State

EXTENSIONS: dict[str, tuple[Sends, ...]] = {
    "http.response.trailers": (Sends.PROMISE, Sends.TRAILERS_MORE, Sends.TRAILERS_LAST),
    "http.response.pathsend": (Sends.PATHSEND,),
    "http.response.zerocopysend": (Sends.ZEROCOPY_MORE, Sends.ZEROCOPY_LAST),
    "http.response.push": (Sends.PUSH,),
    "http.response.early_hint": (Sends.HINT,),
    "http.response.debug": (Sends.DEBUG,),
}
"""What an application may send only to a server that offers it."""

OFFERS = frozenset(EXTENSIONS)
"""All of them."""

PIECES = (b"ok", b"", b"x" * 1000, b"\x00\xff\r\n", b"y" * 70_000)
STATUSES = (200, 404, 500, 201, 599)
LINKS = (b"</style.css>; rel=preload; as=style", b"</a>; rel=preconnect")
FILE = probe.__file__
"""What is sent by its path: a file that does not change while tests run."""

OPEN_FILE = frozenset({"asgi.ext.zerocopy.app-closes-file"})
"""Told of every zero copy send: a script has no step that closes a file."""

UNPLAYED: dict[tuple[str, str, str], str] = {
    (RESPONSE.name, "ASTRAY", symbol): (
        "the message's own check asks for a header of a response that never began"
    )
    for symbol in ("PATHSEND", "TRAILERS_MORE", "TRAILERS_LAST")
}
"""Cells that no script plays, by machine, state and symbol, and why."""

_CONTENT = {Sends.MORE: Gives.BODY, Sends.LAST: Gives.BODY, Sends.PATHSEND: Gives.PATHSEND}
_BODIES = (Sends.MORE, Sends.LAST)
_ZEROCOPY = (Sends.ZEROCOPY_MORE, Sends.ZEROCOPY_LAST)
_TRAILERS = (Sends.TRAILERS_MORE, Sends.TRAILERS_LAST)
_STARTS = (Sends.START, Sends.PROMISE)


# Applications ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Here:
    """Where an application is: its response, its content, whether that has a zero copy part."""

    response: int = 0
    content: int = 0
    copied: bool = False


def _sends(without: frozenset[int], node: Node, symbol: IntEnum) -> Stride | None:
    """A message by both machines; of two breaches the one of the content is told."""
    here = node
    if not isinstance(here, Here) or symbol in without:
        return None
    if (RESPONSE.name, State(here.response).name, symbol.name) in UNPLAYED:
        return None
    astray = here.response == State.ASTRAY
    if astray and symbol in _STARTS and here.content != Content.NOTHING:
        return None  # whether a message without a place was content, no table says
    made = taken(RESPONSE, here.response, symbol)
    gives = _CONTENT.get(Sends(symbol))
    copied = here.copied or symbol in _ZEROCOPY
    if gives is None:
        return replace(made, then=Here(made.state, here.content, copied))
    if gives is Gives.PATHSEND and here.copied:
        return None  # no content-length would be right for both
    held = taken(CONTENT, here.content, gives)
    if astray and held.broken is not None:
        return None  # see above
    then = Here(made.state, held.state, copied)
    return Stride(then, held.broken or made.broken, held.cells + made.cells)


@cache
def response_ground(offers: frozenset[str] = frozenset()) -> Ground:
    """What an application can do under a server that offers some extensions."""
    without = {
        int(symbol) for name, own in EXTENSIONS.items() if name not in offers for symbol in own
    }
    return Ground(Here(), tuple(Sends), partial(_sends, frozenset(without)), last=(Sends.RETURN,))


def applications(kind: Kind, offers: Collection[str] = ()) -> Describe[Expected]:
    """Behaviours of an application, with what is expected of them.

    Args:
        kind: what they are to show.
        offers: the extensions that the server announces; no other is used.
    """
    land = response_ground(frozenset(offers) & OFFERS)
    return described(land, kind, scripted)


def scripted(walk: Walk, choices: Choices | None = None) -> Expected:
    """The script that plays a walk over :func:`response_ground`."""
    choices = choices or Given(())
    events = list(_events(walk.moves, choices))
    steps: list[Step] = [drain(), *map(send, events)]
    if not walk.finished:
        steps.append(raise_())
    file = any(move.symbol in _ZEROCOPY for move in walk.moves)
    script = Script(asgi=tuple(steps), legal=not walk.broken)
    return scripts.expected(walk, script, OPEN_FILE if file else scripts.SOUND)


def _events(moves: Sequence[Move], choices: Choices) -> Iterator[dict[str, Any]]:
    bodies = {
        place: choices.pick(PIECES) for place, move in enumerate(moves) if move.symbol in _BODIES
    }
    for place, move in enumerate(moves):
        symbol = Sends(move.symbol)
        if symbol in _STARTS:
            status = choices.pick(STATUSES)
            headers = [(b"content-type", b"text/plain")]
            headers.extend(_framing(moves, place, bodies, choices))
            event: dict[str, Any] = {"type": "http.response.start", "status": status}
            event["headers"] = headers
            if symbol is Sends.PROMISE:
                event["trailers"] = True
            elif choices.odds(1):
                event["trailers"] = False
            yield event
        elif symbol in _BODIES:
            event = {"type": "http.response.body", "body": bodies[place]}
            if symbol is Sends.MORE or choices.odds(1):
                event["more_body"] = symbol is Sends.MORE
            yield event
        elif symbol is not Sends.RETURN:
            yield _extension(symbol, choices)


def _framing(
    moves: Sequence[Move], place: int, bodies: dict[int, bytes], choices: Choices
) -> Iterator[tuple[bytes, bytes]]:
    """The headers by which a start describes what follows it."""
    if moves[place].symbol is Sends.PROMISE:
        yield b"trailer", b"x-checksum"
    later = [move for move in moves[place + 1 :] if move.symbol in (*_CONTENT, *_ZEROCOPY)]
    if later and later[0].symbol is Sends.PATHSEND:
        yield b"content-length", str(Path(FILE).stat().st_size).encode()
    if any(move.symbol is Sends.PATHSEND for move in later):
        return  # a length would be held against the file's
    whole = [move for move in later if move.stride.broken is None]
    if whole and whole[-1].symbol is Sends.LAST and all(move.symbol in _BODIES for move in whole):
        known = [at for at in bodies if at > place and moves[at].stride.broken is None]
        if choices.odds(1):
            yield b"content-length", str(sum(len(bodies[at]) for at in known)).encode()


def _extension(symbol: Sends, choices: Choices) -> dict[str, Any]:
    if symbol in _ZEROCOPY:
        event: dict[str, Any] = {"type": "http.response.zerocopysend"}
        event["file"] = New("file", choices.pick(PIECES))
        if symbol is Sends.ZEROCOPY_MORE or choices.odds(1):
            event["more_body"] = symbol is Sends.ZEROCOPY_MORE
        return event
    if symbol in _TRAILERS:
        event = {"type": "http.response.trailers", "headers": [(b"x-checksum", b"1")]}
        if symbol is Sends.TRAILERS_MORE or choices.odds(1):
            event["more_trailers"] = symbol is Sends.TRAILERS_MORE
        return event
    if symbol is Sends.PATHSEND:
        return {"type": "http.response.pathsend", "path": FILE}
    if symbol is Sends.PUSH:
        return {"type": "http.response.push", "path": "/style.css", "headers": []}
    if symbol is Sends.HINT:
        return {"type": "http.response.early_hint", "links": [choices.pick(LINKS)]}
    return {"type": "http.response.debug", "info": {"template": "a.html", "context": {}}}


# Servers ---------------------------------------------------------------------------


class Turn(IntEnum):
    """What an application does between two events; ``ANSWER`` is a whole response."""

    ANSWER = 100


def _delivers(node: Node, symbol: IntEnum) -> Stride | None:
    state, answered = halves(node)
    if symbol is Turn.ANSWER:
        return None if answered or state == Delivered.GONE else Stride((state, True))
    # An http.request in answer to a receive() after the response is UNASKED whatever it holds.
    if (symbol is Delivers.UNASKED) is not answered and symbol is not Delivers.DISCONNECT:
        return None
    made = taken(REQUEST, state, symbol)
    return Stride((made.then, answered), made.broken, made.cells)


@cache
def request_ground() -> Ground:
    """What a server can deliver of a request, to an application that answers when it likes."""
    return Ground((0, False), (*Delivers, Turn.ANSWER), _delivers, drawn=tuple(Delivers))


def deliveries(kind: Kind) -> Describe[Delivery]:
    """Sequences of events of one request, sound ones and others."""
    return described(request_ground(), kind, delivered)


def delivered(walk: Walk, choices: Choices | None = None) -> Delivery:
    """The events of a walk over :func:`request_ground`."""
    choices = choices or Given(())
    events: list[dict[str, Any] | str] = []
    for move in walk.moves:
        if move.symbol is Turn.ANSWER:
            events.append("answer")
        elif move.symbol is Delivers.DISCONNECT:
            events.append({"type": "http.disconnect"})
        else:
            more = move.symbol is Delivers.MORE
            events.append(
                {"type": "http.request", "body": choices.pick(PIECES[:4]), "more_body": more}
            )
    return scripts.delivery(walk, events)


def requests(asked: Request | None = None) -> Describe[Request]:
    """Legal walks of a request's events, as requests for the server in this process.

    Its body arrives in the parts of the walk; where the walk has a disconnect before
    the last part, the client leaves there.
    """
    plain = asked or Request()

    def play(walk: Walk, choices: Choices) -> Request:
        parts, left = [], None
        for move in walk.moves:
            if move.symbol in (Delivers.MORE, Delivers.LAST):
                parts.append((choices.pick(PIECES), move.symbol is Delivers.MORE))
            elif move.symbol is Delivers.DISCONNECT and left is None:
                left = len(parts)
        if left is None and (not parts or parts[-1][1]):
            parts.append((choices.pick(PIECES), False))  # nobody waits for a client for ever
        events = tuple(
            {"type": "http.request", "body": body, "more_body": more} for body, more in parts
        ) or ({"type": "http.request", "body": b"", "more_body": False},)
        return plain.but(events=events, leave=Leave(received=left))

    return described(request_ground(), "legal", play)
