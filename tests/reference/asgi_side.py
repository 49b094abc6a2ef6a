"""The ASGI side for HTTP: scope, receive, send, and the end of the call."""

from __future__ import annotations

import asyncio
import re
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from reference.connection import Connection
from reference.http_body import Body
from reference.http_reading import Fields, RefusedError, Request
from reference.http_writing import ExcessError, Response, reason_phrase
from reference.octets import GoneError

Event = dict[str, Any]

NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


class Scopes:
    """What the scopes of requests and of WebSockets have in common."""

    SPEC_VERSION = "2.5"

    def __init__(self, connection: Connection, request: Request) -> None:
        self.connection = connection
        self.server = connection.server
        self.request = request

    def http(self) -> dict[str, Any]:
        """The scope of a request."""
        return {
            **self.common(),
            "type": "http",
            "method": self.method(),
            "scheme": "https" if self.connection.secure else "http",
            "extensions": self.extensions(),
        }

    def websocket(self, subprotocols: list[str]) -> dict[str, Any]:
        """The scope of a WebSocket."""
        return {
            **self.common(),
            "type": "websocket",
            "scheme": "wss" if self.connection.secure else "ws",
            "subprotocols": subprotocols,
            "extensions": {"websocket.http.response": {}},
        }

    def common(self) -> dict[str, Any]:
        """The keys of both."""
        scope: dict[str, Any] = {
            "asgi": {"version": "3.0", "spec_version": self.SPEC_VERSION},
            "http_version": self.request.version,
            "path": self.path(),
            "raw_path": self.request.path,
            "query_string": self.request.query,
            "root_path": self.server.root_path,
            "headers": self.headers(),
            "server": self.connection.local,
        }
        if self.connection.client is not None:
            scope["client"] = self.connection.client
        if self.server.lifespan.supported:
            scope["state"] = self.server.lifespan.request_state()
        return scope

    def method(self) -> str:
        """The method, in upper case as ASGI has it."""
        return self.request.method.upper()

    def path(self) -> str:
        """The path from the root on, its escapes undone and read as UTF-8.

        A front that takes the root path away asks for what is below it.
        """
        path = unquote_to_bytes(self.request.path).decode("utf-8", "replace")
        root = self.server.root_path
        below = root and path != root and not path.startswith(root + "/")
        return root + path if below else path

    def headers(self) -> list[Any]:
        """The fields, names in lower case."""
        return [(name.lower(), value) for name, value in self.request.fields]

    def extensions(self) -> dict[str, Any]:
        """What is offered beyond the core; hints may be dropped, and are for HTTP/1.0."""
        offered: dict[str, Any] = {"http.response.pathsend": {}, "http.response.early_hint": {}}
        if self.request.version == "1.1":
            offered["http.response.trailers"] = {}
        return offered


def check_headers(headers: Any, allowed: re.Pattern[bytes]) -> Fields:
    """The headers of an event as fields, with values as ``allowed``.

    Raises:
        TypeError: They are no pairs of bytes.
        ValueError: They have characters that they cannot have.
    """
    fields: Fields = []
    for name, value in headers:
        if not isinstance(name, bytes) or not isinstance(value, bytes):
            raise TypeError(f"header {name!r} is not made of bytes")
        if not NAME.fullmatch(name) or not allowed.fullmatch(value):
            raise ValueError(f"header {name!r} has characters that it cannot have")
        if name.lower() == b"content-length" and not value.isdigit():
            raise ValueError("content-length is no number")
        fields.append((name, value))
    return fields


def check_type(event: Any) -> str:
    """The type of an event; raises ``TypeError`` where there is none."""
    if not isinstance(event, dict):
        raise TypeError(f"an event is a dict, not {type(event).__name__}")
    kind = event.get("type")
    if not isinstance(kind, str):
        raise TypeError("an event has a type, which is a str")
    return kind


def typed(event: Event, key: str, kind: type, default: Any) -> Any:
    """The value of a key, checked."""
    value = event.get(key, default)
    if type(value) is not kind:
        raise TypeError(f"{key} is {kind.__name__}, not {type(value).__name__}")
    return value


