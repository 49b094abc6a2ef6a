"""Every rule of asgion, with a mutant."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from peers import asgi_script
from peers.lints import Exchange, Wrap
from peers.plays import HTTP, REST, SOCKET
from peers.rules import Rule
from witnesses.order_asgi_steps import (
    ACCEPT,
    CLOSE,
    COMPLETE,
    CONNECT,
    DISCONNECT,
    FAILED,
    LEFT,
    LIFESPAN,
    RETURN,
    SAY,
    SHUTDOWN,
    STARTUP,
    STOPPED,
    body,
    got,
    request,
    sent,
    start,
    steps,
)

RULES: list[Rule] = []
PLAIN = [(b"content-type", b"application/json")]
START, BODY = start(200, PLAIN), body(b"hello")
SCOPES = {
    "http": {**HTTP, "client": ["127.0.0.1", 5000], "server": ["127.0.0.1", 80]},
    "websocket": {**SOCKET, "client": ["127.0.0.1", 5000], "server": ["127.0.0.1", 80]},
    "lifespan": LIFESPAN,
}
TIMES = "it is about performance, of which the text says nothing"
ADVICE = "it is advice about HTTP, of which the interface says nothing"
NORMAL = "it remarks on an ordinary, legal exchange"
OPTIONAL = "the key is optional, with a default"
S, R, X = "asgi.http.scope.", "asgi.http.response-", "asgi.ext."
W, L = "asgi.websocket.", "asgi.lifespan."


def rule(name: str, breaks: Exchange, **ours: Any) -> None:
    RULES.append(Rule(name, breaks, **ours))


def script(*groups: Sequence[Any]) -> Exchange:
    return functools.partial(asgi_script.play, steps(*groups))


def scoped(kind: str, omit: tuple[str, ...] = (), **changes: Any) -> Exchange:
    """A clean exchange in a scope that is changed."""
    made = {key: value for key, value in {**SCOPES[kind], **changes}.items() if key not in omit}
    rest = (request(), START, BODY) if kind == "http" else REST[kind]
    return script((("call", made),), *rest, RETURN)


def http(*groups: Sequence[Any], **changes: Any) -> Exchange:
    """An exchange in an HTTP scope."""
    return script((("call", {**SCOPES["http"], **changes}),), *groups, RETURN)


def websocket(*groups: Sequence[Any], **changes: Any) -> Exchange:
    return script((("call", {**SCOPES["websocket"], **changes}),), *groups, RETURN)


def lifespan(*groups: Sequence[Any], **changes: Any) -> Exchange:
    return script((("call", {**LIFESPAN, **changes}),), *groups, RETURN)


def answer(**event: Any) -> Sequence[Any]:
    """A response start with these keys."""
    made = {"type": "http.response.start", "status": 200, "headers": PLAIN, **event}
    return sent({key: value for key, value in made.items() if value is not ...})


def event(kind: str, **more: Any) -> Sequence[Any]:
    return sent({"type": kind, **more})


def each(kind: str, table: dict[str, tuple[Exchange, dict[str, Any]]]) -> None:
    for name, (breaks, ours) in table.items():
        rule(f"{kind}-{name}", breaks, **ours)


def silent(position: str, why: str) -> dict[str, Any]:
    return {"silent": position, "why": why}


def ours(name: str, **more: Any) -> dict[str, Any]:
    return {"ours": name, **more}


def within(value: Any) -> Exchange:
    """An exchange in which the application sends a body event with a further key."""
    return http(request(), START, event("http.response.body", body=b"a", note=value))


def deep(levels: int) -> list[Any]:
    """Lists within lists."""
    return functools.reduce(lambda inner, _: [inner], range(levels), [])


# asgion leaves a connection alone whose type it does not know, and dies of a scope that is no
# dict: these rules cannot be triggered through its own wrapper.
UNREACHABLE = ("G-001", "G-002", "G-003", "G-004", "HS-001", "WS-001", "LS-001")
each(
    "G",
    {
        "005": (
            http(request(), START, sent(["http.response.body"]), BODY),
            ours("asgi.event.is-dict"),
        ),
        "006": (http(request(), START, sent({"body": b"a"}), BODY), ours("asgi.event.type-key")),
        "007": (
            http(request(), START, sent({"type": b"http.response.body"}), BODY),
            ours("asgi.event.type-unicode"),
        ),
        "008": (within(float("nan")), ours("asgi.event.float-finite")),
        "009": (within(float("inf")), ours("asgi.event.float-finite")),
        "010": (within(object()), ours("asgi.event.allowed-types")),
        "011": (scoped("http", ("asgi",)), ours("asgi.scope.asgi-present")),
        "012": (scoped("http", asgi={"version": "4.0"}), ours("asgi.scope.asgi-version-value")),
        "013": (
            scoped("http", asgi={"version": "3.0", "spec_version": 2}),
            ours("asgi.scope.spec-version-type"),
        ),
        "014": (
            within(deep(40)),
            silent("asgi.event.allowed-types", "no depth is set for what an event holds"),
        ),
    },
)

# Scopes of HTTP and WebSocket
each(
    "HS",
    {
        "002": (scoped("http", ("http_version",)), ours(S + "http-version-present")),
        "003": (scoped("http", http_version=1.1), ours(S + "http-version-present")),
        "004": (scoped("http", http_version="1.2"), ours(S + "http-version-value")),
        "005": (scoped("http", ("method",)), ours(S + "method-present")),
        "006": (scoped("http", method=b"GET"), ours(S + "method-present")),
        "007": (scoped("http", method="get"), ours(S + "method-uppercased")),
        "008": (scoped("http", ("scheme",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "009": (scoped("http", scheme=b"http"), ours(S + "scheme-type")),
        "010": (
            scoped("http", scheme="coap"),
            silent(S + "scheme-type", "other schemes are not ruled out"),
        ),
        "011": (scoped("http", ("path",)), ours(S + "path-present")),
        "012": (scoped("http", path=b"/"), ours(S + "path-present")),
        "013": (
            scoped("http", path="*", method="OPTIONS"),
            silent("asgi.http.scope.path-present", "the target of OPTIONS may be an asterisk"),
        ),
        "014": (scoped("http", ("raw_path",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "015": (scoped("http", raw_path="/"), ours(S + "raw-path-type")),
        "016": (scoped("http", ("query_string",)), ours(S + "query-string-present")),
        "017": (scoped("http", query_string="a=1"), ours(S + "query-string-present")),
        "018": (scoped("http", ("root_path",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "019": (scoped("http", root_path=b"/"), ours(S + "root-path-type")),
        "020": (scoped("http", ("headers",)), ours(S + "headers-present")),
        "021": (scoped("http", headers=[(b"host",)]), ours(S + "headers-pairs")),
        "022": (scoped("http", headers=[("host", b"a")]), ours(S + "headers-name-bytes")),
        "023": (scoped("http", headers=[(b"host", "a")]), ours(S + "headers-value-bytes")),
        "024": (
            scoped("http", headers=[(b"Host", b"a")]),
            silent("asgi-request-header-case", "names are lower-cased by the server, as it says"),
        ),
        "025": (scoped("http", client="127.0.0.1"), ours(S + "client-shape")),
        "026": (scoped("http", server=["127.0.0.1", "80"]), ours(S + "server-port-type")),
        "027": (scoped("http", extensions=[]), ours("asgi.extensions.is-dict")),
        "028": (scoped("http", state=[]), ours(S + "state-type")),
    },
)
each(
    "WS",
    {
        "002": (
            scoped("websocket", ("http_version",)),
            silent("asgi-absent-optional-keys", OPTIONAL),
        ),
        "003": (scoped("websocket", http_version=1.1), ours(W + "scope.http-version-type")),
        "004": (scoped("websocket", ("scheme",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "005": (scoped("websocket", scheme=b"ws"), ours(W + "scope.scheme-type")),
        "006": (
            scoped("websocket", scheme="http"),
            silent(W + "scope.scheme-type", 'the text says "likely" ws or wss'),
        ),
        "007": (scoped("websocket", ("path",)), ours(W + "scope.path-present")),
        "008": (scoped("websocket", path=b"/"), ours(W + "scope.path-present")),
        "009": (scoped("websocket", ("raw_path",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "010": (scoped("websocket", raw_path="/"), ours(W + "scope.raw-path-type")),
        "011": (
            scoped("websocket", ("query_string",)),
            silent("asgi-absent-optional-keys", OPTIONAL),
        ),
        "012": (scoped("websocket", query_string="a"), ours(W + "scope.query-string-type")),
        "013": (scoped("websocket", ("root_path",)), silent("asgi-absent-optional-keys", OPTIONAL)),
        "014": (scoped("websocket", root_path=b"/"), ours(W + "scope.root-path-type")),
        "015": (scoped("websocket", ("headers",)), ours(W + "scope.headers-present")),
        "016": (scoped("websocket", headers=[(b"host",)]), ours(W + "scope.headers-present")),
        "017": (
            scoped("websocket", headers=[("host", b"a")]),
            ours(W + "scope.headers-name-bytes"),
        ),
        "018": (
            scoped("websocket", headers=[(b"host", "a")]),
            ours(W + "scope.headers-value-bytes"),
        ),
        "019": (
            scoped("websocket", headers=[(b"Host", b"a")]),
            silent("asgi-request-header-case", "names are lower-cased by the server, as it says"),
        ),
        "020": (
            scoped("websocket", ("subprotocols",)),
            silent("asgi-absent-optional-keys", OPTIONAL),
        ),
        "021": (scoped("websocket", subprotocols=[b"chat"]), ours(W + "scope.subprotocols-type")),
        "022": (scoped("websocket", client="127.0.0.1"), ours(W + "scope.client-shape")),
        "023": (
            scoped("websocket", server=["127.0.0.1", "80"]),
            ours(W + "scope.server-port-type"),
        ),
        "024": (scoped("websocket", extensions=[]), ours("asgi.extensions.is-dict")),
        "025": (scoped("websocket", state=[]), ours(W + "scope.state-type")),
    },
)
each(
    "LS",
    {
        "002": (scoped("lifespan", ("asgi",)), ours("asgi.scope.asgi-present")),
        "003": (scoped("lifespan", asgi=[]), ours("asgi.scope.asgi-present")),
        "004": (scoped("lifespan", state=[]), ours(L + "scope.state-type")),
    },
)

# Events of HTTP
PUSH = {"path": "/a.css", "headers": []}
each(
    "HE",
    {
        "001": (
            http(got({"type": "http.request"}), START, BODY),
            silent("asgi-absent-optional-keys", OPTIONAL),
        ),
        "002": (http(request("text"), START, BODY), ours("asgi.http.request.body-type")),
        "003": (http(request(more_body=0), START, BODY), ours("asgi.http.request.more-body-type")),
        "004": (
            http(got({"type": "http.requests"}), START, BODY),
            ours("asgi.http.request.type", gap=True),
        ),
        "005": (http(request(), answer(status=...), BODY), ours(R + "start.status-present")),
        "006": (http(request(), answer(status="200"), BODY), ours(R + "start.status-type")),
        "007": (http(request(), answer(status=600), BODY), ours(R + "start.status-range")),
        "008": (
            http(request(), answer(headers=[(b"x-a",)]), BODY),
            ours(R + "start.headers-iterable"),
        ),
        "009": (
            http(request(), answer(headers=[*PLAIN, (b"X-A", b"1")]), BODY),
            ours(R + "start.headers-lowercase"),
        ),
        "010": (
            http(request(), answer(headers=[*PLAIN, (b"transfer-encoding", b"chunked")]), BODY),
            silent(
                "asgi-transfer-encoding", "the application may send it, and the server ignores it"
            ),
        ),
        "011": (http(request(), answer(trailers=0), BODY), ours(R + "start.trailers-type")),
        "012": (http(request(), START, body("text")), ours(R + "body.body-type")),
        "013": (http(request(), START, body(more_body=0)), ours(R + "body.more-body-type")),
        "014": (
            http(request(), START, event("http.response.flush"), BODY),
            ours("asgi.extensions.app-uses-only-announced"),
        ),
        "015": (
            http(
                request(),
                answer(trailers=True),
                BODY,
                event("http.response.trailers", headers=[(b"x-a",)]),
            ),
            ours(X + "trailers.headers-pairs"),
        ),
        "016": (
            http(request(), START, event("http.response.push", headers=[]), BODY),
            ours(X + "push.path-present"),
        ),
        "017": (
            http(request(), START, event("http.response.push", path=b"/", headers=[]), BODY),
            ours(X + "push.path-present"),
        ),
        "018": (
            http(request(), START, event("http.response.push", path="/", headers=[(b"x",)]), BODY),
            ours(X + "push.headers-pairs"),
        ),
        "019": (
            http(request(), START, event("http.response.zerocopysend")),
            ours(X + "zerocopy.file-descriptor", gap=True),
        ),
        "020": (
            http(request(), START, event("http.response.pathsend")),
            ours(X + "pathsend.path-type"),
        ),
        "021": (
            http(request(), START, event("http.response.pathsend", path=b"/a")),
            ours(X + "pathsend.path-type"),
        ),
        "022": (
            http(
                request(),
                START,
                event("http.response.early_hint", links=[b"</a>"], headers=[(b"x",)]),
                BODY,
            ),
            silent(
                X + "early-hint.links",
                "the event has links and no headers, and a further key is nobody's business",
            ),
        ),
        "023": (
            http(request(), event("http.response.debug", info=[]), START, BODY),
            ours(X + "debug.info-dict"),
        ),
    },
)

# Order of HTTP
HALF = body(b"half", more_body=True)
each(
    "HF",
    {
        "001": (http(request()), ours("asgi.http.app.completes-response")),
        "002": (http(request(), BODY), ours(R + "start.before-body")),
        "003": (http(request(), START, START, BODY), ours(R + "start.once")),
        "004": (
            http(request(), START, BODY, BODY),
            silent("asgi-messages-after-completion", "the text says that they are ignored"),
        ),
        "005": (
            http(request(), DISCONNECT, START, BODY),
            silent(
                "asgi-send-after-disconnect", "before 2.4 silent, since then an OSError at most"
            ),
        ),
        "006": (http(request(), START, HALF), ours("asgi.http.app.completes-response")),
        "007": (
            http(request(), request(), START, BODY),
            ours("asgi.http.request.none-after-final"),
        ),
        "008": (
            http(request(), answer(trailers=True), BODY),
            ours(X + "trailers.promised-must-come"),
        ),
        "009": (
            http(request(), START, BODY, event("http.response.trailers", headers=[])),
            ours(X + "trailers.start-flag"),
        ),
        "010": (http(request(), START, HALF, BODY), silent(R + "body.more-body-type", NORMAL)),
        "011": (
            http(request(), START, BODY, method="HEAD"),
            silent("body-where-none-may-be", "HEAD may be answered as GET is"),
        ),
        "012": (
            http(request(), start(204), BODY),
            ours("asgi.http.app.body-for-bodyless-status"),
        ),
    },
)
each(
    "EX",
    {
        "009": (
            http(request(), START, event("http.response.push", **PUSH), BODY, extensions={}),
            ours("asgi.extensions.app-uses-only-announced"),
        ),
        "010": (
            http(request(), START, event("http.response.early_hint", links=[b"</a>; rel=x"]), BODY),
            silent(
                X + "early-hint.timing", "the text says after the start, the rule says before it"
            ),
        ),
        "011": (
            http(request(), START, event("http.response.debug", info={}), BODY),
            ours(X + "debug.before-start-once"),
        ),
    },
)


# What is good in HTTP
def headers(*pairs: tuple[bytes, bytes]) -> Exchange:
    return http(request(), answer(headers=[*PLAIN, *pairs]), BODY)


def slowly(**threshold: float) -> Exchange:
    """An ordinary exchange, under a threshold that any exchange exceeds."""

    def exchange(wrap: Wrap) -> None:
        http(request(), START, HALF, HALF, BODY)(lambda app: _strict(wrap, app, threshold))

    return exchange


def _strict(wrap: Wrap, app: Callable[..., Any], threshold: dict[str, float]) -> Any:
    """Put a checker around ``app`` and set thresholds of asgion, if it is that."""
    wrapped = wrap(app)
    if type(wrapped).__module__.startswith("asgion"):
        wrapped = type(wrapped)(
            app, config=_config(threshold), on_violation=wrapped.violations.append
        )
    return wrapped


def _config(threshold: dict[str, float]) -> Any:
    import asgion.core.config

    return asgion.core.config.AsgionConfig(**threshold)


each(
    "SEM",
    {
        "001": (
            headers((b"content-type", b"text/html; charset=utf-8")),
            ours("http1.field.no-duplicate-singletons"),
        ),
        "002": (
            http(request(), start(200), BODY),
            silent("wsgi-content-type-not-required", "nothing demands a Content-Type"),
        ),
        "003": (
            headers((b"content-length", b"9")),
            ours("asgi.http.app.content-length-consistent"),
        ),
        "004": (
            headers((b"set-cookie", b"a=1")),
            silent("asgi.http.headers.preserved-exactly", ADVICE),
        ),
        "005": (
            http(request(), START, HALF),
            ours("asgi.http.app.completes-response"),
        ),
        "006": (slowly(ttfb_threshold=-1.0), silent("asgi.app.receives-and-reacts", TIMES)),
        "007": (slowly(lifecycle_threshold=-1.0), silent("asgi.app.receives-and-reacts", TIMES)),
        "008": (slowly(body_size_threshold=1), silent("asgi.app.receives-and-reacts", TIMES)),
        "009": (
            http(request(), START, body(b"x" * 2_000_000)),
            silent("asgi.app.receives-and-reacts", TIMES),
        ),
        "010": (
            slowly(body_delivery_threshold=-1.0),
            silent("asgi.app.receives-and-reacts", TIMES),
        ),
        "011": (slowly(chunk_count_threshold=1), silent("asgi.app.receives-and-reacts", TIMES)),
        "012": (
            headers(
                (b"access-control-allow-origin", b"*"),
                (b"access-control-allow-credentials", b"true"),
            ),
            silent("asgi.http.headers.preserved-exactly", ADVICE),
        ),
        "013": (
            http(request(), start(200, [(b"content-type", b"text/html")]), BODY),
            silent("asgi.http.headers.preserved-exactly", ADVICE),
        ),
    },
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
each(
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
each(
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
each(
    "LE",
    {
        "001": (
            lifespan(got({"type": "lifespan.start"}), STARTUP, COMPLETE, SHUTDOWN, STOPPED),
            ours(L + "startup.type", gap=True),
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
each(
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
