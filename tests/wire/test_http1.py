"""Replies are read by RFC 9112 section 6.3, however cut, and h11's opinion stands beside."""

from __future__ import annotations

import socket

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateproof.targets import http1
from gateproof.targets.http1 import ReplyReader, StrictOpinion, read_replies, read_reply
from gateproof.targets.wire import Wire

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def read(octets, method="GET", *, end="closed", step=None, switching=False):
    """Read ``octets``, ``step`` at a time; gives the reply and what was behind it."""
    reader, strict = ReplyReader(method), StrictOpinion(method, switching=switching)
    fed = 0
    for at in range(0, len(octets), step or len(octets) or 1):
        piece = octets[at : at + (step or len(octets))]
        strict.feed(piece)
        if not reader.done:
            reader.feed(piece)
            fed += len(piece)
    if end == "closed":
        strict.feed(b"")
    reply = reader.end(end)
    reply.problem = strict.problem
    return reply, reader.leftover() + octets[fed:]


FRAMINGS = {
    "length": ("GET", OK + b"Content-Length: 3\r\n\r\nabc", "length", b"abc"),
    "empty by length": ("GET", OK + b"content-length:0\r\n\r\n", "length", b""),
    "chunked": (
        "GET",
        OK + b'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n00A;x="y;"\r\n0123456789\r\n0\r\n\r\n',
        "chunked",
        b"ab0123456789",
    ),
    "close": ("GET", OK + b"X: y\r\n\r\nabc", "close", b"abc"),
    "close in HTTP/1.0": ("GET", b"HTTP/1.0 200 OK\r\n\r\nabc", "close", b"abc"),
    "coding that is not chunked": (
        "GET",
        OK + b"Transfer-Encoding: gzip\r\n\r\nabc",
        "close",
        b"abc",
    ),
    "HEAD": ("HEAD", OK + b"Content-Length: 3\r\n\r\n", "none", b""),
    "HEAD of chunked": ("HEAD", CHUNKED + b"", "none", b""),
    "204": ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", "none", b""),
    "304": ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "none", b""),
    "CONNECT": ("CONNECT", OK + b"\r\n", "none", b""),
    "refused CONNECT": (
        "CONNECT",
        b"HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\nx",
        "length",
        b"x",
    ),
    "101": (
        "GET",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "none",
        b"",
    ),
}


@pytest.mark.parametrize("step", [None, 1, 7])
@pytest.mark.parametrize("case", FRAMINGS)
def test_each_framing(case, step):
    method, octets, framing, body = FRAMINGS[case]
    behind = b"" if framing == "close" else b"HTTP/1.1 "
    reply, left = read(octets + behind, method, step=step, switching=case == "101")

    assert (reply.framing, reply.body, left) == (framing, body, behind)
    assert (reply.complete, reply.ended) == (True, "complete")
    assert (reply.raw, reply.raw_size) == (octets, len(octets))
    assert reply.body_size == len(body)
    if case != "coding that is not chunked":  # which h11 does not know
        assert (reply.problem, reply.oddities) == ("", [])


ENDINGS = {
    "nothing": ("GET", b"", {"closed": "nothing", "reset": "nothing", "timeout": "timeout"}),
    "part of a status line": ("GET", b"HTTP/1.1 20", {}),
    "part of a head": ("GET", OK + b"Content-", {}),
    "only an interim head": ("GET", b"HTTP/1.1 100 Continue\r\n\r\n", {}),
    "part of a length": ("GET", OK + b"Content-Length: 3\r\n\r\nab", {}),
    "part of a chunk": ("GET", CHUNKED + b"5\r\nab", {}),
    "no last chunk": ("GET", CHUNKED + b"2\r\nab\r\n", {}),
    "no end of trailers": ("GET", CHUNKED + b"0\r\nA: b\r\n", {}),
    "until close": ("GET", OK + b"\r\nab", {"closed": "complete"}),
}


