"""A real server under test: started ready, watched, restarted, stopped, its logs kept."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from gateproof.targets.adapter import Adapter, Features, Interface, Known, Launch, bound
from gateproof.targets.environments import Environment, environment_for
from gateproof.targets.load import EnvironmentFaultError, TargetError
from gateproof.targets.probe_folder import ProbeFolder
from gateproof.targets.process import ProcessError, ServerProcess, Stopped
from gateproof.targets.readiness import Marker, ask, asked, listening_ports
from gateproof.targets.registry import adapters
from gateproof.targets.server_name import ServerName, parse_server
from gateproof.targets.surroundings import Surroundings, removed_with
from gateproof.targets.wire import Wire

HOST = "127.0.0.1"
PATIENCE = 20.0  # seconds that a server may take until the probe answers
FOREIGN = 2.0  # seconds during which something else may answer while it starts
TRIES = 3  # starts, where its port was taken meanwhile
TAIL = 30  # lines of each log that an error shows
TAKEN = re.compile(r"address (?:already )?in use|EADDRINUSE", re.IGNORECASE)


class ServerError(Exception):
    """A server that could not be started: one sentence, then the end of its log.

    Attributes:
        sentence: without the log.
        log: the end of the log.
    """

    def __init__(self, sentence: str, log: str = "") -> None:
        shown = "".join(f"\n    {line}" for line in log.splitlines())
        super().__init__(f"{sentence}; its log ends:{shown}" if shown else sentence)
        self.sentence = sentence
        self.log = log


class ForeignError(ServerError):
    """Something else than this run's probe answered."""


