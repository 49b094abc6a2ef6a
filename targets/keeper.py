"""Supervisor of one server process: started with our own Python, standard library only.

It holds one end of a socket whose other end is ours. When our end closes, however we died, it
kills every process of the server; so a test runner that is killed leaves nothing running. On
Linux it is the subreaper of all descendants, so that daemons which left the server's session are
found too, and the kernel kills the server when the keeper dies.

What goes over the socket, one JSON object a line:

to the keeper
    the order (argv, env, cwd, stdout, stderr, fds, mark), once; then ``{"stop": grace seconds}``
    or ``{"kill": true}``.
from the keeper
    ``{"pid": n}`` or ``{"error": text}``; ``{"gone": exit code}`` when the leader ended before it
    had to be killed; then, when all is over, ``{"code": exit code of the
    leader, negative for a signal; "killed": whether the grace ran out; "left": processes that
    outlived the leader and were killed, "seconds": from SIGTERM to the leader's end}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

SUBREAPER, PARENT_DEATH = 36, 1  # prctl(2)
SWEEP = 5.0  # seconds that sweeping up may take
ITSELF = 0.5  # seconds for others to go by themselves after the leader has ended in time
PROC = os.path.isdir("/proc/self")  # noqa: PTH112 - pathlib would double our start
LOOK = 0.005  # seconds between two looks at what lives
GLANCE = 0.5  # seconds between looks at whether our parent is still the same


class Keeper:
    """Starts one server, waits for its end or for an order, and sweeps up.

    Args:
        line: our end of the socket to whoever ordered the server.
    """

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.parent = os.getppid()
        self.pending = b""
        self.pid = 0
        self.mark = b""
        self.code: int | None = None

    def run(self) -> int:
        """Do all of it; returns the keeper's own exit code."""
        control = prctl()
        if control:
            control(SUBREAPER, 1)
        order = self.order()
        if order is None:
            return 1
        self.mark = str(order.get("mark", "")).encode()
        woken, wake = os.pipe()
        for side in (woken, wake):
            os.set_blocking(side, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self.line.shutdown(socket.SHUT_RD))
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        try:
            self.pid = spawn(order, control)
        except OSError as problem:
            self.tell({"error": problem.strerror or str(problem)})
            return 1
        for fd in order["fds"]:
            os.close(fd)
        self.tell({"pid": self.pid})
        killed, began = self.watch(woken)
        if self.code is not None:
            self.tell({"gone": self.code})
        seconds = time.monotonic() - began
        left = self.sweep(killed)
        self.tell({"code": self.code, "killed": killed, "left": left, "seconds": seconds})
        return 0

    def watch(self, woken: int) -> tuple[bool, float]:
        """Wait for the leader's end, in time or by force.

        Returns:
            Whether it had to be killed, and when its stop began (`time.monotonic`).
        """
        began, until = time.monotonic(), None
        poll = select.poll()
        poll.register(self.line, select.POLLIN)
        poll.register(woken, select.POLLIN)
        while not self.reap():
            now = time.monotonic()
            if until is not None and now >= until:
                return True, began
            rest = GLANCE if until is None else min(GLANCE, until - now)
            ready = dict(poll.poll(max(1, rest * 1000)))
            if woken in ready:
                os.read(woken, 4096)
            if os.getppid() != self.parent:
                return True, began
            if self.line.fileno() in ready:
                order = self.order()
                if order is None or "kill" in order:
                    return True, time.monotonic()
                if "stop" in order and until is None:
                    began = time.monotonic()
                    until = began + float(order["stop"])
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self.pid, signal.SIGTERM)
        return False, began

    def order(self) -> dict[str, Any] | None:
        """The next line from the other end; None when that end is closed."""
        while b"\n" not in self.pending:
            try:
                piece = self.line.recv(65536)
            except OSError:
                return None
            if not piece:
                return None
            self.pending += piece
        text, _, self.pending = self.pending.partition(b"\n")
        return json.loads(text)  # type: ignore[no-any-return]

    def tell(self, news: dict[str, Any]) -> None:
        """Send one line; nobody may be listening any more."""
        with contextlib.suppress(OSError):
            self.line.sendall(json.dumps(news).encode() + b"\n")

    def reap(self) -> bool:
        """Collect what ended; whether the leader is among it."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return self.code is not None
            if pid == 0:
                return self.code is not None
            if pid == self.pid:
                self.code = os.waitstatus_to_exitcode(status)

    def sweep(self, killed: bool) -> int:
        """Wait for the others to go, then kill them, until none is left.

        Args:
            killed: the leader did not end in time, so nobody gets time.

        Returns:
            How many processes besides the leader had to be killed.
        """
        if not PROC:
            end(self.pid, set())
        found: set[int] = set()
        now = time.monotonic()
        mercy, until = now + (0.0 if killed else ITSELF), now + SWEEP
        while time.monotonic() < until:
            self.reap()
            alive = living(os.getpid(), self.pid, self.mark)
            if not alive and self.code is not None:
                break
            if time.monotonic() >= mercy:
                found |= alive
                end(self.pid, alive)
            select.select([], [], [], LOOK)
        if self.code is None:
            end(self.pid, set())
        return len(found - {self.pid})


def end(group: int, pids: set[int]) -> None:
    """SIGKILL to a process group and to processes, where they are still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def living(keeper: int, group: int, mark: bytes) -> set[int]:
    """Processes of the server that are alive: by descent, group, or mark in their environment.

    Args:
        keeper: process id of the keeper, from which all of them descend.
        group: the server's process group, which is its leader's process id.
        mark: text that only this server's environment holds; empty to go without.

    Returns:
        Process ids, zombies left out; where there is no /proc, an empty set.
    """
    if not PROC:
        return set()
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    parents: dict[int, int] = {}
    alive: set[int] = set()
    for pid in pids:
        if pid == keeper:
            continue
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
                state, parent, its_group = file.read().rpartition(b")")[2].split()[:3]
        except OSError:
            continue
        parents[pid] = int(parent)
        if state in b"ZX":
            continue
        if int(its_group) == group or (mark and mark in environment(pid)):
            alive.add(pid)
    descendants = {keeper}
    while True:
        more = {pid for pid, parent in parents.items() if parent in descendants} - descendants
        if not more:
            break
        descendants |= more
    return alive | {pid for pid in descendants - {keeper} if not zombie(pid)}


