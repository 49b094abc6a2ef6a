"""Makes the environments that the table of released defects needs; those that stand are left.

`python tests/releases/make.py [SERVER ...]`, or `make releases` for all of them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from released import RELEASED

from gateproof.targets.environments import made_environments

WITHIN = 1200  # seconds for one of them


def main(wanted: list[str]) -> int:
    """Make what is missing.

    Args:
        wanted: names of servers; all when empty.

    Returns:
        How many could not be made.
    """
    command = Path(sys.executable).with_name("gateproof")
    failed = 0
    for row in RELEASED:
        if wanted and row.server not in wanted:
            continue
        for release in (row.bad, row.good):
            if row.installed(release, made_environments()):
                continue
            name = row.target(row.python, release).removeprefix("server:")
            pins = [argument for pin in row.pins for argument in ("--with", pin)]
            ended = subprocess.run([command, "env", name, *pins], timeout=WITHIN, check=False)
            failed += ended.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(min(1, main(sys.argv[1:])))
