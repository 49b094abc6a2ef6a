"""A small but correct ASGI server that plays records, and what it saw.

Whatever a server may choose is an option of :class:`Server`. Applications that
never wait are stepped by hand, without an event loop; a record with ``waits``
is played in one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from corpus.kit import Record

HTTP = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"example.org")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
}
WEBSOCKET = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "scheme": "ws",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"example.org")],
    "subprotocols": ["chat"],
}
LIFESPAN = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
SCOPES = {"http": HTTP, "websocket": WEBSOCKET, "lifespan": LIFESPAN}
EVENTS = {
    "http": [{"type": "http.request", "body": b"", "more_body": False}],
    "websocket": [{"type": "websocket.connect"}],
    "lifespan": [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}],
}

LAST = {
    "http": {"type": "http.disconnect"},
    "websocket": {"type": "websocket.disconnect", "code": 1005},
    "lifespan": {"type": "lifespan.shutdown"},
}
"""What receive() gives for ever, when all else was received."""

LATER = object()
"""In a server's events: receive() waits here for the end of the response."""

_FINAL = (
    "http.response.body",
    "http.response.zerocopysend",
    "http.response.pathsend",
    "websocket.close",
)


class Server:
    """A server made of a list of events; what it is sent, it keeps.

    When its events are used up, receive() gives ``last`` for ever.

    Args:
        kind: ``"http"``, ``"websocket"`` or ``"lifespan"``.
        events: what receive() gives; the usual ones if ``None``.
        offers: names of extensions, or these with their values.
        last: what receive() gives after ``events``.
        fail: what send() raises,
        after: from this call of send() on.
        omit: keys that the scope lacks.
        changes: keys of the scope; a lambda makes the value anew.
    """

    def __init__(
        self,
        kind: str = "http",
        events: Iterable[dict[str, Any]] | None = None,
        offers: Iterable[str] | Mapping[str, Any] = (),
        last: dict[str, Any] | None = None,
        fail: BaseException | None = None,
        after: int = 0,
        omit: Iterable[str] = (),
        **changes: Any,
    ) -> None:
        made = {**SCOPES[kind], **changes}
        self.scope: dict[str, Any] = {
            key: value() if type(value) is FunctionType else _fresh(value)
            for key, value in made.items()
            if key not in omit
        }
        if offers:
            named = offers if isinstance(offers, Mapping) else {name: {} for name in offers}
            self.scope["extensions"] = dict(named)
        self.events = [_fresh(event) for event in (EVENTS[kind] if events is None else events)]
        self.last = last or {**LAST[kind]}
        self.fail = fail
        self.after = after
        self.sent: list[Any] = []
        self.calls = 0
        self.over = False
        self.complete: asyncio.Event | None = None

    async def receive(self) -> Any:
        """The next event; a disconnect once there is a whole response."""
        if self.events and self.events[0] is LATER:
            if self.complete is not None:
                await self.complete.wait()
            self.events = [event for event in self.events if event is not LATER]
        if self.over and self.scope["type"] == "http":
            self.events.clear()
        return self.events.pop(0) if self.events else dict(self.last)

    async def send(self, event: Any) -> None:
        """Keep the event, or fail."""
        self.calls += 1
        if self.complete is not None:
            await asyncio.sleep(0)
        if self.fail is not None and self.calls > self.after:
            raise self.fail
        self.sent.append(event)
        if _completes(event):
            self.over = True
            if self.complete is not None:
                self.complete.set()


def _fresh(value: Any) -> Any:
    """A value of a record that an application may change without harm to the next play."""
    return value.copy() if type(value) in (dict, list) else value


def _completes(event: Any) -> bool:
    """Whether a response is complete with ``event``, which may be of any hostile kind."""
    if not issubclass(type(event), dict):
        return False
    kind = dict.get(event, "type")
    final = issubclass(type(kind), str) and any(str.__eq__(kind, name) for name in _FINAL)
    return final and dict.get(event, "more_body", False) is not True


@dataclass
class Seen:
    """What became of one connection: its server, and how the application ended."""

    server: Server
    error: BaseException | None = None
    returned: object = None


def step(coroutine: Any) -> Any:
    """Run a coroutine that never waits to its end, without an event loop.

    Raises:
        RuntimeError: it waits for something.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise RuntimeError("the application waited for something")


async def _in_a_loop(app: Callable[..., Any], server: Server) -> Any:
    server.complete = asyncio.Event()
    return await app(server.scope, server.receive, server.send)


async def _as_a_coroutine(app: Callable[..., Any], server: Server) -> Any:
    return await app(server.scope, server.receive, server.send)


def serve(
    record: Record,
    wrap: Callable[[Any], Any] = lambda app: app,
    server: Callable[..., Server] = Server,
) -> Seen:
    """Play a record.

    Args:
        record: what to play.
        wrap: what to put around the application.
        server: makes the server of the record's keywords.
    """
    how = dict(record.server)
    waits = how.pop("waits", False)
    seen = Seen(server(**how))
    app = wrap(record.application)
    try:
        if waits:
            seen.returned = asyncio.run(asyncio.wait_for(_in_a_loop(app, seen.server), 30))
        else:
            seen.returned = step(_as_a_coroutine(app, seen.server))
    except Exception as error:
        seen.error = error
    return seen
