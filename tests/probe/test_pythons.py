"""The probe does and writes down the same under every Python that servers run on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateproof.targets import probe
from gateproof.targets.journal import together
from gateproof.targets.script import (
    ANSWER,
    ECHO,
    New,
    Script,
    answer,
    catching,
    drain,
    echo,
    errors,
    filled,
    iterate,
    join,
    note,
    raise_,
    read,
    readline,
    readlines,
    receive,
    repeat,
    respond,
    result,
    return_,
    send,
    spawn,
    start,
    state,
    wait,
    write,
    yield_,
)

VERSIONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
HERE = Path(__file__).resolve().parent
DEADLINE = 60


def interpreter(version: str) -> str:
    """A Python of ``version`` on this machine, ``""`` if there is none."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    installed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for folder in sorted(installed.glob(f"{version}.*"), reverse=True):
        if (folder / "bin" / "python").exists():
            return str(folder / "bin" / "python")
    return shutil.which(f"python{version}") or ""


TWICE = Script(
    wsgi=(
        start(),
        catching(start("500 Twice")),
        start("500 Oops", exc_info="raised"),
        result("list", b"oops"),
    ),
    asgi=(
        drain(),
        send({"type": "http.response.start", "status": 200}),
        catching(send({"type": "http.response.start", "status": 500})),
        send({"type": "http.response.body", "body": b"oops"}),
        return_(7),
    ),
    legal=False,
)
SCRIPTS = {
    "answer": ANSWER,
    "pieces": answer(pieces=(b"a", b"b", b"c"), length=False),
    "bulk": answer(body=filled(300_000)),
    "echo": ECHO,
    "twice": TWICE,
    "late": Script(
        wsgi=(
            start(),
            result(
                "generator",
                b"a",
                catching(start("500 Late", exc_info="raised")),
                raise_("ValueError", "in the middle"),
                close=[note("left")],
            ),
        ),
        asgi=(
            drain(),
            send({"type": "http.response.start", "status": 200}),
            send({"type": "http.response.body", "body": b"a", "more_body": True}),
            raise_("ValueError", "in the middle"),
        ),
    ),
    "before": Script(wsgi=(raise_("KeyError", "x"),), asgi=(raise_("KeyError", "x"),)),
    "reading": Script(
        wsgi=(
            readline(),
            readline(2),
            read(1),
            readlines(),
            iterate(),
            errors("text\n", "more\n"),
            start(),
            result("iterator", b"a", close=[note("closed")]),
        ),
        asgi=(
            receive(),
            receive(),
            receive(within=0.05),
            respond(),
            receive(),
        ),
    ),
    "writing": Script(
        wsgi=(start(), write(b"a"), write(b"b"), result("tuple", b"c")),
        asgi=(
            drain(),
            state("own"),
            send({"type": "http.response.start", "status": 200, "headers": New("iterator", [])}),
            repeat(3, send({"type": "http.response.body", "body": b"x", "more_body": True})),
            send({"type": "http.response.body"}),
        ),
    ),
    "beside": Script(
        wsgi=(spawn(note("beside"), raise_()), join(), start(), result("sized", b"a", b"b")),
        asgi=(
            drain(),
            spawn(note("beside"), raise_()),
            join(),
            respond(),
        ),
    ),
    "waiting": Script(
        wsgi=(
            wait("now"),
            wait("never", within=0.05),
            start(),
            result("indexed", b"a", yield_(b"")),
        ),
        asgi=(wait("now"), wait("never", within=0.05), echo(201)),
    ),
    "file": Script(
        wsgi=(start(), result("file_wrapper", b"some", b" file", close=[note("closed")])),
        asgi=(drain(), respond(204, (), b"")),
    ),
    "iterable": Script(
        wsgi=(start(), result("iterable", b"a", b"", b"b", close=None)),
        asgi=(drain(), respond(New("subclass", 200))),
    ),
}
BODIES = {
    "answer": ("ok", "ok"),
    "pieces": ("abc", "abc"),
    "echo": ("one\ntwo\nthree", "onetwo"),
    "twice": ("oops", "oops"),
    "late": ("a", "a"),
    "before": ("", ""),
    "reading": ("a", "ok"),
    "writing": ("abc", "xxx"),
    "beside": ("ab", "ok"),
    "waiting": ("a", "onetwo"),
    "file": ("some file", ""),
    "iterable": ("ab", "ok"),
}


def shape(call):
    """What of a call is equal under every Python: its steps, and what crossed by most of them."""
    return [
        (rung.step, plain(rung.data))
        for rung in call.rungs
        if rung.step not in ("call", "loop", "file-wrapper")
    ]


def plain(data):
    return re.sub(r"0x[0-9a-f]+|wait_for|[0-9a-f]{9,}", "", repr(data))


def run(python, folder, tokens):
    shutil.copy(probe.__file__, folder.path / "probe.py")
    done = subprocess.run(
        [python, "-W", "error", "-B", HERE / "driver.py", *tokens],
        env={**folder.environment(), "PYTHONPATH": str(folder.path), "PATH": os.defpath},
        cwd=folder.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """What this Python writes down of each script."""
    return played(sys.executable, tmp_path_factory.mktemp("here"))


def played(python, where):
    from gateproof.targets.probe_folder import ProbeFolder

    folder = ProbeFolder(where)
    tokens = {folder.lay(script): name for name, script in SCRIPTS.items()}
    for token in tokens:
        folder.let(token, "now")
    *seen, last = run(python, folder, list(tokens))
    calls = {
        (tokens[call.token], call.interface): call
        for token in tokens
        for call in folder.calls(token)
    }
    return seen, calls, folder, tokens, last


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_under_every_python(version, here, tmp_path, told):
    python = interpreter(version)
    if not python:
        pytest.skip(f"no Python {version} on this machine")

    seen, calls, folder, tokens, last = played(python, tmp_path)

    assert last["python"] == list(map(int, version.split(".")))
    assert "gateproof" not in last["loaded"]
    assert len(calls) == 2 * len(SCRIPTS)
    for one in seen:
        name = tokens[one["token"]]
        if name in BODIES:
            assert one["body"] == BODIES[name][one["interface"] == "asgi"], name
    for key, call in calls.items():
        assert call.ended, key
        assert call.meta["python"].startswith(f"{version}.")
        assert shape(call) == shape(here[1][key]), key
        assert told(call.violations()) == told(here[1][key].violations()), key
    assert [call.ended for call in folder.lifespans()] == [True]
    assert together(folder.every()) == []
    odd = {v.requirement for call in folder.strays() for v in call.violations()}
    assert odd == {v.requirement for call in here[2].strays() for v in call.violations()}
    assert {
        "asgi.receive.awaitable-callable",
        "asgi.app.awaited-with-three-arguments",
        "asgi.scope.first-argument",
    } <= odd


def test_what_is_legal_breaks_nothing(here):
    _, calls, *_ = here
    graver = {
        key: [str(v) for v in call.violations() if v.verdict == "fail"]
        for key, call in calls.items()
        if SCRIPTS[key[0]].legal
    }

    assert {key: found for key, found in graver.items() if found} == {}
