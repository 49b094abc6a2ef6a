"""ASGI lifespan: startup, state and shutdown of servers that each case starts for itself.

What crosses between the server and the application's lifespan is judged here, by
the judges of one call and of what the calls of an event loop owe each other.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from gateproof.conformance.case import case
from gateproof.conformance.server_stage import Own, Request, ServerStage
from gateproof.conformance.stage import Finding
from gateproof.targets.journal import Call, together
from gateproof.targets.script import (
    Script,
    Step,
    catching,
    drain,
    raise_,
    receive,
    respond,
    send,
    state,
    wait,
)
from gateproof.targets.watched import Watched
from gateproof.validators.violation import Breach, Violation

_FAMILY = "server.asgi.lifespan"

_COMPLETE = send({"type": "lifespan.startup.complete"})
_STARTS = (receive(), state("gateproof"), _COMPLETE)
_STOPS = (receive(), send({"type": "lifespan.shutdown.complete"}))
_PLAIN = Script(asgi=(*_STARTS, *_STOPS))

_MESSAGE = "planted-failure-of-the-lifespan"
_SHORT = 0.6
"""Seconds that startup or shutdown takes where it takes its time."""


def _failed(phase: str, message: str | None = _MESSAGE) -> Step:
    event: dict[str, object] = {"type": f"lifespan.{phase}.failed"}
    return send(event if message is None else {**event, "message": message})


@asynccontextmanager
async def _living(stage: ServerStage, lifespan: Script = _PLAIN) -> AsyncIterator[Own]:
    """A server whose application lives through ``lifespan``; judged when it has stopped."""
    stage.needs("lifespan")
    async with stage.own_server(lifespan=lifespan) as own:
        yield own
        await own.stop()
        _judge(stage, own)


def _judge(stage: ServerStage, own: Own) -> None:
    """Report what the judges saw in the lifespan, as far as the case is about it.

    The first case is about a plain lifespan, and so about everything that shows in it.
    """
    lifespans = own.server.folder.lifespans()
    for call in lifespans:
        _report(stage, call.violations(), [call])
    calls = [*lifespans, *(call for heard in own.stage.heard for call in heard.calls)]
    _report(stage, together(calls), calls)


def _report(stage: ServerStage, found: Sequence[Violation], calls: Sequence[Call]) -> None:
    case_ = stage.case
    for one in found:
        if one.party == "server" and (case_.first or one.requirement in case_.proves):
            breach = Breach(
                one.requirement,
                one.message,
                one.observed,
                one.expected,
                one.party,
                one.verdict,
                one.hint,
            )
            stage.findings.append(Finding(breach, _evidence(calls)))


def _evidence(calls: Sequence[Call]) -> Watched:
    """The ladders of several calls, as one in the order of time."""
    shown = Watched("asgi", "lifespan")
    rungs = [rung for call in calls for rung in call.rungs]
    for rung in sorted(rungs, key=lambda rung: rung.at):
        shown.exchange.head.append((rung.step, rung.data, rung.at))
    return shown


def _broken(
    stage: ServerStage,
    own: Own,
    requirement: str,
    message: str,
    *,
    observed: str,
    expected: str,
) -> None:
    """Report a breach with the lifespan as evidence."""
    breach = Breach(requirement, message, observed, expected, "server")
    stage.findings.append(Finding(breach, _evidence(own.server.folder.lifespans())))


def _lived(own: Own) -> bool:
    """Whether the application's lifespan was called at all."""
    return bool(own.server.folder.lifespans())


def _told(own: Own, event: str) -> bool:
    """Whether the application received an event of the lifespan."""
    given = (one for call in own.server.folder.lifespans() for one in call.steps("received"))
    return any(isinstance(one, dict) and one.get("type") == event for one in given)


def _logged(own: Own, text: str) -> bool:
    return text in own.server.log_tail(lines=1000)


async def _ready(stage: ServerStage, own: Own) -> None:
    """Go on only where the server has started.

    Raises:
        Blocked: it has not.
        NotApplicable: it called no lifespan.
    """
    if own.failed:
        stage.blocked(own.failed)
    if not _lived(own):
        stage.not_applicable("the server calls the application for no lifespan")


@case(
    _FAMILY,
    "start-and-stop",
    first=True,
    proves=(
        "asgi.lifespan.scope.type",
        "asgi.scope.asgi-present",
        "asgi.scope.asgi-version-present",
        "asgi.scope.asgi-version-type",
        "asgi.scope.spec-version-type",
        "asgi.lifespan.scope.asgi-spec-version",
        "asgi.lifespan.scope.state-type",
        "asgi.lifespan.scope.state-initially-empty",
        "asgi.lifespan.scope.minimal",
        "asgi.lifespan.scope.lasts-for-loop",
        "asgi.lifespan.once-per-event-loop",
        "asgi.lifespan.same-loop-as-requests",
        "asgi.lifespan.startup.first-event",
        "asgi.lifespan.startup.type",
        "asgi.lifespan.startup.sent-before-connections",
        "asgi.lifespan.shutdown.type",
        "asgi.lifespan.shutdown.once-after-startup-complete",
        "asgi.lifespan.shutdown.sent-on-graceful-stop",
    ),
)
async def start_and_stop(stage: ServerStage) -> None:
    """An application is started before its first request and stopped after its last."""
    async with _living(stage) as own:
        await _ready(stage, own)
        await own.stage.ask(Request(), calls=1)
        await own.stop()
        if not _told(own, "lifespan.shutdown"):
            _broken(
                stage,
                own,
                "asgi.lifespan.shutdown.sent-on-graceful-stop",
                "the server stopped and did not tell the application",
                observed="no lifespan.shutdown",
                expected="lifespan.shutdown after SIGTERM",
            )


