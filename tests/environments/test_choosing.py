"""The Python that a release gets: newest among those it names, and one it has a wheel for."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateproof.targets import environment_build
from gateproof.targets.environment_build import Order
from gateproof.targets.load import EnvironmentFaultError
from gateproof.targets.package_index import Answer, Index, Refused
from gateproof.targets.pythons import Python

if TYPE_CHECKING:
    from tests.environments.conftest import Shelf, Workshop

HERE = ((3, 13, 0), (3, 12, 1), (3, 11, 7), (3, 11), (3, 9, 18))


class Told(Index):
    """An index that was told what there is of one release.

    Args:
        wheels: the series that have a wheel; None where the index cannot be reached.
        python: its Requires-Python.
        series: the Pythons that its classifiers name.
        source: whether there is a source archive.
    """

    def __init__(
        self,
        wheels: Iterable[str] | None,
        python: str = "",
        series: Iterable[str] = (),
        source: bool = True,
    ) -> None:
        self.wheels = wheels
        self.source = source
        self.answer = Answer("1.0", python, frozenset(series))
        self.asked = 0

    def ask(self, requirement: str, python: Python, *, binary: bool) -> Answer | Refused:
        self.asked += 1
        if self.wheels is None:
            return Refused("no route to host")
        if not self.answer.allows(python) and (python.series in self.wheels or not binary):
            return Refused("", ("0.9",), (("1.0", self.answer.python),))
        if python.series in self.wheels or (self.source and not binary):
            return self.answer
        return Refused("", ("0.9",))


def chosen(index: Told, version: str = "1.0") -> list[str]:
    """The Pythons to try, in words."""
    candidates = [Python(version, Path(f"/{number}")) for number, version in enumerate(HERE)]
    order = Order(
        "gateproof env tiny",
        "tiny",
        version,
        (),
        Path("/nowhere"),
        time.monotonic() + 60,
        lambda _: None,
    )
    found, pythons = environment_build._choice(order, index, candidates)
    assert found == "1.0"
    return [str(one) for one in pythons]


EVERY = ("3.13", "3.12", "3.11", "3.9")


@pytest.mark.parametrize(
    ("index", "first"),
    [
        (Told(EVERY), "3.13.0"),
        (Told(EVERY, python=">=3.5", series=["3.8", "3.9"]), "3.9.18"),
        (Told(EVERY, python=">=3.5", series=["3.9", "3.11", "3.14"]), "3.11.7"),
        (Told(EVERY, python="<3.12"), "3.11.7"),
        (Told(EVERY, python=">=3.9.12,<3.10"), "3.9.18"),
        (Told(EVERY, series=["3.5", "3.6"]), "3.9.18"),
        (Told(EVERY, series=["3.6", "3.10"]), "3.11.7"),
        (Told(EVERY, series=["3.14"]), "3.13.0"),
        (Told(["3.13", "3.12"], series=["3.6"]), "3.13.0"),
        (Told(["3.12", "3.9"], series=["3.9", "3.12", "3.13"]), "3.12.1"),
        (Told(["3.13"], series=["3.9"]), "3.13.0"),
        (Told([], series=["3.9", "3.10"]), "3.9.18"),
        (Told([]), "3.13.0"),
        (Told([], python="<3.13"), "3.12.1"),
    ],
)
def test_the_python_is_the_newest_that_the_release_was_made_for(index: Told, first: str) -> None:
    assert chosen(index)[0] == first


@pytest.mark.parametrize(
    ("index", "told"),
    [
        (Told(None), "tiny 1.0 could not be looked up\n  no route to host"),
        (Told(EVERY, python=">=3.14"), "tiny 1.0 requires Python >=3.14, not 3.9.18, 3.11.7, 3.1"),
        (Told([], python=">=3.14"), "tiny 1.0 requires Python >=3.14, not 3.9.18, 3.11.7, 3.1"),
        (Told([], source=False), "there is no tiny 1.0; the newest is 0.9"),
    ],
)
def test_a_release_for_no_python_here_is_told(index: Told, told: str) -> None:
    with pytest.raises(EnvironmentFaultError) as caught:
        chosen(index)

    assert told in str(caught.value)


def test_an_index_that_is_not_there_is_asked_but_a_few_times() -> None:
    index = Told(None)
    with pytest.raises(EnvironmentFaultError):
        chosen(index)

    assert index.asked == 1


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_uv_makes_it_where_there_is_one(
    workshop: Workshop, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.wheel("tiny-server", "1.0")
    variables = {
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(shelf.folder),
        "UV_NO_CONFIG": "1",
        "UV_CACHE_DIR": str(workshop.project.folder / "cache"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ran = workshop.gateproof("env", f"./tiny.py==1.0[python={sys.executable}]")

    assert ran.code == 0, ran.text
    [name] = workshop.folders
    assert '"tool": "uv"' in (workshop.root / name / "environment.json").read_text()
