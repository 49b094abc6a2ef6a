"""Runs of the suite against servers that are made for one test: correct, crashing, stuck."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project, Ran

TARGET = """
import runpy
from dataclasses import replace
from pathlib import Path

from gateproof.targets.adapter import Known

ADAPTER = runpy.run_path({reference!r})["ADAPTER"]
ADAPTER = replace(ADAPTER, name="mine", {changes})
"""
"""A third party's file that takes the reference server and changes what its adapter says."""

WRAPPED = """
import sys

sys.path.insert(0, {folder!r})
sys.argv[0] = {serve!r}
{before}
import runpy
runpy.run_path({serve!r}, run_name="__main__")
"""


@dataclass(frozen=True)
class Found:
    """A run: how it ended, and its result lines by case."""

    ran: Ran
    lines: list[dict[str, Any]]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        return {line["case"]: line for line in self.lines if line["kind"] == "result"}

    @property
    def verdicts(self) -> dict[str, str]:
        return {case: line["verdict"] for case, line in self.results.items()}

    @property
    def footer(self) -> dict[str, Any] | None:
        return next((line for line in self.lines if line["kind"] == "footer"), None)


@dataclass(frozen=True)
class Servers:
    """Targets made from the reference server, and runs against them."""

    project: Project
    checkout: Path

    @property
    def reference(self) -> Path:
        return self.checkout / "tests" / "reference" / "target.py"

    def target(self, changes: str = "") -> str:
        """A target file whose adapter is the reference's with ``changes``, keyword arguments."""
        text = TARGET.format(reference=str(self.reference), changes=changes)
        (self.project.folder / "mine.py").write_text(text)
        return "./mine.py"

    def behaving(self, before: str) -> str:
        """A target file whose server runs ``before`` in its process, before it serves."""
        serve = self.reference.with_name("serve.py")
        text = WRAPPED.format(
            folder=str(serve.parent), serve=str(serve), before=textwrap.dedent(before)
        )
        (self.project.folder / "behaving.py").write_text(text)
        started = str(self.project.folder / "behaving.py")
        return self.target(
            "argv=lambda launch, plain=ADAPTER.argv: "
            f"[launch.python.as_posix(), {started!r}, *plain(launch)[2:]]"
        )

    def run(self, target: str, *options: str, timeout: float = 120) -> Found:
        """Run the suite against ``target``."""
        ran = self.project.pytest(
            f"--target={target}",
            "--conformance-results=run.jsonl",
            "-p",
            "no:cacheprovider",
            *options,
            timeout=timeout,
        )
        return Found(ran, lines(self.project.folder / "run.jsonl"))


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a result stream; one cut off by a kill is left out."""
    found = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


@pytest.fixture
def servers(project: Project, checkout: Path) -> Servers:
    return Servers(project, checkout)
