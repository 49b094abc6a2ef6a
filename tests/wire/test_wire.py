"""A wire sends what it is given, cut where it is told, and notes how a peer ends."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
import threading
import time

import pytest

from gateproof.targets import segments
from gateproof.targets.wire import HEAD_KEPT, TAIL_KEPT, Record, Wire, WireError

MIB = 1 << 20


def read_to_end(connection):
    found = []
    while chunk := connection.recv(MIB):
        found.append(chunk)
    return found


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_each_cut_is_a_read_of_its_own(peers):
    async def client(address):
        wire = await Wire.open(address)
        await wire.send(b"\x00\r\nabcdef\xff", cuts=[9, 1, 3, 1, 0, 99])
        wire.half_close()
        assert await wire.receive(3) == b""
        await wire.close()
        return wire

    wire, read = peers.play(read_to_end, client)

    assert read == [b"\x00", b"\r\n", b"abcdef", b"\xff"]
    assert [data for _, data in wire.sent] == read
    times = [at for at, _ in wire.sent]
    assert times == sorted(times)
    assert wire.eof
    assert wire.ended_at > times[-1]
    assert not wire.was_reset


def test_a_peer_that_does_not_read_stops_cuts_only_for_a_moment(peers):
    sent = threading.Event()

    def peer(connection):
        assert sent.wait(5)
        return connection.recv(100)

    async def client(address):
        wire = await Wire.open(address)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await wire.send(b"abc", cuts=[1, 2])
        sent.set()
        assert loop.time() - began < 2
        await wire.receive(3)
        await wire.close()

    assert peers.play(peer, client)[1] == b"abc"


@pytest.mark.skipif(not segments.sys.platform.startswith("linux"), reason="asks Linux")
def test_what_the_peer_has_not_read_is_known(peers):
    proceed = threading.Event()

    def peer(connection):
        assert proceed.wait(5)
        return connection.recv(100)

    async def client(address):
        wire = await Wire.open(address)
        await wire.send(b"abcde")
        before = segments.unread(wire._socket)
        waited = await segments.delivered(wire._socket, 0.05)
        proceed.set()
        taken = await segments.delivered(wire._socket, 3)
        await wire.close()
        return before, waited, taken

    assert peers.play(peer, client)[0] == (5, False, True)


def test_what_is_sent_comes_before_its_answer(peers):
    def peer(connection):
        connection.recv(10)
        connection.sendall(b"answer")
        return time.monotonic_ns()

    async def client(address):
        wire = await Wire.open(address)
        await wire.send(b"question")
        await wire.receive(3)
        await wire.close()
        return wire

    wire, answered = peers.play(peer, client)

    assert wire.sent[0][0] < answered
    assert wire.sent[0][0] < wire.received[0][0]


def test_half_close_leaves_receiving_open(peers):
    def peer(connection):
        read = read_to_end(connection)
        connection.sendall(b"late")
        return read

    async def client(address):
        wire = await Wire.open(address)
        await wire.send(b"early")
        wire.half_close()
        got = [await wire.receive(3), await wire.receive(3), await wire.receive(3)]
        await wire.close()
        return got

    assert peers.play(peer, client) == ([b"late", b"", b""], [b"early"])


def test_a_reset_is_noted_and_what_came_before_is_kept(peers):
    def peer(connection):
        connection.recv(10)
        connection.sendall(b"part")
        connection.recv(10)
        reset(connection)

    async def client(address):
        wire = await Wire.open(address)
        await wire.send(b"a")
        first = await wire.receive(3)
        await wire.send(b"b")
        second = await wire.receive(3)
        taken = await wire.send(b"c")
        await wire.close()
        return wire, first, second, taken

    (wire, first, second, taken), _ = peers.play(peer, client)

    assert (first, second, taken) == (b"part", b"", 0)
    assert wire.was_reset
    assert wire.eof
    assert wire.refused == b"c"


def test_sending_to_a_peer_that_left_is_noted(peers):
    def peer(connection):
        reset(connection)

    async def client(address):
        wire = await Wire.open(address)
        while not wire.refused:  # the reset may take a moment to arrive
            await wire.send(b"x" * 1000)
            await asyncio.sleep(0)
        await wire.close()
        return wire

    wire, _ = peers.play(peer, client)

    assert wire.was_reset
    assert wire.outbound.total % 1000 == 0
    assert wire.refused == b"x" * 1000


def test_a_reset_during_the_connect_is_noted_as_any_other(peers, monkeypatch):
    async def connect(loop, sock, address):  # what a loop says when it looks after the reset
        sock.connect_ex(address)
        raise ConnectionResetError(104, f"Connect call failed {address}")

    async def client(address):
        monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", connect)
        wire = await Wire.open(address)
        got = await wire.receive(3)
        await wire.close()
        return wire.was_reset, got

    assert peers.play(read_to_end, client)[0] == (True, b"")


def test_our_reset_reaches_the_peer_as_one(peers):
    def peer(connection):
        assert connection.recv(10) == b"a"
        connection.sendall(b"go")
        with pytest.raises(ConnectionResetError):
            connection.recv(10)

    async def client(address):
        wire = await Wire.open(address)
        await wire.send(b"a")
        await wire.receive(3)
        wire.reset()
        wire.reset()
        await wire.close()
        with pytest.raises(WireError, match="closed before"):
            await wire.send(b"b")
        return await wire.receive(3)

    assert peers.play(peer, client)[0] == b""


def test_who_does_not_receive_holds_the_peer_back(peers):
    full = threading.Event()

    def peer(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        connection.settimeout(0.3)
        sent = 0
        try:
            while sent < 8 * MIB:
                sent += connection.send(b"x" * 4096)
        except TimeoutError:
            full.set()
        return sent

    async def client(address):
        wire = await Wire.open(address, receive_buffer=4096)
        await asyncio.to_thread(full.wait, 5)
        assert wire.received == []
        got = 0
        while chunk := await wire.receive(3):
            got += len(chunk)
        await wire.close()
        return got

    got, sent = peers.play(peer, client)

    assert full.is_set()
    assert got == sent < MIB


def echo(connection):
    while chunk := connection.recv(65536):
        connection.sendall(chunk)


def test_both_sides_may_send_at_once(peers):
    data = bytes(range(256)) * (16 * MIB // 256)

    async def client(address):
        wire = await Wire.open(address)
        assert await wire.send(data) == len(data)
        wire.half_close()
        got = bytearray()
        while chunk := await wire.receive(3):
            got += chunk
        await wire.close()
        return wire, bytes(got)

    (wire, got), _ = peers.play(echo, client)

    assert got == data
    assert wire.inbound.total == wire.outbound.total == len(data)
    assert wire.inbound.sha256 == hashlib.sha256(data).hexdigest()
    assert not wire.inbound.whole


def test_sending_is_bounded(peers):
    def peer(connection):
        return len(b"".join(read_to_end(connection))) if done.wait(5) else None

    done = threading.Event()
    data = b"x" * (16 * MIB)

    async def client(address):
        wire = await Wire.open(address)
        taken = await wire.send(data, within=0.2)
        done.set()
        wire.half_close()
        await wire.receive(5)
        await wire.close()
        return wire, taken

    (wire, taken), read = peers.play(peer, client)

    assert read == taken == wire.outbound.total < len(data)
    assert len(wire.refused) == len(data) - taken
    assert not wire.was_reset


def test_receiving_is_bounded(peers):
    def peer(connection):
        return connection.recv(1)

    async def client(address):
        wire = await Wire.open(address)
        with pytest.raises(TimeoutError, match=r"nothing came within 0\.05 s"):
            await wire.receive(0.05)
        with pytest.raises(TimeoutError):
            await wire.receive(-1)
        wire.pending += b"put back"
        got = await wire.receive(0)
        await wire.close()
        return got, wire.pending

    assert peers.play(peer, client)[0] == (b"put back", b"")


def test_receiving_and_sending_wait_at_the_same_time(peers):
    def peer(connection):
        connection.sendall(b"1")
        first = connection.recv(1)
        connection.sendall(b"2")
        return first + b"".join(read_to_end(connection))

    async def client(address):
        wire = await Wire.open(address)
        assert await wire.receive(3) == b"1"
        waiting = asyncio.ensure_future(wire.receive(3))
        await asyncio.sleep(0)
        await wire.send(b"x" * 100_000, reading=False)
        wire.half_close()
        got = await waiting
        await wire.close()
        return got

    assert peers.play(peer, client) == (b"2", b"x" * 100_000)


def test_closing_wakes_whoever_waits(peers):
    async def client(address):
        wire = await Wire.open(address)
        waiting = asyncio.ensure_future(wire.receive(5))
        await asyncio.sleep(0)
        await wire.close()
        return await waiting

    assert peers.play(read_to_end, client) == (b"", [])


def test_no_connection_is_the_harness_s_trouble(refused_address):
    with pytest.raises(WireError, match=r"no connection to .*failed"):
        asyncio.run(Wire.open(refused_address))


def test_unix_sockets(tmp_path):
    path = str(tmp_path / "socket")

    async def main():
        server = await asyncio.start_unix_server(lambda _, writer: writer.close(), path)
        async with server:
            wire = await Wire.open(path)
            taken = await wire.send(b"abc", cuts=[1])
            got = await wire.receive(3)
            await wire.close()
        return taken, got

    taken, got = asyncio.run(main())

    assert got == b""
    assert taken in (1, 3)  # the peer may have closed before the rest


def test_a_wrapped_socket_may_speak_tls(peers, tls_contexts):
    theirs, ours = tls_contexts

    def peer(connection):
        with theirs.wrap_socket(connection, server_side=True) as wrapped:
            data = b""
            while len(data) < 300_000:
                data += wrapped.recv(65536)
            wrapped.sendall(data)
        return len(data)

    async def wrap(plain):
        def shake():
            plain.settimeout(3)
            return ours.wrap_socket(plain, server_hostname="localhost")

        return await asyncio.to_thread(shake)

    async def client(address):
        wire = await Wire.open(address, wrap=wrap)
        await wire.send(b"y" * 300_000)
        got = b""
        while len(got) < 300_000:
            got += await wire.receive(3)
        await wire.close()
        return got

    assert peers.play(peer, client) == (b"y" * 300_000, 300_000)


@pytest.mark.parametrize("words", [1, 250, 16384, 75_000])
def test_a_record_is_bounded_and_counts_all(words):
    record = Record()
    size = words * 4
    pieces = [number.to_bytes(4, "big") * words for number in range(3 * MIB // size)]
    for at, piece in enumerate(pieces):
        record.add(piece, at)

    kept = [data for _, data in record.moments]
    head = next((at for at, data in enumerate(kept) if data != pieces[at]), len(kept))
    tail = len(kept) - head
    assert record.total == sum(map(len, pieces))
    assert record.sha256 == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert HEAD_KEPT - size < head * size <= HEAD_KEPT
    assert TAIL_KEPT <= tail * size < TAIL_KEPT + size
    assert kept[head:] == pieces[-tail:]
    assert not record.whole


def test_a_small_record_is_whole():
    record = Record()
    record.add(b"a", 1)
    record.add(b"bc", 2)

    assert record.moments == [(1, b"a"), (2, b"bc")]
    assert record.whole
