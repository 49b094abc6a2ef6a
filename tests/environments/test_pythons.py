"""The Pythons of a machine are found by name, each once, and none is started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateproof.targets.load import TargetError
from gateproof.targets.pythons import Python, listed, located, of_series, pythons


def program(path: Path) -> Path:
    """A program that would leave a mark if it were run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch {path}.started\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """Environment variables of a machine whose Pythons stand in ``tmp_path``."""
    program(tmp_path / "pyenv/versions/3.9.18/bin/python3")
    program(tmp_path / "pyenv/versions/3.7.16/bin/python3")
    program(tmp_path / "pyenv/versions/2.7.18/bin/python")
    program(tmp_path / "pyenv/versions/pypy3.10-7.3.15/bin/python3")
    program(tmp_path / "pyenv/shims/python3.6")
    program(tmp_path / "pyenv/shims/python3.14")
    program(tmp_path / "uv/cpython-3.12.4-linux-x86_64-gnu/bin/python3")
    program(tmp_path / "uv/cpython-3.13.1+freethreaded-linux-x86_64-gnu/bin/python3")
    program(tmp_path / "path/python3.10")
    program(tmp_path / "path/python3.10-config")
    (tmp_path / "path/python3.8").write_text("not a program")
    (tmp_path / "pyenv/versions/3.10.1").mkdir()
    return {
        "HOME": str(tmp_path / "home"),
        "PYENV_ROOT": str(tmp_path / "pyenv"),
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv"),
        "PATH": f"{tmp_path}/pyenv/shims:{tmp_path}/path:{tmp_path}/nowhere",
    }


def test_every_usable_python_is_found_newest_first(machine: dict[str, str], tmp_path: Path) -> None:
    found = pythons(machine)
    others = [one for one in found if one.path.is_relative_to(tmp_path)]

    assert [str(one) for one in others] == ["3.12.4", "3.10", "3.9.18"]
    assert [one.origin.split(",")[0] for one in others] == ["uv", "PATH", "pyenv"]
    assert sys.version_info[:3] in [one.version for one in found]
    assert found == sorted(found, reverse=True)
    assert not list(tmp_path.rglob("*.started"))


def test_a_python_that_two_ways_lead_to_is_listed_once(
    machine: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "path/python3.9").symlink_to(tmp_path / "pyenv/versions/3.9.18/bin/python3")

    assert [str(one) for one in of_series("3.9", pythons(machine))] == ["3.9.18"]


def test_a_series_has_all_its_releases_and_no_others() -> None:
    among = [Python(version, Path("python")) for version in ((3, 9), (3, 9, 1), (3, 10), (3, 1, 9))]

    assert [str(one) for one in of_series("3.9", among)] == ["3.9", "3.9.1"]
    assert [str(one) for one in of_series("3.9.1", among)] == ["3.9.1"]
    assert [str(one) for one in of_series("3.1", among)] == ["3.1.9"]
    assert listed(among) == "3.1.9, 3.9.1, 3.10"


def test_a_path_a_folder_and_a_command_lead_to_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = program(tmp_path / "venv/bin/python")
    monkeypatch.setenv("PATH", str(path.parent))
    monkeypatch.chdir(tmp_path)

    assert located(str(path), "") == path
    assert located("venv", "") == path
    assert located("venv/bin/python", "") == path
    assert located("python", "") == path


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nowhere/python", "there is no nowhere/python"),
        ("no-such-command", "there is no no-such-command"),
        ("empty", "the folder empty holds no Python"),
        ("text", "text is not a program"),
    ],
)
def test_what_cannot_be_run_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(TargetError, match=f"^python={given}: {told}"):
        located(given, f"python={given}")
