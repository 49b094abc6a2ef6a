"""What a server does with frames that break the protocol: it fails the connection.

https://datatracker.ietf.org/doc/html/rfc6455#section-7.1.7
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_websocket_session import (
    FAMILY,
    Session,
    frames_shown,
    opened,
    side_by_side,
)
from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, build
from gateproof.validators.violation import Verdict

_AFTER = "after"
_SLICE = 0.1
"""Seconds between two looks at what the application received."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Octets that break a rule, and which.

    Attributes:
        requirement: what a server breaks that lets them pass.
        what: the octets in words.
        octets: what is sent.
        verdict: milder than the catalogue's.
    """

    requirement: str
    what: str
    octets: bytes
    verdict: Verdict | None = None


def _prove(*requirements: str) -> tuple[str, ...]:
    return (*requirements, "ws.fail.closes-tcp", "ws.fail.no-processing-after")


async def hold(stage: ServerStage, breaches: Iterable[Breach]) -> None:
    """Send each breach on a connection of its own, and report what the server lets pass."""
    await opened(stage)
    breaches = list(breaches)
    played = await side_by_side(partial(_one, stage, each) for each in breaches)
    # Reported in the order of the table, whichever of them was over first.
    judged = [_judged(*each, one) for each, one in zip(played, breaches, strict=True)]
    silent = [session for session in judged if session is not None]
    if silent and "ws.fail.sends-close-frame" in stage.case.proves:
        silent[0].broken(
            "ws.fail.sends-close-frame",
            f"the connection was dropped without a close frame, {len(silent)} times",
            observed=frames_shown(silent[0]),
            expected="a close frame with a code such as 1002",
        )


async def _one(stage: ServerStage, breach: Breach) -> tuple[Session, bool]:
    """Send a breach and a message behind it; gives the session and whether it ended."""
    session = await opened(stage)
    await session.client.send_frames(breach.octets, build(TEXT, _AFTER.encode()))
    ended = await _failed(session)
    await session.client.wire.close()
    await session.gather()
    return session, ended


def _judged(session: Session, ended: bool, breach: Breach) -> Session | None:
    """Gives the session if the connection was failed without a close frame."""
    messages = session.messages
    told = session.close_frame is not None
    if not (ended or told) or any(message != _AFTER for message in messages):
        session.broken(
            breach.requirement,
            f"{breach.what} did not fail the connection",
            observed=f"the application received {messages!r}; {frames_shown(session)}",
            expected="a closed connection, and no message for the application",
            verdict=breach.verdict,
        )
    elif messages:
        session.broken(
            "ws.fail.no-processing-after",
            f"a message behind {breach.what} was delivered, after the connection had failed",
            observed=f"the application received {messages!r}; {frames_shown(session)}",
            expected="no message",
            verdict=breach.verdict,
        )
    elif not ended:
        session.broken(
            "ws.fail.closes-tcp",
            f"after {breach.what} the connection was not closed",
            observed=frames_shown(session),
            expected="the end of the stream",
        )
    elif not told:
        return session
    return None


async def _failed(session: Session) -> bool:
    """Whether the connection ends; it does not where the message behind was delivered."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + session.stage.patience
    while loop.time() < deadline:
        heard = await session.client.collect(_SLICE)
        if heard and heard[-1].kind == "end":
            return True
        if session.close_frame is not None:
            return await session.ended()
        session.heard.calls = session.stage.server.folder.calls(session.heard.token)
        if _AFTER in session.messages:
            heard = await session.client.collect(settle())
            return bool(heard) and heard[-1].kind == "end"
    return False


@case(
    FAMILY,
    "unmasked-frames",
    proves=(
        *_prove("ws.frame.unmasked-client-frame-closes", "ws.frame.unmasked-1002"),
        "ws.fail.sends-close-frame",
    ),
)
async def unmasked(stage: ServerStage) -> None:
    """A frame without a mask closes the connection."""
    requirement = "ws.frame.unmasked-client-frame-closes"
    await hold(
        stage,
        [
            Breach(requirement, "an unmasked text frame", build(TEXT, b"bare", mask=None)),
            Breach(requirement, "an unmasked ping", build(PING, b"bare", mask=None)),
        ],
    )


@case(FAMILY, "reserved-bits", proves=_prove("ws.frame.rsv-nonzero-fails"))
async def reserved_bits(stage: ServerStage) -> None:
    """A reserved bit that no extension gives a meaning fails the connection."""
    await hold(
        stage,
        [
            Breach("ws.frame.rsv-nonzero-fails", f"{name} set", build(TEXT, b"x", rsv=rsv))
            for name, rsv in (("RSV1", 0b100), ("RSV2", 0b010), ("RSV3", 0b001))
        ],
    )


