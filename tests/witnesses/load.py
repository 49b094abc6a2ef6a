"""Finds the witnesses; ``tests/conftest.py`` makes this folder importable as ``witnesses``."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parent


def modules(prefix: str) -> list[ModuleType]:
    """Every witness file whose name begins with ``prefix``, such as ``"shapes_"``."""
    return [
        importlib.import_module(f"witnesses.{file.stem}")
        for file in sorted(FOLDER.glob(f"{prefix}*.py"))
    ]
