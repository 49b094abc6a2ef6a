"""The suite inside pytest: items, header, summary, stream and report.

Registered only when a target is named. Items report cases; the engine of each
target runs them. Results travel in the test reports, so that the controller of
a pytest-xdist run writes one stream, whoever ran the cases.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
import warnings
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateproof.conformance.case import FAMILIES, cases
from gateproof.conformance.items import ConformanceItem, Family, TargetNode
from gateproof.conformance.leftovers import exit_without, living
from gateproof.conformance.options import OPTIONS
from gateproof.conformance.progress import Progress
from gateproof.conformance.recording import Recording, header
from gateproof.conformance.selection import Selection
from gateproof.conformance.settings import (
    Settings,
    SettingsError,
    file_settings,
    settings,
)
from gateproof.conformance.subjects import Runs, Subject, subjects
from gateproof.conformance.surroundings import Surroundings, calm_warnings
from gateproof.reports.stream import StreamError
from gateproof.reports.terminal import verdict_line
from gateproof.targets.load import EnvironmentFaultError, TargetError

PREFIX = "gateproof::"
"""How every node id of the suite begins."""


def start(config: pytest.Config, pyproject: Path) -> None:
    """Register the suite if the settings name a target.

    Raises:
        pytest.UsageError: a setting that cannot be used.
    """
    given = {option.key: config.getoption(option.dest, default=None) for option in OPTIONS}
    try:
        chosen = settings(
            given, file_settings(pyproject), config.rootpath, config.invocation_params.dir
        )
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    if not chosen.target:
        flags = [option.flag for option in OPTIONS if given[option.key]]
        if flags:
            raise pytest.UsageError(f"{flags[0]} needs a target: add --target=MODULE:ATTRIBUTE")
        return
    _take_node_ids(config)
    config.pluginmanager.register(Suite(config, chosen), "gateproof-suite")


def _take_node_ids(config: pytest.Config) -> None:
    """Take pasted node ids of the suite out of the paths that pytest is to collect."""
    own = [(argument, _own_id(argument)) for argument in config.args]
    ids = [nodeid for _, nodeid in own if nodeid]
    kept = [argument for argument, nodeid in own if not nodeid]
    named_paths = config.args_source is pytest.Config.ArgsSource.ARGS and kept
    if ids:
        config.option.gateproof_nodeids = ids  # workers of pytest-xdist get the options
    config.args[:] = kept if named_paths else []


def _slug(name: str) -> str:
    """A target's name as it stands in node ids, without the characters that -k and paths mind."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")


def _keeping(chosen: Settings, config: pytest.Config) -> Settings:
    """The settings, with pytest's cache as the database where none was named."""
    cache = getattr(config, "cache", None)
    if chosen.database is not None or cache is None:
        return chosen
    return replace(chosen, database=str(cache.mkdir("gateproof")))


def _own_id(argument: str) -> str:
    """The node id of the suite that ``argument`` is, or the empty string.

    Run below the root, pytest prints ids as relative paths: ``../gateproof::wsgi``.
    """
    path, separator, rest = argument.partition("::")
    own = separator and re.split(r"[/\\]", path)[-1] == "gateproof"
    return f"{PREFIX}{rest}" if own and rest.partition("::")[0] in FAMILIES else ""


