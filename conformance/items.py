"""The pytest items of the suite: one reports one case of one target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateproof.conformance.case import Case
from gateproof.conformance.outcome import Outcome, case_line
from gateproof.conformance.surroundings import SurroundingsError
from gateproof.reports.text import shorten, visible

if TYPE_CHECKING:
    from gateproof.conformance.suite import Suite


class TargetNode(pytest.Collector):
    """A target, in pytest's tree of collectors."""

    @classmethod
    def make(cls, session: pytest.Session, name: str, interface: str) -> TargetNode:
        """The node of a target called ``name``."""
        node: TargetNode = cls.from_parent(
            session, name=f"{name} ({interface.upper()})", nodeid="gateproof", path=session.path
        )
        return node

    def collect(self) -> list[pytest.Item]:
        """Nothing: the suite adds its items itself."""
        return []


class Family(pytest.Collector):
    """A family of cases, in pytest's tree of collectors."""

    @classmethod
    def make(cls, target: TargetNode, family: str) -> Family:
        """The node of ``family`` below ``target``."""
        node: Family = cls.from_parent(target, name=family, nodeid=f"gateproof::{family}")
        return node

    def collect(self) -> list[pytest.Item]:
        """Nothing: the suite adds its items itself."""
        return []


class ConformanceItem(pytest.Item):
    """Reports the outcome of one case; the engine runs it."""

    suite: Suite
    case: Case
    slug: str
    target: str
    outcome: Outcome | None = None

    @classmethod
    def make(cls, family: Family, suite: Suite, case: Case, slug: str) -> ConformanceItem:
        """The item of ``case`` for the target called ``slug``."""
        name = f"{case.id}[{slug}]"
        item: ConformanceItem = cls.from_parent(
            family, name=name, nodeid=f"gateproof::{case.family}::{name}"
        )
        item.suite, item.case, item.slug = suite, case, slug
        item.target = suite.subjects[slug].name
        item.add_marker("conformance")
        item.extra_keyword_matches.update((case.id, case.family, *case.proves))
        return item

    def setup(self) -> None:
        """Get the outcome; a fault that is not the target's is an error here."""
        try:
            self.suite.enter(self)
        except SurroundingsError as error:
            self.outcome = Outcome("harness", str(error))
        except pytest.skip.Exception as error:
            self.outcome = Outcome("blocked", f"a fixture of the session skips: {error}")
        else:
            self.outcome = self.suite.engines[self.slug].outcome(self.case)
        self.user_properties.append(("gateproof_verdict", self.outcome.verdict))
        self.user_properties += [
            ("gateproof_requirement", f"{finding['verdict']} {finding['requirement']}")
            for finding in self.outcome.findings
        ]
        if self.outcome.verdict == "harness":
            pytest.fail(self.outcome.reason, pytrace=False)

    def runtest(self) -> None:
        """Turn the outcome into pytest's: pass, skip or fail."""
        outcome = self.outcome
        if outcome is None or outcome.verdict in ("n/a", "blocked"):
            pytest.skip(f"{outcome.verdict}: {outcome.reason}" if outcome else "not run")
        if self.suite.fails(outcome.verdict):
            pytest.fail(self._failure(outcome), pytrace=False)

    def _failure(self, outcome: Outcome) -> str:
        """What pytest prints: each broken requirement in full once a run, then by name."""
        from gateproof.reports.terminal import failure_text

        shown = self._result(outcome)
        told = self.suite.told
        failing = [finding for finding in outcome.findings if self.suite.fails(finding["verdict"])]
        new = [f for f in failing if (self.slug, f["requirement"]) not in told]
        lines = []
        if new or not failing:
            shown["findings"] = new
            lines.append(failure_text(shown, {line["id"]: line for line in outcome.evidence}))
        lines += [
            f"{f['verdict']}[{f['requirement']}] again, in {visible(shorten(f['request'], 80))}; "
            f"in full at {told[self.slug, f['requirement']]}"
            for f in failing
            if f not in new
        ]
        told.update({(self.slug, f["requirement"]): self.nodeid for f in new})
        return "\n".join(lines)

    def teardown(self) -> None:
        """The last item stops the targets."""
        self.suite.leave(self)

    def _result(self, outcome: Outcome) -> dict[str, Any]:
        return {
            "kind": "result",
            "case": self.case.full_id,
            "target": self.slug,
            "verdict": outcome.verdict,
            "reason": outcome.reason,
            "duration": round(outcome.duration, 6),
            "findings": outcome.findings,
            "exercised": outcome.exercised,
            "statuses": outcome.statuses,
            **({"hazards": outcome.hazards} if outcome.hazards else {}),
            **({"server": outcome.server} if outcome.server else {}),
            "reproduce": self.suite.reproduce(self),
        }

    def complete(self, report: pytest.TestReport) -> None:
        """Give ``report`` the case's own duration and, once, its lines of the stream."""
        outcome = self.outcome
        if outcome is None:
            return
        if report.when == "setup":
            report.duration = 0.0
        if report.when == ("setup" if outcome.verdict == "harness" else "call"):
            report.duration = outcome.duration
            lines = [{"kind": "case", **case_line(self.case)}]
            lines += [{"kind": "evidence", **line} for line in outcome.evidence]
            lines.append(self._result(outcome))
            report.gateproof_lines = lines  # type: ignore[attr-defined]
            if report.skipped and isinstance(report.longrepr, tuple):
                report.longrepr = ("gateproof", None, report.longrepr[2])  # type: ignore[assignment]

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where pytest says the item is: nowhere in the user's files."""
        return self.config.rootpath / "gateproof", None, self.name
