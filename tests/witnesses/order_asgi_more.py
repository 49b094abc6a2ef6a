"""Witnesses from mutants that were written from the text alone, against the finished judges."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_steps import (
    ACCEPT,
    ASGI,
    CLOSE,
    COMPLETE,
    CONNECT,
    DISCONNECT,
    EVERYTHING,
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
    raised,
    refused,
    request,
    sent,
    start,
    steps,
)

DENIAL = "websocket.http.response"
ANSWER = (request(), start(), body(b"hello"))


def order(requirement, protocol, breaks, keeps, end=RETURN):
    return Order(requirement, protocol, steps(*breaks, end), steps(*keeps, end))


def named(kind, **held):
    return sent({"type": kind, **held})


def wrongly(kind, **held):
    """send() is called with an event that no specification defines, and the server says so."""
    return refused({"type": kind, **held}, ValueError(f"unknown event {kind}"))


def misnamed(requirement, wrong, right, *, before=(), after=(), **held):
    """An application that sends an event by a wrong name in the midst of others."""
    first = call(HTTP, extensions=EVERYTHING)
    return order(
        requirement,
        "http",
        [first, request(), *before, wrongly(wrong, **held), *after],
        [first, request(), *before, sent({"type": right, **held}), *after],
    )


FIELDS = {"headers": [[b"x-sum", b"1"]]}
TRAILED = start(headers=[[b"trailer", b"x-sum"]], trailers=True)


class Opened:
    """Something with a descriptor."""

    closed = True

    def fileno(self):
        """A descriptor."""
        return 3


MISNAMED = [
    misnamed(
        "asgi.http.response-start.type",
        "http.start",
        "http.response.start",
        after=[body()],
        status=200,
    ),
    misnamed(
        "asgi.http.response-start.type",
        "http.response.Start",
        "http.response.start",
        after=[body()],
        status=200,
    ),
    misnamed(
        "asgi.http.response-body.type", "http.response.Body", "http.response.body", before=[start()]
    ),
    misnamed(
        "asgi.http.response-body.type",
        "http.response.chunk",
        "http.response.body",
        before=[start()],
        body=b"hello",
    ),
    misnamed(
        "asgi.ext.push.type",
        "http.response.pushes",
        "http.response.push",
        before=[start()],
        after=[body()],
        path="/a.css",
        headers=[],
    ),
    misnamed(
        "asgi.ext.early-hint.type",
        "http.response.early_hints",
        "http.response.early_hint",
        after=[start(), body()],
        links=[b"</a.css>; rel=preload"],
    ),
    misnamed(
        "asgi.ext.debug.type",
        "http.debug",
        "http.response.debug",
        after=[start(), body()],
        info={},
    ),
    misnamed(
        "asgi.ext.trailers.type",
        "http.response.trailer",
        "http.response.trailers",
        before=[TRAILED, body()],
        **FIELDS,
    ),
    misnamed(
        "asgi.ext.zerocopy.type",
        "http.response.zerocopy_send",
        "http.response.zerocopysend",
        before=[start()],
        file=Opened(),
    ),
    misnamed(
        "asgi.ext.pathsend.type",
        "http.response.path_send",
        "http.response.pathsend",
        before=[start(headers=[[b"content-length", b"5"], [b"content-type", b"text/plain"]])],
        path="/srv/a.txt",
    ),
]
"""What an application sends under another name; what that left undone is not told as well."""


def ws(requirement, breaks, keeps, *, offers=(), end=RETURN):
    opened = call(WEBSOCKET, offers=offers)
    return order(
        requirement, "websocket", [opened, CONNECT, *breaks], [opened, CONNECT, *keeps], end
    )


def life(requirement, breaks, keeps, end=RETURN):
    return order(requirement, "lifespan", [call(LIFESPAN), *breaks], [call(LIFESPAN), *keeps], end)


OTHERS_MISNAMED = [
    ws("asgi.websocket.accept.type", [wrongly("websocket.accepted"), LEFT], [ACCEPT, LEFT]),
    ws(
        "asgi.websocket.send.type",
        [ACCEPT, wrongly("websocket.message", text="hello"), LEFT],
        [ACCEPT, named("websocket.send", text="hello"), LEFT],
    ),
    ws("asgi.websocket.close.type", [wrongly("websocket.closed")], [CLOSE]),
    ws(
        "asgi.websocket.close.type",
        [ACCEPT, wrongly("websocket.disconnect", code=1000)],
        [ACCEPT, named("websocket.close", code=1000)],
    ),
    ws(
        "asgi.ext.ws-denial.message-types",
        [wrongly("http.response.start", status=403), wrongly("http.response.body", body=b"no")],
        [named(f"{DENIAL}.start", status=403), named(f"{DENIAL}.body", body=b"no")],
        offers=[DENIAL],
    ),
    life(
        "asgi.lifespan.startup-complete.type",
        [STARTUP, wrongly("lifespan.startup.completed")],
        [STARTUP, COMPLETE, SHUTDOWN, STOPPED],
    ),
    life(
        "asgi.lifespan.startup-failed.type",
        [STARTUP, wrongly("lifespan.startup.failure", message="no database")],
        [STARTUP, named("lifespan.startup.failed", message="no database")],
    ),
    life(
        "asgi.lifespan.shutdown-complete.type",
        [STARTUP, COMPLETE, SHUTDOWN, wrongly("lifespan.shutdown.completed")],
        [STARTUP, COMPLETE, SHUTDOWN, STOPPED],
    ),
    life(
        "asgi.lifespan.shutdown-failed.type",
        [STARTUP, COMPLETE, SHUTDOWN, wrongly("lifespan.shutdown.failure", message="")],
        [STARTUP, COMPLETE, SHUTDOWN, named("lifespan.shutdown.failed", message="")],
    ),
]

DELIVERED = [
    order(
        "asgi.http.disconnect.type",
        "http",
        [call(HTTP), *ANSWER, got({"type": "http.disconnected"})],
        [call(HTTP), *ANSWER, DISCONNECT],
    ),
    order(
        "asgi.websocket.connect.type",
        "websocket",
        [call(WEBSOCKET), got({"type": "websocket.open"}), ACCEPT, LEFT],
        [call(WEBSOCKET), CONNECT, ACCEPT, LEFT],
    ),
    ws(
        "asgi.websocket.disconnect.type",
        [ACCEPT, got({"type": "websocket.disconnected", "code": 1001})],
        [ACCEPT, LEFT],
    ),
    life(
        "asgi.lifespan.shutdown.type",
        [STARTUP, COMPLETE, got({"type": "lifespan.stop"})],
        [STARTUP, COMPLETE, SHUTDOWN, STOPPED],
    ),
    order(
        "asgi.event.type-namespaced",
        "http",
        [call(HTTP), got({"type": "request", "body": b""}), *ANSWER[1:]],
        [call(HTTP), *ANSWER],
    ),
]
"""What a server delivers under another name; applications are not to blame for what follows."""

SCOPES = [
    order(
        "asgi.http.scope.type",
        "http",
        [call(HTTP, type="HTTP"), *ANSWER],
        [call(HTTP), *ANSWER],
    ),
    order(
        "asgi.http.scope.type",
        "http",
        [call(HTTP, type="https"), *ANSWER],
        [call({"type": "https", "asgi": ASGI}), *ANSWER],
    ),
    order(
        "asgi.websocket.scope.type",
        "websocket",
        [call(WEBSOCKET, type="ws"), CONNECT, ACCEPT],
        [call({"type": "ws", "asgi": ASGI}), CONNECT, ACCEPT],
    ),
    order(
        "asgi.lifespan.scope.type",
        "lifespan",
        [call(LIFESPAN, type="Lifespan"), STARTUP, COMPLETE, SHUTDOWN, STOPPED],
        [call(LIFESPAN), STARTUP, COMPLETE, SHUTDOWN, STOPPED],
    ),
]
"""Standard types misspelt; without the keys of the standard they are somebody's own."""

