"""Adapters, one file a server, each with an attribute ``ADAPTER``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from gateproof.targets.adapter import Adapter


@cache
def bundled() -> dict[str, Adapter]:
    """Our own adapters by name, in order of name."""
    found = [
        importlib.import_module(f"{__name__}.{module.name}").ADAPTER
        for module in pkgutil.iter_modules(__path__)
    ]
    return {adapter.name: adapter for adapter in sorted(found, key=lambda one: str(one.name))}
