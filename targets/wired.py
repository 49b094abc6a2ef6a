"""A request that carries a user's application's traffic over a real server, and what became of it.

What cases ask of an application in this process is said here in octets, or it is
*unaskable*: a real server does as it does, and only what the wire can say can be asked of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from gateproof.targets import http1
from gateproof.targets.http1 import read_reply
from gateproof.targets.journal import Call
from gateproof.targets.probe_folder import POLL, new_token
from gateproof.targets.script import Script, answer, send
from gateproof.targets.server import Server
from gateproof.targets.wire import Wire, WireError

TOKEN = "X-Gateproof"  # noqa: S105 - its name
"""The header field by which the journal of a call is found."""

LOOK = 0.1
"""Seconds between two looks whether an exchange gets on."""

UNCALLED = 3.0
"""Seconds after which a server will not call the application any more."""

CLIP = 64 << 10
"""Octets of which the journal holds every one."""

MOMENT = 1.0
"""Seconds in which a server may call an application that it need not call."""


class Unaskable(Exception):  # noqa: N818 - an outcome, not an error
    """This cannot be asked of an application behind a real server; the text says why."""


class Crashed(Exception):  # noqa: N818 - an outcome, not an error
    """The process that ran the application ended in the middle of its call."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A request in octets.

    Attributes:
        line: names it in reports.
        method: the method, by which the reply is framed.
        head: request line and fields, without the token.
        body: the octets after it, in the pieces in which they are sent.
        content: the octets that the application is to be given of it.
        leave: when the client resets the connection: ``"never"``; ``"sent"``, once all
            of that is sent; ``"called"``, once the application has been called;
            ``"begun"``, once it has been given something of the body or has answered;
            ``"answered"``, once some of the response came.
    """

    line: str
    method: str
    head: bytes
    body: tuple[bytes, ...] = ()
    content: bytes = b""
    leave: Literal["never", "sent", "called", "begun", "answered"] = "never"

    @property
    def octets(self) -> bytes:
        """All of it, without the token, with a mark where it is cut."""
        return self.head + b"|".join(self.body) + self.leave.encode()

    def marked(self, token: str) -> tuple[bytes, list[int]]:
        """The octets with the token, and where they are cut."""
        head = self.head.removesuffix(b"\r\n") + f"{TOKEN}: {token}\r\n\r\n".encode()
        data, cuts = bytearray(head), []
        for piece in self.body:
            cuts.append(len(data))
            data += piece
        return bytes(data), cuts if len(self.body) > 1 else []


@dataclass
class Crossed:
    """What became of a request.

    Attributes:
        sending: what was sent.
        reply: what came back.
        call: the application's call; ``None`` where the server did not make one.
        stuck: neither the call nor the reply got on for as long as was allowed.
        waits: it then waited for something that the server owed it, such as input.
        left: the client went away before the reply was complete.
    """

    sending: Sending
    reply: http1.Reply
    call: Call | None = None
    stuck: bool = False
    waits: bool = False
    left: bool = False


@dataclass
class Wired:
    """The way to an application behind a server.

    Attributes:
        server: the server, started with the application.
        patience: seconds without progress after which a call is stuck.
        streaming: seconds after which the client has heard enough of a response.
    """

    server: Server
    patience: float = 10.0
    streaming: float = 10.0
    _free: list[str] = field(default_factory=list)
    _samples: dict[str, Any] = field(default_factory=dict)

    def take(self) -> str:
        """A token that no call under way has.

        One after the other, requests carry the same: to an application that shows
        the headers of a request they look alike.
        """
        return self._free.pop() if self._free else new_token()

    def give_back(self, token: str) -> None:
        """The calls of ``token`` are over."""
        self._free.append(token)

    def forget(self) -> None:
        """Remove the journals of what is over."""
        for token in self._free:
            self.server.folder.forget(token)

    async def sample(self, kind: Literal["wsgi", "http", "websocket"]) -> dict[str, Any]:
        """The environ or scope that this server makes of the plainest request.

        It is answered by the probe itself: the application is not called.
        """
        found: dict[str, Any] = self._samples.get(kind) or await self._sampled(kind)
        self._samples[kind] = found
        return found

    async def _sampled(self, kind: str) -> dict[str, Any]:
        folder = self.server.folder
        script = answer()
        if kind == "websocket":
            denied = {"type": "websocket.close"}
            script = Script(wsgi=script.wsgi, asgi=(send(denied),))
        token = folder.lay(script)
        try:
            wire = await Wire.open(self.server.address)
        except WireError:
            return {}
        try:
            lines = ["GET / HTTP/1.1", "Host: localhost"]
            if kind == "websocket":
                lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
                lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
            await wire.send("\r\n".join([*lines, f"{TOKEN}: {token}", "", ""]).encode())
            await read_reply(wire, "GET", self.patience)
        finally:
            await wire.close()
        calls = await folder.ended(token, 1, MOMENT)
        folder.forget(token)
        found = calls[0].request if calls else None
        return found if isinstance(found, dict) else {}

    async def exchange(self, sending: Sending) -> Crossed:
        """Send one request, read the reply, wait for the end of the application's call.

        Raises:
            Crashed: the process that ran the application is gone.
            WireError: the server takes no connection.
        """
        token = self.take()
        before = len(self.server.folder.calls(token))
        wire = await Wire.open(self.server.address, self.patience)
        crossed = Crossed(sending, http1.Reply())
        try:
            await self._converse(crossed, wire, token, before)
        finally:
            await wire.close()
        late = self.server.interface == "asgi" and crossed.reply.complete
        patience = MOMENT if crossed.left or late else self.patience
        may_begin = crossed.left and sending.leave != "never"
        crossed.call, stuck = await self.finish(token, before, patience, may_begin=may_begin)
        crossed.stuck = crossed.stuck or (stuck and not crossed.left and not late)
        if crossed.call.ended if crossed.call else crossed.reply.complete:
            self.give_back(token)
        return crossed

    def call(self, token: str, before: int) -> Call | None:
        """The call that was made for a token beside the ``before`` earlier ones."""
        calls = self.server.folder.calls(token)
        return calls[before] if len(calls) > before else None

    async def _converse(self, crossed: Crossed, wire: Wire, token: str, before: int) -> None:
        data, cuts = crossed.sending.marked(token)
        leave = crossed.sending.leave
        await wire.send(data, cuts, within=self.patience)
        if leave == "sent":
            self._go(crossed, wire)
            return
        reading = asyncio.ensure_future(
            read_reply(wire, crossed.sending.method, 60 * self.patience)
        )
        progress: object = None
        since = heard = asyncio.get_running_loop().time()
        try:
            while not (await asyncio.wait({reading}, timeout=POLL if leave != "never" else LOOK))[
                0
            ]:
                now = asyncio.get_running_loop().time()
                call = self.call(token, before)
                current = (call and len(call.rungs), wire.inbound.total)
                if current != progress:
                    progress, since = current, now
                if not wire.inbound.total:
                    heard = now
                if _time_to_leave(leave, call, wire) or now - heard > self.streaming:
                    self._go(crossed, wire)
                    return
                patience = MOMENT if leave != "never" else self.patience
                if now - since > (patience if call is not None else min(patience, UNCALLED)):
                    crossed.stuck = leave == "never"
                    crossed.waits = crossed.stuck and await self._was_waiting(call, wire, token)
                    self._go(crossed, wire)
                    return
                if call is not None and not call.ended and self._gone(call):
                    break
            if reading.done():
                crossed.reply = reading.result()
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def _was_waiting(self, call: Call | None, wire: Wire, token: str) -> bool:
        """Whether the application waits for input that the server owes it.

        Under WSGI that shows when the client ends its side, and the call goes on.
        """
        if call is None:
            return True
        if call.interface == "asgi":
            return asks(call) and not _had_all(call)
        known = len(call.rungs)
        wire.half_close()
        calls = await self.server.folder.ended(token, 1, MOMENT)
        return any(one.path == call.path and len(one.rungs) > known for one in calls)

    def _go(self, crossed: Crossed, wire: Wire) -> None:
        crossed.left = True
        wire.reset()

    async def finish(
        self, token: str, before: int, patience: float, *, may_begin: bool = False
    ) -> tuple[Call | None, bool]:
        """Wait until the call is over, as long as it gets on.

        Args:
            token: what names the call.
            before: so many calls of that name were made earlier.
            patience: seconds without progress after which it stands still.
            may_begin: the client has gone, and the call may yet begin.

        Returns:
            The call, if there was one, and whether it stands still.

        Raises:
            Crashed: the process that ran it is gone.
        """
        loop = asyncio.get_running_loop()
        since, known = loop.time(), -1
        while True:
            call = self.call(token, before)
            if call is None and not self.server.alive():
                raise Crashed(self._death())
            if call is None and not may_begin:
                return None, False  # its journal begins before the application can answer
            if call is not None and call.ended:
                return call, False
            if call is not None and self._gone(call):
                raise Crashed(self._death(call))
            if call is not None and len(call.rungs) != known:
                known, since = len(call.rungs), loop.time()
            if loop.time() - since > patience:
                return call, call is not None
            await asyncio.sleep(POLL)

    def _gone(self, call: Call) -> bool:
        """Whether the process of a call that did not end has ended."""
        if not self.server.alive():
            return True
        try:
            os.kill(int(call.meta["pid"]), 0)
        except ProcessLookupError:
            return True
        except (PermissionError, KeyError):
            return False
        return False

    def _death(self, call: Call | None = None) -> str:
        if call is None or not self.server.alive():
            return f"{self.server.name} ended with exit code {self.server.exit_code}"
        return f"the process {call.meta.get('pid')} of {self.server.name} ended"


def altered(sending: Sending, call: Call) -> bool:
    """Whether the server gave the application another body than was sent.

    Of a large body the journal holds the length alone.
    """
    given, sent = call.body, sending.content
    if len(sent) > CLIP:
        return len(given) > len(sent)
    whole = call.interface == "asgi" and _had_all(call) and sending.leave == "never"
    return given != sent if whole else not sent.startswith(given)


def asks(call: Call) -> bool:
    """Whether an ASGI application waits in ``receive``."""
    answers = ("received", "receive-raised", "receive-cancelled")
    return len(call.steps("receive")) > len(call.steps(*answers))


def _had_all(call: Call) -> bool:
    """Whether an ASGI application was given the end of the request's body."""
    return any(
        isinstance(event, dict) and not event.get("more_body", False)
        for event in call.steps("received")
    )


def _time_to_leave(leave: str, call: Call | None, wire: Wire) -> bool:
    if leave == "answered":
        return wire.inbound.total > 0
    if leave == "called":
        return call is not None
    if leave == "begun":
        begun = ("received", "input", "send", "start_response")
        return call is not None and any(rung.step in begun for rung in call.rungs)
    return False


def head_of(
    method: str, target: str | bytes, fields: Sequence[tuple[bytes, bytes]], version: str
) -> bytes:
    """Request line and header fields, as they are sent.

    Raises:
        Unaskable: they cannot stand in a request.
    """
    octets = target.encode("latin-1", "replace") if isinstance(target, str) else target
    if not octets or any(octet <= 32 or octet == 127 for octet in octets):
        raise Unaskable(f"{octets[:40]!r} cannot stand in a request line")
    for name, value in fields:
        if not name or any(octet in b"\r\n\0" for octet in name + value):
            raise Unaskable(f"the field {name!r} cannot be sent")
    lines = [method.encode() + b" " + octets + b" " + version.encode()]
    lines += [name + b": " + value for name, value in fields]
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n"
