"""One WebSocket connection to an application in this process, with a scripted client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import anyio
import anyio.lowlevel

from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_scope import Headers, Scope
from gateproof.targets.asgi_server import (
    PATIENCE,
    Application,
    ClientGone,
    Ending,
    Event,
    InvalidEvent,
    call,
    hurry,
    member,
)
from gateproof.targets.watched import Watched

LINGER = 1.0
"""Seconds after which a client closes a connection on which nothing is received."""

KEPT = 10_000
"""Frames from the application that are kept of a connection."""

DENIAL: Mapping[str, Mapping[str, Any]] = {"websocket.http.response": {}}
"""The extension by which an application may deny with a response, for a scope's ``extensions``."""

Shape = Literal["alone", "beside-none"]
"""Whether the unused key of ``websocket.receive`` is absent or ``None``."""


@dataclass(frozen=True, slots=True)
class Connect:
    """What the client does on one connection and how the server passes it on.

    The client sends its messages one after the other as the application asks
    for them, then closes; it also closes when the application, once it has
    accepted, asks for nothing for :data:`LINGER` seconds.

    Attributes:
        path, query, headers, subprotocols: the handshake.
        messages: what the client sends: text or binary.
        shape: how ``websocket.receive`` says which of the two it is.
        close: keys of ``websocket.disconnect`` besides ``type``.
        scope: scope keys to replace, add or leave out.
        event: keys to add to every event.
        leave: when the connection is lost, counted in events received and sent.
        when_gone: what ``send`` does then.
    """

    path: str = "/"
    query: bytes = b""
    headers: Headers = ()
    subprotocols: tuple[str, ...] = ()
    messages: tuple[str | bytes, ...] = ()
    shape: Shape = "alone"
    close: Mapping[str, Any] = field(default_factory=lambda: {"code": 1000, "reason": ""})
    scope: Mapping[str, Any] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)
    leave: Leave = field(default_factory=Leave)
    when_gone: Literal["raise", "ignore", "by-version"] = "by-version"

    @classmethod
    def to(cls, target: str, **values: Any) -> Connect:
        """A connection to ``target``, a path with an optional query."""
        path, _, query = target.partition("?")
        return cls(path=path, query=query.encode("latin-1", "replace"), **values)

    def __str__(self) -> str:
        query = b"?" + self.query if self.query else b""
        return f"WebSocket {self.path}{query.decode('latin-1')}"

    def but(self, **changes: Any) -> Connect:
        """This connection with other values; ``scope`` adds to the overrides there are."""
        if "scope" in changes:
            changes["scope"] = {**self.scope, **changes["scope"]}
        return replace(self, **changes)

    def receive_event(self, message: str | bytes) -> Event:
        """The event that passes ``message`` on, in the shape asked for."""
        used, unused = ("text", "bytes") if isinstance(message, str) else ("bytes", "text")
        event: Event = {"type": "websocket.receive", used: message}
        if self.shape == "beside-none":
            event[unused] = None
        return event


@dataclass
class Session:
    """What came back on one connection, and how the call ended.

    Attributes:
        request: what the client did.
        watched: the exchange with its violations.
        answer: how the handshake was answered: ``"accepted"``, ``"denied"`` (by
            close), ``"responded"`` (by a denial response), or ``""``.
        subprotocol: what was selected.
        frames: the messages from the application.
        closed: code and reason with which the application closed, or denied.
        status: the status of a denial response.
        types: the types of the events sent, without repetitions in a row.
        received, sent, late, refused: counts of events as in
            :class:`~gateproof.targets.asgi_http.Reply`.
        told: the application was given websocket.disconnect.
        timed_out: the client gave up because of its patience.
        ended: how the application's call ended.
    """

    request: Connect
    watched: Watched
    answer: Literal["", "accepted", "denied", "responded"] = ""
    subprotocol: str | None = None
    frames: list[str | bytes] = field(default_factory=list)
    closed: tuple[int, str] | None = None
    status: int | None = None
    types: list[str] = field(default_factory=list)
    received: int = 0
    sent: int = 0
    late: int = 0
    refused: int = 0
    told: bool = False
    timed_out: bool = False
    ended: Ending = "returned"

    @property
    def raised(self) -> BaseException | None:
        """What left the application."""
        return self.watched.raised

    @property
    def gave_up(self) -> bool:
        """Whether the application raised although the client had not closed."""
        return self.raised is not None and not self.told

    @property
    def speaks(self) -> bool:
        """Whether the application sent any WebSocket event at all."""
        return any(kind.startswith("websocket.") for kind in self.types)


async def connect(
    application: Application,
    asked: Connect,
    watched: Watched | None = None,
    *,
    host: str = asgi_scope.HOST,
    state: Mapping[str, Any] | None = None,
    patience: float = PATIENCE,
) -> Session:
    """Open one connection to ``application`` under the validator.

    Arguments as for :func:`gateproof.targets.asgi_http.request`.
    """
    scope = asgi_scope.websocket(
        asked.path,
        asked.query,
        asked.headers,
        asked.subprotocols,
        host=host,
        state=state,
        overrides=asked.scope,
    )
    session = Session(asked, watched or Watched("asgi.websocket", str(asked)))
    connection = _Connection(session, scope, anyio.current_time() + patience)
    session.ended = await call(application, scope, connection, session.watched)
    if session.ended == "cancelled" and not connection.gone.is_set():
        session.timed_out = True  # it neither sent nor received, so nobody told it
    return session


