"""A real server under test: started ready, watched, restarted, stopped, its logs kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gateproof.targets.adapter import Adapter, Features, Interface, Known, Launch, bound
from gateproof.targets.interpreter import Interpreter, interpreter
from gateproof.targets.load import EnvironmentFaultError, TargetError
from gateproof.targets.process import ProcessError, ServerProcess, Stopped
from gateproof.targets.registry import adapters
from gateproof.targets.server_name import ServerName, parse_server

if TYPE_CHECKING:
    from gateproof.targets.probe_folder import ProbeFolder

PROBE = Path(__file__).with_name("probe.py")
HOST = "127.0.0.1"
PATIENCE = 20.0  # seconds that a server may take until it answers
FOREIGN = 2.0  # seconds during which something else may answer while the server starts
TRIES = 3  # starts, where the port was taken in between
TAIL = 30  # lines of log that an error shows
TAKEN = re.compile(r"address already in use|address in use|EADDRINUSE", re.IGNORECASE)
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")


class ServerError(Exception):
    """A server that could not be started; one sentence, then the end of its log.

    Attributes:
        log: the end of the log, also part of the text.
    """

    def __init__(self, sentence: str, log: str = "") -> None:
        shown = "\n".join(f"    {line}" for line in log.splitlines())
        super().__init__(sentence + (f"\n{shown}" if shown else ""))
        self.sentence = sentence
        self.log = log


class Server:
    """An adapter with chosen variants, an interpreter and a probe folder.

    Args:
        adapter: what is known of the server.
        name: the target string, taken apart.
        python: the interpreter that runs it; this one when left out.
        folder: the probe's run folder; made when left out.
        logs: where its log files are kept; a scratch folder when left out.
        application: ``module:attribute`` of the user's application, which the probe's recorder
            then stands around; the scripted one when left out.
        app_dir: the folder that the user's application is imported from, and run in.
        env: variables for the server's environment besides the clean ones.

    Raises:
        TargetError: a variant or interpreter that there is not.
        EnvironmentFaultError: what the server needs is not installed for the interpreter.
    """

    def __init__(
        self,
        adapter: Adapter,
        name: ServerName | None = None,
        *,
        python: Path | None = None,
        folder: ProbeFolder | None = None,
        logs: Path | None = None,
        application: str | None = None,
        app_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        chosen = name or ServerName(adapter.name)
        self.adapter = adapter
        self.label = chosen.slug
        self.name = str(chosen)
        self.variants = chosen.choices(adapter.variants)
        self.interface: Interface = adapter.interface(self.variants)
        self.features: Features = adapter.features(self.variants)
        self.python: Interpreter = interpreter(python, f"--target={chosen}")
        self.versions: Mapping[str, str] = self._installed(chosen)
        self.version = self.versions[adapter.distribution or "python"]
        self.address: tuple[str, int] = (HOST, 0)
        self.starts = 0
        self._chosen = chosen
        self._application = application
        self._app_dir = app_dir
        self._env = dict(env or {})
        self._process: ServerProcess | None = None
        self._scratch = Path(tempfile.mkdtemp(prefix="gateproof-server-"))
        self.logs = logs or self._scratch / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._own_folder = folder is None
        self.folder: ProbeFolder = folder or _probe_folder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def known(self) -> tuple[Known, ...]:
        """The deviations that its adapter knows of."""
        return self.adapter.known

    # ------------------------------------------------------------------ start and stop

    def start(self, within: float = PATIENCE) -> None:
        """Start it and wait until the probe answered with this run's token.

        Args:
            within: seconds that it may take.

        Raises:
            ServerError: it could not be started, ended, or did not answer as the probe.
        """
        until = time.monotonic() + within
        for left in reversed(range(TRIES)):
            try:
                self._start(until)
                return
            except ServerError as problem:
                taken = TAKEN.search(problem.log) or problem.sentence.endswith("another process")
                if self.adapter.listen != "port" or not taken or not left:
                    raise

    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How its process ended; None while it runs, was not started, or when nobody knows."""
        ended = self._process.poll() if self._process else None
        return ended.code if ended else None

    @property
    def argv(self) -> list[str]:
        """The command that it was last started with."""
        return self._process.argv if self._process else []

    @property
    def pid(self) -> int:
        """Process id of the leader, which is its process group too; 0 before the first start."""
        return self._process.pid if self._process else 0

    def stop(self, grace: float | None = None) -> Stopped:
        """SIGTERM, the adapter's grace, SIGKILL; afterwards no process of it lives."""
        if self._process is None:
            return Stopped(None, 0.0, False, 0)
        return self._process.stop(self.adapter.grace if grace is None else grace)

    def kill(self) -> Stopped:
        """Kill it at once."""
        return self._process.kill() if self._process else Stopped(None, 0.0, False, 0)

    def restart(self, within: float = PATIENCE) -> None:
        """Kill what is left of it and start it anew: same probe folder, another port.

        Raises:
            ServerError: as `start`.
        """
        self.kill()
        self.start(within)

    def close(self) -> None:
        """Stop it and remove the scratch files; logs stay only where the caller asked for them."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)
            if self._own_folder:
                with contextlib.suppress(AttributeError):
                    self.folder.close()

    def another(self) -> Server:
        """The same server once more, not started, with a probe folder of its own."""
        return Server(
            self.adapter,
            self._chosen,
            python=self.python.path,
            application=self._application,
            app_dir=self._app_dir,
            env=self._env,
        )

    # ------------------------------------------------------------------ watching

    async def answers(self, within: float = 3.0) -> bool:
        """Whether it answers a marker request within so many seconds."""
        if not self.alive():
            return False
        request, expected = self._marker()
        try:
            async with asyncio.timeout(within):
                reader, writer = await asyncio.open_connection(*self.address)
                try:
                    writer.write(request)
                    received = b""
                    while piece := await reader.read(65536):
                        received += piece
                        if expected in received:
                            return True
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False
        return False

    def log_mark(self) -> tuple[int, int]:
        """How long both logs are now, for `log_tail`."""
        if self._process is None:
            return 0, 0
        out, err = (
            file.stat().st_size if file.exists() else 0
            for file in (self._process.stdout, self._process.stderr)
        )
        return out, err

    def log_tail(self, since: tuple[int, int] = (0, 0), lines: int = TAIL) -> str:
        """The last lines of standard error, then those of standard output.

        Args:
            since: what `log_mark` said at the beginning of what is of interest.
            lines: so many of each at most.
        """
        if self._process is None:
            return ""
        tails = [
            _tail(file, start, lines)
            for file, start in zip(
                (self._process.stderr, self._process.stdout), reversed(since), strict=True
            )
        ]
        return "\n".join(tail for tail in tails if tail)

    # ------------------------------------------------------------------ inside

    def _installed(self, chosen: ServerName) -> dict[str, str]:
        """Releases of what is tested and of all that it needs, its Python included."""
        needed = [self.adapter.distribution, *self.adapter.requires(self.variants)]
        needed = [one for one in needed if one]
        missing = [one for one in needed if not self.python.installed(one)]
        if missing:
            raise EnvironmentFaultError(
                f"--target={chosen}: {' and '.join(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} not installed for {self.python.path}; "
                f"run {self.python.path} -m pip install {' '.join(missing)}"
            )
        versions = {one: self.python.installed(one) for one in needed}
        versions["python"] = self.python.version
        now = versions.get(self.adapter.distribution, "")
        if chosen.version and now != chosen.version:
            raise EnvironmentFaultError(
                f"--target={chosen}: {self.python.path} has {self.adapter.distribution} "
                f"{now or 'of no release'}, not {chosen.version}"
            )
        return versions

    def _start(self, until: float) -> None:
        self.kill()
        self.starts += 1
        scratch = Path(tempfile.mkdtemp(prefix=f"run{self.starts}-", dir=self._scratch))
        listening = bound(HOST) if self.adapter.listen == "fd" else None
        port = listening.getsockname()[1] if listening else 0
        if self.adapter.listen == "port":
            with bound(HOST) as free:
                port = free.getsockname()[1]
        launch = Launch(
            python=self.python.path,
            app=f"probe:{self.interface}",
            interface=self.interface,
            host=HOST,
            port=port,
            fd=listening.fileno() if listening else None,
            scratch=scratch,
            version=self.version,
            variants=self.variants,
            path=self._import_path(),
        )
        cwd = self._app_dir or scratch / "cwd"
        cwd.mkdir(exist_ok=True)
        try:
            self._process = ServerProcess(
                self.adapter.argv(launch),
                self._environment(launch.path),
                cwd,
                self.logs,
                [listening.fileno()] if listening else [],
                f"{self.label}.{self.starts}",
            )
        except ProcessError as problem:
            raise ServerError(f"{self.name}: {problem}") from None
        finally:
            if listening:
                listening.close()
        self.address = (HOST, port)
        try:
            self._await_ready(self._process, until, port)
        except BaseException:
            self._process.kill()
            raise

    def _import_path(self) -> tuple[Path, ...]:
        """A folder with the probe alone, then that of the user's application."""
        folder = self._scratch / "probe"
        if not folder.exists():
            folder.mkdir()
            shutil.copy(PROBE, folder / "probe.py")
        return (folder, self._app_dir) if self._app_dir else (folder,)

    def _environment(self, path: tuple[Path, ...]) -> dict[str, str]:
        """A clean environment: many servers read options from variables."""
        env = {key: os.environ[key] for key in KEPT if key in os.environ}
        env |= {
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GATEPROOF_PROBE": str(self.folder.path),
        }
        if self._application:
            env["GATEPROOF_PROBE_APP"] = self._application
            env["GATEPROOF_PROBE_INTERFACE"] = self.interface
        return {**env, **self.adapter.env, **self._env}

    def _await_ready(self, process: ServerProcess, until: float, port: int) -> None:
        """Ask until the probe answers; watch the process meanwhile."""
        foreign: tuple[float, str] | None = None
        while time.monotonic() < until:
            if process.poll() is not None:
                raise self._ended(process)
            for candidate in [port] if port else self._ports(process):
                found = self._asked(process, candidate, until)
                if found is None:
                    self.address = (HOST, candidate)
                    return
                if found:
                    foreign = foreign or (time.monotonic(), f"port {candidate}: {found}")
            if foreign and time.monotonic() - foreign[0] > FOREIGN:
                raise ServerError(
                    f"{self.name}: what answers on {foreign[1]} is not this run's probe; the "
                    "server could not load it, or the port belongs to another process",
                    self.log_tail(),
                )
            process.poll(0.02)
        raise ServerError(
            f"{self.name} was started, but did not answer in time "
            + ("and listens nowhere" if not port and not self._ports(process) else "")
            + f"; its command was {' '.join(process.argv)}",
            self.log_tail(),
        )

    def _asked(self, process: ServerProcess, port: int, until: float) -> str | None:
        """Send a marker request: None when the probe answers it, else what was answered, or ""."""
        request, expected = self._marker()
        received = b""
        try:
            with socket.create_connection((HOST, port), 1.0) as connection:
                connection.sendall(request)
                while expected not in received:
                    rest = until - time.monotonic()
                    both = [connection.fileno(), process.fileno()]
                    if both[0] not in select.select(both, [], [], max(0.0, rest))[0]:
                        return ""
                    piece = connection.recv(65536)
                    if not piece:
                        return received[:60].decode("latin-1").partition("\r\n")[0]
                    received += piece
        except OSError:
            return ""
        return None

    def _marker(self) -> tuple[bytes, bytes]:
        """A request that only this run's probe can answer, and a part of its answer."""
        from gateproof.targets.script import answer

        token = self.folder.lay(answer(body=b"ready"))
        expected = f"gateproof-{token}".encode()
        self.folder.lay(answer(body=expected), token)
        head = f"GET /{token} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
        return head.encode(), expected

    def _ports(self, process: ServerProcess) -> list[int]:
        """Ports that the server listens on: as its log tells, else as the system does."""
        if self.adapter.port_told:
            text = self.log_tail(lines=1000)
            return [int(port) for port in re.findall(self.adapter.port_told, text)][-1:]
        return listening_ports(process.living())

    def _ended(self, process: ServerProcess) -> ServerError:
        """What to say of a server that ended before it was ready."""
        ended = process.poll()
        code = ended.code if ended else None
        how = f"was ended by signal {-code}" if code and code < 0 else f"ended with code {code}"
        return ServerError(f"{self.name} {how} before it was ready; its log:", self.log_tail())


