"""Which requirements an exchange gave a chance to be broken.

Counted only where a judge really looked: the shapes of the messages that were
seen, the columns of the machines for what was done, and the checks whose
condition held. What belongs to an extension counts only where it was announced.
"""

from __future__ import annotations

from gateproof.validators import schema
from gateproof.validators.asgi import refused, unknown
from gateproof.validators.asgi.claims import CLAIMS
from gateproof.validators.asgi.files import of_kind
from gateproof.validators.asgi.foreign import NAMED, intended, misspelt
from gateproof.validators.asgi.http import HTTPJudge
from gateproof.validators.asgi.judge import WITH_DATA, Judge, judge
from gateproof.validators.asgi.lifespan import LifespanJudge
from gateproof.validators.asgi.loop import LoopJudge
from gateproof.validators.asgi.machines import (
    ANSWER,
    CONTENT,
    LIFE,
    REQUEST,
    RESPONSE,
    SOCKET,
    Answer,
    Answers,
    Delivers,
    Gives,
    Life,
    Lives,
    Request,
    Response,
    Sends,
    Socket,
    Tells,
)
from gateproof.validators.asgi.unknown import UnknownJudge
from gateproof.validators.asgi.values import Misuse, exact, plain
from gateproof.validators.asgi.websocket import WebSocketJudge
from gateproof.validators.asgi.words import EXTENSION_OF
from gateproof.validators.policy import Policy, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateproof.validators.violation import Rung

__all__ = ["CLAIMS", "exercised"]

_SENT = {
    "http.response.start": RESPONSE.column(Sends.START),
    "http.response.body": RESPONSE.column(Sends.LAST),
    "http.response.zerocopysend": RESPONSE.column(Sends.ZEROCOPY_LAST),
    "http.response.pathsend": RESPONSE.column(Sends.PATHSEND) | CONTENT.column(Gives.PATHSEND),
    "http.response.push": RESPONSE.column(Sends.PUSH),
    "http.response.early_hint": RESPONSE.column(Sends.HINT),
    "http.response.debug": RESPONSE.column(Sends.DEBUG),
    "http.response.trailers": RESPONSE.column(Sends.TRAILERS_LAST),
    "websocket.accept": ANSWER.column(Answers.ACCEPT),
    "websocket.send": ANSWER.column(Answers.SEND),
    "websocket.close": ANSWER.column(Answers.CLOSE),
    "websocket.http.response.start": ANSWER.column(Answers.DENY),
    "websocket.http.response.body": ANSWER.column(Answers.DENY_LAST),
    "lifespan.startup.complete": LIFE.column(Lives.COMPLETE),
    "lifespan.startup.failed": LIFE.column(Lives.FAIL),
    "lifespan.shutdown.complete": LIFE.column(Lives.STOP),
    "lifespan.shutdown.failed": LIFE.column(Lives.STOP_FAIL),
}
_DELIVERED = {
    "http.request": REQUEST.column(Delivers.LAST),
    "websocket.connect": SOCKET.column(Tells.CONNECT),
    "websocket.receive": SOCKET.column(Tells.UNASKED),
    "websocket.disconnect": SOCKET.column(Tells.DISCONNECT),
    "lifespan.startup": LIFE.column(Lives.STARTUP),
    "lifespan.shutdown": LIFE.column(Lives.SHUTDOWN),
}
_REPEATED = frozenset({"asgi.http.disconnect.repeatable"})
_DENIAL = frozenset(r for r in ANSWER.requirements() if r.startswith("asgi.ext.ws-denial."))
_TRAILERS = frozenset(r for r in RESPONSE.requirements() if r.startswith("asgi.ext.trailers."))
_CALLED = frozenset(
    {
        "asgi.app.async-callable",
        "asgi.app.single-async-callable",
        "asgi.app.awaited-with-three-arguments",
        "asgi.scope.first-argument",
    }
)
_MISNAMED = frozenset(unknown.FINDS["called"])
_CALLABLES = {
    "legacy": frozenset({"asgi.legacy.two-callables"}),
    "receive-unusable": frozenset({"asgi.receive.awaitable-callable"}),
    "send-unusable": frozenset({"asgi.send.awaitable-callable"}),
}
_AFTER_LEAVING = frozenset(
    {"asgi.websocket.close.not-after-disconnect", "asgi.websocket.disconnect.app-stops-receiving"}
)


def exercised(rungs: Iterable[Rung | tuple[str, object]]) -> frozenset[str]:
    """The requirements that were judged on what an exchange shows.

    Args:
        rungs: the exchange, from its ``"call"`` on; rungs or pairs of step and data.

    Returns:
        Ids, all of them among the claims of the ASGI judges.
    """
    policy = Policy("collect", Rules(level="all"))
    judging: Judge | None = None
    loop = LoopJudge()
    seen: set[str] = set()
    for rung in rungs:
        step, data = (rung[0], rung[1]) if isinstance(rung, tuple) else (rung.step, rung.data)
        if judging is None:
            judging = judge(data, policy)
        if step == "loop" and isinstance(data, dict):
            seen |= loop.chances(data, 0)
            loop.feed(data, 0)
        for ids in _chances(judging, step, data):
            seen |= ids
        judging.feed(step, data if step in WITH_DATA else None)
        judging.forward = judging.record = None
    if judging is not None:
        seen = {name for name in seen if judging.owes(name)}
    return frozenset(seen) & CLAIMS


