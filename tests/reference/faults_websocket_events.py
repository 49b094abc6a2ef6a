"""Faults in the events of WebSockets, and in how they end."""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Callable
from typing import Any

from reference.asgi_side import Event
from reference.faults_websocket_frames import Singly
from reference.faults_websocket_handshake import but
from reference.http_reading import Fields
from reference.octets import GoneError
from reference.parts import faults_of
from reference.websocket_frames import BINARY, TEXT
from reference.websocket_side import WebSocketCall


class Chooses(WebSocketCall):
    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        if subprotocol is None and self.subprotocols:
            subprotocol = self.subprotocols[0]
        return super().accept_fields(subprotocol, fields)


class ConnectTwice(WebSocketCall):
    times = 0

    async def receive(self) -> Event:
        self.times += 1
        if self.times == 2:
            self.connect_told = False
        return await super().receive()


class ReadsBeforeAccept(WebSocketCall):
    """Frames are read, and delivered, from the beginning."""

    async def call(self) -> None:
        self.reader = asyncio.create_task(self.read())
        await super().call()

    def deliverable(self) -> bool:
        return self.phase != "closed"

    async def accept(self, event: Event) -> None:
        early, self.reader = self.reader, None
        if early is not None:
            early.cancel()
        await super().accept(event)


class HandshakeFirst(WebSocketCall):
    """101 goes out before the application is asked."""

    async def call(self) -> None:
        await self.octets.write(super().accepted(None, []))
        await asyncio.sleep(0.3)
        await super().call()

    def accepted(self, subprotocol: str | None, fields: Fields) -> bytes:
        return b""


class HandshakeWithConnect(WebSocketCall):
    """101 goes out as soon as the application receives."""

    async def receive(self) -> Event:
        if not self.connect_told:
            await self.octets.write(super().accepted(None, []))
        return await super().receive()

    def accepted(self, subprotocol: str | None, fields: Fields) -> bytes:
        return b""


class DeniedOtherwise(WebSocketCall):
    async def deny(self) -> None:
        self.phase = "closed"
        self.end(1006, "")
        await self.response.error(400, "refused by the application")


class NeverAccepts(WebSocketCall):
    async def accept(self, event: Event) -> None:
        self.phase = "open"
        await asyncio.Event().wait()


class AcceptFieldsBackwards(WebSocketCall):
    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        return super().accept_fields(subprotocol, fields[::-1])


class AcceptFieldsLost(WebSocketCall):
    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        return super().accept_fields(subprotocol, [])


class AcceptFieldsWanted(WebSocketCall):
    async def accept(self, event: Event) -> None:
        await super().accept({**event, "headers": event["headers"]})


class LargeInTwo(WebSocketCall):
    def deliver(self, message: str | bytes) -> None:
        if len(message) > 65535:
            super().deliver(message[:65535])
            message = message[65535:]
        super().deliver(message)


class LargeCutOff(WebSocketCall):
    async def transmit(self, opcode: int, payload: bytes) -> None:
        await super().transmit(opcode, payload[:65535])


class Merged(WebSocketCall):
    def deliver(self, message: str | bytes) -> None:
        if self.messages and type(self.messages[-1]) is type(message):
            self.messages[-1] += message  # type: ignore[operator]
            self.octets.wake()
        else:
            super().deliver(message)

    async def receive(self) -> Event:
        if self.connect_told and self.phase == "open":
            await asyncio.sleep(0.05)
        return await super().receive()


def received(change: Callable[[Event], Event]) -> dict[str, Any]:
    """An edit of the events of messages."""

    def receive_event(self: WebSocketCall, message: str | bytes) -> Event:
        return change(WebSocketCall.receive_event(self, message))

    return {"receive_event": receive_event}


def ended(change: Callable[[Event], Event]) -> dict[str, Any]:
    """An edit of the event of the end."""

    def disconnect_event(self: WebSocketCall, code: int, reason: str) -> Event:
        return change(WebSocketCall.disconnect_event(self, code, reason))

    return {"disconnect_event": disconnect_event}


def other_mode(event: Event) -> Event:
    """Binary messages as text, where they can be."""
    try:
        return {"type": event["type"], "text": event["bytes"].decode("ascii")}
    except (KeyError, UnicodeDecodeError):
        return event


class SendsBytes(WebSocketCall):
    async def transmit(self, opcode: int, payload: bytes) -> None:
        await super().transmit(BINARY if opcode == TEXT else opcode, payload)


class DropsEmpty(WebSocketCall):
    async def transmit(self, opcode: int, payload: bytes) -> None:
        if payload:
            await super().transmit(opcode, payload)


