"""Faults in the opening handshake of WebSockets, and in close codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference.asgi_side import Event
from reference.http_reading import Fields, Reading, RefusedError, Request
from reference.parts import faults_of
from reference.websocket_frames import TEXT, Deflate
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


class AnyCloseCode(WebSocketCall):
    async def close_by_application(self, event: Event) -> None:
        code = event.get("code", 1000)
        if self.phase == "open" and isinstance(code, int) and 0 <= code < 65536:
            self.present()
            await self.close(code, event.get("reason") or "")
        else:
            await super().close_by_application(event)


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


FAULTS = [
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