def _chances(judging: Judge, step: str, data: object) -> Iterator[frozenset[str]]:
    held = plain(data) or {}
    kind = exact(held.get("type"))
    if step == "call":
        yield schema.requirements(judging.scope_schema)
        yield _CALLED
        yield _MISNAMED if not judging.protocol else frozenset()
        tls = (plain(held.get("extensions")) or {}).get("tls")
        if type(tls) is dict and "client_cert_chain" in tls and exact(tls.get("client_cert_name")):
            yield frozenset({"asgi.ext.tls.client-cert-name-consistent"})
    elif step == "send" and type(data) is not Misuse:
        yield _shapes(judging.sends, kind)
        yield frozenset({"asgi.send.positional-event", "asgi.app.must-await-send"})
        yield from _sent(judging, kind, held)
    elif step == "received":
        yield _shapes(judging.receives, kind)
        yield _CALLABLES["receive-unusable"]
        yield from _received(judging, kind)
    elif step in ("sent", "send-raised"):
        yield from _answered(judging, step, data)
    elif step in _CALLABLES:
        yield _CALLABLES[step]
    elif step == "receive" and isinstance(judging, WebSocketJudge):
        if judging.state == Answer.GONE:
            yield ANSWER.column(Answers.LISTEN)
    elif step == "return":
        yield from _returned(judging)
    elif step in ("files", "cancel", "receive-raised"):
        yield from _marginal(judging, step, data)
    elif step == "raise" and isinstance(judging, LifespanJudge):
        cell = LIFE.rows[judging.state][Lives.RAISE]
        yield frozenset({cell.requirement} if cell.requirement else ())


def _shapes(table: dict[str, tuple[str, str]], kind: object) -> frozenset[str]:
    name = table[kind][0] if isinstance(kind, str) and kind in table else "asgi/event"
    return schema.requirements(name)


def _sent(judging: Judge, kind: object, event: dict[str, object]) -> Iterator[frozenset[str]]:
    if isinstance(judging, UnknownJudge) and judging.alien:
        yield frozenset({"asgi.app.rejects-unknown-before-sending"})
    if judging.protocol and isinstance(kind, str):
        yield frozenset({"asgi.event.type-namespaced"})
    if not isinstance(kind, str) or kind not in judging.sends:
        if isinstance(kind, str) and judging.protocol:
            yield frozenset({"asgi.extensions.app-uses-only-announced"})
            meant = intended(judging, event, kind)
            yield frozenset({NAMED[meant]} if meant else ())
        return
    extension = EXTENSION_OF.get(kind)
    if extension is not None and kind != "http.response.debug":
        yield frozenset({"asgi.extensions.app-uses-only-announced"})
        if extension not in judging.extensions:
            return
    if not _astray(judging):
        ids = _SENT[kind]
        if "websocket.http.response" not in judging.extensions:
            ids -= _DENIAL
        if not judging.gone:
            ids -= _AFTER_LEAVING
        yield ids
    if isinstance(judging, HTTPJudge):
        yield from _checked(judging, kind, event)
    elif isinstance(judging, WebSocketJudge):
        yield from _agreed(judging, kind, event)


def _answered(judging: Judge, step: str, error: object) -> Iterator[frozenset[str]]:
    """What the return of send(), or its exception, gives a chance to see."""
    if step == "sent":
        yield _CALLABLES["send-unusable"]
    if len(judging.unanswered) == 1 and not judging.fault and not judging.gone:
        event = judging.unanswered[0]
        if event is not None:
            yield refused.chances(judging, event, raised=step == "send-raised")
    if judging.refusable is not None:
        yield frozenset({judging.refusable[0]})
    if isinstance(judging, HTTPJudge) and judging.before in (Response.DONE, Response.ENDED):
        yield frozenset({"asgi.http.response-body.after-complete-ignored"})
    elif step == "send-raised" and judging.gone and judging.version >= (2, 4):
        if isinstance(judging, HTTPJudge):
            yield frozenset({"asgi.http.send.raises-oserror-when-closed"})
        elif isinstance(judging, WebSocketJudge) and (judging.clean or isinstance(error, OSError)):
            yield frozenset({"asgi.websocket.send.raises-oserror-when-closed"})


NO_CONTENT = 204
"""The status of a response that has no body, and no length either."""


