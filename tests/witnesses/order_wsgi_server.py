"""Witnesses of what servers owe to the order of calls."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_wsgi_steps import (
    BEGUN,
    CALL,
    CLOSE,
    CLOSED,
    END,
    ERROR,
    EXHAUSTED,
    NEXT,
    OTHER,
    RESTART,
    SENDING,
    STARTED,
    WRITTEN,
    Step,
    call,
    closable,
    item,
    length,
    refused,
    result,
    start,
    write,
)

from gateproof.validators.wsgi.facts import Raised


def order(requirement: str, breaks: tuple[Step, ...], keeps: tuple[Step, ...]) -> Order:
    return Order(requirement, "wsgi", breaks, keeps)


class Indexed:
    """An iterable of the kind that there was before iterators."""

    def __getitem__(self, index: int) -> bytes:
        return (b"a",)[index]


HEAD = call(REQUEST_METHOD="HEAD")
TOO_MANY = "start_response() takes 2 positional arguments but 3 were given"
FULL = (CALL, length(1), STARTED, closable(), NEXT, item(b"a"))

WITNESSES = [
    order(
        "wsgi.server.call-app-positionally",
        (("call-arguments", ((), {"environ": None, "start_response": None})), CALL),
        BEGUN,
    ),
    order(
        "wsgi.start-response.signature",
        (CALL, start(exc_info=ERROR), refused(Raised("TypeError", TOO_MANY, 3, outside=True))),
        # Raised by what start_response does, and not by its being called.
        (CALL, start(), refused(Raised("TypeError", TOO_MANY, 3))),
    ),
    order(
        "wsgi.start-response.returns-write",
        (CALL, start(), ("started", None)),
        (CALL, start(), ("started", print)),
    ),
    order(
        "wsgi.server.rejects-repeat-start-response",
        (*BEGUN, start(), STARTED),
        (*BEGUN, RESTART, STARTED),
    ),
    order(
        "wsgi.server.header-check-after-set",
        (CALL, start(), refused(), start(), STARTED),
        (CALL, start(), refused(), RESTART, STARTED),
    ),
    order(
        "wsgi.exc-info.raises-after-headers-sent",
        (*SENDING, NEXT, RESTART, STARTED),
        (*SENDING, NEXT, RESTART, refused(ERROR), ("item-raised", ERROR), CLOSE),
    ),
    order(
        "wsgi.exc-info.reraises-original",
        (*SENDING, NEXT, RESTART, refused(OTHER), ("item-raised", OTHER)),
        (*SENDING, NEXT, RESTART, refused(ERROR), ("item-raised", ERROR)),
    ),
    order(
        "wsgi.errors-handling.start-response-returns-when-unsent",
        (*BEGUN, RESTART, refused(ERROR)),
        # Once write() was called the head may have gone.
        (*BEGUN, write(b""), WRITTEN, RESTART, refused(ERROR)),
    ),
    order(
        "wsgi.server.exc-info-works-after-empty-yield",
        (*BEGUN, closable(), NEXT, item(b""), NEXT, RESTART, refused(ERROR)),
        (*BEGUN, closable(), NEXT, item(b""), NEXT, RESTART, STARTED),
    ),
    order(
        "wsgi.server.rejects-hop-by-hop",
        (CALL, start(("Connection", "close")), STARTED),
        (CALL, start(("X-Connection", "close")), STARTED),
    ),
    order(
        "wsgi.server.checks-headers-at-call",
        (CALL, start(("X Y", "a")), STARTED),
        (CALL, start(("X-Y", "a")), STARTED),
    ),
    order(
        "wsgi.server.close-called",
        (*SENDING, NEXT, EXHAUSTED, END),
        (*SENDING, NEXT, EXHAUSTED, CLOSE, CLOSED, END),
    ),
    order(
        "wsgi.server.close-called",
        (*SENDING, CLOSE, CLOSED, NEXT, item(b"b")),
        (*SENDING, CLOSE, CLOSED, END),
    ),
    order(
        "wsgi.server.close-called-on-app-error",
        (*SENDING, NEXT, ("item-raised", OTHER), END),
        (*SENDING, NEXT, ("item-raised", OTHER), CLOSE, CLOSED, END),
    ),
    order(
        "wsgi.server.close-called-once",
        (*SENDING, NEXT, EXHAUSTED, CLOSE, CLOSED, CLOSE),
        (*SENDING, NEXT, EXHAUSTED, CLOSE, CLOSED, END),
    ),
    order(
        "wsgi.server.no-assumption-started-before-iteration",
        (CALL, closable(generator=True), CLOSE, CLOSED),
        (CALL, start(), STARTED, closable(generator=True), CLOSE, CLOSED),
    ),
    order(
        "wsgi.legacy.server-uses-for-loop",
        (CALL, length(1), STARTED, result(Indexed(), has_close=True), CLOSE, CLOSED),
        # Nothing is due after a HEAD request.
        (HEAD, length(1), STARTED, result(Indexed(), has_close=True), CLOSE, CLOSED),
    ),
    order(
        "wsgi.content-length.stop-iterating",
        (*FULL, NEXT, item(b"b"), NEXT, item(b"c")),
        (*FULL, NEXT, EXHAUSTED),
    ),
    order(
        "wsgi.content-length.write-past-raises",
        (CALL, length(1), STARTED, write(b"ab"), WRITTEN),
        (CALL, length(1), STARTED, write(b"a"), WRITTEN, result([])),
    ),
]
