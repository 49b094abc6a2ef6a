"""ASGI HTTP: clients that go away, at every point of a request.

https://asgi.readthedocs.io/en/latest/specs/www.html#disconnect-receive-event-http
"""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import Leave, Reply, Request
from gateproof.targets.asgi_server import ClientGone

_PROVES = ("asgi.http.disconnect.app-expects-send-error", "asgi.send.after-close-noop")
_BODY = (b"first", b"second", b"third")
_HEADERS = ((b"content-length", b"16"), (b"content-type", b"application/octet-stream"))


async def _leaving(stage: ASGIStage, leave: Leave) -> None:
    """Leave so on every path: once with send raising, once with send doing nothing."""
    for path in stage.paths:
        asked = Request.to(path, headers=_HEADERS, body=_BODY, leave=leave)
        judge_leaving(stage, await stage.request(asked))
        silent = asked.but(scope={"asgi": asgi_scope.asgi("2.3")})
        judge_leaving(stage, await stage.request(silent))


def judge_leaving(stage: ASGIStage, reply: Reply) -> None:
    """Report what an application did wrong after its client had gone."""
    if reply.refused and reply.raised is not None and not stems_from_leaving(reply.raised):
        stage.broken(
            "asgi.http.disconnect.app-expects-send-error",
            f"raised {reply.raised!r} after send had raised an OSError, in {reply.request}",
            watched=reply.watched,
            observed=repr(reply.raised),
            expected="a return, or the error of send",
            party="application",
            hint="expect OSError from send once the client may have gone",
        )
    elif reply.left and reply.late > reply.refused and reply.ended == "cancelled":
        stage.broken(
            "asgi.send.after-close-noop",
            f"went on sending after the client had gone: {reply.late} events, in {reply.request}",
            watched=reply.watched,
            observed=f"{reply.late} events after the disconnect",
            expected="an end of the call",
            verdict="observed",
            party="application",
            hint="watch for http.disconnect while streaming; below 2.4 send tells nothing",
        )


def stems_from_leaving(error: BaseException | None) -> bool:
    """Whether ``error`` is, contains or was caused by the error that send raised."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        error = pending.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        if isinstance(error, ClientGone):
            return True
        pending += [error.__cause__, error.__context__]
        if isinstance(error, BaseExceptionGroup):
            pending += error.exceptions
    return False


@case("asgi.http", "client-gone-before", proves=_PROVES)
async def before(stage: ASGIStage) -> None:
    """The client has gone before the application is called."""
    await _leaving(stage, Leave(received=0))


@case("asgi.http", "client-gone-during-body", proves=_PROVES)
async def during_body(stage: ASGIStage) -> None:
    """The client goes away in the middle of its request body."""
    await _leaving(stage, Leave(received=1))
    await _leaving(stage, Leave(received=2))


@case("asgi.http", "client-gone-after-body", proves=_PROVES)
async def after_body(stage: ASGIStage) -> None:
    """The client goes away once its request body is complete."""
    await _leaving(stage, Leave(received=3))


@case("asgi.http", "client-gone-after-start", proves=_PROVES)
async def after_start(stage: ASGIStage) -> None:
    """The client goes away between the start of the response and its body."""
    await _leaving(stage, Leave(sent=1))


@case("asgi.http", "client-gone-during-response", proves=_PROVES)
async def during_response(stage: ASGIStage) -> None:
    """The client goes away after one, two and five pieces of the response."""
    for pieces in (1, 2, 5):
        await _leaving(stage, Leave(sent=1 + pieces))
