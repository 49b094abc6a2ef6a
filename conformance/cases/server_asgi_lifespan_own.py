"""What cases of the lifespan share: servers of their own, and how their lifespans are judged.

What crosses between the server and the application's lifespan is judged here, by
the judges of one call and of what the calls of an event loop owe each other.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gateproof.conformance.server_stage import Own, ServerStage
from gateproof.conformance.stage import Finding
from gateproof.targets.journal import Call, together
from gateproof.targets.script import (
    Script,
    Step,
    receive,
    send,
    state,
)
from gateproof.targets.watched import Watched
from gateproof.validators.violation import Breach, Violation

FAMILY = "server.asgi.lifespan"

COMPLETE = send({"type": "lifespan.startup.complete"})
STARTS = (receive(), state("gateproof"), COMPLETE)
STOPS = (receive(), send({"type": "lifespan.shutdown.complete"}))
_PLAIN = Script(asgi=(*STARTS, *STOPS))

MESSAGE = "planted-failure-of-the-lifespan"
SHORT = 0.6
"""Seconds that startup or shutdown takes where it takes its time."""


def failing_at(phase: str, message: str | None = MESSAGE) -> Step:
    """Send that ``startup`` or ``shutdown`` failed; ``None`` for no message key."""
    event: dict[str, object] = {"type": f"lifespan.{phase}.failed"}
    return send(event if message is None else {**event, "message": message})


@asynccontextmanager
async def living(stage: ServerStage, lifespan: Script = _PLAIN) -> AsyncIterator[Own]:
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
    for call in (*lifespans, *misnamed(own)):
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


def broken(
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


def misnamed(own: Own) -> list[Call]:
    """Calls that the server made by itself, and that are no lifespan by their type."""
    known = ("http", "websocket")
    return [call for call in own.server.folder.strays() if type_of(call) not in known]


def type_of(call: Call) -> object:
    """The type of a call's scope, ``None`` where there is none."""
    return call.request.get("type") if isinstance(call.request, dict) else None


def lived(own: Own) -> bool:
    """Whether the application's lifespan was called at all."""
    return bool(own.server.folder.lifespans())


def told(own: Own) -> bool:
    """Whether anything followed on the startup, which can only be the shutdown."""
    return any(len(call.steps("received")) > 1 for call in own.server.folder.lifespans())


def logged(own: Own, text: str) -> bool:
    """Whether the server's log has ``text``."""
    return text in own.server.log_tail(lines=1000)


async def ready(stage: ServerStage, own: Own) -> None:
    """Go on only where the server has started.

    Raises:
        Blocked: it has not.
        NotApplicable: it called no lifespan.
    """
    if own.failed:
        stage.blocked(own.failed)
    if not lived(own):
        stage.not_applicable("the server calls the application for no lifespan")
