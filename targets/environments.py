"""Where a server comes from: this environment, one that ``gateproof env`` made, or ``python=``.

What is installed is read from the names of folders; nothing is started but the interpreter that
``python=PATH`` names. `environment_build` makes environments.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from gateproof.targets.adapter import Adapter
from gateproof.targets.deadline_lock import Held, held
from gateproof.targets.interpreter import interpreter
from gateproof.targets.load import EnvironmentFaultError
from gateproof.targets.pythons import located, of_series, program, pythons
from gateproof.targets.server_name import PREFIX, ServerName

RECORD = "environment.json"
FORMAT = 1
_METADATA = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-py3\.\d+)?\.(?:dist|egg)-info")


@dataclass(frozen=True)
class Environment:
    """Where a server runs.

    Attributes:
        python: the interpreter.
        bin: the folder of the commands beside it.
        version: release of the server; of Python for a server of the standard library.
        versions: everything installed there, canonical names with versions.
        python_version: release of the interpreter, ``3.9.18``.
        origin: where this is, in words.
    """

    python: Path
    bin: Path
    version: str
    versions: Mapping[str, str]
    python_version: str
    origin: str


@dataclass(frozen=True)
class Made:
    """An environment that ``gateproof env`` made.

    Attributes:
        folder: where it is.
        distribution: the server's distribution, in canonical form.
        version: its release.
        python: release of the interpreter.
        requirements: what else was asked for.
        made: when, ISO 8601 in UTC.
        tool: with what it was made.
    """

    folder: Path
    distribution: str
    version: str
    python: str
    requirements: tuple[str, ...]
    made: str
    tool: str = field(compare=False, default="")

    @property
    def interpreter(self) -> Path:
        """The Python of this environment."""
        return program(self.folder) or self.folder / "bin" / "python3"

    @property
    def usable(self) -> bool:
        """Whether the Python that it was made from is still there."""
        return program(self.folder) is not None

    @cached_property
    def versions(self) -> dict[str, str]:
        """What is installed in it."""
        return installed(packages(self.folder))

    def environment(self) -> Environment:
        """As a place where a server runs."""
        return Environment(
            self.interpreter,
            self.interpreter.parent,
            self.version,
            self.versions,
            self.python,
            self.folder.name,
        )

    def write(self) -> None:
        """Mark the environment as complete: from here on it is found."""
        facts = {"format": FORMAT, **asdict(self), "folder": self.folder.name}
        beside = self.folder / f"{RECORD}.new"
        beside.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
        beside.replace(self.folder / RECORD)


class MissingServerError(EnvironmentFaultError):
    """A server that cannot be had here as it was asked for.

    Attributes:
        command: the one command that would change it, or "".
    """

    def __init__(self, text: str, command: str = "") -> None:
        self.command = command
        super().__init__(f"{text}; {command} would make one" if command else text)


def environments_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where environments are kept: ``GATEPROOF_ENVIRONMENTS``, or in the user's cache folder."""
    environ = os.environ if environ is None else environ
    given = environ.get("GATEPROOF_ENVIRONMENTS")
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("gateproof", appauthor=False) / "environments"


def made_environments(root: Path | None = None) -> list[Made]:
    """The complete environments: by distribution, the newest release and the latest made first."""
    found = [made for folder in _folders(root or environments_folder()) if (made := _made(folder))]
    found.sort(key=lambda one: one.made, reverse=True)
    found.sort(key=lambda one: release(one.version), reverse=True)
    return sorted(found, key=lambda one: one.distribution)


def environment_for(
    name: ServerName, adapter: Adapter, made: Iterable[Made] | None = None
) -> Environment:
    """The place where a server can be started as ``name`` says.

    With ``python=PATH`` it is that interpreter. Otherwise the environment that this runs in, if it
    has what is asked for, else the newest fitting one that ``gateproof env`` made.

    Args:
        name: the target string, taken apart.
        adapter: the server's; says what has to be installed for the variants.
        made: the environments to look through, of `made_environments`; all when left out.

    Raises:
        TargetError: an unknown variant, or ``python=`` names no Python that the probe runs on.
        MissingServerError: it is nowhere; names the command that would make an environment.
    """
    needed = (*_own(adapter), *adapter.requires(name.choices(adapter.variants)))
    if name.interpreter:
        path = located(name.interpreter, f"--target={name}")
        asked = interpreter(path, f"--target={name}")
        versions = asked.distributions
        missing = lacking(needed, name.version, versions)
        if missing:
            raise MissingServerError(f"--target={name}: {path} has {missing}")
        where = f"python={name.interpreter}"
        version = _release(adapter, versions, asked.version)
        return Environment(path, path.parent, version, versions, asked.version, where)
    if not adapter.distribution:
        return _of_standard_library(name)
    here = _here(adapter)
    places = [here] if fits(here.python_version, name.series) else []
    same = canonicalize_name(adapter.distribution)
    places += [
        one.environment()
        for one in (made_environments() if made is None else made)
        if one.distribution == same and fits(one.python, name.series)
    ]
    lacks = [lacking(needed, name.version, place.versions) for place in places]
    for place, lack in zip(places, lacks, strict=True):
        if not lack:
            return place
    nearest = next((lack for lack in lacks if lack), "") or f"no Python {name.series}"
    raise MissingServerError(
        f"--target={name}: this environment has {nearest}"
        + (", nor is there a fitting environment" if len(places) > 1 else ""),
        command(name),
    )


