"""The closing handshake, begun by the client or by the application.

https://datatracker.ietf.org/doc/html/rfc6455#section-7 and
https://asgi.readthedocs.io/en/latest/specs/www.html#disconnect-receive-event-ws
"""

from __future__ import annotations

from dataclasses import dataclass

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_websocket_session import (
    ACCEPT,
    FAMILY,
    RESERVED_CODES,
    Session,
    application,
    close,
    frames_shown,
    opened,
    say,
    side_by_side,
)
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.frames import CLOSE, TEXT, build, close_payload
from gateproof.targets.script import Step, catching, gone
from gateproof.validators.violation import Verdict

_REASONS_UP_SINCE = (2, 5)
_REASONS_DOWN_SINCE = (2, 3)
_PROTOCOL_ERROR, _INVALID_DATA = 1002, 1007
_NO_CODE = 1005


async def _closed_by_client(stage: ServerStage, payload: bytes, *, behind: bytes = b"") -> Session:
    """Send a close frame, read to the end that the server makes, and read the journal."""
    session = await opened(stage)
    session.client.closes = False
    await session.client.send_frames(build(CLOSE, payload), behind)
    await session.client.collect(stage.patience)
    return session


async def _settled(session: Session) -> Session:
    await session.client.wire.close()
    await session.gather()
    return session


@case(
    FAMILY,
    "client-closes",
    proves=(
        "ws.close.reply",
        "ws.close.reply-echoes-code",
        "ws.close.tcp-closed-by-server",
        "ws.close-code.application-range",
        "asgi.websocket.disconnect.on-client-close",
        "asgi.websocket.disconnect.code-from-client",
        "asgi.websocket.disconnect.reason-from-client",
        "asgi.websocket.disconnect.type",
        "asgi.websocket.disconnect.code-present",
        "asgi.websocket.disconnect.code-type",
        "asgi.websocket.disconnect.reason-type",
        "asgi.websocket.disconnect.last-event",
    ),
)
async def client_closes(stage: ServerStage) -> None:
    """A close by the client is answered, ends the connection, and is told to the application."""
    await opened(stage)
    rows = ((1000, ""), (1001, "going \u2192"), (3000, "library"), (4999, "bye"))
    await side_by_side(lambda row=row: _client_closes(stage, *row) for row in rows)  # type: ignore[misc]


async def _client_closes(stage: ServerStage, code: int, reason: str) -> None:
    session = await _closed_by_client(stage, close_payload(code, reason))
    ended = session.client.wire.eof
    if session.close_frame is None:
        session.broken(
            "ws.close.reply",
            f"a close frame with code {code} was not answered by one",
            observed=frames_shown(session),
            expected="a close frame",
        )
    elif not ended:
        session.broken(
            "ws.close.tcp-closed-by-server",
            "the server left the connection open after both had closed",
            observed=f"still open after {stage.patience:g} s",
            expected="the end of the stream",
        )
    await _settled(session)
    event = session.disconnect
    if event is None:
        session.broken(
            "asgi.websocket.disconnect.on-client-close",
            "the client closed, and the application was not told",
            observed=repr(session.events[-1:]),
            expected="websocket.disconnect",
        )
        return
    told = event.get("code", _NO_CODE)
    if isinstance(told, int) and told != code:  # of other types the judge tells
        session.broken(
            "asgi.websocket.disconnect.code-from-client",
            "the application was told another close code than the client sent",
            observed=repr(event.get("code", "no code")),
            expected=str(code),
        )
    if session.spec_version >= _REASONS_UP_SINCE and (event.get("reason") or "") != reason:
        session.broken(
            "asgi.websocket.disconnect.reason-from-client",
            "the application was not told the client's reason",
            observed=repr(event.get("reason", "no reason")),
            expected=repr(reason),
        )


@case(
    FAMILY,
    "client-closes-without-code",
    proves=(
        "asgi.websocket.disconnect.code-1005-default",
        "asgi.websocket.disconnect.code-present",
        "asgi.websocket.disconnect.code-type",
        "ws.close.reply",
    ),
)
async def without_code(stage: ServerStage) -> None:
    """An empty close frame is answered, and told to the application as 1005."""
    session = await _settled(await _closed_by_client(stage, b""))
    if session.close_frame is None:
        session.broken(
            "ws.close.reply",
            "an empty close frame was not answered by one",
            observed=frames_shown(session),
            expected="a close frame",
        )
    event = session.disconnect
    code = event.get("code", _NO_CODE) if event is not None else _NO_CODE
    if isinstance(code, int) and code != _NO_CODE:
        session.broken(
            "asgi.websocket.disconnect.code-1005-default",
            "a close frame without a code was not told as 1005",
            observed=repr(code),
            expected="1005",
        )


