"""Looking at processes, and small programs that behave as servers do, well and badly."""

from __future__ import annotations

import os
import select
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateproof.targets.adapter import Adapter, Launch
from gateproof.targets.process import ServerProcess

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def until(condition: Callable[[], object], within: float = 10.0) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            return False
        select.select([], [], [], 0.01)
    return True


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("latin-1").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def marked(text: str) -> set[int]:
    """Processes that are alive and were started with this text in their environment."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and text.encode() in (entry / "environ").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue
    return {pid for pid in found if is_alive(pid)}


@dataclass
class Programs:
    """Starts programs through `ServerProcess`, and ends them with the test."""

    folder: Path
    started: list[ServerProcess] = field(default_factory=list)

    def write(self, code: str) -> Path:
        path = self.folder / f"program{len(list(self.folder.iterdir()))}.py"
        path.write_text(textwrap.dedent(code))
        return path

    def start(self, code: str, fds: tuple[int, ...] = (), **env: str) -> ServerProcess:
        """Run code; it shows that it is ready by printing."""
        env = {"PATH": os.environ.get("PATH", ""), "MARK": str(self.folder), **env}
        path = self.write(code)
        process = ServerProcess(
            [sys.executable, "-u", str(path)], env, self.folder, self.folder, fds, path.stem
        )
        self.started.append(process)
        return process

    def says(self, process: ServerProcess, count: int = 1) -> list[str]:
        """The first words that the program printed, once so many are there."""

        def words() -> list[str]:
            return process.stdout.read_text().split() if process.stdout.exists() else []

        assert until(lambda: len(words()) >= count), process.stderr.read_text()
        return words()


def adapter_for(path: Path, *, listen: Any = "zero", name: str = "planted", **more: Any) -> Adapter:
    """An adapter that starts a Python file with host, port, application and descriptor."""

    def argv(launch: Launch) -> list[str]:
        return [
            sys.executable, str(path), launch.host, str(launch.port), launch.app, str(launch.fd),
        ]  # fmt: skip

    return Adapter(
        name=name, distribution="", interfaces=("wsgi",), argv=argv, listen=listen, **more
    )


SERVE = """
    import importlib, sys
    from wsgiref.simple_server import WSGIServer, WSGIRequestHandler, make_server

    host, port, app, fd = sys.argv[1:]
    module, _, name = app.partition(":")
    app = getattr(importlib.import_module(module), name)
"""
"""The beginning of a planted server's code."""


def on(target: str, python: Path) -> str:
    """A target string, for a certain interpreter unless that is this one."""
    if python == Path(sys.executable):
        return target
    return f"{target[:-1]},python={python}]" if "[" in target else f"{target}[python={python}]"
