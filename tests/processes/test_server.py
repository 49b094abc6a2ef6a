"""A server from start to stop: ready by this run's token, watched, restarted, gone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from processes.kit import SERVE, adapter_for, marked, on, on_linux, until

from gateproof.targets.opening import columns
from gateproof.targets.readiness import listening_ports
from gateproof.targets.script import answer
from gateproof.targets.server import EnvironmentFaultError, Server, open_server
from gateproof.targets.servers import bundled


@pytest.fixture
def server():
    with open_server("server:wsgiref") as made:
        made.start()
        yield made


def get(server: Server, path: str) -> bytes:
    with socket.create_connection(server.address, 5) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        connection.settimeout(5)
        got = b""
        while piece := connection.recv(65536):
            got += piece
    return got


def test_what_it_says_of_itself(server):
    assert server.label == "wsgiref"
    assert server.name == "server:wsgiref"
    assert server.interface == "wsgi"
    assert server.version == server.versions["python"]
    assert not server.features.keep_alive
    assert server.starts == 1


def test_a_started_server_answers_with_the_scripts_of_its_folder(server):
    token = server.folder.lay(answer(body=b"planted"))

    assert get(server, f"/{token}").endswith(b"\r\n\r\nplanted")
    assert [call.token for call in server.folder.calls(token)] == [token]
    assert asyncio.run(server.answers(5))


def test_neither_readiness_nor_health_leave_calls_behind(server):
    asyncio.run(server.answers(5))

    assert server.folder.strays() == []
    assert [*(server.folder.path / "calls").iterdir()] == []
    assert [*(server.folder.path / "scripts").iterdir()] == []


def test_a_stopped_server_does_not_answer(server):
    ended = server.stop()

    assert ended.code in server.adapter.stop_codes
    assert not ended.killed
    assert not server.alive()
    assert server.exit_code == ended.code
    assert not asyncio.run(server.answers(5))


def test_a_server_that_hangs_does_not_answer(server):
    os.kill(server.pid, signal.SIGSTOP)

    assert server.alive()
    assert not asyncio.run(server.answers(0.3))
    server.restart()
    assert asyncio.run(server.answers(5))


def test_a_server_that_crashed_is_seen_to(server):
    os.kill(server.pid, signal.SIGKILL)

    assert until(lambda: not server.alive())
    assert server.exit_code == -signal.SIGKILL
    assert not asyncio.run(server.answers(5))


def test_a_restart_keeps_folder_and_label(server):
    token = server.folder.lay(answer(body=b"planted"))
    before = server.pid, server.folder.path, server.label
    server.restart()

    assert (server.folder.path, server.label) == before[1:]
    assert server.pid != before[0]
    assert server.starts == 2
    assert get(server, f"/{token}").endswith(b"planted")


def test_the_log_is_kept_and_told_from_a_mark_on(tmp_path):
    logs = tmp_path / "logs"
    with open_server("server:wsgiref", logs=logs) as server:
        server.start()
        get(server, "/first")
        mark = server.log_mark()
        get(server, "/second")
        assert until(lambda: "/second" in server.log_tail())
        assert "/first" in server.log_tail()
        assert "/first" not in server.log_tail(mark)
        assert server.log_tail(lines=1).count("GET") == 1
    assert sorted(file.name for file in logs.iterdir()) == [
        "wsgiref.1.stderr", "wsgiref.1.stdout",
    ]  # fmt: skip


@on_linux
def test_nothing_is_left_after_close():
    with open_server("server:wsgiref") as server:
        server.start()
        folder, scratch = server.folder.path, Path(server._surroundings.scratch)
        assert marked(f"GATEPROOF_PROBE={folder}") == {server.pid} == server.processes()

    assert marked(f"GATEPROOF_PROBE={folder}") == set()
    assert not folder.exists()
    assert not scratch.exists()


def test_another_one_is_closed_with_the_first():
    with open_server("server:wsgiref") as server:
        other = server.another()
        other.start()
        folder = other.folder.path

    assert not other.alive()
    assert not folder.exists()


LEAVES = """
    from gateproof.targets.server import open_server

    server = open_server("server:wsgiref")
    server.start()
    print(server.folder.path, server._surroundings.scratch, server._surroundings.path[0])
