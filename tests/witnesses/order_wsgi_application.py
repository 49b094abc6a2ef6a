"""Witnesses of what applications owe to the order of calls."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_wsgi_steps import (
    BEGUN,
    CALL,
    CLOSE,
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


TRAPPED = (*SENDING, NEXT, RESTART, refused(ERROR))
NO_CALL = Raised("TypeError", "application() takes 1 positional argument but 2 were given", 3)


def field(requirement: str, status: str, *keeps: tuple[str, str]) -> Order:
    """A status that asks for a header, without it and with what excuses it."""
    return order(
        f"http1.status.{requirement}",
        (CALL, start(status=status)),
        (CALL, start(*keeps, status=status)),
    )


WITNESSES = [
    field("405-allow", "405 Method Not Allowed", ("allow", "GET, HEAD")),
    field("401-www-authenticate", "401 Unauthorized", ("WWW-Authenticate", "Basic")),
    field("206-content-range", "206 Partial Content", ("Content-Range", "bytes 0-1/2")),
    field(
        "206-content-range",
        "206 Partial Content",
        ("Content-Type", "multipart/byteranges; boundary=a"),
    ),
    order(
        "http1.body.1xx-204-304-none",
        (CALL, start(status="204 No Content"), STARTED, result(), NEXT, item(b"a")),
        (CALL, start(status="204 No Content"), STARTED, result(), NEXT, EXHAUSTED),
    ),
    order(
        "http1.body.1xx-204-304-none",
        (CALL, start(status="304 Not Modified"), STARTED, write(b"a"), WRITTEN),
        (CALL, length(5, status="304 Not Modified"), STARTED, result(), NEXT, EXHAUSTED),
    ),
    order(
        "http1.cl.not-in-1xx-204",
        (CALL, length(5, status="204 No Content"), STARTED, result(), NEXT, EXHAUSTED),
        (CALL, start(status="204 No Content"), STARTED, result(), NEXT, EXHAUSTED),
    ),
    order(
        "http1.status.426-needs-upgrade",
        (CALL, start(status="426 Upgrade Required")),
        (CALL, start(status="400 Bad Request")),
    ),
    order(
        "wsgi.app.start-response-before-first-body",
        (CALL, closable(), NEXT, item(b"a")),
        (CALL, closable(), NEXT, start(), STARTED, item(b"a")),
    ),
    order(
        "wsgi.app.start-response-always-called",
        (CALL, result([]), NEXT, EXHAUSTED),
        (CALL, closable(), NEXT, start(), STARTED, EXHAUSTED),
    ),
    order(
        "wsgi.start-response.repeat-without-exc-info",
        (*BEGUN, start(), refused()),
        (*BEGUN, RESTART, STARTED, result([b"a"], len=1), NEXT, item(b"a"), EXHAUSTED),
    ),
    order(
        "wsgi.start-response.failed-call-counts",
        (CALL, start(), refused(), start(), refused()),
        (CALL, start(), refused(), RESTART, STARTED),
    ),
    order(
        "wsgi.start-response.app-calls-positionally",
        (CALL, ("start_response", (("200 OK",), {"response_headers": []}))),
        (CALL, start(exc_info=ERROR)),
    ),
    order(
        "wsgi.app.two-positional-arguments",
        (CALL, ("raise", Raised(NO_CALL.name, NO_CALL.text, 3, outside=True))),
        (CALL, ("raise", NO_CALL)),
    ),
    order(
        "wsgi.app.returns-iterable",
        (*BEGUN, result(None)),
        (*BEGUN, result({b"a": 1})),
    ),
    order(
        "wsgi.write.app-still-returns-iterable",
        (*BEGUN, write(b"a"), WRITTEN, result(None)),
        (*BEGUN, write(b"a"), WRITTEN, result([])),
    ),
    order(
        "wsgi.app.len-accurate",
        (*BEGUN, result([b"a"], len=2), NEXT, item(b"a"), EXHAUSTED),
        # Cut short: what was not read says nothing.
        (*BEGUN, result([b"a"], len=2), NEXT, item(b"a"), END),
    ),
    order(
        "wsgi.app.no-assumption-fully-consumed",
        (*SENDING, CLOSE, ("close-raised", OTHER)),
        (*SENDING, NEXT, EXHAUSTED, CLOSE, ("close-raised", OTHER)),
    ),
    order(
        "wsgi.content-length.app-accurate",
        (CALL, length(5), STARTED, result([b"a"]), NEXT, item(b"a"), EXHAUSTED),
        (
            call(REQUEST_METHOD="HEAD"),
            length(5),
            STARTED,
            result([b"a"]),
            NEXT,
            item(b"a"),
            EXHAUSTED,
        ),
    ),
    order(
        "wsgi.errors-handling.app-traps-own-errors",
        (CALL, ("raise", OTHER)),
        (CALL, start(), refused(OTHER), ("raise", OTHER)),
    ),
    order(
        "wsgi.exc-info.app-no-trap",
        (*TRAPPED, item(b"b")),
        (*TRAPPED, ("item-raised", ERROR), CLOSE),
    ),
    order(
        "wsgi.exc-info.propagates-to-server",
        (*TRAPPED, ("item-raised", OTHER)),
        (*TRAPPED, ("item-raised", Raised("RuntimeError", "b", 2, (1,)))),
    ),
    order(
        "wsgi.legacy.app-no-bare-file-return",
        (*BEGUN, closable(has_fileno=True)),
        (*BEGUN, closable(has_fileno=True, is_file_wrapper=True)),
    ),
    order("wsgi.write.avoid-in-new-apps", (*BEGUN, write(b"")), (*BEGUN, result([]))),
    order("wsgi.write.prefer-iterable", (*BEGUN, write(b"a")), (*BEGUN, write(b""))),
    order(
        "wsgi.write.single-bytes-parameter",
        (*BEGUN, write(b"a", b"b")),
        (*BEGUN, write(b"a"), WRITTEN),
    ),
    order(
        "wsgi.write.not-from-iterable",
        (*BEGUN, closable(), NEXT, write(b"a")),
        (*BEGUN, write(b"a"), WRITTEN, closable(), NEXT, item(b"b")),
    ),
]