class ASGICall:
    """One call of an ASGI application for a request."""

    BLOCK = 65536
    VALUE = VALUE
    LEAST_STATUS = 200

    def __init__(
        self, connection: Connection, request: Request, body: Body, response: Response
    ) -> None:
        self.connection = connection
        self.server = connection.server
        self.octets = connection.octets
        self.request = request
        self.body = body
        self.response = response
        self.phase = "start"  # then body, trailers, done
        self.told = False  # the final http.request was delivered
        self.gone = False  # http.disconnect was, before the response was complete
        self.reading = asyncio.Lock()

    async def run(self) -> None:
        """Play the call until its response is complete; it may go on behind it."""
        task = asyncio.create_task(self.call())
        self.server.keep(task)
        while not task.done() and not self.response.complete:
            changed = asyncio.ensure_future(self.octets.changed.wait())
            await asyncio.wait({task, changed}, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()

    async def call(self) -> None:
        """Call the application, and answer for whatever it does."""
        try:
            await self.invoke(self.scope())
            await self.returned()
        except GoneError:
            pass  # ours: nobody is there to be told
        except Exception as raised:
            self.failed(raised)
            await self.after_failure()

    async def invoke(self, scope: dict[str, Any]) -> None:
        """The call itself."""
        await self.server.app(scope, self.receive, self.send)

    def scope(self) -> dict[str, Any]:
        """The scope of the call."""
        return self.connection.parts.scopes(self.connection, self.request).http()

    def failed(self, raised: Exception) -> None:
        """The application raised."""
        if self.body.problem is None:
            self.server.log("".join(traceback.format_exception(raised)))

    async def after_failure(self) -> None:
        """Tell the client of an exception."""
        await self.unanswered("the application failed")

    async def returned(self) -> None:
        """The application returned: the response has to be complete."""
        if not self.response.complete:
            await self.unanswered("the application did not answer")

    async def unanswered(self, why: str) -> None:
        """End a request whose response is missing, or break off an incomplete one."""
        try:
            if self.response.complete:
                pass
            elif self.response.head_sent:
                self.response.break_off()
            else:
                await self.answer_error(why)
        except GoneError:
            pass

    async def answer_error(self, why: str) -> None:
        """An error of ours, whoever is to blame."""
        problem = self.body.problem
        if isinstance(problem, RefusedError):
            await self.response.error(problem.status, problem.why)
        elif problem is not None:
            await self.response.error(400, "the body is incomplete")
        else:
            await self.response.error(500, why)

    # -- receive ---------------------------------------------------------------------

    async def receive(self) -> Event:
        """The next event: the body piece by piece, then the end of the connection."""
        async with self.reading:
            if not self.told and not self.gone and not self.response.complete:
                event = await self.next_request()
                if event is not None:
                    return event
        await self.over()
        return self.disconnect()

    async def next_request(self) -> Event | None:
        """The next piece of the body; None when the client or the response ended first."""
        piece = asyncio.ensure_future(self.piece())
        try:
            while not piece.done() and not self.response.complete:
                changed = asyncio.ensure_future(self.octets.changed.wait())
                try:
                    await asyncio.wait({piece, changed}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    changed.cancel()
            if not piece.done():
                return None
            data = piece.result()
        except OSError:
            self.gone = True
            return None
        finally:
            piece.cancel()
        return self.request_event(data)

    async def piece(self) -> bytes:
        """Octets of the body; nothing at its end, or where there is none."""
        return await self.body.some(self.BLOCK)

    def request_event(self, data: bytes) -> Event:
        """An event with a piece of the body."""
        self.told = self.body.complete
        return {"type": "http.request", "body": data, "more_body": not self.body.complete}

    async def over(self) -> None:
        """Wait for what is told as a disconnect: response complete, or client gone."""
        while not (self.response.complete or self.gone):
            try:
                await self.octets.more()
            except GoneError:
                self.gone = True

    def disconnect(self) -> Event:
        """The event that tells the end."""
        return {"type": "http.disconnect"}

    # -- send ------------------------------------------------------------------------

    async def send(self, event: Event) -> None:
        """Take an event of the application; on return it has left."""
        kind = check_type(event)
        if kind == "http.response.start":
            await self.start(event)
        elif kind == "http.response.body":
            await self.content(event)
        elif kind == "http.response.trailers" and self.response.trailers is not None:
            await self.trail(event)
        elif kind == "http.response.early_hint":
            await self.hint(event)
        elif kind == "http.response.pathsend":
            await self.send_file(event)
        else:
            self.unknown(kind)

    def unknown(self, kind: str) -> None:
        """An event that is none of this protocol."""
        raise ValueError(f"{kind!r} is no event of an HTTP response here")

    def present(self) -> None:
        """Raise once the application knows, or could know, that the client is gone."""
        if self.gone or self.octets.lost:
            raise GoneError("the client closed the connection")

    async def start(self, event: Event) -> None:
        """Status and headers; they wait for the first content."""
        if "status" not in event:
            raise KeyError("status")
        status = typed(event, "status", int, None)
        if not self.LEAST_STATUS <= status <= 999:
            raise ValueError("status is no final status")
        fields = check_headers(event.get("headers", ()), self.VALUE)
        trailers = typed(event, "trailers", bool, False)
        if self.phase == "done":
            return
        if self.phase != "start":
            raise RuntimeError("the response has started before")
        self.present()
        self.phase = "body"
        if trailers and self.response_trailers():
            self.response.trailers = []
        self.response.prepare(status, reason_phrase(status), fields)

    def response_trailers(self) -> bool:
        """Whether trailers were offered."""
        return self.request.version == "1.1"

    async def content(self, event: Event) -> None:
        """A piece of content."""
        data = typed(event, "body", bytes, b"")
        more = typed(event, "more_body", bool, self.more_body_default())
        if self.phase == "done":
            return
        if self.phase != "body":
            raise RuntimeError("content has no place here")
        self.present()
        self.answerable()
        await self.transmit(data, more)

    def hints_wanted(self) -> bool:
        """Whether the client knows interim responses."""
        return self.request.version == "1.1"

    async def hint(self, event: Event) -> None:
        """Links that the client may follow already; too late once the head has left."""
        links = check_headers([(b"Link", link) for link in event["links"]], self.VALUE)
        self.present()
        if self.hints_wanted() and not self.response.head_sent:
            await self.response.hint(links)

    async def send_file(self, event: Event) -> None:
        """A file as all of the content."""
        path = Path(typed(event, "path", str, None))
        if self.phase == "body" and self.response.head_sent:
            raise RuntimeError("a file has no place behind other content")
        data = await asyncio.to_thread(path.read_bytes)
        await self.content({"type": "http.response.body", "body": data})

    def more_body_default(self) -> bool:
        """What a missing ``more_body`` means."""
        return False

    def answerable(self) -> None:
        """A request that turned out to be broken gets no ordinary answer."""
        if self.body.problem is not None and not self.response.head_sent:
            raise self.body.problem

    async def transmit(self, data: bytes, more: bool) -> None:
        """Send content, and complete the response with the last of it."""
        trailing = self.response.trailers is not None
        if not more:
            self.phase = "trailers" if trailing else "done"
        try:
            await self.flush(data, more)
        except ExcessError:
            self.phase = "done"
            await self.response.end()
            raise RuntimeError("more content than content-length") from None
        if not more and not trailing:
            await self.response.end()

    async def flush(self, data: bytes, more: bool) -> None:
        """Put a piece on the wire; the head goes with the first, empty or not."""
        if data or not more:
            await self.response.data(data, last=not more)

    async def trail(self, event: Event) -> None:
        """Trailer fields."""
        fields = check_headers(event.get("headers", ()), self.VALUE)
        more = typed(event, "more_trailers", bool, False)
        if self.phase == "done":
            return
        if self.phase != "trailers":
            raise RuntimeError("trailers come after the content")
        self.present()
        assert self.response.trailers is not None
        self.response.trailers += fields
        if not more:
            self.phase = "done"
            await self.response.end()
