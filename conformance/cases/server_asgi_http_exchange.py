"""What cases of ASGI over HTTP share: events to send, and reading what an exchange shows.

https://asgi.readthedocs.io/en/latest/specs/www.html#http
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.http1 import Reply, read_reply
from gateproof.targets.http1_request import method_of
from gateproof.targets.journal import Call
from gateproof.targets.script import Filled, Script, Step, send
from gateproof.targets.wire import Wire

Header = tuple[bytes, bytes]

FAMILY = "server.asgi.http"

HOST = ("Host", "{host}")
MARKED = (HOST, ("X-Gateproof", "{token}"))
"""Header fields of a request whose target may not carry the token."""

TEXT: Header = (b"content-type", b"text/plain")

REFUSED = 400
"""The least status by which a server or an application refuses."""

FAILED = 500
"""The least status of an error response."""

PROMPTLY = 5.0
"""Seconds after which a server that had to deliver an event has not done so
(position asgi-receive-after-response)."""

_PAUSE = 0.02
"""Seconds between two looks at a journal."""


def start(status: int = 200, *headers: Header, **more: Any) -> Step:
    """Send ``http.response.start``, with a content type before ``headers``."""
    fields = [TEXT, *headers]
    return send({"type": "http.response.start", "status": status, "headers": fields, **more})


def body(data: bytes | Filled = b"", *, more: bool = False) -> Step:
    """Send ``http.response.body`` with all its keys."""
    return send({"type": "http.response.body", "body": data, "more_body": more})


def scope(heard: Heard) -> dict[str, Any]:
    """The scope of the only call.

    Raises:
        Blocked: the application was not called once.
    """
    found: dict[str, Any] = heard.call.request
    return found


async def begin(
    stage: ServerStage, app: Script, request: Request | None = None, *, wire: Wire | None = None
) -> Heard:
    """Send a request whose reply is read later, with :func:`answered`.

    Args:
        stage: the stage.
        app: what the application does.
        request: the request, a plain one by default.
        wire: the connection, a new one by default.

    Raises:
        Blocked: the server takes no connection.
    """
    token = stage.lay(app)
    octets = (request or Request()).octets(token, stage.host)
    wire = wire or await stage.connect()
    heard = Heard(token, octets, wire, Reply(), [], stage.interface)
    stage.heard.append(heard)
    await wire.send(octets)
    return heard


async def answered(stage: ServerStage, heard: Heard, within: float = 0.0) -> Reply:
    """Read the reply to a request that was begun; the connection stays open."""
    heard.reply = await read_reply(heard.wire, method_of(heard.request), within or stage.patience)
    return heard.reply


def refused(heard: Heard) -> bool:
    """Whether the server turned the request away itself, with an error or by closing.

    For odd requests that is its right, and then there is no call to judge.
    """
    reply = heard.reply
    return not heard.called and (
        reply.status >= REFUSED or (not reply.status and reply.ended != "timeout")
    )


def received(call: Call) -> list[dict[str, Any]]:
    """The events that ``receive()`` gave, in order; what is no dict is left to the judge."""
    return [event for event in call.steps("received") if isinstance(event, dict)]


def of_type(call: Call, kind: str) -> list[dict[str, Any]]:
    """Those of the received events that are of type ``kind``."""
    return [event for event in received(call) if event.get("type") == kind]


def request_body(call: Call) -> bytes:
    """The bodies of the delivered ``http.request`` events, joined."""
    parts = (event.get("body", b"") for event in of_type(call, "http.request"))
    return b"".join(bytes(part) for part in parts if isinstance(part, (bytes, bytearray)))


def finished(call: Call) -> bool:
    """Whether an ``http.request`` said that it was the last."""
    return any(not event.get("more_body", False) for event in of_type(call, "http.request"))


def left(call: Call) -> bool:
    """Whether ``http.disconnect`` was delivered."""
    return bool(of_type(call, "http.disconnect"))


def told(call: Call) -> bool:
    """Whether a disconnect was delivered, or something that the judge finds fault with."""
    known = ("http.request", "http.disconnect")
    return any(
        not isinstance(event, dict) or event.get("type") not in known
        for event in call.steps("received")
    ) or left(call)


def surplus(call: Call) -> bool:
    """Whether an ``http.request`` came after the last one, which is the judge's finding."""
    requests = of_type(call, "http.request")
    return any(not event.get("more_body", False) for event in requests[:-1])


async def seen(stage: ServerStage, wire: Wire, marker: bytes, within: float = 0.0) -> bool:
    """Read until ``marker`` has come; what was read stays to be read as a reply.

    Returns:
        Whether it came before the end of the stream and of the time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (within or stage.patience)
    taken = bytearray()
    try:
        while marker not in taken and not (wire.eof and not wire.pending):
            taken += await wire.receive(deadline - loop.time())
    except TimeoutError:
        pass
    wire.pending[:0] = taken
    return marker in taken


async def remains(stage: ServerStage, wire: Wire) -> bytes:
    """What comes until the server closes the connection or stays silent."""
    taken = bytearray()
    try:
        while not (wire.eof and not wire.pending):
            taken += await wire.receive(stage.patience)
    except TimeoutError:
        pass
    return bytes(taken)


async def reached(
    stage: ServerStage, token: str, test: Callable[[Call], bool], within: float = 0.0
) -> Call | None:
    """Wait until the journal of a call shows something.

    Returns:
        The call for which ``test`` holds, or ``None`` at the end of the time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (within or stage.patience)
    while True:
        for call in stage.server.folder.calls(token):
            if test(call):
                return call
        if loop.time() > deadline:
            return None
        await asyncio.sleep(_PAUSE)


def requested(call: Call) -> bool:
    """Whether the application has received the first event of the request."""
    return bool(call.steps("received"))


def waiting(name: str) -> Callable[[Call], bool]:
    """A test for :func:`reached`: the application has come to its step ``wait(name)``."""

    def test(call: Call) -> bool:
        return any(
            isinstance(said, dict) and said.get("wait") == name for said in call.steps("note")
        )

    return test


def named(headers: Sequence[Any], name: bytes) -> list[bytes]:
    """The values of a header in a scope, in order."""
    pairs = (tuple(pair) for pair in headers)
    return [pair[1] for pair in pairs if len(pair) == 2 and bytes(pair[0]).lower() == name]


def shown(value: object, most: int = 120) -> str:
    """``repr`` of a value, cut where it is long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"
