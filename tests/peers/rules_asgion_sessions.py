"""asgion's rules about WebSocket and lifespan."""

from __future__ import annotations

from typing import Any

from peers.asgion_mutants import (
    NORMAL,
    L,
    W,
    X,
    each,
    event,
    lifespan,
    ours,
    scoped,
    silent,
    websocket,
)
from peers.lints import Exchange
from witnesses.order_asgi_steps import (
    ACCEPT,
    CLOSE,
    COMPLETE,
    CONNECT,
    FAILED,
    LEFT,
    SAY,
    SHUTDOWN,
    STARTUP,
    STOPPED,
    got,
    sent,
)


# WebSocket
def spoken(**more: Any) -> Exchange:
    """A conversation with a message that the application sends."""
    return websocket(CONNECT, ACCEPT, event("websocket.send", **more), LEFT)


def heard(**more: Any) -> Exchange:
    return websocket(CONNECT, ACCEPT, got({"type": "websocket.receive", **more}), LEFT)


def left(**more: Any) -> Exchange:
    return websocket(CONNECT, ACCEPT, got({"type": "websocket.disconnect", **more}))


def denied(**more: Any) -> Exchange:
    head = {"type": "websocket.http.response.start", "status": 404, "headers": [], **more}
    return websocket(CONNECT, sent(head), event("websocket.http.response.body", body=b"no"))


DENIAL = event("websocket.http.response.start", status=404, headers=[])
WE = each(
    "WE",
    {
        "001": (heard(text="a", bytes=b"a"), ours(W + "receive.exactly-one")),
        "002": (heard(bytes="a"), ours(W + "receive.bytes-type")),
        "003": (heard(text=b"a"), ours(W + "receive.text-type")),
        "004": (left(code="1000"), ours(W + "disconnect.code-type")),
        "005": (left(code=1000, reason=b"a"), ours(W + "disconnect.reason-type")),
        "006": (
            websocket(CONNECT, event("websocket.accept", subprotocol=b"chat"), LEFT),
            ours(W + "accept.subprotocol-type"),
        ),
        "007": (
            websocket(CONNECT, event("websocket.accept", headers=[(b"x-a",)]), LEFT),
            ours(W + "accept.headers-iterable"),
        ),
        "008": (spoken(text="a", bytes=b"a"), ours(W + "send.exactly-one")),
        "009": (spoken(bytes="a"), ours(W + "send.bytes-type")),
        "010": (spoken(text=b"a"), ours(W + "send.text-type")),
        "011": (
            websocket(CONNECT, ACCEPT, event("websocket.close", code="1000")),
            ours(W + "close.code-type"),
        ),
        "012": (
            websocket(CONNECT, ACCEPT, event("websocket.close", code=1000, reason=b"a")),
            ours(W + "close.reason-type"),
        ),
        "013": (denied(status="404"), ours(X + "ws-denial.start-structure")),
        "014": (denied(headers=[(b"x-a",)]), ours(X + "ws-denial.start-structure")),
        "015": (
            websocket(CONNECT, DENIAL, event("websocket.http.response.body", body="no")),
            ours(X + "ws-denial.body-structure"),
        ),
        "016": (
            websocket(
                CONNECT, DENIAL, event("websocket.http.response.body", body=b"no", more_body=0)
            ),
            ours(X + "ws-denial.body-structure"),
        ),
    },
)
WF = each(
    "WF",
    {
        "001": (websocket(CONNECT, CONNECT, ACCEPT, LEFT), ours(W + "connect.first-event")),
        "002": (websocket(ACCEPT, CONNECT, LEFT), ours(W + "connect.received-before-accept")),
        "003": (websocket(CONNECT, SAY, LEFT), ours(W + "send.after-accept")),
        "004": (
            websocket(CONNECT, ACCEPT, CLOSE, SAY),
            ours(W + "send.not-after-close"),
        ),
        "005": (
            websocket(CONNECT, ACCEPT, LEFT, SAY),
            silent(
                "asgi-send-after-disconnect", "before 2.4 silent, since then an OSError at most"
            ),
        ),
        "006": (websocket(CONNECT, ACCEPT, ACCEPT, LEFT), ours(W + "accept.once")),
        "007": (
            websocket(CONNECT, CLOSE),
            silent("asgi-close-before-accept", "this is how a handshake is refused"),
        ),
        "008": (
            websocket(CONNECT, ACCEPT, DENIAL, LEFT),
            ours(X + "ws-denial.not-after-accept"),
        ),
        "009": (
            websocket(CONNECT, event("websocket.http.response.body", body=b"no"), LEFT),
            ours(X + "ws-denial.sequence"),
        ),
        "010": (
            websocket(CONNECT, DENIAL, SAY, LEFT),
            ours(X + "ws-denial.no-other-websocket-messages-after"),
        ),
        "011": (
            websocket(CONNECT, ACCEPT, LEFT, got({"type": "websocket.receive", "text": "a"})),
            ours(W + "disconnect.last-event"),
        ),
    },
)

# Lifespan
LE = each(
    "LE",
    {
        "001": (
            lifespan(got({"type": "lifespan.start"}), STARTUP, COMPLETE, SHUTDOWN, STOPPED),
            ours(L + "startup.type"),
        ),
        "002": (
            lifespan(STARTUP, event("lifespan.started"), COMPLETE, SHUTDOWN, STOPPED),
            ours("asgi.server.raises-on-unknown-event-type"),
        ),
        "003": (
            lifespan(STARTUP, event("lifespan.startup.failed", message=b"no")),
            ours(L + "startup-failed.message-type"),
        ),
        "004": (
            lifespan(STARTUP, COMPLETE, SHUTDOWN, event("lifespan.shutdown.failed", message=b"no")),
            ours(L + "shutdown-failed.message-type"),
        ),
    },
)
LF = each(
    "LF",
    {
        "001": (
            lifespan(STARTUP, STARTUP, COMPLETE, SHUTDOWN, STOPPED),
            ours(L + "startup.first-event"),
        ),
        "002": (
            lifespan(COMPLETE, STARTUP, SHUTDOWN, STOPPED),
            ours(L + "startup-complete.after-startup"),
        ),
        "003": (
            lifespan(STARTUP, COMPLETE, COMPLETE, SHUTDOWN, STOPPED),
            ours(L + "startup-complete.once"),
        ),
        "004": (
            lifespan(STARTUP, COMPLETE, FAILED, SHUTDOWN, STOPPED),
            ours(L + "startup-complete.once"),
        ),
        "005": (
            lifespan(STARTUP, SHUTDOWN, COMPLETE, STOPPED),
            ours(L + "shutdown.once-after-startup-complete"),
        ),
        "006": (
            lifespan(STARTUP, COMPLETE, STOPPED, SHUTDOWN),
            ours(L + "shutdown-complete.after-shutdown"),
        ),
        "007": (
            lifespan(
                STARTUP, COMPLETE, SHUTDOWN, STOPPED, event("lifespan.shutdown.failed", message="")
            ),
            silent("asgi-messages-after-completion", "what follows the acknowledgement is ignored"),
        ),
        "008": (
            lifespan(STARTUP, COMPLETE, SHUTDOWN),
            ours(L + "shutdown-complete.app-sends"),
        ),
        "009": (
            lifespan(STARTUP),
            silent("asgi-lifespan-returns", "the text is silent about an application that returns"),
        ),
        "010": (
            scoped("lifespan", state={}),
            silent(L + "scope.state-optional", NORMAL),
        ),
    },
)

RULES = [*WE, *WF, *LE, *LF]
