"""Faults in WebSockets: the handshake, the events, and closing."""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Callable
from typing import Any

from reference.asgi_side import Event
from reference.faults_websocket_frames import Singly
from reference.http_reading import Fields, Reading, RefusedError, Request
from reference.octets import GoneError
from reference.parts import faults_of
from reference.websocket_frames import BINARY, TEXT, Deflate
from reference.websocket_side import WebSocketCall


def answering(change: Callable[[WebSocketCall, Fields], Fields]) -> dict[str, Any]:
    """An edit of the fields of the 101 response."""

    def accept_fields(self: WebSocketCall, subprotocol: str | None, fields: Fields) -> Fields:
        return change(self, WebSocketCall.accept_fields(self, subprotocol, fields))

    return {"accept_fields": accept_fields}


def but(*names: bytes) -> dict[str, Any]:
    """A 101 response without some fields."""
    return answering(lambda call, fields: [e for e in fields if e[0].lower() not in names])


def and_(name: bytes, value: bytes) -> dict[str, Any]:
    """A 101 response with another field."""
    return answering(lambda call, fields: [*fields, (name, value)])


# The handshake ---------------------------------------------------------------------------


class AnyMethod(WebSocketCall):
    def check_method(self, request: Request) -> None:
        if request.chunked or request.length:
            super().check_method(request)


class AnyUpgrade(WebSocketCall):
    @classmethod
    def asked_for(cls, request: Request) -> bool:
        return request.version == "1.1" and b"upgrade" in request.tokens(b"connection")


class OneSpelling(WebSocketCall):
    @classmethod
    def asked_for(cls, request: Request) -> bool:
        return super().asked_for(request) and request.get(b"upgrade") == [cls.NAME]


class OneOption(WebSocketCall):
    @classmethod
    def asked_for(cls, request: Request) -> bool:
        return super().asked_for(request) and request.get(b"connection") == [b"Upgrade"]


class NoOption(WebSocketCall):
    @classmethod
    def asked_for(cls, request: Request) -> bool:
        return request.version == "1.1" and cls.NAME in request.tokens(b"upgrade")


class HostlessUpgrade(Reading):
    def host_count(self, request: Request, count: int) -> None:
        super().host_count(request, count or bool(request.get(b"upgrade")))


class NoKeyNeeded(WebSocketCall):
    def check_key(self, keys: list[bytes]) -> None:
        if keys:
            super().check_key(keys)

    def accept_value(self) -> bytes:
        return super().accept_value() if self.request.get(b"sec-websocket-key") else b""


class NeitherNeeded(NoKeyNeeded):
    """A request that has nothing of a handshake but Upgrade opens a WebSocket."""

    def check_key(self, keys: list[bytes]) -> None:
        if keys or self.request.get(b"sec-websocket-version"):
            WebSocketCall.check_key(self, keys)

    def check_version(self, versions: list[bytes]) -> None:
        if versions or self.request.get(b"sec-websocket-key"):
            super().check_version(versions)


class AnyKey(WebSocketCall):
    def check_key(self, keys: list[bytes]) -> None:
        if len(keys) != 1:
            super().check_key(keys)


class FirstKey(WebSocketCall):
    def check_key(self, keys: list[bytes]) -> None:
        super().check_key(keys[:1])


class AnyVersion(WebSocketCall):
    def check_version(self, versions: list[bytes]) -> None:
        if len(versions) > 1:
            super().check_version(versions)


class FirstVersion(WebSocketCall):
    def check_version(self, versions: list[bytes]) -> None:
        super().check_version(versions[:1])


class VersionsUntold(WebSocketCall):
    def check_version(self, versions: list[bytes]) -> None:
        try:
            super().check_version(versions)
        except RefusedError as refused:
            raise RefusedError(400, refused.why) from None


class HostBefore(WebSocketCall):
    def handshake(self) -> None:
        names = [name.lower() for name, _ in self.request.fields]
        if names.index(b"upgrade") < names.index(b"host"):
            raise RefusedError(400, "Upgrade before Host")
        super().handshake()


class EarlyLost(WebSocketCall):
    async def accept(self, event: Event) -> None:
        self.octets.take(len(self.octets.pending))
        await super().accept(event)


def ok(self: WebSocketCall, subprotocol: str | None, fields: Fields) -> bytes:
    """200 in the place of 101."""
    head = WebSocketCall.accepted(self, subprotocol, fields)
    return head.replace(b"101 Switching Protocols", b"200 OK")


class OtherAccept(WebSocketCall):
    def accept_value(self) -> bytes:
        return super().accept_value().swapcase()


class EarlyPing(WebSocketCall):
    async def accept(self, event: Event) -> None:
        await self.octets.write(self.frames.build(9, b""))
        await super().accept(event)


class DropsRefused(WebSocketCall):
    async def deny(self) -> None:
        self.phase = "closed"
        self.end(1006, "")
        self.octets.transport.close()


class Chooses(WebSocketCall):
    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        if subprotocol is None and self.subprotocols:
            subprotocol = self.subprotocols[0]
        return super().accept_fields(subprotocol, fields)


class OtherSubprotocol(WebSocketCall):
    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        return super().accept_fields(subprotocol and subprotocol + ".v2", fields)


class EmptySubprotocol(WebSocketCall):
    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        return super().accept_fields(subprotocol or "", fields)


