"""Connections: keeping, closing, pipelining, bodies that nobody read (RFC 9112, 9)."""

from __future__ import annotations

import time

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    FOLLOWER,
    Outcome,
    accuse,
    begun,
    each,
    ends,
    finish,
    sent,
    table,
)
from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.http1 import read_replies
from gateproof.targets.http1_request import filled
from gateproof.targets.script import Script, answer, drain, result, send, start, wait, yield_

CLOSE = ("Connection", "close")

IDLE = 500_000_000
"""Nanoseconds without a request after which a server may well close, where time is short."""

LARGE = 8 << 20
"""Octets of a body that no socket buffers hold."""


@case(
    "server.http1",
    "close-announced",
    proves=["http1.conn.no-persistence-close-header"],
    alone=True,  # a busy server may close a connection as soon as nothing is under way on it
)
async def close_announced(stage: ServerStage) -> None:
    """Who closes after a response of HTTP/1.1 says so in that response."""
    heard = await begun(stage, Request(), answer())
    reply = await finish(stage, heard)
    # How soon a server closes is its own affair; one that does not persist does it at once.
    closed = reply.complete and await ends(stage, heard.wire, settle(2))
    # One that closes later has waited for a request: an idle connection may be closed at any time.
    closed = closed and heard.wire.ended_at - reply.ended_at <= IDLE
    if closed and reply.version == "HTTP/1.1" and b"close" not in reply.options(b"connection"):
        stage.broken(
            "http1.conn.no-persistence-close-header",
            "closed after a response that did not announce it",
            heard=heard,
            observed=f"Connection {reply.get(b'connection')!r}, then the end of the connection",
            expected='"Connection: close", or an open connection',
        )


@case("server.http1", "second-request", proves=["http1.conn.persistent-default"])
async def second_request(stage: ServerStage) -> None:
    """Two requests after each other on one connection are both answered."""
    heard = await stage.ask(Request("POST", body=b"hello"), answer(), then="keep")
    if not heard.reply.keeps:
        return
    wire = heard.wire
    idle = time.monotonic_ns() - heard.reply.ended_at
    again = await stage.follow_up(heard)
    if again is None and idle > IDLE:
        return  # an idle connection may be closed at any time
    if again is None or again.reply.status != 200:
        gone = "the connection was reset" if wire.was_reset else "the connection was closed"
        stage.broken(
            "http1.conn.persistent-default",
            "a second request was not answered, though the response did not announce closing",
            heard=again or heard,
            observed=str(again.reply) if again else gone,
            expected="the application's answer",
        )


@case("server.http1", "client-closes", proves=["http1.conn.client-close-honoured"])
async def client_closes(stage: ServerStage) -> None:
    """After the response to a request with the close option the server closes."""
    heard = await begun(stage, Request().plus(CLOSE), answer())
    await finish(stage, heard)
    await ends(stage, heard.wire)
    outcome = Outcome("Connection: close", heard, followed=True)
    accuse(
        stage,
        "http1.conn.client-close-honoured",
        "stayed connected after",
        [outcome] if outcome.open else [],
        expected="the end of the connection",
    )


@case("server.http1", "close-echoed", proves=["http1.conn.client-close-header-echo"])
async def close_echoed(stage: ServerStage) -> None:
    """The response to a request with the close option carries that option as well."""
    outcome = await sent(stage, "close", Request().plus(CLOSE), answer(), follow=False)
    reply = outcome.heard.reply
    missing = reply.version == "HTTP/1.1" and b"close" not in reply.options(b"connection")
    accuse(
        stage,
        "http1.conn.client-close-header-echo",
        "did not answer with the option",
        [outcome] if missing else [],
        expected="Connection: close",
    )


