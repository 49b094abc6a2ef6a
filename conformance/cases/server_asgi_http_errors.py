"""ASGI over HTTP: applications that raise, or return without a whole response.

What counts is what the client can know: that there was an error, or that the
response is not complete.

https://asgi.readthedocs.io/en/latest/specs/main.html#error-handling
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAILED,
    FAMILY,
    HOST,
    body,
    shown,
    start,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.http1 import Reply
from gateproof.targets.script import Script, Step, catching, drain, raise_, return_, send

_ENDS = "asgi.server.terminates-on-app-error"
_FAILS = "asgi.http.server.500-on-error-before-start"
_MISSING = "asgi.http.server.error-on-missing-response"
_ABORTS = "asgi.http.server.abort-incomplete-response"

_PART = b"a part of the body"
_LENGTH = (b"content-length", b"100")


@dataclass(frozen=True)
class Torso:
    """A response that was begun and is never finished."""

    what: str
    steps: tuple[Step, ...]


_TORSI = (
    Torso("after the start", (start(),)),
    Torso("after a part of the body", (start(), body(_PART, more=True))),
    Torso("after a part of the announced body", (start(200, _LENGTH), body(_PART, more=True))),
    Torso("after the start of an announced body", (start(200, _LENGTH),)),
)


def _deceives(reply: Reply) -> bool:
    """Whether an unfinished response looks complete to the client.

    One that ends with the connection can never show that it is unfinished.
    """
    return reply.complete and reply.status < FAILED and reply.framing in ("length", "chunked")


async def _fails(stage: ServerStage, requirement: str, *steps: Step, what: str, hangs: str) -> None:
    """Judge an application that gives no response at all.

    Args:
        stage: the stage.
        requirement: what asks for an error response.
        *steps: what the application does.
        what: the same in words.
        hangs: the requirement that is broken where the client is left waiting.
    """
    for request in (Request(), Request(method="POST", headers=(HOST,), body=b"x" * 100)):
        heard = await stage.ask(request, Script(asgi=steps, legal=False), calls=1)
        reply = heard.reply
        if reply.complete and reply.status >= FAILED:
            continue
        silent = reply.ended == "timeout"
        if requirement == _MISSING and reply.ended in ("nothing", "closed", "reset"):
            continue  # a closed connection tells it as well
        stage.broken(
            hangs if silent else requirement,
            f"the application {what}, and the client "
            + ("was left waiting" if silent else "got no error response"),
            heard=heard,
            observed=str(reply),
            expected="500",
        )
        return


@case(FAMILY, "raising-before-the-start", methods=("GET", "POST"), proves=(_FAILS,))
async def before_the_start(stage: ServerStage) -> None:
    """An application that raises before its response gives the client an error response."""
    await _fails(stage, _FAILS, raise_(), what="raised at once", hangs=_ENDS)
    await _fails(stage, _FAILS, drain(), raise_(), what="raised", hangs=_ENDS)


@case(FAMILY, "returning-without-response", methods=("GET", "POST"), proves=(_MISSING,))
async def without_response(stage: ServerStage) -> None:
    """An application that returns without a response does not leave the client waiting."""
    await _fails(stage, _MISSING, return_(), what="returned at once", hangs=_MISSING)
    await _fails(stage, _MISSING, drain(), what="returned without a response", hangs=_MISSING)


@asynccontextmanager
async def _own(stage: ServerStage) -> AsyncIterator[ServerStage]:
    """A stage on a server of the case's own.

    Some servers do not get over an exception that comes late, and never look after
    their applications again. Other cases are not to suffer from that.

    Raises:
        Blocked: the server does not start.
    """
    async with stage.own_server() as own:
        if own.failed:
            stage.blocked(own.failed)
        yield own.stage


async def _torso(stage: ServerStage, torso: Torso, *end: Step) -> Heard:
    app = Script(asgi=(drain(), *torso.steps, *end), legal=False)
    return await stage.ask(Request(), app, then="keep", calls=1)


@case(FAMILY, "raising-within-the-response", proves=(_ENDS,))
async def within(stage: ServerStage) -> None:
    """An application that raises within its response ends the connection, visibly unfinished."""
    async with _own(stage) as own:
        await _raise_within(own)


async def _raise_within(stage: ServerStage) -> None:
    for torso in _TORSI:
        heard = await _torso(stage, torso, raise_())
        reply = heard.reply
        if reply.ended == "timeout":
            stage.broken(
                _ENDS,
                f"the application raised {torso.what}, and the connection was left open",
                heard=heard,
                observed=str(reply),
                expected="a closed connection",
            )
            return
        if _deceives(reply):
            stage.broken(
                _ENDS,
                f"the application raised {torso.what}, and the client was told that all is well",
                heard=heard,
                observed=f"{reply}: {shown(reply.raw, 300)}",
                expected="a response that is visibly incomplete, or an error response",
                verdict="weak",
            )
            return


@case(FAMILY, "returning-within-the-response", proves=(_ABORTS,))
async def returning(stage: ServerStage) -> None:
    """An application that returns within its response leaves one that is visibly unfinished."""
    for torso in _TORSI:
        heard = await _torso(stage, torso)
        reply = heard.reply
        if reply.ended != "timeout" and not _deceives(reply):
            continue
        stage.broken(
            _ABORTS,
            f"the application returned {torso.what}, and the client "
            + ("was left waiting" if reply.ended == "timeout" else "was told that all is well"),
            heard=heard,
            observed=f"{reply}: {shown(reply.raw, 300)}",
            expected="a response that is visibly incomplete",
        )
        return


@case(
    FAMILY,
    "raising-after-the-response",
    proves=("asgi.http.response-body.completes-response",),
)
async def after_the_response(stage: ServerStage) -> None:
    """An application that raises after its response has not changed it."""
    async with _own(stage) as own:
        await _raise_after(own)


async def _raise_after(stage: ServerStage) -> None:
    for headers in ((), ((b"content-length", b"4"),)):
        app = Script(asgi=(drain(), start(200, *headers), body(b"done"), raise_()))
        heard = await stage.ask(Request(), app, calls=1)
        reply = heard.reply
        if not reply.complete or reply.status != 200 or reply.body != b"done":
            stage.broken(
                "asgi.http.response-body.completes-response",
                "an exception after the response changed what the client got",
                heard=heard,
                observed=f"{reply}: {shown(reply.raw, 300)}",
                expected="200 with the body b'done'",
            )
            return


_STARTS = "http.response.start"
_INVALID: tuple[object, ...] = (
    {},
    {"status": 200, "headers": []},
    {"type": "http.gateproof"},
    {"type": "http.response.nonsense", "body": b""},
    {"type": _STARTS, "headers": []},
    {"type": _STARTS, "status": 200, "headers": [("x-text", "value")]},
    {"type": _STARTS, "status": 200, "headers": [(b"x-number", 1)]},
    {"type": _STARTS, "status": "200", "headers": []},
)
"""Events without a type, of no known type, without a mandatory key, with values of wrong types."""


@case(
    FAMILY,
    "events-refused",
    proves=(
        "asgi.server.raises-on-missing-type",
        "asgi.server.raises-on-unknown-event-type",
        "asgi.server.raises-on-missing-keys",
        "asgi.server.raises-on-wrong-types",
    ),
)
async def refused_events(stage: ServerStage) -> None:
    """An event that means nothing is refused by an exception out of send().

    The judge tells of a send() that returns.
    """
    for event in _INVALID:
        steps = (catching(send(event)), catching(start()), catching(body(b"ok")))
        app = Script(asgi=(drain(), *steps), legal=False)
        await stage.ask(Request(), app, calls=1)


@case(FAMILY, "additional-keys-ignored", proves=("asgi.server.ignores-extra-keys",))
async def additional_keys(stage: ServerStage) -> None:
    """Additional keys in the events of a response change nothing."""
    begun = {"type": _STARTS, "status": 200, "headers": [_LENGTH], "x_gateproof": 1}
    ended = {"type": "http.response.body", "body": b"x" * 100, "x_gateproof": {"nested": [b""]}}
    heard = await stage.ask(Request(), Script(asgi=(drain(), send(begun), send(ended))), calls=1)
    reply = heard.reply
    if not reply.complete or reply.status != 200 or reply.body != b"x" * 100:
        stage.broken(
            "asgi.server.ignores-extra-keys",
            "a response whose events have additional keys went wrong",
            heard=heard,
            observed=str(reply),
            expected="200, as without them",
        )