class TwiceNamed(WebSocketCall):
    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        made = super().accept_fields(subprotocol, fields)
        return [*made, *(e for e in made if e[0] == b"Sec-WebSocket-Protocol")]


class TwiceExtended(WebSocketCall):
    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        made = super().accept_fields(subprotocol, fields)
        return [*made, *(e for e in made if e[0] == b"Sec-WebSocket-Extensions")]


class AlwaysExtended(WebSocketCall):
    def handshake(self) -> None:
        super().handshake()
        self.deflate = self.deflate or Deflate(15)


class MalformedExtended(WebSocketCall):
    def agreed(self, values: list[bytes]) -> Deflate | None:
        return Deflate(15) if b"permessage-deflate" in b",".join(values) else None


class LargerWindow(Deflate):
    def answer(self) -> bytes:
        return super().answer() + b"; unheard_of"


class OddParameters(WebSocketCall):
    def handshake(self) -> None:
        super().handshake()
        if self.deflate is not None:
            self.deflate = LargerWindow(self.deflate.bits)


# Events ----------------------------------------------------------------------------------


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


# Closing ---------------------------------------------------------------------------------


class AcceptsToClose(WebSocketCall):
    async def deny(self) -> None:
        await self.octets.write(self.accepted(None, []))
        await self.close(1000, "")


class AnyCloseCode(WebSocketCall):
    async def close_by_application(self, event: Event) -> None:
        code = event.get("code", 1000)
        if self.phase == "open" and isinstance(code, int) and 0 <= code < 65536:
            self.present()
            await self.close(code, event.get("reason") or "")
        else:
            await super().close_by_application(event)


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


class SurrogatesPass(WebSocketCall):
    async def send_message(self, event: Event) -> None:
        text = event.get("text")
        if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
            self.present()
            await self.transmit(TEXT, text.encode("utf-8", "surrogatepass"))
        else:
            await super().send_message(event)


class CutAtStop(WebSocketCall):
    async def going_away(self) -> None:
        self.octets.transport.abort()


fault = faults_of("ws")

HANDSHAKE = [
    fault("any-method-here", "handshake.get-method",
          websocket=AnyMethod),
    fault("hostless-upgrade", "handshake.host-required", reading=HostlessUpgrade),
    fault("any-upgrade", "handshake.upgrade-token", websocket=AnyUpgrade),
    fault("one-spelling-of-upgrade", "handshake.upgrade-token", websocket=OneSpelling),
    fault("one-option", "handshake.connection-token", websocket=OneOption),
    fault("no-option", "handshake.connection-token", websocket=NoOption),
    fault("no-key-needed", "handshake.key-required", websocket=NoKeyNeeded),
    fault("neither-needed", "handshake.invalid-request-rejected", websocket=NeitherNeeded),
    fault("any-key", "handshake.key-16-bytes", websocket=AnyKey),
    fault("first-key", "handshake.key-once", websocket=FirstKey),
    fault("any-version", "handshake.version-13", websocket=AnyVersion),
    fault("first-version", "handshake.version-once", websocket=FirstVersion),
    fault("versions-untold", "handshake.version-mismatch-reply", websocket=VersionsUntold),
    fault("host-before", "handshake.header-order-free", websocket=HostBefore),
    fault("early-lost", "handshake.body-bytes-after-request", websocket=EarlyLost),
    fault("ok-for-101", "handshake.status-101", websocket={"accepted": ok}),
    fault("no-upgrade-in-101", "handshake.response-upgrade", websocket=but(b"upgrade")),
    fault("no-connection-in-101", "handshake.response-connection", websocket=but(b"connection")),
    fault("other-accept", "handshake.accept-value", websocket=OtherAccept),
    fault("accept-twice", "handshake.accept-once",
          websocket=answering(lambda call, fields: [
              *fields, (b"Sec-WebSocket-Accept", call.accept_value())])),
    fault("length-in-101", "handshake.no-body-framing-headers",
          websocket=and_(b"Content-Length", b"0")),
    fault("drops-refused", "handshake.origin-refusal", websocket=DropsRefused),
    fault("early-ping", "handshake.frames-only-after-101", websocket=EarlyPing),
    fault("other-subprotocol", "subprotocol.from-client-list", websocket=OtherSubprotocol),
    fault("empty-subprotocol", "subprotocol.null-when-none-agreed", websocket=EmptySubprotocol),
    fault("twice-named", "subprotocol.single-response-header", websocket=TwiceNamed),
    fault("always-extended", "extension.only-requested", websocket=AlwaysExtended),
    fault("malformed-extended", "extension.malformed-header", websocket=MalformedExtended),
    fault("odd-parameters", "extension.params-valid", websocket=OddParameters),
    fault("twice-extended", "extension.single-response-header", websocket=TwiceExtended),
    fault("any-close-code", "close-code.reserved-not-sent close-code.below-1000",
          websocket=AnyCloseCode),
    fault("surrogates-pass", "utf8.server-text-valid", websocket=SurrogatesPass),
    fault("cut-at-stop", "close.once-initiated-by-app-return", websocket=CutAtStop),
]  # fmt: skip

events = faults_of("asgi.websocket")

EVENTS = [
    events("ping-told", "server.handles-ping-pong", websocket={"pong": ping_told}),
    events("never-pings", "server.sends-keepalive-pings", websocket={"PING_EVERY": 86400.0}),
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

ENDS = [
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

FAULTS = [*HANDSHAKE, *EVENTS, *ENDS]