def _checked(judging: HTTPJudge, kind: str, event: dict[str, object]) -> Iterator[frozenset[str]]:
    if kind == "http.response.start":
        yield frozenset({"asgi.http.request.app-not-trigger-on-scope"})
        status = event.get("status")
        if type(status) is int and status == NO_CONTENT:
            yield frozenset({"http1.cl.not-in-1xx-204"})
    elif kind == "http.response.body":
        if "http.response.pathsend" in judging.extensions:
            yield CONTENT.column(Gives.BODY)
        if judging.left is not None:
            yield frozenset({"asgi.http.app.content-length-consistent"})
        if judging.bodiless:
            yield frozenset({"asgi.http.app.body-for-bodyless-status"})
    elif kind == "http.response.zerocopysend" and "file" in event:
        yield frozenset({"asgi.ext.zerocopy.file-descriptor"})
    elif kind == "http.response.push" and isinstance(event.get("path"), str):
        yield frozenset({"asgi.ext.push.path-decoded"})
    elif kind == "http.response.pathsend":
        yield frozenset({"asgi.ext.pathsend.app-sets-headers"})
    elif kind == "http.response.trailers":
        yield frozenset({"asgi.ext.trailers.app-sends-trailer-header"})


def _agreed(
    judging: WebSocketJudge, kind: str, event: dict[str, object]
) -> Iterator[frozenset[str]]:
    if kind == "websocket.accept":
        if judging.socket == Socket.SILENT:
            yield ANSWER.column(Answers.ACCEPT_UNHEARD)
        else:
            yield frozenset({"asgi.websocket.connect.received-before-accept"})
        if isinstance(event.get("subprotocol"), str):
            yield frozenset({"asgi.websocket.accept.subprotocol-offered"})
        if judging.version < (2, 1):
            yield frozenset({"asgi.websocket.accept.headers-since-2-1"})
    elif kind == "websocket.close" and judging.version < (2, 3):
        yield frozenset({"asgi.http.spec-version.no-newer-features"})


def _received(judging: Judge, kind: object) -> Iterator[frozenset[str]]:
    if judging.protocol and isinstance(kind, str):
        yield frozenset({"asgi.event.type-namespaced"})
        if kind not in judging.receives:
            yield frozenset({NAMED[misspelt(kind, judging.receives) or judging.due()]})
    if isinstance(kind, str) and kind in _DELIVERED and kind in judging.receives:
        yield _DELIVERED[kind] - _REPEATED
    if isinstance(judging, HTTPJudge):
        if judging.request == Request.GONE:
            yield _REPEATED
        if judging.late:
            yield frozenset({"asgi.http.disconnect.after-response"})
        if judging.request == Request.OPEN:
            yield frozenset({"asgi.http.request.sent-to-app"})
    elif isinstance(judging, WebSocketJudge) and judging.state == Answer.CLOSED:
        yield frozenset({"asgi.websocket.disconnect.on-server-close"})


def _returned(judging: Judge) -> Iterator[frozenset[str]]:
    if judging.gone:
        return
    if isinstance(judging, UnknownJudge) and judging.alien:
        yield frozenset({"asgi.app.rejects-unknown-protocol"})
    elif isinstance(judging, HTTPJudge) and not _astray(judging):
        promised = judging.state in (
            Response.PROMISED,
            Response.PROMISED_STREAMING,
            Response.OWING,
            Response.ENDED,
        )
        ids = RESPONSE.column(Sends.RETURN)
        yield ids if promised else ids - _TRAILERS
        if judging.request == Request.RECEIVING:
            yield frozenset({"asgi.http.request.app-waits-for-more-body"})
    elif isinstance(judging, WebSocketJudge) and not _astray(judging):
        ids = ANSWER.column(Answers.RETURN)
        denied = judging.state in (Answer.DENYING, Answer.DENIED)
        yield ids if denied else ids - _DENIAL
    elif isinstance(judging, LifespanJudge) and not _astray(judging):
        stopping = judging.state in (Life.STOPPING, Life.STOPPED)
        last = frozenset({"asgi.lifespan.shutdown-complete.app-sends"})
        ids = LIFE.column(Lives.RETURN)
        yield ids if stopping else ids - last


def _marginal(judging: Judge, step: str, data: object) -> Iterator[frozenset[str]]:
    """What is seen of files after the call, of a cancelled call, of a failing receive()."""
    if step == "files":
        if of_kind(data, "open", 2):
            yield frozenset({"asgi.ext.zerocopy.app-closes-file"})
    elif step == "cancel" and not judging.gone:
        if isinstance(judging, HTTPJudge):
            yield frozenset({"asgi.http.scope.persists-until-response-end"})
        elif isinstance(judging, WebSocketJudge):
            yield frozenset({"asgi.scope.lifetime-until-close"})
    elif isinstance(judging, WebSocketJudge) and judging.state == Answer.CLOSED:
        yield frozenset({"asgi.websocket.disconnect.on-server-close"})


def _astray(judging: Judge) -> bool:
    return (
        (isinstance(judging, HTTPJudge) and judging.state == Response.ASTRAY)
        or (isinstance(judging, WebSocketJudge) and judging.state in (Answer.ASTRAY, Answer.LOST))
        or (isinstance(judging, LifespanJudge) and judging.state == Life.ASTRAY)
    )
