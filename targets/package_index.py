"""What the configured package index says of a release, asked through pip or uv.

Which index that is, and whether there is one at all, is their configuration's business.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from gateproof.targets.command import Done, run
from gateproof.targets.environments import release
from gateproof.targets.pythons import Python
from gateproof.validators.catalogue import nearest

QUIET = ("--disable-pip-version-check", "--no-input", "--progress-bar", "off")
ASK_WITHIN = 90.0  # seconds for one question
_REPORTS = (22, 2)  # the first pip that tells what it would install
_SERIES = re.compile(r"Programming Language :: Python :: (3\.\d+)")
_THERE = re.compile(r"\(from versions: ([^)]*)\)")
_OTHER_PYTHON = re.compile(r"(?:[:;]) (\S+) Requires-Python ([^;\n]*)")
_DIFFERENT = re.compile(r"requires a different Python: \S+ not in '([^']*)'")
_NOISE = ("WARNING:", "[notice]", "DEPRECATION:")
_PIP_SET = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS")
_UV_SET = ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_NO_INDEX", "UV_FIND_LINKS")


@dataclass(frozen=True)
class Answer:
    """What is known of a release before it is installed.

    Attributes:
        version: the release.
        python: its ``Requires-Python``, or "".
        series: the Pythons that it says it was made for, ``3.9``.
        binary: whether there is a wheel for the Python that was asked about.
    """

    version: str
    python: str = ""
    series: frozenset[str] = frozenset()
    binary: bool = True

    def allows(self, python: Python) -> bool:
        """Whether the release may be installed for a Python."""
        try:
            wanted = SpecifierSet(self.python)
        except InvalidSpecifier:
            return True
        return wanted.contains(_exactly(python), prereleases=True)


@dataclass(frozen=True)
class Refused:
    """A question that brought no release.

    Attributes:
        text: what pip or uv printed.
        versions: releases that there are for the Python asked about.
        others: releases for other Pythons, with what they require.
    """

    text: str
    versions: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()

    @property
    def heard(self) -> bool:
        """Whether the index was heard at all, and only had no such release."""
        return bool(self.versions or self.others) or "No matching distribution" in self.text


class Index:
    """The package index, as pip or uv are set up on this machine.

    Args:
        pythons: where to look for a pip that can be asked, if this environment has none.
        deadline: monotonic time at which every question ends.
    """

    def __init__(self, pythons: Iterable[Python], deadline: float) -> None:
        self._deadline = deadline
        self.uv = uv()
        self._pip = self._asking([Path(sys.executable), *(one.path for one in pythons)])

    def ask(self, requirement: str, python: Python, *, binary: bool) -> Answer | Refused:
        """Ask for the release that would be installed for a Python.

        Args:
            requirement: ``gunicorn`` or ``gunicorn==20.1.0``.
            python: the Python that it would be installed for.
            binary: only wheels count.
        """
        if self._pip is not None:
            return self._ask_pip(self._pip, requirement, python, binary=binary)
        if self.uv is not None:
            return self._ask_uv(self.uv, requirement, python, binary=binary)
        return Refused("neither pip nor uv can be asked")

    def reaches(self, python: Python) -> bool:
        """Whether this environment's own pip can install into one of ``python`` (``--python``)."""
        if self._pip != Path(sys.executable) or len(python.version) < 2:
            return False
        facts = metadata("pip")
        required = Answer(facts["Version"], facts["Requires-Python"] or "")
        return release(required.version).release >= (22, 3) and required.allows(python)

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self._deadline - time.monotonic())

    def _asking(self, pythons: list[Path]) -> Path | None:
        """The first of ``pythons``, the own one leading, whose pip can tell what it would do."""
        with suppress(PackageNotFoundError):
            if release(version("pip")).release >= _REPORTS:
                return pythons[0]
        for python in dict.fromkeys(pythons[1:]):
            done = run([python, "-m", "pip", "--version"], min(20.0, self.left))
            match = re.match(r"pip (\d+)\.(\d+)", done.output)
            if match and (int(match[1]), int(match[2])) >= _REPORTS:
                return python
        return None

    def _ask_pip(
        self, pip: Path, requirement: str, python: Python, *, binary: bool
    ) -> Answer | Refused:
        only = ["--only-binary=:all:"] if binary else []
        done = run(
            [
                pip, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", *QUIET,
                "--no-deps", "--ignore-installed", "--target", "nowhere",
                "--python-version", _exactly(python), *only, requirement,
            ],
            min(ASK_WITHIN, self.left),
        )  # fmt: skip
        if done.code:
            return _refused(done, requirement)
        try:
            facts: dict[str, Any] = json.loads(done.output)["install"][0]["metadata"]
            named = (_SERIES.fullmatch(text) for text in facts.get("classifier") or ())
            return Answer(
                str(facts["version"]),
                str(facts.get("requires_python") or ""),
                frozenset(match[1] for match in named if match),
                binary,
            )
        except (ValueError, LookupError, TypeError):
            return _refused(done, requirement)

    def _ask_uv(
        self, program: Path, requirement: str, python: Python, *, binary: bool
    ) -> Answer | Refused:
        only = ["--only-binary", ":all:"] if binary else []
        done = run(
            [
                program, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--no-deps",
                "--python-version", _exactly(python), *only, "asked.in",
            ],
            min(ASK_WITHIN, self.left),
            files={"asked.in": requirement},
        )  # fmt: skip
        match = re.search(r"^[\w.-]+==([^\s;]+)", done.output, re.MULTILINE)
        return (
            Answer(match[1], binary=binary)
            if done.code == 0 and match
            else _refused(done, requirement)
        )