@case(
    _FAMILY,
    "startup-takes-its-time",
    proves=("asgi.lifespan.startup-complete.server-waits",),
)
async def slow_start(stage: ServerStage) -> None:
    """No request reaches an application that has not completed its startup."""
    slow = Script(asgi=(receive(), wait("never", _SHORT), state("gateproof"), _COMPLETE, *_STOPS))
    async with _living(stage, slow) as own:
        # A server that does not wait answers before the startup is complete.
        await _ready(stage, own)
        heard = await own.stage.ask(Request(), calls=1)
        [lifespan, *_] = own.server.folder.lifespans()
        complete = [rung.at for rung in lifespan.rungs if rung.step == "send"]
        if not complete or heard.call.rungs[0].at < complete[0]:
            _broken(
                stage,
                own,
                "asgi.lifespan.startup-complete.server-waits",
                "a request reached the application before its startup was complete",
                observed="a call with a scope of type http",
                expected="connections after lifespan.startup.complete",
            )


@case(
    _FAMILY,
    "startup-failed",
    proves=(
        "asgi.lifespan.startup-failed-exits",
        "asgi.lifespan.startup-failed.logs-message",
        "asgi.lifespan.startup-failed.no-shutdown-sent",
    ),
)
async def startup_failed(stage: ServerStage) -> None:
    """A server whose application fails to start gives up, and says why."""
    failing = Script(asgi=(receive(), _failed("startup"), catching(receive(within=1.0))))
    async with _living(stage, failing) as own:
        if not _lived(own):
            stage.not_applicable("the server calls the application for no lifespan")
        if not own.failed:
            _broken(
                stage,
                own,
                "asgi.lifespan.startup-failed-exits",
                "the server serves an application that failed to start",
                observed="requests are answered",
                expected="the server exits",
            )
        if not _logged(own, _MESSAGE):
            _broken(
                stage,
                own,
                "asgi.lifespan.startup-failed.logs-message",
                "the log does not say why the application failed to start",
                observed=own.server.log_tail()[-500:],
                expected=f"the message {_MESSAGE!r}",
            )


@case(
    _FAMILY,
    "startup-failed-without-message",
    proves=("asgi.lifespan.startup-failed.message-default",),
)
async def startup_failed_mute(stage: ServerStage) -> None:
    """An application that fails to start need not say why."""
    async with _living(stage, Script(asgi=(receive(), _failed("startup", None)))) as own:
        if not _lived(own):
            stage.not_applicable("the server calls the application for no lifespan")


@case(
    _FAMILY,
    "startup-failed-and-raised",
    proves=("asgi.lifespan.exception.after-startup-failed",),
)
async def failed_and_raised(stage: ServerStage) -> None:
    """An exception after a failed startup does not make the failure undone."""
    async with _living(stage, Script(asgi=(receive(), _failed("startup"), raise_()))) as own:
        if not _lived(own):
            stage.not_applicable("the server calls the application for no lifespan")
        if not own.failed:
            _broken(
                stage,
                own,
                "asgi.lifespan.exception.after-startup-failed",
                "the server serves an application that failed to start and then raised",
                observed="requests are answered",
                expected="the server exits: the failure outweighs the exception",
            )


@case(
    _FAMILY,
    "raising-on-the-lifespan",
    proves=(
        "asgi.lifespan.exception.server-continues",
        "asgi.lifespan.exception.no-further-events",
    ),
)
async def raising(stage: ServerStage) -> None:
    """A server serves an application that raises for its lifespan, without one."""
    for steps in ((raise_(),), (receive(), raise_())):
        async with _living(stage, Script(asgi=steps, legal=False)) as own:
            if not _lived(own):
                stage.not_applicable("the server calls the application for no lifespan")
            reply = None if own.failed else (await own.stage.ask(Request())).reply
            if reply is None or reply.status != 200:
                _broken(
                    stage,
                    own,
                    "asgi.lifespan.exception.server-continues",
                    "the server does not serve an application that raised for its lifespan",
                    observed=own.failed or str(reply),
                    expected="requests that are answered",
                )
                return
            await own.stop()
            lifespans = own.server.folder.lifespans()
            if len(lifespans) > len({call.meta["pid"] for call in lifespans}):
                _broken(
                    stage,
                    own,
                    "asgi.lifespan.exception.no-further-events",
                    "the application was called again for a lifespan, after it had raised",
                    observed=f"{len(lifespans)} lifespan calls",
                    expected="one for each worker",
                )