def command(name: ServerName) -> str:
    """The command that makes an environment for a target."""
    return f"gateproof env {shlex.quote(str(name).removeprefix(PREFIX))}"


def fits(version: str, series: str) -> bool:
    """Whether a release of Python is of ``series``; every one is of the empty series."""
    return not series or f"{version}.".startswith(f"{series}.")


def lacking(needed: Iterable[str], exact: str, versions: Mapping[str, str]) -> str:
    """What an environment lacks, in words ("no uvloop", "gunicorn 21.2.0"); "" when nothing.

    Args:
        needed: requirements, the server's distribution first.
        exact: the release that the server must have, or "".
        versions: what is installed.
    """
    for index, text in enumerate(needed):
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        version = versions.get(canonicalize_name(requirement.name), "")
        if not version:
            return f"no {requirement.name}"
        if not index and exact and release(version) != release(exact):
            return f"{requirement.name} {version}, not {exact}"
        if not requirement.specifier.contains(version, prereleases=True):
            return f"{requirement.name} {version}, not {requirement.specifier}"
    return ""


def release(version: str) -> Version:
    """A version to compare by; one that cannot be read counts as the oldest."""
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0.dev0")


def packages(folder: Path) -> list[Path]:
    """The folders of a virtual environment that hold what is installed in it."""
    return [*folder.glob("lib/python3*/site-packages"), *folder.glob("Lib/site-packages")]


def installed(folders: Iterable[Path]) -> dict[str, str]:
    """What is installed in ``folders``, by the names of the metadata in them; the first counts."""
    found: dict[str, str] = {}
    for folder in folders:
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names alone, of thousands of files
        except OSError:
            continue
        for name in names:
            match = _METADATA.fullmatch(name)
            if match:
                found.setdefault(str(canonicalize_name(match["name"])), match["version"])
    return found


@contextmanager
def locked(root: Path, key: str, within: float) -> Iterator[Held]:
    """Keep others from making or removing the environment ``key``, once they have finished.

    Raises:
        EnvironmentFaultError: they have not after ``within`` seconds, or nothing can be written.
    """
    try:
        locks = root / ".locks"
        locks.mkdir(parents=True, exist_ok=True)
        with held(locks / key, within) as lock:
            yield lock
    except TimeoutError:
        raise EnvironmentFaultError(
            f"the environment {key} is being made by another process, "
            f"which has not finished after {within:.0f} s"
        ) from None
    except OSError as error:
        raise EnvironmentFaultError(
            f"environments cannot be kept in {root}: {error.strerror}; "
            "set GATEPROOF_ENVIRONMENTS to a folder that can be written to"
        ) from None


def remove(made: Made, within: float = 10.0) -> None:
    """Delete an environment; it is not found any more before the first file goes.

    Raises:
        EnvironmentFaultError: it is being made anew, or cannot be deleted.
    """
    with locked(made.folder.parent, made.folder.name, within):
        (made.folder / RECORD).unlink(missing_ok=True)
        shutil.rmtree(made.folder)


def read(folder: Path) -> Made | None:
    """The complete environment in ``folder``, if there is one."""
    return _made(folder)


def _made(folder: Path) -> Made | None:
    try:
        facts: dict[str, Any] = json.loads((folder / RECORD).read_text("utf-8"))
        if facts.pop("format") != FORMAT:
            return None
        requirements = tuple(map(str, facts.pop("requirements")))
        made = Made(**{**facts, "folder": folder, "requirements": requirements})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return made if made.usable else None


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _own(adapter: Adapter) -> tuple[str, ...]:
    return (adapter.distribution,) if adapter.distribution else ()


def _release(adapter: Adapter, versions: Mapping[str, str], python: str) -> str:
    """The release of a server; that of Python for one of the standard library."""
    return versions[canonicalize_name(adapter.distribution)] if adapter.distribution else python


def _here(adapter: Adapter) -> Environment:
    """The environment that this runs in."""
    versions = _installed_here(tuple(sys.path))
    python = Path(sys.executable)
    version = versions.get(canonicalize_name(adapter.distribution), "")
    scripts = Path(sysconfig.get_path("scripts"))
    return Environment(
        python, scripts, version, versions, platform.python_version(), "this environment"
    )


@lru_cache(maxsize=1)
def _installed_here(search: tuple[str, ...]) -> dict[str, str]:
    return installed(map(Path, dict.fromkeys(search)))


def _of_standard_library(name: ServerName) -> Environment:
    """The Python whose release is the server's."""
    own = platform.python_version()
    wanted = name.version or name.series
    if fits(own, wanted):
        python = Path(sys.executable)
        scripts = Path(sysconfig.get_path("scripts"))
        versions = _installed_here(tuple(sys.path))
        return Environment(python, scripts, own, versions, own, "this environment")
    for one in of_series(wanted, pythons()):
        asked = interpreter(one.path)
        return Environment(
            one.path,
            one.path.parent,
            asked.version,
            asked.distributions,
            asked.version,
            one.origin,
        )
    raise MissingServerError(
        f"--target={name}: {name.name} is a part of Python, and there is no Python {wanted} here"
    )
