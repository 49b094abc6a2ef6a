"""start_response a second time: with exc_info before and after the head left, and without.

Whether it returned or raised is what the judge looks at; the cases look at what the
client got.

https://peps.python.org/pep-3333/#the-start-response-callable and
https://peps.python.org/pep-3333/#error-handling
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import each
from gateproof.conformance.cases.server_wsgi_streaming import BLOCK, HELD_BACK, arrives
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import (
    Script,
    Step,
    catching,
    filled,
    raise_,
    result,
    start,
    write,
    yield_,
)

UNSENT = "wsgi.errors-handling.start-response-returns-when-unsent"
REPLACES = "wsgi.exc-info.replaces-headers"
AFTER_EMPTY = "wsgi.server.exc-info-works-after-empty-yield"

FIRST = [("Content-Type", "text/plain"), ("X-First", "1"), ("X-Both", "first")]
SECOND = [("Content-Type", "text/html"), ("X-Second", "2"), ("X-Both", "second")]
PAGE = b"an error page"

GOOD: Step = start("200 OK", FIRST)
BAD: Step = start("500 Oops", SECOND, exc_info="raised")

REPLACED: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("in the application's call", (GOOD, BAD, result("list", PAGE))),
    ("before the first block", (GOOD, result("generator", BAD, yield_(PAGE)))),
    ("with the exception just caught", (
        GOOD,
        catching(raise_("ValueError", "planted")),
        start("500 Oops", SECOND, exc_info="caught"),
        result("iterable", PAGE),
    )),
    ("as the first call", (BAD, result("list", PAGE))),
)  # fmt: skip
"""Error responses that replace another before anything was sent."""


@case(
    "server.wsgi",
    "error-replaces-head",
    proves=(UNSENT, REPLACES, "wsgi.exc-info.no-reference-kept", "wsgi.start-response.signature"),
)
async def error_replaces_head(stage: ServerStage) -> None:
    """While nothing was sent, start_response with exc_info replaces status and headers."""
    asked = [(Request(), Script(wsgi=steps)) for _, steps in REPLACED]
    for (where, _), heard in zip(REPLACED, await each(stage, asked), strict=True):
        if heard.called:
            _replaced(stage, heard, where, UNSENT)


@case("server.wsgi", "error-after-empty-block", proves=(AFTER_EMPTY,))
async def error_after_empty_block(stage: ServerStage) -> None:
    """After empty blocks alone an error still replaces status and headers."""
    heard = await stage.ask(
        Request(),
        Script(wsgi=(GOOD, result("generator", yield_(b""), yield_(b""), BAD, yield_(PAGE)))),
    )
    if heard.called:
        _replaced(stage, heard, "after empty blocks", AFTER_EMPTY)


def _replaced(stage: ServerStage, heard: Heard, where: str, requirement: str) -> None:
    reply = heard.reply
    if (reply.status, reply.body) != (500, PAGE):
        stage.broken(
            requirement,
            f"the client did not get the error response that was begun {where}",
            heard=heard,
            observed=str(reply),
            expected=f"500 with {PAGE!r}",
        )
        return
    names = {name.lower() for name, _ in reply.headers}
    if b"x-first" in names or b"x-second" not in names or reply.get(b"x-both") != [b"second"]:
        stage.broken(
            REPLACES,
            f"the error response that was begun {where} has headers of the one before",
            heard=heard,
            observed=repr([pair for pair in reply.headers if pair[0].lower().startswith(b"x-")]),
            expected="the headers of the second call only",
        )


DATA = filled(BLOCK)

SENT: tuple[tuple[Step, ...], ...] = (
    (GOOD, result("generator", yield_(DATA), BAD, yield_(PAGE))),
    (GOOD, result("iterator", yield_(b""), yield_(DATA), yield_(b"more"), BAD)),
)
"""Errors that come too late to replace anything."""


@case(
    "server.wsgi",
    "error-after-data",
    proves=("wsgi.exc-info.raises-after-headers-sent", "wsgi.exc-info.reraises-original"),
)
async def error_after_data(stage: ServerStage) -> None:
    """Once data has left, start_response with exc_info raises that exception.

    A server that holds the data back has not sent the head either, and may replace it.
    """
    if not await arrives(stage, yield_(DATA)):
        stage.blocked(HELD_BACK)
    for steps in SENT:
        await stage.ask(Request(), Script(wsgi=steps))


@case(
    "server.wsgi",
    "error-after-write",
    proves=("wsgi.exc-info.raises-after-headers-sent", "wsgi.exc-info.reraises-original"),
)
async def error_after_write(stage: ServerStage) -> None:
    """Once written data has left, start_response with exc_info raises that exception."""
    if not await arrives(stage, write(DATA)):
        stage.blocked("written data does not leave; see the cases 'write' and 'write-leaves'")
    await stage.ask(Request(), Script(wsgi=(GOOD, write(DATA), BAD, result("list", PAGE))))


AGAIN: Step = catching(start("201 Created", SECOND))

REPEATED: tuple[tuple[Step, ...], ...] = (
    (GOOD, AGAIN, result("list", b"ok")),
    (GOOD, result("generator", AGAIN, yield_(b"ok"))),
    (GOOD, result("generator", yield_(b"some"), AGAIN, yield_(b" more"))),
)
"""Second calls without exc_info, which no application may make."""


@case("server.wsgi", "start-twice", proves=("wsgi.server.rejects-repeat-start-response",))
async def start_twice(stage: ServerStage) -> None:
    """A second call of start_response without exc_info raises."""
    for steps in REPEATED:
        await stage.ask(Request(), Script(wsgi=steps, legal=False))


REFUSABLE: tuple[list[tuple[object, object]], ...] = (
    [("Connection", "close")],
    [("X-Broken", "a\r\nX-Injected: 1")],
    [("X-Number", 1)],
)
"""Headers of which some servers refuse one and some another."""


@case("server.wsgi", "start-after-refusal", proves=("wsgi.server.header-check-after-set",))
async def start_after_refusal(stage: ServerStage) -> None:
    """A call that was refused counts: the next one without exc_info raises."""
    for headers in REFUSABLE:
        await stage.ask(
            Request(),
            Script(
                wsgi=(
                    catching(start("200 OK", [*FIRST, *headers])),
                    AGAIN,
                    catching(BAD),
                    result("list", PAGE),
                ),
                legal=False,
            ),
        )