class TakesBoth(WebSocketCall):
    async def send_message(self, event: Event) -> None:
        if event.get("text") is None and event.get("bytes") is None:
            return
        if event.get("text") is not None:
            event = {**event, "bytes": None}
        await super().send_message(event)


class CloseUntold(WebSocketCall):
    async def closed_by_client(self, code: int, reason: str) -> None:
        self.close_received = True
        await self.send_close(self.echo(code))


class DenialUnfinished(WebSocketCall):
    async def deny_with(self, event: Event) -> None:
        await super().deny_with({**event, "more_body": True})

    async def returned(self) -> None:
        while self.phase == "denying" and not self.octets.ended:
            await self.change()
        await super().returned()


class OwnCloseUntold(WebSocketCall):
    def end(self, code: int, reason: str) -> None:
        if self.phase != "closed":
            super().end(code, reason)

    def over(self) -> bool:
        return self.octets.ended or super().over()


class LossUntold(WebSocketCall):
    def end(self, code: int, reason: str) -> None:
        if code != 1006:
            super().end(code, reason)

    def over(self) -> bool:
        return self.octets.lost or super().over()


class CodeOfItsOwn(WebSocketCall):
    async def closed_by_client(self, code: int, reason: str) -> None:
        self.end(1000, reason)
        await super().closed_by_client(code, reason)


class No1005(WebSocketCall):
    def end(self, code: int, reason: str) -> None:
        super().end(1000 if code == 1005 else code, reason)


class No1006(WebSocketCall):
    def end(self, code: int, reason: str) -> None:
        super().end(1000 if code == 1006 else code, reason)


class ReasonLost(WebSocketCall):
    async def closed_by_client(self, code: int, reason: str) -> None:
        await super().closed_by_client(code, "")


class OddEnd(WebSocketCall):
    async def receive(self) -> Event:
        event = await super().receive()
        if event["type"] == "websocket.disconnect":
            await asyncio.sleep(0.1)  # an application may well ask on and on
            event["type"] = "websocket.disconnected"
        return event


class RepeatsMessage(WebSocketCall):
    """The last message comes once more behind the disconnect."""

    async def receive(self) -> Event:
        event = await super().receive()
        if event["type"] == "websocket.disconnect":
            if self.__dict__.setdefault("told", False):
                return self.receive_event("again")
            self.__dict__["told"] = True
        return event


class OtherError(WebSocketCall):
    async def send(self, event: Event) -> None:
        try:
            await super().send(event)
        except GoneError as gone:
            raise RuntimeError("closed") from gone


class DiesOfItsOwn(WebSocketCall):
    async def call(self) -> None:
        send = WebSocketCall.send

        async def noting(event: Event) -> None:
            try:
                await send(self, event)
            except GoneError:
                self.__dict__["raised"] = True
                raise

        self.__dict__["send"] = noting
        await super().call()
        if "raised" in self.__dict__:
            os._exit(1)


class LogsItsOwn(WebSocketCall):
    async def send(self, event: Event) -> None:
        try:
            await super().send(event)
        except GoneError:
            self.server.log(traceback.format_exc())
            raise


class AcceptsToClose(WebSocketCall):
    async def deny(self) -> None:
        await self.octets.write(self.accepted(None, []))
        await self.close(1000, "")


class CodeOr1000(WebSocketCall):
    def close_payload(self, code: int, reason: str) -> bytes:
        return super().close_payload(1000, reason)


class ReasonNone(WebSocketCall):
    async def close_by_application(self, event: Event) -> None:
        await super().close_by_application({**event, "reason": str(event.get("reason"))})


class NoReason(WebSocketCall):
    def close_payload(self, code: int, reason: str) -> bytes:
        return super().close_payload(code, "")


class ReturnStaysOpen(WebSocketCall):
    async def returned(self) -> None:
        if self.phase == "open":
            while not self.octets.ended:
                await self.change()
        await super().returned()


class FailureStaysOpen(WebSocketCall):
    async def failed(self) -> None:
        while self.phase == "open" and not self.octets.ended:
            await self.change()
        await super().failed()


async def ping_told(self: WebSocketCall, payload: bytes) -> None:
    """Pings are answered, and handed to the application."""
    await WebSocketCall.pong(self, payload)
    self.deliver(payload)


events = faults_of("asgi.websocket")