class _Connection:
    """The server's two awaitables for one connection."""

    def __init__(self, session: Session, scope: Scope, deadline: float) -> None:
        asked = session.request
        self.deadline = deadline
        self.limit: anyio.CancelScope | None = None
        self.session = session
        self.gone = anyio.Event()  # closed by either side, or lost
        self._answered = anyio.Event()
        self._asked = asked
        self._messages = iter(asked.messages)
        self._raises = asked.when_gone == "raise" or (
            asked.when_gone == "by-version" and asgi_scope.declares(scope, "2.4")
        )
        self._extensions = scope.get("extensions") or {}
        self._quiet_until = deadline
        self._disconnect = {"type": "websocket.disconnect", **asked.close, **asked.event}
        if asked.leave.received == 0:
            self._lose()

    async def receive(self) -> Event:
        """Connect, then the client's messages once accepted, then the disconnect."""
        session = self.session
        if not session.received:
            return self._given({"type": "websocket.connect"})
        await self._wait_for_answer()
        if not self.gone.is_set():
            message = next(self._messages, None)
            if message is not None:
                self._quiet_until = min(self.deadline, anyio.current_time() + LINGER)
                return self._given(self._asked.receive_event(message))
            self._leave()  # the client has said everything, and closes
        elif session.told:
            await anyio.lowlevel.checkpoint()  # or a loop that ignores it would never yield
        session.told = True
        return dict(self._disconnect)

    def _given(self, event: Event) -> Event:
        self.session.received += 1
        if self.session.received == self._asked.leave.received:
            self._lose()
        return {**event, **self._asked.event}

    async def _wait_for_answer(self) -> None:
        if self._answered.is_set():
            return
        with anyio.CancelScope(deadline=self.deadline):
            await self._answered.wait()
        if not self._answered.is_set():
            self.session.timed_out = True
            self._lose()

    async def send(self, event: Event) -> None:
        """Take an event from the application.

        Raises:
            ClientGone: the connection is closed, and the version or the script says so.
            InvalidEvent: no server could act on it.
        """
        await anyio.lowlevel.checkpoint()
        session = self.session
        kind = event.get("type") if isinstance(event, dict) else None
        if isinstance(kind, str) and session.types[-1:] != [kind]:
            session.types.append(kind)
        if not self.gone.is_set() and anyio.current_time() > self._quiet_until:
            session.timed_out = anyio.current_time() > self.deadline
            self._leave()
        if self.gone.is_set():
            session.late += 1
            if self._raises:
                session.refused += 1
                raise ClientGone
            return
        self._take(kind, event)
        session.sent += 1
        if session.sent == self._asked.leave.sent:
            self._lose()

    def _lose(self) -> None:
        """The connection is lost without a close frame."""
        self._disconnect = {"type": "websocket.disconnect", "code": 1006, **self._asked.event}
        self._leave()

    def _leave(self) -> None:
        """The connection is over; the application has a moment to notice."""
        self.gone.set()
        self._answered.set()
        hurry(self, anyio.current_time())

    def _take(self, kind: str | None, event: Event) -> None:
        session = self.session
        accepted = session.answer == "accepted"
        if kind == "websocket.accept" and not session.answer:
            session.subprotocol = member(event, "subprotocol", (str, type(None)), None)
            session.answer = "accepted"
            self._answered.set()
            self._quiet_until = min(self.deadline, anyio.current_time() + LINGER)
        elif kind == "websocket.close" and (accepted or not session.answer):
            session.closed = (int(event.get("code") or 1000), str(event.get("reason") or ""))
            session.answer = session.answer or "denied"
            self._close(*session.closed)
        elif kind == "websocket.send" and accepted:
            self._keep(event)
        elif kind == "websocket.http.response.start" and self._may_respond():
            session.status = int(member(event, "status", int, ...))
            session.answer = "responded"
        elif kind == "websocket.http.response.body" and session.answer == "responded":
            if not event.get("more_body", False):
                self._close(1006, "")
        else:
            raise InvalidEvent(f"there is no event of type {kind!r} here")

    def _may_respond(self) -> bool:
        return not self.session.answer and "websocket.http.response" in self._extensions

    def _close(self, code: int, reason: str) -> None:
        self._disconnect = {
            "type": "websocket.disconnect",
            "code": code,
            "reason": reason,
            **self._asked.event,
        }
        self._leave()

    def _keep(self, event: Event) -> None:
        text, data = event.get("text"), event.get("bytes")
        if text is None and data is None:
            raise InvalidEvent("websocket.send has neither text nor bytes")
        frame = text if data is None else bytes(data)
        if len(self.session.frames) < KEPT:
            self.session.frames.append(frame)  # type: ignore[arg-type]