@case(FAMILY, "reserved-opcodes", proves=_prove("ws.frame.unknown-opcode-fails"))
async def reserved_opcodes(stage: ServerStage) -> None:
    """An opcode without a meaning fails the connection."""
    await hold(
        stage,
        [
            Breach("ws.frame.unknown-opcode-fails", f"opcode {opcode}", build(opcode, b"x"))
            for opcode in (*range(0x3, 0x8), *range(0xB, 0x10))
        ],
    )


@case(
    FAMILY,
    "lengths",
    proves=_prove("ws.frame.minimal-length-received", "ws.frame.length-msb"),
)
async def lengths(stage: ServerStage) -> None:
    """A length in more octets than it needs, or with its highest bit set, is invalid."""
    longer = "ws.frame.minimal-length-received"
    await hold(
        stage,
        [
            Breach(longer, "a length of 5 in 16 bits", build(TEXT, b"short", form=16), "weak"),
            Breach(longer, "a length of 5 in 64 bits", build(TEXT, b"short", form=64), "weak"),
            Breach(
                "ws.frame.length-msb",
                "a 64-bit length with its highest bit set",
                build(BINARY, b"x" * 2000, length=1 << 63 | 2000),
            ),
        ],
    )


@case(FAMILY, "huge-length", alone=True, proves=("ws.frame.large-length-limits",))
async def huge(stage: ServerStage) -> None:
    """A frame that announces four exbibytes does no harm to others."""
    session = await opened(stage)
    await session.client.send_frames(build(BINARY, b"x" * 2000, length=1 << 62))
    await session.client.collect(0.5)
    other = await opened(stage)
    await other.client.send_text("still here")
    await other.leave()
    await session.client.wire.close()
    await session.gather()
    if session.messages or other.messages != ["still here"]:
        session.broken(
            "ws.frame.large-length-limits",
            "a frame that announces 2**62 octets harmed the server or reached the application",
            observed=f"it received {session.messages!r}, and on another connection "
            f"{other.messages!r}",
            expected="no message, and 'still here' on the other connection",
        )


@case(
    FAMILY,
    "fragments-out-of-order",
    proves=_prove(
        "ws.fragment.no-interleaved-messages",
        "ws.fragment.continuation-without-start",
    ),
)
async def out_of_order(stage: ServerStage) -> None:
    """A continuation needs a beginning, and a message an end before the next."""
    interleaved = "ws.fragment.no-interleaved-messages"
    stray = "ws.fragment.continuation-without-start"
    await hold(
        stage,
        [
            Breach(
                interleaved,
                "a text message within another",
                build(TEXT, b"one", fin=False) + build(TEXT, b"two"),
            ),
            Breach(
                interleaved,
                "a binary fragment within a text message",
                build(TEXT, b"one", fin=False) + build(BINARY, b"two", fin=False),
            ),
            Breach(stray, "a continuation first", build(CONTINUATION, b"x")),
            Breach(stray, "an unfinished continuation first", build(CONTINUATION, b"x", fin=False)),
        ],
    )


@case(
    FAMILY,
    "malformed-control-frames",
    proves=_prove("ws.fragment.control-not-fragmented", "ws.control.max-125"),
)
async def control(stage: ServerStage) -> None:
    """A control frame in fragments or of more than 125 octets fails the connection."""
    fragmented = "ws.fragment.control-not-fragmented"
    await hold(
        stage,
        [
            Breach(fragmented, "a ping without FIN", build(PING, b"x", fin=False)),
            Breach(fragmented, "a pong without FIN", build(PONG, b"x", fin=False)),
            Breach("ws.control.max-125", "a ping of 126 octets", build(PING, b"x" * 126)),
            Breach("ws.control.max-125", "a pong of 70000 octets", build(PONG, b"x" * 70_000)),
            Breach(
                "ws.control.max-125",
                "a close frame of 126 octets",
                build(CLOSE, b"\x03\xe8" + b"x" * 124),
            ),
        ],
    )


_NOT_UTF8 = (
    ("an overlong form", b"\xc0\xaf"),
    ("a surrogate", b"\xed\xa0\x80"),
    ("a cut sequence", b"\xe2\x82"),
    ("0xFF", b"ok\xff"),
    ("a point above U+10FFFF", b"\xf4\x90\x80\x80"),
    ("a stray continuation octet", b"\x80abc"),
)


@case(
    FAMILY,
    "text-that-is-no-utf8",
    proves=_prove("ws.utf8.invalid-text-fails", "ws.utf8.code-1007", "ws.utf8.fail-fast"),
)
async def no_utf8(stage: ServerStage) -> None:
    """A text message that is no UTF-8 fails the connection, whole or in fragments."""
    requirement = "ws.utf8.invalid-text-fails"
    whole = [
        Breach(requirement, f"text with {what}", build(TEXT, octets)) for what, octets in _NOT_UTF8
    ]
    parts = build(TEXT, b"\xce\xba\xed", fin=False) + build(CONTINUATION, b"\xa0\x80")
    await hold(stage, [*whole, Breach(requirement, "text with a surrogate in two parts", parts)])