@case(FAMILY, "data-behind-a-close", proves=("ws.close.data-after-close-ignored",))
async def data_behind(stage: ServerStage) -> None:
    """What a client sends behind its close frame does not reach the application."""
    late = build(TEXT, b"late")
    session = await _settled(await _closed_by_client(stage, close_payload(1000), behind=late))
    if session.messages:
        session.broken(
            "ws.close.data-after-close-ignored",
            "a message behind the close frame reached the application",
            observed=repr(session.messages),
            expected="only websocket.disconnect",
        )


@case(FAMILY, "one-octet-close", proves=("ws.close.payload-format",))
async def one_octet(stage: ServerStage) -> None:
    """A close frame with a body of one octet is a protocol error."""
    session = await _settled(await _closed_by_client(stage, b"\x03"))
    frame, ended = session.close_frame, session.client.wire.eof
    if frame is None and ended:
        return
    if frame is None or frame.code not in (_PROTOCOL_ERROR, _INVALID_DATA):
        session.broken(
            "ws.close.payload-format",
            "a close frame with a body of one octet was not treated as a protocol error",
            observed=frames_shown(session),
            expected="a close frame with 1002, or the end of the stream",
            verdict=None if frame is None else "weak",
        )


@case(
    FAMILY,
    "invalid-close-codes",
    proves=("ws.close-code.invalid-received", "ws.close-code.below-1000"),
)
async def invalid_codes(stage: ServerStage) -> None:
    """A close code that must not be sent is a protocol error."""

    async def one(code: int) -> None:
        session = await _settled(await _closed_by_client(stage, close_payload(code)))
        frame = session.close_frame
        if frame is not None and frame.code in (code, 1000):
            session.broken(
                "ws.close-code.below-1000" if code < 1000 else "ws.close-code.invalid-received",
                f"close code {code} was taken for a valid one",
                observed=frames_shown(session),
                expected="a close frame with 1002, or the end of the stream",
                verdict="weak",
            )

    await opened(stage)
    codes = (0, 999, 1004, *RESERVED_CODES, 5000, 65535)
    await side_by_side(lambda code=code: one(code) for code in codes)  # type: ignore[misc]


@case(FAMILY, "close-reason-that-is-no-utf8", proves=("ws.utf8.close-reason",))
async def reason_no_utf8(stage: ServerStage) -> None:
    """A close reason that is no UTF-8 fails the connection."""
    session = await _settled(await _closed_by_client(stage, close_payload(1000, b"\xff\xfe")))
    frame = session.close_frame
    errors = (_PROTOCOL_ERROR, _INVALID_DATA)
    if frame is None and session.client.wire.eof:
        return
    if frame is None or frame.code not in errors:
        session.broken(
            "ws.utf8.close-reason",
            "a close reason that is no UTF-8 was taken for a valid one",
            observed=frames_shown(session),
            expected="a close frame with 1007 or 1002, or the end of the stream",
        )


@dataclass(frozen=True, slots=True)
class Closing:
    """How an application closes, and what the client is to see."""

    step: Step
    code: int
    reason: str
    requirement: str
    verdict: Verdict | None = None


_CODE = "asgi.websocket.close.after-accept-code"
_CLOSINGS = (
    Closing(close(code=4000), 4000, "", _CODE),
    Closing(close(code=3000), 3000, "", _CODE),
    Closing(close(code=1001), 1001, "", _CODE, "weak"),  # some say it is the server's own code
    Closing(close(), 1000, "", "asgi.websocket.close.default-1000"),
    Closing(
        close(code=4001, reason="bye \u2192"),
        4001,
        "bye \u2192",
        "asgi.websocket.close.after-accept-code",
    ),
)