def _exactly(python: Python) -> str:
    """A release to ask about: a series whose last number is not known is taken for a late one."""
    return str(python) if len(python.version) > 2 else f"{python}.99"


def uv() -> Path | None:
    """The program uv, unless only pip has been told which index to use."""
    told = os.environ
    if any(told.get(name) for name in _PIP_SET) and not any(told.get(name) for name in _UV_SET):
        return None
    found = shutil.which("uv")
    return Path(found) if found else None


def no_such_release(distribution: str, version: str, pythons: str, refused: Refused) -> str:
    """What to tell when there is no release to install for any of ``pythons``."""
    what = f"{distribution} {version}" if version else distribution
    if not refused.heard:
        return f"{what} could not be looked up{tail(Done(1, refused.text))}"
    for other, python in refused.others:
        if not version or other == version:
            return f"{distribution} {other} requires Python {python}, not {pythons}"
    known = sorted({*refused.versions, *(other for other, _ in refused.others)}, key=release)
    if not known:
        return f"the package index has no {distribution}"
    near = [one for one in nearest(version, known) if one != known[-1]]
    hint = f", but there is {' and '.join(near)}" if near else ""
    return f"there is no {what}{hint}; the newest is {known[-1]}"


def tail(done: Done, lines: int = 12) -> str:
    """The last lines of what a command printed, without warnings, as the end of a message."""
    said = ["(it was ended at the deadline)"] if done.code is None else []
    kept = [
        line.rstrip()[:400]
        for line in done.text.splitlines()
        if line.strip() and not line.lstrip().startswith(_NOISE)
    ]
    found = [*kept[-lines:], *said]
    return "\n" + "\n".join(f"  {line}" for line in found) if found else ""


def _refused(done: Done, requirement: str) -> Refused:
    there = _THERE.search(done.text)
    versions = there[1].split(", ") if there and there[1] != "none" else []
    others = tuple((match[1], match[2].strip()) for match in _OTHER_PYTHON.finditer(done.text))
    version = requirement.partition("==")[2]
    others += tuple((version, match[1]) for match in _DIFFERENT.finditer(done.text) if version)
    text = done.text if done.code is not None else "it did not answer in time"
    return Refused(text, tuple(version for version in versions if version), others)
