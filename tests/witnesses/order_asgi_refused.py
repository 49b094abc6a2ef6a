"""Witnesses of legal events that a server's send() refuses."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_extensions import LENGTH, PATH, TRAILER, ZEROCOPY
from witnesses.order_asgi_steps import (
    ACCEPT,
    COMPLETE,
    CONNECT,
    EVERYTHING,
    HTTP,
    LIFESPAN,
    SHUTDOWN,
    STARTUP,
    WEBSOCKET,
    body,
    call,
    raised,
    refused,
    request,
    sent,
    start,
    steps,
)

START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body"}
OLD = {"version": "3.0", "spec_version": "2.0"}


def order(requirement, opened, event, error, keeps=None):
    """``event`` is refused with ``error``; the neighbour takes it, or what is kept instead."""
    return Order(
        requirement,
        opened[0][1]["type"],
        steps(opened, refused(event, error), raised(error)),
        steps(opened, sent(event)) if keeps is None else keeps,
    )


def absent(requirement, opened, event, key):
    """``event`` lacks ``key``, which is optional, and the server looks it up."""
    return order(requirement, opened, event, KeyError(key))


ASKED = steps(call(HTTP, offers=EVERYTHING), request())
STARTED = steps(ASKED, start())
WITH_TRAILERS = steps(ASKED, start(headers=TRAILER, trailers=True), body())
CONNECTED = steps(call(WEBSOCKET), CONNECT)
ACCEPTED = steps(CONNECTED, ACCEPT)
BOUND = steps(call(LIFESPAN), STARTUP)
ENDING = steps(BOUND, COMPLETE, SHUTDOWN)

ABSENT = [
    absent("asgi.http.response-start.headers-default", ASKED, START, "headers"),
    order(
        "asgi.http.response-start.headers-default",
        ASKED,
        START,
        RuntimeError("unsupported message"),
        keeps=steps(ASKED, refused({**START, "headers": []}, RuntimeError("unsupported message"))),
    ),
    order(
        "asgi.websocket.accept.headers-default",
        CONNECTED,
        {"type": "websocket.accept"},
        RuntimeError("unsupported message"),
    ),
    absent("asgi.http.response-start.trailers-default", ASKED, START, "trailers"),
    absent("asgi.http.response-body.body-default", STARTED, BODY, "body"),
    absent("asgi.http.response-body.more-body-default", STARTED, BODY, "more_body"),
    absent("asgi.ext.zerocopy.offset-semantics", STARTED, ZEROCOPY, "offset"),
    absent("asgi.ext.zerocopy.count-semantics", STARTED, ZEROCOPY, "count"),
    absent("asgi.ext.zerocopy.more-body-completes", STARTED, ZEROCOPY, "more_body"),
    absent(
        "asgi.ext.trailers.more-trailers-default",
        WITH_TRAILERS,
        {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]},
        "more_trailers",
    ),
    absent(
        "asgi.websocket.accept.subprotocol-default",
        CONNECTED,
        {"type": "websocket.accept"},
        "subprotocol",
    ),
    absent(
        "asgi.websocket.accept.headers-default", CONNECTED, {"type": "websocket.accept"}, "headers"
    ),
    absent("asgi.websocket.close.default-1000", ACCEPTED, {"type": "websocket.close"}, "code"),
    absent("asgi.websocket.close.reason-default", ACCEPTED, {"type": "websocket.close"}, "reason"),
    absent(
        "asgi.lifespan.startup-failed.message-default",
        BOUND,
        {"type": "lifespan.startup.failed"},
        "message",
    ),
    absent(
        "asgi.lifespan.shutdown-failed.message-default",
        ENDING,
        {"type": "lifespan.shutdown.failed"},
        "message",
    ),
]

SURPLUS = [
    order(
        "asgi.server.ignores-extra-keys",
        ASKED,
        {**START, "x_trace": "1"},
        TypeError("start() got an unexpected keyword argument 'x_trace'"),
    ),
    order(
        "asgi.server.ignores-extra-keys",
        CONNECTED,
        {"type": "websocket.accept", "x_trace": "1"},
        ValueError("unknown key: x_trace"),
    ),
]

NEWER = [
    order(
        "asgi.http.spec-version.server-honest",
        CONNECTED,
        {"type": "websocket.accept", "headers": [(b"x-a", b"1")]},
        TypeError("accept() got an unexpected keyword argument 'headers'"),
    ),
    order(
        "asgi.http.spec-version.server-honest",
        ACCEPTED,
        {"type": "websocket.close", "code": 1000, "reason": "bye"},
        ValueError("close with reason is not supported"),
    ),
]


def quiet(opened, event, error):
    """A refusal that breaks nothing: a neighbour, beside the plainest mutant."""
    return Order(
        "asgi.http.response-start.headers-default",
        "http",
        ABSENT[0].breaks,
        steps(opened, refused(event, error), raised(error)),
    )


SILENT = [
    quiet(ASKED, START, OSError("headers")),
    quiet(ASKED, {**START, "headers": []}, KeyError("status_line")),
    quiet(ASKED, {**START, "headers": []}, KeyError("headers")),
    quiet(STARTED, {**BODY, "x": 1}, RuntimeError("too slow")),
    quiet(
        steps(call(WEBSOCKET, asgi=OLD), CONNECT),
        {"type": "websocket.accept"},
        KeyError("headers"),
    ),
    quiet(ACCEPTED, {"type": "websocket.close", "reason": "bye"}, RuntimeError("is closing")),
    quiet(steps(ASKED, start(headers=LENGTH)), PATH, RuntimeError("no such file")),
]