@pytest.mark.parametrize("end", ["closed", "reset", "timeout"])
@pytest.mark.parametrize("case", ENDINGS)
def test_each_ending(case, end):
    method, octets, ends = ENDINGS[case]
    reply, left = read(octets, method, end=end)

    expected = ends.get(end, end)
    assert reply.ended == expected
    assert reply.complete == (expected == "complete")
    assert reply.raw == octets
    assert left == b""
    if octets.endswith(b"ab"):
        assert reply.body == b"ab"


ODD = {
    "bare LF": (b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", "bare LF", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "without the space", True),
    "both framings": (
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "beside Content-Length",
        True,
    ),
    "chunked in 1.0": (
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "in HTTP/1.0",
        True,
    ),
    "same length twice": (OK + b"Content-Length: 1, 1\r\n\r\nx", "several", True),
    "two lengths": (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "be used", False),
    "signed length": (OK + b"Content-Length: +1\r\n\r\nx", "be used", False),
    "folded": (OK + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n", "folded", True),
    "no colon": (OK + b"Nonsense\r\nContent-Length: 0\r\n\r\n", "without a colon", True),
    "space in name": (OK + b"A b: c\r\nContent-Length: 0\r\n\r\n", "no token", True),
    "space before colon": (OK + b"Content-Length : 0\r\n\r\n", "no token", True),
    "no status line": (b"hello\r\n\r\n", "no status line", False),
    "HTTP/0.9": (b"<html>", "no status line", False),
    "empty line first": (b"\r\n" + OK + b"Content-Length: 0\r\n\r\n", "no status line", False),
    "odd status": (b"HTTP/1.1 2OO OK\r\n\r\n", "no status line", False),
    "odd chunk size": (
        CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
        "size",
        False,
    ),
    "long chunk": (CHUNKED + b"1\r\nab\r\n0\r\n\r\n", "longer", False),
}


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_told_and_read_as_far_as_a_client_could(case, step):
    octets, oddity, complete = ODD[case]
    reply, left = read(octets, step=step, end="timeout")

    assert [odd for odd in reply.oddities if oddity in odd]
    assert reply.complete is complete
    assert reply.ended == ("complete" if complete else "garbage")
    if reply.status == 0:
        assert left == octets  # who wants to read on finds all of it
        assert reply.raw
    elif complete:
        assert left == b""


def test_headers_are_kept_as_sent():
    reply, _ = read(
        OK + b"X-A:  b \t\r\nx-a:\xff\r\nConnection: Keep-Alive, x\r\nContent-Length: 0\r\n\r\n"
    )

    assert reply.headers[:2] == [(b"X-A", b"b"), (b"x-a", b"\xff")]
    assert reply.lines[:3] == [b"HTTP/1.1 200 OK", b"X-A:  b \t", b"x-a:\xff"]
    assert reply.get(b"X-a") == [b"b", b"\xff"]
    assert reply.options(b"connection") == [b"keep-alive", b"x"]
    assert (reply.version, reply.status, reply.reason) == ("HTTP/1.1", 200, b"OK")


@pytest.mark.parametrize(
    ("octets", "keeps"),
    [
        (OK + b"Content-Length: 0\r\n\r\n", True),
        (OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n", False),
        (OK + b"\r\n", False),
        (OK + b"Content-Length: 1\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
def test_whether_the_connection_stays(octets, keeps):
    assert read(octets)[0].keeps is keeps


def test_interim_answers_come_before_the_final_one():
    reply, _ = read(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + OK
        + b"Content-Length: 0\r\n\r\n"
    )

    assert reply.interim == [(100, []), (103, [(b"Link", b"x")])]
    assert (reply.status, reply.problem) == (200, "")


def test_what_surrounds_chunks_is_kept():
    octets = b"3;a=b;c\r\nabc\r\n0 ; last\r\nX-T: 1\r\nx-t: 2\r\n\r\n"
    reply, _ = read(CHUNKED + b"" + octets)

    assert reply.chunks == [3, 0]
    assert reply.extensions == [b";a=b;c", b"; last"]
    assert reply.trailers == [(b"X-T", b"1"), (b"x-t", b"2")]


def test_large_bodies_are_counted_and_kept_in_part(monkeypatch):
    monkeypatch.setattr(http1, "BODY_KEPT", 1000)
    monkeypatch.setattr(http1, "RAW_KEPT", 500)
    octets = OK + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000
    reply, _ = read(octets, step=64)
    whole, _ = read(OK + b"\r\n" + b"x" * 5000)

    assert reply.complete
    assert (reply.body, reply.body_size) == (b"x" * 1000, 5000)
    assert reply.body_sha256 == whole.body_sha256
    assert (reply.raw, reply.raw_size) == (octets[:500], len(octets))


@pytest.mark.parametrize("start", [OK + b"A: ", CHUNKED + b"1;", b"HTTP/1.1 "])
def test_a_head_without_end_is_given_up(monkeypatch, start):
    monkeypatch.setattr(http1, "HEAD_LIMIT", 1000)
    reply, _ = read(start + b"x" * 5000, step=100)

    assert reply.ended == "garbage"
    assert reply.raw_size < 1200


# Any legal reply, cut anywhere.

TOKENS = st.text("abcXYZ019!#$%&'*+.^_`|~-", min_size=1, max_size=8).map(str.encode)
VALUES = st.binary(max_size=12).map(
    lambda value: bytes(octet for octet in value if octet > 32 and octet != 127)
)
FIELDS = st.lists(st.tuples(st.just(b"X-").flatmap(lambda x: TOKENS.map(x.__add__)), VALUES))


def chunk(data, extension):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


@st.composite
def legal_replies(draw):
    """A method, octets of one legal reply, and what it means: status, headers, body, trailers."""
    method = draw(st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]))
    status = draw(st.sampled_from([200, 201, 204, 206, 304, 404, 500, 599]))
    fields = draw(FIELDS)
    body = draw(st.binary(max_size=200))
    trailers = []
    framing = draw(st.sampled_from(["length", "chunked", "close"]))
    framed, sent = [], body
    if method == "HEAD" or status in (204, 304):
        framing, body, sent = "none", b"", b""
    elif framing == "length":
        framed = [(b"Content-Length", b"%d" % len(body))]
    elif framing == "chunked":
        framed = [(b"Transfer-Encoding", draw(st.sampled_from([b"chunked", b"Chunked"])))]
        trailers = draw(FIELDS)
        edges = sorted(draw(st.sets(st.integers(1, max(1, len(body) - 1)), max_size=4)))
        pieces = [body[a:b] for a, b in zip([0, *edges], [*edges, len(body)], strict=True)]
        extensions = st.sampled_from([b"", b";a", b";a=b", b';a="b c"'])
        sent = b"".join(chunk(piece, draw(extensions)) for piece in pieces if piece)
        sent += b"0\r\n" + b"".join(b"%s: %s\r\n" % field for field in trailers) + b"\r\n"
    at = draw(st.integers(0, len(fields)))
    headers = [*fields[:at], *framed, *fields[at:]]
    reason = draw(st.sampled_from([b"", b"OK", b"Not \xe9 bad"]))
    head = b"HTTP/1.1 %d %s\r\n" % (status, reason)
    head += b"".join(b"%s:%s%s\r\n" % (name, b" ", value) for name, value in headers)
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * draw(st.integers(0, 2))
    return method, interim + head + b"\r\n" + sent, (status, headers, framing, body, trailers)


def as_h11_reads(octets, method):
    """Status, lower-case headers, body and trailers as h11 gives them."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(octets)
    connection.receive_data(b"")
    body = b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return head.status_code, list(head.headers), body, list(event.headers)


@settings(max_examples=150, deadline=None)
@given(legal_replies(), st.data())
def test_any_legal_reply_cut_anywhere_is_read_the_same_and_as_h11_reads_it(case, data):
    method, octets, (status, headers, framing, body, trailers) = case
    cuts = sorted(data.draw(st.sets(st.integers(1, len(octets) - 1), max_size=6)))
    reader, strict = ReplyReader(method), StrictOpinion(method)
    for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
        strict.feed(octets[start:end])
        reader.feed(octets[start:end])
    reply = reader.end("closed")

    assert (reply.status, reply.headers) == (status, headers)
    assert (reply.framing, reply.body, reply.trailers) == (framing, body, trailers)
    assert reply.complete
    assert reply.raw == octets
    assert (reply.oddities, strict.problem) == ([], "")
    lower = [(name.lower(), value) for name, value in headers]
    # h11 normalises the coding's letter case
    told = as_h11_reads(octets, method)
    assert told[0] == status
    assert [(name, value.lower()) for name, value in told[1]] == [
        (name, value.lower()) for name, value in lower
    ]
    assert told[2] == body
    assert told[3] == [(name.lower(), value) for name, value in trailers]


# Over a socket.


def test_a_reply_is_read_from_a_wire_and_what_follows_stays_pending(peers):
    def peer(connection):
        connection.recv(100)
        connection.sendall(OK + b"Content-Length: 2\r\n\r\nabHTTP/1.1 204 x\r\n\r\ngarbage")

    async def client(address):
        wire = await Wire.open(address)
        await wire.send(b"GET / HTTP/1.1\r\n\r\n" * 2)
        first = await read_reply(wire)
        second = await read_reply(wire)
        third = await read_reply(wire)
        left = bytes(wire.pending)
        await wire.close()
        return first, second, third, left

    (first, second, third, left), _ = peers.play(peer, client)

    assert (first.status, first.body, first.complete) == (200, b"ab", True)
    assert 0 < first.began_at <= first.ended_at
    assert (second.status, second.framing) == (204, "none")
    assert (third.ended, left) == ("garbage", b"garbage")
    assert str(third) == "no HTTP answer (garbage): b'garbage'"


def test_pipelined_replies_are_read_up_to_the_first_that_is_not_whole(peers):
    def peer(connection):
        connection.sendall((OK + b"Content-Length: 1\r\n\r\n%d" % 0) + OK + b"A: b\r\n\r\nrest")

    async def client(address):
        wire = await Wire.open(address)
        replies = await read_replies(wire, ["GET", "HEAD", "GET", "GET"])
        await wire.close()
        return replies

    replies, _ = peers.play(peer, client)

    assert [(reply.status, reply.body, reply.ended) for reply in replies] == [
        (200, b"0", "complete"),
        (200, b"", "complete"),
        (0, b"", "garbage"),
    ]


@pytest.mark.parametrize("sent", [b"", OK + b"Content-Length: 9\r\n\r\nabc"])
@pytest.mark.parametrize("how", ["close", "reset", "stay"])
def test_each_ending_over_a_socket(peers, sent, how):
    def peer(connection):
        connection.sendall(sent)
        if how == "stay":
            return connection.recv(1)
        connection.recv(1)
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return None

    async def client(address):
        wire = await Wire.open(address)
        if how != "stay":
            await wire.send(b"!")
        reply = await read_reply(wire, within=0.1 if how == "stay" else 3)
        await wire.close()
        return reply, wire.was_reset

    (reply, was_reset), _ = peers.play(peer, client)

    ends = {"close": "closed", "reset": "reset", "stay": "timeout"}
    expected = ends[how] if sent or how == "stay" else "nothing"
    assert (reply.ended, reply.complete) == (expected, False)
    assert was_reset == (how == "reset")
    assert reply.raw == sent
    assert reply.body == sent[-3:]


def test_a_server_that_never_stops_sending_is_left_in_time(peers):
    def peer(connection):
        try:
            connection.sendall(OK + b"\r\n")
            while True:
                connection.sendall(b"x" * 1000)
        except OSError:
            return True

    async def client(address):
        wire = await Wire.open(address)
        reply = await read_reply(wire, within=0.2)
        await wire.close()
        return reply

    reply, stopped = peers.play(peer, client)

    assert stopped
    assert (reply.status, reply.ended) == (200, "timeout")


def test_a_reply_says_in_few_words_what_came():
    assert str(read(b"")[0]) == "closed without an answer"
    assert str(read(b"", end="timeout")[0]) == "no answer"
    assert str(read(OK + b"Content-Length: 1\r\n\r\nx")[0]) == "200, 1 octets of body"
    assert str(read(OK + b"Content-Length: 2\r\n\r\nx")[0]).endswith("incomplete (closed)")