NAMING = start(headers=[[b"trailer", b"x-sum"], [b"trailer", b"X-Count, x-more"]], trailers=True)
TRAILERS = [
    order(
        "asgi.ext.trailers.app-sends-trailer-header",
        "http",
        [
            call(HTTP, offers=["http.response.trailers"]),
            request(),
            NAMING,
            body(),
            sent({"type": "http.response.trailers", "headers": [[b"x-other", b"1"]]}),
        ],
        [
            call(HTTP, offers=["http.response.trailers"]),
            request(),
            NAMING,
            body(),
            sent({"type": "http.response.trailers", "headers": [[b"x-count", b"1"]]}),
        ],
    ),
]

GONE = BrokenPipeError("client is gone")
SWALLOWED = [
    # A start that reached nobody, and a body after it that reaches nobody either.
    Order(
        "asgi.http.response-start.before-body",
        "http",
        steps(call(HTTP), request(), body(b"hello"), RETURN),
        steps(
            call(HTTP),
            request(),
            refused({"type": "http.response.start", "status": 200}, GONE),
            refused({"type": "http.response.body", "body": b"hello"}, GONE),
            RETURN,
        ),
    ),
    ws(
        "asgi.ext.ws-denial.no-other-websocket-messages-after",
        [named(f"{DENIAL}.start", status=403), ACCEPT],
        [named(f"{DENIAL}.start", status=403), named(f"{DENIAL}.body")],
        offers=[DENIAL],
    ),
    # Whoever is told to stop before it has started is not to blame for its answers.
    life(
        "asgi.lifespan.shutdown.once-after-startup-complete",
        [STARTUP, SHUTDOWN, COMPLETE, STOPPED],
        [STARTUP, COMPLETE, SHUTDOWN, STOPPED],
    ),
    life(
        "asgi.lifespan.shutdown-complete.app-sends",
        [STARTUP, COMPLETE, SHUTDOWN],
        [STARTUP, COMPLETE, SHUTDOWN, named("lifespan.shutdown.failed", message="stuck")],
        raised(ValueError("stuck")),
    ),
]
