"""Whether it is our probe that answers: a marker request, and where the server may listen."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateproof.targets.script import answer

if TYPE_CHECKING:
    from gateproof.targets.probe_folder import ProbeFolder
    from gateproof.targets.process import ServerProcess

SHOWN = 80  # characters of a foreign answer that a message shows


@dataclass(frozen=True)
class Marker:
    """A request that only the probe of one run folder can answer.

    Args:
        folder: the probe's run folder.
        host: value of the Host field.
        scripted: whether the probe plays scripts. Where it stands around the user's application,
            what shows that it was asked is the journal of the call.
        root_path: where the application is mounted.
    """

    folder: ProbeFolder
    host: str
    token: str
    scripted: bool = True
    root_path: str = ""

    @classmethod
    def laid(
        cls, folder: ProbeFolder, host: str, scripted: bool = True, root_path: str = ""
    ) -> Marker:
        """Lay down the answer that is to come."""
        text = f"gateproof probe of run {folder.run} is ready\n"
        return cls(folder, host, folder.lay(answer(body=text.encode())), scripted, root_path)

    @property
    def request(self) -> bytes:
        """The octets to send; the connection is not kept."""
        line = f"GET {self.root_path}/{self.token} HTTP/1.1"
        return f"{line}\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode()

    def shown(self, received: bytes) -> bool:
        """Whether what was received so far, with the journal, shows that the probe answered."""
        if not self.scripted:
            return received.startswith(b"HTTP/1.") and bool(self.folder.calls(self.token))
        return b"\r\n\r\n" in received and self.folder.run.encode() in received

    def forget(self) -> None:
        """Remove what it left in the run folder."""
        self.folder.forget(self.token)


def ask(
    marker: Marker, process: ServerProcess, address: tuple[str, int], until: float
) -> str | None:
    """Send the marker request over a connection of its own, and wait for its answer.

    Args:
        marker: what to ask.
        process: whose end ends the waiting.
        address: where.
        until: when to give up (`time.monotonic`).

    Returns:
        None when the probe answered; else the beginning of what was answered, or "".
    """
    received = b""
    try:
        with socket.create_connection(address, 1.0) as connection:
            connection.sendall(marker.request)
            both = [connection.fileno(), process.fileno()]
            while not marker.shown(received):
                rest = max(0.0, until - time.monotonic())
                if both[0] not in select.select(both, [], [], rest)[0]:
                    return ""
                piece = connection.recv(65536)
                if not piece:
                    line = received.partition(b"\n")[0].strip()[:SHOWN]
                    return line.decode("latin-1")
                received += piece
            # What still comes is taken: some servers log an error when nobody reads.
            connection.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                while connection.recv(65536):
                    pass
    except OSError:
        return None if marker.shown(received) else ""
    return None


async def asked(marker: Marker, address: tuple[str, int], within: float) -> bool:
    """Whether the probe answers a marker request within so many seconds."""
    received = b""
    try:
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(marker.request)
                while not marker.shown(received):
                    piece = await reader.read(65536)
                    if not piece:
                        return False
                    received += piece
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return True


def listening_ports(pids: set[int]) -> list[int]:
    """TCP ports on which these processes listen, in ascending order (Linux; elsewhere none)."""
    inodes = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    inodes.add(str(descriptor.readlink()))
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for row in Path(table).read_text("ascii").splitlines()[1:]:
                fields = row.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                    found.add(int(fields[1].rpartition(":")[2], 16))
    return sorted(found)
