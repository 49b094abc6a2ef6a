"""The engine: schedules the cases of a target and gives each item its outcome.

Items are the report of a case, not its scheduler. At the first item of a
(target, family) group all selected cases of the group are started, several at
once within a bound; each item then waits for its own. WSGI cases are
synchronous and run one after the other in the calling thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from gateproof.conformance.alarm import Hang, can_interrupt, hang_in, interrupting
from gateproof.conformance.case import Blocked, Case, NotApplicable
from gateproof.conformance.effort import Traffic
from gateproof.conformance.outcome import Outcome, judge
from gateproof.conformance.stage import Stage
from gateproof.targets.application import Application
from gateproof.targets.routes.discovery import Discovery
from gateproof.validators.policy import Rules

AT_ONCE = 8
"""How many cases of a group may be under way together."""

HANGS = 3
"""After so many hangs in a family its remaining cases are blocked."""

HANG_BREAKS = {
    "wsgi": "wsgi.app.returns-iterable",
    "asgi.http": "asgi.http.app.completes-response",
    "asgi.websocket": "asgi.websocket.connect.must-be-answered",
    "asgi.lifespan": "asgi.lifespan.startup-complete.app-sends",
}
"""The requirement that an application breaks by never coming back."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the engine is to do with a target.

    Attributes:
        application: the target.
        paths: request paths to use.
        methods: HTTP methods that may be sent.
        rules: the user's active set.
        deadline: seconds without progress after which a call hangs.
        backend: the event loop of an ASGI application.
        host: the Host header of requests.
        routes: the application's routes, or why none are known.
        find_routes: finds them when the first case begins, where it is too early before that.
        traffic: what is asked of generated traffic.
    """

    application: Application
    paths: tuple[str, ...] = ("/",)
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")
    rules: Rules = field(default_factory=Rules)
    deadline: float = 10.0
    backend: str = "asyncio"
    host: str = "localhost"
    routes: Discovery = field(default_factory=Discovery)
    find_routes: Callable[[], Discovery] | None = None
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def limit(self) -> float:
        """Seconds that a case may take in all, however well it gets on."""
        return 6 * self.deadline * len(self.paths) + self.traffic.effort.longest


class Engine:
    """Runs the selected cases of one target."""

    def __init__(self, plan: Plan, selected: Iterable[Case]) -> None:
        self.plan = plan
        self._selected = list(selected)
        self._runner: WSGIRunner | Any = None
        self._hung = False

    @property
    def hung(self) -> bool:
        """Whether some case hung, so that threads of the application may be left."""
        return self._hung

    def outcome(self, case: Case) -> Outcome:
        """The outcome of ``case``; runs what has to run for it."""
        missing = [method for method in case.methods if method not in self.plan.methods]
        if missing:
            allowed = ", ".join(self.plan.methods)
            return Outcome(
                "n/a", f"it sends {', '.join(missing)}, and --target-methods allows {allowed}"
            )
        if self._runner is None:
            self._runner = self._open()
        outcome: Outcome = self._runner.outcome(case)
        self._hung = self._hung or outcome.hung
        return outcome

    def _open(self) -> Any:
        if self.plan.find_routes is not None:
            self.plan = replace(self.plan, routes=self.plan.find_routes(), find_routes=None)
        _read_ahead(self.plan.application.interface)
        if self.plan.application.interface == "wsgi":
            return WSGIRunner(self.plan)
        from gateproof.conformance.asgi_runner import ASGIRunner

        return ASGIRunner(self.plan, self._selected)

    def rest(self) -> None:
        """An application in this process stays as it is."""

    def close(self) -> None:
        """Stop the target; what still runs is cancelled or abandoned, within a bound."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None


def _read_ahead(interface: str) -> None:
    """Read the documents that explain findings now, not in the middle of an exchange."""
    from gateproof.validators.catalogue import DOCUMENTS, document

    for name in DOCUMENTS:
        if name == "http1" or name.startswith({"wsgi": "pep", "asgi": "asgi"}[interface]):
            document(name)


