"""What a server process finds around it: folders, the probe's copy, a clean environment."""

from __future__ import annotations

import os
import py_compile
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from gateproof.targets.adapter import Adapter
from gateproof.targets.load import EnvironmentFaultError
from gateproof.targets.probe_folder import ProbeFolder

COPIED = {
    "probe.py": "probe.py",
    "launcher.py": "gateproof_launcher.py",
    "bridges.py": "gateproof_bridge.py",
}
"""Our files that run under the server's Python, and their names there."""
KEPT = (
    "PATH", "HOME", "LANG", "LC_*", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_*",
)  # fmt: skip
"""Variables that every server gets."""
OPTIONS = (
    "PYTHON*", "UVICORN_*", "GUNICORN_*", "HYPERCORN_*", "GRANIAN_*", "UWSGI_*", "DAPHNE_*",
    "WERKZEUG_*", "LISTEN_*", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "SCRIPT_NAME",
    "SERVER_SOFTWARE", "PORT", "NOTIFY_SOCKET", "GATEPROOF_*",
)  # fmt: skip
"""Variables that servers read options from: kept from them in any case."""
USERS = ("www-data", "apache", "http", "nobody")
"""Whom a server's processes run as that must not be root, the first that there is."""


class Surroundings:
    """Folders and environment of one server.

    Args:
        adapter: the server's.
        folder: the probe's run folder.
        interface: what the application speaks.
        application: ``module:attribute`` of the user's application, or None.
        app_dir: the folder that the user's application is imported from.
        env: further variables.
        python: the server's interpreter.

    Raises:
        EnvironmentFaultError: the server runs as a user who may not read its interpreter.

    Attributes:
        scratch: a folder that holds all of it.
        path: the folders that the application is imported from.
        user: the user that the server is to run as, "" for this one.
        group: that user's group.
    """

    def __init__(
        self,
        adapter: Adapter,
        folder: ProbeFolder,
        interface: str,
        application: str | None,
        app_dir: Path | None,
        env: Mapping[str, str],
        python: Path,
    ) -> None:
        self.app_dir = app_dir.absolute() if app_dir else None
        self.user, self.group = _ordinary_user() if adapter.drops else ("", "")
        if self.user and (shut := _shut(python)):
            raise EnvironmentFaultError(
                f"{adapter.name} started by root runs as {self.user}, who may not look into "
                f"{shut}, where its interpreter is; take one from elsewhere, [python=PATH], or "
                "start it as another user"
            )
        self.scratch = Path(tempfile.mkdtemp(prefix="gateproof-server-"))
        self._removal = removed_with(self, self.scratch)
        self.path = (_code(), self.app_dir) if self.app_dir else (_code(),)
        if self.user:
            self.scratch.chmod(0o755)
            for place, mode in ((".", 0o755), ("scripts", 0o755), ("go", 0o755), ("calls", 0o777)):
                (folder.path / place).chmod(mode)
        self._env = dict(adapter.env) | folder.environment()
        if application:
            self._env |= {
                "GATEPROOF_PROBE_APP": application,
                "GATEPROOF_PROBE_INTERFACE": interface,
            }
        self._env |= env
        self._users = application is not None

    def fresh(self, number: int) -> Path:
        """An empty folder for one start."""
        scratch = self.scratch / f"start-{number}"
        scratch.mkdir()
        return scratch

    def environment(self) -> dict[str, str]:
        """The whole environment: what the user's application may need, but no server's options."""
        return {
            **{
                name: value
                for name, value in os.environ.items()
                if (self._users or _any(name, KEPT)) and not _any(name, OPTIONS)
            },
            "PYTHONPATH": os.pathsep.join(map(str, self.path)),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **self._env,
        }

    def remove(self) -> None:
        """Remove the folders."""
        self._removal()


@cache
def _code() -> Path:
    """A folder with copies of our files, the same for all servers of this process.

    They are compiled beforehand: to do it at every start takes the probe a tenth of a second. A
    Python of another version than this one does not look at what we compiled.
    """
    folder = Path(tempfile.mkdtemp(prefix="gateproof-code-"))
    folder.chmod(0o755)  # for servers that run as another user
    removed_with(_code, folder)
    for source, name in COPIED.items():
        shutil.copyfile(Path(__file__).with_name(source), folder / name)
        py_compile.compile(str(folder / name))
    return folder


def removed_with(owner: object, folder: Path) -> Callable[[], object]:
    """See to it that a folder goes when its owner goes, or at the end of this process.

    Returns:
        What removes it now.
    """
    return weakref.finalize(owner, _remove, folder, os.getpid())


def _remove(folder: Path, process: int) -> None:
    """Remove a folder, unless this is a fork of the process that made it."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _shut(python: Path) -> Path | None:
    """The folder above an interpreter, or above what it is a link to, that others may not enter."""
    above = [folder for one in (python, python.resolve()) for folder in reversed(one.parents)]
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)


def _ordinary_user() -> tuple[str, str]:
    """User and group to run as where we are root; empty where we are not."""
    import grp
    import pwd

    if os.geteuid() != 0:
        return "", ""
    for name in USERS:
        try:
            entry = pwd.getpwnam(name)
            return name, grp.getgrgid(entry.pw_gid).gr_name
        except KeyError:
            continue
    return "", ""
