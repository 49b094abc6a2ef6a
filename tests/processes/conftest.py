"""Server processes: small programs that behave as servers do, well and badly."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes.kit import Programs, marked


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    folder = tmp_path / "programs"
    folder.mkdir()
    made = Programs(folder)
    yield made
    for process in made.started:
        process.kill()
    if sys.platform == "linux":
        assert marked(f"MARK={folder}") == set()


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of environments."""
    folder = tmp_path / "environments"
    folder.mkdir()
    monkeypatch.setenv("GATEPROOF_ENVIRONMENTS", str(folder))
    return folder


@pytest.fixture(scope="session")
def servers_python() -> Path:
    """The interpreter whose servers are tested: GATEPROOF_SERVERS_PYTHON, else this one."""
    given = os.environ.get("GATEPROOF_SERVERS_PYTHON", "")
    found = shutil.which(given) if given else sys.executable
    assert found, given
    return Path(found)
