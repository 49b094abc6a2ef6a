"""A peer on a real loopback socket, played by a function in a thread."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
DEADLINE = 10.0


class Peers:
    """Plays the server's side of one connection while a client runs in an event loop."""

    def play(
        self,
        peer: Callable[[socket.socket], Any],
        client: Callable[[tuple[str, int]], Awaitable[T]],
    ) -> tuple[T, Any]:
        """Give what the client and what the peer returned; the peer's exception is raised."""
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(DEADLINE)
        told: list[Any] = []
        raised: list[BaseException] = []

        def serve() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(DEADLINE)
                    told.append(peer(connection))
            except BaseException as error:  # raised again in the test's thread
                raised.append(error)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            result = asyncio.run(asyncio.wait_for(client(listener.getsockname()), DEADLINE))
        finally:
            thread.join(DEADLINE)
            listener.close()
        if thread.is_alive():
            raise RuntimeError("the peer did not come to its end")
        if raised:
            raise raised[0]
        return result, told[0]


@pytest.fixture
def peers() -> Peers:
    return Peers()


@pytest.fixture
def refused_address() -> tuple[str, int]:
    """An address of this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()


@pytest.fixture
def tls_contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context, and a client's that trusts it, for the name localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl command to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run(
        [*command.split(), "-keyout", str(key), "-out", str(certificate), *names],
        check=True,
        capture_output=True,
        timeout=30,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))