def listening_ports(pids: set[int]) -> list[int]:
    """TCP ports on which these processes listen (Linux).

    Args:
        pids: process ids.
    """
    inodes = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    inodes.add(str(descriptor.readlink()))
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for row in Path(table).read_text().splitlines()[1:]:
                fields = row.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                    found.append(int(fields[1].rpartition(":")[2], 16))
    return sorted(set(found))


def open_server(
    target: str,
    *,
    choose: Callable[[ServerName, Adapter], Path | None] | None = None,
    folder: ProbeFolder | None = None,
    logs: Path | None = None,
    application: str | None = None,
    app_dir: Path | None = None,
) -> Server:
    """The server that a target string names, not yet started.

    Args:
        target: such as ``server:uvicorn[http=h11]`` or ``./my_target.py``.
        choose: finds the interpreter for a version or a series of Python; left out, only this
            interpreter and ``python=PATH`` can be had.
        folder: as for `Server`, like the rest.
        logs: likewise.
        application: likewise.
        app_dir: likewise.

    Raises:
        TargetError: the string is wrong.
        EnvironmentFaultError: the server cannot be had here.
    """
    name = parse_server(target)
    known = adapters(name.file)
    if name.file is None:
        name = parse_server(target, known)
        adapter = known[name.name]
    else:
        adapter = next(iter(known.values()))
    python = Path(name.interpreter) if name.interpreter else None
    if choose is not None:
        python = choose(name, adapter) or python
    return Server(
        adapter,
        name,
        python=python,
        folder=folder,
        logs=logs,
        application=application,
        app_dir=app_dir,
    )


def _probe_folder() -> ProbeFolder:
    from gateproof.targets.probe_folder import ProbeFolder

    return ProbeFolder()


def _tail(file: Path, start: int, lines: int) -> str:
    """The last lines of a file from an offset on, bounded to 64 KiB."""
    try:
        with file.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(start, end - 65536))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


__all__ = [
    "EnvironmentFaultError",
    "Server",
    "ServerError",
    "Stopped",
    "TargetError",
    "listening_ports",
    "open_server",
]
