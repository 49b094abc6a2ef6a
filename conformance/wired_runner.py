"""Runs the cases for applications on one that is carried by a real server.

The server is started once, and again when the application has brought it down or
keeps it busy. Cases run one after the other, so that it is plain which did it.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.alarm import Hang, hang_in
from gateproof.conformance.case import Blocked, Case, NotApplicable
from gateproof.conformance.engine import HANG_BREAKS, fault, too_many_hangs
from gateproof.conformance.outcome import Outcome, exercised, judge
from gateproof.conformance.stage import Stage
from gateproof.conformance.wired_asgi import WiredASGIStage
from gateproof.conformance.wired_lifespan import WiredLifespan
from gateproof.conformance.wired_stage import Account
from gateproof.conformance.wired_wsgi import WiredWSGIStage
from gateproof.targets.load import EnvironmentFaultError, TargetError
from gateproof.targets.server import PATIENCE, Server, ServerError
from gateproof.targets.wired import Crashed, Wired
from gateproof.validators.policy import Rules

LOG = 600
"""Characters of the server's log that a finding shows."""

STARTS = 12
"""After so many starts the remaining cases are blocked."""


GENERATED = "generated traffic combines what only a server in this process can be told to do"
"""Why generated cases are not run behind a real server."""


@dataclass(frozen=True, slots=True)
class WiredPlan:
    """What is to be done with an application behind a server; see :class:`engine.Plan`.

    Attributes:
        name: the application, as its user wrote it.
        server: the server that carries it, not started yet.
    """

    name: str
    server: Server
    paths: tuple[str, ...] = ("/",)
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")
    host: str = "localhost"
    rules: Rules = field(default_factory=Rules)
    deadline: float = 10.0

    @property
    def limit(self) -> float:
        """Seconds that a case may take in all, however well it gets on."""
        return 6 * self.deadline * len(self.paths)


@dataclass
class Ran:
    """One run of a case: what it did, and how it ended."""

    stage: WiredWSGIStage | WiredASGIStage
    error: BaseException | None

    def ended_by(self, kind: type[BaseException]) -> BaseException | None:
        """The exception of a kind that ended it, also out of a group."""
        return next((one for one in _within(self.error) if isinstance(one, kind)), None)


