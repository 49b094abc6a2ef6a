"""Nothing rests on assert or on ``__debug__``: with ``python -O`` the same is found."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from witnesses.outcomes import outcomes

FOLDER = Path(__file__).resolve().parent
SECONDS = 120


def plain(found):
    """Outcomes as JSON keeps them, without what differs from process to process."""
    return json.loads(re.sub(r" at 0x[0-9a-f]+", " at 0x...", json.dumps(found)))


def test_the_witnesses_are_found_alike_without_asserts():
    run = subprocess.run(
        [sys.executable, "-O", "-m", "witnesses.outcomes"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)

    assert said["optimised"]
    assert len(said["outcomes"]) > 500
    assert plain(said["outcomes"]) == plain(outcomes())
    assert sum(bool(told) for _, told in said["outcomes"]) > 250
