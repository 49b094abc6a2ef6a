"""Real servers in processes of their own, and the clients that trouble them."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
DEADLINE = 60
"""Seconds that anything may take before the test is over."""

UVICORN = """
import socket, sys, uvicorn
config = uvicorn.Config("served:asgi", http=sys.argv[2], lifespan="on", log_level="error")
uvicorn.Server(config).run([socket.socket(fileno=int(sys.argv[1]))])
"""
WAITRESS = """
import socket, sys, served, waitress
listening = socket.socket(fileno=int(sys.argv[1]))
waitress.create_server(served.wsgi, sockets=[listening], threads=8).run()
"""
GUNICORN = ("-m", "gunicorn", "--workers=1", "--log-level=error", "--no-control-socket")

SERVERS = {
    "uvicorn-h11": ("asgi", "uvicorn h11", lambda fd: ["-c", UVICORN, fd, "h11"]),
    "uvicorn-httptools": (
        "asgi",
        "uvicorn httptools",
        lambda fd: ["-c", UVICORN, fd, "httptools"],
    ),
    "gunicorn-sync": (
        "wsgi",
        "gunicorn",
        lambda fd: [*GUNICORN, f"--bind=fd://{fd}", "served:wsgi"],
    ),
    "gunicorn-gthread": (
        "wsgi",
        "gunicorn",
        lambda fd: [*GUNICORN, f"--bind=fd://{fd}", "--threads=8", "served:wsgi"],
    ),
    "waitress": ("wsgi", "waitress", lambda fd: ["-c", WAITRESS, fd]),
}
"""Interface, packages that are needed, and Python's arguments for a listening descriptor."""


class Server:
    """A server that runs: its port, its process, and what it tells of itself."""

    def __init__(self, name, process, port, log):
        self.name, self.process, self.port, self.log = name, process, port, log
        self.interface = SERVERS[name][0]
        self.websockets = self.interface == "asgi" and any(map(found, ("websockets", "wsproto")))

    def connect(self, timeout=DEADLINE):
        """A connection; the caller closes it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def asked(self, path):
        """The JSON at ``path``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def said(self, octets, *, slowly=False):
        """All that comes back for ``octets``, until the server closes; without the date."""
        with self.connect() as client:
            if slowly:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for at in range(0, len(octets), 7):
                    client.sendall(octets[at : at + 7])
            else:
                client.sendall(octets)
            return self.undated(self.rest(client))

    def many(self, path, count):
        """Ask for ``path`` often, with something else each time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            for number in range(count):
                connection.request("GET", f"{path}?{number}", headers={"X-Number": str(number)})
                reply = connection.getresponse()
                reply.read()
                assert reply.status == 200
        finally:
            connection.close()

    @staticmethod
    def rest(client):
        """What is still to come on a connection."""
        pieces = []
        with suppress(ConnectionError):
            while piece := client.recv(65536):
                pieces.append(piece)
        return b"".join(pieces)

    @staticmethod
    def undated(octets):
        """Replies without what differs from second to second."""
        return re.sub(rb"(?i)\r\ndate:[^\r]*", b"", octets)

    def stop(self):
        """Ask it to end."""
        self.process.terminate()

    def ended(self):
        """The code with which it ended."""
        return self.process.wait(DEADLINE)

    def accused(self):
        """What the validator found, save what it only notes."""
        findings = self.asked("/findings")
        return [finding for finding in findings if finding[2] != "observed"]

    def warned(self):
        """Lines of the log that tell of a breach."""
        return [line for line in self.log.read_text().splitlines() if "Conformance" in line]


def found(package):
    """Whether a package is installed."""
    return importlib.util.find_spec(package) is not None


@contextmanager
def running(name, watch, folder):
    """A server with the application of ``served.py``, that answers; it is gone afterwards."""
    log = folder / f"{name}-{watch or 'bare'}.log"
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening, log.open("wb") as out:
        fd = listening.fileno()
        process = subprocess.Popen(
            [sys.executable, *SERVERS[name][2](str(fd))],
            cwd=folder,
            env={**os.environ, "WATCH": watch, "PYTHONPATH": str(HERE)},
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        port = listening.getsockname()[1]
    server = Server(name, process, port, log)
    try:
        wait_for(server)
        yield server
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(server):
    """Return once the server answers."""
    end = time.monotonic() + DEADLINE
    while True:
        try:
            server.asked("/findings")
        except (OSError, http.client.HTTPException):
            alive = server.process.poll() is None
            if not alive or time.monotonic() > end:
                pytest.fail(f"{server.name} does not answer:\n{server.log.read_text()}")
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(0.05)
        else:
            return


@pytest.fixture(params=SERVERS)
def name(request):
    """The name of a server that is installed."""
    for package in SERVERS[request.param][1].split():
        if not found(package):
            pytest.skip(f"{package} is not installed")
    if os.name != "posix":
        pytest.skip("descriptors are handed over, and process groups ended, on POSIX only")
    return request.param


@pytest.fixture
def serve(name, tmp_path):
    """Run the server with a bare application (``""``) or a validator's ``on_violation``."""

    def serving(watch):
        return running(name, watch, tmp_path)

    return serving
