"""Frames are built and cut to the bit, and an opening handshake is checked part by part."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.connection import CLIENT, SERVER, Connection
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from gateproof.targets import frames
from gateproof.targets.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    FrameReader,
    accept_value,
    build,
    check_answer,
    close_payload,
    fragments,
    handshake,
    masked,
)
from gateproof.targets.http1 import ReplyReader

# RFC 6455 section 5.7
EXAMPLES = [
    (build(TEXT, b"Hello", mask=None), "810548656c6c6f"),
    (build(TEXT, b"Hello"), "818537fa213d7f9f4d5158"),
    (build(TEXT, b"Hel", mask=None, fin=False), "010348656c"),
    (build(CONTINUATION, b"lo", mask=None), "80026c6f"),
    (build(PING, b"Hello", mask=None), "890548656c6c6f"),
    (build(BINARY, bytes(256), mask=None), "827e0100" + "00" * 256),
    (build(BINARY, bytes(65536), mask=None), "827f0000000000010000" + "00" * 65536),
]
# every bit free
ODD = [
    (build(0xB, rsv=0b100, fin=False, mask=None), "4b00"),
    (build(TEXT, rsv=0b011, mask=None), "b100"),
    (build(TEXT, b"a", mask=bytes(4)), "81810000000061"),
    (build(TEXT, b"a", form=16, mask=None), "817e000161"),
    (build(TEXT, b"a", form=64, mask=None), "817f000000000000000161"),
    (build(TEXT, b"a", length=2, mask=None), "810261"),
    (build(BINARY, length=1 << 63, mask=None), "827f8000000000000000"),
    (build(BINARY, length=300), "82fe012c37fa213d"),
    (build(CLOSE, close_payload(1000, "é"), mask=None), "880403e8c3a9"),
    (build(CLOSE, close_payload(None), mask=None), "8800"),
    (build(CLOSE, close_payload(999, b"\xff"), mask=None), "880303e7ff"),
]


@pytest.mark.parametrize(("octets", "expected"), EXAMPLES + ODD)
def test_a_frame_is_built_to_the_bit(octets, expected):
    assert octets.hex() == expected


FRAMES = st.fixed_dictionaries(
    {
        "opcode": st.integers(0, 15),
        "payload": st.one_of(st.binary(max_size=300), st.just(bytes(range(256)) * 300)),
        "fin": st.booleans(),
        "rsv": st.integers(0, 7),
        "mask": st.none() | st.binary(min_size=4, max_size=4),
        "form": st.none() | st.just(64),
    }
)


@settings(max_examples=150, deadline=None)
@given(st.lists(FRAMES, min_size=1, max_size=4), st.data())
def test_any_frames_cut_anywhere_come_out_as_they_went_in(wanted, data):
    octets = b"".join(build(**each) for each in wanted)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(octets)), max_size=5)))
    reader = FrameReader()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
        found += reader.feed(octets[start:end])

    assert len(found) == len(wanted)
    for frame, each in zip(found, wanted, strict=True):
        assert (frame.opcode, frame.payload, frame.fin) == (
            each["opcode"],
            each["payload"],
            each["fin"],
        )
        assert (frame.rsv, frame.key) == (each["rsv"], each["mask"])
        assert frame.minimal == (each["form"] is None or len(each["payload"]) >= 65536)
        assert frame.control == (each["opcode"] >= 8)
    assert sum(frame.octets for frame in found) == len(octets)
    assert (reader.rest, reader.broken) == (b"", "")


@given(st.binary(max_size=40), st.binary(min_size=4, max_size=4))
def test_masking_is_octet_by_octet_and_its_own_inverse(payload, key):
    once = masked(payload, key)

    assert once == bytes(octet ^ key[at % 4] for at, octet in enumerate(payload))
    assert masked(once, key) == payload


def test_what_is_built_is_what_wsproto_understands():
    server = Connection(SERVER)
    server.receive_data(
        b"".join(fragments(TEXT, b"a", b"", b"\xc3", b"\xa9"))
        + build(PING, b"x")
        + b"".join(fragments(BINARY, b"one"))
        + build(CLOSE, close_payload(3000, "bye"))
    )
    told = list(server.events())

    assert "".join(e.data for e in told if isinstance(e, TextMessage)) == "aé"
    assert [bytes(e.payload) for e in told if isinstance(e, Ping)] == [b"x"]
    assert [bytes(e.data) for e in told if isinstance(e, BytesMessage)] == [b"one"]
    assert [(e.code, e.reason) for e in told if isinstance(e, CloseConnection)] == [(3000, "bye")]


def test_what_wsproto_sends_is_read():
    client = Connection(CLIENT)
    octets = client.send(TextMessage(data="hé")) + client.send(CloseConnection(code=1001))
    text, close = FrameReader().feed(octets)

    assert (text.opcode, text.payload.decode(), text.key is None) == (TEXT, "hé", False)
    assert (close.code, close.reason, close.control) == (1001, b"", True)
    assert (text.code, text.reason) == (None, b"")


def test_a_length_with_its_highest_bit_set_ends_the_reading():
    reader = FrameReader()

    assert len(reader.feed(build(TEXT, b"a") + build(TEXT, length=1 << 63))) == 1
    assert "highest bit" in reader.broken
    assert reader.feed(b"more") == []


def test_what_is_not_whole_is_kept_as_rest():
    reader = FrameReader()

    assert reader.feed(build(TEXT, b"abc", mask=None)[:3]) == []
    assert reader.rest == b"\x81\x03a"


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (build(TEXT, b"hi"), "text b'hi'"),
        (build(CONTINUATION, b"x" * 99, fin=False), "continuation 99 octets, more to come"),
        (build(CLOSE, close_payload(1002, "why")), "close 1002 b'why'"),
        (build(CLOSE), "close b''"),
        (build(0x3), "opcode 3 b''"),
    ],
)
def test_a_frame_is_named(octets, told):
    assert str(FrameReader().feed(octets)[0]) == told


# The opening handshake

EXAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 section 1.3
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
ANSWER = (
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    f"Sec-WebSocket-Accept: {ACCEPT}",
)


def test_the_accept_value_is_that_of_the_rfc():
    assert accept_value(EXAMPLE_KEY) == ACCEPT
    assert accept_value(f" {EXAMPLE_KEY} ") == ACCEPT


def test_a_handshake_has_what_section_4_1_asks_for():
    assert handshake("h:1", "/x?y") == (
        b"GET /x?y HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: " + frames.KEY.encode() + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert len(frames.KEY) == 24


def test_every_line_of_a_handshake_can_be_changed():
    octets = handshake(
        "h",
        method="POST",
        version="HTTP/1.0",
        key="k",
        subprotocols=["a", "b"],
        extensions="x; y",
        override={
            "host": None,
            "UPGRADE": "WebSocket",
            "Sec-WebSocket-Version": ["13", "8"],
            "sec-websocket-protocol": ["a", "b"],
        },
        headers=[("Cookie", "é"), ("Host", "late")],
    )

    assert octets.split(b"\r\n") == [
        b"POST / HTTP/1.0",
        b"Upgrade: WebSocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: k",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Version: 8",
        b"Sec-WebSocket-Protocol: a",
        b"Sec-WebSocket-Protocol: b",
        b"Sec-WebSocket-Extensions: x; y",
        b"Cookie: \xe9",
        b"Host: late",
        b"",
        b"",
    ]


def answer(*lines):
    reader = ReplyReader()
    reader.feed("\r\n".join([*lines, "", ""]).encode("latin-1"))
    return reader.reply


CHECKS = {
    "right": (ANSWER, set()),
    "letter case": ((ANSWER[0], "UPGRADE: WebSocket", "connection: x, UPGRADE", ANSWER[3]), set()),
    "offered": (
        (*ANSWER, "Sec-WebSocket-Protocol: b", "Sec-WebSocket-Extensions: x;y=1"),
        set(),
    ),
    "refused": (("HTTP/1.1 403 Forbidden", "Content-Length: 0"), {"status"}),
    "no upgrade": ((ANSWER[0], *ANSWER[2:]), {"upgrade"}),
    "other upgrade": ((ANSWER[0], "Upgrade: h2c", *ANSWER[2:]), {"upgrade"}),
    "no connection": ((*ANSWER[:2], ANSWER[3]), {"connection"}),
    "other connection": ((*ANSWER[:2], "Connection: close", ANSWER[3]), {"connection"}),
    "no accept": (ANSWER[:3], {"accept"}),
    "wrong accept": ((*ANSWER[:3], "Sec-WebSocket-Accept: x"), {"accept"}),
    "accept twice": ((*ANSWER, ANSWER[3]), {"accept-once"}),
    "two accepts": ((*ANSWER, "Sec-WebSocket-Accept: x"), {"accept", "accept-once"}),
    "protocol not offered": ((*ANSWER, "Sec-WebSocket-Protocol: A"), {"protocol"}),
    "protocol twice": (
        (*ANSWER, "Sec-WebSocket-Protocol: a", "sec-websocket-protocol: b"),
        {"protocol-once"},
    ),
    "extension not offered": ((*ANSWER, "Sec-WebSocket-Extensions: x, z; q"), {"extension"}),
    "extension twice": (
        (*ANSWER, "Sec-WebSocket-Extensions: x", "Sec-WebSocket-Extensions: x"),
        {"extension-once"},
    ),
    "length": ((*ANSWER, "Content-Length: 0"), {"framing"}),
    "coding": ((*ANSWER, "Transfer-Encoding: chunked"), {"framing"}),
}


@pytest.mark.parametrize("case", CHECKS)
def test_an_answer_is_checked_part_by_part(case):
    lines, expected = CHECKS[case]
    faults = check_answer(
        answer(*lines), key=EXAMPLE_KEY, subprotocols=["a", "b"], extensions=["x"]
    )

    assert {part for part, _ in faults} == expected
    assert all(text for _, text in faults)
