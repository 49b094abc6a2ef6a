"""Whatever becomes of folder, process or objects, the application answers as it would."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest
from corpus.play_asgi import Server
from corpus.play_wsgi import Served, environ, play

from gateproof.targets import probe
from gateproof.targets.journal import together
from gateproof.targets.probe_folder import ProbeFolder
from gateproof.targets.script import ANSWER, ECHO, Script, answer, result, start

DEADLINE = 60


def ask(app, token, **changes):
    return play(app, Served(environ=environ(PATH_INFO=f"/{token}", **changes)))


# The folder ------------------------------------------------------------------------


def test_the_folder_is_its_owners_alone(folder):
    assert folder.path.stat().st_mode & 0o777 == 0o700
    for path in folder.path.iterdir():
        assert path.is_file() or path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_has_gone(recorded, folder):
    folder.remove()

    served = ask(recorded.wsgi(), "gpaaaaaaaaaaaa")

    assert served.status == "200 OK"
    assert b"".join(served.body).startswith(b"gateproof probe")
    assert not folder.path.exists()


def test_a_folder_that_goes_during_the_call(recorded, folder):
    def app(environ, start_response):
        write = start_response("200 OK", [])
        shutil.rmtree(folder.path)
        write(b"a")
        return iter([b"b"])

    served = play(recorded.wsgi(app), Served(environ=environ()))

    assert served.body == [b"a", b"b"]
    assert not folder.path.exists()


def test_a_disk_that_is_full(recorded, folder, monkeypatch):
    written = []

    def full(fd, line):
        written.append(line)
        if len(written) > 3:
            raise OSError(28, "No space left on device")
        return os_write(fd, line)

    os_write = os.write
    monkeypatch.setattr(os, "write", full)

    served = ask(recorded.wsgi(), folder.lay(ECHO), body=b"hello")

    monkeypatch.undo()
    assert served.body == [b"hello"]
    assert len(written) == 4
    assert len(folder.every()[0].rungs) == 2


def descriptors():
    """How many are open, 0 where that cannot be told."""
    try:
        return len(list(Path("/proc/self/fd").iterdir()))
    except OSError:
        return 0


def test_no_descriptor_is_left_open(recorded, folder):
    token = folder.lay(ANSWER)
    before = descriptors()

    for _ in range(50):
        ask(recorded.wsgi(), token)
    for _ in range(50):
        server = Server(path=f"/{token}")
        asyncio.run(recorded.asgi()(server.scope, server.receive, server.send))
    gc.collect()

    assert descriptors() <= before + 1
    assert len(folder.calls(token)) == 100


def test_what_comes_after_the_end_is_written_down_as_well(recorded, folder):
    kept = []

    async def app(scope, receive, send):
        await receive()
        kept.append(receive)

    server = Server()
    asyncio.run(recorded.asgi(app)(server.scope, server.receive, server.send))
    (before,) = folder.strays()
    asyncio.run(_awaited(kept[0]))

    (after,) = folder.strays()
    assert [rung.step for rung in before.rungs][-1] == "end"
    assert [rung.step for rung in after.rungs[len(before.rungs) :]] == ["receive", "received"]


async def _awaited(call):
    return await call()


# Objects ---------------------------------------------------------------------------


class CanaryError(Exception):
    pass


def test_no_exception_is_kept(recorded):
    seen = []

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise CanaryError
        except CanaryError as error:
            seen.append(weakref.ref(error))
            start_response("500 Oops", [], sys.exc_info())
        return [b"x"]

    gc.disable()
    try:
        play(recorded.wsgi(app), Served(environ=environ())).result = None
        alive = seen[0]() is not None
    finally:
        gc.enable()

    assert not alive


def test_what_a_server_keeps_is_seen(recorded, folder):
    kept = []

    def app(environ, start_response):
        try:
            raise CanaryError
        except CanaryError:
            start_response("500 Oops", [], sys.exc_info())
        return [b"x"]

    def start_response(status, headers, exc_info=None):
        kept.append(exc_info)
        return kept.append

    recorded.wsgi(app)(environ(), start_response).close()

    (call,) = folder.strays()
    assert "wsgi.exc-info.no-reference-kept" in {v.requirement for v in call.violations()}


def test_no_environ_is_kept(recorded):
    class Own(dict):
        pass

    made = environ()
    held = made["held"] = Own()
    seen = weakref.ref(held)
    del held
    result = recorded.wsgi()(made, lambda *_: None)
    list(result)
    result.close()
    del made, result

    gc.collect()
    assert seen() is None


class Hostile:
    def __getattribute__(self, name):
        raise RuntimeError("leave me alone")

    __repr__ = __str__ = None


class HostileDict(dict):
    def get(self, *_):
        raise RuntimeError("leave me alone")

    __getitem__ = __iter__ = items = keys = copy = get


def test_hostile_objects_in_an_environ(recorded, folder):
    made = environ(**{"x.hostile": Hostile(), "x.dict": HostileDict(a=1), "HTTP_X": Hostile()})
    made["x.self"] = made

    served = play(recorded.wsgi(), Served(environ=made))

    assert served.status == "200 OK"
    (call,) = folder.strays()
    assert call.ended
    assert dict.__getitem__(call.request["x.dict"], "a") == 1


def test_what_holds_itself_many_times_has_an_end(recorded, folder):
    made = environ()
    made["x.self"] = made["x.other"] = made
    laughs = ["ha"]
    for _ in range(60):
        laughs = [laughs, laughs]
    made["x.laughs"] = laughs

    play(recorded.wsgi(), Served(environ=made))

    assert folder.strays()[0].ended
    assert sum(path.stat().st_size for path in (folder.path / "calls").iterdir()) < 60_000_000


@pytest.mark.parametrize("odd", [None, 7, [], HostileDict(PATH_INFO="/")])
def test_an_environ_of_no_kind(recorded, folder, odd):
    def app(environ, start_response):
        assert environ is odd
        return [b"x"]

    result = recorded.wsgi(app)(odd, lambda *_: None)

    assert list(result) == [b"x"]
    result.close()
    (call,) = folder.strays()
    assert "wsgi.environ.exact-dict" in {v.requirement for v in call.violations()}


@pytest.mark.parametrize("odd", [None, 7, HostileDict(type="http")])
def test_a_scope_of_no_kind(recorded, folder, odd):
    async def app(scope, receive, send):
        assert scope is odd

    server = Server()
    asyncio.run(recorded.asgi(app)(odd, server.receive, server.send))

    (call,) = folder.strays()
    assert call.ended
    assert call.violations()


# Processes and threads ---------------------------------------------------------------

MANY = """
import io, os, sys, threading
import probe
tokens = sys.argv[1:]
def ask(token):
    sent = []
    made = {"PATH_INFO": "/" + token, "REQUEST_METHOD": "GET", "SCRIPT_NAME": "",
            "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.multithread": True}
    result = probe.wsgi(made, lambda *_: sent.append)
    sent.extend(result)
    result.close()
    assert sent == [b"ok"], sent
