"""How long each family takes against a server that is started once; best and median.

python tests/benchmarks/bench_server_suite.py [ROUNDS] [--python PATH] [NAME...]

Wall time of the whole command, so with Python's, pytest's and the server's start and stop. How
far the waits overlap is told as the sum of the cases' times by the time that passed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOALS = {("server.http1", 0): 15.0, ("server.http1", 2): 10.0}
"""Seconds, by family and by workers of pytest-xdist."""

SERVERS = ("uvicorn", "gunicorn[worker=gthread]", "waitress")
FAMILIES = {
    "server.http1": SERVERS,
    "server.wsgi": ("gunicorn[worker=gthread]", "waitress"),
    "server.asgi.http": ("uvicorn",),
    "server.asgi.websocket": ("uvicorn",),
    "server.asgi.lifespan": ("uvicorn",),
}

# As on a user's machine: without bytecode every run would compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--python", default="", metavar="PATH")
    given = parser.parse_args()
    print(f"load of the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    for family, servers in FAMILIES.items():
        for server in servers:
            if given.names and server.partition("[")[0] not in given.names:
                continue
            for workers in (0, 2) if family == "server.http1" else (0,):
                measure(_target(server, given.python), family, workers, given.rounds)


def measure(target: str, family: str, workers: int, rounds: int) -> None:
    """Print one line: seconds of the command, and how far the cases overlapped."""
    times, overlaps, count = [], [], 0
    for _ in range(rounds + 1):  # the first is for the caches
        with tempfile.TemporaryDirectory() as folder:
            stream = Path(folder, "run.jsonl")
            started = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "pytest", f"--target={target}", "-q", "--tb=no",
                 "-p", "no:cacheprovider", f"--conformance-select={family}::*",
                 f"--conformance-results={stream}", *(("-n", str(workers)) if workers else ())],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=300,
            )  # fmt: skip
            seconds = time.perf_counter() - started
            if done.returncode == 3:
                print(f"{target:<40} skipped: {done.stdout.strip().splitlines()[-1]}")
                return
            if done.returncode not in (0, 1):
                sys.exit(done.stdout)
            lines = [json.loads(line) for line in stream.read_text("utf-8").splitlines()]
        spent = [line["duration"] for line in lines if line["kind"] == "result"]
        times.append(seconds)
        overlaps.append(sum(spent) / seconds)
        count = len(spent)
    times, overlaps = times[1:], overlaps[1:]
    goal = GOALS.get((family, workers))
    print(
        f"{target:<40} {family:<22} {f'-n {workers}' if workers else '':<5} {count:>3} cases"
        f"  best {min(times):5.1f} s, median {statistics.median(times):5.1f} s,"
        f" {statistics.median(overlaps):4.1f} at once"
        + (f"  (goal: under {goal:g} s)" if goal else ""),
        flush=True,
    )


def _target(server: str, python: str) -> str:
    name, _, variants = server.rstrip("]").partition("[")
    inner = ",".join(part for part in (variants, python and f"python={python}") if part)
    return f"server:{name}[{inner}]" if inner else f"server:{name}"


if __name__ == "__main__":
    main()
