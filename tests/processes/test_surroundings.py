"""What stands around a server whose processes run as another user."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateproof.targets import surroundings
from gateproof.targets.load import EnvironmentFaultError
from gateproof.targets.probe_folder import ProbeFolder
from gateproof.targets.registry import adapters
from gateproof.targets.surroundings import Surroundings


def around(python: Path) -> Surroundings:
    adapter = replace(adapters()["wsgiref"], name="mine", drops=True)
    return Surroundings(adapter, ProbeFolder(), "wsgi", None, None, {}, python)


@pytest.fixture(autouse=True)
def by_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_ordinary_user", lambda: ("nobody", "nogroup"))


def test_an_interpreter_that_the_user_cannot_reach_is_told_at_once(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    (shut / "bin").mkdir(parents=True)
    (shut / "bin" / "python").write_text("")
    tmp_path.chmod(0o755)
    shut.chmod(0o700)

    with pytest.raises(
        EnvironmentFaultError, match="runs as nobody, who may not look into"
    ) as told:
        around(shut / "bin" / "python")
    assert "[python=PATH]" in str(told.value)


def test_one_that_is_a_link_to_such_a_place_as_well(tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    (shut / "python").write_text("")
    link = tmp_path / "python"
    link.symlink_to(shut / "python")

    with pytest.raises(EnvironmentFaultError, match="may not look into"):
        around(link)


def test_one_that_everybody_can_reach_is_taken() -> None:
    assert around(Path("/usr/bin/env")).user == "nobody"
