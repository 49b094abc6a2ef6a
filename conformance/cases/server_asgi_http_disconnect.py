"""ASGI over HTTP: http.disconnect, and what follows it.

https://asgi.readthedocs.io/en/latest/specs/www.html#disconnect-receive-event
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAMILY,
    PROMPTLY,
    begin,
    body,
    left,
    of_type,
    reached,
    requested,
    seen,
    start,
    surplus,
    told,
    waiting,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import Script, Step, catching, drain, receive, respond, wait

_LENGTH = (b"content-length", b"2")
_ANSWERED = (drain(), respond(headers=[_LENGTH]))
_AGAIN = 2.0
"""Seconds in which an event that is repeated has to come."""

_STREAMING = (drain(), start(), body(b"begun", more=True))
_GONE = "asgi.http.disconnect.after-connection-closed"
_REPEATED = "asgi.http.disconnect.repeatable"


async def _after_response(stage: ServerStage, *steps: Step) -> Heard:
    """An exchange whose application goes on to receive after its response."""
    within = PROMPTLY + _AGAIN + stage.patience
    return await stage.ask(
        Request(), Script(asgi=(*_ANSWERED, *steps)), then="keep", calls=1, within=within
    )


async def _leave(stage: ServerStage, app: Script, how: str = "close") -> Heard:
    """An exchange whose client leaves once the application has received the request.

    Args:
        stage: the stage.
        app: what the application does; where it has a step ``wait("left")``, that is
            let go on after the client has left.
        how: ``"close"`` or ``"reset"``.
    """
    stage.needs("disconnect_seen")
    heard = await begin(stage, app)
    waits = any(step["do"] == "wait" for step in app.asgi)
    test = waiting("left") if waits else requested
    if await reached(stage, heard.token, test) is None:
        stage.blocked("the application was not called before the client had to leave")
    if how == "reset":
        heard.wire.reset()
    else:
        await heard.wire.close()
    if waits:
        stage.let(heard.token, "left")
    await stage.gather(heard, 1, PROMPTLY + _AGAIN + stage.patience)
    return heard


@case(FAMILY, "disconnect-after-response", proves=("asgi.http.disconnect.after-response",))
async def after_response(stage: ServerStage) -> None:
    """After a complete response receive() gives a disconnect, though the client stays."""
    heard = await _after_response(stage, receive(within=PROMPTLY))
    if len(heard.call.steps("received")) < _received_before(heard) + 1:
        stage.broken(
            "asgi.http.disconnect.after-response",
            "receive() gave nothing after the response was complete",
            heard=heard,
            observed=f"nothing within {PROMPTLY:g} s",
            expected="http.disconnect",
        )


def _received_before(heard: Heard) -> int:
    """How many events were received before the response was sent."""
    count = 0
    for rung in heard.call.rungs:
        if rung.step == "send":
            break
        count += rung.step == "received"
    return count


@case(FAMILY, "disconnect-repeated", proves=(_REPEATED,))
async def repeated(stage: ServerStage) -> None:
    """After one disconnect every further receive() gives another."""
    replies = await _after_response(stage, receive(within=PROMPTLY), receive(within=_AGAIN))
    heards = [replies]
    again = (drain(), receive(PROMPTLY), receive(within=_AGAIN), catching(respond()))
    if stage.features.disconnect_seen:
        heards.append(await _leave(stage, Script(asgi=again)))
    for heard in heards:
        if len(of_type(heard.call, "http.disconnect")) == 1:
            stage.broken(
                _REPEATED,
                "the second receive() after a disconnect gave nothing",
                heard=heard,
                observed=f"nothing within {_AGAIN:g} s",
                expected="http.disconnect again",
            )
            return


@case(FAMILY, "disconnect-of-the-client", proves=(_GONE, "asgi.http.disconnect.type"))
async def of_the_client(stage: ServerStage) -> None:
    """A client that leaves is told by a disconnect, at whatever point it leaves."""
    late = catching(respond())
    rows = (
        ("while receive() waits", (drain(), receive(PROMPTLY), late), "close"),
        ("by a reset while receive() waits", (drain(), receive(PROMPTLY), late), "reset"),
        ("before receive() is called", (drain(), wait("left"), receive(PROMPTLY), late), "close"),
        (
            "in the middle of the response",
            (*_STREAMING, wait("left"), receive(PROMPTLY), catching(body())),
            "close",
        ),
    )
    for when, steps, how in rows:
        heard = await _leave(stage, Script(asgi=steps), how)
        if not told(heard.call) and not surplus(heard.call):
            stage.broken(
                _GONE,
                f"the client left {when}, and receive() did not tell",
                heard=heard,
                observed=f"no http.disconnect within {PROMPTLY:g} s",
                expected="http.disconnect",
            )
            return


@case(
    FAMILY,
    "disconnect-not-while-connected",
    proves=("asgi.http.disconnect.not-while-connected", "asgi.http.request.none-after-final"),
)
async def not_while_connected(stage: ServerStage) -> None:
    """While the client waits for the response, receive() gives nothing after the request."""
    heard = await stage.ask(Request(), Script(asgi=(drain(), receive(within=1.0), respond())))
    if left(heard.call):
        stage.broken(
            "asgi.http.disconnect.not-while-connected",
            "a disconnect was delivered while the client was waiting for the response",
            heard=heard,
            observed="http.disconnect",
            expected="nothing until the response is complete or the client has left",
        )


@case(FAMILY, "send-after-disconnect", proves=("asgi.http.send.raises-oserror-when-closed",))
async def send_after(stage: ServerStage) -> None:
    """What send() raises once the client has left, if anything, is an OSError."""
    late = (catching(body(b"to nobody", more=True)), catching(body(b"to nobody")))
    await _leave(stage, Script(asgi=(drain(), receive(PROMPTLY), catching(respond()))))
    await _leave(stage, Script(asgi=(*_STREAMING, wait("left"), receive(PROMPTLY), *late)))


@case(
    FAMILY,
    "send-error-uncaught",
    alone=True,
    proves=(
        "asgi.http.server.catches-own-disconnect-error",
        "asgi.http.server.disconnect-not-logged-as-error",
    ),
)
async def uncaught(stage: ServerStage) -> None:
    """An exception of send() that the application lets out ends its call and nothing else."""
    stage.at_hand("the log of the server")
    marked = stage.server.log_mark()
    more = tuple(body(b"to nobody", more=True) for _ in range(20))
    heard = await _leave(stage, Script(asgi=(drain(), receive(PROMPTLY), start(), *more, body())))
    if not heard.call.steps("send-raised"):
        stage.not_applicable("send() raises nothing once the client has left")
    second = await stage.ask(Request())
    if not second.reply.complete or second.reply.status != 200:
        stage.broken(
            "asgi.http.server.catches-own-disconnect-error",
            "the next request failed after an exception of send() had left an application",
            heard=second,
            observed=str(second.reply),
            expected="200",
        )
    log = stage.server.log_tail(marked, 400)
    if "Traceback" in log:
        stage.broken(
            "asgi.http.server.disconnect-not-logged-as-error",
            "the server logged its own exception of send() as an error",
            heard=heard,
            observed=log[-1000:],
            expected="nothing at the level of errors",
        )


@case(FAMILY, "waiting-is-not-cancelled", proves=("asgi.http.scope.persists-until-response-end",))
async def long_poll(stage: ServerStage) -> None:
    """An application that takes a second to answer is left to it."""
    heard = await begin(stage, Script(asgi=(drain(), wait("on"), respond())))
    await reached(stage, heard.token, lambda call: call.ended, within=1.2)
    stage.let(heard.token, "on")
    await stage.gather(heard, 1, stage.patience)
    if heard.call.steps("cancel"):
        stage.broken(
            "asgi.http.scope.persists-until-response-end",
            "the call was cancelled while the client was waiting for the response",
            heard=heard,
            observed="a cancelled call",
            expected="a call that lasts until the response is complete",
        )


@case(FAMILY, "cleaning-up-is-not-cancelled", proves=("asgi.scope.lifetime-until-close",))
async def cleaning_up(stage: ServerStage) -> None:
    """An application may clean up for a moment after the client has left."""
    stage.needs("disconnect_seen")
    heard = await begin(stage, Script(asgi=(*_STREAMING, wait("on"), catching(body()))))
    await seen(stage, heard.wire, b"begun")
    await heard.wire.close()
    await reached(stage, heard.token, lambda call: call.ended, within=0.5)
    stage.let(heard.token, "on")
    await stage.gather(heard, 1, stage.patience)
    if heard.call.steps("cancel") and not left(heard.call):
        stage.broken(
            "asgi.scope.lifetime-until-close",
            "the call was cancelled as soon as the client had left, before it was told",
            heard=heard,
            observed="a cancelled call",
            expected="http.disconnect, and time to clean up",
        )