@case(
    _FAMILY,
    "state",
    proves=(
        "asgi.lifespan.state.copied-to-requests",
        "asgi.lifespan.state.shallow-copy",
        "asgi.lifespan.state.request-additions-isolated",
        "asgi.lifespan.state.advertised-in-lifespan-scope",
        "asgi.lifespan.state.server-does-not-touch",
    ),
)
async def states(stage: ServerStage) -> None:
    """Each request is given a copy of its own of what the lifespan stored."""
    adding = Script(asgi=(drain(), state("added", 1), respond()))
    async with _living(stage) as own:
        await _ready(stage, own)
        [lifespan, *_] = own.server.folder.lifespans()
        if "state" not in (lifespan.request or {}):
            stage.not_applicable("the server offers no state")
        wire = await own.stage.connect()
        for app in (adding, adding, adding):
            heard = await own.stage.ask(Request(), app, calls=1)
        kept = await own.stage.ask(Request(), adding, wire=wire, then="keep", calls=1)
        if kept.reply.keeps:
            await own.stage.follow_up(kept)
        given = heard.call.request.get("state")
        if isinstance(given, dict) and "gateproof" not in given:
            stage.broken(
                "asgi.lifespan.state.copied-to-requests",
                "a request was given a state without what the lifespan had stored",
                heard=heard,
                observed=repr(sorted(given)),
                expected="'gateproof', as it was stored before lifespan.startup.complete",
            )


@case(
    _FAMILY,
    "shutdown-after-the-connections",
    proves=("asgi.lifespan.shutdown.sent-after-connections-closed",),
)
async def after_connections(stage: ServerStage) -> None:
    """Shutdown is told after the last response is complete, if the server waits for it."""
    length = (b"content-length", b"4")
    slow = (
        drain(),
        send({"type": "http.response.start", "status": 200, "headers": [length]}),
        send({"type": "http.response.body", "body": b"be", "more_body": True}),
        wait("on", 3.0),
        send({"type": "http.response.body", "body": b"ne"}),
    )
    async with _living(stage) as own:
        await _ready(stage, own)
        asking = asyncio.ensure_future(own.stage.ask(Request(), Script(asgi=slow), calls=1))
        try:
            await _until(partial(_waits, own), stage.patience)
            stopping = asyncio.ensure_future(asyncio.to_thread(own.server.stop))
            await _until(partial(_told, own, "lifespan.shutdown"), _SHORT)
            own.stage.let(own.stage.heard[-1].token, "on")
            await stopping
        finally:
            await asking


def _waits(own: Own) -> bool:
    """Whether the application has come to its wait in the latest request."""
    heard = own.stage.heard[-1:]
    calls = own.server.folder.calls(heard[0].token) if heard else []
    return any("wait" in said for call in calls for said in call.notes)


async def _until(test: Callable[[], bool], within: float) -> bool:
    """Wait until ``test()`` holds, at most ``within`` seconds; whether it does."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not test():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


@case(
    _FAMILY,
    "shutdown-takes-its-time",
    proves=("asgi.lifespan.shutdown-complete.server-waits",),
)
async def slow_stop(stage: ServerStage) -> None:
    """The server stays until the application has completed its shutdown."""
    slow = Script(asgi=(*_STARTS, receive(), wait("never", _SHORT), _STOPS[1]))
    async with _living(stage, slow) as own:
        await _ready(stage, own)
        await own.stop()
        if not _told(own, "lifespan.shutdown"):
            stage.not_applicable("the server does not tell of the shutdown")
        sent = [one for call in own.server.folder.lifespans() for one in call.steps("send")]
        if len(sent) < 2:
            _broken(
                stage,
                own,
                "asgi.lifespan.shutdown-complete.server-waits",
                "the server was gone before the application had completed its shutdown",
                observed=f"the server ended while the application took {_SHORT:g} s",
                expected="waiting for lifespan.shutdown.complete",
            )


@case(
    _FAMILY,
    "shutdown-failed",
    proves=(
        "asgi.lifespan.shutdown-failed.terminates",
        "asgi.lifespan.shutdown-failed.logs-message",
        "asgi.lifespan.shutdown-failed.message-default",
    ),
)
async def shutdown_failed(stage: ServerStage) -> None:
    """A server whose application fails to stop ends all the same, and says why."""
    for message in (_MESSAGE, None):
        failing = Script(asgi=(*_STARTS, receive(), _failed("shutdown", message)))
        async with _living(stage, failing) as own:
            await _ready(stage, own)
            stopped = await own.stop()
            if not _told(own, "lifespan.shutdown"):
                stage.not_applicable("the server does not tell of the shutdown")
            if stopped.killed:
                _broken(
                    stage,
                    own,
                    "asgi.lifespan.shutdown-failed.terminates",
                    "the server did not end after lifespan.shutdown.failed",
                    observed=f"still there after {stopped.seconds:.1f} s",
                    expected="the end of the process",
                )
            if message and not _logged(own, message):
                _broken(
                    stage,
                    own,
                    "asgi.lifespan.shutdown-failed.logs-message",
                    "the log does not say why the application failed to stop",
                    observed=own.server.log_tail()[-500:],
                    expected=f"the message {message!r}",
                )
