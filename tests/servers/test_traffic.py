"""Behind real servers a validator that is left on changes nothing and accuses nobody."""

from __future__ import annotations

import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

DEADLINE = 60
LARGE = 8_200_000
"""Octets of ``/large``, which are more than the buffers of a connection hold."""


def request(method, path, *headers, body=None, version="1.1", close=True):
    """The octets of a request."""
    lines = [f"{method} {path} HTTP/{version}", "Host: example.test", *headers]
    if close:
        lines.append("Connection: close")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


ALIVE = ("threads", "tasks")
WARM, REQUESTED = 200, 600

CHUNKS = b"3\r\nabc\r\n5;name=value\r\ndefgh\r\n0\r\n\r\n"

REQUESTS = {
    "get": request("GET", "/a%20b%C3%A9?c=%20&d", "Cookie: a=1; b=2", "X-Two: 1", "X-Two: 2"),
    "head": request("HEAD", "/"),
    "options": request("OPTIONS", "/"),
    "other method": request("PROPFIND", "/"),
    "1.0": request("GET", "/", version="1.0", close=False),
    "post": request("POST", "/echo", body=b"a body"),
    "empty post": request("POST", "/echo", body=b""),
    "large post": request("POST", "/echo", body=b"0123456789" * 100_000),
    "chunked": request("POST", "/echo", "Transfer-Encoding: chunked") + CHUNKS,
    "expecting": request("POST", "/echo", "Expect: 100-continue", body=b"yes"),
    "unread": request("POST", "/unread", body=b"nobody reads this"),
    "stream": request("GET", "/lines"),
    "stream to 1.0": request("GET", "/lines", version="1.0", close=False),
    "head of a stream": request("HEAD", "/lines"),
    "not modified": request("GET", "/same", 'If-None-Match: "1"'),
    "changed after an error": request("GET", "/changed"),
    "fails in the middle": request("GET", "/fails"),
    "latin-1": request("GET", "/", "X-Name: caf\xe9", "X-Empty:"),
    "no request": b"this is no request\r\n\r\n",
    "kept, then pipelined": b"".join(
        [
            request("GET", "/1", close=False),
            request("POST", "/echo", body=b"two", close=False),
            request("HEAD", "/3", close=False),
            request("GET", "/lines", close=False),
            request("GET", "/5"),
        ]
    ),
}