EVENTS = [
    events("ping-told", "server.handles-ping-pong", websocket={"pong": ping_told}),
    events("fragments-singly", "server.reassembles-fragments", frames=Singly),
    events("return-stays-open", "server.app-return-closes",
          websocket=ReturnStaysOpen),
    events("failed-stays-open", "scope.lives-with-socket", websocket=FailureStaysOpen),
    events("connect-twice", "connect.first-event", websocket=ConnectTwice),
    events("odd-connect", "connect.type",
          websocket={"connect_event": lambda self: {"type": "websocket.open"}}),
    events("reads-before-accept", "connect.no-receive-before-accept", websocket=ReadsBeforeAccept),
    events("handshake-first", "connect.during-handshake",
          websocket=HandshakeFirst),
    events("handshake-with-connect", "connect.handshake-waits-for-reply",
          websocket=HandshakeWithConnect),
    events("denied-otherwise", "connect.denied-403",
          websocket=DeniedOtherwise),
    events("accepts-to-close", "close.before-accept-403",
          websocket=AcceptsToClose),
    events("never-accepts", "accept.completes-handshake", websocket=NeverAccepts),
    events("chooses", "accept.subprotocol-default", websocket=Chooses),
    events("no-subprotocol", "accept.subprotocol-sent", websocket=but(b"sec-websocket-protocol")),
    events("accept-backwards", "accept.headers-order-preserved", websocket=AcceptFieldsBackwards),
    events("accept-headers-wanted", "accept.headers-default", websocket=AcceptFieldsWanted),
    events("accept-headers-lost", "accept.headers-sent", websocket=AcceptFieldsLost),
    events("merged", "receive.per-data-message", websocket=Merged),
    events("large-in-two", "receive.per-data-message", websocket=LargeInTwo),
    events("large-cut-off", "send.delivered", websocket=LargeCutOff),
    events("odd-receive", "receive.type",
          websocket=received(lambda event: {**event, "type": "websocket.message"})),
    events("bytearray-received", "receive.bytes-type",
          websocket=received(lambda event: {**event, "bytes": bytearray(event["bytes"])}
                             if "bytes" in event else event)),
    events("text-in-bytes", "receive.text-type",
          websocket=received(lambda event: {**event, "text": event["text"].encode()}
                             if "text" in event else event)),
    events("under-both", "receive.exactly-one",
          websocket=received(lambda event: {"text": "", "bytes": b"", **event})),
    events("other-mode", "receive.mode-matches-frame", websocket=received(other_mode)),
    events("sends-bytes", "send.delivered", websocket=SendsBytes),
    events("drops-empty", "send.empty-message", websocket=DropsEmpty),
    events("takes-both", "send.server-rejects-invalid-combination", websocket=TakesBoth),
]  # fmt: skip


DENIAL = faults_of("asgi.ext.ws-denial")(
    "denial-unfinished", "server-sends-and-closes", websocket=DenialUnfinished
)

ENDS = [
    DENIAL,
    events("close-untold", "disconnect.on-client-close", websocket=CloseUntold),
    events("own-close-untold", "disconnect.on-server-close", websocket=OwnCloseUntold),
    events("loss-untold", "disconnect.on-socket-loss scope.socket-death-ends-app",
          websocket=LossUntold),
    events("odd-end", "disconnect.type", websocket=OddEnd),
    events("no-code", "disconnect.code-present",
          websocket=ended(lambda event: {"type": event["type"], "reason": event["reason"]})),
    events("code-as-text", "disconnect.code-type",
          websocket=ended(lambda event: {**event, "code": str(event["code"])})),
    events("code-of-its-own", "disconnect.code-from-client", websocket=CodeOfItsOwn),
    events("no-1005", "disconnect.code-1005-default", websocket=No1005),
    events("no-1006", "disconnect.code-1006-on-loss", websocket=No1006),
    events("reason-in-bytes", "disconnect.reason-type",
          websocket=ended(lambda event: {**event, "reason": event["reason"].encode()})),
    events("reason-lost", "disconnect.reason-from-client", websocket=ReasonLost),
    events("message-after-end", "disconnect.last-event", websocket=RepeatsMessage),
    events("other-error-here", "send.raises-oserror-when-closed", websocket=OtherError),
    events("dies-of-its-own-here", "server.catches-own-disconnect-error", websocket=DiesOfItsOwn),
    events("logs-its-own-here", "server.disconnect-not-logged-as-error", websocket=LogsItsOwn),
    events("code-or-1000", "close.after-accept-code", websocket=CodeOr1000),
    events("default-1001", "close.default-1000", websocket={"default_code": lambda self: 1001}),
    events("reason-none", "close.reason-default", websocket=ReasonNone),
    events("no-reason", "close.reason-sent", websocket=NoReason),
]  # fmt: skip


FAULTS = [*EVENTS, *ENDS]