@case(
    "server.http1",
    "close-option-in-any-case",
    proves=["http1.conn.connection-options-case-insensitive"],
)
async def close_option_in_any_case(stage: ServerStage) -> None:
    """The close option counts in capitals, in a list, and on a second line."""
    rows = [
        ("CLOSE", Request().plus(("Connection", "CLOSE"))),
        ("Keep-Alive, CLOSE", Request().plus(("Connection", "Keep-Alive, CLOSE"))),
        ("X-Other,close", Request().plus(("Connection", "X-Other,close"))),
        ("two lines", Request().plus(("Connection", "X-Other"), CLOSE)),
        ("a name in capitals", Request().plus(("CONNECTION", "close"))),
    ]
    # That the request behind is answered shows it sooner and more surely than an open connection.
    plain, *others = await table(stage, [("close", Request().plus(CLOSE)), *rows], answer())
    if _answered(plain):
        stage.blocked("the close option is not honoured even as it is usually written")
    accuse(
        stage,
        "http1.conn.connection-options-case-insensitive",
        "overlooked the close option, written as",
        [one for one in others if _answered(one)],
        expected="the end of the connection",
    )


def _answered(outcome: Outcome) -> bool:
    """Whether the request behind was answered."""
    return outcome.behind is not None and outcome.behind.reply.status > 0


@case("server.http1", "nothing-after-close", proves=["http1.conn.no-processing-after-close"])
async def nothing_after_close(stage: ServerStage) -> None:
    """What comes behind a request with the close option is not processed."""
    outcome = await sent(stage, "a request with close", Request().plus(CLOSE), answer())
    accuse(
        stage,
        "http1.conn.no-processing-after-close",
        "served the request behind",
        [outcome] if outcome.went_on else [],
        expected="one response and the end of the connection",
    )


@case("server.http1", "server-closes", proves=["http1.conn.server-close-honoured"])
async def server_closes(stage: ServerStage) -> None:
    """Who has sent the close option closes, and processes nothing further."""
    requirement = "http1.conn.server-close-honoured"
    rows: list[tuple[str, Request | bytes, Script]] = [
        ("a refusal", Request(headers=()), answer()),
        ("a refusal of the length", Request("POST").plus(("Content-Length", "x")), answer()),
        ("an answer", Request(), answer()),
    ]
    if stage.interface == "asgi":
        rows.append(
            ("close by the application", Request(), answer(headers=((b"connection", b"close"),)))
        )
    outcomes = await each(stage, rows, lambda row: sent(stage, *row))
    said = [one for one in outcomes if b"close" in one.heard.reply.options(b"connection")]
    kept = [one for one in said if one.went_on or one.open]
    accuse(
        stage,
        requirement,
        "went on after Connection: close in",
        kept,
        expected="the end of the connection",
    )


