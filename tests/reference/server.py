"""The server: a listening socket, its connections, the lifespan, and the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from reference.connection import Connection
from reference.octets import Octets
from reference.parts import Parts

App = Callable[..., Any]


class StartupError(Exception):
    """The application said that it cannot start."""


class Server:
    """Serves one application on a socket that somebody bound."""

    GRACE = 5.0  # seconds that requests in progress may take when the server stops

    def __init__(
        self,
        app: App,
        interface: str,
        *,
        sock: socket.socket | None = None,
        parts: Parts | None = None,
        first: Parts | None = None,
        log: Callable[[str], None] | None = None,
        root_path: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.app = app
        self.interface = interface
        self.sock = sock or socket.create_server(("127.0.0.1", 0))
        self.parts = parts or Parts()
        self.first = first or self.parts  # of the connections until something was answered
        self.answered = False
        self.logged: list[str] = []
        self.log = log or self.logged.append
        self.root_path = root_path
        self.settings = dict(settings or {})  # a deployer's own environ variables
        self.stopping = False
        self.lifespan = self.parts.lifespan(self)
        self.connections: set[Connection] = set()
        self.websockets: set[Any] = set()
        self.tasks: set[asyncio.Task[Any]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self.sock.getsockname()[:2]
        return host, port

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold a task until it is done, so that nobody else has to."""
        self.tasks.add(task)
        task.add_done_callback(self.dropped)

    def dropped(self, task: asyncio.Task[Any]) -> None:
        """A task is done; what it raised was told where it arose, or is the client's end."""
        self.tasks.discard(task)
        raised = None if task.cancelled() else task.exception()
        if raised is not None and not isinstance(raised, OSError):
            self.log(f"{raised!r}\n")

    async def main(self, stop: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until ``stop`` is set.

        Raises:
            StartupError: The application's lifespan says so.
        """
        if self.interface == "asgi" and not await self.lifespan.startup():
            self.sock.close()
            raise StartupError
        listening = await asyncio.get_running_loop().create_server(self.protocol, sock=self.sock)
        ready()
        await stop.wait()
        self.stopping = True
        listening.close()
        if self.interface == "asgi" and not self.lifespan.LAST:
            await self.lifespan.shutdown()
        await self.wind_up()
        if self.interface == "asgi":
            await self.lifespan.shutdown()

    def protocol(self) -> Octets:
        """What asyncio makes for each client."""
        parts = self.parts if self.answered else self.first
        return parts.octets(lambda octets: self.serve(octets, parts))

    async def serve(self, octets: Octets, parts: Parts) -> None:
        """Serve one client."""
        connection = parts.connection(self, octets, parts)
        self.connections.add(connection)
        try:
            await connection.serve()
        finally:
            self.connections.discard(connection)

    async def wind_up(self) -> None:
        """Let what is in progress come to its end, and cut what does not."""
        for websocket in list(self.websockets):
            self.keep(asyncio.create_task(websocket.going_away()))
        for connection in list(self.connections):
            if connection.idle:
                connection.octets.task.cancel()
        waiting = {connection.octets.task for connection in self.connections} | self.tasks
        if waiting:
            _, late = await asyncio.wait(waiting, timeout=self.GRACE)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1.0)


class Running:
    """A server in a thread; a context manager that stops it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop: asyncio.AbstractEventLoop | None = None
        self.stop = asyncio.Event()
        self.ready = threading.Event()
        self.failed: BaseException | None = None
        self.thread = threading.Thread(target=self.run, name="reference", daemon=True)

    def run(self) -> None:
        """What the thread does."""
        try:
            asyncio.run(self.main())
        except BaseException as raised:
            self.failed = raised
        finally:
            self.ready.set()

    async def main(self) -> None:
        """Serve until the thread is asked to stop."""
        self.loop = asyncio.get_running_loop()
        await self.server.main(self.stop, self.ready.set)

    def __enter__(self) -> Server:
        self.thread.start()
        self.ready.wait(10)
        if self.failed is not None:
            raise self.failed
        return self.server

    def __exit__(self, *exc: object) -> None:
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # it ended by itself
                self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(20)
        if self.thread.is_alive():
            raise RuntimeError("the reference server does not stop")
