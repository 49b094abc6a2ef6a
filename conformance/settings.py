"""What the user asked for: options of pytest, and ``[tool.gateproof]``."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateproof.conformance.blob import choices_of
from gateproof.conformance.effort import DEFAULT, PROFILES, Traffic
from gateproof.conformance.options import OPTIONS, Option
from gateproof.validators.catalogue import nearest

NOWHERE = "none"
"""The database that keeps nothing."""


class SettingsError(Exception):
    """An option or setting that cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run; paths are absolute."""

    target: tuple[str, ...] = ()
    server: tuple[str, ...] = ()
    interface: str | None = None
    paths: tuple[str, ...] = ("/",)
    routes: str = "auto"
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")
    host: str = "localhost"
    backend: str = "asyncio"
    app_dir: Path = Path()
    ca: Path | None = None
    report: Path | None = None
    results: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    level: str = "must"
    deadline: float = 10.0
    profile: str = DEFAULT
    seed: int | None = None
    replay: tuple[int, ...] | None = None
    database: str | None = None

    @property
    def traffic(self) -> Traffic:
        """What is asked of generated traffic; its database where one was named."""
        named = "" if self.database in (None, NOWHERE) else str(self.database)
        return Traffic(PROFILES[self.profile], self.seed, named, self.replay)


def file_settings(pyproject: Path) -> dict[str, Any]:
    """The ``[tool.gateproof]`` table of ``pyproject``; empty where there is none.

    Raises:
        SettingsError: an unknown key, a value of the wrong type, or a broken file.
    """
    try:
        text = pyproject.read_bytes()
    except OSError:
        return {}
    if b"gateproof" not in text:  # the file of a project that doesn't use us is not even parsed
        return {}
    import tomllib

    try:
        table = tomllib.loads(text.decode("utf-8")).get("tool", {}).get("gateproof")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{pyproject} cannot be read: {error}") from None
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise SettingsError(f"{pyproject}: tool.gateproof must be a table")
    options = {option.key: option for option in OPTIONS}
    for key, value in table.items():
        if key not in options:
            near = nearest(key, options) or sorted(options)
            raise SettingsError(
                f"{pyproject}: unknown key {key!r} in [tool.gateproof]; "
                f"did you mean {' or '.join(near[:3])}?"
                if nearest(key, options)
                else f"{pyproject}: unknown key {key!r} in [tool.gateproof]; "
                f"the keys are {', '.join(near)}"
            )
        _check_type(pyproject, options[key], value)
    return dict(table)


def _check_type(pyproject: Path, option: Option, value: object) -> None:
    if option.key == "seed":
        good = isinstance(value, int) and not isinstance(value, bool)
        wanted = "a whole number"
    elif option.key == "deadline":
        good = isinstance(value, int | float) and not isinstance(value, bool)
        wanted = "a number of seconds"
    elif option.many or option.key == "methods":
        good = isinstance(value, str) or (
            isinstance(value, list) and all(isinstance(item, str) for item in value)
        )
        wanted = "a string or a list of strings"
    else:
        good = isinstance(value, str)
        wanted = "a string"
    if not good:
        raise SettingsError(
            f"{pyproject}: {option.key} in [tool.gateproof] must be {wanted}, not {value!r}"
        )


def settings(
    given: Mapping[str, Any], file: Mapping[str, Any], root: Path, invoked_in: Path
) -> Settings:
    """Put options and the file's table together; options win.

    Args:
        given: values of the options by key, ``None`` or empty where not given.
        file: the ``[tool.gateproof]`` table.
        root: what paths in the file are relative to.
        invoked_in: what paths in options are relative to.

    Raises:
        SettingsError: a value that cannot be used.
    """
    default = Settings()

    def value(key: str) -> Any:
        return given.get(key) or file.get(key)

    def strings(key: str) -> tuple[str, ...]:
        found = value(key) or ()
        return (found,) if isinstance(found, str) else tuple(found)

    def path(key: str) -> Path | None:
        if given.get(key):
            return invoked_in / str(given[key])
        return root / str(file[key]) if file.get(key) else None

    return Settings(
        target=strings("target"),
        server=tuple(dict.fromkeys(strings("server"))),
        interface=_choice("interface", value("interface"), None),
        paths=_paths(strings("paths")) or default.paths,
        routes=_choice("routes", value("routes"), default.routes) or default.routes,
        methods=_methods(strings("methods")) or default.methods,
        host=_host(value("host") or default.host),
        backend=_choice("backend", value("backend"), default.backend) or default.backend,
        app_dir=path("app-dir") or invoked_in,
        ca=path("ca"),
        report=_writable("report", path("report")),
        results=_writable("results", path("results")),
        select=strings("select"),
        ignore=strings("ignore"),
        level=_choice("level", value("level"), default.level) or default.level,
        deadline=_deadline(value("deadline"), default.deadline),
        profile=_choice("profile", value("profile"), default.profile) or default.profile,
        seed=_seed(given.get("seed") or file.get("seed")),
        replay=_replay(value("replay")),
        database=_database(value("database"), path("database")),
    )


def _option(key: str) -> Option:
    return next(option for option in OPTIONS if option.key == key)


def _choice(key: str, value: str | None, default: str | None) -> str | None:
    option = _option(key)
    if value is not None and value not in option.choices:
        near = nearest(value, option.choices)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SettingsError(
            f"{option.flag} must be one of {', '.join(option.choices)}, not {value!r}{hint}"
        )
    return value or default


def _paths(paths: Iterable[str]) -> tuple[str, ...]:
    for path in paths:
        if not path.startswith("/"):
            raise SettingsError(f"--target-path must start with a slash, not {path!r}")
        if not path.isascii() or any(character <= " " for character in path):
            raise SettingsError(
                f"--target-path must be percent-encoded as on the wire, not {path!r}"
            )
    return tuple(dict.fromkeys(paths))


def _methods(values: Iterable[str]) -> tuple[str, ...]:
    methods = [method.strip() for value in values for method in value.split(",") if method.strip()]
    for method in methods:
        if not method.isascii() or not method.replace("-", "").isalnum():
            raise SettingsError(
                f"--target-methods must be method names such as GET,POST, not {method!r}"
            )
    return tuple(dict.fromkeys(methods))


def _host(host: str) -> str:
    if not host.isascii() or any(c <= " " or c in "/\\,@" for c in host):
        raise SettingsError(f"--target-host must be HOST or HOST:PORT, not {host!r}")
    return host


def _deadline(value: str | float | None, default: float) -> float:
    if value is None:
        return default
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise SettingsError(
            f"--conformance-deadline must be a positive number of seconds, not {value!r}"
        )
    return seconds


def _seed(value: str | int | None) -> int | None:
    if value is None:
        return None
    try:
        number = int(value)
    except ValueError:
        number = -1
    if number < 0:
        raise SettingsError(f"--conformance-seed must be a whole number from 0, not {value!r}")
    return number


def _replay(blob: str | None) -> tuple[int, ...] | None:
    if blob is None:
        return None
    try:
        return tuple(choices_of(blob))
    except ValueError as error:
        raise SettingsError(
            f"--conformance-replay: {error}; take the blob from a finding of a generated case"
        ) from None


def _database(value: str | None, path: Path | None) -> str | None:
    if value is None or value == NOWHERE or path is None:
        return value
    if "://" not in value:
        if path.exists() and not path.is_dir():
            raise SettingsError(f"--conformance-database={path}: this is a file; name a folder")
        return str(path)
    if not value.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError(
            f"--conformance-database must be a folder, redis://HOST:PORT or none, not {value!r}"
        )
    if importlib.util.find_spec("redis") is None:
        raise SettingsError(
            f"--conformance-database={value} needs the redis package, which is not installed in "
            f"{sys.prefix}; install gateproof[redis]"
        )
    return value


def _writable(key: str, path: Path | None) -> Path | None:
    """Refuse a file that cannot be written before anything is run."""
    if path is None:
        return None
    flag = _option(key).flag
    if path.is_dir():
        raise SettingsError(f"{flag}={path}: this is a folder; name a file in it")
    if not path.parent.is_dir():
        raise SettingsError(f"{flag}={path}: the folder {path.parent} does not exist; create it")
    new = not path.exists()
    try:
        with path.open("ab"):
            pass
        if new:
            path.unlink()
    except OSError as error:
        raise SettingsError(f"{flag}={path}: cannot be written: {error.strerror}") from None
    return path
