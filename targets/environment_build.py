"""Making an environment for one release of a server, with uv where it is, else venv and pip.

An environment is built under its final name, since the commands in it name that path, and counts
only from the moment when its record is put in; whatever a killed build left is removed by the next.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from gateproof.targets.adapter import Adapter
from gateproof.targets.command import Done, run
from gateproof.targets.environments import (
    Made,
    command,
    environments_folder,
    fits,
    installed,
    locked,
    made_environments,
    packages,
    read,
    release,
)
from gateproof.targets.interpreter import interpreter
from gateproof.targets.load import EnvironmentFaultError, TargetError
from gateproof.targets.package_index import QUIET, Answer, Index, Refused, no_such_release, tail
from gateproof.targets.pythons import Python, listed, located, of_series, pythons
from gateproof.targets.server_name import ServerName

WITHIN = 900.0
"""Seconds that making an environment may take; compiling an extension takes minutes."""

ATTEMPTS = 3
WITH_PKG_RESOURCES = "setuptools<81"
_OLD_PIP = (20, 3)  # knows no manylinux wheels of today
_IMPORTS_PKG_RESOURCES = re.compile(rb"^\s*(?:import|from)\s+pkg_resources\b", re.MULTILINE)


@dataclass(frozen=True)
class Order:
    """What is to be made: a release, what else has to be in it, and for whom to tell of it."""

    said: str
    distribution: str
    version: str
    also: tuple[str, ...]
    root: Path
    deadline: float
    say: Callable[[str], None]

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def requirement(self) -> str:
        """The server's own requirement."""
        return f"{self.distribution}=={self.version}" if self.version else self.distribution


def make(
    name: ServerName,
    adapter: Adapter,
    also: Sequence[str] = (),
    *,
    within: float = WITHIN,
    say: Callable[[str], None] = lambda _: None,
) -> Made:
    """An environment that holds what ``name`` asks for: one that is there already, or a new one.

    Args:
        name: the release, variants and Python; without a release the newest is taken, without a
            Python the newest one here that the release was made for.
        adapter: the server's; says what else has to be installed for the variants.
        also: further requirements, such as ``httptools==0.2.0``.
        within: seconds that it may take.
        say: is told, in a line each, what takes long.

    Raises:
        TargetError: an unknown variant, a requirement that is none, no such Python.
        EnvironmentFaultError: it could not be made; says why, with the end of pip's output.
    """
    said = command(name)
    if not adapter.distribution:
        raise TargetError(
            f"{said}: {name.name} is a part of Python; choose one with "
            f"--target=server:{name.name}[python=3.9]"
        )
    needed = adapter.requires(name.choices(adapter.variants))
    order = Order(
        said,
        str(canonicalize_name(adapter.distribution)),
        name.version,
        _combined(said, adapter.distribution, needed, also),
        environments_folder(),
        time.monotonic() + within,
        say,
    )
    candidates = _candidates(said, name)
    found = _existing(order, candidates, any_python=not name.python) if name.version else None
    if found is not None:
        return found
    index = Index(candidates, order.deadline)
    if name.version and name.python:  # nothing to choose, unless it fails: then say why
        try:
            return _made(order, index, candidates[:1])
        except EnvironmentFaultError:
            if order.left:
                _choice(order, index, candidates[:1])
            raise
    version, chosen = _choice(order, index, candidates)
    order = Order(**{**vars(order), "version": version})
    return _made(order, index, chosen)


def _combined(
    said: str, distribution: str, needed: Iterable[str], also: Iterable[str]
) -> tuple[str, ...]:
    """The variants' requirements and the user's, which go before where both name one."""
    found: dict[str, str] = {}
    for text in (*needed, *also):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            raise TargetError(
                f"{said}: {text!r} is not a requirement such as httptools==0.2.0"
            ) from None
        key = str(canonicalize_name(requirement.name))
        if key == canonicalize_name(distribution) and text in also and not requirement.extras:
            raise TargetError(
                f"{said}: the release of {distribution} goes with its name, {distribution}==1.2.3"
            )
        if requirement.marker is None or requirement.marker.evaluate():
            found[key] = str(requirement)
    return tuple(found[key] for key in sorted(found))


