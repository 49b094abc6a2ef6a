"""Pings and pongs.

https://datatracker.ietf.org/doc/html/rfc6455#section-5.5.2
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import reached, waiting
from gateproof.conformance.cases.server_websocket_session import (
    ACCEPT,
    FAMILY,
    LISTENING,
    Session,
    application,
    frames_shown,
    opened,
)
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.frames import PING, PONG, build
from gateproof.targets.script import gone, wait

_PROMPTLY = 1.0
"""Seconds after which a pong is late, while the application is busy."""


def _pongs(session: Session) -> list[bytes]:
    return [frame.payload for frame in session.client.frames if frame.opcode == PONG]


@case(
    FAMILY,
    "ping",
    proves=(
        "ws.ping.answered",
        "ws.pong.same-payload",
        "asgi.websocket.server.handles-ping-pong",
    ),
)
async def ping(stage: ServerStage) -> None:
    """A ping is answered by a pong with its payload, and the application is not troubled."""
    session = await opened(stage)
    for payload in (b"", b"text", bytes(range(125)), b"\xff\x00"):
        await session.client.send_frames(build(PING, payload))
        before = len(_pongs(session))
        await session.client.collect(stage.patience, until="pong")
        got = _pongs(session)[before:]
        if not got:
            session.broken(
                "ws.ping.answered",
                f"a ping of {len(payload)} octets was not answered",
                observed=frames_shown(session),
                expected="a pong",
            )
            break
        if got[0] != payload:
            session.broken(
                "ws.pong.same-payload",
                "the pong has another payload than the ping",
                observed=repr(got[0]),
                expected=repr(payload),
            )
    await session.leave()
    between = session.events[1:-1] if session.disconnect else session.events[1:]
    if between:
        session.broken(
            "asgi.websocket.server.handles-ping-pong",
            "pings reached the application",
            observed=repr(between),
            expected="no event between connect and disconnect",
        )


@case(FAMILY, "pings-in-a-row", proves=("ws.ping.answered", "ws.pong.latest-only-allowed"))
async def burst(stage: ServerStage) -> None:
    """Of several pings at once, the last is answered at least."""
    session = await opened(stage)
    pings = [build(PING, b"%d" % number) for number in range(20)]
    await session.client.send_frames(*pings)
    while _pongs(session)[-1:] != [b"19"]:
        heard = await session.client.collect(stage.patience, until="pong")
        if not heard or heard[-1].kind != "pong":
            break
    await session.leave()
    got = _pongs(session)
    known = any(payload in (b"%d" % number for number in range(20)) for payload in got)
    if b"19" not in got and (known or not got):  # other payloads are another case's business
        session.broken(
            "ws.ping.answered",
            "the last of twenty pings was not answered",
            observed=repr(got),
            expected="a pong with b'19'",
        )


@case(FAMILY, "ping-while-busy", proves=("ws.ping.prompt",))
async def busy(stage: ServerStage) -> None:
    """A ping is answered while the application is busy with something else."""
    session = await opened(stage, application(ACCEPT, wait("go"), gone(LISTENING)))
    token = session.heard.token
    if await reached(stage, token, waiting("go")) is None:
        stage.blocked("the application did not come to wait")
    await session.client.send_frames(build(PING, b"now?"))
    await session.client.collect(_PROMPTLY, until="pong")
    prompt = bool(_pongs(session))
    stage.let(token, "go")
    await session.leave()
    if not prompt and _pongs(session):
        session.broken(
            "ws.ping.prompt",
            "a ping was not answered while the application was busy",
            observed=f"no pong within {_PROMPTLY:g} s, and one when it listened again",
            expected="a pong",
        )


@case(FAMILY, "unsolicited-pong", proves=("ws.pong.unsolicited-ignored",))
async def unsolicited(stage: ServerStage) -> None:
    """A pong that nobody asked for changes nothing."""
    session = await opened(stage)
    await session.client.send_frames(build(PONG), build(PONG, b"beat"))
    await session.client.send_text("go on")
    await session.client.ping(b"still there?")
    await session.client.collect(stage.patience, until="pong")
    await session.leave()
    answers = _pongs(session)
    if session.messages != ["go on"] or len(answers) > 1:
        session.broken(
            "ws.pong.unsolicited-ignored",
            "pongs that nobody asked for were not ignored",
            observed=f"the application received {session.messages!r}; {frames_shown(session)}",
            expected="['go on'], and one pong",
        )
