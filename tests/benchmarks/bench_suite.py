"""How long the whole suite takes, pytest's start-up included; best and median.

python tests/benchmarks/bench_suite.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
TARGETS = (
    ("hello_asgi:application", TESTS / "examples", 3.0),
    ("hello_wsgi:application", TESTS / "examples", 3.0),
    ("starlette_app:app", TESTS / "frameworks" / "applications", 5.0),
)


# As on a user's machine: without bytecode every run would compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for target, folder, goal in TARGETS:
        times = []
        for _ in range(rounds):
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "pytest", f"--target={target}", "-q",
                 "-p", "no:cacheprovider"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=120,
            )  # fmt: skip
            times.append(time.perf_counter() - started)
            if done.returncode not in (0, 1):
                sys.exit(done.stdout)
        print(
            f"{target:<28} best {min(times):.2f} s, median {statistics.median(times):.2f} s"
            f"  (goal: under {goal:g})  {done.stdout.splitlines()[-2]}"
        )


if __name__ == "__main__":
    main()
