"""When the head of a response leaves: not before the application has produced something.

https://peps.python.org/pep-3333/#the-start-response-callable
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import (
    TEXT,
    WAITS,
    begin,
    each,
    finish,
    quiet,
    reached,
    waits,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import Script, Step, result, start, wait, yield_

HELD = "wsgi.server.headers-held-until-first-nonempty"
AT_ONCE = "wsgi.start-response.no-immediate-send"
EMPTY = "wsgi.server.headers-sent-when-body-empty"


async def _stopped(stage: ServerStage, *steps: Step) -> Heard:
    """Begin a request whose application is known to come to ``wait("go")``."""
    heard = await begin(stage, Script(wsgi=steps))
    if not await reached(stage, heard, waits("go")):
        stage.let(heard.token, "go")
        stage.blocked(f"the application did not get as far: {(await finish(stage, heard)).reply}")
    return heard


@case("server.wsgi", "head-not-at-once", proves=(AT_ONCE,))
async def head_not_at_once(stage: ServerStage) -> None:
    """start_response alone sends nothing, for the application may yet replace the head."""
    heard = await _stopped(stage, start("200 OK", TEXT), wait("go", WAITS), result("list", b"ok"))
    silent = await quiet(heard)
    stage.let(heard.token, "go")
    await finish(stage, heard)
    if not silent:
        stage.broken(
            AT_ONCE,
            "the head left as soon as start_response was called",
            observed="octets on the wire before the application had returned",
            expected="nothing before the first block of the body",
        )


@case("server.wsgi", "head-held", proves=(HELD,))
async def head_held(stage: ServerStage) -> None:
    """The head waits for the first block, and an empty block is not enough.

    That it leaves with an empty block is a warning.
    """
    heard = await begin(
        stage,
        Script(
            wsgi=(
                start("200 OK", TEXT),
                wait("return", WAITS),
                result(
                    "generator",
                    wait("go", WAITS),
                    yield_(b""),
                    wait("end", WAITS),
                    yield_(b"ok"),
                ),
            )
        ),
    )
    seen = []
    for name in ("return", "go", "end"):
        if not await reached(stage, heard, waits(name)):
            break
        seen.append(await quiet(heard))
        stage.let(heard.token, name)
        if not seen[-1]:
            break
    for name in ("return", "go", "end"):
        stage.let(heard.token, name)
    await finish(stage, heard)
    if seen == [True, False]:
        stage.broken(
            HELD,
            "the head left before the application had given a block",
            observed="octets on the wire when the application had returned",
            expected="nothing before the first block that is not empty",
        )
    elif seen == [True, True, False]:
        stage.broken(
            HELD,
            "the head left with an empty block",
            observed="octets on the wire after b''",
            expected="nothing before the first block that is not empty",
            verdict="weak",
        )
    elif not seen:
        stage.blocked(f"the application did not get as far: {heard.reply}")


CREATED = [("Content-Type", "text/plain"), ("X-Kept", "yes")]

WITHOUT_BODY: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("an empty list", (start("201 Created", CREATED), result("list"))),
    ("an empty tuple", (start("201 Created", CREATED), result("tuple"))),
    ("a list of an empty block", (start("201 Created", CREATED), result("list", b""))),
    ("a generator without a block", (start("201 Created", CREATED), result("generator"))),
    (
        "a generator of empty blocks",
        (start("201 Created", CREATED), result("generator", yield_(b""), yield_(b""))),
    ),
)
"""Responses without a body, each of them legal."""


@case("server.wsgi", "empty-body", proves=(EMPTY,))
async def empty_body(stage: ServerStage) -> None:
    """A response whose body is empty is sent all the same, with its status and headers."""
    asked = [(Request(), Script(wsgi=steps)) for _, steps in WITHOUT_BODY]
    for (what, _), heard in zip(WITHOUT_BODY, await each(stage, asked), strict=True):
        reply = heard.reply
        if heard.called and (
            (reply.status, reply.body) != (201, b"") or reply.get(b"x-kept") != [b"yes"]
        ):
            stage.broken(
                EMPTY,
                f"a response of {what} did not reach the client",
                heard=heard,
                observed=str(reply),
                expected="201 with the application's headers and no body",
            )


@case("server.wsgi", "zero-length", proves=("wsgi.server.early-headers-on-zero-length",))
async def zero_length(stage: ServerStage) -> None:
    """With Content-Length 0 the head may leave early; in any case the response arrives."""
    zero = [*CREATED, ("Content-Length", "0")]
    heard = await _stopped(
        stage, start("201 Created", zero), result("generator", wait("go", WAITS))
    )
    await quiet(heard)
    stage.let(heard.token, "go")
    await finish(stage, heard)
    if (heard.reply.status, heard.reply.body) != (201, b""):
        stage.broken(
            EMPTY,
            "a response with Content-Length 0 did not reach the client",
            observed=str(heard.reply),
            expected="201 and no body",
        )


@case(
    "server.wsgi",
    "start-while-iterating",
    proves=(
        "wsgi.server.no-assumption-started-before-iteration",
        "wsgi.start-response.signature",
    ),
)
async def start_while_iterating(stage: ServerStage) -> None:
    """start_response may be called as late as when the first block is asked for."""
    blocks = (yield_(b"late"), yield_(b" start"))
    scripts = (
        Script(wsgi=(result("generator", start("201 Created", CREATED), *blocks),)),
        Script(wsgi=(result("iterable", start("201 Created", CREATED), *blocks),)),
    )
    for heard in await each(stage, [(Request(), script) for script in scripts]):
        reply = heard.reply
        if heard.called and (reply.status, reply.body) != (201, b"late start"):
            stage.broken(
                "wsgi.server.no-assumption-started-before-iteration",
                "a response that is started while it is iterated did not reach the client",
                heard=heard,
                observed=str(reply),
                expected="201 with b'late start'",
            )
