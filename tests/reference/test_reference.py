"""What an ordinary client and an ordinary application see of the reference server."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from reference.server import Running, Server, StartupError

HERE = Path(__file__).resolve().parent
ECHOES = ["wsgi", "asgi"]
GET = b"GET /a%20b?q=1 HTTP/1.1\r\nHost: here\r\n"


@pytest.fixture(params=ECHOES)
def client(request, serve, connect):
    from reference.conftest import asgi_echo, wsgi_echo

    app = wsgi_echo if request.param == "wsgi" else asgi_echo
    return connect(serve(app, request.param))


def head_and_body(client: Any) -> tuple[bytes, bytes]:
    head = client.until(b"\r\n\r\n").lower()
    lengths = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return head, client.exactly(int(lengths[0].split(b":")[1]))


def test_hello_and_keep_alive(client: Any) -> None:
    for _ in range(2):
        client.send(GET + b"\r\n")
        head, body = head_and_body(client)

        assert head.startswith(b"http/1.1 200 ok\r\n")
        assert b"x-path: /a b\r\n" in head
        assert b"\r\ndate: " in head
        assert b"connection:" not in head
        assert body == b"hello"


def test_chunked_request_cut_anywhere(client: Any) -> None:
    octets = GET.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n"
    octets += b'3;a="b"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n'
    for octet in octets:
        client.send(bytes([octet]))

    assert head_and_body(client)[1] == b"abc0123456789"


def test_pipelined_requests_are_answered_in_order(client: Any) -> None:
    posts = [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n%d" % n for n in range(3)]
    client.send(b"".join(posts))

    assert [head_and_body(client)[1] for _ in posts] == [b"0", b"1", b"2"]


def test_expectation_is_answered_before_the_body(client: Any) -> None:
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")

    assert client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"

    client.send(b"ok")

    assert head_and_body(client)[1] == b"ok"


def test_head_has_no_content(client: Any) -> None:
    client.send(GET.replace(b"GET", b"HEAD") + b"\r\n" + GET + b"Connection: close\r\n\r\n")

    assert b"content-length" not in client.until(b"\r\n\r\n").lower()
    assert client.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert client.rest() == b"hello"


def test_http10_closes_unless_asked_not_to(client: Any) -> None:
    client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    head, _ = head_and_body(client)

    assert b"connection: keep-alive\r\n" in head

    client.send(b"GET / HTTP/1.0\r\n\r\n")

    assert client.rest().endswith(b"\r\n\r\nhello")


BAD = {
    b"GET / HTTP/1.1\r\n\r\n": 400,
    b"GET / HTTP/1.1\nHost: a\n\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n": 400,
    b"GET /\r\n": 400,
    b"GET  / HTTP/1.1\r\n": 400,
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n": 505,
    b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n": 414,
    b"G" * 20000 + b" / HTTP/1.1\r\n": 501,
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70000 + b"\r\n\r\n": 431,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: foo, chunked\r\n\r\n": 501,
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n": 400,
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n": 400,
}


@pytest.mark.parametrize(("octets", "status"), BAD.items(), ids=lambda value: str(value)[:60])
def test_bad_requests_are_refused_and_nothing_is_served_behind_them(
    client: Any, octets: bytes, status: int
) -> None:
    client.send(octets + GET + b"\r\n")
    answer = client.rest()

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer


def test_cut_off_body_is_no_body(client: Any) -> None:
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    client.socket.shutdown(socket.SHUT_WR)
    answer = client.rest()

    assert not answer.startswith(b"HTTP/1.1 2")


def test_wsgi_stream_is_chunked_for_11_and_ended_by_closing_for_10(serve, connect) -> None:
    def app(environ, start_response):
        write = start_response("200 OK", [])
        write(b"a")
        return iter([b"", b"bc", b""])

    server = serve(app, "wsgi")

    assert (
        connect(server)
        .send(GET + b"Connection: close\r\n\r\n")
        .rest()
        .endswith(b"\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
    )
    assert connect(server).send(b"GET / HTTP/1.0\r\n\r\n").rest().endswith(b"\r\n\r\nabc")


def test_asgi_204_has_no_framing_and_the_connection_stays(serve, connect) -> None:
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"never"})

    client = connect(serve(app, "asgi"))
    for _ in range(2):
        head = client.send(GET + b"\r\n").until(b"\r\n\r\n").lower()

        assert head.startswith(b"http/1.1 204 ")
        assert b"content-length" not in head
        assert b"transfer-encoding" not in head


def test_trailers(serve, connect) -> None:
    async def app(scope, receive, send):
        assert "http.response.trailers" in scope["extensions"]
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body", "body": b"abc"})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})

    server = serve(app, "asgi")
    for wanted, trailers in ((b"TE: trailers\r\n", b"x-sum: 1\r\n"), (b"", b"")):
        answer = connect(server).send(GET + wanted + b"Connection: close\r\n\r\n").rest()

        assert answer.endswith(b"\r\n\r\n3\r\nabc\r\n0\r\n" + trailers + b"\r\n")


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"])
def test_an_application_that_raises_is_answered_for(serve, connect, head: bytes) -> None:
    def at_once(environ, start_response):
        raise ValueError("planted")

    def halfway(environ, start_response):
        start_response("200 OK", [])
        yield b"abc"
        raise ValueError("planted")

    async def async_at_once(scope, receive, send):
        raise ValueError("planted")

    async def silent(scope, receive, send):
        return

    logged: list[str] = []
    for app, interface in ((at_once, "wsgi"), (async_at_once, "asgi"), (silent, "asgi")):
        server = serve(app, interface, log=logged.append)

        assert connect(server).send(head).rest().startswith(b"HTTP/1.1 500 ")

    answer = connect(serve(halfway, "wsgi", log=logged.append)).send(head).rest()

    assert answer.endswith(b"3\r\nabc\r\n")
    assert sum("planted" in text for text in logged) == 2 + 1  # the lifespan's raise is no error


def test_asgi_disconnect_is_told_after_the_response_and_when_the_client_left(serve, connect):
    seen: list[str] = []
    ended = threading.Event()

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise NotImplementedError
        seen.append((await receive())["type"])
        if scope["path"] == "/gone":
            seen.append((await receive())["type"])
            try:
                await send({"type": "http.response.start", "status": 200})
            except OSError as raised:
                seen.append(type(raised).__name__)
        else:
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body"})
            seen.extend([(await receive())["type"] for _ in range(2)])
        ended.set()

    server = serve(app, "asgi")
    client = connect(server)
    client.send(GET + b"\r\n").until(b"\r\n\r\n")

    assert ended.wait(5)
    assert seen == ["http.request", "http.disconnect", "http.disconnect"]

    ended.clear()
    seen.clear()
    client.send(b"GET /gone HTTP/1.1\r\nHost: a\r\n\r\n").socket.close()

    assert ended.wait(5)
    assert seen == ["http.request", "http.disconnect", "GoneError"]


KEY = b64encode(b"0123456789abcdef")
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n"
)


def frame(first: int, payload: bytes) -> bytes:
    """A short masked frame."""
    mask = b"abcd"
    masked = bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload))
    return bytes([first, 0x80 | len(payload)]) + mask + masked


def test_websocket_echo(serve, connect) -> None:
    from reference.conftest import asgi_echo

    client = connect(serve(asgi_echo, "asgi"))
    # A message right behind the handshake, one in two fragments with a ping between.
    client.send(UPGRADE + b"Sec-WebSocket-Protocol: a, b\r\n\r\n" + frame(0x81, "hé".encode()))
    head = client.until(b"\r\n\r\n")
    proof = b64encode(hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())

    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nSec-WebSocket-Accept: " + proof + b"\r\n" in head
    assert b"\r\nSec-WebSocket-Protocol: a\r\n" in head
    assert client.exactly(5) == b"\x81\x03" + "hé".encode()

    client.send(frame(0x02, b"\xff\x00") + frame(0x89, b"p") + frame(0x80, b"1"))

    assert client.exactly(8) == b"\x8a\x01p" + b"\x82\x03\xff\x001"

    client.send(frame(0x88, struct.pack(">H", 3001) + b"bye"))

    assert client.rest() == b"\x88\x02" + struct.pack(">H", 3001)


def inflated(payload: bytes) -> bytes:
    return zlib.decompressobj(wbits=-15).decompress(payload + b"\0\0\xff\xff")


def test_websocket_messages_are_deflated_where_agreed(serve, connect) -> None:
    from reference.conftest import asgi_echo

    client = connect(serve(asgi_echo, "asgi"))
    client.send(UPGRADE + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")

    assert b"\r\nSec-WebSocket-Extensions: permessage-deflate;" in client.until(b"\r\n\r\n")

    packer = zlib.compressobj(wbits=-15)
    packed = (packer.compress(b"a" * 99) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    client.send(frame(0xC1, packed))
    first, size = client.exactly(2)

    assert first == 0xC1
    assert inflated(client.exactly(size)) == b"a" * 99

    client.send(frame(0x81, b"plain"))
    first, size = client.exactly(2)

    assert inflated(client.exactly(size)) == b"plain"


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"\x81\x01a", 1002),  # no mask
        (frame(0x91, b""), 1002),
        (frame(0x83, b""), 1002),
        (frame(0x80, b""), 1002),
        (frame(0x09, b""), 1002),
        (frame(0x88, b"a"), 1002),
        (frame(0x88, struct.pack(">H", 1006)), 1002),
        (frame(0x81, b"\xff"), 1007),
        (b"\x82\xff\x7f" + b"\xff" * 7 + b"abcd", 1009),
        (b"\x82\xff\xff" + b"\xff" * 7 + b"abcd", 1002),
        (b"\x82\xfe\x00\x01abcda", 1002),
    ],
)
def test_websocket_fails_on_bad_frames(serve, connect, octets: bytes, code: int) -> None:
    from reference.conftest import asgi_echo

    client = connect(serve(asgi_echo, "asgi"))
    client.send(UPGRADE + b"\r\n").until(b"\r\n\r\n")
    client.send(octets + frame(0x81, b"later"))

    assert client.rest() == b"\x88\x02" + struct.pack(">H", code)


@pytest.mark.parametrize(
    ("without", "status"),
    [
        (b"Sec-WebSocket-Version: 13\r\n", 400),
        (b"Sec-WebSocket-Key: " + KEY + b"\r\n", 400),
        (b"Host: a\r\n", 400),
    ],
)
def test_websocket_handshakes_that_lack_something(serve, connect, without, status) -> None:
    from reference.conftest import asgi_echo

    client = connect(serve(asgi_echo, "asgi"))
    answer = client.send(UPGRADE.replace(without, b"") + b"\r\n").rest()

    assert answer.startswith(b"HTTP/1.1 %d " % status)


def test_websocket_denied(serve, connect) -> None:
    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.close"})

    answer = connect(serve(app, "asgi")).send(UPGRADE + b"\r\n").rest()

    assert answer.startswith(b"HTTP/1.1 403 ")


def test_websocket_closed_by_application(serve, connect) -> None:
    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4000, "reason": "so"})

    client = connect(serve(app, "asgi"))
    client.send(UPGRADE + b"\r\n").until(b"\r\n\r\n")

    assert client.exactly(6) == b"\x88\x04" + struct.pack(">H", 4000) + b"so"

    client.send(frame(0x88, struct.pack(">H", 4000)))

    assert client.rest() == b""


def test_lifespan_in_order() -> None:
    steps: list[str] = []

    async def app(scope, receive, send):
        assert scope["type"] == "lifespan"
        for step in ("startup", "shutdown"):
            steps.append((await receive())["type"])
            await send({"type": f"lifespan.{step}.complete"})

    with Running(Server(app, "asgi")):
        assert steps == ["lifespan.startup"]

    assert steps == ["lifespan.startup", "lifespan.shutdown"]


def test_lifespan_that_fails_ends_the_server() -> None:
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no disk"})

    server = Server(app, "asgi")
    with pytest.raises(StartupError), Running(server):
        pass

    assert "no disk" in "".join(server.logged)
    assert server.sock.fileno() == -1


APPLICATION = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            print((await receive())["type"], flush=True)
            await send({"type": f"lifespan.{step}.complete"})
        return
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"from a process"})
"""


def test_as_a_process_on_an_inherited_socket(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = subprocess.Popen(
            [sys.executable, HERE / "serve.py", "--fd", str(listening.fileno()), "module:app"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=[listening.fileno()],
            stdout=subprocess.PIPE,
        )
        try:
            with socket.create_connection(listening.getsockname(), timeout=10) as client:
                client.sendall(GET + b"Connection: close\r\n\r\n")
                answer = b""
                while data := client.recv(65536):
                    answer += data
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=10)
        finally:
            process.kill()
            process.wait()

    assert answer.endswith(b"from a process")
    assert output == b"lifespan.startup\nlifespan.shutdown\n"
    assert process.returncode == 0
