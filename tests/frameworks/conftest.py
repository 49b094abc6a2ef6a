"""Running the suite on applications of frameworks, and reading what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateproof.reports.stream import Run, read

if TYPE_CHECKING:
    from tests.conftest import Project, Ran

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Judged:
    """A run of the suite: how pytest ended, and its result stream."""

    ran: Ran
    run: Run

    def found(self, verdict: str, target: str | None = None) -> set[str]:
        """The requirements that have a finding of ``verdict``."""
        return {
            finding["requirement"]
            for result in self.run.results
            if target in (None, result["target"])
            for finding in result["findings"]
            if finding["verdict"] == verdict
        }

    def verdicts(self, target: str | None = None) -> set[str]:
        """The verdicts of its cases."""
        return {r["verdict"] for r in self.run.results if target in (None, r["target"])}

    def exercised(self, target: str) -> set[str]:
        """The required clauses that were given a chance to be broken."""
        return {
            name
            for result in self.run.results
            if result["target"] == target
            for name in result["exercised"]
        }


@pytest.fixture
def suite(project: Project) -> Callable[..., Judged]:
    """Run the suite on targets in a folder."""

    def run(
        *targets: str,
        folder: Path | None = None,
        paths: Iterable[str] = ("/",),
        options: Iterable[str] = (),
        env: dict[str, str] | None = None,
        timeout: float = 120,
    ) -> Judged:
        results = project.folder / "results.jsonl"
        ran = project.pytest(
            "-q",
            *(f"--target={target}" for target in targets),
            *(f"--target-path={path}" for path in paths),
            *([f"--target-app-dir={folder}"] if folder else []),
            f"--conformance-results={results}",
            *options,
            timeout=timeout,
            env=env,
        )
        return Judged(ran, read(results))

    return run


@pytest.fixture(scope="session")
def here() -> Path:
    """The folder of these tests."""
    return HERE