class Server:
    """An adapter with chosen variants, an environment and a probe folder.

    Args:
        adapter: what is known of the server.
        name: the target string, taken apart.
        environment: where it runs; found when left out.
        folder: the probe's run folder; made when left out.
        logs: where its log files are kept; a scratch folder when left out.
        application: ``module:attribute`` of the user's application, which the probe's recorder
            then stands around; the scripted one when left out.
        app_dir: the folder that the user's application is imported from, and run in.
        env: variables for the server's environment besides the clean ones.
        root_path: where the application is mounted, with servers that can.

    Attributes:
        label: its name in item ids.
        name: its target string.
        version: release of what is tested.
        versions: releases of that and of all that the chosen variants need, and of Python.
        interface: what the probe speaks there.
        features: what it can do.
        address: host and port, since the last start.
        starts: how often it was started.

    Raises:
        TargetError: a variant or interpreter that there is not.
        EnvironmentFaultError: what the server needs is not installed.
    """

    hosted = False
    """Whether somebody else runs it, somewhere else."""

    lost = ""
    """Why it can never be started again; it always can."""

    def __init__(
        self,
        adapter: Adapter,
        name: ServerName | None = None,
        *,
        environment: Environment | None = None,
        folder: ProbeFolder | None = None,
        logs: Path | None = None,
        application: str | None = None,
        app_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        root_path: str = "",
    ) -> None:
        self.adapter = adapter
        self.chosen = name or ServerName(adapter.name)
        self.label = self.chosen.slug
        self.name = str(self.chosen)
        self.variants = self.chosen.choices(adapter.variants)
        self.interface: Interface = adapter.interface(self.variants)
        self.features: Features = adapter.features(self.variants)
        if sys.platform == "win32":
            raise EnvironmentFaultError(f"--target={self.name}: servers run on Linux and macOS")
        self.environment = environment or environment_for(self.chosen, adapter)
        self.version = self.environment.version
        self.versions = _versions(adapter, self.variants, self.environment)
        self.address: tuple[str, int] = (HOST, 0)
        self.starts = 0
        self._again = {"application": application, "app_dir": app_dir, "env": dict(env or {})}
        self._root_path = root_path
        self._scripted = application is None
        self._own_folder = folder is None
        self.folder = folder or ProbeFolder()
        if folder is None:
            removed_with(self.folder, self.folder.path)
        self._others: list[Server] = []
        self._surroundings = Surroundings(
            adapter, self.folder, self.interface, application, app_dir, env or {},
            self.environment.python,
        )  # fmt: skip
        self.logs = logs or self._surroundings.scratch / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self._process: ServerProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def known(self) -> tuple[Known, ...]:
        """The deviations that its adapter knows of."""
        return self.adapter.known

    def another(self, *, root_path: str = "") -> Server:
        """The same server once more, not started, with a probe folder of its own.

        Args:
            root_path: where the application is mounted; only for servers that can.
        """
        other = Server(
            self.adapter,
            self.chosen,
            environment=self.environment,
            root_path=root_path,
            **self._again,  # type: ignore[arg-type]
        )
        self._others.append(other)
        return other

    # ------------------------------------------------------------------ start and stop

    def start(self, within: float = PATIENCE) -> None:
        """Start it and wait until the probe answered with this run's token.

        Args:
            within: seconds that it may take.

        Raises:
            ServerError: it could not be started, ended, or did not answer as the probe.
        """
        until = time.monotonic() + within
        again = TRIES if self.adapter.listens(self.variants) == "port" else 1
        while True:
            again -= 1
            try:
                self._start(until)
                return
            except ServerError as problem:
                taken = isinstance(problem, ForeignError) or TAKEN.search(problem.log)
                if not (again and taken):
                    raise

    def alive(self) -> bool:
        """Whether its leading process runs."""
        return self._process is not None and not self._process.poll() and not self._process.gone

    @property
    def exit_code(self) -> int | None:
        """How its leading process ended; None while it runs, or when nobody knows."""
        return None if self._process is None or self.alive() else self._process.code

    @property
    def argv(self) -> list[str]:
        """The command that it was last started with."""
        return self._process.argv if self._process else []

    @property
    def pid(self) -> int:
        """Process id of the leader, which is its process group too; 0 before the first start."""
        return self._process.pid if self._process else 0

    def processes(self) -> set[int]:
        """Ids of all its processes that are alive (Linux)."""
        return self._process.living() if self._process else set()

    def stop(self, grace: float | None = None) -> Stopped:
        """SIGTERM, the adapter's grace, SIGKILL; afterwards no process of it lives.

        Args:
            grace: seconds, instead of the adapter's.
        """
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
        """Stop it and `another` ones of it, and remove the scratch files.

        Logs stay only where the caller asked for them.
        """
        try:
            self.stop()
        finally:
            while self._others:
                self._others.pop().close()
            self._surroundings.remove()
            if self._own_folder:
                self.folder.remove()

    # ------------------------------------------------------------------ watching

    @property
    def host(self) -> str:
        """What the Host field of requests says: ``HOST:PORT``."""
        return "{}:{}".format(*self.address)

    async def connect(self, within: float) -> Wire:
        """A new connection.

        Raises:
            WireError: it does not come about.
        """
        return await Wire.open(self.address, within)

    async def answers(self, within: float = 3.0) -> bool:
        """Whether the probe answers a marker request within so many seconds."""
        if not self.alive():
            return False
        marker = Marker.laid(self.folder, HOST, self._scripted, self._root_path)
        try:
            return await asked(marker, self.address, within)
        finally:
            marker.forget()

    def log_mark(self) -> tuple[int, int]:
        """How long standard output and error are now, for `log_tail`."""
        if self._process is None:
            return 0, 0
        return _size(self._process.stdout), _size(self._process.stderr)

    def log_tail(self, since: tuple[int, int] = (0, 0), lines: int = TAIL) -> str:
        """The last lines of standard error, then those of standard output.

        Args:
            since: what `log_mark` said at the beginning of what is of interest.
            lines: so many of each at most.
        """
        if self._process is None:
            return ""
        out, err = since
        tails = (_tail(self._process.stderr, err, lines), _tail(self._process.stdout, out, lines))
        text = "\n".join(tail for tail in tails if tail)
        # Where this machine keeps the environment is nobody's concern: reports are published.
        return text.replace(f"{self.environment.bin.parent}{os.sep}", "")

    # ------------------------------------------------------------------ inside

    def _start(self, until: float) -> None:
        self.kill()
        self.starts += 1
        around = self._surroundings
        scratch = around.fresh(self.starts)
        listen = self.adapter.listens(self.variants)
        with contextlib.ExitStack() as stack:
            listening = stack.enter_context(bound(HOST)) if listen != "zero" else None
            port = listening.getsockname()[1] if listening else 0
            if listening and listen == "port":
                listening.close()
                listening = None
            fds = [listening.fileno()] if listening else []
            launch = Launch(
                python=self.environment.python,
                app=f"probe:{self.interface}",
                interface=self.interface,
                host=HOST,
                port=port,
                fd=fds[0] if fds else None,
                scratch=scratch,
                variants=self.variants,
                versions=self.environment.versions,
                path=around.path,
                user=around.user,
                group=around.group,
                root_path=self._root_path,
            )
            try:
                self._process = ServerProcess(
                    self.adapter.argv(launch),
                    around.environment(),
                    around.app_dir or scratch,
                    self.logs,
                    fds,
                    f"{self.label}.{self.starts}",
                )
            except ProcessError as problem:
                raise ServerError(f"{self.name}: {problem}") from None
        self.address = (HOST, port)
        marker = Marker.laid(self.folder, HOST, self._scripted, self._root_path)
        try:
            self._await_ready(self._process, marker, until)
        except BaseException:
            self._process.kill()
            raise
        finally:
            marker.forget()

    def _await_ready(self, process: ServerProcess, marker: Marker, until: float) -> None:
        """Ask until the probe answers; watch the process meanwhile."""
        told = self.address[1]
        foreign: tuple[float, str] | None = None
        ports: list[int] = []
        while time.monotonic() < until:
            ended = process.poll(0.02 if ports or not told else 0.0)
            if ended or process.gone:
                code = process.code or 0
                how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
                raise ServerError(f"{self.name} {how} before it was ready", self.log_tail())
            ports = [told] if told else self._ports(process)
            for port in ports:
                # Of several ports only one is the server's: none may take all the time.
                bound_to = until if len(ports) == 1 else min(until, time.monotonic() + 1.0)
                answered = ask(marker, process, (HOST, port), bound_to)
                if answered is None:
                    self.address = (HOST, port)
                    return
                if answered and not foreign:
                    foreign = (time.monotonic(), f"port {port} answers {answered!r}")
            if foreign and time.monotonic() - foreign[0] > FOREIGN:
                raise ForeignError(
                    f"{self.name}: {foreign[1]}, which is not this run's probe: the server did "
                    "not load it, or the port is another process's",
                    self.log_tail(),
                )
        where = f"on port {ports[0]}" if ports else "and listens nowhere"
        raise ServerError(
            f"{self.name} runs, but the probe did not answer in time {where}; "
            f"the command is {' '.join(process.argv)}",
            self.log_tail(),
        )

    def _ports(self, process: ServerProcess) -> list[int]:
        """Ports that the server may listen on: as its log tells, else as the system does."""
        if self.adapter.port_told:
            pattern = re.compile(self.adapter.port_told, re.MULTILINE)
            groups = [one.groups() for one in pattern.finditer(self.log_tail(lines=1000))]
            told = [int(port) for one in groups for port in one if port and int(port)]
            if told:
                return told[-1:]
        return listening_ports(process.living())


def open_server(
    target: str,
    *,
    folder: ProbeFolder | None = None,
    logs: Path | None = None,
    application: str | None = None,
    app_dir: Path | None = None,
) -> Server:
    """The server that a target string names, not yet started.

    Args:
        target: such as ``server:uvicorn[http=h11]`` or ``./my_target.py``.
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
    return Server(adapter, name, folder=folder, logs=logs, application=application, app_dir=app_dir)


def _versions(
    adapter: Adapter, variants: Mapping[str, str], environment: Environment
) -> dict[str, str]:
    """Releases of what is tested and of what it needs, by the names that the adapter uses."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    texts = [*([adapter.distribution] if adapter.distribution else []), *adapter.requires(variants)]
    names = [Requirement(text).name for text in texts]
    found = {name: environment.versions.get(canonicalize_name(name), "") for name in names}
    return {**found, "python": environment.python_version}


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


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
    "ForeignError",
    "Server",
    "ServerError",
    "Stopped",
    "TargetError",
    "open_server",
]
