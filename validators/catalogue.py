"""The catalogue of requirements, read from ``spec/*.toml`` only when asked for.

Each file holds one document's requirements; a requirement's id tells its file,
so that explaining one violation reads one file.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from gateproof.validators.packaged import UnknownNameError, packaged
from gateproof.validators.violation import Level, Party, Verdict

DOCUMENTS = (
    "pep3333",
    "asgi-core",
    "asgi-http",
    "asgi-websocket",
    "asgi-lifespan",
    "asgi-extensions",
    "http1",
    "websocket-protocol",
)
"""The files of ``spec/``, in reading order."""

_PREFIXES = (
    ("wsgi.", "pep3333"),
    ("asgi.http.", "asgi-http"),
    ("asgi.websocket.", "asgi-websocket"),
    ("asgi.lifespan.", "asgi-lifespan"),
    ("asgi.ext.", "asgi-extensions"),
    ("asgi.", "asgi-core"),
    ("http1.", "http1"),
    ("ws.", "websocket-protocol"),
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One obligation, recommendation or permission of a spec.

    ``enforce`` is the gravest verdict that a check may give for it. ``breaks``
    says what breaks it, ``mends`` what mends it; ``position`` is our reading
    where the text is disputed, empty otherwise. ``why`` says why it cannot be
    observed, where it cannot; ``unchecked`` why no check decides it although it
    could be seen. ``same_as`` names the requirements that say the same more
    closely and carry its check.
    """

    id: str
    level: Level
    party: Party
    enforce: Verdict
    section: str
    url: str
    summary: str
    breaks: str
    mends: str
    observable: str
    check: str
    schema: bool
    document: str
    implied: bool = False
    source: str = ""
    since: str = ""
    why: str = ""
    position: str = ""
    same_as: tuple[str, ...] = ()
    unchecked: str = ""

    @property
    def required(self) -> bool:
        """Whether breaking it fails a run."""
        return self.enforce == "fail"


class UnknownRequirementError(UnknownNameError):
    """No requirement has that id; ``nearest`` holds the most similar ids."""

    kind = "requirement"


@functools.cache
def document(name: str) -> dict[str, Requirement]:
    """The requirements of one file of ``spec/``, by id, in the order of the text."""
    found = (_entry(name, block) for block in _text(name).split(_HEAD)[1:])
    return {entry.id: entry for entry in found}


_HEAD = "[[requirement]]\n"


@functools.lru_cache(maxsize=2)
def _text(name: str) -> str:
    return packaged(f"spec/{name}.toml").decode()


@functools.lru_cache(maxsize=2048)  # more than there are
def _found(file: str, name: str) -> Requirement | None:
    """The requirement called ``name``; nothing but its own lines is read."""
    text = _text(file)
    place = text.find(f'\nid = "{name}"\n')
    if place < 0:
        return None
    begin = text.rindex(_HEAD, 0, place + 1) + len(_HEAD)
    end = text.find(_HEAD, begin)
    return _entry(file, text[begin : end if end > 0 else len(text)])


def _entry(file: str, block: str) -> Requirement:
    """The requirement in the lines of ``block``.

    Our files keep to one line for each key and to what TOML and JSON write alike,
    which a test checks: reading them as TOML would cost the first finding 100 ms.
    """
    import json

    entry: dict[str, Any] = {}
    for line in block.splitlines():
        key, equals, value = line.partition(" = ")
        if equals and not key.startswith("#"):
            entry[key] = json.loads(value)
    entry["same_as"] = tuple(entry.get("same_as", ()))
    return Requirement(document=file, **entry)


def requirement(name: str) -> Requirement:
    """The requirement called ``name``.

    Raises:
        UnknownRequirementError: no requirement has that id.
    """
    for prefix, file in _PREFIXES:
        if name.startswith(prefix):
            found = _found(file, name)
            if found is not None and found.id == name:
                return found
            break
    raise UnknownRequirementError(name, nearest(name, (r.id for r in requirements())))


def requirements() -> Iterator[Requirement]:
    """All requirements, document by document."""
    for name in DOCUMENTS:
        yield from document(name).values()


def nearest(name: str, candidates: Iterable[str]) -> list[str]:
    """Up to three of ``candidates`` that look most like ``name``."""
    import difflib

    return difflib.get_close_matches(name, list(candidates), n=3, cutoff=0.5)


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether ``name`` matches one of the glob ``patterns``."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
