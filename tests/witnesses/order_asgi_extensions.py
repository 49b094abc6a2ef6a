"""Witnesses of order where extensions of HTTP are used."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_steps import (
    EVERYTHING,
    HTTP,
    RETURN,
    body,
    call,
    refused,
    request,
    sent,
    start,
    steps,
)

LENGTH = [(b"content-length", b"4")]
TRAILER = [(b"trailer", b"x-sum")]
TRAILERS = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}
PUSH = {"type": "http.response.push", "path": "/style.css", "headers": []}
HINT = {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]}
DEBUG = {"type": "http.response.debug", "info": {"template": "a.html"}}
PATH = {"type": "http.response.pathsend", "path": "/srv/file"}


class File:
    """A file as the operating system knows it."""

    def fileno(self):
        return 3


ZEROCOPY = {"type": "http.response.zerocopysend", "file": File()}


def files(*facts):
    """What was seen of the files of a response once its call had returned."""
    return (("files", list(facts)),)


def order(requirement, breaks, keeps):
    opened = steps(call(HTTP, offers=EVERYTHING), request())
    return Order(requirement, "http", steps(opened, *breaks, RETURN), steps(opened, *keeps, RETURN))


WITNESSES = [
    order(
        "asgi.ext.push.timing-after-start",
        [sent(PUSH), start(), body()],
        [start(), sent(PUSH), body()],
    ),
    order(
        "asgi.ext.push.path-decoded",
        [start(), sent({**PUSH, "path": "/caf%C3%A9.css"}), body()],
        [start(), sent({**PUSH, "path": "/café.css"}), body()],
    ),
    order(
        "asgi.ext.push.path-decoded",
        [start(), sent({**PUSH, "path": "/a%20b.css"}), body()],
        [start(), sent({**PUSH, "path": "/100%25/a%FF"}), body()],
    ),
    order(
        "asgi.ext.push.timing-before-final-body",
        [start(), body(), sent(PUSH)],
        [start(), body(more_body=True), sent(PUSH), body()],
    ),
    order(
        "asgi.ext.early-hint.timing",
        [start(), body(), sent(HINT)],
        [sent(HINT), start(), sent(HINT), body()],
    ),
    order(
        "asgi.ext.debug.before-start-once",
        [start(), sent(DEBUG), body()],
        [sent(DEBUG), start(), body()],
    ),
    order(
        "asgi.ext.debug.before-start-once",
        [sent(DEBUG), sent(DEBUG), start(), body()],
        [sent(DEBUG), start(), body()],
    ),
    order("asgi.ext.zerocopy.timing", [sent(ZEROCOPY)], [start(), sent(ZEROCOPY)]),
    order(
        "asgi.ext.zerocopy.timing",
        [start(), body(b"a"), sent(ZEROCOPY)],
        [start(), body(b"a", more_body=True), sent({**ZEROCOPY, "more_body": True}), body(b"b")],
    ),
    order(
        "asgi.ext.zerocopy.file-descriptor",
        [start(), sent({**ZEROCOPY, "file": object()})],
        [start(), sent(ZEROCOPY)],
    ),
    order(
        "asgi.ext.zerocopy.file-descriptor",
        [start(), sent({**ZEROCOPY, "file": 3})],
        [start(), sent(ZEROCOPY)],
    ),
    order(
        "asgi.ext.zerocopy.app-closes-file",
        [start(), sent(ZEROCOPY), files(("open", "<_io.BufferedReader name='/srv/file'>"))],
        [start(), sent(ZEROCOPY)],
    ),
    order("asgi.ext.pathsend.after-start", [sent(PATH)], [start(headers=LENGTH), sent(PATH)]),
    order(
        "asgi.ext.pathsend.not-mixed",
        [start(headers=LENGTH), body(b"a", more_body=True), sent(PATH)],
        [start(headers=LENGTH), sent(PATH)],
    ),
    order(
        "asgi.ext.pathsend.not-mixed",
        [start(headers=LENGTH), sent(PATH), body()],
        [start(headers=LENGTH), sent(PATH)],
    ),
    order(
        "asgi.ext.pathsend.once",
        [start(headers=LENGTH), sent(PATH), sent(PATH)],
        [start(headers=LENGTH), sent(PATH)],
    ),
    order(
        "asgi.ext.pathsend.app-sets-headers",
        [start(), sent(PATH)],
        [start(headers=LENGTH), sent(PATH)],
    ),
    order(
        "asgi.ext.pathsend.app-sets-headers",
        [start(headers=LENGTH), sent(PATH), files(("size", "/srv/file", 5))],
        [start(headers=LENGTH), sent(PATH), files(("size", "/srv/file", 4))],
    ),
    order(
        "asgi.ext.pathsend.app-sets-headers",
        [start(headers=LENGTH), sent(PATH), files(("size", "/srv/file", 3))],
        [start(304, headers=LENGTH), sent(PATH), files(("size", "/srv/file", 3))],
    ),
    order(
        "asgi.ext.trailers.start-flag",
        [start(headers=TRAILER), body(), sent(TRAILERS)],
        [start(headers=TRAILER, trailers=True), body(), sent(TRAILERS)],
    ),
    order(
        "asgi.ext.trailers.follow-final-body",
        [start(headers=TRAILER, trailers=True), sent(TRAILERS), body()],
        [
            start(headers=TRAILER, trailers=True),
            body(),
            sent({**TRAILERS, "more_trailers": True}),
            sent(TRAILERS),
        ],
    ),
    order(
        "asgi.ext.trailers.promised-must-come",
        [start(headers=TRAILER, trailers=True), body()],
        [start(headers=TRAILER, trailers=True), body(), sent(TRAILERS)],
    ),
    order(
        "asgi.ext.trailers.app-sends-trailer-header",
        [start(trailers=True), body(), sent(TRAILERS)],
        [start(headers=TRAILER, trailers=True), body(), sent(TRAILERS)],
    ),
    Order(
        "asgi.extensions.app-uses-only-announced",
        "http",
        steps(call(HTTP), request(), start(headers=LENGTH), sent(PATH), RETURN),
        steps(call(HTTP), request(), start(trailers=True), body(), RETURN),
    ),
    Order(
        "asgi.extensions.app-uses-only-announced",
        "http",
        steps(
            call(HTTP),
            request(),
            refused({"type": "http.response.informational"}, ValueError("unknown event")),
            start(),
            body(),
            RETURN,
        ),
        steps(
            call(HTTP, offers=["acme.informational"]),
            request(),
            sent({"type": "http.response.informational"}),
            start(),
            body(),
            RETURN,
        ),
    ),
]
