"""The WebSocket client keeps what a server sends, right or wrong, and ends in time."""

from __future__ import annotations

import socket

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

from gateproof.targets.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    FrameReader,
    accept_value,
    build,
    close_payload,
    fragments,
    handshake,
)
from gateproof.targets.websocket_client import Incoming, WebSocketClient
from gateproof.targets.wire import Wire


def server(react, accept=None):
    """A correct server by wsproto: ``react(event)`` gives what it sends for an event."""

    def peer(connection):
        ws = WSConnection(ConnectionType.SERVER)
        heard = []
        while data := connection.recv(65536):
            ws.receive_data(data)
            for event in ws.events():
                heard.append(event)
                if isinstance(event, Request):
                    connection.sendall(ws.send(accept or AcceptConnection()))
                elif isinstance(event, Ping):
                    connection.sendall(ws.send(event.response()))
                elif isinstance(event, CloseConnection):
                    connection.sendall(ws.send(event.response()))
                    return heard
                for answer in react(event):
                    connection.sendall(ws.send(answer))
        return heard

    return peer


def echo(event):
    kinds = {TextMessage: TextMessage, BytesMessage: BytesMessage}
    if type(event) in kinds:
        yield kinds[type(event)](data=event.data, message_finished=event.message_finished)


def test_an_ordinary_conversation(peers):
    async def client(address):
        wire = await Wire.open(address)
        ws = await WebSocketClient.open(wire, "host:1", "/path", subprotocols=["a", "b"])
        await ws.send_text("hé")
        await ws.send_bytes(b"\x00\xff" * 40_000)
        await ws.ping(b"p")
        first = [await ws.receive(), await ws.receive(), await ws.receive()]
        await ws.close(3000, "bye")
        rest = await ws.collect()
        await ws.close()
        await wire.close()
        return ws, first, rest

    (ws, first, rest), heard = peers.play(server(echo, AcceptConnection(subprotocol="b")), client)

    assert (ws.accepted, ws.faults, ws.problem) == (True, [], "")
    assert (heard[0].target, heard[0].host, heard[0].subprotocols) == (
        "/path",
        "host:1",
        ["a", "b"],
    )
    assert first == [
        Incoming("text", "hé"),
        Incoming("bytes", b"\x00\xff" * 40_000),
        Incoming("pong", b"p"),
    ]
    assert rest == [Incoming("close", b"", 3000, "bye"), Incoming("end")]
    kinds = [frame.opcode for frame in ws.frames if frame.opcode != CONTINUATION]
    assert kinds == [TEXT, BINARY, PONG, CLOSE]
    assert (heard[-1].code, heard[-1].reason) == (3000, "bye")


def test_a_refusal_is_an_answer(peers):
    def peer(connection):
        ws = WSConnection(ConnectionType.SERVER)
        ws.receive_data(connection.recv(65536))
        list(ws.events())
        connection.sendall(ws.send(RejectConnection(status_code=403)))

    async def client(address):
        wire = await Wire.open(address)
        ws = await WebSocketClient.open(wire, "x")
        await wire.close()
        return ws

    ws, _ = peers.play(peer, client)

    assert (ws.accepted, ws.reply.status) == (False, 403)
    assert ws.faults == [("status", "status 403")]


def test_compression_is_agreed_and_used(peers):
    async def client(address):
        wire = await Wire.open(address)
        ws = await WebSocketClient.open(wire, "x", extensions="permessage-deflate")
        await ws.send_text("a" * 10_000)
        got = await ws.receive()
        await ws.close()
        await ws.collect()
        await wire.close()
        return ws, got

    (ws, got), _ = peers.play(
        server(echo, AcceptConnection(extensions=[PerMessageDeflate()])), client
    )

    assert ws.faults == []
    assert got.data == "a" * 10_000
    assert (ws.frames[0].rsv, len(ws.frames[0].payload) < 200) == (0b100, True)


