"""A WebSocket case's connection over the wire, and its session out of the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from wsproto.utilities import LocalProtocolError

from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_websocket import LINGER, Connect, Session
from gateproof.targets.http1 import Reply
from gateproof.targets.journal import Call
from gateproof.targets.probe_folder import POLL
from gateproof.targets.watched import Watched
from gateproof.targets.websocket_client import WebSocketClient
from gateproof.targets.wire import Wire
from gateproof.targets.wired import MOMENT, TOKEN, Unaskable, Wired, asks
from gateproof.targets.wired_http import SAFE, ending, fulfilled, identities
from gateproof.validators.violation import Rung

QUIET = 2 * LINGER
"""Seconds in which an application is given nothing until its client closes; servers take longer."""

NO_CODE, LOST = 1005, 1006
"""Close codes that say that there was no code, and no close frame."""


@dataclass
class Opened:
    """What became of a connection: the answer to the handshake, the call, whether it was stuck."""

    reply: Reply
    call: Call | None = None
    stuck: bool = False
    silent: bool = False


def askable(asked: Connect, sample: Mapping[str, Any]) -> None:
    """Return where a connection can be made as a case wants it.

    Raises:
        Unaskable: it cannot.
    """
    for key, value in asked.scope.items():
        if not fulfilled(key, value, sample):
            raise Unaskable(f"the scope's {key!r} is given by the server, and not as asked for")
    if asked.event or asked.shape != "alone" or asked.when_gone != "by-version":
        raise Unaskable("the events are the server's own")
    if set(asked.close) != {"code", "reason"} or not isinstance(asked.close["reason"], str):
        raise Unaskable("websocket.disconnect is the server's own")
    if any(octet <= 32 or octet == 127 for octet in asked.query):
        raise Unaskable(f"{asked.query[:40]!r} cannot stand in a request line")


async def converse(wired: Wired, asked: Connect, host: str) -> Opened:
    """Open a connection, say what there is to say, and close it.

    Raises:
        Crashed: the process that ran the application is gone.
        WireError: the server takes no connection.
    """
    token = wired.take()
    before = len(wired.server.folder.calls(token))
    wire = await Wire.open(wired.server.address, wired.patience)
    opened = Opened(Reply())
    talk = _Talk(wired, asked, wire, token, before)
    try:
        await talk.run(opened, host)
    finally:
        await wire.close()
    opened.call, opened.stuck = await wired.finish(token, before, MOMENT, may_begin=True)
    if opened.call.ended if opened.call else opened.reply.complete:
        wired.give_back(token)
    return opened


class _Talk:
    """One connection's client."""

    def __init__(self, wired: Wired, asked: Connect, wire: Wire, token: str, before: int) -> None:
        self.wired = wired
        self.asked = asked
        self.wire = wire
        self.token = token
        self.before = before

    async def run(self, opened: Opened, host: str) -> None:
        asked, wire = self.asked, self.wire
        target = quote(asked.path, safe=SAFE)
        target += "?" + asked.query.decode("latin-1") if asked.query else ""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in asked.headers
        ]
        opening = asyncio.ensure_future(
            WebSocketClient.open(
                wire,
                host,
                target,
                within=self.wired.patience,
                subprotocols=asked.subprotocols,
                headers=[*headers, (TOKEN, self.token)],
            )
        )
        if asked.leave.received in (0, 1):
            await self._until(lambda: self._call() is not None or opening.done(), MOMENT)
            wire.reset()
        client = await opening
        opened.reply = client.reply
        opened.silent = client.reply.ended == "timeout"
        if not client.accepted or wire.closed:
            return
        hearing = asyncio.ensure_future(client.collect(60 * self.wired.patience))
        try:
            await self._say(client, hearing)
            await asyncio.wait({hearing}, timeout=MOMENT)
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing

    async def _say(self, client: WebSocketClient, hearing: asyncio.Future[Any]) -> None:
        """Send the messages, wait until the application has had them, then close or be lost."""
        asked, leave = self.asked, self.asked.leave
        messages = asked.messages
        if leave.received is not None:
            messages = messages[: leave.received - 1]
        with suppress(LocalProtocolError):  # the application closed meanwhile
            for message in messages:
                if isinstance(message, str):
                    await client.send_text(message)
                else:
                    await client.send_bytes(message)
        due = 1 + len(messages)

        def told() -> bool:
            call = self._call()
            if call is None or call.ended or hearing.done():
                return True
            if leave.sent is not None:
                return sum(rung.step == "sent" for rung in call.rungs) >= leave.sent
            received = sum(rung.step == "received" for rung in call.rungs)
            return received >= due and (asks(call) or leave != Leave())

        await self._until(told, QUIET, growing=True)
        code = int(asked.close["code"])
        if leave != Leave() or code == LOST:
            self.wire.reset()
            return
        with suppress(LocalProtocolError):
            if code == NO_CODE:
                await client.send_frames(
                    b"\x88\x80\x00\x00\x00\x00"
                )  # an empty close frame, masked
            else:
                await client.close(code, str(asked.close["reason"]))

    async def _until(self, condition: Any, within: float, *, growing: bool = False) -> None:
        """Wait for a condition; with ``growing`` as long as the application is given something."""
        loop = asyncio.get_running_loop()
        since, known = loop.time(), 0
        while not condition():
            call = self._call()
            received = sum(rung.step == "received" for rung in call.rungs) if call else 0
            if growing and received != known:
                known, since = received, loop.time()
            if loop.time() - since > within:
                return
            await asyncio.sleep(POLL)

    def _call(self) -> Call | None:
        return self.wired.call(self.token, self.before)


