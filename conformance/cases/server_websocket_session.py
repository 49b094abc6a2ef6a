"""What cases of WebSocket servers share: scripts, one connection with its journal, frames judged.

https://datatracker.ietf.org/doc/html/rfc6455 and
https://asgi.readthedocs.io/en/latest/specs/www.html#websocket
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from gateproof.conformance.cases.server_asgi_http_exchange import received
from gateproof.conformance.server_stage import Heard, ServerStage
from gateproof.targets.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    KEY,
    PING,
    PONG,
    TEXT,
    Frame,
    Override,
    close_payload,
    handshake,
)
from gateproof.targets.http1 import Reply
from gateproof.targets.script import Filled, Script, Step, gone, receive, send
from gateproof.targets.websocket_client import Incoming, WebSocketClient
from gateproof.validators.violation import Verdict

FAMILY = "server.asgi.websocket"

LISTENING = 30.0
"""Seconds for which an application listens, longer than any case needs."""

TOGETHER = 6
"""Connections that one case keeps open at once."""

ACCEPT: Step = send({"type": "websocket.accept"})

RESERVED_CODES = (1005, 1006, 1015)
"""Close codes that no frame may carry (RFC 6455 section 7.4.1)."""

SWITCHING = 101

Message = str | bytes
T = TypeVar("T")


def accept(**keys: object) -> Step:
    """Send ``websocket.accept`` with further keys."""
    return send({"type": "websocket.accept", **keys})


def say(data: str | bytes | Filled) -> Step:
    """Send one message: text or octets."""
    return send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})


def close(**keys: object) -> Step:
    """Send ``websocket.close``."""
    return send({"type": "websocket.close", **keys})


def application(*steps: Step, legal: bool = True) -> Script:
    """An application that receives ``websocket.connect`` and then plays ``steps``."""
    return Script(asgi=(receive(), *steps), legal=legal)


LISTEN = application(ACCEPT, gone(LISTENING))
"""Accepts and receives until the disconnect."""


@dataclass
class Session:
    """One WebSocket connection of a case: what the client heard, what the application saw.

    Attributes:
        stage: the case's stage.
        heard: the exchange: handshake, reply and journals.
        client: the client, with the server's frames.
    """

    stage: ServerStage
    heard: Heard
    client: WebSocketClient

    @property
    def reply(self) -> Reply:
        """The answer to the opening handshake."""
        return self.heard.reply

    @property
    def scope(self) -> dict[str, Any]:
        """The scope of the only call.

        Raises:
            Blocked: the application was not called once.
        """
        found: dict[str, Any] = self.heard.call.request
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        """What the application received."""
        return [event for call in self.heard.calls for event in received(call)]

    @property
    def messages(self) -> list[Message | None]:
        """What the application received as messages; None for an event that holds neither kind."""
        found = (event for event in self.events if event.get("type") == "websocket.receive")
        return [_content(event) for event in found]

    @property
    def disconnect(self) -> dict[str, Any] | None:
        """The disconnect that the application received."""
        kinds = (event for event in self.events if event.get("type") == "websocket.disconnect")
        return next(kinds, None)

    @property
    def close_frame(self) -> Frame | None:
        """The server's close frame."""
        return next((frame for frame in self.client.frames if frame.opcode == CLOSE), None)

    @property
    def spec_version(self) -> tuple[int, ...]:
        """The version that the server declares in the scope, 2.0 where it declares none."""
        told = (self.scope.get("asgi") or {}).get("spec_version", "2.0")
        parts = str(told).split(".")
        return tuple(int(part) for part in parts if part.isdigit())

    async def gather(self) -> None:
        """Wait until the application's call is over, and read its journal."""
        if self.client.wire.eof and self.close_frame is None:
            self.stage.troubled = True  # dropped: it may be the server that has died
        await self.stage.gather(self.heard, 1, self.stage.patience)

    async def leave(self, code: int = 1000) -> list[Incoming]:
        """Close as a client should, read to the end, and read the journal."""
        await self.client.close(code)
        rest = await self.client.collect(self.stage.patience)
        await self.client.wire.close()
        await self.gather()
        return rest

    async def hears(self, count: int) -> list[Message]:
        """Read until ``count`` messages have come, or the time or the stream is over."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.stage.patience
        found: list[Message] = []
        while len(found) < count:
            try:
                incoming = await self.client.receive(deadline - loop.time())
            except TimeoutError:
                break
            if incoming.kind == "end":
                break
            if incoming.kind in ("text", "bytes"):
                found.append(incoming.data)
        return found

    async def ended(self) -> bool:
        """Whether the server closes the connection; a close frame of its own is answered."""
        rest = await self.client.collect(self.stage.patience)
        if rest and rest[-1].kind == "end":
            return True
        if self.close_frame is None or not self.client.problem:
            return False
        # What wsproto did not understand it has not answered.
        await self.client.send_frames(_reply_to(self.close_frame))
        rest = await self.client.collect(self.stage.patience)
        return bool(rest) and rest[-1].kind == "end"

    def broken(
        self,
        requirement: str,
        message: str,
        *,
        observed: str = "",
        expected: str = "",
        verdict: Verdict | None = None,
        hint: str = "",
    ) -> None:
        """Report that the server broke ``requirement`` on this connection."""
        self.stage.broken(
            requirement,
            message,
            heard=self.heard,
            observed=observed,
            expected=expected,
            verdict=verdict,
            hint=hint,
        )


def _content(event: dict[str, Any]) -> Message | None:
    found = event.get("text") if event.get("text") is not None else event.get("bytes")
    return found if isinstance(found, (str, bytes)) else None


def _reply_to(frame: Frame) -> bytes:
    from gateproof.targets.frames import build

    return build(CLOSE, close_payload(frame.code))


async def connect(
    stage: ServerStage,
    app: Script = LISTEN,
    *,
    target: str = "/{token}",
    method: str = "GET",
    version: str = "HTTP/1.1",
    key: str = KEY,
    subprotocols: Sequence[str] = (),
    extensions: str = "",
    override: dict[str, Override] | None = None,
    headers: Sequence[tuple[str, str]] = (),
    order: Callable[[Sequence[bytes]], Iterable[bytes]] | None = None,
    behind: bytes = b"",
    cuts: Sequence[int] = (),
) -> Session:
    """Send an opening handshake and read the answer.

    Args:
        stage: the stage.
        app: what the application does.
        target: the request target; ``{token}`` is filled in.
        method: the method.
        version: the version of HTTP.
        key: the value of Sec-WebSocket-Key.
        subprotocols: names to offer.
        extensions: value of Sec-WebSocket-Extensions.
        override: header lines to change, as for `gateproof.targets.frames.handshake_headers`.
        headers: further header lines.
        order: puts the header lines in another order.
        behind: octets to send in one piece with the handshake.
        cuts: where the octets are cut into segments.

    Raises:
        NotApplicable: the server does not speak WebSocket.
        Blocked: it takes no connection.
    """
    stage.needs("websocket")
    token = stage.lay(app)
    octets = handshake(
        stage.host,
        target.replace("{token}", token),
        method=method,
        version=version,
        key=key,
        subprotocols=subprotocols,
        extensions=extensions,
        override=override,
        headers=headers,
    )
    if order is not None:
        line, *fields = octets[:-4].split(b"\r\n")
        octets = b"\r\n".join([line, *order(fields)]) + b"\r\n\r\n"
    wire = await stage.connect()
    heard = Heard(token, octets, wire, Reply(), [], stage.interface)
    stage.heard.append(heard)
    await wire.send(octets + behind, cuts)
    return await answered(stage, heard, key=key, subprotocols=subprotocols, extensions=extensions)


async def answered(
    stage: ServerStage,
    heard: Heard,
    *,
    key: str = KEY,
    subprotocols: Sequence[str] = (),
    extensions: str = "",
    within: float = 0.0,
) -> Session:
    """Read the answer to a handshake that was sent."""
    client = await WebSocketClient.answered(
        heard.wire,
        heard.request,
        within=within or stage.patience,
        key=key,
        subprotocols=subprotocols,
        extensions=extensions,
    )
    heard.reply = client.reply
    if not client.reply.complete:
        stage.troubled = True
    return Session(stage, heard, client)


async def opened(stage: ServerStage, app: Script = LISTEN, **how: Any) -> Session:
    """Open a WebSocket that the application accepts; ``how`` as for `connect`.

    Raises:
        NotApplicable: the server does not speak WebSocket.
        Blocked: the handshake was not completed, which is the business of other cases.
    """
    session = await connect(stage, app, **how)
    if not session.client.accepted:
        stage.blocked(f"an ordinary opening handshake was not completed: {session.reply}")
    if any(part == "extension" for part, _ in session.client.faults):
        stage.blocked("the server agreed to an extension that was not offered")
    return session


async def side_by_side(jobs: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """Run jobs of one case beside each other, a few at once; gives their results in order."""
    gate = asyncio.Semaphore(TOGETHER)

    async def run(job: Callable[[], Awaitable[T]]) -> T:
        async with gate:
            return await job()

    return await asyncio.gather(*(run(job) for job in jobs))


def assembled(frames: Iterable[Frame]) -> list[Message]:
    """The data messages that frames make, in order; text that is no UTF-8 stays octets."""
    found: list[Message] = []
    kind, parts = TEXT, b""
    for frame in frames:
        if frame.control:
            continue
        if frame.opcode != CONTINUATION:
            kind, parts = frame.opcode, b""
        parts += frame.payload
        if frame.fin:
            found.append(_decoded(parts) if kind == TEXT else parts)
    return found


def _decoded(octets: bytes) -> Message:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets


def frame_faults(frames: Sequence[Frame]) -> Iterator[tuple[str, str, Frame]]:
    """What a server's frames break where no extension was agreed.

    Gives requirement, message and the frame; each requirement once.
    """
    told: set[str] = set()
    for requirement, message, frame in _every_fault(frames):
        if requirement not in told:
            told.add(requirement)
            yield requirement, message, frame


def _every_fault(frames: Sequence[Frame]) -> Iterator[tuple[str, str, Frame]]:
    open_message = False
    for frame in frames:
        if frame.key is not None:
            yield "ws.frame.server-not-masking", "the server masked a frame", frame
        if frame.rsv:
            yield (
                "ws.extension.not-used-unless-agreed",
                "a reserved bit was set though no extension was agreed",
                frame,
            )
        if not frame.minimal:
            yield "ws.frame.minimal-length-sent", "a length was not written shortest", frame
        if frame.control and len(frame.payload) > 125:
            yield "ws.control.max-125", "a control frame held more than 125 octets", frame
        if frame.control and not frame.fin:
            yield "ws.fragment.control-not-fragmented", "a control frame was fragmented", frame
        if frame.opcode in (TEXT, BINARY, CONTINUATION):
            if (frame.opcode == CONTINUATION) != open_message:
                yield "ws.fragment.server-order", "fragments do not make whole messages", frame
            open_message = not frame.fin
        elif frame.opcode not in (CLOSE, PING, PONG):
            yield "ws.frame.unknown-opcode-fails", "the server sent a reserved opcode", frame


def different(sent: Sequence[Message], got: Sequence[Message | None]) -> str:
    """In words, the first place where two lists of messages differ; empty where they are equal."""
    for number, (one, other) in enumerate(zip(sent, got, strict=False)):
        if type(one) is not type(other) or one != other:
            return f"message {number + 1} of {len(sent)}: {shown(other)} for {shown(one)}"
    if len(sent) != len(got):
        return f"{len(got)} of {len(sent)} messages"
    return ""


def shown(value: object) -> str:
    """A value in few words."""
    if isinstance(value, (str, bytes)) and len(value) > 60:
        what = "characters" if isinstance(value, str) else "octets"
        return f"{len(value)} {what} beginning {value[:20]!r}"
    return repr(value)


def frames_shown(session: Session) -> str:
    """The server's frames and how the stream ended, in few words."""
    wire = session.client.wire
    end = "reset" if wire.was_reset else "closed" if wire.eof else "open"
    frames = ", ".join(map(str, session.client.frames[-5:])) or "no frames"
    return f"{frames}; connection {end}"