def environment(pid: int) -> bytes:
    """The environment that a process was started with; empty where it can't be read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""


def zombie(pid: int) -> bool:
    """Whether a process has ended, though nobody collected it yet."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b")")[2].split()[0] in b"ZX"
    except OSError:
        return True


def spawn(order: dict[str, Any], control: Any) -> int:
    """Start the server in a session of its own.

    Raises:
        OSError: it could not be executed.
    """
    failed, fails = os.pipe()
    stdin = os.open(os.devnull, os.O_RDONLY)
    outputs = [
        os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for name in ("stdout", "stderr")
    ]
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            if control:
                control(PARENT_DEATH, signal.SIGKILL)
                if os.getppid() != keeper:
                    os._exit(127)
            for target, source in enumerate((stdin, *outputs)):
                os.dup2(source, target)
            for fd in order["fds"]:
                os.set_inheritable(fd, True)
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.chdir(order["cwd"])
            os.execvpe(order["argv"][0], order["argv"], order["env"])  # noqa: S606
        except OSError as problem:
            os.write(fails, str(problem.errno).encode())
        finally:
            os._exit(127)
    for fd in (fails, stdin, *outputs):
        os.close(fd)
    with os.fdopen(failed, "rb") as file:
        failure = file.read()
    if failure:
        os.waitpid(pid, 0)
        raise OSError(int(failure), os.strerror(int(failure)))
    return pid


def prctl() -> Any:
    """Linux's call of that name, taking an option and its value, or None elsewhere."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes

        function = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    return lambda option, value: function(option, ctypes.c_ulong(value), 0, 0, 0)


if __name__ == "__main__":
    line = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(line.fileno(), False)
    raise SystemExit(Keeper(line).run())
