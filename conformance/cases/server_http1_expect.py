"""Expect: 100-continue, and interim responses (RFC 9110, 10.1.1 and 15.2)."""

from __future__ import annotations

import asyncio

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    Outcome,
    accuse,
    begun,
    finish,
    sent,
)
from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import ECHO, Script, drain, result, send, start, write

PAYLOAD = b"at last"

LATE = Script(
    wsgi=(
        start(headers=(("Content-Length", "4"),)),
        write(b"fi"),
        drain(),
        result("list", b"nd"),
    ),
    asgi=(
        send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]}
        ),
        send({"type": "http.response.body", "body": b"fi", "more_body": True}),
        drain(),
        send({"type": "http.response.body", "body": b"nd"}),
    ),
)
"""Begins its response, and reads the request only then."""


def expecting(expectation: str = "100-continue", version: str = "HTTP/1.1") -> Request:
    """A request that asks whether it may send its body, without the body."""
    return Request(
        "POST",
        version=version,
        headers=(
            ("Host", "{host}"),
            ("Content-Length", str(len(PAYLOAD))),
            ("Expect", expectation),
        ),
    )


async def _first(heard: Heard, within: float) -> bytes:
    """Wait for the first status line, and leave all that came where it is."""
    wire = heard.wire
    deadline = asyncio.get_running_loop().time() + within
    came = b""
    while b"\r\n" not in came:
        try:
            data = await wire.receive(deadline - asyncio.get_running_loop().time())
        except TimeoutError:
            break
        if not data:
            break
        came += data
    wire.pending[:0] = came
    return came.partition(b"\r\n")[0]


async def _asked(stage: ServerStage, expectation: str, app: Script = ECHO) -> tuple[Outcome, bytes]:
    """Ask, send the body once the server has said something or nothing, and read the reply."""
    heard = await begun(stage, expecting(expectation), app)
    said = await _first(heard, stage.patience)
    await heard.wire.send(PAYLOAD)
    await finish(stage, heard, "POST")
    await heard.wire.close()
    return Outcome(expectation, heard), said


@case(
    "server.http1",
    "expect-continue",
    proves=[
        "http1.expect.100-sent-or-final",
        "http1.expect.case-insensitive",
        "http1.status.final-after-1xx",
    ],
)
async def expect_continue(stage: ServerStage) -> None:
    """Who asks whether to send the body gets 100 or a final response, before sending it."""
    usual, said = await _asked(stage, "100-continue")
    if not said.startswith(b"HTTP/1."):
        # PEP 3333 lets a server wait for a client that does not wait for it.
        mild = stage.interface == "wsgi"
        stage.broken(
            "http1.expect.100-sent-or-final",
            "left a client waiting that asked whether it may send its body",
            heard=usual.heard,
            observed=f"nothing in {stage.patience:g} s",
            expected="100 Continue, or a final response",
            verdict="weak" if mild else None,
        )
        return
    if b" 100 " in said + b" " and not usual.status:
        stage.broken(
            "http1.status.final-after-1xx",
            "no final response after 100 and the body",
            heard=usual.heard,
            observed=str(usual.heard.reply),
            expected="one final response",
        )
        return
    capital, heard = await _asked(stage, "100-Continue")
    if b" 100 " in said + b" " and not heard.startswith(b"HTTP/1."):
        stage.broken(
            "http1.expect.case-insensitive",
            "an expectation with a capital letter was overlooked",
            heard=capital.heard,
            observed=f"nothing in {stage.patience:g} s",
            expected="the same as for 100-continue",
        )