def work():
    for token in tokens:
        ask(token)
def threads():
    made = [threading.Thread(target=work) for _ in range(4)]
    for one in made: one.start()
    for one in made: one.join(30)
work()
children = []
for _ in range(3):
    child = os.fork()
    if not child:
        try:
            threads()
        except BaseException:
            os._exit(1)
        os._exit(0)
    children.append(child)
threads()
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""


def alone(folder, code, *arguments, python=sys.executable, **how):
    """Runs code in a process in which nothing but the probe is importable."""
    shutil.copy(probe.__file__, folder.path / "probe.py")
    return subprocess.run(
        [python, "-c", code, *arguments],
        env={**folder.environment(), "PYTHONPATH": str(folder.path), "PATH": os.defpath},
        cwd=folder.path,
        timeout=DEADLINE,
        **{"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, **how},
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_forks_after_the_import_and_threads(folder):
    tokens = [folder.lay(ANSWER) for _ in range(10)]

    done = alone(folder, MANY, *tokens)

    assert done.returncode == 0, done.stderr
    for token in tokens:
        calls = folder.calls(token)
        assert len(calls) == 1 + 4 + 3 * 4
        assert all(call.ended for call in calls)
        assert len({call.meta["pid"] for call in calls}) == 4
        steps = {tuple(rung.step for rung in call.rungs) for call in calls}
        assert len(steps) == 1, "lines of different calls are mixed"


def test_standard_streams_that_are_closed(folder):
    token = folder.lay(ANSWER)
    code = "import os, sys\nfor fd in 0, 1, 2: os.close(fd)\nsys.stdout = sys.stderr = None\n"
    code += "import io, probe\n"
    code += f"made = {{'PATH_INFO': '/{token}', 'wsgi.input': io.BytesIO()}}\n"
    code += "result = probe.wsgi(made, lambda *_: None)\n"
    code += "list(result)\nresult.close()\nos._exit(7)\n"

    assert alone(folder, code).returncode == 7
    (call,) = folder.calls(token)
    assert call.ended
    assert [rung.step for rung in call.rungs][:3] == ["call", "start_response", "started"]


def test_sub_interpreters(folder):
    token = folder.lay(ANSWER)
    inner = "import io, probe\n"
    inner += f"made = {{'PATH_INFO': '/{token}', 'wsgi.input': io.BytesIO()}}\n"
    inner += "result = probe.wsgi(made, lambda *_: None)\nlist(result)\nresult.close()\n"
    code = f"""
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
for _ in range(3):
    one = interpreters.create()
    failed = interpreters.run_string(one, {inner!r})
    assert not failed, failed
    interpreters.destroy(one)
"""

    done = alone(folder, code)

    assert done.returncode == 0, done.stderr
    calls = folder.calls(token)
    assert [call.ended for call in calls] == [True] * 3
    assert len({call.meta["pid"] for call in calls}) == 1


def test_a_process_that_dies_keeps_what_was_before(folder):
    token = folder.lay(Script(wsgi=(start(), result("generator", b"a", b"b"))))
    code = "import io, os, probe\n"
    code += f"made = {{'PATH_INFO': '/{token}', 'wsgi.input': io.BytesIO()}}\n"
    code += "for piece in probe.wsgi(made, lambda *_: None): os.kill(os.getpid(), 9)\n"

    assert alone(folder, code).returncode == -9
    (call,) = folder.calls(token)
    assert not call.ended
    assert [rung.step for rung in call.rungs][-2:] == ["next", "item"]


def test_a_process_that_ends_amid_a_response_blames_nobody(folder):
    token = folder.lay(Script(wsgi=(start(), result("generator", b"a", b"b"))))
    code = "import io, sys, probe\n"
    code += f"made = {{'PATH_INFO': '/{token}', 'wsgi.input': io.BytesIO()}}\n"
    code += "sys.kept = probe.wsgi(made, lambda *_: len)\nsys.kept = iter(sys.kept)\n"
    code += "next(sys.kept)\nsys.exit(3)\n"

    done = alone(folder, code)

    assert (done.returncode, done.stderr) == (3, "")
    (call,) = folder.calls(token)
    closing = {v.requirement for v in call.violations() if "close" in v.requirement}
    assert closing == set()


def test_a_large_number_of_calls_at_once(recorded, folder):
    token = folder.lay(answer(pieces=(b"a", b"b")))
    app = recorded.wsgi()
    threads = [
        threading.Thread(target=lambda: [ask(app, token) for _ in range(10)]) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    calls = folder.calls(token)
    assert len(calls) == 160
    assert all(call.ended for call in calls)
    assert together(calls) == []


def test_waiting_for_what_never_ends_is_bounded(folder):
    before = time.monotonic()

    assert asyncio.run(folder.ended("gpaaaaaaaaaaaa", within=0.1)) == []
    assert time.monotonic() - before < 5


def test_forgetting_a_token(recorded, folder):
    token = folder.lay(ANSWER)
    folder.let(token, "a")
    ask(recorded.wsgi(), token)

    folder.forget(token)

    assert folder.calls(token) == []
    assert not list(folder.path.glob(f"*/{token}*"))


def test_a_token_of_another_form_is_refused(folder):
    with pytest.raises(ValueError, match="no token"):
        folder.lay(ANSWER, "../x")


def test_folders_are_removed(tmp_path):
    made = ProbeFolder(tmp_path)

    made.remove()
    made.remove()

    assert list(tmp_path.iterdir()) == []
