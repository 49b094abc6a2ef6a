"""A server that dies, hangs or is killed is one case's verdict; nothing else is lost or left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.server_suite.conftest import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.server_suite.conftest import Servers

SELECT = (
    "--conformance-select=host-*",
    "--conformance-select=content-length-*",
    "--conformance-select=chunked-body",
)

NAMES = ("reference", "wsgiref", "uvicorn", "gunicorn", "hypercorn", "daphne", "waitress")
EVERY = NAMES if int(os.environ.get("GATEPROOF_TEST_SCALE", "1")) > 1 else NAMES[:2]
"""The servers that are killed, or whose runner is: all of them in the nightly run."""

DYING = """
import os, sys, types
package = types.ModuleType("reference")
package.__path__ = [sys.path[0]]
sys.modules["reference"] = package
from reference import http_reading

plain = http_reading.Reading.field

def field(self, line):
    if b"chunked" in line.lower():
        print("out of luck", file=sys.stderr, flush=True)
        {act}
    return plain(self, line)

http_reading.Reading.field = field
"""


def test_a_crash_is_the_verdict_of_the_case_that_causes_it(servers: Servers) -> None:
    clean = servers.run(str(servers.reference), *SELECT)
    found = servers.run(servers.behaving(DYING.format(act="os._exit(7)")), *SELECT)
    failed = {case for case, verdict in found.verdicts.items() if verdict == "fail"}

    assert set(found.verdicts) == set(clean.verdicts)
    assert set(clean.verdicts.values()) == {"pass"}
    assert "server.http1::chunked-body" in failed
    assert {found.verdicts[case] for case in set(found.verdicts) - failed} == {"pass"}
    finding = found.results["server.http1::chunked-body"]["findings"][0]
    assert "ended with exit code 7" in finding["message"]
    assert "out of luck" in finding["observed"]


def test_a_request_that_ends_the_server_is_told_as_a_danger(servers: Servers) -> None:
    act = DYING.replace('b"chunked"', 'b"sec-websocket-protocol"').format(act="os._exit(0)")
    chosen = ("--conformance-select=ended-by-one-request", "--conformance-select=host-missing")
    clean = servers.run(str(servers.reference), *chosen)
    found = servers.run(servers.behaving(act), *chosen)
    hazard = found.results["server.hazards::ended-by-one-request"]["hazards"][0]

    assert set(clean.verdicts.values()) == {"pass"}
    assert found.verdicts["server.hazards::ended-by-one-request"] == "observed"
    assert hazard["severity"] == "high"
    assert "ends the server: a high octet in Sec-WebSocket-Protocol" in hazard["message"]
    assert "out of luck" in hazard["observed"]


def test_a_server_that_gets_stuck_is_started_again(servers: Servers) -> None:
    stuck = servers.behaving(DYING.format(act="import signal; signal.pause()"))
    found = servers.run(stuck, *SELECT, timeout=240)
    failed = {case for case, verdict in found.verdicts.items() if verdict == "fail"}

    assert "server.http1::chunked-body" in failed
    assert {found.verdicts[case] for case in set(found.verdicts) - failed} == {"pass"}


def _running(marked: str) -> set[int]:
    """Processes, other than zombies, whose environment mentions ``marked``."""
    found = set()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environ = (folder / "environ").read_bytes()
            state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
        except OSError:
            continue
        if marked.encode() in environ and state != b"Z":
            found.add(int(folder.name))
    return found


def _until(true: Callable[[], object], within: float = 120.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def _target(servers: Servers, name: str) -> str:
    if name == "reference":
        return str(servers.reference)
    if name != "wsgiref":
        pytest.importorskip(name)
    return f"server:{name}"


@dataclass(frozen=True)
class Started:
    """A test runner of its own, and what it has written so far."""

    process: subprocess.Popen[bytes]
    stream: Path
    scratch: Path

    @property
    def results(self) -> list[dict[str, Any]]:
        return [line for line in lines(self.stream) if line["kind"] == "result"]


@contextmanager
def _started(servers: Servers, name: str, *options: str) -> Iterator[Started]:
    """A run that has got as far as its third result; killed at the end if it still runs."""
    folder = servers.project.folder
    scratch = folder / "tmp"
    scratch.mkdir()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "pytest", f"--target={_target(servers, name)}", "-q",
            "--conformance-results=run.jsonl", "-p", "no:cacheprovider", *options,
        ],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    started = Started(process, folder / "run.jsonl", scratch)
    try:
        assert _until(lambda: len(started.results) >= 3)
        yield started
    finally:
        process.kill()
        process.wait(60)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
@pytest.mark.parametrize("name", EVERY)
def test_a_runner_that_dies_leaves_no_process_and_a_readable_stream(
    servers: Servers, number: int, name: str
) -> None:
    with _started(servers, name) as started:
        started.process.send_signal(number)
        started.process.wait(60)
        assert _until(lambda: not _running(str(started.scratch)))
    told = servers.project.run(
        "gateproof.conformance.cli", "report", "run.jsonl", "--html", "report.html"
    )

    assert len(started.results) >= 3
    assert told.code == 0, told.text
    assert "(incomplete run)" in told.text
    assert "incomplete" in (servers.project.folder / "report.html").read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("name", [name for name in EVERY if name != "wsgiref"])
def test_a_server_that_is_killed_in_mid_run_is_started_again(servers: Servers, name: str) -> None:
    with _started(servers, name, "--conformance-select=server.http1::*") as started:
        serving = _running("GATEPROOF_SERVER=") & _running(str(started.scratch))
        assert serving
        for pid in serving:
            os.kill(pid, signal.SIGKILL)
        assert started.process.wait(240) in (0, 1)
    verdicts = [line["verdict"] for line in started.results]
    footer = lines(started.stream)[-1]

    assert footer["kind"] == "footer"
    assert footer["complete"]
    assert "harness" not in verdicts
    assert verdicts.count("pass") > 0.6 * len(verdicts)


def test_a_blocked_case_is_tried_once_more_by_itself(servers: Servers) -> None:
    busy = """
        import sys, types
        package = types.ModuleType("reference")
        package.__path__ = [sys.path[0]]
        sys.modules["reference"] = package
        from reference import http_reading

        plain = http_reading.Reading.request
        left = {times}

        async def request(self):
            global left
            found = await plain(self)
            if found and left and found.get(b"upgrade"):
                left -= 1
                raise http_reading.RefusedError(503, "busy")
            return found

        http_reading.Reading.request = request
    """
    case = "server.asgi.websocket::application-closes"
    select, asgi = f"--conformance-select={case}", "[interface=asgi]"
    once = servers.run(servers.behaving(busy.format(times=1)) + asgi, select)
    always = servers.run(servers.behaving(busy.format(times=-1)) + asgi, select)

    assert once.verdicts == {case: "pass"}
    assert always.verdicts == {case: "blocked"}
