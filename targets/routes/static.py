"""Folders that are served as they are: a path below, with a file that is there as its example."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.route import Parameter, Route

LOOKS = 200
"""So many entries of a folder are looked at."""


def read(application: Any, walk: Walk) -> Iterator[Route]:  # noqa: ARG001 - it mounts nothing
    """The one route of Starlette's ``StaticFiles``."""
    yield Route(("/", served("path", application.all_directories)), ("GET", "HEAD"))


def served(name: str, folders: Iterable[object]) -> Parameter:
    """A parameter for the path of a file in one of ``folders``."""
    found = first_file(folders)
    return Parameter(name, "path", examples=(found,) if found else ())


def first_file(folders: Iterable[object]) -> str:
    """The name of a file in one of ``folders``, the first by name; empty where there is none."""
    for folder in folders:
        if not folder:
            continue
        names = []
        try:
            with os.scandir(str(folder)) as entries:
                for number, entry in enumerate(entries):
                    if number >= LOOKS:
                        break
                    if entry.is_file() and not entry.name.startswith("."):
                        names.append(entry.name)
        except OSError:
            continue
        if names:
            return min(names)
    return ""
