"""Expect: 100-continue, which the application has no part in.

https://peps.python.org/pep-3333/#http-1-1-expect-continue
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import TEXT, begin, finish, reached, so_far
from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import ANSWER, ECHO, Script, read, result, start

SUPPORTED = "wsgi.expect-continue.supported"
BODY = b"expected"

ASKING = Request(
    "POST",
    headers=(
        ("Host", "{host}"),
        ("Expect", "100-continue"),
        ("Content-Length", str(len(BODY))),
    ),
)
"""The head of a request whose client waits for a sign before it sends the body."""


async def _waited(stage: ServerStage, app: Script) -> tuple[Heard, bool, bool]:
    """Send the head, wait for a sign, then send the body unless there was an answer.

    Returns:
        The exchange, whether there was a 100, and whether a final response came
        before the body.
    """
    heard = await begin(stage, app, ASKING)
    early = await so_far(
        heard.wire, lambda reply: bool(reply.interim or reply.status), stage.patience, "POST"
    )
    return heard, bool(early.interim), bool(early.status)


@case(
    "server.wsgi",
    "expect-continue",
    proves=(
        SUPPORTED,
        "wsgi.expect-continue.client-timeout-discouraged",
        "wsgi.expect-continue.immediate",
    ),
)
async def expect_continue(stage: ServerStage) -> None:
    """A client that waits for 100 (Continue) gets its body to the application.

    That no 100 comes is a warning, and says nothing of a server of HTTP/1.0.
    """
    heard, asked, answered = await _waited(stage, ECHO)
    if not answered:
        await heard.wire.send(BODY)
    await finish(stage, heard, "POST")
    reply = heard.reply
    if answered or reply.body != BODY:
        stage.broken(
            SUPPORTED,
            "the body of a request with Expect: 100-continue did not reach the application",
            observed=f"{'100, then ' if asked else ''}{reply}",
            expected=f"{BODY!r} as the application's input",
        )
    elif not asked and reply.version != "HTTP/1.0":
        stage.broken(
            "wsgi.expect-continue.client-timeout-discouraged",
            "the server waits until the client sends its body unasked",
            observed=f"no 100 within {stage.patience:g} s",
            expected="100 at once, or when the application reads",
        )


@case(
    "server.wsgi",
    "expect-read-waits",
    proves=("wsgi.expect-continue.read-blocks-until-body", "wsgi.expect-continue.on-first-read"),
)
async def read_waits(stage: ServerStage) -> None:
    """A read that comes before the body waits for it."""
    heard, _, answered = await _waited(
        stage,
        Script(wsgi=(read(len(BODY)), start("200 OK", TEXT), result("list", b"done"))),
    )
    await reached(stage, heard, lambda _: True, settle(2))  # or it is called with the body
    if not answered:
        await heard.wire.send(BODY[:3], ())
        await heard.wire.send(BODY[3:])
    await finish(stage, heard, "POST")
    if answered and not heard.called:
        stage.blocked(f"the server answered before there was a body: {heard.reply}")
    first = next((outcome for _, _, outcome in heard.call.steps("input")), None)
    if first == b"":
        stage.broken(
            "wsgi.expect-continue.read-blocks-until-body",
            "a read gave the end of the body before the client had sent it",
            observed="read(8) gave b''",
            expected="octets of the body",
        )


@case("server.wsgi", "expect-unread", proves=("wsgi.expect-continue.on-first-read",))
async def expect_unread(stage: ServerStage) -> None:
    """An application that reads nothing answers all the same, with or without a 100."""
    heard, asked, answered = await _waited(
        stage, Script(wsgi=(start("403 Forbidden", TEXT), result("list", b"no")))
    )
    if asked and not answered:
        await heard.wire.send(BODY)
    await finish(stage, heard, "POST")
    if heard.reply.status != 403 and heard.called:
        stage.broken(
            SUPPORTED,
            "the response to a request with Expect, which nobody read, did not arrive",
            observed=str(heard.reply),
            expected="403",
        )


@case("server.wsgi", "expect-in-http10", proves=("wsgi.expect-continue.not-for-http10",))
async def expect_in_http10(stage: ServerStage) -> None:
    """An expectation in a request of HTTP/1.0 does no harm."""
    stage.needs("http10")
    heard = await stage.ask(ASKING.but(version="HTTP/1.0", body=BODY), ANSWER)
    if not heard.reply.status:
        stage.blocked(f"there was no reply: {heard.reply}")
