"""Clients of HTTP/1.0: closing, keep-alive, framing, no upgrade (RFC 9112, 9.3; RFC 9110, 7.8)."""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import Outcome, accuse, begun, ends, finish
from gateproof.conformance.cases.server_http1_response_body import (
    PIECES,
    STREAM,
    played,
    unframed,
)
from gateproof.conformance.cases.server_http1_response_head import UPGRADE
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.script import Script, answer, catching, receive, respond, send

OLD = Request(version="HTTP/1.0")
KEPT = OLD.plus(("Connection", "keep-alive"))


async def _until_closed(stage: ServerStage, what: str, request: Request, app: Script) -> Outcome:
    """Send a request and wait for the end of the connection behind its reply."""
    heard = await begun(stage, request, app)
    reply = await finish(stage, heard)
    if b"keep-alive" not in reply.options(b"connection"):
        await ends(stage, heard.wire)
    return Outcome(what, heard)


@case("server.http1", "http10-closes", proves=["http1.conn.http10-default-close"])
async def http10_closes(stage: ServerStage) -> None:
    """A connection of HTTP/1.0 ends with the response, unless the client asked to keep it."""
    stage.needs("http10")
    for what, app in (("a length", answer()), ("no length", STREAM)):
        heard = await begun(stage, OLD, app)
        reply = await finish(stage, heard)
        closed = await ends(stage, heard.wire)
        if reply.status and not closed:
            stage.broken(
                "http1.conn.http10-default-close",
                f"kept a connection of HTTP/1.0 that was not asked to be kept, after {what}",
                heard=heard,
                observed=f"open after {stage.patience:g} s",
                expected="the end of the connection",
            )
            return


@case("server.http1", "http10-keeps", proves=["http1.conn.http10-keepalive-echo"])
async def http10_keeps(stage: ServerStage) -> None:
    """A connection of HTTP/1.0 is kept only with keep-alive and a length in the response."""
    stage.needs("http10")
    requirement = "http1.conn.http10-keepalive-echo"
    outcomes = [
        await _until_closed(stage, "a length", KEPT, answer()),
        await _until_closed(stage, "an error", KEPT, answer(404)),
    ]
    quiet = [one for one in outcomes if one.status and one.open and not _kept(one)]
    accuse(
        stage,
        requirement,
        "kept the connection without saying so, after",
        quiet,
        expected='"Connection: keep-alive", or the end of the connection',
    )


@case("server.http1", "http10-unframed", proves=["http1.body.close-delimited-response"])
async def http10_unframed(stage: ServerStage) -> None:
    """A response without a length ends with the connection, even if the client asked to keep it."""
    stage.needs("http10")
    unframed(stage, await played(stage, ("HTTP/1.0 with keep-alive", KEPT, STREAM), follow=False))


def _kept(outcome: Outcome) -> bool:
    return b"keep-alive" in outcome.heard.reply.options(b"connection")


@case("server.http1", "http10-unchunked", proves=["http1.te.not-to-http10-client"])
async def http10_unchunked(stage: ServerStage) -> None:
    """A response to HTTP/1.0 is never chunked."""
    stage.needs("http10")
    outcomes = await played(
        stage,
        ("pieces", OLD, STREAM),
        ("pieces, keep-alive", KEPT, STREAM),
        ("one piece", OLD, answer(length=False)),
        ("pieces with a length", KEPT, answer(pieces=PIECES)),
        ("HEAD", OLD.but(method="HEAD"), STREAM),
        follow=False,
    )
    accuse(
        stage,
        "http1.te.not-to-http10-client",
        "sent Transfer-Encoding with",
        [one for one in outcomes if one.heard.reply.get(b"transfer-encoding")],
        expected="a length, or an end by closing",
    )


@case("server.http1", "http10-upgrade", proves=["http1.status.upgrade-ignored-http10"])
async def http10_upgrade(stage: ServerStage) -> None:
    """Upgrade in a request of HTTP/1.0 is ignored."""
    stage.needs("http10")
    request = OLD.plus(*UPGRADE, ("Sec-WebSocket-Version", "13"))
    ordinary = answer()
    # Whatever a server takes the request for, this application agrees.
    accepting = (receive(), catching(send({"type": "websocket.accept"})), catching(respond()))
    app = Script(wsgi=ordinary.wsgi, asgi=accepting, legal=False)
    (outcome,) = await played(stage, ("WebSocket", request, app), follow=False)
    accuse(
        stage,
        "http1.status.upgrade-ignored-http10",
        "switched protocols for a client of HTTP/1.0",
        [outcome] if outcome.status == 101 else [],
        expected="an answer as if Upgrade were not there",
    )
