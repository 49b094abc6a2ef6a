"""ASGI WebSocket: the handshake, accepted or denied.

https://asgi.readthedocs.io/en/latest/specs/www.html#connect-receive-event
"""

from __future__ import annotations

import anyio

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.targets.asgi_websocket import DENIAL, Connect

HANDSHAKE = (
    "asgi.websocket.connect.must-be-answered",
    "asgi.websocket.accept.once",
    "asgi.websocket.send.after-accept",
)
"""What every connection proves."""

_AT_ONCE = 4


async def _any_answered(stage: ASGIStage, *connections: Connect) -> None:
    """Open each connection; n/a unless one of them was answered in the protocol."""
    sessions = [await stage.connect(asked) for asked in connections]
    if not any(session.speaks for session in sessions):
        stage.not_applicable(
            f"the application does not accept WebSockets at {', '.join(stage.paths)}"
        )


@case("asgi.websocket", "handshake", proves=HANDSHAKE)
async def handshake(stage: ASGIStage) -> None:
    """websocket.connect is answered by accepting or denying, and then the client closes."""
    await _any_answered(stage, *(Connect.to(path) for path in stage.paths))


@case("asgi.websocket", "denial-response", proves=("asgi.ext.ws-denial.sequence",))
async def denial(stage: ASGIStage) -> None:
    """Where it may deny with a response, an application sends a whole one, or just closes."""
    offer = {"extensions": {name: dict(value) for name, value in DENIAL.items()}}
    refused = ((b"origin", b"https://elsewhere.example"),)
    await _any_answered(
        stage,
        *(Connect.to(path, scope=offer) for path in stage.paths),
        *(Connect.to(path, scope=offer, headers=refused) for path in stage.paths),
    )


@case(
    "asgi.websocket",
    "subprotocols",
    proves=(*HANDSHAKE, "asgi.websocket.accept.subprotocol-offered"),
)
async def subprotocols(stage: ASGIStage) -> None:
    """Offered subprotocols, an application selects one of them or none."""
    await stage.connections()
    for path in stage.paths:
        await stage.connect(Connect.to(path, subprotocols=("gateproof.v2", "gateproof.v1")))
        await stage.connect(Connect.to(path, subprotocols=("graphql-transport-ws", "wamp.2.json")))


@case("asgi.websocket", "concurrent", proves=HANDSHAKE)
async def concurrent(stage: ASGIStage) -> None:
    """Several connections at once each follow the protocol."""
    bases = await stage.connections(messages=("gateproof",))
    async with anyio.create_task_group() as group:
        for base in bases:
            for _ in range(_AT_ONCE):
                group.start_soon(stage.connect, base.asked)
