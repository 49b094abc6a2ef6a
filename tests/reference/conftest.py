"""A client of raw octets, and the reference server around a test's application."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from reference.server import Running, Server


class Client:
    """A connection that sends and reads octets, with a deadline."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=5)
        self.held = b""

    def send(self, data: bytes) -> Client:
        self.socket.sendall(data)
        return self

    def until(self, end: bytes) -> bytes:
        """What comes up to and including ``end``."""
        while end not in self.held:
            data = self.socket.recv(65536)
            assert data, f"closed before {end!r}: {self.held!r}"
            self.held += data
        head, _, self.held = self.held.partition(end)
        return head + end

    def exactly(self, size: int) -> bytes:
        while len(self.held) < size:
            data = self.socket.recv(65536)
            assert data, f"closed after {self.held!r}"
            self.held += data
        taken, self.held = self.held[:size], self.held[size:]
        return taken

    def rest(self) -> bytes:
        """What comes up to the end of the connection."""
        while data := self.socket.recv(65536):
            self.held += data
        taken, self.held = self.held, b""
        return taken


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers, which end with the test."""
    with ExitStack() as stack:
        yield lambda app, interface, **more: stack.enter_context(
            Running(Server(app, interface, **more))
        )


@pytest.fixture
def connect() -> Iterator[Callable[[Server], Client]]:
    """Opens connections, which end with the test."""
    with ExitStack() as stack:

        def opened(server: Server) -> Client:
            client = Client(server.address)
            stack.callback(client.socket.close)
            return client

        yield opened


def wsgi_echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Path", environ["PATH_INFO"])])
    return [body or b"hello"]


async def asgi_echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["word"] = "hello"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        await send(
            {"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]}
        )
        while (event := await receive())["type"] == "websocket.receive":
            await send({**event, "type": "websocket.send"})
        return
    body, more = b"", True
    while more:
        event = await receive()
        body += event["body"]
        more = event["more_body"]
    headers = [(b"content-type", b"text/plain"), (b"x-path", scope["path"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body or scope["state"]["word"].encode()})
