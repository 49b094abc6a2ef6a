"""gateproof env makes an environment as a whole or not at all, from a package index in a folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.environments.conftest import Shelf, Workshop

SERIES = f"{sys.version_info[0]}.{sys.version_info[1]}"
OWN = f"[python={sys.executable}]"  # so that the test does not depend on other Pythons


def test_a_release_is_installed_found_again_listed_and_removed(
    workshop: Workshop, shelf: Shelf
) -> None:
    shelf.wheel("tiny-server", "1.0")
    shelf.wheel("tiny-server", "1.1")
    first = workshop.gateproof("env", f"./tiny.py{OWN}")
    again = workshop.gateproof("env", f"./tiny.py{OWN}")
    listed = workshop.gateproof("env", "--list")

    assert first.code == again.code == listed.code == 0, first.text
    assert "making tiny-server-1.1-py" in first.text
    assert "making" not in again.text
    [name] = workshop.folders
    facts = json.loads((workshop.root / name / "environment.json").read_text())
    assert (facts["distribution"], facts["version"]) == ("tiny-server", "1.1")
    assert facts["python"].startswith(SERIES)
    assert listed.lines == [line for line in listed.lines if line.split()[0] == name]
    done = subprocess.run(
        [workshop.root / name / "bin" / "python", "-c", "import tiny_server"], timeout=30
    )
    assert done.returncode == 0

    removed = workshop.gateproof("env", "--remove", name)

    assert removed.code == 0, removed.text
    assert workshop.folders == []
    assert workshop.gateproof("env", "--remove", name).code == 4


def test_requirements_of_variants_and_of_the_user_are_installed(
    workshop: Workshop, shelf: Shelf
) -> None:
    shelf.wheel("tiny-server", "1.0", needs=("depended",))
    for name, version in [("depended", "0.1"), ("fancy-loop", "2.5"), ("more", "7"), ("more", "8")]:
        shelf.wheel(name, version)
    ran = workshop.gateproof(
        "env", f"./tiny.py[loop=fancy,python={sys.executable}]", "--with=more==7"
    )
    plain = workshop.gateproof("env", f"./tiny.py{OWN}")

    assert ran.code == plain.code == 0, ran.text + plain.text
    fancy, bare = (
        {path.name for path in (workshop.root / name).glob("lib/*/site-packages/*.dist-info")}
        for name in sorted(workshop.folders, key=len, reverse=True)
    )
    wanted = {"fancy_loop-2.5.dist-info", "more-7.dist-info"}
    assert wanted <= fancy
    assert not wanted & bare
    assert "depended-0.1.dist-info" in fancy & bare


def test_pkg_resources_is_there_where_a_release_imports_it(
    workshop: Workshop, shelf: Shelf
) -> None:
    shelf.wheel("setuptools", "80.9", files={"pkg_resources/__init__.py": ""})
    shelf.wheel("setuptools", "82.0", files={"setuptools/__init__.py": ""})
    shelf.wheel("tiny-server", "1.0", files={"tiny_server.py": "import pkg_resources\n"})
    shelf.wheel("tiny-server", "2.0", needs=("setuptools>=3",))
    shelf.wheel("tiny-server", "3.0", files={"tiny_server.py": "import sys\n"})
    for version in ("1.0", "2.0", "3.0"):
        ran = workshop.gateproof("env", f"./tiny.py=={version}{OWN}")
        assert ran.code == 0, ran.text
    one, two, three = (workshop.root / name for name in workshop.folders)

    for folder in (one, two):
        assert list(folder.glob("lib/*/site-packages/pkg_resources")), folder
        assert not list(folder.glob("lib/*/site-packages/setuptools-82*"))
    assert not list(three.glob("lib/*/site-packages/setuptools-80*"))


def test_the_hint_leads_to_the_environment_that_was_made(workshop: Workshop, shelf: Shelf) -> None:
    shelf.wheel("tiny-server", "1.0")
    shelf.wheel("more", "7")
    other = workshop.gateproof("env", f"./tiny.py==1.0{OWN}", "--with=more")
    [first] = workshop.folders
    plain = workshop.gateproof("env", f"./tiny.py==1.0{OWN}")
    again = workshop.gateproof("env", f"./tiny.py==1.0{OWN}", "--with=more")

    # Both lie behind the same words, so the one that was made first is named by its path then.
    assert other.lines[-1] == plain.lines[-1] == "run it with --target=tiny.py==1.0"
    assert again.lines[-1] == f"run it with '--target=tiny.py[python={workshop.root / first}]'"


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (
            ["./tiny.py==1.2"],
            3,
            "no tiny-server 1.2, but there is 1.0 and 1.10; the newest is 3.0",
        ),
        (["./tiny.py==3.0"], 3, "tiny-server 3.0 requires Python >=3.99, not 3."),
        (["./tiny.py==2.0"], 3, "the oven is cold"),
        (["./tiny.py==1.0[python=3.99]"], 3, "there is no Python 3.99 here, only"),
        (["./tiny.py==1.0[python=/nowhere]"], 4, "there is no /nowhere"),
        (["./tiny.py==1.0[loop=x]"], 4, "loop of tiny is one of plain, fancy"),
        (["./tiny.py==1.0", "--with=a b"], 4, "'a b' is not a requirement such as"),
        (["./tiny.py==1.0", "--with=tiny_server==1"], 4, "goes with its name, Tiny.Server==1.2.3"),
        (["./tiny.py==1.0", "--with=absent"], 3, "No matching distribution found for absent"),
        (["wsgiref"], 4, "wsgiref is a part of Python; choose one with --target=server:wsgiref["),
        (["gunicron"], 4, "did you mean gunicorn"),
        (["all"], 4, "name the servers one by one"),
        ([], 4, "say which server"),
        (["--list", "gunicorn"], 4, "--list stands alone"),
        (["--remove"], 4, "say which"),
        (["--remove", "gunicorn"], 4, "there is no environment gunicorn"),
    ],
)
def test_what_cannot_be_made_is_told_and_leaves_nothing(
    workshop: Workshop, shelf: Shelf, argv: list[str], code: int, told: str
) -> None:
    shelf.wheel("tiny-server", "1.0")
    shelf.wheel("tiny-server", "1.10")
    shelf.source("tiny-server", "2.0", planted='raise SystemExit("the oven is cold")')
    shelf.wheel("tiny-server", "3.0", python=">=3.99")
    if argv and "[python" not in argv[0] and argv[0].startswith("./"):
        argv = [
            argv[0].replace("]", f",python={sys.executable}]")
            if argv[0].endswith("]")
            else f"{argv[0]}{OWN}",
            *argv[1:],
        ]
    ran = workshop.gateproof("env", *argv)

    assert ran.code == code, ran.text
    assert told in ran.text
    assert "Traceback" not in ran.text
    assert workshop.folders == []


SLOW = """
with open(os.environ["MARKS"] + "/started", "w") as mark:
    mark.write(str(os.getpid()))
