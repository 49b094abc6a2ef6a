"""close() of the result: on every way that a response can end.

https://peps.python.org/pep-3333/#specification-details: "If the iterable returned by
the application has a close() method, the server or gateway must call that method upon
completion of the current request".
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import (
    TEXT,
    WAITS,
    begin,
    each,
    reached,
    so_far,
    waits,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import (
    Script,
    Step,
    filled,
    note,
    raise_,
    read,
    repeat,
    result,
    start,
    wait,
    yield_,
)

CLOSE = "wsgi.server.close-called"
ON_ERROR = "wsgi.server.close-called-on-app-error"
ONCE = "wsgi.server.close-called-once"
GONE = "wsgi.server.close-called-on-disconnect"

OK: Step = start("200 OK", TEXT)
CLOSING = (note("closed"),)


def closable(kind: str, *inner: Step | bytes) -> Step:
    """A result with a close() of its own."""
    return result(kind, *inner, close=CLOSING)


async def _closed(
    stage: ServerStage, scripts: tuple[Script, ...], requirement: str, method: str = "GET"
) -> None:
    """Ask each; what the judge cannot tell is a result that is neither closed nor let go."""
    for heard in await each(stage, [(Request(method), script) for script in scripts]):
        _left_open(stage, heard, requirement)


def _left_open(stage: ServerStage, heard: Heard, requirement: str) -> None:
    for call in heard.calls:
        if call.steps("result") and not call.ended and not call.steps("close"):
            stage.broken(
                requirement,
                f"the result was not closed within {stage.patience:g} s after the response",
                heard=heard,
                observed="no call of close()",
                expected="close() at the end of the request",
            )


@case("server.wsgi", "close", proves=(CLOSE, ONCE))
async def closed(stage: ServerStage) -> None:
    """A complete response ends with one close() of the result, of whatever kind it is."""
    await _closed(
        stage,
        (
            Script(wsgi=(OK, closable("iterable", b"one", b"two"))),
            Script(wsgi=(OK, closable("iterator", b"one", b"", b"two"))),
            Script(wsgi=(OK, closable("sized", b"one"))),
            Script(wsgi=(OK, closable("generator", b"one", b"two"))),
            Script(wsgi=(closable("generator", OK, yield_(b"late")),)),
        ),
        CLOSE,
    )


NO_CONTENT: Step = start("204 No Content", [])
NOT_MODIFIED: Step = start("304 Not Modified", [("ETag", '"1"')])


@case("server.wsgi", "close-without-body", proves=(CLOSE, ONCE), methods=("GET", "HEAD"))
async def close_without_body(stage: ServerStage) -> None:
    """close() is called when there is no body to send: none given, none due, or none wanted."""
    await _closed(
        stage,
        (
            Script(wsgi=(OK, closable("iterable"))),
            Script(wsgi=(OK, closable("iterator", b""))),
            Script(wsgi=(NO_CONTENT, closable("iterable"))),
            Script(wsgi=(NOT_MODIFIED, closable("iterator"))),
        ),
        CLOSE,
    )
    await _closed(stage, (Script(wsgi=(OK, closable("iterable", b"one", b"two"))),), CLOSE, "HEAD")


@case("server.wsgi", "close-after-length", proves=(CLOSE, ONCE))
async def close_after_length(stage: ServerStage) -> None:
    """close() is called when the server has all that Content-Length promised."""
    five = start("200 OK", [*TEXT, ("Content-Length", "5")])
    await _closed(
        stage,
        (
            Script(wsgi=(five, closable("iterator", b"12345"))),
            Script(wsgi=(five, closable("iterable", b"12345", b"678")), legal=False),
            Script(wsgi=(five, closable("iterable", b"12")), legal=False),
        ),
        CLOSE,
    )


@case("server.wsgi", "close-after-error", proves=(ON_ERROR, ONCE))
async def close_after_error(stage: ServerStage) -> None:
    """close() is called when the iteration raises, at the first block or later."""
    await _closed(
        stage,
        (
            Script(wsgi=(OK, closable("iterable", raise_()))),
            Script(wsgi=(OK, closable("iterator", b"one", raise_()))),
            Script(wsgi=(OK, closable("iterable", b"one", b"two", raise_("ValueError")))),
            Script(wsgi=(closable("iterator", raise_()),)),
        ),
        ON_ERROR,
    )


@case("server.wsgi", "close-that-raises", proves=(ONCE,))
async def close_that_raises(stage: ServerStage) -> None:
    """A close() that raises was called all the same, and is not called again."""
    await stage.ask(Request(), Script(wsgi=(OK, result("iterable", b"ok", close=(raise_(),)))))


@case("server.wsgi", "close-after-reset", proves=(GONE,))
async def close_after_reset(stage: ServerStage) -> None:
    """close() is called when the client resets the connection while the body is sent.

    The application goes on to give data, so that the server has to notice.
    """
    heard = await begin(
        stage,
        Script(
            wsgi=(
                OK,
                closable(
                    "iterable",
                    yield_(filled(8192)),
                    wait("gone", WAITS),
                    repeat(64, yield_(filled(65_536))),
                ),
            )
        ),
    )
    await so_far(heard.wire, lambda reply: reply.body_size >= 8192, stage.patience / 2)
    await _leave(stage, heard)


async def _leave(stage: ServerStage, heard: Heard) -> None:
    """Reset the connection, let the application go on, and look whether it was closed."""
    under_way = await reached(stage, heard, waits("gone"))
    heard.wire.reset()
    stage.let(heard.token, "gone")
    heard.calls = await stage.calls(heard.token)
    if not heard.called:
        return  # the server waits for the whole request, and the client is gone
    call = heard.call
    if under_way and call.steps("result") and not call.steps("close"):
        stage.broken(
            GONE,
            "the result was not closed after the client had gone",
            heard=heard,
            observed="no call of close()" + ("" if call.ended else f" within {stage.patience:g} s"),
            expected="close() when the server finds the connection lost",
        )


@case("server.wsgi", "close-after-leaving-before", proves=(GONE,))
async def close_after_leaving_before(stage: ServerStage) -> None:
    """close() is called when the client has gone before the first block."""
    heard = await begin(
        stage,
        Script(
            wsgi=(
                OK,
                closable("iterator", wait("gone", WAITS), repeat(64, yield_(filled(65_536)))),
            )
        ),
    )
    await _leave(stage, heard)


@case("server.wsgi", "close-after-leaving-in-request", proves=(GONE,))
async def close_after_leaving_in_request(stage: ServerStage) -> None:
    """close() is called when the client leaves in the middle of its own request body.

    A server that waits for the whole body does not call the application at all.
    """
    request = Request("POST", headers=(("Host", "{host}"), ("Content-Length", "100000")), body=b"1")
    heard = await begin(
        stage,
        Script(
            wsgi=(
                OK,
                closable("iterable", yield_(b"begin"), wait("gone", WAITS), read(10), yield_(b"x")),
            )
        ),
        request,
    )
    if not await reached(stage, heard, waits("gone"), stage.patience / 4):
        await heard.wire.close()
        stage.let(heard.token, "gone")
        await stage.calls(heard.token, count=0)
        return
    await _leave(stage, heard)


@case("server.wsgi", "closed-before-next", proves=(CLOSE, ONCE))
async def closed_before_next(stage: ServerStage) -> None:
    """On a kept connection the result of a response is closed as well."""
    stage.needs("keep_alive")
    five = start("200 OK", [*TEXT, ("Content-Length", "5")])
    heard = await stage.ask(
        Request(), Script(wsgi=(five, closable("iterable", b"12345"))), then="keep"
    )
    await stage.follow_up(heard)
    _left_open(stage, heard, CLOSE)
    await heard.wire.close()
