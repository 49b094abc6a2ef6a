"""Checks of a WebSocket connection that neither a shape nor an order decides."""

from __future__ import annotations

from gateproof.validators.asgi.values import NOTHING, breach, dotted, shown, truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.asgi.judge import Found
    from gateproof.validators.asgi.websocket import WebSocketJudge

FINDS = {
    "offered": ("asgi.websocket.accept.subprotocol-offered",),
    "headers_known": ("asgi.websocket.accept.headers-since-2-1",),
    "reason_known": ("asgi.http.spec-version.no-newer-features",),
    "undelivered": ("asgi.websocket.disconnect.on-server-close",),
    "cut_off": ("asgi.scope.lifetime-until-close",),
    "wrong_class": ("asgi.websocket.send.raises-oserror-when-closed",),
}
"""The requirements that each check can find broken."""


def offered(judge: WebSocketJudge, event: dict[str, object]) -> Found:
    """Whether the chosen subprotocol is one that the client offered."""
    chosen = event.get("subprotocol")
    if not issubclass(type(chosen), str):
        return NOTHING
    chosen = str.__str__(chosen)
    subprotocols = judge.scope.get("subprotocols", ())
    if type(subprotocols) not in (list, tuple) or any(
        type(name) is str and name == chosen
        for name in subprotocols  # type: ignore[attr-defined]
    ):
        return NOTHING
    return (
        breach(
            "asgi.websocket.accept.subprotocol-offered",
            f"the subprotocol {chosen!r} was chosen, which the client did not offer",
            repr(chosen),
            f"None or one of {shown(subprotocols)}",
        ),
    )


def headers_known(judge: WebSocketJudge, event: dict[str, object]) -> Found:
    """Whether the server's version knows headers of an accept."""
    if judge.version >= (2, 1) or not truth(event.get("headers")):
        return NOTHING
    return (
        breach(
            "asgi.websocket.accept.headers-since-2-1",
            f"headers were sent to a server of version {dotted(judge.version)}",
            shown(event["headers"]),
            "no headers before version 2.1",
        ),
    )


def reason_known(judge: WebSocketJudge, event: dict[str, object]) -> Found:
    """Whether the server's version knows the reason of a close."""
    if judge.version >= (2, 3) or not truth(event.get("reason")):
        return NOTHING
    return (
        breach(
            "asgi.http.spec-version.no-newer-features",
            f"a close reason was sent to a server of version {dotted(judge.version)}",
            shown(event["reason"]),
            "no reason before version 2.3",
        ),
    )


def undelivered(error: BaseException) -> Found:
    """receive() raised where the application's own close was to be confirmed."""
    return (
        breach(
            "asgi.websocket.disconnect.on-server-close",
            f"receive() raised {shown(error)} after the application had closed the connection",
            shown(error),
            "'websocket.disconnect'",
        ),
    )


def cut_off() -> Found:
    """Note a call that was cancelled although nobody said that the client had gone."""
    return (
        breach(
            "asgi.scope.lifetime-until-close",
            "the call was cancelled while the connection was open "
            "and before any 'websocket.disconnect'",
            "a cancelled call",
            "the call goes on until the connection is closed",
            verdict="observed",
        ),
    )


def wrong_class(judge: WebSocketJudge, error: BaseException) -> Found:
    """Whether send() after a disconnect raised what the text asks for since 2.4."""
    if judge.version < (2, 4):
        return NOTHING
    return (
        breach(
            "asgi.websocket.send.raises-oserror-when-closed",
            f"send() after 'websocket.disconnect' raised {shown(error)}, which is no OSError",
            shown(error),
            "a subclass of OSError",
        ),
    )
