"""Witnesses of what holds on every ASGI connection, and of unknown protocols."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_steps import (
    HTTP,
    RETURN,
    body,
    call,
    raised,
    refused,
    request,
    sent,
    start,
    steps,
)

from gateproof.validators.asgi.values import Misuse

ALIEN = {"type": "x-conformance-unknown", "asgi": {"version": "3.0"}}
OOPS = raised(ValueError("no such protocol"))
UNKNOWN = ValueError("unknown event")
NONSENSE = {"type": "http.nonsense"}
NUMBERLESS = {"type": "http.response.start", "headers": []}
TEXTUAL = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", "b")]}


def order(requirement, breaks, keeps):
    opened = steps(call(HTTP), request())
    return Order(requirement, "http", steps(opened, *breaks, RETURN), steps(opened, *keeps, RETURN))


WITNESSES = [
    Order(
        "asgi.app.async-callable",
        "http",
        steps(call(HTTP), (("unusable", None),), raised(TypeError("not awaitable"))),
        steps(call(HTTP), start(), body(), RETURN),
    ),
    order(
        "asgi.app.must-await-send",
        [start(), (("send", {"type": "http.response.body"}), ("unawaited", 1))],
        [start(), body()],
    ),
    order(
        "asgi.send.positional-event",
        [
            start(),
            (("send", Misuse((), {"message": {"type": "http.response.body"}})), ("sent", None)),
            body(),
        ],
        [start(), body()],
    ),
    order(
        "asgi.event.type-namespaced",
        [refused({"type": "websocket.send", "text": "a"}, UNKNOWN), start(), body()],
        [start(), body()],
    ),
    Order(
        "asgi.event.type-namespaced",
        "http",
        steps(
            call(HTTP),
            (("receive", None), ("received", {"type": "sms.receive"})),
            start(),
            body(),
            RETURN,
        ),
        steps(call(HTTP), request(), start(), body(), RETURN),
    ),
    Order(
        "asgi.app.rejects-unknown-protocol",
        "x-conformance-unknown",
        steps(call(ALIEN), RETURN),
        steps(call(ALIEN), OOPS),
    ),
    Order(
        "asgi.app.rejects-unknown-before-sending",
        "x-conformance-unknown",
        steps(call(ALIEN), sent({"type": "http.response.start", "status": 200}), OOPS),
        steps(call({**ALIEN, "type": "mqtt"}), sent({"type": "mqtt.ack"}), RETURN),
    ),
    order(
        "asgi.server.raises-on-unknown-event-type",
        [sent(NONSENSE), start(), body()],
        [start(), body()],
    ),
    order(
        "asgi.server.raises-on-missing-type",
        [sent({"status": 200}), start(), body()],
        [start(), body()],
    ),
    order("asgi.server.raises-on-missing-keys", [sent(NUMBERLESS), body()], [start(), body()]),
    order("asgi.server.raises-on-wrong-types", [sent(TEXTUAL), body()], [start(), body()]),
    Order(
        "asgi.server.raises-on-unknown-event-type",
        "http",
        steps(call(HTTP), request(), start(), sent(NONSENSE), body(), RETURN),
        steps(call(HTTP), request(), refused(NONSENSE, UNKNOWN), start(), body(), RETURN),
    ),
]
