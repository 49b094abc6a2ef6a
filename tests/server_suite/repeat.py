"""Runs the suite against servers again and again: every verdict has to be the same each time.

    python tests/server_suite/repeat.py [--runs 20] [--busy 2] [--python PATH] [NAME...]

Exit code 1 when verdicts or findings differ, when one is `unstable` or `harness`, or when a
run leaves a process or a file behind. ``--busy`` keeps so many processors occupied meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TARGETS = ("uvicorn", "gunicorn", "hypercorn", "daphne", "waitress")
LIMIT = 900.0
"""Seconds that one run may take."""

OURS = ("harness", "unstable")
"""Verdicts that tell of our own trouble."""

UNAVAILABLE = 3
"""The exit code of a run whose server cannot be had here."""

Shown = tuple[str, tuple[str, ...]]
"""A verdict, and which requirements were found broken and how gravely, and the hazards."""


class UnavailableError(Exception):
    """A server that cannot be had here; the text says why."""


@dataclass(frozen=True)
class Run:
    """One run: what each case came to, how long it took and what it left behind."""

    shown: dict[str, Shown]
    complete: bool
    seconds: float
    left: tuple[str, ...] = ()
    peak: int = 0


def shown(lines: Sequence[Mapping[str, Any]]) -> dict[str, Shown]:
    """What each case of a result stream came to, by its id."""
    found: dict[str, Shown] = {}
    for line in lines:
        if line["kind"] == "result":
            told = [f"{one['verdict']} {one['requirement']}" for one in line["findings"]]
            told += [f"hazard {one['severity']}" for one in line.get("hazards", ())]
            found[line["case"]] = (line["verdict"], tuple(sorted(told)))
    return found


def differences(runs: Sequence[Run]) -> list[str]:
    """What is not the same in all runs, or is our own trouble, a line each."""
    told = [
        f"run {place + 1} is not complete" for place, run in enumerate(runs) if not run.complete
    ]
    for case in sorted({case for run in runs for case in run.shown}):
        seen = Counter(run.shown.get(case, ("missing", ())) for run in runs)
        for verdict, _ in seen:
            if verdict in OURS:
                told.append(f"{case}: {verdict}")
        if len(seen) > 1:
            each = "; ".join(
                f"{count} times {verdict} {', '.join(findings) or 'without findings'}"
                for (verdict, findings), count in seen.most_common()
            )
            told.append(f"{case}: {each}")
    for place, run in enumerate(runs):
        told += [f"run {place + 1} left {thing}" for thing in run.left]
    return told


def target_of(name: str, python: str = "") -> str:
    """The target string of a server, in the environment of ``python``."""
    server, _, variants = name.rstrip("]").partition("[")
    inner = ",".join(part for part in (variants, python and f"python={python}") if part)
    return f"server:{server}[{inner}]" if inner else f"server:{server}"


def run_once(target: str, options: Sequence[str], kept: Path | None = None) -> Run:
    """Run the suite once, with a folder for temporary files of its own."""
    with tempfile.TemporaryDirectory(prefix="repeat-") as folder:
        scratch = Path(folder, "tmp")
        scratch.mkdir()
        stream = kept or Path(folder, "run.jsonl")
        stream.unlink(missing_ok=True)
        started = time.perf_counter()
        command = [sys.executable, "-m", "pytest", f"--target={target}", "-q", "--tb=no"]
        command += ["-p", "no:cacheprovider", f"--conformance-results={stream}", *options]
        with Path(folder, "output").open("wb") as output:
            ran = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, "TMPDIR": str(scratch)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code, peak = _ended(ran)
            finally:
                _stopped(ran)
        seconds = time.perf_counter() - started
        text = Path(folder, "output").read_text("utf-8", "replace").strip()
        if code == UNAVAILABLE and not stream.exists():
            raise UnavailableError(text.splitlines()[0].removeprefix("Exit: "))
        if code not in (0, 1):
            sys.exit(text)
        lines = [json.loads(line) for line in stream.read_text("utf-8").splitlines()]
        left = [f"the process {one}" for one in processes(str(scratch))]
        left += [f"the file {path.name}" for path in scratch.iterdir()]
        complete = lines[-1]["kind"] == "footer" and lines[-1]["complete"]
        return Run(shown(lines), complete, seconds, tuple(left), peak)


def _ended(ran: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Wait for a run: its exit code, and the most memory that it had, in KiB."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        pid, status, used = os.wait4(ran.pid, os.WNOHANG)
        if pid:
            ran.returncode = os.waitstatus_to_exitcode(status)
            return ran.returncode, used.ru_maxrss
        time.sleep(0.05)
    sys.exit(f"a run did not end within {LIMIT:g} s: {ran.args!r}")


def _stopped(ran: subprocess.Popen[bytes]) -> None:
    """End a run that is still under way, so that it can stop its server."""
    if ran.poll() is None:
        ran.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            ran.wait(30)
        ran.kill()
        ran.wait(60)


def processes(marked: str) -> list[str]:
    """Processes, other than zombies, whose environment mentions ``marked`` (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
            state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("latin-1")
        except OSError:
            continue
        if marked.encode() in environ and state != b"Z":
            found.append(f"{folder.name}: {command.strip()}")
    return found


@contextlib.contextmanager
def busy(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that keep ``count`` processors occupied meanwhile."""
    # They end by themselves when this one does: their standard input is a pipe from here.
    spin = (
        "import sys, threading\n"
        "threading.Thread(target=lambda: all(iter(lambda: sum(range(9999)), 0)),"
        "daemon=True)"
        ".start()\nsys.stdin.read()"
    )
    spinning = [
        subprocess.Popen([sys.executable, "-c", spin], stdin=subprocess.PIPE) for _ in range(count)
    ]
    try:
        yield spinning
    finally:
        for one in spinning:
            one.kill()
            one.wait(10)
            if one.stdin:
                one.stdin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", default=TARGETS, metavar="NAME")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--busy", type=int, default=0, metavar="COUNT")
    parser.add_argument("--python", default="", metavar="PATH")
    parser.add_argument("--select", action="append", default=[], metavar="GLOB")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where result streams are kept")
    parser.add_argument("--workers", type=int, default=0, help="as -n of pytest-xdist")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # after the run under way
    options = [f"--conformance-select={one}" for one in given.select]
    options += ["-n", str(given.workers)] if given.workers else []
    bad: dict[str, list[str]] = {}
    runs: dict[str, list[Run]] = defaultdict(list)
    with busy(given.busy):
        names = list(given.targets)
        for place in range(given.runs):
            for name in tuple(names):
                target = target_of(name, given.python)
                kept = given.keep / f"{name}.{place + 1}.jsonl" if given.keep else None
                try:
                    run = run_once(target, options, kept)
                except UnavailableError as why:
                    print(f"{name} is left out: {why}", flush=True)
                    names.remove(name)
                    continue
                runs[name].append(run)
                told = differences(runs[name])
                for line in told:
                    if line not in bad.get(name, ()):
                        print(f"run {place + 1} of {name}: {line}", flush=True)
                bad[name] = told
    for name, all_of_it in runs.items():
        seconds = sorted(run.seconds for run in all_of_it)
        peaks = [run.peak // 1024 for run in all_of_it]
        print(
            f"{name:<28} {len(all_of_it)} runs of {len(all_of_it[0].shown)} cases, "
            f"{seconds[0]:.1f} to {seconds[-1]:.1f} s, {min(peaks)} to {max(peaks)} MiB: "
            f"{len(bad[name])} differences"
        )
    sys.exit(1 if any(bad.values()) else 0)


if __name__ == "__main__":
    main()
