"""Under gunicorn a file is still sent by sendfile, with the validator around the application."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("gunicorn")

SECONDS = 30
SIZE = 300_000
SERVED = """
import json, sys
from gunicorn.http.wsgi import Response
from gateproof.validators import WSGIValidator

send = Response.sendfile

def noting(self, respiter):
    sent = send(self, respiter)
    with open({notes!r}, "a") as notes:
        print(json.dumps(["sendfile", sent]), file=notes)
    return sent

Response.sendfile = noting

def app(environ, start_response):
    file = open({path!r}, "rb")
    start_response("200 OK", [("Content-Length", {size!r})])
    return environ["wsgi.file_wrapper"](file)

def note(violation):
    with open({notes!r}, "a") as notes:
        print(json.dumps([violation.requirement, str(violation)]), file=notes)

application = WSGIValidator(app, on_violation=note, level="should")
"""


@pytest.mark.skipif(not hasattr(os, "sendfile"), reason="sendfile is not on this platform")
def test_sendfile_still_happens(tmp_path):
    content, notes = os.urandom(SIZE), tmp_path / "notes"
    (tmp_path / "file").write_bytes(content)
    names = {"notes": str(notes), "path": str(tmp_path / "file"), "size": str(SIZE)}
    (tmp_path / "served.py").write_text(textwrap.dedent(SERVED).format(**names))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listening.fileno()}", "served"],
            cwd=tmp_path,
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            client.request("GET", "/")  # it waits in the backlog until the server is there
            assert client.getresponse().read() == content
            client.close()
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(SECONDS)

    assert notes.read_text().splitlines() == ['["sendfile", true]']
