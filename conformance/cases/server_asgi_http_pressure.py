"""ASGI over HTTP: send() and a client that does not read.

https://asgi.readthedocs.io/en/latest/specs/main.html#applications
"""

from __future__ import annotations

import asyncio

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAMILY,
    PROMPTLY,
    answered,
    begin,
    body,
    start,
)
from gateproof.conformance.patience import stretch
from gateproof.conformance.server_stage import Heard, ServerStage
from gateproof.targets.script import Script, drain, filled, repeat

_RETURNS = "asgi.send.returns-after-completion"

_PIECE = 512 * 1024
_PIECES = 64
"""In all far more octets than the buffers of both kernels take."""

_APP = Script(
    asgi=(drain(), start(), repeat(_PIECES, body(filled(_PIECE), more=True)), body()),
)

_QUIET = 0.7
"""Seconds without progress after which send() counts as suspended."""


async def _suspended(stage: ServerStage, heard: Heard) -> bool:
    """Wait until a send() is suspended, or all of them have returned.

    Returns:
        Whether one is suspended.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 3 * stage.patience
    count, since, quiet = -1, loop.time(), _QUIET * stretch()
    while loop.time() < deadline:
        await asyncio.sleep(quiet / 7)
        heard.calls = stage.server.folder.calls(heard.token)
        done = sum(len(call.steps("sent")) for call in heard.calls)
        if any(call.ended for call in heard.calls) or done > _PIECES:
            return False
        if done != count:
            count, since = done, loop.time()
        elif loop.time() - since > quiet and heard.calls:
            return True
    return True


@case(FAMILY, "send-waits-for-the-client", proves=(_RETURNS,))
async def waits(stage: ServerStage) -> None:
    """send() waits for a client that does not read, and goes on when it reads."""
    heard = await begin(stage, _APP)
    if not await _suspended(stage, heard):
        stage.broken(
            _RETURNS,
            f"send() took {_PIECES * _PIECE // 2**20} MiB for a client that read nothing",
            heard=heard,
            observed="every send() returned",
            expected="a send() that is suspended while the write buffer is full",
            verdict="weak",
        )
    within = 3 * stage.patience
    reply = await answered(stage, heard, within)
    await stage.gather(heard, 1, stage.patience)
    if reply.ended == "timeout" and not heard.call.ended:
        stage.broken(
            _RETURNS,
            "send() stayed suspended though the client had read what was sent",
            heard=heard,
            observed=f"{reply.body_size} octets within {within:g} s",
            expected=f"{_PIECES * _PIECE} octets",
        )


@case(FAMILY, "send-returns-when-the-client-leaves", proves=(_RETURNS,))
async def client_leaves(stage: ServerStage) -> None:
    """A suspended send() returns or raises once the client has left."""
    stage.needs("disconnect_seen")
    heard = await begin(stage, _APP)
    if not await _suspended(stage, heard):
        stage.not_applicable("send() is not suspended for a client that does not read")
    heard.wire.reset()
    await stage.gather(heard, 1, PROMPTLY + stage.patience)
    if not heard.call.ended:
        stage.broken(
            _RETURNS,
            "send() stayed suspended after the client had left",
            heard=heard,
            observed=f"nothing within {PROMPTLY + stage.patience:g} s",
            expected="send() returns, or raises an OSError",
        )
