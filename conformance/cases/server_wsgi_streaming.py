"""Blocks of a response on their way: each leaves before the next one is made.

The application stops at a barrier between its blocks; the client has to see what
was produced before it opens the barrier.

https://peps.python.org/pep-3333/#buffering-and-streaming
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import (
    TEXT,
    WAITS,
    begin,
    finish,
    reached,
    so_far,
    waits,
    writer_works,
)
from gateproof.conformance.server_stage import Heard, ServerStage
from gateproof.targets.script import Script, Step, filled, result, start, wait, write, yield_

UNBUFFERED = "wsgi.server.transmit-unbuffered"
NO_DELAY = "wsgi.block.no-delay"
GUARANTEE = "wsgi.block.transmit-or-guarantee"

BLOCK = 8192
"""Octets of a block: more than anybody gathers for the network's sake."""

LARGE = 6 * 2**20
"""Octets that no socket takes at once."""

HELD_BACK = "the server holds blocks back; see the case 'block-leaves'"


def streamed(*steps: Step) -> Script:
    """An application whose result is a generator of these steps; no length is declared."""
    return Script(wsgi=(start("200 OK", TEXT), result("generator", *steps)))


async def _arrived(stage: ServerStage, heard: Heard, size: int) -> int:
    """How much of a body of ``size`` arrives without the application's doing anything more."""
    reply = await so_far(heard.wire, lambda reply: reply.body_size >= size, stage.patience)
    return reply.body_size


@case("server.wsgi", "block-leaves", proves=(UNBUFFERED,))
async def block_leaves(stage: ServerStage) -> None:
    """A block reaches the client while the application is busy with the next one."""
    heard = await begin(
        stage,
        streamed(yield_(filled(BLOCK, b"a")), wait("second", WAITS), yield_(filled(BLOCK, b"b"))),
    )
    asked = await reached(stage, heard, waits("second"))
    seen = await _arrived(stage, heard, BLOCK) if asked else 0
    stage.let(heard.token, "second")
    await finish(stage, heard)
    if not asked:
        stage.blocked(f"no second block was asked for: {heard.reply}")
    if seen < BLOCK:
        stage.broken(
            UNBUFFERED,
            "a block did not reach the client while the application made the next one",
            observed=f"{seen} of {BLOCK} octets within {stage.patience:g} s",
            expected="the whole block",
        )


@case("server.wsgi", "blocks-alternate", proves=(NO_DELAY,))
async def blocks_alternate(stage: ServerStage) -> None:
    """Each of several blocks arrives before the application goes on, not only the first."""
    names = ("one", "two", "three", "four")
    steps = [step for name in names for step in (yield_(filled(BLOCK)), wait(name, WAITS))]
    heard = await begin(stage, streamed(*steps))
    seen = due = 0
    for place, name in enumerate(names):
        due = (place + 1) * BLOCK
        seen = await _arrived(stage, heard, due)
        if seen < due:
            break
        stage.let(heard.token, name)
    for name in names:
        stage.let(heard.token, name)
    await finish(stage, heard)
    if seen < BLOCK:
        stage.blocked(HELD_BACK)
    if seen < due:
        stage.broken(
            NO_DELAY,
            f"block {due // BLOCK} did not reach the client before the next one was made",
            observed=f"{seen} of {due} octets within {stage.patience:g} s",
            expected="every block that was given",
        )


@case("server.wsgi", "small-block-leaves", proves=(NO_DELAY,))
async def small_block_leaves(stage: ServerStage) -> None:
    """A block of a few octets is not held back for others to join it.

    That it is, where larger ones leave, is a warning.
    """
    small = await arrives(stage, yield_(b"a few octets"))
    if small:
        return
    if not await arrives(stage, yield_(filled(BLOCK))):
        stage.blocked(HELD_BACK)
    stage.broken(
        NO_DELAY,
        "a block of 12 octets did not reach the client while the application made the next one",
        heard=stage.heard[0],
        observed=f"nothing within {stage.patience:g} s",
        expected="every block that was given",
        verdict="weak",
    )


async def arrives(stage: ServerStage, block: Step) -> bool:
    """Whether a block, the first of a response, reaches the client before the next is made.

    Args:
        stage: the stage of the case.
        block: a ``yield`` or a ``write`` of data.
    """
    size = len(block["data"])
    first = (wait("next", WAITS), yield_(b"next"))
    if block["do"] == "write":
        app = Script(wsgi=(start("200 OK", TEXT), block, result("generator", *first)))
    else:
        app = streamed(block, *first)
    heard = await begin(stage, app)
    asked = await reached(stage, heard, waits("next"))
    seen = await _arrived(stage, heard, size) if asked else 0
    stage.let(heard.token, "next")
    await finish(stage, heard)
    return seen >= size


@case("server.wsgi", "large-block-leaves", proves=(GUARANTEE,))
async def large_block_leaves(stage: ServerStage) -> None:
    """A block larger than any buffer goes on leaving while the application computes the next."""
    heard = await begin(
        stage, streamed(yield_(filled(LARGE)), wait("second", WAITS), yield_(b"end"))
    )
    seen = await _arrived(stage, heard, LARGE)
    stage.let(heard.token, "second")
    await finish(stage, heard)
    if not seen:
        stage.blocked(HELD_BACK)
    if seen < LARGE:
        stage.broken(
            GUARANTEE,
            "the rest of a large block stays with the server while the application computes",
            observed=f"{seen} of {LARGE} octets within {stage.patience:g} s",
            expected="the whole block",
        )


@case("server.wsgi", "write-leaves", proves=("wsgi.write.sent-or-buffered-before-return",))
async def write_leaves(stage: ServerStage) -> None:
    """What was given to write() reaches the client while the application runs on."""
    heard = await begin(
        stage,
        Script(
            wsgi=(
                start("200 OK", TEXT),
                write(filled(BLOCK)),
                wait("rest", WAITS),
                result("list", b"rest"),
            )
        ),
    )
    asked = await reached(stage, heard, waits("rest"))
    seen = await _arrived(stage, heard, BLOCK) if asked else 0
    stage.let(heard.token, "rest")
    await finish(stage, heard)
    if not writer_works(heard.call):
        stage.blocked("write() does not work; see the case 'write'")
    if seen < BLOCK:
        stage.broken(
            "wsgi.write.sent-or-buffered-before-return",
            "data given to write() did not reach the client while the application ran on",
            observed=f"{seen} of {BLOCK} octets within {stage.patience:g} s",
            expected="all of it",
        )
