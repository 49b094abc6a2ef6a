"""Where examples are kept: a folder, and a Redis server that machines share."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateproof.conformance.strategies.kept import open_database

if TYPE_CHECKING:
    from tests.conftest import Project, Ran

APPLICATION = """
def application(environ, start_response):
    headers = [("Content-Type", "text/plain")]
    if environ.get("QUERY_STRING") and BROKEN:
        headers = [("Content-Type", b"text/plain")]
    start_response("200 OK", headers)
    return [b"hello"]
"""
"""Gives a header value that is no str, once a request has a query."""

CASE = "gateproof::wsgi::generated[app-application]"


def run(project: Project, where: str, *options: str, broken: bool = True) -> Ran:
    """One run of the generated case with a database."""
    project.write({"app.py": APPLICATION.replace("BROKEN", str(broken))})
    return project.pytest(
        "--target=app:application", CASE, f"--conformance-database={where}", "-q", *options,
        "-p", "no:cacheprovider",
    )  # fmt: skip


def test_nowhere_is_no_database() -> None:
    assert open_database("") is None


def test_what_was_found_is_kept_in_a_folder_and_let_go_once_it_is_mended(project: Project) -> None:
    folder = project.folder / "kept"

    assert run(project, "kept").code == 1
    assert [path for path in folder.rglob("*") if path.is_file()]
    assert run(project, "none", "--conformance-profile=quick", broken=False).code == 0
    assert run(project, "kept", broken=False).code == 0
    assert run(project, "kept", broken=False).code == 0


def test_the_command_of_a_finding_shows_it_again(project: Project) -> None:
    import re
    import shlex

    first = run(project, "none")
    command = re.search(r"again: (pytest .*--conformance-replay=\S+)", first.text)

    assert first.code == 1
    assert command is not None, first.text
    again = project.pytest(*shlex.split(command[1])[1:], "-p", "no:cacheprovider")
    assert again.code == 1, again.text
    assert "wsgi.response-headers" in again.text
    run(project, "none", "--collect-only", broken=False)
    mended = project.pytest(*shlex.split(command[1])[1:], "-p", "no:cacheprovider")
    assert mended.code == 0, mended.text


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis server of this test's own."""
    pytest.importorskip("redis", reason="the redis package is not installed: gateproof[redis]")
    command = shutil.which("redis-server")
    if command is None:
        pytest.skip("no Redis server is installed on this machine")
    path = tmp_path / "redis.sock"
    server = subprocess.Popen(
        [command, "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while not _takes(path):
            assert server.poll() is None, "the Redis server ended"
            assert time.monotonic() < until, "the Redis server takes no connection"
            time.sleep(0.02)
        yield f"unix://{path}"
    finally:
        server.kill()
        server.wait(30)


def _takes(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_a_redis_server_shares_what_was_found(project: Project, redis: str) -> None:
    first = run(project, redis)
    quick = ("--conformance-profile=quick", "--conformance-seed=7")
    database = open_database(redis)

    assert first.code == 1, first.text
    assert database is not None
    kept = list(database.fetch(b"gateproof app:application wsgi::generated"))
    assert kept
    assert run(project, redis, *quick).code == 1
    assert run(project, redis, *quick, broken=False).code == 0
    assert list(database.fetch(b"gateproof app:application wsgi::generated")) == []
