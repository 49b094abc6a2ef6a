"""Runs the cases of an ASGI application in one loop, with its lifespan around them."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import anyio

from gateproof.conformance.alarm import Hang, hang_in
from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import Case
from gateproof.conformance.engine import (
    AT_ONCE,
    Plan,
    conclude,
    progress,
    too_many_hangs,
)
from gateproof.conformance.loops import AbandonedError, open_loop
from gateproof.conformance.outcome import Outcome
from gateproof.targets.asgi_lifespan import Lifespan

LOOK = 0.5
"""Seconds between two looks whether cases get on."""


@dataclass
class Running:
    """A case that was started: its task, its stage, and its outcome once it has ended.

    ``seen`` and ``since`` are the progress that was last seen, and when.
    """

    handle: Any
    stage: ASGIStage | None = None
    outcome: Outcome | None = None
    seen: object = None
    since: float = 0.0

    def stands_still(self, patience: float) -> bool:
        """Whether the case is under way and has made no progress for ``patience`` seconds."""
        now = time.monotonic()
        current = progress(self.stage) if self.stage is not None else None
        if current is None or current != self.seen:
            self.seen, self.since = current, now
        return current is not None and now - self.since > patience


class ASGIRunner:
    """Starts the cases of a family together and keeps the application's lifespan alive."""

    def __init__(self, plan: Plan, selected: list[Case]) -> None:
        self.plan = plan
        self._selected = selected
        self._running: dict[str, Running] = {}
        self._hangs: dict[str, int] = {}
        self._lost = ""
        self._loop = open_loop(plan.backend, plan.deadline)
        self._lifespan = Lifespan(plan.application.call, patience=plan.deadline)
        self._lifespan_task: Any = None
        self._places: anyio.Semaphore | None = None
        self._alone: anyio.Lock | None = None

    def outcome(self, case: Case) -> Outcome:
        """Wait for the outcome of ``case``; at the first of its family, start them all."""
        if self._lost:
            return Outcome("blocked", self._lost)
        try:
            self._start_lifespan()
            if not _is_async(case):
                return self._run_outside(case)
            if case.full_id not in self._running:
                self._start_family(case)
            running = self._running[case.full_id]
            self._wait(running)
        except AbandonedError as error:
            self._lost = f"{case.full_id} could not be ended: {error}"
            stage = self._running[case.full_id].stage if case.full_id in self._running else None
            return conclude(stage or self._stage(case), self.plan, Hang(str(error)))
        if running.outcome is None:
            return Outcome("harness", _lost(running.handle))
        return running.outcome

    def _wait(self, running: Running) -> None:
        """Wait for one case; abandon all if any case neither gets on nor can be cancelled.

        Each case ends by itself when the application keeps it waiting; twice
        that time without progress means that cancellation is swallowed.
        """
        others = list(self._running.values())
        while not self._loop.wait(running.handle, LOOK):
            if any(
                other.outcome is None and other.stands_still(2 * self.plan.deadline + 1)
                for other in others
            ):
                raise AbandonedError("the application swallows its cancellation")

    def _start_lifespan(self) -> None:
        if self._lifespan_task is None:
            self._lifespan_task = self._loop.spawn(self._lifespan.run)
            self._loop.run(self._lifespan.start())

    def _start_family(self, first: Case) -> None:
        group = [
            case
            for case in self._selected
            if case.family == first.family and _is_async(case) and self._sendable(case)
        ]
        for case in group if first in group else [first, *group]:
            running = Running(handle=None)
            running.handle = self._loop.spawn(self._runner(case, running))
            self._running[case.full_id] = running

    def _sendable(self, case: Case) -> bool:
        return all(method in self.plan.methods for method in case.methods)

    def _runner(self, case: Case, running: Running) -> Any:
        async def run() -> None:
            if self._places is None or self._alone is None:
                self._places, self._alone = anyio.Semaphore(AT_ONCE), anyio.Lock()
            if case.alone or case.family == "asgi.lifespan":
                # One gatherer at a time, or two would each wait for the other's places.
                async with self._alone:
                    await self._run_in(self._places, AT_ONCE, case, running)
            else:
                await self._run_in(self._places, 1, case, running)

        return run

    async def _run_in(
        self, places: anyio.Semaphore, count: int, case: Case, running: Running
    ) -> None:
        taken = 0
        try:
            for _ in range(count):
                await places.acquire()
                taken += 1
            running.outcome = await self._run(case, running)
        finally:
            for _ in range(taken):
                places.release()

    async def _run(self, case: Case, running: Running) -> Outcome:
        blocked = too_many_hangs(self._hangs.get(case.family, 0), case.family)
        if not blocked and case.family != "asgi.lifespan":
            blocked = self._lifespan.blocks or ""
        if blocked:
            return Outcome("blocked", blocked)
        stage = running.stage = self._stage(case)
        started = time.perf_counter()
        error: BaseException | None = None
        try:
            with anyio.fail_after(self.plan.limit):
                work = case.run(stage)
                if isinstance(work, Coroutine):
                    await work
        except TimeoutError:
            error = Hang(f"not finished after {self.plan.limit:g} s", endless=True)
        except Exception as caught:  # noqa: BLE001 - whatever it is, it is this case's outcome
            error = caught
        except BaseException as caught:
            if hang_in(caught) is None:
                raise
            error = caught
        return self._concluded(stage, error, started)

    def _run_outside(self, case: Case) -> Outcome:
        """Run a case that drives the loop itself, as generated ones do."""
        blocked = self._lifespan.blocks or too_many_hangs(
            self._hangs.get(case.family, 0), case.family
        )
        if blocked:
            return Outcome("blocked", blocked)
        stage = self._stage(case)
        stage.run = self._loop.run
        started = time.perf_counter()
        error: BaseException | None = None
        try:
            with self._loop.often():
                case.run(stage)
        except (KeyboardInterrupt, AbandonedError):
            raise
        except BaseException as caught:  # noqa: BLE001 - whatever it is, it is this case's outcome
            error = caught
        return self._concluded(stage, error, started)

    def _stage(self, case: Case) -> ASGIStage:
        plan = self.plan
        return ASGIStage(
            case=case,
            paths=plan.paths,
            methods=plan.methods,
            application=plan.application.call,
            lifespan=self._lifespan,
            patience=plan.deadline,
            host=plan.host,
            routes=plan.routes,
            traffic=plan.traffic,
        )

    def _concluded(self, stage: ASGIStage, error: BaseException | None, started: float) -> Outcome:
        outcome = conclude(stage, self.plan, error)
        outcome.duration = time.perf_counter() - started
        if outcome.hung:
            family = stage.case.family
            self._hangs[family] = self._hangs.get(family, 0) + 1
        return outcome

    def close(self) -> None:
        """Cancel what still runs, shut the lifespan down, close the loop."""
        try:
            for running in self._running.values():
                if running.outcome is None:
                    self._loop.cancel(running.handle)
            if self._lifespan_task is not None and not self._lost:
                self._loop.run(self._lifespan.stop())
        except AbandonedError:
            pass
        finally:
            self._loop.close()


def _is_async(case: Case) -> bool:
    import inspect

    return inspect.iscoroutinefunction(case.run)


def _lost(handle: Any) -> str:
    """Why a case's task ended without an outcome."""
    if handle.cancelled():
        return "the case was cancelled before it had an outcome"
    return f"the case ended without an outcome: {handle.exception()!r}; please report this"