class WSGIRunner:
    """Runs the cases of a WSGI application, one after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._hangs = 0
        self._lost = ""

    def outcome(self, case: Case) -> Outcome:
        """Run ``case`` now."""
        from gateproof.conformance.wsgi_stage import WSGIStage

        plan = self.plan
        blocked = self._lost or too_many_hangs(self._hangs, "wsgi")
        if blocked:
            return Outcome("blocked", blocked)
        stage = WSGIStage(
            case=case,
            paths=plan.paths,
            methods=plan.methods,
            application=plan.application.call,
            host=plan.host,
            routes=plan.routes,
            traffic=plan.traffic,
        )
        started = time.perf_counter()
        error: BaseException | None = None
        try:
            if can_interrupt():
                with interrupting(lambda: progress(stage), plan.deadline, plan.limit):
                    case.run(stage)
            else:
                self._in_thread(case, stage)
        except KeyboardInterrupt:
            raise
        except BaseException as caught:  # noqa: BLE001 - whatever it is, it is this case's outcome
            error = caught
        outcome = conclude(stage, plan, error)
        self._hangs += outcome.hung
        outcome.duration = time.perf_counter() - started
        return outcome

    def _in_thread(self, case: Case, stage: Stage) -> None:
        """Run a case in a thread that is abandoned when it makes no progress."""
        import threading

        caught: list[BaseException] = []

        def work() -> None:
            try:
                case.run(stage)
            except BaseException as error:  # noqa: BLE001 - raised again by the caller
                caught.append(error)

        thread = threading.Thread(target=work, name=f"gateproof {case.id}", daemon=True)
        thread.start()
        last, changed = progress(stage), time.monotonic()
        while thread.is_alive():
            thread.join(0.1)
            if progress(stage) != last:
                last, changed = progress(stage), time.monotonic()
            elif thread.is_alive() and time.monotonic() - changed >= self.plan.deadline:
                self._lost = "an earlier case hangs in a thread that cannot be interrupted here"
                raise Hang(f"no progress for {self.plan.deadline:g} s")
        if caught:
            raise caught[0]

    def close(self) -> None:
        """Nothing outlives a WSGI case."""


def progress(stage: Stage) -> tuple[int, int, int]:
    """A value that changes as long as a case gets on."""
    exchanges = stage.exchanges
    return stage.played, len(exchanges), exchanges[-1].exchange.count if exchanges else 0


def too_many_hangs(hangs: int, family: str) -> str:
    """Why the rest of a family is not tried any more, or the empty string."""
    if hangs < HANGS:
        return ""
    return f"{hangs} cases of {family} hung; the rest is not tried"


def conclude(stage: Stage, plan: Plan, error: BaseException | None) -> Outcome:
    """Make the outcome of a case from how it ended."""
    try:
        return _conclude(stage, plan, error)
    except Exception as ours:  # noqa: BLE001 - a fault of ours must not end the run
        return Outcome("harness", fault(ours))


def _conclude(stage: Stage, plan: Plan, error: BaseException | None) -> Outcome:
    rules = plan.rules
    if error is None:
        return judge(stage, rules)
    if isinstance(error, NotApplicable):
        return judge(stage, rules, ended="n/a", reason=str(error))
    if isinstance(error, Blocked):
        return judge(stage, rules, ended="blocked", reason=str(error))
    hang = hang_in(error)
    if hang is not None and hang.endless:
        return judge(stage, rules, ended="blocked", reason=f"{hang}; an endless response?")
    if hang is not None:
        request = stage.exchanges[-1].request if stage.exchanges else "the first request"
        stage.broken(
            HANG_BREAKS[stage.case.family],
            f"the application hangs: {hang} in {request}",
            observed=f"{hang}{_where(error)}",
            expected="an answer, an exception or a return",
            hint="look where it waits; a synchronous call inside async code blocks the whole loop",
        )
        stage.hung = True
        return judge(stage, rules)
    return judge(stage, rules, ended="harness", reason=fault(error))


def _where(error: BaseException) -> str:
    """The innermost place outside of gateproof in which a hang was interrupted."""
    import traceback

    hang = hang_in(error)
    if hang is None or hang.__traceback__ is None:
        return ""
    frames = traceback.extract_tb(hang.__traceback__)
    own = [f for f in frames if "gateproof" not in f.name and "/conformance/" not in f.filename]
    return f" at {own[-1].filename}:{own[-1].lineno} in {own[-1].name}()" if own else ""


def fault(error: BaseException) -> str:
    """One line on an error that is ours: its type, text and innermost place."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"the suite itself raised {type(error).__name__}: {error}{place}; please report this"