def _candidates(said: str, name: ServerName) -> list[Python]:
    """The Pythons that may be taken, newest first."""
    if name.interpreter:
        path = located(name.interpreter, said)
        version = tuple(map(int, interpreter(path, said).version.split(".")))
        return [Python(version, path, "python=")]
    here = pythons()
    found = of_series(name.series, here) if name.series else here
    if not found:
        raise EnvironmentFaultError(
            f"{said}: there is no Python {name.series} here, only {listed(here)}; "
            "install one, or give its path with python="
        )
    return found


def _existing(order: Order, candidates: Sequence[Python], *, any_python: bool) -> Made | None:
    """An environment of this very release and these requirements."""
    for made in made_environments(order.root):
        same = (made.distribution, release(made.version), made.requirements)
        if same == (order.distribution, release(order.version), order.also) and (
            any_python or any(fits(made.python, str(one)) for one in candidates)
        ):
            return made
    return None


def _choice(order: Order, index: Index, candidates: Sequence[Python]) -> tuple[str, list[Python]]:
    """The release, and the Pythons to try, the best first.

    The newest Python that the release's own metadata names is taken before newer ones that they
    merely do not forbid: what ran on 3.9 seldom installs, or runs, on 3.13. A Python for which
    there is a wheel goes before one for which the release must be compiled.
    """
    order.say(f"looking for {order.requirement}")
    each = _of(candidates, (one.series for one in candidates))
    refused: list[Refused] = []
    for one in each:
        answer = index.ask(order.requirement, one, binary=True)
        if isinstance(answer, Answer):
            ranked = _ranked(each, answer)
            if one not in ranked[:1]:
                again = index.ask(order.requirement, ranked[0], binary=True)
                if isinstance(again, Answer) and again.version == answer.version:
                    return answer.version, ranked
            return answer.version, [one, *(other for other in ranked if other is not one)]
        refused.append(answer)
        if not answer.heard:
            break
    for one, before in zip(each, list(refused), strict=False):
        if not before.heard or order.version in (other for other, _ in before.others):
            continue  # a source archive would say the same
        answer = index.ask(order.requirement, one, binary=False)
        if isinstance(answer, Answer):
            return answer.version, _ranked(each, answer)
        refused.append(answer)
        if order.version not in (other for other, _ in answer.others):
            break
    if order.version and "metadata-generation-failed" in refused[-1].text:
        # It exists, but tells nothing of itself on this Python: whichever installs it will do.
        return order.version, list(candidates)
    failure = no_such_release(order.distribution, order.version, listed(each), _best(refused))
    raise EnvironmentFaultError(f"{order.said}: {failure}")


def _best(refused: Sequence[Refused]) -> Refused:
    """What all the questions together brought."""
    return Refused(
        refused[-1].text,
        tuple(dict.fromkeys(one for each in refused for one in each.versions)),
        tuple(dict.fromkeys(one for each in refused for one in each.others)),
    )


def _of(candidates: Sequence[Python], series: Iterable[str]) -> list[Python]:
    """The first of ``candidates`` for each series."""
    return [of_series(one, candidates)[0] for one in dict.fromkeys(series)]


def _ranked(each: Sequence[Python], answer: Answer) -> list[Python]:
    """The Pythons that a release allows: those it names, the newest first, then those nearest."""
    latest = max((int(one.partition(".")[2]) for one in answer.series), default=0)

    def rank(one: Python) -> tuple[bool, int]:
        named = one.series in answer.series
        return not named, -one.version[1] if named or not latest else abs(one.version[1] - latest)

    return sorted((one for one in each if answer.allows(one)), key=rank)


def _made(order: Order, index: Index, chosen: Sequence[Python]) -> Made:
    """The environment, built with the first of the Pythons on which that works."""
    failures: list[str] = []
    for python in chosen[:ATTEMPTS]:
        key = _key(order, python)
        folder = order.root / key
        with locked(order.root, key, order.left) as lock:
            there = read(folder)
            if there is not None:
                return there
            order.say(f"making {key} with Python {python}")
            shutil.rmtree(folder, ignore_errors=True)
            try:
                tool = _built(order, index, python, folder, lock.descriptor)
                return _recorded(order, folder, python, tool)
            except _BuildError as failure:
                failures.append(f"with Python {python}: {failure}")
            finally:
                if read(folder) is None:
                    shutil.rmtree(folder, ignore_errors=True)
        if not order.left:
            break
    raise EnvironmentFaultError(f"{order.said}: {'; '.join(failures)}")


class _BuildError(Exception):
    """A step failed; the text says which, with the end of its output."""


