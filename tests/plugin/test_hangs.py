"""A hang is a verdict, an interrupt loses nothing, and nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gateproof.reports.stream import read

if TYPE_CHECKING:
    from tests.conftest import Project

HANGS = """
import asyncio
import threading
import time


async def start(send):
    await send({"type": "http.response.start", "status": 200, "headers": []})


def only_http(application):
    async def wrapped(scope, receive, send):
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        await application(scope, receive, send)
    return wrapped


@only_http
async def awaits_for_ever(scope, receive, send):
    await asyncio.get_running_loop().create_future()


@only_http
async def sleeps(scope, receive, send):
    time.sleep(1000)


@only_http
async def spins(scope, receive, send):
    while True:
        pass


@only_http
async def spins_politely(scope, receive, send):
    while True:
        await asyncio.sleep(0)


@only_http
async def starts_and_awaits(scope, receive, send):
    await start(send)
    await asyncio.get_running_loop().create_future()


@only_http
async def swallows_cancellation(scope, receive, send):
    while True:
        try:
            await asyncio.sleep(1000)
        except BaseException:
            pass


@only_http
async def hangs_in_a_thread(scope, receive, send):
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, 1000)


async def hangs_at_startup(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        time.sleep(1000)


def wsgi_sleeps(environ, start_response):
    time.sleep(1000)


def wsgi_spins(environ, start_response):
    while True:
        pass


def wsgi_locks(environ, start_response):
    threading.Lock().acquire()
    threading.Event().wait()


def wsgi_hangs_in_iteration(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"a"
    time.sleep(1000)


def wsgi_never_ends(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    while True:
        yield b"a"


def wsgi_swallows(environ, start_response):
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            if environ.setdefault("tries", 0) > 1:
                raise
            environ["tries"] += 1
"""

NAMES = [
    "awaits_for_ever",
    "sleeps",
    "spins",
    "spins_politely",
    "swallows_cancellation",
    "hangs_in_a_thread",
    "wsgi_sleeps",
    "wsgi_spins",
    "wsgi_locks",
    "wsgi_hangs_in_iteration",
    "wsgi_swallows",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_hang_is_a_verdict(project: Project, name: str) -> None:
    project.write({"hangs.py": HANGS})
    started = time.monotonic()
    ran = project.pytest(
        f"--target=hangs:{name}",
        "--conformance-deadline=0.4",
        "--conformance-results=r.jsonl",
        "-q",
        timeout=100,
    )
    run = read(project.folder / "r.jsonl")
    verdicts = [result["verdict"] for result in run.results]

    assert ran.code == 1, ran.text
    assert run.complete
    assert "fail" in verdicts
    assert "harness" not in verdicts, ran.text
    assert time.monotonic() - started < 60


IN_THREAD = """
import sys
import threading

import pytest

ended = []
thread = threading.Thread(target=lambda: ended.append(pytest.main(sys.argv[1:])))
thread.start()
thread.join()
sys.exit(int(ended[0]))
"""


@pytest.mark.parametrize(
    "name", ["awaits_for_ever", "sleeps", "spins", "hangs_in_a_thread", "wsgi_sleeps", "wsgi_spins"]
)
def test_a_hang_is_a_verdict_where_nothing_can_be_interrupted(project: Project, name: str) -> None:
    """Outside of the main thread the call is abandoned and the rest of the target is blocked."""
    project.write({"hangs.py": HANGS, "in_thread.py": IN_THREAD})
    ran = project.run(
        "in_thread",
        f"--target=hangs:{name}",
        "--conformance-deadline=0.4",
        "--conformance-results=r.jsonl",
        "-q",
        timeout=100,
    )
    run = read(project.folder / "r.jsonl")

    assert ran.code == 1, ran.text
    assert run.complete
    assert set(run.counts()) >= {"fail", "blocked"}
    assert "harness" not in run.counts(), ran.text


@pytest.mark.parametrize("name", ["wsgi_never_ends", "starts_and_awaits"])
def test_an_endless_response_is_no_fault(project: Project, name: str) -> None:
    """A stream of events may go on for ever; what rests on its end cannot be judged."""
    project.write({"hangs.py": HANGS})
    ran = project.pytest(f"--target=hangs:{name}", "--conformance-deadline=0.4", "-q", "-rs")

    assert ran.code == 0, ran.text
    assert "fail[" not in ran.text
    assert "passed" in ran.lines[-1]


def test_a_hang_at_startup_blocks_the_rest(project: Project) -> None:
    project.write({"hangs.py": HANGS})
    ran = project.pytest(
        "--target=hangs:hangs_at_startup", "--conformance-deadline=0.4", "-q", "-rs"
    )

    assert ran.code == 1, ran.text
    assert "fail[asgi.lifespan.startup-complete.app-sends]" in ran.text
    assert "blocked: " in ran.text


SLOW = """
import time


def application(environ, start_response):
    time.sleep(0.3)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""


@contextmanager
def under_way(project: Project, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A run of the suite on a slow application whose first case has passed; killed at the end."""
    project.write({"slow.py": SLOW})
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--target=slow:application", "-v", *options],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    limit = threading.Timer(90, process.kill)
    limit.start()
    try:
        assert process.stdout is not None
        assert any("PASSED" in line for line in process.stdout)
        yield process
    finally:
        limit.cancel()
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_keeps_what_was_measured(project: Project) -> None:
    options = ("--conformance-results=r.jsonl", "--conformance-report=r.html")
    with under_way(project, *options) as process:
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=60)
    run = read(project.folder / "r.jsonl")

    assert process.returncode == 2, text
    assert not run.complete
    assert run.footer is not None
    assert run.footer["reason"] == "interrupted"
    assert [result["verdict"] for result in run.results].count("pass") >= 1
    assert "incomplete" in (project.folder / "r.html").read_text().lower()
    assert "Traceback" not in text


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_killed_run_still_gives_a_report(project: Project) -> None:
    with under_way(project, "--conformance-results=r.jsonl"):
        pass
    ran = project.run("gateproof.conformance.cli", "report", "r.jsonl", "--html", "r.html")

    assert ran.code == 0, ran.text
    assert "(incomplete run)" in ran.text
    assert "incomplete" in (project.folder / "r.html").read_text().lower()
