"""One server process, started through its keeper: logs kept, stopped in time, nothing left."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateproof.targets import keeper

GRACE = 10.0  # seconds between SIGTERM and SIGKILL
MARK = "GATEPROOF_SERVER"  # environment variable by which every descendant can be told


class ProcessError(Exception):
    """A process that could not be started; the text is one sentence."""


@dataclass(frozen=True)
class Stopped:
    """How a server process ended.

    Attributes:
        code: exit code of the leader, negative for the signal that ended it.
        seconds: from SIGTERM to the leader's end.
        killed: the grace ran out (or none was given) and it was killed.
        left: how many other processes outlived the leader and were killed.
    """

    code: int | None
    seconds: float
    killed: bool
    left: int


class ServerProcess:
    """A server process and all its descendants.

    Args:
        argv: the command.
        env: its whole environment.
        cwd: its working directory.
        logs: folder for its two log files.
        fds: descriptors that it inherits, under the same numbers.
        name: stem of the log files: `name`.stdout and `name`.stderr.

    Attributes:
        pid: the leader's process id, which is that of its group too.
        stdout: log file.
        stderr: log file.
        gone: the leader has ended; others of its group may still be about to.
        code: its exit code, once it is gone.

    Raises:
        ProcessError: it could not be executed.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        logs: Path,
        fds: Sequence[int] = (),
        name: str = "server",
    ) -> None:
        self.argv = list(argv)
        self.stdout = logs / f"{name}.stdout"
        self.stderr = logs / f"{name}.stderr"
        self.mark = uuid.uuid4().hex
        self.code: int | None = None
        self.gone = False
        self._ended: Stopped | None = None
        self._pending = b""
        ours, theirs = socket.socketpair()
        self._line = ours
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno(), *fds],
            start_new_session=True,
        )
        theirs.close()
        order = {
            "argv": self.argv,
            "env": {**env, MARK: self.mark},
            "cwd": str(cwd),
            "stdout": str(self.stdout),
            "stderr": str(self.stderr),
            "fds": list(fds),
            "mark": f"{MARK}={self.mark}",
        }
        self.pid = 0
        try:
            ours.sendall(json.dumps(order).encode() + b"\n")
            news = self._news(10.0)
        except BaseException:
            self.kill()
            raise
        if news is None or "error" in news:
            self._finish(None)
            said = news["error"] if news else "its supervisor did not start"
            raise ProcessError(f"{self.argv[0]} could not be started: {said}")
        self.pid = int(news["pid"])

    def fileno(self) -> int:
        """Readable when the process has ended, for select."""
        return self._line.fileno()

    def poll(self, within: float = 0.0) -> Stopped | None:
        """How all of it ended, or None while it runs; waits up to ``within`` seconds for that."""
        until = time.monotonic() + within
        while self._ended is None:
            try:
                news = self._news(max(0.0, until - time.monotonic()))
            except TimeoutError:
                return None
            if news is not None and "gone" in news:
                self.gone, self.code = True, news["gone"]
            else:
                self._finish(news)
        return self._ended

    def stop(self, grace: float = GRACE) -> Stopped:
        """SIGTERM to the leader, ``grace`` seconds, then SIGKILL to all that is left."""
        if self._ended is None:
            self._order({"stop": grace})
        return self.poll(grace + keeper.SWEEP + 5.0) or self.kill()

    def kill(self) -> Stopped:
        """Kill all of it at once."""
        if self._ended is None:
            self._order({"kill": True})
        if self.poll(keeper.SWEEP + 5.0) is None:
            self._finish(None)
        return self._ended or Stopped(None, 0.0, True, 0)

    def living(self) -> set[int]:
        """Processes of this server that are alive now (where there is a /proc)."""
        if self._ended is not None:
            return keeper.living(-1, self.pid, f"{MARK}={self.mark}".encode())
        return keeper.living(self._keeper.pid, self.pid, f"{MARK}={self.mark}".encode())

    def _order(self, order: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._line.sendall(json.dumps(order).encode() + b"\n")

    def _news(self, within: float) -> dict[str, Any] | None:
        """The keeper's next line; None when it has gone.

        Raises:
            TimeoutError: nothing came.
        """
        until = time.monotonic() + within
        while b"\n" not in self._pending:
            rest = max(0.0, until - time.monotonic())
            if not select.select([self._line], [], [], rest)[0]:
                raise TimeoutError
            try:
                piece = self._line.recv(65536)
            except OSError:
                piece = b""
            if not piece:
                return None
            self._pending += piece
        text, _, self._pending = self._pending.partition(b"\n")
        return json.loads(text)  # type: ignore[no-any-return]

    def _finish(self, news: Mapping[str, Any] | None) -> None:
        """Note the end; where the keeper has gone without a word, do its work here."""
        left = 0
        if news is None or "code" not in news:
            self._keeper.kill()
            if self.pid:
                left = self._sweep()
            self._ended = Stopped(None, 0.0, True, left)
        else:
            self._ended = Stopped(
                news["code"], float(news["seconds"]), bool(news["killed"]), int(news["left"])
            )
        self.gone, self.code = True, self._ended.code
        self._line.close()
        self._keeper.wait(10)

    def _sweep(self) -> int:
        """Kill what a dead keeper left; returns how many processes there were."""
        mark = f"{MARK}={self.mark}".encode()
        found: set[int] = set()
        until = time.monotonic() + keeper.SWEEP
        while time.monotonic() < until:
            alive = keeper.living(-1, self.pid, mark)
            keeper.end(self.pid, alive)
            if not alive:
                break
            found |= alive
            select.select([], [], [], keeper.LOOK)
        return len(found)
