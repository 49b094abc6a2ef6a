"""What our plugin costs a pytest run that doesn't use it; median of interleaved pairs.

    python tests/benchmarks/bench_idle_plugin.py [ROUNDS]

Prints milliseconds over ``-p no:gateproof`` in the same environment, then what
the pytest plugins of our dependencies cost by themselves.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(folder: Path, *options: str, **env: str) -> float:
    started = time.perf_counter()
    # No timeout: with one, the end is polled for and times come in steps of up to 50 ms.
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return (time.perf_counter() - started) * 1000


def compare(folder: Path, rounds: int, one: list[str], other: list[str], **env: str) -> float:
    pairs = []
    for turn in range(rounds):
        if turn % 2:
            b, a = run(folder, *other, **env), run(folder, *one, **env)
        else:
            a, b = run(folder, *one, **env), run(folder, *other, **env)
        pairs.append(a - b)
    return statistics.median(pairs)


# As on a user's machine: without bytecode every run would compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def instructions(folder: Path, *options: str) -> int:
    """Instructions that a run takes, counted by valgrind: the same on every machine."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        sys.exit(done.stderr)
    return int(found[1])


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    bare = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_one.py").write_text("def test_one():\n    pass\n")
        run(folder)
        ours = compare(folder, rounds, [], ["-p", "no:gateproof"])
        alone = compare(folder, rounds, ["-p", "gateproof.conformance.plugin"], [], **bare)
        hypothesis = compare(folder, rounds, ["-p", "_hypothesis_pytestplugin"], [], **bare)
        counted = ""
        if shutil.which("valgrind"):
            less, more = instructions(folder, "-p", "no:gateproof"), instructions(folder)
            best = min(run(folder) for _ in range(rounds))
            share = (more - less) / more
            counted = (
                f"gateproof, idle, by instructions executed      {share * best:+6.1f} ms  "
                f"({share:.2%} of the {best:.0f} ms that a run takes; goal: at most 3)"
            )
        anyio = compare(folder, rounds, ["-p", "anyio.pytest_plugin"], [], **bare)
    if counted:
        print(counted)
    print(f"gateproof, idle, over -p no:gateproof          {ours:+6.1f} ms  (goal: at most 3)")
    print(f"gateproof alone, plugin autoload off           {alone:+6.1f} ms")
    print(f"Hypothesis's pytest plugin by itself           {hypothesis:+6.1f} ms")
    print(f"anyio's pytest plugin by itself                {anyio:+6.1f} ms")


if __name__ == "__main__":
    main()