@case("server.http1", "unread-body", proves=["http1.conn.unread-body"])
async def unread_body(stage: ServerStage) -> None:
    """The rest of a body that the application did not read is not taken for a request."""
    requirement = "http1.conn.unread-body"
    hidden = stage.lay()
    inner = filled(FOLLOWER.replace(b"Connection: close\r\n", b""), hidden, stage.host)
    app = answer(read=False)
    rows = []
    for size in (len(inner), 70_000, 1 << 20):
        body = inner * (size // len(inner))
        plain = Request("POST", body=body)
        rows.append((f"{len(body)} octets", plain))
        if size < 70_000:
            rows.append(("with Expect", plain.plus(("Expect", "100-continue"))))
            if stage.features.chunked_request:
                chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
                fields = (("Host", "{host}"), ("Transfer-Encoding", "chunked"))
                rows.append(("chunks", Request("POST", headers=fields, body=chunks)))
    outcomes = await each(stage, rows, lambda row: sent(stage, *row, app))
    if stage.server.folder.calls(hidden):
        first = next((one for one in outcomes if one.stray or one.behind), outcomes[0])
        stage.broken(
            requirement,
            "a request that stood in the body of another one was served",
            heard=first.heard,
            observed="the application was called for it",
            expected="the body skipped, or the connection closed",
        )
        return
    bad = [one for one in outcomes if one.misread or one.stray]
    accuse(
        stage,
        requirement,
        "took the unread body for the next request",
        bad,
        expected="the answer to the request behind, or a closed connection",
    )


@case("server.http1", "early-refusal", proves=["http1.conn.lingering-close"])
async def early_refusal(stage: ServerStage) -> None:
    """A client that is still sending its body can read an early refusal."""
    request = Request("POST", body=b"x" * LARGE)
    rows = [
        ("an answer of the application", request),
        ("a refusal", request.but(headers=())),
    ]
    app = answer(413, read=False)
    outcomes = await each(stage, rows, lambda row: sent(stage, *row, app, follow=False))
    lost = [one for one in outcomes if one.status is None and one.heard.wire.was_reset]
    accuse(
        stage,
        "http1.conn.lingering-close",
        "reset the connection before the client could read",
        lost,
        expected="the response, then the end of the connection",
    )


@case(
    "server.http1",
    "pipelining",
    proves=["http1.conn.pipelining-order", "http1.conn.pipelining-supported"],
)
async def pipelining(stage: ServerStage) -> None:
    """Requests sent at once are answered one after another, in their order."""
    bodies = (b"first", b"second", b"third")
    slow = answer(body=bodies[0])
    slow = Script(wsgi=(wait("go"), *slow.wsgi), asgi=(wait("go"), *slow.asgi))
    others = [stage.lay(answer(body=body)) for body in bodies[1:]]
    octets = b"".join(
        filled(FOLLOWER.replace(b"Connection: close\r\n", b""), token, stage.host)
        for token in others
    )
    heard = await begun(stage, Request().octets("{token}", "{host}") + octets, slow)
    # Those behind are given the chance to overtake: there is nothing to wait for but time.
    await stage.calls(others[-1], 1, settle(2))
    stage.let(heard.token, "go")
    replies = await read_replies(heard.wire, ("GET",) * 3, stage.patience)
    heard.reply = replies[0]
    # An answer to another request tells of no call for this one that could be waited for.
    begun_calls = stage.server.folder.calls(heard.token)
    await stage.gather(heard, len(begun_calls), stage.patience)
    seen = [reply.body for reply in replies if reply.status == 200 and reply.complete]
    if seen != list(bodies[: len(seen)]) or any(one.ended == "garbage" for one in replies):
        stage.broken(
            "http1.conn.pipelining-order",
            "answered pipelined requests in another order, or mixed up",
            heard=heard,
            observed=repr(seen),
            expected=repr(list(bodies)),
        )


FIRST, REST = b"a first piece, ", b"and the rest"

IN_PIECES = Script(
    wsgi=(start(), result("generator", yield_(FIRST), wait("go"), yield_(REST))),
    asgi=(
        drain(),
        send({"type": "http.response.start", "status": 200, "headers": []}),
        send({"type": "http.response.body", "body": FIRST, "more_body": True}),
        wait("go"),
        send({"type": "http.response.body", "body": REST}),
    ),
)
"""A response of unknown length that pauses in its middle."""


@case("server.http1", "pipelining-behind-pieces", proves=["http1.conn.pipelining-order"])
async def pipelining_behind_pieces(stage: ServerStage) -> None:
    """A response that comes in pieces is complete before the next one begins."""
    behind = stage.lay(answer(body=b"second"))
    octets = Request().octets("{token}", "{host}") + filled(FOLLOWER, behind, stage.host)
    heard = await begun(stage, octets, IN_PIECES)
    # The one behind is given the chance to overtake: there is nothing to wait for but time.
    await stage.calls(behind, 1, settle(2))
    stage.let(heard.token, "go")
    replies = await read_replies(heard.wire, ("GET", "GET"), stage.patience)
    heard.reply = replies[0]
    await stage.gather(heard, None, stage.patience)
    bodies = [
        one.body for one in replies if one.status == 200 and (one is heard.reply or one.complete)
    ]
    whole = FIRST + REST
    mixed = bodies[:1] != [whole[: len(bodies[0])]] if bodies else False
    if mixed or bodies[1:] not in ([], [b"second"]) or any(r.ended == "garbage" for r in replies):
        stage.broken(
            "http1.conn.pipelining-order",
            "wrote into an unfinished response, or answered in another order",
            heard=heard,
            observed=f"{bodies!r}, {replies[-1].problem or replies[-1].ended}",
            expected=repr([whole, b"second"]),
        )
