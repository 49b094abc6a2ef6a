"""The long run that repeats the suite notices whatever is not the same twice, or left behind."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.server_suite import repeat

if TYPE_CHECKING:
    from pathlib import Path


def _result(case: str, verdict: str = "pass", *broken: str) -> dict[str, object]:
    findings = [{"verdict": verdict, "requirement": name} for name in broken]
    return {"kind": "result", "case": case, "verdict": verdict, "findings": findings}


def _run(
    *results: dict[str, object], left: tuple[str, ...] = (), complete: bool = True
) -> repeat.Run:
    return repeat.Run(repeat.shown(results), complete, 1.0, left)


def test_equal_runs_do_not_differ() -> None:
    runs = [_run(_result("a"), _result("b", "fail", "y", "x")) for _ in range(3)]
    runs.append(_run(_result("b", "fail", "x", "y"), _result("a")))

    assert repeat.differences(runs) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (_run(_result("a", "weak", "x")), "a: 1 times fail fail x; 1 times weak weak x"),
        (_run(_result("a", "fail", "z")), "a: 1 times fail fail x; 1 times fail fail z"),
        (_run(), "a: 1 times fail fail x; 1 times missing without findings"),
        (_run(_result("a", "fail", "x"), left=("the file b",)), "run 2 left the file b"),
        (_run(_result("a", "fail", "x"), complete=False), "run 2 is not complete"),
    ],
    ids=["verdict", "requirement", "missing", "left", "incomplete"],
)
def test_what_is_not_the_same_is_told(other: repeat.Run, told: str) -> None:
    assert repeat.differences([_run(_result("a", "fail", "x")), other]) == [told]


@pytest.mark.parametrize("verdict", ["harness", "unstable"])
def test_trouble_of_our_own_is_told_even_if_it_is_the_same_each_time(verdict: str) -> None:
    assert repeat.differences([_run(_result("a", verdict))] * 2) == [f"a: {verdict}"]


def test_hazards_count_by_their_severity() -> None:
    line = {**_result("a", "observed"), "hazards": [{"severity": "high", "message": "m"}]}

    assert repeat.differences([_run(line), _run(_result("a", "observed"))]) != []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_process_that_is_left_is_found_by_its_folder(tmp_path: Path) -> None:
    left = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        env={"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        left.stdout.readline()  # type: ignore[union-attr]
        found = repeat.processes(str(tmp_path))
    finally:
        left.communicate(timeout=20)

    assert [one.partition(":")[0] for one in found] == [str(left.pid)]
    assert repeat.processes(str(tmp_path)) == []


def test_processors_are_busy_only_as_long_as_needed() -> None:
    with repeat.busy(1) as spinning:
        assert [one.poll() for one in spinning] == [None]

    assert all(one.returncode for one in spinning)
