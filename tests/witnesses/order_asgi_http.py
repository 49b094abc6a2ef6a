"""Witnesses of order in HTTP exchanges."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_steps import (
    CANCEL,
    DISCONNECT,
    HTTP,
    RETURN,
    body,
    call,
    raised,
    refused,
    request,
    start,
    steps,
)

LENGTH = [(b"content-length", b"4")]
LAST = {"type": "http.response.body", "body": b"late"}


def order(requirement, breaks, keeps, **scope):
    opened = call(HTTP, **scope)
    return Order(requirement, "http", steps(opened, *breaks, RETURN), steps(opened, *keeps, RETURN))


RESPONSES = [
    order(
        "asgi.http.response-start.before-body",
        [request(), body(b"hello")],
        [request(), start(), body(b"hello")],
    ),
    order(
        "asgi.http.response-start.once",
        [request(), start(), body(b"half", more_body=True), start(500), body(b"oops")],
        [request(), start(500), body(b"half", more_body=True), body(b"oops")],
    ),
    order(
        "asgi.http.response-start.once",
        [request(), start(), body(b"done"), start(500)],
        [request(), start(), body(b"done"), DISCONNECT],
    ),
    order(
        "asgi.http.response-start.followed-by-body",
        [request(), start(204)],
        [request(), start(204), body()],
    ),
    order(
        "asgi.http.response-start.followed-by-body",
        [request(), start()],
        [request(), start(), DISCONNECT],
    ),
    order(
        "asgi.http.app.completes-response",
        [request(), start(), body(b"half", more_body=True)],
        [request(), start(), body(b"half", more_body=True), body()],
    ),
    order(
        "asgi.http.app.completes-response",
        [request(), start(), body(b"half", more_body=True)],
        [request(), start(), *(refused({**LAST, "more_body": True}, OSError("gone")),)],
    ),
    order("asgi.http.app.completes-response", [request()], [DISCONNECT]),
    order(
        "asgi.http.app.no-events-after-complete",
        [request(), start(), body(b"done"), body(b"more")],
        [request(), start(), body(b"done", more_body=True), body(b"more")],
    ),
    order(
        "asgi.http.app.content-length-consistent",
        [request(), start(headers=LENGTH), body(b"abc")],
        [request(), start(headers=LENGTH), body(b"ab", more_body=True), body(b"cd")],
    ),
    order(
        "asgi.http.app.content-length-consistent",
        [request(), start(headers=LENGTH), body(b"abcde", more_body=True), body()],
        [request(), start(headers=LENGTH), body(b"abcd", more_body=True), body()],
    ),
    order(
        "asgi.http.app.content-length-consistent",
        [request(), start(headers=LENGTH), body()],
        [request(), start(304, headers=LENGTH), body()],
    ),
    order(
        "http1.cl.not-in-1xx-204",
        [request(), start(204, headers=LENGTH), body()],
        [request(), start(204), body()],
    ),
    order(
        "asgi.http.app.body-for-bodyless-status",
        [request(), start(204), body(b"no content")],
        [request(), start(204), body(b"")],
    ),
    order(
        "asgi.http.request.app-not-trigger-on-scope",
        [start(), body()],
        [request(), start(), body()],
    ),
]

WHOLE_REQUESTS = [
    order(
        "asgi.http.request.app-waits-for-more-body",
        [request(b"a", more_body=True), start(), body()],
        [request(b"a", more_body=True), start(413), body()],
    ),
    order(
        "asgi.http.request.app-waits-for-more-body",
        [request(b"a", more_body=True), request(b"b", more_body=True), start(201), body()],
        [request(b"a", more_body=True), request(b"b"), start(201), body()],
    ),
]

LENGTH_OF_HEAD = [
    Order(
        "asgi.http.app.content-length-consistent",
        "http",
        steps(call(HTTP), request(), start(headers=LENGTH), body(), RETURN),
        steps(call(HTTP, method="HEAD"), request(), start(headers=LENGTH), body(), RETURN),
    )
]

SERVERS = [
    order(
        "asgi.http.request.sent-to-app",
        [DISCONNECT],
        [request(), DISCONNECT],
    ),
    order(
        "asgi.http.request.sent-to-app",
        [DISCONNECT],
        [start(), body(), DISCONNECT],
    ),
    Order(
        "asgi.http.scope.persists-until-response-end",
        "http",
        steps(call(HTTP), request(), start(), body(b"a", more_body=True), CANCEL),
        steps(call(HTTP), request(), start(), body(b"a", more_body=True), DISCONNECT, CANCEL),
    ),
    Order(
        "asgi.http.scope.persists-until-response-end",
        "http",
        steps(call(HTTP), request(), CANCEL),
        steps(call(HTTP), request(), start(), body(), CANCEL),
    ),
    order(
        "asgi.http.request.none-after-final",
        [request(b"all"), request(b"again"), start(), body()],
        [request(b"a", more_body=True), request(b"b"), start(), body()],
    ),
    order(
        "asgi.http.disconnect.after-response",
        [request(b"a", more_body=True), start(), body(), request(b"b")],
        [request(b"a", more_body=True), start(), body(), DISCONNECT],
    ),
    order(
        "asgi.http.disconnect.repeatable",
        [request(), DISCONNECT, request()],
        [request(), DISCONNECT, DISCONNECT],
    ),
    order(
        "asgi.http.send.raises-oserror-when-closed",
        [request(), start(), DISCONNECT, refused(LAST, RuntimeError("closed"))],
        [request(), start(), DISCONNECT, refused(LAST, ConnectionResetError())],
    ),
    order(
        "asgi.http.send.raises-oserror-when-closed",
        [request(), start(), DISCONNECT, refused(LAST, RuntimeError("closed"))],
        [request(), start(), body(), DISCONNECT, refused(LAST, RuntimeError("closed"))],
    ),
    Order(
        "asgi.http.response-body.after-complete-ignored",
        "http",
        steps(
            call(HTTP),
            request(),
            start(),
            body(),
            refused(LAST, RuntimeError("complete")),
            raised(RuntimeError("complete")),
        ),
        steps(call(HTTP), request(), start(), body(), body(b"late"), RETURN),
    ),
]
