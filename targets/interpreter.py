"""The interpreter that runs a server: which Python it is, and what is installed for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from gateproof.targets.load import TargetError

ASKED = """\
import json, sys
try:
    from importlib.metadata import distributions
except ImportError:
    found = []
else:
    found = [(d.metadata["Name"], d.version) for d in distributions()]
print("gateproof:" + json.dumps([list(sys.version_info[:3]), [pair for pair in found if pair[0]]]))
"""
WITHIN = 30.0  # seconds that an interpreter may take to say what it is


@dataclass(frozen=True)
class Interpreter:
    """A Python that was asked what it is.

    Attributes:
        path: as it was given, not resolved: a virtual environment is known by its own path.
        version: such as ``3.8.18``.
        distributions: what is installed for it: canonical names with their versions.
    """

    path: Path
    version: str
    distributions: Mapping[str, str]

    def installed(self, distribution: str) -> str:
        """The version of a distribution, or ""."""
        return self.distributions.get(canonicalize_name(distribution), "")


def interpreter(path: Path | None = None, said: str = "") -> Interpreter:
    """Ask a Python what it is.

    Args:
        path: the interpreter, or a virtual environment's folder; this interpreter when left out.
        said: what the user wrote, for messages.

    Raises:
        TargetError: there is nothing that can be run, or it is no Python 3.8 or later.
    """
    said = said or f"python={path}"
    program = path or Path(sys.executable)
    if program.is_dir():
        program /= "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    # The parent is made absolute, the last part is not resolved: a link may be an environment's.
    program = program.expanduser().absolute()
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [str(program), "-c", ASKED],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=WITHIN,
            env=clean,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        why = getattr(problem, "strerror", None) or "it does not answer"
        raise TargetError(f"{said}: {program} is not a Python that can be run: {why}") from None
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("gateproof:"):
            version, pairs = json.loads(line.removeprefix("gateproof:"))
            break
    else:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise TargetError(
            f"{said}: {program} is not a Python 3.8 or later"
            + (f" (it says: {last[0][:200]})" if last else "")
        )
    text = ".".join(map(str, version))
    if version < [3, 8]:
        raise TargetError(f"{said}: {program} is Python {text}; the probe needs 3.8 or later")
    # The first of a name on the path is the one that is imported.
    names = {str(canonicalize_name(name)): str(release) for name, release in reversed(pairs)}
    return Interpreter(program, text, names)
