"""The Pythons of this machine, found by the names of programs and folders; none is started.

Looked through are the Python that runs this, ``PATH``, pyenv's versions and uv's.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateproof.targets.load import TargetError

OLDEST = (3, 8)
"""The oldest Python that the probe runs on."""

_ON_PATH = re.compile(r"python3\.(\d+)(?:\.exe)?")
_IN_FOLDER = re.compile(r"(?:cpython-)?3\.(\d+)(?:\.(\d+))?(?:-.*)?")


@dataclass(frozen=True, order=True)
class Python:
    """A Python found on this machine.

    Attributes:
        version: ``(3, 9, 18)``, or ``(3, 9)`` where only the name of the program told it.
        path: the program.
        origin: where it was found, in words.
    """

    version: tuple[int, ...]
    path: Path = field(compare=False)
    origin: str = field(compare=False, default="")

    @property
    def series(self) -> str:
        """Major and minor number, ``3.9``."""
        return ".".join(map(str, self.version[:2]))

    def __str__(self) -> str:
        return ".".join(map(str, self.version))


def pythons(environ: Mapping[str, str] | None = None) -> list[Python]:
    """Every Python of this machine that the probe runs on, newest first, each once.

    Args:
        environ: stands for ``os.environ``.
    """
    environ = os.environ if environ is None else environ
    base = program(Path(sys.base_prefix)) or Path(sys.executable)
    own = Python(tuple(sys.version_info[:3]), base, "the one that runs gateproof")
    found: dict[Path, Python] = {}
    for one in [own, *_in_folders(environ), *_on_path(environ)]:
        if one.version >= OLDEST:
            found.setdefault(one.path.resolve(), one)
    return sorted(found.values(), reverse=True)


def listed(found: Iterable[Python]) -> str:
    """Pythons in words, each series once."""
    return ", ".join({one.series: str(one) for one in sorted(found)}.values())


def of_series(series: str, among: Iterable[Python]) -> list[Python]:
    """Those of ``among`` that are of ``series``: ``3.9``, or exactly ``3.9.18``."""
    wanted = tuple(map(int, series.split(".")))
    return [one for one in among if one.version[: len(wanted)] == wanted]


def located(given: str, said: str) -> Path:
    """The program that a path, the folder of a virtual environment or a command's name means.

    It is made absolute but not resolved: a virtual environment is known by its own path.

    Args:
        given: as the user wrote it.
        said: what the user wrote around it, for messages.

    Raises:
        TargetError: there is nothing that could be run.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        found = program(path)
        if found is None:
            raise TargetError(f"{said}: the folder {given} holds no Python")
        return found.absolute()
    if not path.exists() and len(path.parts) == 1:
        path = Path(shutil.which(given) or path)
    if not path.exists():
        raise TargetError(f"{said}: there is no {given}; python= takes a path or a series like 3.9")
    if not os.access(path, os.X_OK):
        raise TargetError(f"{said}: {given} is not a program that can be run")
    return path.absolute()


def program(prefix: Path) -> Path | None:
    """The Python of an installation or a virtual environment."""
    for name in ("bin/python3", "bin/python", "Scripts/python.exe", "python.exe"):
        if (prefix / name).exists():
            return prefix / name
    return None


def _on_path(environ: Mapping[str, str]) -> Iterator[Python]:
    """``python3.X`` in the folders of ``PATH``, but not pyenv's shims, which may lead nowhere."""
    shims = _pyenv(environ) / "shims"
    for folder in map(Path, filter(None, environ.get("PATH", "").split(os.pathsep))):
        if folder == shims:
            continue
        for entry in _entries(folder):
            match = _ON_PATH.fullmatch(entry.name)
            if match and entry.is_file() and os.access(entry, os.X_OK):
                yield Python((3, int(match[1])), entry, f"PATH, {folder}")


def _in_folders(environ: Mapping[str, str]) -> Iterator[Python]:
    """What pyenv and uv have installed."""
    data = Path(environ.get("XDG_DATA_HOME") or _home(environ) / ".local" / "share")
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for origin, parent in (("pyenv", _pyenv(environ) / "versions"), ("uv", uv)):
        for entry in _entries(parent):
            match = _IN_FOLDER.fullmatch(entry.name)
            found = program(entry) if match else None
            if match and found:
                version = (3, int(match[1]), *([int(match[2])] if match[2] else []))
                yield Python(version, found, origin)


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def _pyenv(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("PYENV_ROOT") or _home(environ) / ".pyenv")


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