deadline = time.monotonic() + 60
while not os.path.exists(os.environ["MARKS"] + "/go") and time.monotonic() < deadline:
    time.sleep(0.02)
"""


@dataclass
class Slow:
    """A release whose installation waits for a word, and makers of it in the background."""

    workshop: Workshop
    marks: Path
    makers: list[subprocess.Popen[str]]

    def make(self, *options: str) -> subprocess.Popen[str]:
        """Start making it."""
        maker = subprocess.Popen(
            [
                *(sys.executable, "-m", "gateproof.conformance.cli"),
                *("env", f"./tiny.py==1.0{OWN}", *options),
            ],
            cwd=self.workshop.project.folder,
            env={**os.environ, **self.workshop.variables, "MARKS": str(self.marks)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.makers.append(maker)
        return maker

    def building(self, within: float = 60) -> int:
        """The process that installs, once it is at it."""
        mark = self.marks / "started"
        deadline = time.monotonic() + within
        while not (mark.exists() and mark.read_text()):
            assert time.monotonic() < deadline, "it was never started"
            time.sleep(0.02)
        return int(mark.read_text())

    def go(self) -> None:
        """Let it finish."""
        (self.marks / "go").touch()


@pytest.fixture
def slow(workshop: Workshop, shelf: Shelf, tmp_path: Path) -> Iterator[Slow]:
    marks = tmp_path / "marks"
    marks.mkdir()
    shelf.source("tiny-server", "1.0", planted=SLOW)
    one = Slow(workshop, marks, [])
    yield one
    one.go()
    for maker in one.makers:
        maker.kill()
        maker.communicate(timeout=30)


def gone(pid: int, within: float = 10) -> bool:
    """Whether a process ends in time; a dead one that nobody has waited for is gone."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_two_at_once_make_one_environment(slow: Slow) -> None:
    first = slow.make()
    slow.building()
    second = slow.make()
    assert slow.workshop.gateproof("env", "--list").text.startswith("there are no environments")
    slow.go()
    texts = [maker.communicate(timeout=90)[0] for maker in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0), texts
    assert len(slow.workshop.folders) == 1
    assert ["making" in text for text in texts].count(True) == 1, texts


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_whoever_is_stopped_leaves_neither_folder_nor_process(
    slow: Slow, how: signal.Signals, code: int
) -> None:
    maker = slow.make()
    pid = slow.building()
    maker.send_signal(how)
    text = maker.communicate(timeout=30)[0]

    assert maker.returncode == code, text
    assert "Traceback" not in text
    assert gone(pid)
    assert slow.workshop.folders == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_an_environment_whose_maker_was_killed_is_made_anew(slow: Slow) -> None:
    maker = slow.make()
    pid = slow.building()
    maker.kill()
    maker.communicate(timeout=30)
    assert slow.workshop.gateproof("env", "--list").text.startswith("there are no environments")
    slow.go()
    ran = slow.make()
    text = ran.communicate(timeout=90)[0]

    assert ran.returncode == 0, text
    assert gone(pid)
    assert len(slow.workshop.folders) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_an_installation_that_hangs_ends_at_the_deadline(slow: Slow) -> None:
    for seconds in (8, 30, 90):  # a busy machine may not have come to the installation in time
        began = time.monotonic()
        maker = slow.make(f"--timeout={seconds}")
        text = maker.communicate(timeout=seconds + 60)[0]
        if (slow.marks / "started").exists():
            break

    assert maker.returncode == 3, text
    assert "it was ended at the deadline" in text
    assert time.monotonic() - began < seconds + 30
    assert gone(slow.building(0))
    assert slow.workshop.folders == []
