"""Which adapters there are: our own, those of entry points, and that of a file."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from gateproof.targets.adapter import Adapter
from gateproof.targets.load import TargetError
from gateproof.targets.servers import bundled

GROUP = "gateproof.targets"


def adapters(file: Path | None = None) -> Mapping[str, Adapter]:
    """Adapters by name; with a file, that one alone.

    Raises:
        TargetError: an entry point or file that leads to no adapter.
    """
    if file is not None:
        adapter = from_file(file)
        return {adapter.name: adapter}
    found = dict(bundled())
    for entry in entry_points(group=GROUP):
        try:
            value = entry.load()
        except Exception as problem:
            raise TargetError(
                f"entry point {entry.name!r} of {GROUP} ({entry.value}) cannot be loaded: "
                f"{type(problem).__name__}: {problem}"
            ) from problem
        adapter = _checked(getattr(value, "ADAPTER", value), f"entry point {entry.name!r}")
        found[adapter.name] = adapter
    return found


def from_file(file: Path) -> Adapter:
    """The adapter in a third party's file.

    Raises:
        TargetError: no such file, it raises, or it has no ``ADAPTER``.
    """
    said = f"--target={file}"
    if not file.is_file():
        raise TargetError(f"{said}: there is no such file")
    spec = importlib.util.spec_from_file_location(f"gateproof_target_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise TargetError(f"{said}: this is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as problem:
        raise TargetError(
            f"{said}: the file raises {type(problem).__name__}: {problem}"
        ) from problem
    if not hasattr(module, "ADAPTER"):
        raise TargetError(f"{said}: the file has no attribute ADAPTER")
    return _checked(module.ADAPTER, said)


def _checked(value: object, said: str) -> Adapter:
    if not isinstance(value, Adapter):
        raise TargetError(
            f"{said}: ADAPTER is {type(value).__name__}, not a gateproof.targets.adapter.Adapter"
        )
    return value
