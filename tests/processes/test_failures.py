"""Servers that cannot be had or started: one clear sentence, in time, and nothing left."""

from __future__ import annotations

import socket
import sys
import textwrap
import threading
import time

import pytest
from processes.kit import SERVE, adapter_for, marked

from gateproof.targets import server as server_module
from gateproof.targets.interpreter import interpreter
from gateproof.targets.server import (
    EnvironmentFaultError,
    ForeignError,
    Server,
    ServerError,
    TargetError,
    open_server,
)


@pytest.fixture
def planted(tmp_path):
    """Make a server whose program goes on with ``code`` after it has loaded the application."""
    made = []

    def plant(code: str, head: str = SERVE, **more: object) -> Server:
        path = tmp_path / "planted.py"
        path.write_text(textwrap.dedent(head) + textwrap.dedent(code))
        made.append(Server(adapter_for(path, **more), env={"PLANTED": str(tmp_path)}))
        return made[-1]

    yield plant
    for server in made:
        server.close()
    if sys.platform == "linux":
        assert marked(f"PLANTED={tmp_path}") == set()


def test_a_server_that_ends_at_once_is_told_with_its_log(planted):
    server = planted("print('no such module', file=sys.stderr); print('bye'); sys.exit(3)")

    with pytest.raises(ServerError) as caught:
        server.start()

    assert str(caught.value) == (
        "server:planted ended with code 3 before it was ready; its log ends:\n"
        "    no such module\n"
        "    bye"
    )
    assert not server.alive()
    assert server.exit_code == 3


def test_a_server_that_ends_with_code_0_has_not_started(planted):
    server = planted("print('NoAppError: cannot import', file=sys.stderr)")

    with pytest.raises(ServerError, match="ended with code 0 before it was ready") as caught:
        server.start()

    assert "NoAppError" in caught.value.log


def test_a_server_that_is_killed_while_it_starts_is_told_by_its_signal(planted):
    server = planted("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")

    with pytest.raises(ServerError, match="was ended by signal 11 before it was ready"):
        server.start()


def test_a_server_that_listens_nowhere_is_given_up_in_time(planted):
    server = planted("import signal; signal.pause()")
    began = time.monotonic()

    with pytest.raises(ServerError, match="did not answer in time and listens nowhere; the comm"):
        server.start(within=1.0)

    assert 1.0 <= time.monotonic() - began < 8
    assert not server.alive()


def test_a_server_that_takes_connections_and_never_answers_is_given_up_in_time(planted):
    server = planted("listening = socket.create_server((host, 0)); signal.pause()",
                     head="import signal, socket, sys\nhost = sys.argv[1]\n")  # fmt: skip
    began = time.monotonic()

    with pytest.raises(ServerError, match=r"runs, but the probe did not answer in time on port"):
        server.start(within=1.0)

    assert 1.0 <= time.monotonic() - began < 8


def test_a_server_that_accepts_before_it_serves_is_waited_for(planted):
    """As a master does that listens while its worker imports the application."""
    server = planted("""
        import threading
        server = WSGIServer((host, 0), WSGIRequestHandler)
        server.set_app(app)
        threading.Event().wait(0.7)
        server.serve_forever()
    """)
    began = time.monotonic()
    server.start()

    assert time.monotonic() - began >= 0.7


def test_a_server_that_first_answers_503_is_waited_for(planted):
    server = planted("""
        import threading
        ready = threading.Event()
        threading.Timer(0.5, ready.set).start()
        def busy(environ, start_response):
            if ready.is_set():
                return app(environ, start_response)
            start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"not yet"]
        make_server(host, 0, busy).serve_forever()
    """)
    server.start()

    assert server.alive()


def test_a_server_that_answers_itself_is_not_ready(planted, monkeypatch):
    monkeypatch.setattr(server_module, "FOREIGN", 0.2)
    server = planted("""
        def broken(environ, start_response):
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
            return [b"no application"]
        make_server(host, 0, broken).serve_forever()
    """)

    with pytest.raises(ForeignError, match=r"answers 'HTTP/1.0 500 Internal Server Error', which"):
        server.start()


@pytest.fixture
def foreign():
    """Another process's server on a port of its own, which says that all is well."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(5)
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening
    over.set()
    thread.join(10)
    listening.close()


class Taken:
    """A port that looks free when it is asked for, so many times."""

    def __init__(self, real, taken: socket.socket, times: int) -> None:
        self.real, self.taken, self.times, self.asked = real, taken, times, 0

    def __call__(self, host: str) -> socket.socket:
        self.asked += 1
        return self.taken.dup() if self.asked <= self.times else self.real(host)


IGNORES_ERRORS = """
    import signal
    try:
        server = make_server(host, int(port), app)
    except OSError:
        signal.pause()
    server.serve_forever()