@case(
    FAMILY,
    "application-closes",
    proves=(
        "asgi.websocket.close.after-accept-code",
        "asgi.websocket.close.default-1000",
        "asgi.websocket.close.reason-sent",
        "asgi.websocket.close.reason-default",
        "ws.close.payload-format",
        "ws.close.server-closes-first",
        "ws.close-code.application-range",
        "asgi.websocket.disconnect.on-server-close",
    ),
)
async def application_closes(stage: ServerStage) -> None:
    """A close by the application reaches the client with its code and reason."""
    await opened(stage)
    await side_by_side(lambda how=how: _application_closes(stage, how) for how in _CLOSINGS)  # type: ignore[misc]


async def _application_closes(stage: ServerStage, how: Closing) -> None:
    session = await opened(stage, application(ACCEPT, say("first"), how.step, gone(stage.patience)))
    ended = await session.ended()
    await _settled(session)
    frame = session.close_frame
    told = f"{how.code} with reason {how.reason!r}"
    if frame is None or (how.code != frame.code and len(frame.payload) != 1):
        session.broken(
            how.requirement,
            "the close of the application did not reach the client with its code",
            observed=frames_shown(session),
            expected=f"a close frame with {told}",
            verdict=how.verdict,
        )
        return
    if len(frame.payload) == 1 or not _is_utf8(frame.reason):
        session.broken(
            "ws.close.payload-format",
            "the server's close frame has a malformed body",
            observed=repr(frame.payload),
            expected="two octets of code and a reason in UTF-8",
        )
        return
    reason = frame.reason.decode()
    if how.reason and reason != how.reason and session.spec_version >= _REASONS_DOWN_SINCE:
        session.broken(
            "asgi.websocket.close.reason-sent",
            "the reason of the application did not reach the client",
            observed=repr(reason),
            expected=repr(how.reason),
        )
    if not how.reason and reason:
        session.broken(
            "asgi.websocket.close.reason-default",
            "the close frame has a reason that the application did not give",
            observed=repr(reason),
            expected="no reason",
            verdict="weak",
        )
    if not ended:
        session.broken(
            "ws.close.server-closes-first",
            "the server leaves it to the client to close the connection",
            observed=f"still open {stage.patience:g} s after both had closed",
            expected="the end of the stream",
        )


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


@case(
    FAMILY,
    "close-codes-not-to-send",
    proves=("ws.close-code.reserved-not-sent", "ws.close-code.below-1000", "ws.control.max-125"),
)
async def not_to_send(stage: ServerStage) -> None:
    """A close that no frame may carry does not reach the wire, whatever the application says."""

    async def one(requirement: str, event: Step, what: str) -> None:
        app = application(ACCEPT, catching(event), gone(1.0), legal=False)
        session = await opened(stage, app)
        await session.ended()
        await _settled(session)
        frame = session.close_frame
        if frame is None:
            return
        code, too_long = frame.code, len(frame.payload) > 125
        reserved = code is not None and (code in RESERVED_CODES or code < 1000)
        if too_long or reserved:
            session.broken(
                requirement,
                f"the server sent a close frame with {what}, because the application asked for it",
                observed=str(frame),
                expected="an exception for the application, or another close frame",
            )

    await opened(stage)
    rows = [
        *(
            ("ws.close-code.reserved-not-sent", close(code=code), f"{code}")
            for code in RESERVED_CODES
        ),
        *(("ws.close-code.below-1000", close(code=code), f"{code}") for code in (0, 999)),
        ("ws.control.max-125", close(code=4000, reason="x" * 124), "124 octets of reason"),
    ]
    await side_by_side(lambda row=row: one(*row) for row in rows)  # type: ignore[misc]


@case(FAMILY, "send-after-close", proves=("ws.close.no-data-after-close",))
async def send_after(stage: ServerStage) -> None:
    """What the application sends after its close does not reach the client."""
    app = application(ACCEPT, close(), catching(say("late")), legal=False)
    session = await opened(stage, app)
    session.client.closes = False
    await session.client.collect(stage.patience, until="close")
    await session.client.collect(0.3)
    await _settled(session)
    frames = session.client.frames
    at = next((number for number, frame in enumerate(frames) if frame.opcode == CLOSE), len(frames))
    behind = [frame for frame in frames[at + 1 :] if not frame.control]
    if behind:
        session.broken(
            "ws.close.no-data-after-close",
            "a message followed the server's close frame",
            observed=frames_shown(session),
            expected="nothing behind the close frame",
        )