def _built(order: Order, index: Index, python: Python, folder: Path, lock: int) -> str:
    """Build in ``folder``; returns the tool's name."""
    wanted = [order.requirement, *order.also]
    inside = str(folder / "bin" / "python")
    if index.uv is not None:
        uv = index.uv
        done = run(
            [uv, "venv", "--quiet", "--no-python-downloads", "--python", python.path, folder],
            order.left,
            keep=[lock],
        )
        if done.code == 0:
            done = _installed(
                [str(uv), "pip", "install", "--quiet", "--python", inside],
                order,
                folder,
                wanted,
                lock,
            )
            if done.code == 0:
                return "uv"
        shutil.rmtree(folder, ignore_errors=True)
    own = index.reaches(python)  # saves the seconds that a pip of its own takes
    bare = ["--without-pip"] if own else []
    done = run([python.path, "-m", "venv", *bare, folder], order.left, keep=[lock])
    if done.code:
        raise _BuildError(f"no environment could be made{tail(done)}")
    there = installed(packages(folder)).get("pip", "")
    pip = [sys.executable, "-m", "pip", "--python", inside] if own else [inside, "-m", "pip"]
    if there and release(there).release < _OLD_PIP:
        run([*pip, "install", "-q", "-U", *QUIET, "pip"], order.left, keep=[lock])
    install = [*pip, "install", "--quiet", "--prefer-binary", *QUIET]
    done = _installed(install, order, folder, wanted, lock)
    if done.code != 0:
        raise _BuildError(f"pip could not install {' '.join(wanted)}{tail(done)}")
    return "pip"


def _installed(
    install: Sequence[str], order: Order, folder: Path, wanted: Sequence[str], lock: int
) -> Done:
    """Install, with pkg_resources where the server imports it.

    Releases of 2021 and before do, some without a word of it in their metadata, and the newest
    setuptools have it no more.
    """
    constraints = folder / "constraints.txt"
    own = any(canonicalize_name(Requirement(one).name) == "setuptools" for one in wanted)
    constraints.write_text("" if own else f"{WITH_PKG_RESOURCES}\n", "utf-8")
    install = [*install, "--constraint", str(constraints)]
    done = run([*install, *wanted], order.left, keep=[lock])
    if done.code == 0 and not own and _lacks_pkg_resources(folder, order.distribution):
        done = run([*install, WITH_PKG_RESOURCES], order.left, keep=[lock])
    return done


def _lacks_pkg_resources(folder: Path, distribution: str) -> bool:
    """Whether a file of the distribution imports pkg_resources, which is not there."""
    for site in packages(folder):
        if (site / "pkg_resources").is_dir():
            return False
        for metadata in site.glob("*.dist-info"):
            name = metadata.name.removesuffix(".dist-info").rpartition("-")[0]
            if canonicalize_name(name) == distribution:
                return any(
                    _IMPORTS_PKG_RESOURCES.search(file.read_bytes())
                    for file in _modules(site, metadata)
                )
    return False


def _modules(site: Path, metadata: Path) -> list[Path]:
    """The Python files that a distribution installed."""
    try:
        lines = (metadata / "RECORD").read_text("utf-8").splitlines()
    except OSError:
        return []
    names = [line.split(",")[0] for line in lines]
    return [site / name for name in names if name.endswith(".py") and (site / name).is_file()]


def _recorded(order: Order, folder: Path, python: Python, tool: str) -> Made:
    """Put the record in, which makes the environment count."""
    version = installed(packages(folder)).get(order.distribution, "")
    if not version:
        raise _BuildError(f"{order.requirement} is not there after it was installed")
    exact = str(python)
    if len(python.version) < 3:
        exact = interpreter(folder / "bin" / "python", order.said).version
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    made = Made(folder, order.distribution, version, exact, order.also, now, tool)
    made.write()
    return made


def _key(order: Order, python: Python) -> str:
    """The folder's name: ``uvicorn-0.16.0-py3.9-httptools-0.2.0``, kept short."""
    import hashlib

    also = "-".join(re.sub(r"[^a-z0-9.]+", "-", one.lower()) for one in order.also).strip("-")
    key = f"{order.distribution}-{order.version}-py{python.series}" + (f"-{also}" if also else "")
    text = "\n".join([*order.also, str(python.path.parent.parent.resolve())])
    return f"{key[:64]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
