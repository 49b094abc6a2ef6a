"""Whether a peer on this machine has taken what was sent: cuts that nothing joins on the way."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys

SIOCOUTQ = 0x5411  # Linux: octets that the peer's kernel has not acknowledged
FIRST_PAUSE = 0.0005
LONGEST_PAUSE = 0.02

# Linux sock_diag(7): asks the kernel for the state of one socket, here the peer's end of ours.
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
_HEADER = struct.Struct("=LHHLL")  # length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBxL")  # family, protocol, extensions, states
_ANSWER_QUEUE = 16 + 4 + 48 + 4  # netlink header, four octets, socket id, expires: then rqueue


async def delivered(sock: socket.socket, within: float) -> bool:
    """Wait until the peer has read what was sent, or ``within`` seconds are over.

    Where the kernel tells (Linux, peer on this machine) it is the peer's own receive queue
    that has to be empty; elsewhere, that nothing waits to be acknowledged.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    pause = FIRST_PAUSE
    await asyncio.sleep(0)
    while (waiting := unread(sock)) and loop.time() < deadline:
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    return waiting == 0


def unread(sock: socket.socket) -> int:
    """Count the octets that the peer has not taken; 0 too where this cannot be known."""
    if not sys.platform.startswith("linux"):
        return 0
    with contextlib.suppress(OSError, ValueError):
        queue = peer_queue(sock)
        if queue is not None:
            return queue
        return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), SIOCOUTQ, b"\0" * 4))[0])
    return 0


def peer_queue(sock: socket.socket) -> int | None:
    """Give the octets in the receive queue of the peer's socket; None if it is not found here."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    with contextlib.suppress(OSError):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as channel:
            channel.settimeout(0.2)
            channel.send(_question(sock))
            answer = channel.recv(4096)
        if struct.unpack_from("=H", answer, 4)[0] == SOCK_DIAG_BY_FAMILY:
            return int(struct.unpack_from("=L", answer, _ANSWER_QUEUE)[0])
    return None


def _question(sock: socket.socket) -> bytes:
    # Seen from the peer: its source is our destination.
    source, target = sock.getpeername(), sock.getsockname()
    packed = [socket.inet_pton(sock.family, end[0]).ljust(16, b"\0") for end in (source, target)]
    identity = struct.pack("!HH", source[1], target[1]) + b"".join(packed)
    identity += struct.pack("=L", 0) + b"\xff" * 8  # any interface, no cookie
    body = _REQUEST.pack(sock.family, socket.IPPROTO_TCP, 0, 0xFFFFFFFF) + identity
    return _HEADER.pack(_HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, 1, 1, 0) + body
