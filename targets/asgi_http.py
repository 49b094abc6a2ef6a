"""One HTTP request to an application in this process, with a scripted client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import anyio
import anyio.lowlevel

from gateproof.targets import asgi_scope
from gateproof.targets.asgi_scope import Headers, Scope
from gateproof.targets.asgi_server import (
    CHUNK,
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

KEPT = 32 << 20
"""Bytes of a response body that are kept; an endless one must not fill the memory."""

STREAMING = 2.0
"""Seconds that a client listens to a response; nothing is concluded from an unfinished one."""

EXTENSIONS: Mapping[str, Mapping[str, Any]] = {
    "http.response.trailers": {},
    "http.response.pathsend": {},
    "http.response.early_hint": {},
}
"""The extensions that this server can play, for a scope's ``extensions``."""


@dataclass(frozen=True, slots=True)
class Leave:
    """When the client goes away, if it doesn't wait for the end.

    ``received``: once the application was given that many events (0: before
    its call). ``sent``: once it has sent that many.
    """

    received: int | None = None
    sent: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What the client sends and how the server passes it on.

    Attributes:
        method, path, query, headers: the request; ``path`` as in the request
            line, ``headers`` after ``host``.
        body: the pieces in which the body arrives, also empty ones.
        scope: scope keys to replace, add or leave out (:data:`asgi_scope.ABSENT`).
        events: the request events themselves, in place of those for ``body``.
        leave: when the client goes away.
        when_gone: what ``send`` does then: raise, ignore, or what the declared
            version asks for.
        pauses: how many turns of the loop each ``send`` takes at least.
    """

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    headers: Headers = ()
    body: tuple[bytes, ...] = ()
    scope: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    leave: Leave = field(default_factory=Leave)
    when_gone: Literal["raise", "ignore", "by-version"] = "by-version"
    pauses: int = 1

    @classmethod
    def to(cls, target: str, **values: Any) -> Request:
        """A request to ``target``, a path with an optional query."""
        path, _, query = target.partition("?")
        return cls(path=path, query=query.encode("latin-1", "replace"), **values)

    def __str__(self) -> str:
        query = b"?" + self.query if self.query else b""
        return f"{self.method} {self.path}{query.decode('latin-1')}"

    def but(self, **changes: Any) -> Request:
        """This request with other values; ``scope`` adds to the overrides there are."""
        if "scope" in changes:
            changes["scope"] = {**self.scope, **changes["scope"]}
        return replace(self, **changes)

    def request_events(self) -> list[Event]:
        """The request events that the application may receive, in order."""
        if self.events:
            return [dict(event) for event in self.events]
        pieces = self.body or (b"",)
        last = len(pieces) - 1
        return [
            {"type": "http.request", "body": piece, "more_body": n < last}
            for n, piece in enumerate(pieces)
        ]


@dataclass
class Reply:
    """What came back, and how the call ended.

    Attributes:
        request: what was asked.
        watched: the exchange with its violations.
        status, headers, pieces: the response as far as it was sent.
        complete: its last event was sent while the client was there.
        sent: how many events the application sent to a client that was there.
        received: how many request events it was given.
        late: how many it sent after the client had gone.
        refused: how many of those raised :class:`ClientGone`.
        left: the client went away before the response was complete.
        timed_out: it did so because its patience was at an end.
        ended: how the application's call ended.
    """

    request: Request
    watched: Watched
    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    complete: bool = False
    sent: int = 0
    received: int = 0
    late: int = 0
    refused: int = 0
    left: bool = False
    timed_out: bool = False
    ended: Ending = "returned"

    @property
    def body(self) -> bytes:
        """The response body, joined."""
        return b"".join(self.pieces)

    @property
    def raised(self) -> BaseException | None:
        """What left the application."""
        return self.watched.raised

    def header(self, name: bytes) -> list[bytes]:
        """The values of one response header, in order."""
        return [value for key, value in self.headers if key.lower() == name]


async def request(
    application: Application,
    asked: Request,
    watched: Watched | None = None,
    *,
    host: str = asgi_scope.HOST,
    state: Mapping[str, Any] | None = None,
    patience: float = PATIENCE,
) -> Reply:
    """Send one request to ``application`` under the validator.

    Args:
        application: the ASGI application.
        asked: the request.
        watched: the record to fill, so that a call that never ends leaves one.
        host: the ``host`` header.
        state: the lifespan's namespace, of which the request gets a shallow
            copy; ``None`` where the lifespan offered none.
        patience: after that many seconds the client goes away.
    """
    scope = asgi_scope.http(
        asked.method,
        asked.path,
        asked.query,
        asked.headers,
        host=host,
        state=state,
        overrides=asked.scope,
    )
    reply = Reply(asked, watched or Watched("asgi.http", str(asked)))
    connection = _Connection(reply, scope, anyio.current_time() + patience)
    reply.ended = await call(application, scope, connection, reply.watched)
    if reply.ended == "cancelled" and not connection.gone.is_set():
        reply.timed_out = True  # it neither sent nor received, so nobody told it
        connection.gone.set()
    reply.left = connection.gone.is_set() and not reply.complete
    return reply


class _Connection:
    """The server's two awaitables for one request."""

    def __init__(self, reply: Reply, scope: Scope, deadline: float) -> None:
        asked = reply.request
        self.deadline = deadline
        self.limit: anyio.CancelScope | None = None
        self.reply = reply
        self.gone = anyio.Event()  # the response is complete, or the client has left
        self._events = iter(asked.request_events())
        self._more = True
        self._leave = asked.leave
        self._pauses = asked.pauses
        self._raises = asked.when_gone == "raise" or (
            asked.when_gone == "by-version" and asgi_scope.declares(scope, "2.4")
        )
        self._extensions = scope.get("extensions") or {}
        self._promised = False
        self._told = False
        self._room = KEPT
        if asked.leave.received == 0 or asked.leave.sent == 0:
            self.gone.set()

    async def receive(self) -> Event:
        """The next part of the body, or the disconnect once there is one to tell."""
        if not self.gone.is_set():
            event = next(self._events, None)
            if event is not None:
                self.reply.received += 1
                if self.reply.received == self._leave.received:
                    self._go()
                return event
            with anyio.CancelScope(deadline=self.deadline):
                await self.gone.wait()
            if not self.gone.is_set():
                self._time_out()
        elif self._told:
            await anyio.lowlevel.checkpoint()  # or a loop that ignores it would never yield
        self._told = True
        return {"type": "http.disconnect"}

    async def send(self, event: Event) -> None:
        """Take a response event.

        Raises:
            ClientGone: the client has left, and the version or the script says so.
            InvalidEvent: no server could act on it.
        """
        reply = self.reply
        for _ in range(self._pauses):
            await anyio.lowlevel.checkpoint()
        if reply.complete:
            return
        if not self.gone.is_set() and anyio.current_time() > self.deadline and _goes_on(event):
            self._time_out()
        if self.gone.is_set():
            reply.late += 1
            if self._raises:
                reply.refused += 1
                raise ClientGone
            return
        await self._respond(event)
        reply.sent += 1
        if reply.complete:
            self.gone.set()
        elif reply.sent == self._leave.sent:
            self._go()

    def _time_out(self) -> None:
        self.reply.timed_out = True
        self._go()

    def _go(self) -> None:
        """The client goes away; the application has a moment to notice."""
        self.gone.set()
        hurry(self, anyio.current_time())

    async def _respond(self, event: Event) -> None:
        if not isinstance(event, dict):
            raise InvalidEvent(f"an event is a dict, not {type(event).__name__}")
        kind = event.get("type")
        reply = self.reply
        if kind == "http.response.start":
            if reply.status is not None:
                raise InvalidEvent("the response has already started")
            reply.status = int(member(event, "status", int, ...))
            reply.headers = [
                (bytes(name), bytes(value)) for name, value in event.get("headers", ())
            ]
            self.deadline = min(self.deadline, anyio.current_time() + STREAMING)
            hurry(self, self.deadline)
            self._promised = (
                bool(event.get("trailers")) and "http.response.trailers" in self._extensions
            )
        elif kind == "http.response.early_hint" and kind in self._extensions:
            return
        elif reply.status is None:
            raise InvalidEvent(f"{kind!r} before the response has started")
        elif kind == "http.response.body":
            self._keep(bytes(member(event, "body", (bytes, bytearray, memoryview), b"")))
            reply.complete = not event.get("more_body", False) and not self._promised
        elif kind == "http.response.pathsend" and kind in self._extensions:
            async with await anyio.open_file(member(event, "path", str, ...), "rb") as file:
                while piece := await file.read(CHUNK):
                    self._keep(piece)
            reply.complete = True
        elif kind == "http.response.trailers" and self._promised:
            reply.complete = not event.get("more_trailers", False)
        else:
            raise InvalidEvent(f"there is no event of type {kind!r} here")

    def _keep(self, piece: bytes) -> None:
        if piece and self._room > 0:
            self._room -= len(piece)
            self.reply.pieces.append(piece)


def _goes_on(event: object) -> bool:
    """Whether more of the body is to follow: what is nearly over is not cut off."""
    return isinstance(event, dict) and bool(event.get("more_body"))
