"""Finds the corpus; ``tests/conftest.py`` makes this folder importable as ``corpus``."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from corpus.kit import Corpus, Record

FOLDER = Path(__file__).resolve().parent


@cache
def records(interface: str) -> tuple[Record, ...]:
    """Every record of ``"wsgi"`` or ``"asgi"``, in the order of the files."""
    found: list[Record] = []
    for file in sorted(FOLDER.glob(f"{interface}_*.py")):
        for value in vars(importlib.import_module(f"corpus.{file.stem}")).values():
            if isinstance(value, Corpus):
                found.extend(value)
    return tuple(found)


def record(interface: str, name: str) -> Record:
    """The record called ``name``.

    Raises:
        KeyError: there is none.
    """
    return {one.name: one for one in records(interface)}[name]
