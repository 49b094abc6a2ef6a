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

from hypothesis import strategies as st

from gateproof.conformance.strategies import scripts
from gateproof.conformance.strategies.scripts import Adorner, Delivery, Expected
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
def response(offers: frozenset[str] = frozenset()) -> Ground:
    """What an application can do under a server that offers some extensions."""
    without = {
        int(symbol) for name, own in EXTENSIONS.items() if name not in offers for symbol in own
    }
    return Ground(Here(), tuple(Sends), partial(_sends, frozenset(without)), last=(Sends.RETURN,))


def applications(
    kind: Kind, offers: Collection[str] = (), *, fast: bool = False
) -> st.SearchStrategy[Expected]:
    """Behaviours of an application, with what is expected of them.

    Args:
        kind: what they are to show.
        offers: the extensions that the server announces; no other is used.
        fast: as for :func:`~gateproof.conformance.strategies.walks.made`.
    """
    land = response(frozenset(offers) & OFFERS)
    return made(land, kind, scripted, adorned=8, fast=fast)


def scripted(walk: Walk, numbers: Sequence[int] = ()) -> Expected:
    """The script that plays a walk over :func:`response`."""
    adorner = Adorner(numbers)
    events = list(_events(walk.moves, adorner))
    steps: list[Step] = [drain(), *map(send, events)]
    if not walk.finished:
        steps.append(raise_())
    file = any(move.symbol in _ZEROCOPY for move in walk.moves)
    script = Script(asgi=tuple(steps), legal=not walk.broken)
    return scripts.expected(walk, script, OPEN_FILE if file else scripts.SOUND)


def _events(moves: Sequence[Move], adorner: Adorner) -> Iterator[dict[str, Any]]:
    bodies = {
        place: adorner.octets(PIECES) for place, move in enumerate(moves) if move.symbol in _BODIES
    }
    for place, move in enumerate(moves):
        symbol = Sends(move.symbol)
        if symbol in _STARTS:
            status = adorner.number(STATUSES)
            headers = [(b"content-type", b"text/plain")]
            headers.extend(_framing(moves, place, bodies, adorner))
            event: dict[str, Any] = {"type": "http.response.start", "status": status}
            event["headers"] = headers
            if symbol is Sends.PROMISE:
                event["trailers"] = True
            elif adorner.flag():
                event["trailers"] = False
            yield event
        elif symbol in _BODIES:
            event = {"type": "http.response.body", "body": bodies[place]}
            if symbol is Sends.MORE or adorner.flag():
                event["more_body"] = symbol is Sends.MORE
            yield event
        elif symbol is not Sends.RETURN:
            yield _extension(symbol, adorner)


def _framing(
    moves: Sequence[Move], place: int, bodies: dict[int, bytes], adorner: Adorner
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
        if adorner.flag():
            yield b"content-length", str(sum(len(bodies[at]) for at in known)).encode()


def _extension(symbol: Sends, adorner: Adorner) -> dict[str, Any]:
    if symbol in _ZEROCOPY:
        event: dict[str, Any] = {"type": "http.response.zerocopysend"}
        event["file"] = New("file", adorner.octets(PIECES))
        if symbol is Sends.ZEROCOPY_MORE or adorner.flag():
            event["more_body"] = symbol is Sends.ZEROCOPY_MORE
        return event
    if symbol in _TRAILERS:
        event = {"type": "http.response.trailers", "headers": [(b"x-checksum", b"1")]}
        if symbol is Sends.TRAILERS_MORE or adorner.flag():
            event["more_trailers"] = symbol is Sends.TRAILERS_MORE
        return event
    if symbol is Sends.PATHSEND:
        return {"type": "http.response.pathsend", "path": FILE}
    if symbol is Sends.PUSH:
        return {"type": "http.response.push", "path": "/style.css", "headers": []}
    if symbol is Sends.HINT:
        return {"type": "http.response.early_hint", "links": [adorner.octets(LINKS)]}
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
def request() -> Ground:
    """What a server can deliver of a request, to an application that answers when it likes."""
    return Ground((0, False), (*Delivers, Turn.ANSWER), _delivers, drawn=tuple(Delivers))


def deliveries(kind: Kind, *, fast: bool = False) -> st.SearchStrategy[Delivery]:
    """Sequences of events of one request, sound ones and others."""
    return made(request(), kind, delivered, adorned=6, fast=fast)


def delivered(walk: Walk, numbers: Sequence[int] = ()) -> Delivery:
    """The events of a walk over :func:`request`."""
    adorner = Adorner(numbers)
    events: list[dict[str, Any] | str] = []
    for move in walk.moves:
        if move.symbol is Turn.ANSWER:
            events.append("answer")
        elif move.symbol is Delivers.DISCONNECT:
            events.append({"type": "http.disconnect"})
        else:
            more = move.symbol is Delivers.MORE
            events.append(
                {"type": "http.request", "body": adorner.octets(PIECES[:4]), "more_body": more}
            )
    return scripts.delivery(walk, events)


def requests(asked: Request | None = None, *, fast: bool = False) -> st.SearchStrategy[Request]:
    """Legal walks of a request's events, as requests for the server in this process.

    Its body arrives in the parts of the walk; where the walk has a disconnect before
    the last part, the client leaves there.
    """
    plain = asked or Request()

    def play(walk: Walk, numbers: Sequence[int]) -> Request:
        adorner = Adorner(numbers)
        parts, left = [], None
        for move in walk.moves:
            if move.symbol in (Delivers.MORE, Delivers.LAST):
                parts.append((adorner.octets(PIECES), move.symbol is Delivers.MORE))
            elif move.symbol is Delivers.DISCONNECT and left is None:
                left = len(parts)
        if left is None and (not parts or parts[-1][1]):
            parts.append((adorner.octets(PIECES), False))  # nobody waits for a client for ever
        events = tuple(
            {"type": "http.request", "body": body, "more_body": more} for body, more in parts
        ) or ({"type": "http.request", "body": b"", "more_body": False},)
        return plain.but(events=events, leave=Leave(received=left))

    return made(request(), "legal", play, adorned=6, fast=fast)
