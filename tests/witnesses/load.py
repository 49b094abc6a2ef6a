"""Finds the witnesses, although tests are no package.

The folder becomes importable as ``witnesses`` without touching ``sys.path``:
``from witnesses.kit import Shape`` then works in every file beside this one.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parent


def package() -> ModuleType:
    """The folder as a package called ``witnesses``."""
    module = sys.modules.get("witnesses")
    if module is None:
        module = ModuleType("witnesses")
        module.__path__ = [str(FOLDER)]
        sys.modules["witnesses"] = module
    return module


def modules(prefix: str) -> list[ModuleType]:
    """Every witness file whose name begins with ``prefix``, such as ``"shapes_"``."""
    package()
    return [
        importlib.import_module(f"witnesses.{file.stem}")
        for file in sorted(FOLDER.glob(f"{prefix}*.py"))
    ]
