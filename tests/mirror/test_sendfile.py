"""Under gunicorn a file still leaves by sendfile(): results of its file wrapper stay its own."""

from __future__ import annotations

import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import textwrap
from contextlib import contextmanager

import pytest

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("gunicorn") is None, reason="gunicorn is not installed"
    ),
    pytest.mark.skipif(not hasattr(os, "sendfile"), reason="this platform has no sendfile()"),
]
DEADLINE = 60
"""Seconds that a server may take to answer or to stop."""

OCTETS = b"octets of a file\n" * 1000
MODULE = """
    import os
    import threading

    from gateproof.validators import WSGIValidator

    count = 0
    lock = threading.Lock()
    real = os.sendfile


    def counted(*args, **kwargs):
        global count
        with lock:
            count += 1
        return real(*args, **kwargs)


    os.sendfile = counted  # socket.sendfile() asks the module for it with every call


    def plain(environ, start_response):
        if environ["PATH_INFO"] == "/count":
            body = b"%d" % count
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]
        start_response("200 OK", [("Content-Length", str(os.path.getsize("file")))])
        return environ["wsgi.file_wrapper"](open("file", "rb"))


    class Proxy:
        def __init__(self, inner):
            self.inner = inner

        def __iter__(self):
            return iter(self.inner)

        def __getattr__(self, name):
            return getattr(self.inner, name)


    def proxied(environ, start_response):
        return Proxy(plain(environ, start_response))


    watched = WSGIValidator(plain)
    closely = WSGIValidator(plain, on_violation="collect", level="all")
    twofold = WSGIValidator(watched)
"""


@contextmanager
def gunicorn(folder, application, worker):
    """A gunicorn that serves ``application`` of our module; gives the port.

    It inherits a listening socket, so that clients may connect before it is there.
    """
    (folder / "served.py").write_text(textwrap.dedent(MODULE))
    (folder / "file").write_bytes(OCTETS)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listening.fileno()}"),
                *("--worker-class", worker, "--threads", "2", "--workers", "1"),
                *("--log-level", "warning", f"served:{application}"),
            ],
            cwd=folder,
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield listening.getsockname()[1]
        finally:
            server.terminate()
            try:
                server.communicate(timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.communicate()
                raise


def got(port, path):
    """The body of a reply."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        assert reply.status == 200
        return reply.read()
    finally:
        connection.close()


def calls(folder, application, worker):
    """How often sendfile() was called while a file was sent."""
    with gunicorn(folder, application, worker) as port:
        assert got(port, "/count") == b"0"
        assert got(port, "/file") == OCTETS
        return int(got(port, "/count"))


@pytest.mark.parametrize("worker", ["sync", "gthread"])
@pytest.mark.parametrize("application", ["plain", "watched", "closely", "twofold"])
def test_a_file_leaves_by_sendfile(application, worker, tmp_path):
    assert calls(tmp_path, application, worker) >= 1


def test_a_file_in_a_proxy_does_not(tmp_path):
    """So the count above tells one from the other."""
    assert calls(tmp_path, "proxied", "sync") == 0
