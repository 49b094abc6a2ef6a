"""What all our tests share: running pytest and our command as a user would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

# Ctrl-C is sent to processes that tests start: where this run was put into the background by a
# shell, which has it ignored, they would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

CHECKOUT = Path(__file__).resolve().parent.parent

# Tests are no package, but some folders are shared by many: `from witnesses.load import modules`
# works in every test and in every file of the folder, without touching sys.path.
SHARED = "witnesses corpus peers mirror stress reference processes releases planted_faults=planted"
for shared in SHARED.split():
    name, _, folder = shared.partition("=")
    package = ModuleType(name)
    package.__path__ = [str(CHECKOUT / "tests" / (folder or name))]
    sys.modules.setdefault(name, package)


@dataclass(frozen=True)
class Ran:
    """How a command ended: exit code, both outputs as one text, and its folder."""

    code: int
    text: str
    folder: Path

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True)
class Project:
    """A user's project in a folder of its own, outside of the checkout."""

    folder: Path

    def write(self, files: dict[str, str]) -> Project:
        """Write files by their path in the project."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip())
        return self

    def run(self, *argv: str, timeout: float = 120, env: dict[str, str] | None = None) -> Ran:
        """Run a Python module of this environment (``"pytest"``, ...) as a subprocess."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
        clean.pop("PYTHONDONTWRITEBYTECODE", None)  # pytest would rewrite every plugin anew
        done = subprocess.run(
            [sys.executable, "-m", *argv],
            cwd=self.folder,
            env={**clean, "COLUMNS": "200", "NO_COLOR": "1", **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )
        return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), self.folder)

    def pytest(self, *argv: str, timeout: float = 120, env: dict[str, str] | None = None) -> Ran:
        """Run pytest in the project."""
        return self.run("pytest", *argv, timeout=timeout, env=env)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT
