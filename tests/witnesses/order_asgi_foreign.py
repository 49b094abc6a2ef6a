"""Witnesses of events that no specification defines, as servers deliver them."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_steps import (
    ACCEPT,
    COMPLETE,
    CONNECT,
    DISCONNECT,
    HTTP,
    LEFT,
    LIFESPAN,
    RETURN,
    SHUTDOWN,
    STARTUP,
    STOPPED,
    WEBSOCKET,
    body,
    call,
    got,
    request,
    start,
    steps,
)

TO_COME = {"version": "3.0", "spec_version": "2.9"}
ANSWER = (request(), start(), body(b"hello"))
TICK = got({"type": "http.tick"})


def order(requirement, protocol, breaks, keeps):
    return Order(requirement, protocol, steps(*breaks, RETURN), steps(*keeps, RETURN))


UNDEFINED = [
    order(
        "asgi.http.request.type",
        "http",
        [call(HTTP), got({"type": "http.requests", "body": b""}), *ANSWER],
        [call(HTTP), *ANSWER, DISCONNECT],
    ),
    order(
        "asgi.http.request.type",
        "http",
        [call(HTTP), *ANSWER, TICK],
        [call(HTTP, offers=["tick"]), *ANSWER, TICK],
    ),
    order(
        "asgi.http.request.type",
        "http",
        [call(HTTP), *ANSWER, TICK],
        [call(HTTP, asgi=TO_COME), *ANSWER, TICK],
    ),
    order(
        "asgi.event.type-namespaced",
        "http",
        [call(HTTP), *ANSWER, got({"type": "acme.tick"})],
        [call(HTTP, offers=["acme.tick"]), *ANSWER, got({"type": "acme.tick"})],
    ),
    order(
        "asgi.websocket.receive.type",
        "websocket",
        [call(WEBSOCKET), CONNECT, ACCEPT, got({"type": "websocket.message", "text": "a"}), LEFT],
        [call(WEBSOCKET), CONNECT, ACCEPT, got({"type": "websocket.receive", "text": "a"}), LEFT],
    ),
    order(
        "asgi.lifespan.startup.type",
        "lifespan",
        [call(LIFESPAN), got({"type": "lifespan.start"}), STARTUP, COMPLETE, SHUTDOWN, STOPPED],
        [call(LIFESPAN), STARTUP, COMPLETE, SHUTDOWN, STOPPED],
    ),
]
