"""Messages so ordinary that no judge is asked: pieces of bodies, messages of WebSockets.

A long response or connection is made of them. Each accept path below holds for
one state in which the judge would say nothing and, the tables say so too, go
nowhere; whatever differs in type, form or state goes to the judge. A test holds
that both ways find and record the same.

Once the head of the ladder is full, such messages are only counted.
"""

from __future__ import annotations

from time import monotonic_ns

from gateproof.validators.asgi.boundary import _MISSING, Boundary
from gateproof.validators.asgi.machines import (
    CONTENT,
    REQUEST,
    RESPONSE,
    Answer,
    Content,
    Delivers,
    Gives,
    Response,
    Sends,
    Socket,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

_STARTED, _STREAMING, _DONE = (
    int(Response.STARTED),
    int(Response.STREAMING),
    int(Response.DONE),
)
_BODIES = int(Content.BODY)
_CONTENT, _BODY = CONTENT.rows, int(Gives.BODY)
_RESPONSE, _LAST = RESPONSE.rows, int(Sends.LAST)
_REQUEST, _PART, _WHOLE = REQUEST.rows, int(Delivers.MORE), int(Delivers.LAST)
_ACCEPTED, _CONNECTED = int(Answer.ACCEPTED), int(Socket.CONNECTED)


class HTTPBoundary(Boundary):
    """receive and send of one HTTP request."""

    __slots__ = ()

    async def receive(self) -> Any:
        """Receive an event; a part of the request before the response is complete is ordinary."""
        judge, exchange = self._judge, self._exchange
        if judge.state < _DONE:
            judge.heard = True
            judge.late = False
            judge.waiting += 1
            if exchange.room:
                exchange.room -= 1
                exchange.head.append(("receive", None, monotonic_ns()))
            else:
                exchange.later += 1
        else:
            self._listening()
        try:
            event = await self._receive()
        except BaseException as error:
            self._deaf(error)
            raise
        if type(event) is dict and len(event) == 3 and not judge.late:
            try:
                kind, more = event["type"], event["more_body"]
                ordinary = (
                    type(kind) is str
                    and kind == "http.request"
                    and type(event["body"]) is bytes
                    and type(more) is bool
                )
            except Exception:  # noqa: BLE001 - another form, or a hostile key
                ordinary = False
            if ordinary:
                cell = _REQUEST[judge.request][_PART if more else _WHOLE]
                if cell.requirement is None:
                    judge.request = cell.state
                    judge.waiting -= 1
                    if exchange.room:
                        exchange.room -= 1
                        exchange.head.append(("received", event.copy(), monotonic_ns()))
                    else:
                        exchange.later += 1
                        exchange.received = event
                    return event
        return self._heard(event)

    def send(
        self, event: Any = _MISSING, /, *arguments: Any, **named: Any
    ) -> Coroutine[Any, Any, Any]:
        """Send an event; a piece of a body, within its length, is ordinary."""
        judge = self._judge
        if judge.state == _STREAMING and type(event) is dict and len(event) == 3:
            try:
                kind, body = event["type"], event["body"]
                ordinary = (
                    event["more_body"] is True
                    and type(body) is bytes
                    and type(kind) is str
                    and kind == "http.response.body"
                    and judge.content == _BODIES
                    and not judge.bodiless
                    and not arguments
                    and not named
                )
            except Exception:  # noqa: BLE001 - another form, or a hostile key
                ordinary = False
            if ordinary:
                left = judge.left
                if left is not None:
                    left -= len(body)
                if left is None or left >= 0:
                    judge.left = left
                    judge.before = _STREAMING
                    return self._pass(event)
        elif (
            judge.state == _STARTED
            and type(event) is dict
            and not arguments
            and not named
            and self._is_whole(event)
        ):
            return self._pass(event)
        return Boundary.send(self, event, *arguments, **named)

    def _is_whole(self, event: dict[str, Any]) -> bool:
        """Whether ``event`` is all of a body; if so, the judge is where it leads."""
        judge = self._judge
        try:
            kind, body = event["type"], event["body"]
            if not (
                (len(event) == 2 or (len(event) == 3 and event["more_body"] is False))
                and type(body) is bytes
                and type(kind) is str
                and kind == "http.response.body"
            ):
                return False
        except Exception:  # noqa: BLE001 - another form, or a hostile key
            return False
        if judge.bodiless or (judge.left is not None and judge.left != len(body)):
            return False
        content = _CONTENT[judge.content][_BODY]
        if content.requirement is not None:
            return False
        if judge.left is not None:
            judge.left = 0
        judge.content = content.state
        judge.before = judge.state
        judge.state = _RESPONSE[judge.state][_LAST].state
        return True


class WebSocketBoundary(Boundary):
    """receive and send of one WebSocket."""

    __slots__ = ()

    async def receive(self) -> Any:
        """Receive an event; a message on an open connection is ordinary."""
        judge, exchange = self._judge, self._exchange
        if judge.state == _ACCEPTED:
            judge.heard = True
            judge.waiting += 1
            if exchange.room:
                exchange.room -= 1
                exchange.head.append(("receive", None, monotonic_ns()))
            else:
                exchange.later += 1
        else:
            self._listening()
        try:
            event = await self._receive()
        except BaseException as error:
            self._deaf(error)
            raise
        if type(event) is dict and len(event) == 2:
            try:
                kind = event["type"]
                ordinary = (
                    type(kind) is str
                    and kind == "websocket.receive"
                    and judge.opened
                    and judge.socket == _CONNECTED
                    and (
                        type(event["text"]) is str
                        if "text" in event
                        else type(event["bytes"]) is bytes
                    )
                )
            except Exception:  # noqa: BLE001 - another form, or a hostile key
                ordinary = False
            if ordinary:
                judge.waiting -= 1
                if exchange.room:
                    exchange.room -= 1
                    exchange.head.append(("received", event.copy(), monotonic_ns()))
                else:
                    exchange.later += 1
                    exchange.received = event
                return event
        return self._heard(event)

    def send(
        self, event: Any = _MISSING, /, *arguments: Any, **named: Any
    ) -> Coroutine[Any, Any, Any]:
        """Send an event; a message on an open connection is ordinary."""
        judge = self._judge
        if judge.state == _ACCEPTED and type(event) is dict and len(event) == 2:
            try:
                kind = event["type"]
                ordinary = (
                    type(kind) is str
                    and kind == "websocket.send"
                    and (
                        type(event["text"]) is str
                        if "text" in event
                        else type(event["bytes"]) is bytes
                    )
                    and not arguments
                    and not named
                )
            except Exception:  # noqa: BLE001 - another form, or a hostile key
                ordinary = False
            if ordinary:
                return self._pass(event)
        return Boundary.send(self, event, *arguments, **named)


BOUNDARIES: dict[str, type[Boundary]] = {"http": HTTPBoundary, "websocket": WebSocketBoundary}
"""The boundary of each protocol that has one of its own."""
