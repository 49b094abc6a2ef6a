"""What the application answers to a handshake: waiting, accepting, denying.

https://asgi.readthedocs.io/en/latest/specs/www.html#connect-receive-event
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import reached, waiting
from gateproof.conformance.cases.server_websocket_session import (
    ACCEPT,
    FAMILY,
    LISTENING,
    SWITCHING,
    Session,
    accept,
    answered,
    application,
    close,
    connect,
    opened,
)
from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import Heard, ServerStage
from gateproof.targets.frames import accept_value, handshake
from gateproof.targets.http1 import Reply
from gateproof.targets.script import Script, gone, receive, send, wait

_FORBIDDEN = 403
_ERROR = 400
_EXTENSION = "websocket.http.response"
_HEADERS_SINCE = (2, 1)


@case(
    FAMILY,
    "handshake-waits",
    proves=(
        "asgi.websocket.connect.during-handshake",
        "asgi.websocket.connect.handshake-waits-for-reply",
    ),
)
async def waits(stage: ServerStage) -> None:
    """The client gets no 101 before the application has accepted."""
    for requirement, told, steps in _WAITING:
        session = await _early(stage, Script(asgi=(*steps, ACCEPT, gone(LISTENING))))
        if session is not None:
            session.broken(
                f"asgi.websocket.connect.{requirement}",
                f"the handshake was completed before the application had {told}",
                observed=str(session.reply),
                expected="no answer before websocket.accept",
            )
            return


_WAITING = (
    ("during-handshake", "heard of it", (wait("go"), receive())),
    ("handshake-waits-for-reply", "accepted", (receive(), wait("go"))),
)
"""Requirement, what an early answer comes before, and how the application holds its own back."""


async def _early(stage: ServerStage, app: Script) -> Session | None:
    """Gives the session if the handshake was completed while the application waited."""
    stage.needs("websocket")
    token = stage.lay(app)
    octets = handshake(stage.host, f"/{token}")
    wire = await stage.connect()
    heard = Heard(token, octets, wire, Reply(), [], stage.interface)
    stage.heard.append(heard)
    await wire.send(octets)
    if await reached(stage, token, waiting("go")) is None:
        stage.blocked("the application was not called, or did not receive websocket.connect")
    try:
        early = await wire.receive(settle())
    except TimeoutError:
        early = b""
    wire.pending[:0] = early
    stage.let(token, "go")
    session = await answered(stage, heard)
    if session.client.accepted:
        await session.leave()
    return session if early and session.client.accepted else None


@case(
    FAMILY,
    "accept-headers",
    proves=(
        "asgi.websocket.accept.headers-sent",
        "asgi.websocket.accept.headers-order-preserved",
    ),
)
async def accept_headers(stage: ServerStage) -> None:
    """Headers given with websocket.accept are in the answer, in their order."""
    given = [(b"set-cookie", b"b=1"), (b"x-conformance", b"kept"), (b"set-cookie", b"a=2")]
    session = await opened(stage, application(accept(headers=given), gone(LISTENING)))
    await session.leave()
    if session.spec_version < _HEADERS_SINCE:
        return
    cookies, other = session.reply.get(b"set-cookie"), session.reply.get(b"x-conformance")
    if sorted(cookies) != [b"a=2", b"b=1"] or other != [b"kept"]:
        session.broken(
            "asgi.websocket.accept.headers-sent",
            "headers that the application gave with websocket.accept are not in the answer",
            observed=f"set-cookie {cookies!r}, x-conformance {other!r}",
            expected=repr(given),
        )
    elif cookies != [b"b=1", b"a=2"]:
        session.broken(
            "asgi.websocket.accept.headers-order-preserved",
            "headers of one name changed places in the answer",
            observed=repr(cookies),
            expected="[b'b=1', b'a=2']",
        )


@case(FAMILY, "accept-header-twice", proves=("ws.handshake.accept-once",))
async def accept_twice(stage: ServerStage) -> None:
    """An application that gives Sec-WebSocket-Accept itself does not make it two."""
    given = [(b"sec-websocket-accept", accept_value("AAAAAAAAAAAAAAAAAAAAAA==").encode())]
    app = application(accept(headers=given), gone(LISTENING), legal=False)
    session = await connect(stage, app)
    found = session.reply.get(b"sec-websocket-accept")
    if session.client.accepted:
        await session.leave()
    if len(found) > 1:
        session.broken(
            "ws.handshake.accept-once",
            "the application's Sec-WebSocket-Accept was sent beside the server's",
            observed=repr(found),
            expected="one line",
            verdict="weak",
        )


@case(
    FAMILY,
    "denied",
    proves=(
        "asgi.websocket.connect.denied-403",
        "asgi.websocket.close.before-accept-403",
        "ws.handshake.origin-refusal",
    ),
)
async def denied(stage: ServerStage) -> None:
    """A close before accept is told to the client as 403, and no WebSocket is opened."""
    for event in (close(), close(code=4001, reason="no")):
        session = await connect(
            stage, application(event), headers=[("Origin", "https://elsewhere.example")]
        )
        reply = session.reply
        if reply.status == _FORBIDDEN:
            continue
        if reply.status == SWITCHING:
            requirement = "asgi.websocket.close.before-accept-403"
        elif reply.status >= _ERROR:
            requirement = "asgi.websocket.connect.denied-403"
        else:
            requirement = "ws.handshake.origin-refusal"
        session.broken(
            requirement,
            "the application closed before accepting, and the client did not get 403",
            observed=str(reply),
            expected="403",
        )


@case(
    FAMILY,
    "denial-response",
    proves=("asgi.ext.ws-denial.server-sends-and-closes",),
)
async def denial_response(stage: ServerStage) -> None:
    """Where the extension is offered, the application denies with a response of its own."""
    if not await _offers_denial(stage):
        stage.not_applicable(f"the server does not offer the extension {_EXTENSION}")
    fields = [(b"x-why", b"asked"), (b"content-type", b"text/plain"), (b"content-length", b"9")]
    session = await connect(
        stage,
        application(
            send({"type": f"{_EXTENSION}.start", "status": 401, "headers": fields}),
            send({"type": f"{_EXTENSION}.body", "body": b"not ", "more_body": True}),
            send({"type": f"{_EXTENSION}.body", "body": b"today"}),
        ),
    )
    reply = session.reply
    told = (reply.status, reply.get(b"x-why"), reply.body, reply.complete)
    if told != (401, [b"asked"], b"not today", True):
        session.broken(
            "asgi.ext.ws-denial.server-sends-and-closes",
            "the application's response was not sent as it denied the WebSocket",
            observed=f"{reply}, x-why {told[1]!r}, body {reply.body!r}",
            expected="401, x-why [b'asked'], body b'not today'",
        )
    elif not await _closes(session):
        session.broken(
            "asgi.ext.ws-denial.server-sends-and-closes",
            "the connection was not closed after the denial",
            observed="the connection stays open",
            expected="the end of the stream",
            verdict="weak" if reply.keeps else None,
        )


async def _offers_denial(stage: ServerStage) -> bool:
    session = await opened(stage)
    await session.leave()
    return _EXTENSION in (session.scope.get("extensions") or {})


async def _closes(session: Session) -> bool:
    try:
        return not await session.client.wire.receive(session.stage.patience)
    except TimeoutError:
        return False
