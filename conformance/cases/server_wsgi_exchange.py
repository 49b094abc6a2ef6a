"""What the cases of WSGI servers share: exchanges that stop half-way, and what environ says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.http1 import Reply, ReplyReader, read_reply
from gateproof.targets.journal import Call
from gateproof.targets.script import Script
from gateproof.targets.wire import Wire

WAITS = 30.0
"""Seconds after which an application that the client forgot goes on by itself."""

POLL = 0.01
"""Seconds between two looks into a journal that is being written."""

TEXT = [("Content-Type", "text/plain")]
"""The headers of a response that says nothing of its length."""


# Exchanges


async def begin(
    stage: ServerStage, app: Script, request: Request | None = None, wire: Wire | None = None
) -> Heard:
    """Send a request and read nothing yet.

    Args:
        stage: the stage of the case.
        app: what the application does, with ``wait`` steps where it is to stop.
        request: the request; a plain GET by default.
        wire: the connection; a new one by default.
    """
    token = stage.lay(app)
    octets = (request or Request()).octets(token, stage.host)
    heard = Heard(token, octets, wire or await stage.connect(), Reply(), [], stage.interface)
    stage.heard.append(heard)
    await heard.wire.send(octets)
    return heard


async def so_far(
    wire: Wire, enough: Callable[[Reply], bool], within: float, method: str = "GET"
) -> Reply:
    """The reply as far as it has come; what was read stays to be read again.

    Args:
        wire: the connection, on which a reply has to begin.
        enough: says when there is no need to wait any longer.
        within: seconds to wait at most.
        method: the method of the request.
    """
    reader = ReplyReader(method)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    got = bytearray()
    while not reader.done and not enough(reader.reply):
        try:
            data = await wire.receive(deadline - loop.time())
        except TimeoutError:
            break
        if not data:
            break
        got += data
        reader.feed(data)
    wire.pending[:0] = got
    return reader.reply


async def finish(
    stage: ServerStage, heard: Heard, method: str = "GET", *, within: float | None = None
) -> Heard:
    """Read the reply of a request that was begun to its end, close, and wait for the call."""
    heard.reply = await read_reply(heard.wire, method, within or stage.patience)
    if heard.reply.ended == "timeout":
        stage.troubled = True
    await heard.wire.close()
    await stage.gather(heard, None, stage.patience)
    return heard


async def reached(
    stage: ServerStage, heard: Heard, shows: Callable[[Call], bool], within: float | None = None
) -> bool:
    """Wait until the application's journal shows something, or its call is over without.

    Args:
        stage: the stage of the case.
        heard: a request that was begun.
        shows: looks at a call.
        within: seconds to wait at most; the stage's patience by default.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (stage.patience if within is None else within)
    while True:
        calls = stage.server.folder.calls(heard.token)
        if any(map(shows, calls)):
            return True
        if loop.time() > deadline or (calls and all(call.ended for call in calls)):
            return False
        await asyncio.sleep(POLL)


async def noted(stage: ServerStage, heard: Heard, remark: dict[str, Any]) -> bool:
    """Wait until the application has made a remark, however long its call has been over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + stage.patience
    while True:
        heard.calls = stage.server.folder.calls(heard.token)
        if any(remark in call.notes for call in heard.calls):
            return True
        if loop.time() > deadline:
            return False
        await asyncio.sleep(POLL)


def waits(name: str) -> Callable[[Call], bool]:
    """Whether a call has reached its step ``wait(name)``."""
    return lambda call: any(
        isinstance(remark, dict) and remark.get("wait") == name for remark in call.steps("note")
    )


def late() -> float:
    """Seconds in which octets come that another thread was already to send."""
    return settle(3)


async def quiet(heard: Heard) -> bool:
    """Whether no octet comes, although there is time for one that was on its way."""
    reply = await so_far(heard.wire, lambda reply: bool(reply.status), late())
    return not heard.wire.pending and not reply.status


async def each(stage: ServerStage, requests: Sequence[tuple[Any, ...]]) -> list[Heard]:
    """Ask several requests with their applications: at once where the server can, in order."""
    if stage.features.concurrency > 1:
        return list(await asyncio.gather(*(stage.ask(*given) for given in requests)))
    return [await stage.ask(*given) for given in requests]


# What was seen


def octets(value: object) -> bytes:
    """The octets that a string of environ stands for.

    A character above U+00FF, which no octet is, becomes UTF-8; the judges tell of it.
    """
    text = value if isinstance(value, str) else ""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def path_octets(environ: dict[str, Any]) -> bytes:
    """The decoded path: SCRIPT_NAME and PATH_INFO, one behind the other."""
    return octets(environ.get("SCRIPT_NAME")) + octets(environ.get("PATH_INFO"))


def failed(reply: Reply) -> bool:
    """Whether a client can see that there is no good response: an error status, or none."""
    return not reply.status or reply.status >= 500


def writer_works(call: Call) -> bool:
    """Whether start_response gave something that takes data.

    That it does not is found once, and what rests on it is blocked.
    """
    return bool(call.steps("written")) and not call.steps("write-raised")