"""


def test_a_program_that_forgets_to_close_leaves_no_folder():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LEAVES)], capture_output=True, text=True, timeout=60
    )

    assert len(done.stdout.split()) == 3, done.stderr
    assert not any(Path(path).exists() for path in done.stdout.split())


def test_another_of_the_same_has_a_folder_of_its_own(server):
    with server.another() as other:
        other.start()

        assert other.label == server.label
        assert other.folder.path != server.folder.path
        assert other.address != server.address
        assert server.alive()


@on_linux
@pytest.mark.parametrize("listen", ["fd", "zero", "port"])
def test_every_way_to_a_port(tmp_path, listen):
    path = tmp_path / "planted.py"
    path.write_text(
        "\n".join(
            [
                textwrap.dedent(SERVE),
                "if fd == 'None':",
                "    server = make_server(host, int(port), app)",
                "else:",
                "    import socket",
                "    server = WSGIServer((host, 0), WSGIRequestHandler, bind_and_activate=False)",
                "    server.socket = socket.socket(fileno=int(fd))",
                "    server.server_name, server.server_port = host, int(port)",
                "    server.setup_environ()",
                "    server.set_app(app)",
                "server.serve_forever()",
            ]
        )
    )
    with Server(adapter_for(path, listen=listen)) as server:
        server.start()

        assert asyncio.run(server.answers(5))
        assert listening_ports(server.processes()) == [server.address[1]]


def test_of_several_ports_the_one_that_answers_is_found(tmp_path):
    """A second port takes connections and says nothing."""
    path = tmp_path / "planted.py"
    code = """
        import socket
        private = [socket.create_server((host, 0)) for _ in range(3)]
        server = make_server(host, 0, app)
        private += [socket.create_server((host, 0)) for _ in range(3)]
        server.serve_forever()
    """
    path.write_text(textwrap.dedent(SERVE) + textwrap.dedent(code))
    with Server(adapter_for(path)) as server:
        server.start(within=15)

        assert asyncio.run(server.answers(5))


REPORTS = """
    import json, os, sys
    print(json.dumps([dict(os.environ), os.getcwd(), os.listdir(), sys.path[0]]), flush=True)
    make_server(host, int(port), app).serve_forever()
"""


def reported(server: Server) -> tuple[dict[str, str], str, list[str], str]:
    files = sorted(server.logs.glob("*.stdout"))
    return tuple(json.loads(files[-1].read_text().splitlines()[0]))


@pytest.fixture
def reporting(tmp_path):
    path = tmp_path / "planted.py"
    path.write_text(textwrap.dedent(SERVE) + textwrap.dedent(REPORTS))
    return adapter_for(path, env={"FROM_ADAPTER": "1"})


def test_the_environment_is_clean(reporting, monkeypatch):
    for name in ("WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "UVICORN_PORT", "PORT", "SECRET"):
        monkeypatch.setenv(name, "7")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    with Server(reporting, env={"GIVEN": "2"}) as server:
        server.start()
        env, cwd, inside, _ = reported(server)

    assert not {"WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "UVICORN_PORT", "PORT", "SECRET"} & {*env}
    assert "/nowhere" not in env["PYTHONPATH"]
    assert (env["FROM_ADAPTER"], env["GIVEN"]) == ("1", "2")
    assert inside == []
    assert cwd != str(Path.cwd())


def test_the_users_application_gets_the_users_environment(reporting, monkeypatch, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "site_app.py").write_text(
        "import os\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [os.environ['DATABASE'].encode()]\n"
    )
    monkeypatch.setenv("DATABASE", "sqlite")
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    with Server(reporting, application="site_app:application", app_dir=project) as server:
        server.start()
        env, cwd, *_ = reported(server)

        assert get(server, "/gp0123456789ab").endswith(b"sqlite")
        (call,) = server.folder.calls("gp0123456789ab")
        assert asyncio.run(server.answers(5))
    assert call.interface == "wsgi"
    assert "WEB_CONCURRENCY" not in env
    assert cwd == str(project)


REAL = [*columns()]


@pytest.mark.parametrize("target", REAL)
def test_every_adapter_starts_serves_restarts_and_stops(target, servers_python):
    """Run with GATEPROOF_SERVERS_PYTHON to have it done with servers of another environment."""
    try:
        server = open_server(on(target, servers_python))
    except EnvironmentFaultError as problem:
        pytest.skip(str(problem))
    with server:
        server.start()
        token = server.folder.lay(answer(body=b"planted"))
        first = get(server, f"/{token}")
        (call,) = server.folder.calls(token)
        server.restart()
        second = get(server, f"/{token}")
        ended = server.stop()

        assert first.startswith(b"HTTP/1.")
        assert b"planted" in first
        assert b"planted" in second
        assert call.interface == server.interface
        assert ended.code in server.adapter.stop_codes, server.log_tail()
        assert (ended.killed, ended.left) == (False, 0)
        assert server.processes() == set()


def test_all_adapters_are_columns():
    assert {target.partition(":")[2].partition("[")[0] for target in REAL} == {*bundled()}
