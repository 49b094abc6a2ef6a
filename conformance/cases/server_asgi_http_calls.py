"""ASGI over HTTP: one call of the application for each request, with a scope of its own.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import FAMILY, HOST, of_type, scope
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import ECHO, Script, answer, drain, receive, respond

_ONCE = "asgi.server.one-call-per-connection"
_SINGLE = "asgi.http.scope.single-request"
_AT_ONCE = 6

_LISTENING = Script(asgi=(drain(), respond(headers=[(b"content-length", b"2")]), receive(1.0)))
"""Answers, and listens for a moment longer."""


async def _called_once(stage: ServerStage, heard: Heard) -> bool:
    """Report a request that was answered and is not one call; whether all was well."""
    await stage.refresh(heard)
    if len(heard.calls) == 1:
        return True
    stage.broken(
        _ONCE,
        "a request that was answered is not one call of the application",
        heard=heard,
        observed=f"{len(heard.calls)} calls",
        expected="1 call",
    )
    return False


@case(FAMILY, "calls-on-one-connection", proves=(_ONCE, _SINGLE))
async def on_one_connection(stage: ServerStage) -> None:
    """Several requests on one connection are as many calls, each with its own scope and events."""
    stage.needs("keep_alive")
    wire = await stage.connect()
    heards: list[Heard] = []
    for number in range(3):
        request = Request(target=f"/{{token}}/{number}")
        # The first call is still there, and listens, when the second request comes.
        heards.append(await stage.ask(request, _LISTENING, wire=wire, then="keep", calls=0))
        if not heards[-1].reply.keeps:
            break
    for heard in heards:
        heard.calls = await stage.calls(heard.token)
    if await _misplaced(stage, heards):
        return
    answered = [heard for heard in heards if heard.reply.complete]
    if len(answered) < 2:
        stage.blocked("the server did not keep the connection for a second request")
    for number, heard in enumerate(answered):
        if not await _called_once(stage, heard):
            return
        path = scope(heard).get("path")
        if isinstance(path, str) and not path.endswith(f"/{heard.token}/{number}"):
            stage.broken(
                _SINGLE,
                "a later request on a connection was called with the scope of another",
                heard=heard,
                observed=repr(path),
                expected=repr(f"/{heard.token}/{number}"),
            )
            return


async def _misplaced(stage: ServerStage, heards: list[Heard]) -> bool:
    """Report a request that was delivered in the call of the one before it."""
    for before, heard in pairwise(heards):
        late = [event for call in before.calls for event in of_type(call, "http.request")]
        if len(late) > 1 and not heard.called:
            stage.broken(
                _SINGLE,
                "the second request on a connection was delivered in the call of the first",
                heard=before,
                observed=f"{len(late)} events http.request in one call, and no second call",
                expected="a call for each request",
            )
            return True
    return False


@case(FAMILY, "calls-at-once", methods=("POST",), proves=(_SINGLE,))
async def at_once(stage: ServerStage) -> None:
    """Requests on several connections at once are calls of their own, each with its own body."""
    if stage.features.concurrency < _AT_ONCE:
        stage.not_applicable(f"the server does not work on {_AT_ONCE} requests at once")

    async def post(number: int) -> Heard:
        payload = b"%d" % number * 1000
        request = Request(method="POST", headers=(HOST,), body=payload)
        return await stage.ask(request, ECHO, cuts=(-500,), calls=1)

    heards = await asyncio.gather(*(post(number) for number in range(_AT_ONCE)))
    for number, heard in enumerate(heards):
        payload = b"%d" % number * 1000
        if heard.reply.body != payload:
            stage.broken(
                _SINGLE,
                "one of several requests at once was answered with another body than its own",
                heard=heard,
                observed=f"{heard.reply}: {heard.reply.body[:40]!r}",
                expected=f"{payload[:40]!r}, {len(payload)} octets",
            )
            return


@case(FAMILY, "calls-with-bodies-kept", methods=("POST",), proves=(_ONCE,))
async def bodies_kept(stage: ServerStage) -> None:
    """A body that the application does not read is not the beginning of another request."""
    stage.needs("keep_alive")
    hidden = b"GET /{token} HTTP/1.1\r\nHost: {host}\r\n\r\n"
    request = Request(method="POST", headers=(HOST,), body=hidden)
    size = len(request.octets("gp" + "x" * 12, stage.host).partition(b"\r\n\r\n")[2])
    request = request.plus(("Content-Length", str(size)))
    heard = await stage.ask(request, answer(read=False), then="keep", calls=1)
    await stage.follow_up(heard)
    await _called_once(stage, heard)
