"""What the tests of the ASGI validator share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def orders():
    """Every witness of order, by file."""
    path = Path(__file__).resolve().parent.parent / "witnesses" / "load.py"
    spec = importlib.util.spec_from_file_location("witnesses_load", path)
    load = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(load)
    found = []
    for module in load.modules("order_asgi_"):
        kit = sys.modules["witnesses.kit"]
        for value in vars(module).values():
            if isinstance(value, list):
                found += [one for one in value if isinstance(one, kit.Order)]
    return found