class Suite:
    """The hooks of an active suite."""

    def __init__(self, config: pytest.Config, chosen: Settings) -> None:
        self.config = config
        self.settings = chosen
        self.worker = hasattr(config, "workerinput")
        self.engines: dict[str, Runs] = {}
        self.subjects: dict[str, Subject] = {}
        self.recording: Recording | None = None
        self.selection: Selection | None = None
        self.surroundings = Surroundings(config)
        self._left: Counter[str] = Counter()  # items that are still to come, by target
        self._latest = ""
        self._closed: set[str] = set()
        self.told: dict[tuple[str, str], str] = {}  # where a broken requirement is in full
        self._progress: Progress | None = None
        self._threads = living()

    # Loading

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Load the targets and open the stream."""
        self.settings = chosen = _keeping(self.settings, self.config)
        if importlib.util.find_spec(chosen.backend) is None:
            pytest.exit(
                f"--target-backend={chosen.backend} needs {chosen.backend}, which is not installed "
                f"in {sys.prefix}; install gateproof[{chosen.backend}]",
                returncode=3,
            )
        try:
            with warnings.catch_warnings():
                calm_warnings("ignore")
                for subject in subjects(chosen):
                    self.subjects[self._slug(subject)] = subject
            self.selection = Selection(chosen, cases())
        except EnvironmentFaultError as error:
            pytest.exit(str(error), returncode=3)
        except (TargetError, SettingsError) as error:
            raise pytest.UsageError(str(error)) from None
        if not self.worker:
            self._open_recording()

    def _slug(self, subject: Subject) -> str:
        slug = subject.slug or _slug(subject.name)
        taken, number = slug, 2
        while taken in self.subjects:
            taken, number = f"{slug}-{number}", number + 1
        return taken

    def _open_recording(self) -> None:
        chosen = self.settings
        cache = getattr(self.config, "cache", None)
        files = [chosen.results] if chosen.results else []
        if cache is not None:
            files.append(Path(cache.mkdir("gateproof")) / "last.jsonl")
        try:
            self.recording = Recording(files, chosen.report)
        except StreamError as error:
            raise pytest.UsageError(str(error)) from None
        argv = ["pytest", *map(str, self.config.invocation_params.args)]
        self.recording.line(header(chosen, self.subjects, argv))

    def pytest_report_header(self) -> list[str]:
        """Say what each target is and what will be sent to it."""
        chosen = self.settings
        lines = [f"gateproof: {subject.line(chosen)}" for subject in self.subjects.values()]
        if chosen.server:
            return lines  # what is used is used elsewhere
        return lines + self.surroundings.header_lines(chosen.methods)

    # Items

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Put the suite's items before the user's, so that -k, -m and --lf see them."""
        wanted = getattr(self.config.option, "gateproof_nodeids", [])
        own = [item for item in self._build(session) if not wanted or _named(item, wanted)]
        missing = [name for name in wanted if not any(_named(item, [name]) for item in own)]
        if missing:
            raise pytest.UsageError(
                f"no item of the suite is called {missing[0]}; "
                "list them with the same options and --co -q"
            )
        items[:0] = own
        # So that pytest counts them as collected.
        report = pytest.CollectReport("gateproof", "passed", None, [*own])
        self.config.hook.pytest_collectreport(report=report)

    def _build(self, session: pytest.Session) -> Iterator[pytest.Item]:
        if self.selection is None:
            return
        for slug, subject in self.subjects.items():
            chosen = [
                case
                for case in cases().values()
                if subject.concerns(case) and self.selection.runs(case)
            ]
            root = TargetNode.make(session, subject.name, subject.interface)
            for family in FAMILIES:
                group = [case for case in chosen if case.family == family]
                node = Family.make(root, family)
                for case in group:
                    yield ConformanceItem.make(node, self, case, slug)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what was selected; the engines start whole families of it."""
        own = [item for item in session.items if isinstance(item, ConformanceItem)]
        self._left = Counter(item.slug for item in own)
        self._progress = Progress(self.config, own)
        self.surroundings.prepare(own)
        rules = self.selection.rules if self.selection else None
        if rules is None:
            return
        for slug, subject in self.subjects.items():
            selected = [item.case for item in own if item.slug == slug]
            engine = self.engines[slug] = subject.engine(self.settings, rules, selected)
            if selected and not self.config.option.collectonly and not self.worker:
                _begin(engine)  # a worker of pytest-xdist can only tell by its cases

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep a family of a target on one worker, unless another distribution is asked for."""
        if config.getoption("dist", "no") != "load":
            return None
        from gateproof.conformance.distribution import FamilyScheduling

        return FamilyScheduling(config, log)

    def fails(self, verdict: str) -> bool:
        """Whether a case with ``verdict`` fails its item."""
        strict = self.settings.level in ("should", "all")
        return verdict in ("fail", "fixed", "unstable") or (verdict == "weak" and strict)

    def reproduce(self, item: ConformanceItem) -> str:
        """The command that runs one item alone."""
        words = ["pytest", *self._target_options(item), item.nodeid]
        if item.outcome is not None and item.outcome.replay:
            words.append(f"--conformance-replay={item.outcome.replay}")
        return shlex.join(words)

    def _target_options(self, item: ConformanceItem) -> list[str]:
        chosen, default = self.settings, Settings()
        # A target whose short name had to be told apart needs the others beside it.
        subject = self.subjects[item.slug]
        alone = item.slug == (subject.slug or _slug(item.target))
        words = [f"--target={name}" for name in ([item.target] if alone else chosen.target)]
        carrier = getattr(subject, "carrier", "")
        servers = [carrier] if alone and carrier else chosen.server
        words += [f"--target-server={name}" for name in servers]
        if chosen.interface:
            words.append(f"--target-interface={chosen.interface}")
        if chosen.paths != default.paths:
            words += [f"--target-path={path}" for path in chosen.paths]
        if chosen.routes != default.routes:
            words.append(f"--target-routes={chosen.routes}")
        if chosen.methods != default.methods:
            words.append(f"--target-methods={','.join(chosen.methods)}")
        if chosen.host != default.host:
            words.append(f"--target-host={chosen.host}")
        if chosen.backend != default.backend:
            words.append(f"--target-backend={chosen.backend}")
        if chosen.profile != default.profile:
            words.append(f"--conformance-profile={chosen.profile}")
        if chosen.seed is not None:
            words.append(f"--conformance-seed={chosen.seed}")
        for option in (option for option in OPTIONS if option.key in ("app-dir", "ca")):
            given = self.config.getoption(option.dest, default=None)
            if given:
                words.append(f"{option.flag}={given}")
        return words

    # Results

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show which target and family the coming dots are of."""
        if self._progress is not None:
            self._progress.begin(nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the case's lines to the report that carries its outcome."""
        report = yield
        if isinstance(item, ConformanceItem):
            item.complete(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the lines that a report carries; in a worker the controller does it."""
        if self.recording is not None:
            for line in getattr(report, "gateproof_lines", ()):
                self.recording.line(line)

    # The end

    def enter(self, item: ConformanceItem) -> None:
        """Have the user's session around ``item``, which is being set up."""
        if self.worker and self._latest not in ("", item.slug):
            # Whether it gets more of that target, a worker of pytest-xdist cannot know.
            self.engines[self._latest].rest()
        self._latest = item.slug
        self.surroundings.enter(item, self._close)

    def leave(self, item: ConformanceItem) -> None:
        """Stop a target after the last of its items."""
        self._left[item.slug] -= 1
        if not self._left[item.slug]:
            self._close([item.slug])

    def _close(self, slugs: Sequence[str] | None = None) -> None:
        """Stop targets that run, all of them when left out."""
        wanted = self.engines if slugs is None else slugs
        running = [slug for slug in wanted if slug in self.engines and slug not in self._closed]
        if not running:
            return
        self._closed.update(running)
        with self.surroundings.leaving():
            for slug in running:
                self.engines[slug].close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Stop the targets, end the stream, write the report, settle the exit code."""
        self._close()
        if self.recording is not None:
            self.recording.finish(self._cut_short(session, int(exitstatus)))
            self._settle(session, self.recording.run.counts())
        if any(engine.hung for engine in self.engines.values()):
            exit_without(living() - self._threads, int(session.exitstatus))

    def _settle(self, session: pytest.Session, verdicts: dict[str, int]) -> None:
        """Make the exit code 3 for a fault of ours and 5 if nothing could be judged."""
        if session.exitstatus == pytest.ExitCode.INTERRUPTED or self.config.option.collectonly:
            return
        if "harness" in verdicts or (self.recording and self.recording.fault):
            session.exitstatus = 3
        elif (
            session.exitstatus == pytest.ExitCode.OK and verdicts and self._nothing_shown(verdicts)
        ):
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    def _nothing_shown(self, verdicts: dict[str, int]) -> bool:
        silent = self.recording is not None and bool(self.recording.silent)
        return silent or set(verdicts) <= {"n/a", "blocked"}

    def _cut_short(self, session: pytest.Session, exitstatus: int) -> str:
        """Why the run did not come to its end, or the empty string."""
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            return "interrupted"
        if session.shouldfail:
            return str(session.shouldfail)
        if session.shouldstop:
            return str(session.shouldstop)
        if exitstatus not in (0, 1, 5):
            return f"pytest ended with exit code {exitstatus}"
        return ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, Any, Any]:
        """Print our lines last, immediately before pytest's own."""
        result = yield
        recording = self.recording
        if recording is None or self.config.option.collectonly:
            return result
        for line in recording.closing_lines(self.settings.level):
            terminalreporter.write_line(line)
        if recording.run.results:
            terminalreporter.write_line(verdict_line(recording.run))
        return result


def _begin(engine: Runs) -> None:
    """Have an engine start what a usage error or a fault of the environment can come of.

    Raises:
        pytest.UsageError: the target cannot be used.
    """
    start_target = getattr(engine, "start", None)
    try:
        if start_target is not None:
            start_target()
    except EnvironmentFaultError as error:
        pytest.exit(str(error), returncode=3)
    except TargetError as error:
        raise pytest.UsageError(str(error)) from None


def _named(item: pytest.Item, wanted: list[str]) -> bool:
    """Whether ``item`` is one of ``wanted``, or inside of one that names a family."""
    return any(item.nodeid == name or item.nodeid.startswith(name + "::") for name in wanted)
