"""Witnesses of order on WebSocket connections."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_steps import (
    ACCEPT,
    CANCEL,
    CLOSE,
    CONNECT,
    HEAR,
    LEFT,
    RETURN,
    SAY,
    WEBSOCKET,
    call,
    refused,
    sent,
    steps,
)

DENIAL = "websocket.http.response"
DENY = sent(
    {"type": f"{DENIAL}.start", "status": 401, "headers": [(b"www-authenticate", b"Basic")]}
)
DENY_MORE = sent({"type": f"{DENIAL}.body", "body": b"no", "more_body": True})
DENY_LAST = sent({"type": f"{DENIAL}.body", "body": b"no"})
OLD = {"version": "3.0", "spec_version": "2.0"}
SEND = {"type": "websocket.send", "text": "hello"}


def order(requirement, breaks, keeps, **scope):
    opened = call(WEBSOCKET, offers=[DENIAL], **scope)
    return Order(
        requirement, "websocket", steps(opened, *breaks, RETURN), steps(opened, *keeps, RETURN)
    )


APPLICATIONS = [
    order("asgi.websocket.connect.must-be-answered", [CONNECT], [CONNECT, CLOSE]),
    order("asgi.websocket.connect.must-be-answered", [CONNECT], [CONNECT, LEFT]),
    order(
        "asgi.websocket.connect.received-before-accept", [ACCEPT, CLOSE], [CONNECT, ACCEPT, CLOSE]
    ),
    order("asgi.websocket.accept.once", [CONNECT, ACCEPT, ACCEPT], [CONNECT, ACCEPT, SAY]),
    order("asgi.websocket.accept.once", [CONNECT, CLOSE, ACCEPT], [CONNECT, ACCEPT, CLOSE]),
    order("asgi.websocket.send.after-accept", [CONNECT, SAY], [CONNECT, ACCEPT, SAY]),
    order(
        "asgi.websocket.send.not-after-close",
        [CONNECT, ACCEPT, CLOSE, SAY],
        [CONNECT, ACCEPT, SAY, CLOSE],
    ),
    order(
        "asgi.websocket.close.once", [CONNECT, ACCEPT, CLOSE, CLOSE], [CONNECT, ACCEPT, CLOSE, LEFT]
    ),
    order(
        "asgi.websocket.close.not-after-disconnect",
        [CONNECT, ACCEPT, LEFT, CLOSE],
        [CONNECT, ACCEPT, LEFT],
    ),
    order(
        "asgi.websocket.disconnect.app-stops-receiving",
        [CONNECT, ACCEPT, LEFT, LEFT],
        [CONNECT, ACCEPT, LEFT],
    ),
    order(
        "asgi.ext.ws-denial.not-after-accept",
        [CONNECT, ACCEPT, DENY, DENY_LAST],
        [CONNECT, DENY, DENY_LAST],
    ),
    order(
        "asgi.ext.ws-denial.no-other-websocket-messages-after",
        [CONNECT, DENY, DENY_LAST, ACCEPT],
        [CONNECT, DENY, DENY_LAST, LEFT],
    ),
    order(
        "asgi.ext.ws-denial.no-other-websocket-messages-after",
        [CONNECT, DENY, DENY_LAST, CLOSE],
        [CONNECT, DENY, DENY_MORE, DENY_LAST],
    ),
    order("asgi.ext.ws-denial.sequence", [CONNECT, DENY], [CONNECT, DENY, DENY_LAST]),
    order("asgi.ext.ws-denial.sequence", [CONNECT, DENY_LAST], [CONNECT, DENY, LEFT]),
    order(
        "asgi.websocket.accept.subprotocol-offered",
        [CONNECT, sent({"type": "websocket.accept", "subprotocol": "soap"})],
        [CONNECT, sent({"type": "websocket.accept", "subprotocol": "chat"})],
    ),
    order(
        "asgi.websocket.accept.headers-since-2-1",
        [CONNECT, sent({"type": "websocket.accept", "headers": [(b"x-a", b"1")]})],
        [CONNECT, sent({"type": "websocket.accept", "headers": []})],
        asgi=OLD,
    ),
    order(
        "asgi.http.spec-version.no-newer-features",
        [CONNECT, ACCEPT, sent({"type": "websocket.close", "reason": "bye"})],
        [CONNECT, ACCEPT, sent({"type": "websocket.close", "reason": ""})],
        asgi=OLD,
    ),
    Order(
        "asgi.extensions.app-uses-only-announced",
        "websocket",
        steps(call(WEBSOCKET), CONNECT, DENY, DENY_LAST, RETURN),
        steps(call(WEBSOCKET, offers=[DENIAL]), CONNECT, DENY, DENY_LAST, RETURN),
    ),
]

DEAF = (("receive", None), ("receive-raised", RuntimeError("no more events")))

# Two receive() under way, so that none is called after the disconnect was received.
BOTH_AT_ONCE = (("receive", None), ("receive", None), LEFT[1], HEAR[1])

SERVERS = [
    order(
        "asgi.websocket.disconnect.on-server-close",
        [CONNECT, ACCEPT, CLOSE, DEAF],
        [CONNECT, ACCEPT, CLOSE, LEFT],
    ),
    order(
        "asgi.websocket.disconnect.on-server-close",
        [CONNECT, ACCEPT, SAY, CLOSE, DEAF],
        [CONNECT, CLOSE, DEAF],
    ),
    Order(
        "asgi.scope.lifetime-until-close",
        "websocket",
        steps(call(WEBSOCKET), CONNECT, ACCEPT, CANCEL),
        steps(call(WEBSOCKET), CONNECT, ACCEPT, LEFT, CANCEL),
    ),
    order("asgi.websocket.connect.first-event", [HEAR, ACCEPT], [CONNECT, ACCEPT, HEAR]),
    order("asgi.websocket.connect.first-event", [CONNECT, CONNECT, ACCEPT], [CONNECT, ACCEPT]),
    order("asgi.websocket.connect.first-event", [LEFT], [CONNECT, LEFT]),
    order(
        "asgi.websocket.connect.no-receive-before-accept",
        [CONNECT, HEAR, ACCEPT],
        [CONNECT, ACCEPT, HEAR],
    ),
    order(
        "asgi.websocket.disconnect.last-event",
        [CONNECT, ACCEPT, BOTH_AT_ONCE],
        [CONNECT, ACCEPT, HEAR, LEFT],
    ),
    order(
        "asgi.websocket.send.raises-oserror-when-closed",
        [CONNECT, ACCEPT, LEFT, refused(SEND, RuntimeError("closed"))],
        [CONNECT, ACCEPT, LEFT, refused(SEND, BrokenPipeError())],
    ),
    order(
        "asgi.websocket.send.server-rejects-invalid-combination",
        [CONNECT, ACCEPT, sent({**SEND, "bytes": b"hello"})],
        [CONNECT, ACCEPT, sent({**SEND, "bytes": None})],
    ),
]