def session(asked: Connect, watched: Watched, opened: Opened) -> Session:
    """What became of a connection, as the server side in this process would tell it."""
    made = Session(asked, watched)
    if opened.call is None:
        return made
    waiting: list[Any] = []
    for rung in opened.call.rungs:
        _take(rung, made, waiting)
    for event in waiting:
        _sent(event, made)
    refused, raised = identities(opened.call)
    if refused and not refused & raised:
        made.refused = made.late = len(refused)
    made.timed_out = opened.silent
    return made


def _take(rung: Rung, made: Session, waiting: list[Any]) -> None:
    data: Any = rung.data
    kind = data.get("type") if isinstance(data, dict) else None
    if rung.step == "received":
        made.told = made.told or kind == "websocket.disconnect"
        made.received += kind in ("websocket.connect", "websocket.receive")
    elif rung.step == "send":
        waiting.append(data)
        if isinstance(kind, str) and made.types[-1:] != [kind]:
            made.types.append(kind)
    elif rung.step == "send-raised":
        waiting[:1] = []
    elif rung.step == "sent":
        _sent(waiting.pop(0) if waiting else None, made)
    else:
        ending(rung, made)


def _sent(event: Any, made: Session) -> None:
    if isinstance(event, dict) and not made.told and made.closed is None:
        made.sent += 1
        _answer(event, made)


def _answer(event: dict[str, Any], made: Session) -> None:
    kind = event.get("type")
    accepted = made.answer == "accepted"
    if kind == "websocket.accept" and not made.answer:
        made.answer, made.subprotocol = "accepted", event.get("subprotocol")
    elif kind == "websocket.close" and (accepted or not made.answer):
        made.closed = (int(event.get("code") or 1000), str(event.get("reason") or ""))
        made.answer = made.answer or "denied"
    elif kind == "websocket.send" and accepted:
        text, data = event.get("text"), event.get("bytes")
        made.frames.append(str(text) if data is None else bytes(data))
    elif kind == "websocket.http.response.start" and not made.answer:
        status = event.get("status")
        made.status = status if isinstance(status, int) else 0
        made.answer = "responded"
