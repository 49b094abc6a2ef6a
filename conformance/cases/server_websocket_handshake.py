"""The opening handshake of a WebSocket.

https://datatracker.ietf.org/doc/html/rfc6455#section-4.2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_websocket_session import (
    ACCEPT,
    FAMILY,
    LISTEN,
    LISTENING,
    SWITCHING,
    Session,
    application,
    connect,
    opened,
    say,
    side_by_side,
)
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.frames import TEXT, Override, build
from gateproof.targets.script import catching, gone, receive, respond
from gateproof.validators.violation import Verdict

_ERROR = 400
_ORDINARY = 1000
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="

_FAULTS = {
    "upgrade": "ws.handshake.response-upgrade",
    "connection": "ws.handshake.response-connection",
    "accept": "ws.handshake.accept-value",
    "accept-once": "ws.handshake.accept-once",
    "protocol": "ws.subprotocol.null-when-none-agreed",
    "protocol-once": "ws.subprotocol.single-response-header",
    "extension": "ws.extension.only-requested",
    "extension-once": "ws.extension.single-response-header",
    "framing": "ws.handshake.no-body-framing-headers",
}
"""What each part of an answer breaks where neither subprotocols nor extensions were offered."""


@case(
    FAMILY,
    "opening-handshake",
    first=True,
    proves=(
        "ws.handshake.status-101",
        "ws.handshake.response-upgrade",
        "ws.handshake.response-connection",
        "ws.handshake.accept-value",
        "ws.handshake.accept-once",
        "ws.handshake.no-body-framing-headers",
        "ws.handshake.frames-only-after-101",
        "ws.subprotocol.null-when-none-agreed",
        "ws.extension.only-requested",
        "asgi.websocket.accept.completes-handshake",
        "asgi.websocket.accept.headers-default",
        "asgi.websocket.connect.first-event",
        "asgi.websocket.connect.type",
    ),
)
async def opening(stage: ServerStage) -> None:
    """An accepted handshake is answered with 101 and the headers that complete it."""
    session = await connect(stage, application(ACCEPT, say("at once"), gone(LISTENING)))
    if refused(session):
        return
    await session.leave()
    for part, text in session.client.faults:
        session.broken(_FAULTS[part], "the answer to the opening handshake is wrong", observed=text)


def refused(session: Session) -> bool:
    """Whether a handshake that the application accepts is not answered with 101; reports it."""
    reply = session.reply
    if reply.status == SWITCHING:
        return False
    requirement = "asgi.websocket.accept.completes-handshake"
    message = "the application accepted, and the handshake was not completed"
    if reply.ended == "garbage":
        requirement = "ws.handshake.frames-only-after-101"
        message = "something else came before the answer to the handshake"
    elif 0 < reply.status < _ERROR:
        requirement, message = "ws.handshake.status-101", "acceptance was told by another status"
    session.broken(requirement, message, observed=str(reply), expected="101 Switching Protocols")
    return True


@case(FAMILY, "key", proves=("ws.handshake.accept-value",))
async def keys(stage: ServerStage) -> None:
    """Sec-WebSocket-Accept follows from whatever key the client chose."""
    for key in (
        "dGhlIHNhbXBsZSBub25jZQ==",
        "/+/+/+/+/+/+/+/+/+/+/w==",
        "  AAAAAAAAAAAAAAAAAAAAAA== \t",
    ):
        session = await opened(stage, key=key)
        await session.leave()
        for part, text in session.client.faults:
            if part == "accept":
                session.broken(
                    "ws.handshake.accept-value",
                    f"the answer does not fit the key {key!r}",
                    observed=text,
                )


@dataclass(frozen=True, slots=True)
class Variant:
    """A handshake that differs from the ordinary one, and what it is about."""

    requirement: str
    what: str
    override: Mapping[str, Override] = field(default_factory=dict)
    verdict: Verdict | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    async def connect(self, stage: ServerStage, **how: Any) -> Session:
        """Send it."""
        return await connect(stage, override=dict(self.override), **{**how, **self.more})


# It may be called for HTTP as well, and then answers so; one of the two is refused.
_EITHER = application(catching(ACCEPT), catching(respond(status=426)), legal=False)

_WILLING = application(catching(ACCEPT), gone(LISTENING), legal=False)

_LEGAL = (
    Variant("ws.handshake.upgrade-token", "Upgrade: WebSocket", {"Upgrade": "WebSocket"}),
    Variant("ws.handshake.upgrade-token", "Upgrade: WEBSOCKET", {"Upgrade": "WEBSOCKET"}),
    Variant(
        "ws.handshake.upgrade-token",
        "Upgrade: foo, websocket",
        {"Upgrade": "foo, websocket"},
        "weak",
        {"app": _EITHER},
    ),
    Variant("ws.handshake.connection-token", "Connection: upgrade", {"Connection": "upgrade"}),
    Variant("ws.handshake.connection-token", "Connection: UPGRADE", {"Connection": "UPGRADE"}),
    Variant(
        "ws.handshake.connection-token",
        "Connection: keep-alive, Upgrade",
        {"Connection": "keep-alive, Upgrade"},
    ),
    Variant(
        "ws.handshake.header-order-free",
        "header lines in reverse order",
        more={"order": lambda lines: lines[::-1]},
    ),
    Variant(
        "ws.handshake.header-order-free",
        "header lines in alphabetical order",
        more={"order": sorted},
    ),
)


@case(
    FAMILY,
    "handshakes-to-accept",
    proves=(
        "ws.handshake.upgrade-token",
        "ws.handshake.connection-token",
        "ws.handshake.header-order-free",
    ),
)
async def legal(stage: ServerStage) -> None:
    """Letter case, lists and the order of header lines make no difference."""

    async def one(variant: Variant) -> None:
        session = await variant.connect(stage, app=_WILLING)
        if session.client.accepted:
            await session.leave()
            return
        session.broken(
            variant.requirement,
            f"a legal handshake was refused: {variant.what}",
            observed=str(session.reply),
            expected="101 Switching Protocols",
            verdict=variant.verdict,
        )

    await opened(stage)
    await side_by_side(lambda v=v: one(v) for v in _LEGAL)  # type: ignore[misc]


_TOKEN, _VERSION, _NAME = "Upgrade", "Sec-WebSocket-Version", "Sec-WebSocket-Key"
_ILLEGAL = (
    Variant("ws.handshake.get-method", "method POST", more={"method": "POST"}),
    Variant("ws.handshake.get-method", "HTTP/1.0", more={"version": "HTTP/1.0"}),
    Variant("ws.handshake.host-required", "no Host", {"Host": None}),
    Variant("ws.handshake.upgrade-token", "Upgrade: foo", {_TOKEN: "foo"}),
    Variant("ws.handshake.upgrade-token", "no Upgrade", {_TOKEN: None}),
    Variant(
        "ws.handshake.connection-token", "Connection: keep-alive", {"Connection": "keep-alive"}
    ),
    Variant("ws.handshake.key-required", "no Sec-WebSocket-Key", {_NAME: None}),
    Variant("ws.handshake.key-16-bytes", "a key of 5 octets", {_NAME: "c2hvcnQ="}),
    Variant("ws.handshake.key-16-bytes", "a key of 24 octets", {_NAME: "A" * 32}),
    Variant(
        "ws.handshake.key-16-bytes", "a key that is no base64", {_NAME: "!!!!!!!!!!!!!!!!!!!!!!=="}
    ),
    Variant("ws.handshake.key-16-bytes", "an empty key", {_NAME: ""}),
    Variant("ws.handshake.key-once", "two keys", {_NAME: [_KEY, "dGhlIHNhbXBsZSBub25jZQ=="]}),
    Variant("ws.handshake.version-13", "no Sec-WebSocket-Version", {_VERSION: None}),
    Variant("ws.handshake.version-13", "version 12", {_VERSION: "12"}),
    Variant("ws.handshake.version-once", "versions 13 and 8", {_VERSION: ["13", "8"]}),
    Variant("ws.handshake.version-once", "versions 8 and 13", {_VERSION: ["8", "13"]}),
    Variant("ws.handshake.version-once", "version 13 twice", {_VERSION: ["13", "13"]}, "weak"),
    Variant(
        "ws.handshake.invalid-request-rejected",
        "neither key nor version",
        {_NAME: None, _VERSION: None},
    ),
)


@case(
    FAMILY,
    "handshakes-to-refuse",
    proves=(
        "ws.handshake.invalid-request-rejected",
        "ws.handshake.get-method",
        "ws.handshake.host-required",
        "ws.handshake.upgrade-token",
        "ws.handshake.connection-token",
        "ws.handshake.key-required",
        "ws.handshake.key-16-bytes",
        "ws.handshake.key-once",
        "ws.handshake.version-13",
        "ws.handshake.version-once",
    ),
)
async def illegal(stage: ServerStage) -> None:
    """A handshake that lacks what it needs opens no WebSocket."""

    async def one(variant: Variant) -> None:
        session = await variant.connect(stage, app=_EITHER)
        if session.client.accepted:
            session.broken(
                variant.requirement,
                f"a WebSocket was opened for a handshake with {variant.what}",
                observed=str(session.reply),
                expected="an error such as 400, or an ordinary HTTP answer",
                verdict=variant.verdict,
            )
        await session.client.wire.close()

    await opened(stage)
    await side_by_side(lambda v=v: one(v) for v in _ILLEGAL)  # type: ignore[misc]


@case(
    FAMILY,
    "version-not-supported",
    proves=("ws.handshake.version-mismatch-reply", "ws.handshake.version-13"),
)
async def other_version(stage: ServerStage) -> None:
    """The refusal of an unknown version names the one that is supported."""
    session = await connect(stage, _EITHER, override={_VERSION: "99"})
    reply = session.reply
    if session.client.accepted:
        session.broken("ws.handshake.version-13", "version 99 was accepted", observed=str(reply))
        return
    offered = reply.options(b"sec-websocket-version")
    if reply.status < _ERROR or b"13" not in offered:
        session.broken(
            "ws.handshake.version-mismatch-reply",
            "the refusal of version 99 does not say that 13 is supported",
            observed=f"{reply}; Sec-WebSocket-Version: {offered!r}",
            expected="an error such as 426 with Sec-WebSocket-Version: 13",
        )


@case(
    FAMILY,
    "frame-behind-the-handshake",
    proves=(
        "ws.handshake.body-bytes-after-request",
        "asgi.websocket.connect.no-receive-before-accept",
    ),
)
async def early_frame(stage: ServerStage) -> None:
    """A frame sent before the answer is not handed on before the application accepts."""
    await opened(stage)
    # First with an application that listens early, then with one that has nothing to lose by it.
    for app in (application(receive(within=0.2), ACCEPT, gone(LISTENING)), LISTEN):
        session = await connect(stage, app, behind=build(TEXT, b"early"))
        if session.client.accepted:
            await session.leave()
    if not session.client.accepted:
        if session.reply.ended == "timeout":
            session.broken(
                "ws.handshake.body-bytes-after-request",
                "a frame right behind the handshake leaves the client without any answer",
                observed=str(session.reply),
                expected="acceptance, or refusal",
            )
        return
    served = session.close_frame is not None and session.close_frame.code == _ORDINARY
    if session.messages != ["early"] and (session.messages or served):
        session.broken(
            "ws.handshake.body-bytes-after-request",
            "a frame right behind the handshake was not delivered as it was sent",
            observed=repr(session.messages),
            expected="['early'], or a connection that is refused",
        )