@pytest.mark.parametrize("answers", [True, False])
def test_pings_and_a_close_are_answered_unless_told_not_to(peers, answers):
    def peer(connection):
        connection.recv(65536)
        connection.sendall(
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
            b"Sec-WebSocket-Accept: "
            + accept_value(KEY).encode()
            + b"\r\n\r\n"
            + build(PING, b"1", mask=None)
            + b"".join(
                [build(TEXT, b"a", fin=False, mask=None), build(CONTINUATION, b"b", mask=None)]
            )
            + build(CLOSE, close_payload(1001), mask=None)
        )
        reader = FrameReader()
        found = []
        while data := connection.recv(100):
            found += reader.feed(data)
        return [(frame.opcode, frame.payload) for frame in found]

    async def client(address):
        wire = await Wire.open(address)
        await wire.send(handshake("x", key=KEY))
        ws = await WebSocketClient.answered(wire, b"", key=KEY)
        ws.pongs = ws.closes = answers
        got = await ws.collect(until="close")
        wire.half_close()
        await ws.collect()
        await wire.close()
        return ws, got

    (ws, got), sent = peers.play(peer, client)

    assert (ws.faults, ws.problem) == ([], "")
    assert got == [Incoming("ping", b"1"), Incoming("text", "ab"), Incoming("close", b"", 1001)]
    assert sent == ([(PONG, b"1"), (CLOSE, close_payload(1001))] if answers else [])


KEY = "AQIDBAUGBwgJCgsMDQ4PEC=="
BREACHES = {
    "masked": build(TEXT, b"a"),
    "reserved bit": build(TEXT, b"a", rsv=1, mask=None),
    "reserved opcode": build(0x3, mask=None),
    "long ping": build(PING, b"x" * 126, mask=None),
    "fragmented ping": build(PING, fin=False, mask=None),
    "stray continuation": build(CONTINUATION, mask=None),
    "bad UTF-8": build(TEXT, b"\xff", mask=None),
    "one octet of close": build(CLOSE, b"\x03", mask=None),
    "reserved close code": build(CLOSE, close_payload(1005), mask=None),
    "data after close": build(CLOSE, mask=None) + build(TEXT, b"a", mask=None),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_server_s_breach_is_kept_and_not_raised(peers, breach):
    def peer(connection):
        connection.recv(65536)
        connection.sendall(
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_value(KEY).encode() + b"\r\n\r\n"
        )
        connection.sendall(BREACHES[breach])
        connection.recv(65536)

    async def client(address):
        wire = await Wire.open(address)
        ws = await WebSocketClient.open(wire, "x", key=KEY)
        ws.closes = False
        while len(ws.frames) < (2 if breach == "data after close" else 1):
            try:
                await ws.receive(0.05)
            except TimeoutError:
                continue
        await wire.close()
        return ws

    ws, _ = peers.play(peer, client)

    assert ws.accepted
    assert bool(ws.problem) != (breach == "data after close")  # there the frames tell
    assert [frame.opcode for frame in ws.frames][:2]


@pytest.mark.parametrize("how", ["close", "reset", "silence"])
def test_each_ending(peers, how):
    def peer(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 101 x\r\n\r\n" + build(TEXT, b"half", mask=None)[:3])
        connection.recv(1)
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    async def client(address):
        wire = await Wire.open(address)
        ws = await WebSocketClient.open(wire, "x")
        if how == "silence":
            with pytest.raises(TimeoutError):
                await ws.receive(0.05)
            assert await ws.collect(0.05) == []
        await wire.send(b"!")
        got = await ws.collect()
        await wire.close()
        return ws, got

    (ws, got), _ = peers.play(peer, client)

    assert {part for part, _ in ws.faults} == {"upgrade", "connection", "accept"}
    assert got == [Incoming("end")]
    assert ws.wire.was_reset == (how == "reset")
    assert (ws.frames, ws.reader.rest) == ([], b"\x81\x04h")


def test_frames_of_our_own_go_out_verbatim(peers):
    async def client(address):
        wire = await Wire.open(address)
        ws = await WebSocketClient.open(wire, "x")
        await ws.send_frames(*fragments(TEXT, b"a", b"b"), build(PING, b"z"), cuts=[1, 9])
        got = [await ws.receive(), await ws.receive()]
        await ws.close()
        await ws.collect()
        await wire.close()
        return got

    got, heard = peers.play(server(echo), client)

    assert Incoming("pong", b"z") in got
    assert "".join(event.data for event in heard if isinstance(event, TextMessage)) == "ab"
    assert not any(isinstance(event, Pong) for event in heard)
