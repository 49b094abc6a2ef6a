"""Messages between client and application, whole, in pieces and cut anywhere.

https://datatracker.ietf.org/doc/html/rfc6455#section-5 and
https://asgi.readthedocs.io/en/latest/specs/www.html#receive-receive-event
"""

from __future__ import annotations

from collections.abc import Sequence

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_websocket_session import (
    ACCEPT,
    FAMILY,
    LISTENING,
    Message,
    application,
    assembled,
    connect,
    different,
    frame_faults,
    frames_shown,
    opened,
    say,
    side_by_side,
)
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.frames import BINARY, MASK, PING, PONG, TEXT, build, fragments
from gateproof.targets.script import Filled, catching, filled, gone, send

_OCTETS = bytes(range(256))
_LETTERS = "h\u00e9\u20ac\U0001f40d"


def _frame(message: Message, mask: bytes = MASK) -> bytes:
    if isinstance(message, str):
        return build(TEXT, message.encode(), mask=mask)
    return build(BINARY, message, mask=mask)


@case(
    FAMILY,
    "messages-to-the-application",
    proves=(
        "asgi.websocket.receive.per-data-message",
        "asgi.websocket.receive.mode-matches-frame",
        "asgi.websocket.receive.type",
        "asgi.websocket.receive.bytes-type",
        "asgi.websocket.receive.text-type",
        "asgi.websocket.receive.exactly-one",
        "asgi.websocket.receive.both-keys-allowed",
    ),
)
async def incoming(stage: ServerStage) -> None:
    """Each message gives one event of its kind, in order, the empty ones too."""
    sent: list[Message] = [
        "one",
        b"two",
        "",
        b"",
        "h\u00e9\u20ac\U0001f40d",
        b"\xff\x00",
        "\x00",
        "last",
    ]
    session = await opened(stage)
    await session.client.send_frames(*map(_frame, sent))
    await session.leave()
    got = session.messages
    if [_plain(message) for message in got] == [_plain(message) for message in sent]:
        requirement = "asgi.websocket.receive.mode-matches-frame"
    else:
        requirement = "asgi.websocket.receive.per-data-message"
    if wrong := different(sent, got):
        session.broken(
            requirement,
            "the application did not receive the messages that were sent",
            observed=wrong,
            expected="one event for each message, of its kind and in order",
        )


def _plain(message: Message | None) -> bytes | None:
    return message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message


@case(
    FAMILY,
    "messages-to-the-client",
    proves=("asgi.websocket.send.delivered", "asgi.websocket.send.empty-message"),
)
async def outgoing(stage: ServerStage) -> None:
    """Each message of the application reaches the client as it is, the empty ones too."""
    told: list[Message] = ["one", b"two", "", b"", _LETTERS, _OCTETS, "last"]
    session = await opened(stage, application(ACCEPT, *map(say, told), gone(LISTENING)))
    await session.hears(len(told))
    await session.leave()
    got = assembled(session.client.frames)
    if got == told:
        return
    without = [message for message in told if message]
    only_empty = [message for message in got if message] == without
    session.broken(
        "asgi.websocket.send.empty-message" if only_empty else "asgi.websocket.send.delivered",
        "the client did not get the messages that the application sent",
        observed=different(told, got),
        expected="each message once, of its kind and in order",
    )


@case(FAMILY, "any-octets", proves=("ws.data.binary-arbitrary",))
async def any_octets(stage: ServerStage) -> None:
    """Binary messages carry every octet both ways."""
    session = await opened(stage, application(ACCEPT, say(_OCTETS * 3), gone(LISTENING)))
    await session.client.send_frames(build(BINARY, _OCTETS * 2))
    await session.hears(1)
    await session.leave()
    for who, sent, got in (
        ("application", [_OCTETS * 2], session.messages),
        ("client", [_OCTETS * 3], assembled(session.client.frames)),
    ):
        if wrong := different(sent, got):
            session.broken(
                "ws.data.binary-arbitrary",
                f"octets changed on the way to the {who}",
                observed=wrong,
                expected="all values from 0 to 255 as they were sent",
            )


@case(FAMILY, "masking-keys", proves=("ws.frame.unmask-correct",))
async def masking(stage: ServerStage) -> None:
    """Payloads of every length are unmasked with whatever key came with them."""
    keys = (bytes(4), b"\xff\xff\xff\xff", b"\x01\x02\x03\x04", b"\x00\x80\x00\x01")
    sent = [_OCTETS[128 : 128 + size] for size in (*range(10), 63, 127)] * len(keys)
    session = await opened(stage)
    frames = [_frame(each, keys[at % len(keys)]) for at, each in enumerate(sent)]
    await session.client.send_frames(*frames)
    await session.leave()
    if wrong := different(sent, session.messages):
        session.broken(
            "ws.frame.unmask-correct",
            "the application did not receive the octets that were masked",
            observed=wrong,
            expected="the same octets, whatever the masking key",
        )