def frame(opcode, payload=b""):
    """A frame of a WebSocket, as clients send them; the mask is of zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


CLOSE = frame(8, struct.pack(">H", 1000))


def opened(client, path="/chat"):
    """Open a WebSocket on a connection; gives the reply."""
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    client.sendall(request("GET", path, *upgrade, key, close=False))
    reply = b""
    while b"\r\n\r\n" not in reply:
        piece = client.recv(65536)
        assert piece, reply
        reply += piece
    return reply


def talked(server):
    """A conversation of 200 messages, each echoed before the next is sent."""
    with server.connect() as client:
        said = opened(client)
        for number in range(200):
            text = b"message %d" % number
            client.sendall(frame(1 + number % 2, text))
            echo = b""
            while len(echo) < 2 + len(text):
                echo += client.recv(2 + len(text) - len(echo))
            said += echo
        client.sendall(CLOSE)
        return server.undated(said + server.rest(client))


def refused(server):
    with server.connect() as client:
        return server.undated(opened(client, "/closed") + server.rest(client))


def told(server):
    """What the server says to every client, one after the other."""
    heard = {name: server.said(octets) for name, octets in REQUESTS.items()}
    heard["slow"] = server.said(REQUESTS["chunked"], slowly=True)
    if server.websockets:
        heard["websocket"] = talked(server)
        heard["websocket refused"] = refused(server)
    return heard


def test_replies_are_the_same(serve):
    """Bare, watched, and watched in full: the same octets, and nobody is accused."""
    with serve("") as bare:
        expected = told(bare)
    with serve("raise") as watched:
        assert told(watched) == expected
        assert watched.warned() == []
    with serve("collect") as closely:
        assert told(closely) == expected
        assert closely.accused() == []


def leaves(server, octets, reads):
    """Send ``octets``, read about ``reads`` of the reply, and reset the connection."""
    with suppress(ConnectionError), server.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(octets)
        while reads > 0:
            piece = client.recv(min(reads, 65536))
            if not piece:
                return
            reads -= len(piece)


def departures(server):
    """Where clients leave: in the head, in the body, in the reply, in a conversation."""
    post = request("POST", "/echo", body=b"0123456789" * 20_000)
    for at in (1, 20, 60, 70, 100, 5_000, 100_000, len(post) - 1):
        yield post[:at], 0
    chunks = request("POST", "/echo", "Transfer-Encoding: chunked") + CHUNKS
    for at in (2, 6, 9, 20, len(CHUNKS) - 1):
        yield chunks[: at - len(CHUNKS)], 0
    for reads in (0, 1, 100, 50_000, 3_000_000):
        yield request("GET", "/large"), reads
        yield request("GET", "/lines"), min(reads, 500)
        yield request("GET", "/", close=False) * 20, min(reads, 500)


def quits(server, messages):
    """Open a WebSocket, send some messages, read nothing, and reset the connection."""
    with suppress(ConnectionError), server.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        opened(client)
        client.sendall(frame(1, b"nobody reads the echo") * messages)


def test_clients_that_leave(serve):
    """Wherever they do, nobody is accused, and what served them is gone after them."""
    with serve("collect") as server, ThreadPoolExecutor(8) as clients:
        expected = server.said(REQUESTS["get"])
        before = server.asked("/census")
        gone = [clients.submit(leaves, server, *each) for each in departures(server)]
        if server.websockets:
            gone += [clients.submit(quits, server, count) for count in (0, 1, 50)]
        for each in gone:
            each.result(DEADLINE)

        assert server.said(REQUESTS["get"]) == expected
        end = time.monotonic() + DEADLINE
        while any((now := server.asked("/census"))[key] > before[key] for key in ALIVE):
            assert time.monotonic() < end, (before, now)
        assert server.accused() == []


def test_fifty_clients_at_once(serve):
    """Each gets its own reply."""
    with serve("collect") as server, ThreadPoolExecutor(50) as clients:
        replies = clients.map(
            lambda number: server.said(request("POST", "/echo", body=b"client %d;" % number * 999)),
            range(150),
        )
        for number, reply in enumerate(replies):
            assert reply.partition(b"\r\n\r\n")[2].endswith(b"client %d;" % number * 999)
        assert server.accused() == []


def stopped(server):
    """How a server ends that is asked to while a reply is under way and others wait."""
    with server.connect() as idle, server.connect() as busy:
        if server.name != "gunicorn-sync":  # which would wait for the idle one
            idle.sendall(request("GET", "/", close=False))
            assert idle.recv(9) == b"HTTP/1.1 "
        else:
            idle.close()
        busy.sendall(request("GET", "/large"))
        begun = busy.recv(9)
        server.stop()
        complete = len(begun + server.rest(busy)) > LARGE
        return complete, server.ended()


def test_a_stop_with_open_connections(serve):
    """The reply is finished, or cut, as it is without a validator; so is the server."""
    with serve("") as bare:
        expected = stopped(bare)
    with serve("raise") as watched:
        assert stopped(watched) == expected
        assert watched.warned() == []


@pytest.mark.parametrize("path", ["/echo", "/fault"])
def test_nothing_grows(path, serve):
    """However many requests there were, right or wrong."""
    with serve("collect") as server:
        server.many(path, WARM)
        before = server.asked("/census")
        server.many(path, REQUESTED)
        after = server.asked("/census")

        assert {key: after[key] for key in ALIVE} == {key: before[key] for key in ALIVE}
        assert after["objects"] - before["objects"] < REQUESTED / 4
        counts = {party: count for _, party, _, _, count in server.accused()}
        assert counts.get("application") == (WARM + REQUESTED if path == "/fault" else None)