"""


@pytest.mark.parametrize(
    "code", [IGNORES_ERRORS, "make_server(host, int(port), app).serve_forever()"]
)
def test_a_port_that_was_taken_meanwhile_is_tried_anew(planted, foreign, monkeypatch, code):
    monkeypatch.setattr(server_module, "FOREIGN", 0.2)
    monkeypatch.setattr(server_module, "bound", Taken(server_module.bound, foreign, 1))
    server = planted(code, listen="port")
    server.start()

    assert server.starts == 2
    assert server.address[1] != foreign.getsockname()[1]


def test_the_wrong_process_that_answers_is_told(planted, foreign, monkeypatch):
    monkeypatch.setattr(server_module, "FOREIGN", 0.2)
    monkeypatch.setattr(server_module, "bound", Taken(server_module.bound, foreign, 99))
    server = planted(IGNORES_ERRORS, listen="port")

    with pytest.raises(ForeignError, match=r"answers 'HTTP/1.1 200 OK', which is not this run's"):
        server.start()

    assert server.starts == server_module.TRIES


def test_a_port_that_stays_taken_is_told_with_the_log(planted, foreign, monkeypatch):
    monkeypatch.setattr(server_module, "bound", Taken(server_module.bound, foreign, 99))
    server = planted("make_server(host, int(port), app).serve_forever()", listen="port")

    with pytest.raises(ServerError, match="Address already in use"):
        server.start()

    assert server.starts == server_module.TRIES


def test_a_command_that_is_not_there_is_told(tmp_path):
    from dataclasses import replace

    adapter = replace(adapter_for(tmp_path), argv=lambda launch: [str(tmp_path / "nowhere")])
    with Server(adapter) as server, pytest.raises(ServerError, match="nowhere could not be star"):
        server.start()


def test_an_interrupted_start_leaves_nothing(planted, monkeypatch):
    """Ctrl-C while the server is waited for."""
    server = planted("import signal; signal.pause()")

    def interrupted(*_: object) -> list[int]:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "_ports", interrupted)
    with pytest.raises(KeyboardInterrupt):
        server.start()

    assert not server.alive()
    assert server.processes() == set()


BAD = [
    ("server:nothing-like-it", TargetError, "there is no server 'nothing-like-it'"),
    ("server:gunicorm", TargetError, "did you mean gunicorn"),
    ("server:wsgiref[threaded=perhaps]", TargetError, "threaded of wsgiref is one of no, yes"),
    ("server:wsgiref[colour=red]", TargetError, "wsgiref has no variant 'colour'; its variants"),
    ("server:uvicorn[http=h12]", TargetError, "http of uvicorn is one of h11, httptools"),
    ("server:wsgiref[python=/nowhere/python]", TargetError, "/nowhere/python"),
    ("server:bjoern==0.0.1", EnvironmentFaultError, "bjoern"),
    ("server:waitress[python={python}]", EnvironmentFaultError, "has no waitress"),
    ("server:wsgiref==2.7", EnvironmentFaultError, "there is no Python 2.7"),
    ("{folder}/none.py", TargetError, "there is no such file"),
    ("{folder}/raises.py", TargetError, "the file raises ZeroDivisionError: division by zero"),
    ("{folder}/lacks.py", TargetError, "the file has no attribute ADAPTER"),
    ("{folder}/odd.py", TargetError, "ADAPTER is str, not a gateproof.targets.adapter.Adapter"),
]


@pytest.mark.parametrize(("target", "kind", "sentence"), BAD, ids=[row[0] for row in BAD])
def test_what_cannot_be_had_is_one_sentence(target, kind, sentence, tmp_path, environments):
    import venv

    for name, text in (("raises", "1 / 0"), ("lacks", ""), ("odd", "ADAPTER = 'wsgi'")):
        (tmp_path / f"{name}.py").write_text(text)
    if "{python}" in target:
        venv.create(tmp_path / "empty", with_pip=False)
    target = target.format(folder=tmp_path, python=tmp_path / "empty" / "bin" / "python")

    with pytest.raises(kind) as caught:
        open_server(target)

    assert sentence in str(caught.value)
    assert target.partition("[")[0] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("#!/bin/sh\necho 2.7\n", "is not a Python 3.8 or later"),
        ("#!/bin/sh\necho no such option >&2; exit 2\n", "(it says: no such option)"),
        ("#!/bin/sh\necho 'gateproof:[[3, 7, 9], []]'\n", "is Python 3.7.9; the probe needs 3.8"),
        ("", "is not a Python that can be run"),
    ],
)
def test_what_is_no_python_is_told(tmp_path, text, sentence):
    path = tmp_path / "python"
    path.write_text(text)
    if text:
        path.chmod(0o755)

    with pytest.raises(TargetError) as caught:
        interpreter(path)

    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_interpreter_says_what_is_installed():
    found = interpreter()

    assert found.version == "{}.{}.{}".format(*sys.version_info)
    assert found.installed("PyTest") == pytest.__version__
    assert found.installed("no-such-distribution") == ""
