"""Applications that fail: before the response, in its middle, without ever starting it.

https://peps.python.org/pep-3333/#error-handling
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import TEXT, each
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.script import ANSWER, Script, Step, raise_, result, start, yield_

ERROR_PAGE = "wsgi.errors-handling.server-500-when-unsent"
TRAPS = "wsgi.errors-handling.server-traps-and-logs"
NO_START = "wsgi.server.write-before-start-is-error"

OK: Step = start("200 OK", TEXT)

UNSENT: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("before start_response", (raise_(),)),
    ("after start_response", (OK, raise_("ValueError", "snow \u2603"))),
    ("at the first block", (OK, result("generator", raise_("KeyError", "planted")))),
    ("after an empty block", (OK, result("generator", yield_(b""), raise_()))),
    ("in a result that has not started yet", (result("iterator", raise_("OSError")),)),
)
"""Exceptions that leave an application before anything was sent."""


@case("server.wsgi", "raised-before-data", proves=(TRAPS, ERROR_PAGE))
async def raised_before_data(stage: ServerStage) -> None:
    """An exception before any output becomes an error response, and the server lives on.

    A head that had left too early cannot be taken back; that it had is told elsewhere.
    """
    asked = [(Request(), Script(wsgi=steps)) for _, steps in UNSENT]
    for (where, _), heard in zip(UNSENT, await each(stage, asked), strict=True):
        reply = heard.reply
        if heard.called and not (reply.status and reply.status >= 500):
            if reply.status == 200 and not reply.complete and heard.call.steps("started"):
                continue
            stage.broken(
                ERROR_PAGE,
                f"an exception {where} did not become an error response",
                heard=heard,
                observed=str(reply),
                expected="a status of 500 or above",
            )
    await _lives(stage)


async def _lives(stage: ServerStage) -> None:
    after = await stage.ask(Request(), ANSWER)
    if after.reply.status != 200:
        stage.broken(
            TRAPS,
            "the server does not answer any more after the application has raised",
            heard=after,
            observed=str(after.reply),
            expected="200",
        )


SENT: tuple[Script, ...] = (
    Script(wsgi=(OK, result("generator", yield_(b"some of it"), raise_()))),
    Script(wsgi=(OK, result("iterator", yield_(b"x" * 70_000), raise_("ValueError")))),
    Script(
        wsgi=(
            start("200 OK", [*TEXT, ("Content-Length", "100")]),
            result("iterable", yield_(b"some of it"), raise_()),
        )
    ),
)
"""Exceptions after some of the body was given."""


@case(
    "server.wsgi",
    "raised-after-data",
    proves=(
        TRAPS,
        "wsgi.errors-handling.server-traps-and-aborts",
        "wsgi.errors-handling.may-append-error-text",
    ),
)
async def raised_after_data(stage: ServerStage) -> None:
    """An exception in the middle of the body ends the response, and the server lives on.

    How the response ends is up to the server.
    """
    await each(stage, [(Request(), script) for script in SENT])
    await _lives(stage)


UNSTARTED: tuple[tuple[Step, ...], ...] = (
    (result("list", b"body without head"),),
    (result("generator", yield_(b"body"), yield_(b" without head")),),
    (result("iterable", yield_(b""), yield_(b"body without head")),),
)
"""Bodies of applications that never call start_response."""


@case("server.wsgi", "never-started", proves=(NO_START,))
async def never_started(stage: ServerStage) -> None:
    """Body data without start_response is an error: no successful response is made of it."""
    scripts = [Script(wsgi=steps, legal=False) for steps in UNSTARTED]
    for heard in await each(stage, [(Request(), script) for script in scripts]):
        reply = heard.reply
        if reply.status and reply.status < 400 and reply.body.startswith(b"body"):
            stage.broken(
                NO_START,
                "the server made a successful response of a body without start_response",
                heard=heard,
                observed=str(reply),
                expected="an error, or no response",
            )


WRONG: tuple[tuple[str, Script], ...] = (
    ("a str as a block", Script(wsgi=(OK, result("list", yield_("text"))), legal=False)),
    ("None as a block", Script(wsgi=(OK, result("generator", yield_(None))), legal=False)),
    ("None as the result", Script(wsgi=(OK, result("none")), legal=False)),
    ("a number as the result", Script(wsgi=(OK, result("number")), legal=False)),
    ("a status of bytes", Script(wsgi=(start(b"200 OK", TEXT), result("list", b"x")), legal=False)),
    ("a status of 0", Script(wsgi=(start(0, TEXT), result("list", b"x")), legal=False)),
    ("an empty status", Script(wsgi=(start("", TEXT), result("list", b"x")), legal=False)),
    ("headers of a dict", Script(wsgi=(start("200 OK", {}), result("list", b"x")), legal=False)),
    ("no arguments", Script(wsgi=(start(arguments=()), result("list", b"x")), legal=False)),
)
"""Applications that give things of the wrong type; what becomes of them is up to the server."""


@case("server.wsgi", "wrong-types", proves=(TRAPS,))
async def wrong_types(stage: ServerStage) -> None:
    """Whatever the application gives, the server lives on."""
    for _, script in WRONG:
        await stage.ask(Request(), script, within=stage.patience / 2)
    await _lives(stage)