@case(
    FAMILY,
    "server-frames",
    proves=(
        "ws.frame.server-not-masking",
        "ws.frame.minimal-length-sent",
        "ws.fragment.server-order",
    ),
)
async def server_frames(stage: ServerStage) -> None:
    """The server's frames are unmasked, of the shortest form, and make whole messages."""
    sizes = (0, 1, 125, 126, 127, 65535, 65536, 300_000)
    told: list[str | bytes | Filled] = [filled(size) for size in sizes]
    told += ["x" * size for size in sizes[:5]]
    session = await opened(stage, application(ACCEPT, *map(say, told), gone(LISTENING)))
    await session.hears(len(told))
    await session.leave()
    for requirement, message, frame in frame_faults(session.client.frames):
        if requirement in stage.case.proves:
            session.broken(requirement, message, observed=str(frame))


@case(FAMILY, "cut-anywhere", proves=("ws.frame.split-reads",))
async def cut(stage: ServerStage) -> None:
    """How the octets were cut into segments makes no difference."""
    sent: list[Message] = ["one", b"\x00\xff", "h\u00e9", b"x" * 200]
    octets = b"".join(map(_frame, sent))

    async def once(cuts: Sequence[int], what: str) -> None:
        session = await opened(stage)
        await session.client.send_frames(octets, cuts=cuts)
        await session.leave()
        if wrong := different(sent, session.messages):
            session.broken(
                "ws.frame.split-reads",
                f"messages sent {what} did not arrive as they were",
                observed=wrong,
                expected="the same messages",
            )

    many: list[Message] = [f"message {number}" for number in range(300)]

    async def crowd() -> None:
        session = await opened(stage)
        await session.client.send_frames(b"".join(map(_frame, many)))
        await session.leave()
        if wrong := different(many, session.messages):
            session.broken(
                "ws.frame.split-reads",
                "many messages in one segment did not arrive as they were",
                observed=wrong,
                expected="the same messages",
            )

    await side_by_side(
        [
            lambda: once(range(1, len(octets)), "octet by octet"),
            lambda: once([1, 5, 20], "cut within frame heads"),
            crowd,
        ]
    )


@case(FAMILY, "handshake-octet-by-octet", proves=("ws.frame.split-reads",))
async def slow_handshake(stage: ServerStage) -> None:
    """An opening handshake that arrives octet by octet is understood."""
    await opened(stage)
    session = await connect(stage, cuts=range(1, 400))
    if not session.client.accepted:
        session.broken(
            "ws.frame.split-reads",
            "a handshake that came octet by octet was not completed",
            observed=str(session.reply),
            expected="101",
        )
        return
    await session.leave()


_SNAKE = "\U0001f40d".encode()
_FRAGMENTED: tuple[tuple[str, int, tuple[bytes, ...]], ...] = (
    ("ws.fragment.reassembly", TEXT, (b"in ", b"three ", b"pieces")),
    ("ws.fragment.reassembly", BINARY, (b"\x00", b"\x01")),
    ("ws.fragment.reassembly", TEXT, (b"", b"empty ", b"", b"ones", b"")),
    ("ws.fragment.reassembly", BINARY, (b"", b"")),
    ("ws.fragment.reassembly", TEXT, tuple(b"%d," % number for number in range(200))),
    ("ws.utf8.split-across-fragments", TEXT, (_SNAKE[:1], _SNAKE[1:3], _SNAKE[3:])),
    ("ws.utf8.split-across-fragments", TEXT, (b"h\xc3", b"\xa9")),
)


@case(
    FAMILY,
    "fragments",
    proves=(
        "ws.fragment.reassembly",
        "ws.utf8.split-across-fragments",
    ),
)
async def fragmented(stage: ServerStage) -> None:
    """Fragments are joined to one message of the first one's type."""

    async def one(requirement: str, opcode: int, pieces: tuple[bytes, ...]) -> None:
        session = await opened(stage)
        await session.client.send_frames(*fragments(opcode, *pieces))
        await session.leave()
        whole = b"".join(pieces)
        sent: list[Message] = [whole.decode() if opcode == TEXT else whole]
        if wrong := different(sent, session.messages):
            session.broken(
                requirement,
                f"a message in {len(pieces)} fragments did not arrive whole",
                observed=wrong,
                expected="one message",
            )

    await side_by_side(lambda row=row: one(*row) for row in _FRAGMENTED)  # type: ignore[misc]