class WiredEngine:
    """Runs the selected cases of one application behind a server."""

    hung = False
    """Whether threads of the target may be left in this process: never, it has its own."""

    def __init__(self, plan: WiredPlan, selected: Iterable[Case]) -> None:
        self.plan = plan
        self._selected = list(selected)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wired = Wired(plan.server, plan.deadline, plan.deadline)
        self._lifespan = WiredLifespan(plan.server, plan.deadline)
        self._hangs: dict[str, int] = {}
        self._lost = ""
        self._unusable = ""

    # The server

    def start(self) -> None:
        """Start the server with the application, before the first case.

        Raises:
            TargetError: the application cannot be imported there.
            EnvironmentFaultError: the server cannot be started.
        """
        if self._loop is not None or not self._selected:
            return
        self._loop = asyncio.new_event_loop()
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        server = self.plan.server
        try:
            self._lifespan.begin()
            server.start(max(PATIENCE, self.plan.deadline))
        except ServerError as error:
            self._lost = self._lifespan.refusal()
            if self._lost:
                return  # that is the lifespan's case
            what = f"--target={self.plan.name} behind {server.name}: {error}"
            if "named_application" in error.log:
                raise TargetError(f"the application cannot be loaded there: {what}") from None
            raise EnvironmentFaultError(what) from None

    def _restart(self) -> None:
        server = self.plan.server
        server.kill()
        if server.starts >= STARTS:
            self._lost = f"{server.name} had to be started {STARTS} times; the rest is not tried"
            return
        try:
            self._start()
        except TargetError as error:
            self._lost = str(error)

    # The cases

    def outcome(self, case: Case) -> Outcome:
        """Run ``case`` now."""
        missing = [method for method in case.methods if method not in self.plan.methods]
        if missing:
            allowed = ", ".join(self.plan.methods)
            return Outcome(
                "n/a", f"it sends {', '.join(missing)}, and --target-methods allows {allowed}"
            )
        if case.id.startswith("generated"):
            return Outcome("n/a", GENERATED)
        try:
            if not self._unusable:
                self.start()
        except TargetError as error:
            self._unusable = str(error)
        if self._unusable:
            return Outcome("harness", self._unusable)
        lifespan = case.family == "asgi.lifespan"
        if not lifespan and not self._lost and self._lifespan.stopped:
            self._restart()
        blocked = self._lost if not lifespan else ""
        blocked = blocked or too_many_hangs(self._hangs.get(case.family, 0), case.family)
        if blocked:
            return Outcome("blocked", blocked)
        started = time.perf_counter()
        ran = self._ran(case)
        if ran.ended_by(Crashed) and not self._lost:
            again = self._ran(case)
            if not again.ended_by(Crashed):
                ran = again
        outcome = self._concluded(ran)
        outcome.duration = time.perf_counter() - started
        return outcome

    def _ran(self, case: Case) -> Ran:
        """Run a case once; the server is well afterwards, or given up."""
        if self._loop is None:
            raise RuntimeError("the engine is closed")
        if case.family == "asgi.lifespan":
            self._lifespan.look()
        stage = self._stage(case, self._loop)
        error: BaseException | None = None
        try:
            if inspect.iscoroutinefunction(case.run):
                self._loop.run_until_complete(self._within_limit(case.run(stage)))
            else:
                case.run(stage)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as caught:  # noqa: BLE001 - whatever it is, it is this case's outcome
            error = caught
        ran = Ran(stage, error)
        self._wired.forget()
        self._look_after(ran)
        return ran

    async def _within_limit(self, work: Any) -> None:
        async with asyncio.timeout(self.plan.limit):
            await _awaited(work)

    def _look_after(self, ran: Ran) -> None:
        """Start the server again where a case left it dead, stuck or busy."""
        if self._lost or self._lifespan.stopped or self._loop is None:
            return
        server = self.plan.server
        hung = ran.stage.hung or ran.ended_by(Hang) or ran.ended_by(Crashed)
        ill = hung or not server.alive()
        if not ill and ran.stage.account.troubled:
            ill = not self._loop.run_until_complete(server.answers())
        if ill:
            ran.stage.account.log = server.log_tail()[-LOG:]
            self._restart()

    def _stage(
        self, case: Case, loop: asyncio.AbstractEventLoop
    ) -> WiredWSGIStage | WiredASGIStage:
        plan = self.plan
        common: dict[str, Any] = {
            "case": case,
            "paths": plan.paths,
            "methods": plan.methods,
            "host": plan.host,
            "wired": self._wired,
        }
        if plan.server.interface == "wsgi":
            return WiredWSGIStage(**common, loop=loop)
        return WiredASGIStage(**common, lifespan=self._lifespan, patience=plan.deadline)

    def _concluded(self, ran: Ran) -> Outcome:
        """The outcome of a case; a fault of ours must not end the run."""
        try:
            outcome = self._judged(ran)
        except Exception as error:  # noqa: BLE001 - as above
            return Outcome("harness", fault(error))
        if outcome.hung:
            family = ran.stage.case.family
            self._hangs[family] = self._hangs.get(family, 0) + 1
        breaches = list(ran.stage.account.breaches)
        if ran.stage.case.family == "asgi.lifespan":
            breaches += self._lifespan.account.breaches
        outcome.server = sorted({f"{found.verdict} {found.requirement}" for found in breaches})
        return outcome

    def _judged(self, ran: Ran) -> Outcome:
        stage, rules = ran.stage, self.plan.rules
        if ran.error is None:
            return _accounted(stage, stage.account, rules)
        for kind, verdict in ((NotApplicable, "n/a"), (Blocked, "blocked")):
            ended = ran.ended_by(kind)
            if ended is not None and not ran.ended_by(Hang):
                return judge(stage, rules, ended=verdict, reason=str(ended))
        crash, hang = ran.ended_by(Crashed), hang_in(ran.error) or ran.ended_by(Hang)
        if crash is not None:
            self._tell_crash(stage, str(crash))
            return judge(stage, rules)
        if hang is not None:
            self._tell_hang(stage, str(hang))
            return judge(stage, rules)
        if ran.ended_by(TimeoutError):
            reason = f"not finished after {self.plan.limit:g} s"
            return judge(stage, rules, ended="blocked", reason=reason)
        return judge(stage, rules, ended="harness", reason=fault(ran.error))

    def _tell_crash(self, stage: WiredWSGIStage | WiredASGIStage, what: str) -> None:
        stage.broken(
            HANG_BREAKS[stage.case.family],
            f"the application's process ended while it was called: {what}",
            observed=stage.account.log or what,
            expected="an answer, an exception or a return",
            party="application",
            hint="look at the end of the server's log; an extension module can end a process",
        )

    def _tell_hang(self, stage: WiredWSGIStage | WiredASGIStage, what: str) -> None:
        request = stage.exchanges[-1].request if stage.exchanges else "the first request"
        stage.broken(
            HANG_BREAKS[stage.case.family],
            f"the application hangs: {what} in {request}",
            observed=what,
            expected="an answer, an exception or a return",
            party="application",
            hint="look where it waits; a synchronous call inside async code blocks the whole loop",
        )
        stage.hung = True

    def rest(self) -> None:
        """The server goes on running: the application's state is in it."""

    def close(self) -> None:
        """Stop the server and what still runs."""
        loop, self._loop = self._loop, None
        try:
            self.plan.server.close()
        finally:
            if loop is not None:
                left = [task for task in asyncio.all_tasks(loop) if not task.done()]
                for task in left:
                    task.cancel()
                if left:
                    loop.run_until_complete(asyncio.wait(left, timeout=5))
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()


def _accounted(stage: Stage, account: Account, rules: Rules) -> Outcome:
    """The outcome of a case that came to its end: n/a where it could ask nothing of its own."""
    ended, reason = account.verdict(len(stage.paths))
    outcome = judge(stage, rules, ended=ended, reason=reason)
    if not ended and reason and outcome.verdict == "pass":
        outcome.reason = reason
        outcome.exercised = sorted(n for n in exercised(stage, True) if rules.wants(n))
    return outcome


def _within(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, or those of a group."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _within(one)
    elif error is not None:
        yield error


async def _awaited(work: Awaitable[None]) -> None:
    await work
