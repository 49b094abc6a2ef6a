"""All faults, by name: the tables of the files beside this one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from reference.parts import Fault

TABLES = sorted(path.stem for path in Path(__file__).parent.glob("faults_*.py"))


def collected() -> dict[str, Fault]:
    """Every fault of every table; a name stands for one."""
    faults: dict[str, Fault] = {}
    for table in TABLES:
        for fault in import_module(f"reference.{table}").FAULTS:
            if fault.name in faults:
                raise ValueError(f"two faults are called {fault.name!r}")
            faults[fault.name] = fault
    return faults


FAULTS = collected()