@case(
    "server.http1",
    "expect-without-need",
    proves=[
        "http1.expect.no-100-when-body-seen",
        "http1.expect.without-body",
        "http1.expect.unknown-417",
        "http1.status.final-after-1xx",
    ],
)
async def expect_without_need(stage: ServerStage) -> None:
    """With or without 100 there is one final response: body there already, no body, other words."""
    outcomes = {
        "http1.expect.no-100-when-body-seen": await sent(
            stage, "the body sent along", expecting().but(body=PAYLOAD)
        ),
        "http1.expect.without-body": await sent(
            stage, "no body", Request().plus(("Expect", "100-continue"))
        ),
        "http1.expect.unknown-417": await sent(
            stage, "an unknown expectation", Request().plus(("Expect", "foo"))
        ),
    }
    for requirement, outcome in outcomes.items():
        accuse(
            stage,
            requirement,
            "did not cope with",
            [outcome] if outcome.failed else [],
            expected="the application's answer, or 417",
        )
    lost = [one for one in outcomes.values() if one.silent]
    accuse(
        stage,
        "http1.status.final-after-1xx",
        "no final response with",
        lost,
        expected="one final response",
    )
    twice = [one for one in outcomes.values() if one.stray or _answered_twice(one)]
    accuse(
        stage,
        "http1.status.final-after-1xx",
        "more than one final response with",
        twice,
        expected="one final response",
    )


def _answered_twice(outcome: Outcome) -> bool:
    """Whether what should answer the second request is of the same call as the first answer."""
    behind = outcome.behind
    return behind is not None and behind.reply.status == outcome.status == 200 and not behind.called


@case("server.http1", "expect-in-http10", proves=["http1.expect.http10-ignored"])
async def expect_in_http10(stage: ServerStage) -> None:
    """A client of HTTP/1.0 gets no 100, even if it asks."""
    stage.needs("http10")
    heard = await begun(stage, expecting(version="HTTP/1.0"))
    said = await _first(heard, settle(2))
    await heard.wire.send(PAYLOAD)
    reply = await finish(stage, heard, "POST")
    if any(status == 100 for status, _ in reply.interim):
        stage.broken(
            "http1.expect.http10-ignored",
            "sent 100 to a client of HTTP/1.0",
            heard=heard,
            observed=repr(said[:80]),
            expected="nothing before the body",
        )


@case("server.http1", "interim-in-http10", proves=["http1.status.no-1xx-to-http10"])
async def interim_in_http10(stage: ServerStage) -> None:
    """A client of HTTP/1.0 gets no interim response to an ordinary request."""
    stage.needs("http10")
    request = Request("POST", version="HTTP/1.0", body=PAYLOAD)
    outcome = await sent(stage, "HTTP/1.0", request, follow=False)
    if not outcome.heard.reply.interim:
        heard = await begun(stage, expecting(version="HTTP/1.0"))
        await _first(heard, settle(2))
        await heard.wire.send(PAYLOAD)
        await finish(stage, heard, "POST")
        outcome = Outcome("with Expect", heard)
    interim = outcome.heard.reply.interim
    if interim:
        stage.broken(
            "http1.status.no-1xx-to-http10",
            "sent an interim response to a client of HTTP/1.0",
            heard=outcome.heard,
            observed=repr([status for status, _ in interim]),
            expected="the final response alone",
        )


@case("server.http1", "no-interim-afterwards", proves=["http1.expect.no-100-after-final"])
async def no_interim_afterwards(stage: ServerStage) -> None:
    """Once the final response has begun no 100 follows, even when the body is read then."""
    heard = await begun(stage, expecting(), LATE)
    said = await _first(heard, stage.patience)
    if said.startswith(b"HTTP/1.1 100"):
        return  # it came at once, so none is left to come late
    await heard.wire.send(PAYLOAD)
    reply = await finish(stage, heard, "POST")
    raw = reply.raw + bytes(heard.wire.pending)
    if reply.status == 200 and b"HTTP/1.1 100" in raw[1:]:
        stage.broken(
            "http1.expect.no-100-after-final",
            "sent an interim response behind the head of the final one",
            heard=heard,
            observed=repr(raw[-120:]),
            expected="the rest of the response, or the end of the connection",
        )
