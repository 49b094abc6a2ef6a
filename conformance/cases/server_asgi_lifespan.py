"""ASGI lifespan: startup, of servers that each case starts for itself.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_lifespan_own import (
    COMPLETE,
    FAMILY,
    MESSAGE,
    SHORT,
    STARTS,
    STOPS,
    broken,
    failing_at,
    lived,
    living,
    logged,
    misnamed,
    ready,
    told,
    type_of,
)
from gateproof.conformance.server_stage import Own, Request, ServerStage
from gateproof.targets.journal import Call
from gateproof.targets.script import (
    Script,
    catching,
    raise_,
    receive,
    state,
    wait,
)

_LISTENING = Script(asgi=(*STARTS, receive(), receive(within=0.2), STOPS[1]))
"""Listens for a moment whether more follows on the shutdown."""


@case(
    FAMILY,
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
    async with living(stage, _LISTENING) as own:
        others = misnamed(own)
        if others and not lived(own):
            broken(
                stage,
                own,
                "asgi.lifespan.scope.type",
                "the server called the application by itself with a scope of another type",
                observed=repr(type_of(others[0])),
                expected="'lifespan'",
            )
            return
        await ready(stage, own)
        heard = await own.stage.ask(Request(), calls=1)
        _judge_order(stage, own, heard.call)
        alive = [call for call in own.server.folder.lifespans() if not call.ended]
        await own.stop()
        if alive and not told(own):
            broken(
                stage,
                own,
                "asgi.lifespan.shutdown.sent-on-graceful-stop",
                "the server stopped and did not tell the application",
                observed="no lifespan.shutdown",
                expected="lifespan.shutdown after SIGTERM",
            )


def _judge_order(stage: ServerStage, own: Own, request: Call) -> None:
    """Report a request that came before the startup, or in another thread than it."""
    lifespans = [
        call for call in own.server.folder.lifespans() if call.meta["pid"] == request.meta["pid"]
    ]
    received = [rung.at for call in lifespans for rung in call.rungs if rung.step == "received"]
    if lifespans and (not received or request.rungs[0].at < min(received)):
        broken(
            stage,
            own,
            "asgi.lifespan.startup.sent-before-connections",
            "a request reached the application before lifespan.startup did",
            observed="a call with a scope of type http",
            expected="lifespan.startup before the first connection",
        )
    threads = {call.meta["thread"] for call in lifespans}
    if threads and request.meta["thread"] not in threads:  # no loop runs in two
        broken(
            stage,
            own,
            "asgi.lifespan.same-loop-as-requests",
            "a request was served in another thread than the lifespan, and so on another loop",
            observed=f"thread {request.meta['thread']}",
            expected=f"thread {', '.join(map(str, sorted(threads)))}",
        )


@case(
    FAMILY,
    "startup-takes-its-time",
    proves=("asgi.lifespan.startup-complete.server-waits",),
)
async def slow_start(stage: ServerStage) -> None:
    """No request reaches an application that has not completed its startup."""
    slow = Script(asgi=(receive(), wait("never", SHORT), state("gateproof"), COMPLETE, *STOPS))
    async with living(stage, slow) as own:
        # A server that does not wait answers before the startup is complete.
        await ready(stage, own)
        heard = await own.stage.ask(Request(), calls=1)
        [lifespan, *_] = own.server.folder.lifespans()
        complete = [rung.at for rung in lifespan.rungs if rung.step == "send"]
        if not complete or heard.call.rungs[0].at < complete[0]:
            broken(
                stage,
                own,
                "asgi.lifespan.startup-complete.server-waits",
                "a request reached the application before its startup was complete",
                observed="a call with a scope of type http",
                expected="connections after lifespan.startup.complete",
            )


@case(
    FAMILY,
    "startup-failed",
    proves=(
        "asgi.lifespan.startup-failed-exits",
        "asgi.lifespan.startup-failed.logs-message",
        "asgi.lifespan.startup-failed.no-shutdown-sent",
    ),
)
async def startup_failed(stage: ServerStage) -> None:
    """A server whose application fails to start gives up, and says why."""
    failing = Script(asgi=(receive(), failing_at("startup"), catching(receive(within=1.0))))
    async with living(stage, failing) as own:
        if not lived(own):
            stage.not_applicable("the server calls the application for no lifespan")
        if not own.failed:
            broken(
                stage,
                own,
                "asgi.lifespan.startup-failed-exits",
                "the server serves an application that failed to start",
                observed="requests are answered",
                expected="the server exits",
            )
        elif own.server.exit_code == 0:
            broken(
                stage,
                own,
                "asgi.lifespan.startup-failed-exits",
                "the server ended with exit code 0, as if the application had started",
                observed="exit code 0",
                expected="an exit code that tells of the failure",
            )
        if not logged(own, MESSAGE):
            broken(
                stage,
                own,
                "asgi.lifespan.startup-failed.logs-message",
                "the log does not say why the application failed to start",
                observed=own.server.log_tail()[-500:],
                expected=f"the message {MESSAGE!r}",
            )


@case(
    FAMILY,
    "startup-failed-without-message",
    proves=("asgi.lifespan.startup-failed.message-default",),
)
async def startup_failed_mute(stage: ServerStage) -> None:
    """An application that fails to start need not say why."""
    async with living(stage, Script(asgi=(receive(), failing_at("startup", None)))) as own:
        if not lived(own):
            stage.not_applicable("the server calls the application for no lifespan")


@case(
    FAMILY,
    "startup-failed-and-raised",
    proves=("asgi.lifespan.exception.after-startup-failed",),
)
async def failed_and_raised(stage: ServerStage) -> None:
    """An exception after a failed startup does not make the failure undone."""
    async with living(stage, Script(asgi=(receive(), failing_at("startup"), raise_()))) as own:
        if not lived(own):
            stage.not_applicable("the server calls the application for no lifespan")
        if not own.failed:
            broken(
                stage,
                own,
                "asgi.lifespan.exception.after-startup-failed",
                "the server serves an application that failed to start and then raised",
                observed="requests are answered",
                expected="the server exits: the failure outweighs the exception",
            )


@case(
    FAMILY,
    "raising-on-the-lifespan",
    proves=(
        "asgi.lifespan.exception.server-continues",
        "asgi.lifespan.exception.no-further-events",
    ),
)
async def raising(stage: ServerStage) -> None:
    """A server serves an application that raises for its lifespan, without one."""
    for steps in ((raise_(),), (receive(), raise_())):
        async with living(stage, Script(asgi=steps, legal=False)) as own:
            if not lived(own):
                stage.not_applicable("the server calls the application for no lifespan")
            reply = None if own.failed else (await own.stage.ask(Request())).reply
            if reply is None or reply.status != 200:
                broken(
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
                broken(
                    stage,
                    own,
                    "asgi.lifespan.exception.no-further-events",
                    "the application was called again for a lifespan, after it had raised",
                    observed=f"{len(lifespans)} lifespan calls",
                    expected="one for each worker",
                )
