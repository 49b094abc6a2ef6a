"""The reference server as a target: ``--target=./tests/reference/target.py``.

The variant ``fault`` names a fault of ``faults_*.py``: the server with it breaks the
requirements that the fault is about.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from gateproof.targets.adapter import Adapter, Features, Launch

HERE = Path(__file__).resolve().parent

if "reference" not in sys.modules:
    package = ModuleType("reference")
    package.__path__ = [str(HERE)]
    sys.modules["reference"] = package

from reference.faults import FAULTS  # noqa: E402 - found by the lines above


def argv(launch: Launch) -> list[str]:
    """The command: it inherits a socket that listens."""
    fault = launch.variants["fault"]
    return [
        str(launch.python),
        str(HERE / "serve.py"),
        f"--fd={launch.fd}",
        f"--interface={launch.interface}",
        f"--root-path={launch.root_path}",
        *([] if fault == "none" else [f"--fault={fault}"]),
        launch.app,
    ]


ADAPTER = Adapter(
    name="reference",
    distribution="",
    interfaces=("wsgi", "asgi"),
    argv=argv,
    listen="fd",
    variants={"interface": ("wsgi", "asgi"), "fault": ("none", *FAULTS)},
    features=lambda chosen: Features(
        websocket=chosen["interface"] == "asgi",
        lifespan=chosen["interface"] == "asgi",
        root_path=True,
    ),
)
