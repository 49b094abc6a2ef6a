"""ASGI WebSocket: the end of a connection, by either side and at every point.

https://asgi.readthedocs.io/en/latest/specs/www.html#disconnect-receive-event-ws
"""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_disconnect import stems_from_leaving
from gateproof.conformance.cases.asgi_websocket_connect import HANDSHAKE
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_websocket import Session

_PROVES = (*HANDSHAKE, "asgi.websocket.disconnect.app-expects-send-error")
_MESSAGES = ('"one"', '"two"', '"three"')
CODES = (1000, 1001, 1005, 1006, 1011, 3000, 4999)
"""Codes that a disconnect may carry: the client's own, none, and a lost connection."""


async def _losing(stage: ASGIStage, *points: Leave) -> None:
    """Lose accepted connections at each point: with send raising, and with send doing nothing."""
    for base in await stage.connections(messages=_MESSAGES):
        for leave in points:
            asked = base.asked.but(leave=leave)
            judge_losing(stage, await stage.connect(asked))
            silent = asked.but(scope={"asgi": asgi_scope.asgi("2.3")})
            judge_losing(stage, await stage.connect(silent))


def judge_losing(stage: ASGIStage, session: Session) -> None:
    """Report what an application did wrong after its connection was lost."""
    error = session.raised
    if session.refused and error is not None and not stems_from_leaving(error):
        stage.broken(
            "asgi.websocket.disconnect.app-expects-send-error",
            f"raised {error!r} after send had raised an OSError, in {session.request}",
            watched=session.watched,
            observed=repr(error),
            expected="a return, or the error of send",
            party="application",
            hint="expect OSError from send once the client may have gone",
        )


@case("asgi.websocket", "close-codes", proves=_PROVES)
async def close_codes(stage: ASGIStage) -> None:
    """Whatever code the client closes with, the application ends within the protocol."""
    for base in await stage.connections(messages=_MESSAGES[:1]):
        for code in CODES:
            await stage.connect(base.asked.but(close={"code": code, "reason": "bye"}))


@case(
    "asgi.websocket",
    "close-reason-absent",
    proves=(*HANDSHAKE, "asgi.websocket.disconnect.reason-default"),
)
async def reason_absent(stage: ASGIStage) -> None:
    """A disconnect without a reason, or with None, means an empty reason."""
    for base in await stage.connections(messages=_MESSAGES[:1]):
        for close, when in (
            ({"code": 1000}, "websocket.disconnect has no 'reason'"),
            ({"code": 1000, "reason": None}, "the 'reason' of websocket.disconnect is None"),
        ):
            await base.agrees(
                base.asked.but(close=close), "asgi.websocket.disconnect.reason-default", when
            )


@case("asgi.websocket", "client-gone-in-handshake", proves=_PROVES)
async def in_handshake(stage: ASGIStage) -> None:
    """The connection is lost before the application has answered the handshake."""
    await _losing(stage, Leave(received=0), Leave(received=1))


@case("asgi.websocket", "client-gone-after-accept", proves=_PROVES)
async def after_accept(stage: ASGIStage) -> None:
    """The connection is lost as soon as it is accepted."""
    await _losing(stage, Leave(sent=1))


@case("asgi.websocket", "client-gone-between-messages", proves=_PROVES)
async def between_messages(stage: ASGIStage) -> None:
    """The connection is lost after one, two or all messages, received or sent."""
    await _losing(
        stage,
        Leave(received=2),
        Leave(received=3),
        Leave(received=4),
        Leave(sent=2),
        Leave(sent=3),
    )
