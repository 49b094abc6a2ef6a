"""A case, run on a stage of its own as the engine does it."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass, field

import anyio
import pytest

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import Blocked, NotApplicable, cases
from gateproof.targets.asgi_lifespan import Lifespan
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.violation import Violation


@dataclass
class Played:
    """What a case found, and how it ended other than by itself."""

    found: list[Violation] = field(default_factory=list)
    ended: str = ""
    stage: ASGIStage | None = None

    def requirements(self, *verdicts: str) -> set[str]:
        return {v.requirement for v in self.found if not verdicts or v.verdict in verdicts}


def play_in(runner, application, full_id, *, lifespan=None, **values) -> Played:
    case = cases()[full_id]
    methods = ("GET", "HEAD", "OPTIONS", *case.methods)
    stage = ASGIStage(
        case=case, methods=methods, application=application, lifespan=lifespan, **values
    )
    played = Played(stage=stage)
    try:
        if inspect.iscoroutinefunction(case.run):
            runner.run(case.run(stage))
        else:
            stage.run = runner.run
            case.run(stage)
    except (NotApplicable, Blocked) as outcome:
        played.ended = f"{type(outcome).__name__}: {outcome}"
    everything = Policy(rules=Rules(level="all"))
    played.found = [v for watched in stage.exchanges for v in watched.violations]
    for finding in stage.findings:
        violation = everything.violation(finding.breach, finding.watched.exchange)
        played.found.append(violation)
    return played


@pytest.fixture
def play():
    """Runs a case by its full id on an application; asyncio, with a lifespan around it."""

    def perform(application, full_id, *, patience=5.0, **values) -> Played:
        with asyncio.Runner() as runner:
            lifespan = Lifespan(application, patience=patience)

            async def start():
                task = asyncio.create_task(lifespan.run())
                await lifespan.start()
                return task

            task = runner.run(start())
            played = play_in(
                runner, application, full_id, lifespan=lifespan, patience=patience, **values
            )

            async def stop():
                await lifespan.stop()
                await asyncio.wait({task}, timeout=5)

            runner.run(stop())
            return played

    return perform


@pytest.fixture(params=["asyncio", "trio"])
def drive(request):
    """Runs a coroutine function under each event loop, bounded in time."""
    if request.param == "trio":
        pytest.importorskip("trio")

    def run(function, *arguments):
        async def bounded():
            with anyio.fail_after(30):
                return await function(*arguments)

        return anyio.run(bounded, backend=request.param)

    return run
