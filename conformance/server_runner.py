"""Runs the cases of a server: many at once on one process, which is started again when it dies.

Waits of many cases overlap on one event loop. When the server dies or no longer
answers, the cases that were under way are run again one at a time, so that the
one that does it is told apart from those that were in its way. A blocked case is
tried once more by itself: what kept it may have been the others, or a busy machine.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.case import Blocked, Case, NotApplicable
from gateproof.conformance.deviations import applied
from gateproof.conformance.engine import fault
from gateproof.conformance.heard import Heard
from gateproof.conformance.outcome import Outcome
from gateproof.conformance.patience import settle, stretch
from gateproof.conformance.server_outcome import died, judge_server
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.hosted import HostedServer
from gateproof.targets.journal import Call, together
from gateproof.targets.load import TargetError
from gateproof.targets.server import Server, ServerError
from gateproof.targets.wire import HalfCloseError
from gateproof.validators.asgi.loop_replay import exercised_together
from gateproof.validators.policy import Rules
from gateproof.validators.violation import Violation

AT_ONCE = 32
"""How many cases may be under way together, where the server can serve so many."""

LIMIT = 60.0
"""Seconds that a case may take in all, on a machine with nothing else to do."""

DEATHS = 12
"""After so many restarts in a family its remaining cases are blocked."""

AGAIN = 12
"""So many blocked cases of a family are tried once more, by themselves."""

CUT = frozenset({"closed", "nothing", "reset"})
"""Ends of an answer that did not come, or not as a whole: the server may be dying by it."""

LOG = 600
"""Characters of the server's log that a finding shows."""


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What is to be done with a server.

    Attributes:
        server: the target, not started yet.
        rules: the user's active set.
    """

    server: Server | HostedServer
    rules: Rules = field(default_factory=Rules)


@dataclass
class Ran:
    """One run of a case: its stage, its outcome, and what else its exchanges showed."""

    stage: ServerStage
    outcome: Outcome
    incidental: list[tuple[Violation, Heard]]


class ServerEngine:
    """Runs the selected cases of one server."""

    hung = False
    """Whether threads of the target may be left in this process: never, it has its own."""

    def __init__(self, plan: ServerPlan, selected: Iterable[Case]) -> None:
        self.plan = plan
        self._selected = list(selected)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._families: dict[str, asyncio.Task[None]] = {}
        self._outcomes: dict[str, asyncio.Future[Outcome]] = {}
        self._lost = ""
        self._resting = False

    def outcome(self, case: Case) -> Outcome:
        """Wait for the outcome of ``case``; at the first of its family, start them all."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._start()
        if self._lost:
            return Outcome("harness", self._lost)
        if case.full_id not in self._outcomes:
            self._begin(case)
        family = self._families[case.family]
        waiting = self._outcomes[case.full_id]
        either: set[asyncio.Future[Any]] = {waiting, family}
        self._loop.run_until_complete(asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED))
        if waiting.done():
            return waiting.result()
        error = None if family.cancelled() else family.exception()
        return Outcome("harness", fault(error or RuntimeError("the family's cases were cancelled")))

    def _start(self) -> None:
        try:
            self.plan.server.start()
        except ServerError as error:
            self._lost = str(error)

    def rest(self) -> None:
        """Stop the server until the next family of cases."""
        if self._loop is not None and not self.plan.server.hosted and not self._resting:
            self._resting = True
            self.plan.server.stop()

    def _begin(self, first: Case) -> None:
        if self._loop is None:
            raise RuntimeError("the engine is closed")
        if self._resting:
            self._resting = False
            self._start()
        group = [case for case in self._selected if case.family == first.family]
        group = group if first in group else [first, *group]
        outcomes = {case.full_id: self._loop.create_future() for case in group}
        self._outcomes.update(outcomes)
        work = FamilyRun(self.plan, outcomes).run(group)
        self._families[first.family] = self._loop.create_task(work)

    def close(self) -> None:
        """Cancel what still runs and stop the server."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        try:
            left = [task for task in asyncio.all_tasks(loop) if not task.done()]
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left, timeout=10))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            try:
                self.plan.server.close()
            finally:
                loop.close()


class FamilyRun:
    """One run of a family's cases on a started server.

    Args:
        plan: the server and the user's active set.
        outcomes: where the outcome of each case goes, by full id.
    """

    def __init__(self, plan: ServerPlan, outcomes: dict[str, asyncio.Future[Outcome]]) -> None:
        self.plan = plan
        self._outcomes = outcomes
        self._incidental: list[tuple[Violation, Heard]] = []
        self._calls: list[Call] = []
        self._told: set[str] = set()
        self._deaths = 0
        self._blocked: list[Case] = []

    async def run(self, group: Sequence[Case]) -> None:
        """Run all cases: side by side, then those that want to be alone, then the last."""
        waiting = deque(case for case in group if not case.alone and not case.last)
        while waiting and not self._hopeless:
            for case in await self._side_by_side(waiting):
                await self._alone(case)
        by_itself = [case for case in group if case.alone and not case.last]
        for case in [*waiting, *self._blocked, *by_itself]:
            await self._alone(case)
        for case in group:
            if case.last:
                await self._alone(case)

    @property
    def _hopeless(self) -> bool:
        return self._deaths >= DEATHS or bool(self.plan.server.lost)

    async def _side_by_side(self, waiting: deque[Case]) -> list[Case]:
        """Run cases together until all are done or the server is ill.

        Returns:
            The cases that were under way when it became ill; it has been restarted.
        """
        suspects: list[Case] = []
        ill = asyncio.Event()

        async def work() -> None:
            while waiting and not ill.is_set():
                case = waiting.popleft()
                ran = await self._ran(case)
                doubtful = ran.outcome.verdict == "fail"
                if not ill.is_set() and await self._illness(ran.stage, doubtful=doubtful):
                    ill.set()
                if ill.is_set():
                    suspects.append(case)
                elif ran.outcome.verdict == "blocked" and len(self._blocked) < AGAIN:
                    self._blocked.append(case)
                else:
                    self._settle(case, ran)

        together = min(AT_ONCE, self.plan.server.features.concurrency)
        await asyncio.gather(*(work() for _ in range(max(1, together))))
        if suspects:
            await self._restart()
        return suspects

    async def _alone(self, case: Case) -> None:
        """Run one case by itself; if the server is ill afterwards, that is its outcome."""
        server = self.plan.server
        if self._hopeless:
            reason = server.lost or (
                f"{server.name} had to be started {self._deaths} times; the rest is not tried"
            )
            self._outcomes[case.full_id].set_result(Outcome("blocked", reason))
            return
        ran = await self._ran(case)
        illness = await self._illness(ran.stage, surely=True)
        if illness and not server.hosted:  # an earlier case may have been slow to show it
            await self._restart()
            ran = await self._ran(case)
            illness = await self._illness(ran.stage, surely=True)
        if illness and ran.outcome.verdict != "harness":
            log = server.log_tail()[-LOG:]
            findings = ran.outcome.verdict == "fail"
            if server.hosted:
                ran.outcome = Outcome("blocked", f"{illness}; the network may be at fault as well")
            elif not findings and not ran.outcome.hazards:
                ran.outcome = died(ran.stage, illness, log)
        if illness:
            await self._restart()
        self._settle(case, ran)

    async def _illness(
        self, stage: ServerStage, *, surely: bool = False, doubtful: bool = False
    ) -> str:
        """What is wrong with the server itself after a case, or the empty string.

        Args:
            stage: the case's run, which has ended.
            surely: ask the server also where every answer came.
            doubtful: see whether it lives also where every answer came; a server that is
                silent because other cases keep it busy is well.
        """
        server = self.plan.server
        asked = stage.troubled or (surely and not server.hosted)
        cut = doubtful or any(heard.reply.ended in CUT for heard in stage.heard)
        looked = asked or (cut and not server.hosted)
        silent = server.alive() and looked and not await server.answers(stage.patience)
        if silent:  # one that has just died is silent at once, and known to be dead a bit later
            until = time.monotonic() + settle(3)
            while server.alive() and time.monotonic() < until:  # noqa: ASYNC110 - asked by many
                await asyncio.sleep(0.02)
        if not server.alive():
            return f"{server.name} ended with exit code {server.exit_code}"
        return f"{server.name} no longer answers" if silent and asked else ""

    async def _restart(self) -> None:
        self._deaths += 1
        try:
            await asyncio.to_thread(self.plan.server.restart)
        except ServerError:
            self._deaths = DEATHS

    def _settle(self, case: Case, ran: Ran) -> None:
        self._incidental += ran.incidental
        self._told.update(finding["requirement"] for finding in ran.outcome.findings)
        self._calls += (call for heard in ran.stage.heard for call in heard.calls)
        self._outcomes[case.full_id].set_result(applied(ran.outcome, case, self.plan.server))

    async def _ran(self, case: Case) -> Ran:
        """Run a case once."""
        stage = ServerStage(case=case, server=self.plan.server)
        started = time.perf_counter()
        error: Exception | None = None
        try:
            if case.last:
                self._show_all(stage)
            async with asyncio.timeout(LIMIT * stretch()):
                work: Any = case.run(stage)
                await work
        except Exception as caught:  # noqa: BLE001 - whatever it is, it is this case's outcome
            error = caught
            stage.troubled |= isinstance(caught, TargetError)  # it may be gone altogether
            if self.plan.server.hosted and time.perf_counter() - started >= LIMIT:
                error = Blocked(f"it took more than {LIMIT:g} s through the network")
        outcome, incidental = await self._concluded(stage, error)
        outcome.duration = time.perf_counter() - started
        return Ran(stage, outcome, incidental)

    def _show_all(self, stage: ServerStage) -> None:
        """Give the last case what the judges saw in the others, and no case told."""
        new = (seen for seen in self._incidental if seen[0].requirement not in self._told)
        stage.incidental = tuple(new)
        if stage.interface == "asgi":
            calls = [*self.plan.server.folder.lifespans(), *self._calls]
            found = together(calls)
            stage.between = [
                violation
                for violation in found
                if violation.party == "server" and violation.requirement not in self._told
            ]
            stage.engaged = exercised_together(call.ladder() for call in calls)

    async def _concluded(
        self, stage: ServerStage, error: Exception | None
    ) -> tuple[Outcome, list[tuple[Violation, Heard]]]:
        try:
            await stage.close()
            ended, reason = _end(error)
            return judge_server(stage, self.plan.rules, ended=ended, reason=reason)
        except TargetError as lost:
            return Outcome("blocked", str(lost)), []
        except Exception as ours:  # noqa: BLE001 - a fault of ours must not end the run
            return Outcome("harness", fault(ours)), []


def _end(error: Exception | None) -> tuple[str, str]:
    """The verdict of a case that did not come to its end, and why; empty where it did."""
    if error is None:
        return "", ""
    if isinstance(error, NotApplicable):
        return "n/a", str(error)
    if isinstance(error, HalfCloseError):
        return "n/a", str(error)
    if isinstance(error, (Blocked, TargetError)):  # a hosted probe may not answer
        return "blocked", str(error)
    return "harness", fault(error)