@case(
    FAMILY,
    "control-between-fragments",
    proves=("ws.fragment.control-interleaved", "asgi.websocket.server.reassembles-fragments"),
)
async def interleaved(stage: ServerStage) -> None:
    """A ping between fragments is answered before the message is complete, which stays whole."""
    session = await opened(stage)
    await session.client.ping(b"0")
    plain = await session.client.collect(stage.patience, until="pong")
    if not any(each.kind == "pong" for each in plain):
        stage.blocked("a ping was not answered, let alone one between fragments")
    first, second, last = fragments(TEXT, b"one ", b"two ", b"three")
    await session.client.send_frames(first, build(PING, b"a"), second, build(PING, b"b"))
    early = await session.client.collect(stage.patience / 2, until="pong")
    await session.client.send_frames(last)
    rest = await session.leave()
    pongs = [frame for frame in session.client.frames if frame.opcode == PONG][1:]
    parts = [_plain(message) or b"" for message in session.messages]
    if pongs and len(parts) > 1 and b"".join(parts) == b"one two three":
        session.broken(
            "asgi.websocket.server.reassembles-fragments",
            "the fragments of one message reached the application one by one",
            observed=repr(session.messages),
            expected="['one two three']",
        )
    elif session.messages != ["one two three"] or not pongs:
        session.broken(
            "ws.fragment.control-interleaved",
            "pings between fragments were not answered"
            if session.messages == ["one two three"]
            else "pings between fragments damaged the message",
            observed=f"{session.messages!r}; {frames_shown(session)}",
            expected="'one two three', and pongs",
        )
    elif not any(each.kind == "pong" for each in early):
        session.broken(
            "ws.fragment.control-interleaved",
            "a ping between fragments was answered only after the message",
            observed=", ".join(each.kind for each in rest),
            expected="a pong before the last fragment",
            verdict="weak",
        )


@case(
    FAMILY,
    "large-messages",
    proves=("asgi.websocket.receive.per-data-message", "asgi.websocket.send.delivered"),
)
async def large(stage: ServerStage) -> None:
    """Messages of a megabyte pass, or meet a limit that closes the connection."""
    size = 1 << 20
    body = bytes(Filled(b"0123456789abcdef", size))
    app = application(ACCEPT, say(filled(size, b"0123456789abcdef")), gone(LISTENING))
    session = await opened(stage, app)
    await session.hears(1)
    await session.client.send_frames(build(BINARY, body))
    await session.leave()
    got = assembled(session.client.frames)
    if got != [body]:
        session.broken(
            "asgi.websocket.send.delivered",
            "a large message did not reach the client as it was sent",
            observed=different([body], got),
            expected=f"one message of {size} octets",
        )
    # The journal keeps the beginning and the length of what is so large.
    sizes = [len(message or b"") for message in session.messages]
    begins = [(message or b"")[:1000] for message in session.messages]
    limited = not sizes and session.client.wire.eof
    if (sizes, begins) != ([size], [body[:1000]]) and not limited:
        session.broken(
            "asgi.websocket.receive.per-data-message",
            "a large message did not reach the application as it was sent",
            observed=f"messages of {sizes} octets",
            expected=f"one message of {size} octets, or a connection closed for its size",
        )


@case(FAMILY, "text-is-utf8", proves=("ws.utf8.server-text-valid",))
async def valid_text(stage: ServerStage) -> None:
    """Text that cannot be written in UTF-8 does not reach the client as a text message."""
    app = application(ACCEPT, catching(say("a\ud800b")), gone(2.0), legal=False)
    session = await opened(stage, app)
    await session.hears(1)
    await session.leave()
    wrong = [message for message in assembled(session.client.frames) if isinstance(message, bytes)]
    if wrong:
        session.broken(
            "ws.utf8.server-text-valid",
            "the server sent a text message that is no UTF-8",
            observed=repr(wrong[0]),
            expected="an exception for the application, and nothing on the wire",
        )


@case(
    FAMILY,
    "both-kinds-or-none",
    proves=("asgi.websocket.send.server-rejects-invalid-combination",),
)
async def invalid_combination(stage: ServerStage) -> None:
    """A message of both kinds at once, or of none, is refused by send()."""
    both = send({"type": "websocket.send", "text": "a", "bytes": b"b"})
    none = send({"type": "websocket.send"})
    app = application(ACCEPT, catching(both), catching(none), gone(2.0), legal=False)
    session = await opened(stage, app)
    await session.leave()
