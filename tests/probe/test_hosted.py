"""A probe on another host: what it does for whoever shows the secret, and for nobody else."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import threading
from pathlib import Path
from wsgiref import simple_server

import pytest

from gateproof.targets import probe
from gateproof.targets.load import TargetError
from gateproof.targets.probe_folder import encoded, new_token
from gateproof.targets.probe_remote import RemoteProbe
from gateproof.targets.script import ANSWER, ECHO, Script, answer, result, send, start, wait

SECRET = "a long secret \N{SNOWMAN}"
SHOWN = SECRET.encode("utf-8").decode("latin-1")
DEADLINE = 10


@pytest.fixture
def run(folder):
    return probe.Run(str(folder.path), SECRET)


class Asked:
    """What a control request gave: status, headers, JSON."""

    def __init__(self, status, headers, body):
        self.status = int(status)
        self.headers = {name.lower(): value for name, value in headers}
        self.held = json.loads(body)


def under_wsgi(run, method, path, secret, body):
    return under_wsgi_with(probe.wsgi_application(run), method, path, secret, body)


def under_wsgi_with(app, method, path, secret, body):
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "/mounted",
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    if secret is not None:
        environ["HTTP_X_GATEPROOF_SECRET"] = secret
    seen = []
    answered = app(environ, lambda *args: seen.extend(args))
    return Asked(seen[0].split()[0], seen[1], b"".join(answered))


def under_asgi(run, method, path, secret, body):
    headers = [] if secret is None else [(b"x-gateproof-secret", secret.encode("latin-1"))]
    scope = {"type": "http", "method": method, "path": f"/mounted{path}", "headers": headers}
    cuts = [body[at : at + 100_000] for at in range(0, len(body), 100_000)] or [b""]
    events = [
        {"type": "http.request", "body": piece, "more_body": n + 1 < len(cuts)}
        for n, piece in enumerate(cuts)
    ]
    sent = []

    async def receive():
        return events.pop(0)

    async def send(event):
        sent.append(event)

    asyncio.run(probe.asgi_application(run)(scope, receive, send))
    begun, whole = sent
    pairs = [(name.decode(), value.decode()) for name, value in begun["headers"]]
    return Asked(begun["status"], pairs, whole["body"])


@pytest.fixture(params=[under_wsgi, under_asgi], ids=["wsgi", "asgi"])
def ask(request, run):
    def asked(method, what, body=b"", secret=SHOWN, run=run):
        return request.param(run, method, f"/gateproof-probe/{what}", secret, body)

    return asked


def test_it_tells_who_it_is(ask, folder):
    asked = ask("GET", "run")

    assert asked.status == 200
    assert asked.held["run"] == folder.run
    assert asked.held["probe"] == asked.headers["x-gateproof-probe"] == probe.VERSION


@pytest.mark.parametrize("secret", [None, "", "wrong", SHOWN[:-1], SHOWN + "x", "\xff" * 1000])
@pytest.mark.parametrize(
    ("method", "what"),
    [("GET", "run"), ("PUT", "scripts/default"), ("GET", "calls/none"), ("POST", "go/x.y")],
)
def test_nothing_is_done_without_the_secret(ask, folder, method, what, secret):
    before = sorted(folder.path.rglob("*"))

    asked = ask(method, what, encoded(ANSWER), secret)

    assert asked.status == 403
    assert folder.run not in json.dumps(asked.held)
    assert sorted(folder.path.rglob("*")) == before


@pytest.mark.parametrize(
    "what",
    [
        "scripts/../run",
        "scripts/..%2frun",
        "scripts/gpabcdefghijkl/../../x",
        "scripts//etc/passwd",
        "scripts/gpabcdefghijkl\n",
        "scripts/GPABCDEFGHIJKL",
        "scripts/run",
        "calls/..",
        "calls/../scripts",
        "calls/gpabcdefghijkl\x00",
        "calls/*",
        "calls/",
        "go/gpabcdefghijkl.",
        "go/gpabcdefghijkl.a/b",
        "go/gpabcdefghijkl...",
        "go/../x",
        "run/..",
        "",
        "..",
    ],
)
def test_no_other_file_is_reached(ask, folder, what):
    before = {path: path.is_file() and path.read_bytes() for path in folder.path.rglob("*")}

    statuses = {ask(method, what, b"gpabcdefghijkl").status for method in ("GET", "PUT", "DELETE")}

    assert statuses == {404}
    assert {path: path.is_file() and path.read_bytes() for path in folder.path.rglob("*")} == before


def test_what_is_too_large_is_refused(ask, folder):
    asked = ask("PUT", "scripts/default", b"x" * (probe.LARGEST + 1))

    assert asked.status == 413
    assert not (folder.path / "default").exists()


def test_what_is_laid_is_bounded_and_the_oldest_go_first(ask, folder, run, monkeypatch):
    monkeypatch.setattr(probe, "KEPT", 5)
    tokens = [new_token() for _ in range(8)]
    for age, token in enumerate(tokens):
        assert ask("PUT", f"scripts/{token}", encoded(ANSWER)).status == 200
        os.utime(folder.path / "scripts" / token, (age, age))
        assert ask("POST", f"go/{token}.a").status == 200

    assert {path.name for path in (folder.path / "scripts").iterdir()} == set(tokens[-5:])
    assert len(list((folder.path / "go").iterdir())) == 5


def test_calls_are_bounded(folder, run, monkeypatch):
    monkeypatch.setattr(probe, "KEPT", 5)
    token = folder.lay(ANSWER)

    for _ in range(9):
        run.journal("wsgi", token).end()

    assert len(folder.calls(token)) == 5


def test_a_journal_is_bounded_and_still_ends(folder, run):
    token = folder.lay(ANSWER)
    made = run.journal("asgi", token)
    for _ in range(100):
        made.add("return", os.urandom(20_000))
    made.end()

    (call,) = folder.calls(token)
    assert call.ended
    assert call.clipped
    assert len(call.rungs) < 60
    assert sum(path.stat().st_size for path in (folder.path / "calls").iterdir()) < 1_100_000


def test_of_those_who_pass_by_nothing_is_kept(folder, run):
    environ = {"PATH_INFO": f"/{new_token()}", "REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
    answered = probe.wsgi_application(run)(environ, lambda *_: None)

    assert b"".join(answered) == b"gateproof probe 1\n"
    assert folder.every() == []


@pytest.mark.parametrize(
    "event",
    [
        {"type": "http.response.pathsend", "path": "/etc/passwd"},
        {"type": "http.response.zerocopysend", "file": 0},
    ],
)
def test_no_file_of_the_host_is_sent(folder, run, event):
    token = folder.lay(Script(asgi=(send(event),)))
    sent = []

    async def send_(event):
        sent.append(event)

    scope = {"type": "http", "method": "GET", "path": f"/{token}", "headers": []}
    with pytest.raises(probe.ScriptError, match="no file but its own"):
        asyncio.run(probe.asgi_application(run)(scope, None, send_))

    assert sent == []


def test_without_a_secret_only_the_name_of_the_run_is_told(folder, ask):
    local = probe.Run(str(folder.path))

    assert ask("GET", "run", run=local, secret=None).held["run"] == folder.run
    assert ask("PUT", "scripts/default", encoded(ANSWER), run=local).status == 404
    assert ask("GET", "calls/none", run=local).status == 404


def test_a_full_or_missing_folder_is_said(ask, folder):
    folder.remove()

    asked = ask("PUT", f"scripts/{new_token()}", encoded(ANSWER))

    assert asked.status == 500
    assert "No such file" in asked.held["error"]


def test_one_answer_holds_so_many_journals(ask, folder, run, monkeypatch):
    monkeypatch.setattr(probe, "LARGEST", 10_000)
    token = folder.lay(ANSWER)
    for _ in range(30):
        made = run.journal("asgi", token)
        made.add("return", os.urandom(5_000))
        made.end()

    texts = ask("GET", f"calls/{token}").held["calls"]

    assert 5 < len(texts) < 30
    assert sum(map(len, texts)) <= 160_000


def test_an_empty_folder_is_furnished(tmp_path, monkeypatch):
    monkeypatch.setenv("GATEPROOF_PROBE", str(tmp_path))
    monkeypatch.setenv("GATEPROOF_PROBE_SECRET", SECRET)

    wsgi, _ = probe._deployed()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls", "go", "scripts"]
    asked = under_wsgi_with(wsgi, "PUT", "/gateproof-probe/scripts/default", SHOWN, b"x")
    assert asked.status == 200
    assert (tmp_path / "default").read_bytes() == b"x"


def test_its_own_folder_is_this_users_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    first = Path(probe.own_folder("secret"))

    assert probe.own_folder("secret") == str(first)
    assert probe.own_folder("other") not in ("", str(first))
    assert first.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in first.iterdir()) == ["calls", "go", "scripts"]
    first.chmod(0o755)
    assert probe.own_folder("secret") == ""


def test_a_link_in_the_place_of_its_folder_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mine = Path(probe.own_folder("secret"))
    mine.rename(tmp_path / "elsewhere")
    mine.symlink_to(tmp_path / "elsewhere")

    assert probe.own_folder("secret") == ""


# From the other side -----------------------------------------------------------------


class Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def serving():
    """Serves an application on loopback: its URL."""
    servers = []

    def serve(app):
        server = simple_server.make_server("127.0.0.1", 0, app, handler_class=Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join(DEADLINE)


def fetched(url, path, body=b""):
    import http.client

    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=DEADLINE)
    try:
        connection.request("POST", path, body)
        answered = connection.getresponse()
        return answered.status, answered.read()
    finally:
        connection.close()


def test_scripts_go_there_and_journals_come_back(serving, run, folder):
    url = serving(probe.wsgi_application(run))
    remote = RemoteProbe(url, SECRET)
    token = remote.lay(ECHO)

    assert remote.facts["interface"] == "wsgi"
    assert fetched(url, f"/{token}", b"hello") == (200, b"hello")
    (call,) = asyncio.run(remote.ended(token, within=DEADLINE))
    assert call.ended
    assert call.body == b"hello"
    assert call.meta["run"] == remote.run == run.name()
    assert [v for v in call.violations() if v.verdict == "fail"] == []
    remote.forget(token)
    assert remote.calls(token) == []


def test_it_can_be_armed_and_let_go_on(serving, run):
    url = serving(probe.wsgi_application(run))
    remote = RemoteProbe(url, SECRET)
    remote.arm(answer(503, body=b"armed"))

    assert fetched(url, "/anything") == (503, b"armed")
    assert [call.token for call in remote.strays()] == [""]
    token = remote.lay(Script(wsgi=(wait("now", within=DEADLINE), start(), result("list", b"x"))))
    remote.let(token, "now")
    assert fetched(url, f"/{token}") == (200, b"x")
    assert {"waited": "now", "let": True} in remote.calls(token)[0].notes
    remote.remove()
    assert fetched(url, "/anything") == (200, b"gateproof probe 1\n")


def plain(body, headers=()):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), *headers])
        return [body]

    return app


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        (plain(b"hello"), "no probe answers at .* status 200"),
        (plain(b"gateproof probe 1\n"), "without GATEPROOF_PROBE_SECRET"),
        (plain(b"{}", [("X-Gateproof-Probe", "0")]), "of version '0', this is version '1'"),
        (plain(b"<html>", [("X-Gateproof-Probe", "1")]), "answers no JSON"),
    ],
    ids=["none", "no secret", "version", "no json"],
)
def test_what_is_no_probe_of_ours_is_said(serving, app, sentence):
    with pytest.raises(TargetError, match=sentence):
        RemoteProbe(serving(app), SECRET)


def test_another_secret_is_said(serving, run):
    with pytest.raises(TargetError, match="another secret"):
        RemoteProbe(serving(probe.wsgi_application(run)), "wrong")


def test_trouble_with_tls_is_said(serving, run):
    url = serving(probe.wsgi_application(run)).replace("http:", "https:")

    with pytest.raises(TargetError, match=r"TLS with .* fails"):
        RemoteProbe(url, SECRET, within=DEADLINE)


def test_that_nobody_listens_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TargetError, match="cannot be reached: connection refused"):
            RemoteProbe(f"http://127.0.0.1:{taken.getsockname()[1]}", SECRET)


def test_what_is_no_secret_is_said():
    with pytest.raises(TargetError, match="a line of text"):
        RemoteProbe("http://127.0.0.1:1", "one\r\nX-Two: 2")


@pytest.mark.parametrize("url", ["", "example.org", "ftp://example.org", "http://", "http://a:b/"])
def test_what_is_no_url_is_said(url):
    with pytest.raises(TargetError, match=r"no URL|no valid port"):
        RemoteProbe(url, SECRET)
