"""Faults in what an ASGI server does with the call for a request, its receive and its send."""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reference.asgi_side import ASGICall, Event
from reference.faults_http1_framing import CutOffIsComplete, EndBrokenOff, LineEndsInBody
from reference.faults_http1_heads import Reversed
from reference.faults_wsgi_results import CookiesMerged
from reference.http_reading import Fields
from reference.http_writing import Response
from reference.octets import GoneError
from reference.parts import faults_of


class CallAgain(ASGICall):
    async def invoke(self, scope: dict[str, Any]) -> None:
        await super().invoke(scope)
        await super().invoke(self.scope())


class OneCall(ASGICall):
    """The call of the first request gets the second one as well."""

    async def run(self) -> None:
        await asyncio.wait({asyncio.create_task(self.call())})

    async def receive(self) -> Event:
        if self.response.complete and self.response.keep:
            request = await self.connection.reading.request()
            if request is None:
                return self.disconnect()
            parts = self.connection.parts
            self.request = request
            self.response = parts.response(self.octets, request)
            self.body = parts.body(
                self.octets, request, self.connection.reading, self.response.invite
            )
            self.response.body = self.body
            self.phase, self.told = "start", False
        return await super().receive()


class NeverAwaited(ASGICall):
    async def invoke(self, scope: dict[str, Any]) -> None:
        self.server.app(scope, self.receive, self.send).close()


class CancelledAtOnce(ASGICall):
    async def invoke(self, scope: dict[str, Any]) -> None:
        work = asyncio.ensure_future(super().invoke(scope))
        while not work.done():
            if self.octets.ended:
                work.cancel()
            changed = asyncio.ensure_future(self.octets.changed.wait())
            await asyncio.wait({work, changed}, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
        await work


class ReceiveFirst(ASGICall):
    async def invoke(self, scope: dict[str, Any]) -> None:
        await self.server.app(self.receive, scope, self.send)


class TooLong(ASGICall):
    async def invoke(self, scope: dict[str, Any]) -> None:
        await asyncio.wait_for(super().invoke(scope), 0.3)


def requests(change: Callable[[Event], Any]) -> dict[str, Any]:
    """An edit that changes each event with a piece of the body."""

    def request_event(self: ASGICall, data: bytes) -> Any:
        return change(ASGICall.request_event(self, data))

    return {"request_event": request_event}


def adding(**entries: object) -> dict[str, Any]:
    """An edit that adds entries to each such event."""
    return requests(lambda event: {**event, **entries})


class PlainReceive(ASGICall):
    def receive(self) -> Any:  # type: ignore[override]
        return None


class PlainSend(ASGICall):
    def send(self, event: Event) -> Any:  # type: ignore[override]
        self.server.keep(asyncio.ensure_future(super().send(event)))


class SendForEver(ASGICall):
    async def send(self, event: Event) -> None:
        try:
            await super().send(event)
        except GoneError:
            await asyncio.Event().wait()


class MissingStatus(ASGICall):
    async def start(self, event: Event) -> None:
        await super().start({"status": 200, **event})


class TextIsFine(ASGICall):
    async def start(self, event: Event) -> None:
        pairs = [
            tuple(item.encode() if isinstance(item, str) else item for item in pair)
            for pair in event.get("headers", ())
        ]
        status = event.get("status")
        status = int(status) if isinstance(status, str) else status
        await super().start({**event, "status": status, "headers": pairs})

    async def content(self, event: Event) -> None:
        body = event.get("body", b"")
        await super().content({**event, "body": body.encode() if isinstance(body, str) else body})


class TypeMissing(ASGICall):
    async def send(self, event: Event) -> None:
        if not isinstance(event, dict) or "type" in event:
            await super().send(event)


class NothingExtra(ASGICall):
    KNOWN = frozenset({"type", "status", "headers", "trailers", "body", "more_body",
                       "more_trailers"})  # fmt: skip

    async def send(self, event: Event) -> None:
        if isinstance(event, dict) and set(event) - self.KNOWN:
            raise ValueError("an unknown key")
        await super().send(event)


class StaysOpen(ASGICall):
    async def after_failure(self) -> None:
        if self.response.head_sent and not self.response.complete:
            await asyncio.sleep(60)
        await super().after_failure()


class OtherError(ASGICall):
    def present(self) -> None:
        try:
            super().present()
        except GoneError as gone:
            raise RuntimeError("closed") from gone

    async def send(self, event: Event) -> None:
        try:
            await super().send(event)
        except GoneError as gone:
            raise RuntimeError("closed") from gone


class LogsItsOwn(ASGICall):
    async def invoke(self, scope: dict[str, Any]) -> None:
        try:
            await super().invoke(scope)
        except GoneError:
            self.server.log(traceback.format_exc())
            raise


class DiesOfItsOwn(ASGICall):
    async def invoke(self, scope: dict[str, Any]) -> None:
        try:
            await super().invoke(scope)
        except GoneError:
            os._exit(1)


# receive ---------------------------------------------------------------------------------


class NothingIsGone(ASGICall):
    async def next_request(self) -> Event | None:
        if self.body.complete and not self.body.request.length:
            self.gone = True
            return None
        return await super().next_request()


class LosesPieces(ASGICall):
    pieces = 0

    async def piece(self) -> bytes:
        data = await super().piece()
        self.pieces += 1
        return b"" if self.pieces == 2 else data


class NeverFinal(ASGICall):
    def request_event(self, data: bytes) -> Event:
        return {**super().request_event(data), "more_body": True}


class FinalTwice(ASGICall):
    again = False

    async def receive(self) -> Event:
        if self.told and not self.again and not self.gone:
            self.again = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return await super().receive()


class BlocksAfterResponse(ASGICall):
    async def over(self) -> None:
        while not self.gone:
            try:
                await self.octets.more()
            except GoneError:
                self.gone = True


class NeverGone(ASGICall):
    async def over(self) -> None:
        while not self.response.complete:
            await self.octets.changed.wait()


async def over_at_once(self: ASGICall) -> None:
    """The end is told while the client waits."""


class OddDisconnect(ASGICall):
    async def receive(self) -> Event:
        event = await super().receive()
        if event["type"] == "http.request":
            return event
        await asyncio.sleep(0.1)  # an application may well ask on and on
        return {"type": "http.disconnected"}


class GoneOnce(ASGICall):
    times = 0

    def disconnect(self) -> Event:
        self.times += 1
        return super().disconnect()

    async def over(self) -> None:
        if self.times:
            await asyncio.Event().wait()
        await super().over()


# send ------------------------------------------------------------------------------------


class FailureIs200(ASGICall):
    async def answer_error(self, why: str) -> None:
        if self.body.problem is None:
            await self.response.error(200, "")
        else:
            await super().answer_error(why)


class WaitsForAnswer(ASGICall):
    async def returned(self) -> None:
        if not self.response.prepared:
            await asyncio.sleep(60)
        await super().returned()


class CodingPassedOn(Response):
    def passed_on(self) -> Fields:
        named = (b"transfer-encoding",)
        return [*super().passed_on(), *(e for e in self.fields if e[0].lower() in named)]


class NoContentEncoding(Response):
    def passed_on(self) -> Fields:
        return [e for e in super().passed_on() if e[0].lower() != b"content-encoding"]


class HeadersWanted(ASGICall):
    async def start(self, event: Event) -> None:
        await super().start({**event, "headers": event["headers"]})


class BodyWanted(ASGICall):
    async def content(self, event: Event) -> None:
        await super().content({**event, "body": event["body"]})


class TrailersByDefault(ASGICall):
    async def start(self, event: Event) -> None:
        await super().start({"trailers": True, **event})


class NoWaitForTrailers(ASGICall):
    async def transmit(self, data: bytes, more: bool) -> None:
        await super().transmit(data, more)
        if not more:
            await self.response.end()


class HoldsBack(ASGICall):
    held = b""

    async def flush(self, data: bytes, more: bool) -> None:
        data, self.held = (self.held, data) if more else (self.held + data, b"")
        await super().flush(data, more)


class EndsWithCall(ASGICall):
    async def transmit(self, data: bytes, more: bool) -> None:
        if more:
            await super().transmit(data, more)
        else:
            self.phase = "done"
            await self.response.data(data)

    async def returned(self) -> None:
        if self.phase == "done":
            await self.response.end()
        await super().returned()


class EmptyEnds(ASGICall):
    async def transmit(self, data: bytes, more: bool) -> None:
        await super().transmit(data, more and bool(data))


class TrailersAfterTheEnd(ASGICall):
    async def trail(self, event: Event) -> None:
        if self.phase == "done":
            late = [name + b": " + value for name, value in event["headers"]]
            await self.octets.write(b"\r\n".join([*late, b"", b""]))
        else:
            await super().trail(event)


class MoreTrailersByDefault(ASGICall):
    async def trail(self, event: Event) -> None:
        await super().trail({"more_trailers": True, **event})


def trailers_to_all(self: Response) -> bytes:
    """Trailers, whatever TE says."""
    lines = [self.line(name, value) for name, value in self.trailers or []]
    return b"0\r\n" + b"".join(lines) + b"\r\n"


class SecretHints(ASGICall):
    async def send(self, event: Event) -> None:
        if isinstance(event, dict) and event.get("type") == "http.response.early_hint":
            await self.octets.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        else:
            await super().send(event)


class SecretFiles(ASGICall):
    async def send(self, event: Event) -> None:
        if isinstance(event, dict) and event.get("type") == "http.response.pathsend":
            data = await asyncio.to_thread(Path(event["path"]).read_bytes)
            event = {"type": "http.response.body", "body": data}
        await super().send(event)


class AfterTheEnd(ASGICall):
    async def content(self, event: Event) -> None:
        if self.phase == "done":
            await self.octets.write(event.get("body", b""))
        else:
            await super().content(event)


fault = faults_of("asgi")

CALLS = [
    fault("call-again", "server.one-call-per-connection", asgi=CallAgain),
    fault("one-call", "http.scope.single-request", asgi=OneCall),
    fault("never-awaited", "app.awaited-with-three-arguments", asgi=NeverAwaited),
    fault("cancelled-at-once", "scope.lifetime-until-close", asgi=CancelledAtOnce),
    fault("receive-first", "scope.first-argument", asgi=ReceiveFirst),
    fault("too-long", "http.scope.persists-until-response-end", asgi=TooLong),
    fault("failure-is-200", "http.server.500-on-error-before-start", asgi=FailureIs200),
    fault("waits-for-answer", "http.server.error-on-missing-response", asgi=WaitsForAnswer),
    fault("ends-broken-off", "http.server.abort-incomplete-response", response=EndBrokenOff),
    fault("stays-open", "server.terminates-on-app-error", asgi=StaysOpen),
]

EVENTS = [
    fault("read-only-event", "event.is-dict",
          asgi=requests(MappingProxyType)),
    fault("untyped-event", "event.type-key", asgi=requests(lambda event: {})),
    fault("type-in-bytes", "event.type-unicode", asgi=adding(type=b"http.request")),
    fault("set-in-event", "event.allowed-types", asgi=adding(extra={1})),
    fault("large-number", "event.int-range", asgi=adding(extra=2**63)),
    fault("not-a-number", "event.float-finite", asgi=adding(extra=float("nan"))),
    fault("tuple-in-event", "event.tuples-as-lists", asgi=adding(extra=(1,))),
    fault("key-of-event-in-bytes", "event.dict-keys-unicode",
          asgi=requests(lambda event: {**event, b"extra": 1})),
    fault("type-without-prefix", "event.type-namespaced",
          asgi=adding(type="request")),
    fault("odd-request", "http.request.type", asgi=adding(type="http.body")),
    fault("plain-receive", "receive.awaitable-callable", asgi=PlainReceive),
    fault("nothing-is-gone", "http.request.sent-to-app", asgi=NothingIsGone),
    fault("chunks-to-asgi", "http.server.handles-transfer-encoding http.request.decoded-content",
          body=LineEndsInBody),
    fault("body-as-bytearray", "http.request.body-type",
          asgi=requests(lambda event: {**event, "body": bytearray(event["body"])})),
    fault("loses-pieces", "http.request.body-concatenated", asgi=LosesPieces),
    fault("more-as-number", "http.request.more-body-type",
          asgi=requests(lambda event: {**event, "more_body": int(event["more_body"])})),
    fault("never-final", "http.request.ends-with-more-body-false", asgi=NeverFinal),
    fault("final-twice", "http.request.none-after-final", asgi=FinalTwice),
    fault("half-is-complete", "http.request.truncated-body-disconnect", body=CutOffIsComplete),
    fault("blocks-after-response", "http.disconnect.after-response", asgi=BlocksAfterResponse),
    fault("never-gone", "http.disconnect.after-connection-closed", asgi=NeverGone),
    fault("gone-at-once", "http.disconnect.not-while-connected", asgi={"over": over_at_once}),
    fault("gone-once", "http.disconnect.repeatable", asgi=GoneOnce),
    fault("odd-disconnect", "http.disconnect.type", asgi=OddDisconnect),
]  # fmt: skip

SENDING = [
    fault("plain-send", "send.awaitable-callable", asgi=PlainSend),
    fault("send-for-ever", "send.returns-after-completion", asgi=SendForEver),
    fault("any-event", "server.raises-on-unknown-event-type",
          asgi={"unknown": lambda self, kind: None}),
    fault("missing-status", "server.raises-on-missing-keys", asgi=MissingStatus),
    fault("text-is-fine", "server.raises-on-wrong-types", asgi=TextIsFine),
    fault("type-missing", "server.raises-on-missing-type", asgi=TypeMissing),
    fault("nothing-extra", "server.ignores-extra-keys", asgi=NothingExtra),
    fault("other-error", "http.send.raises-oserror-when-closed",
          asgi=OtherError),
    fault("logs-its-own", "http.server.disconnect-not-logged-as-error", asgi=LogsItsOwn),
    fault("dies-of-its-own", "http.server.catches-own-disconnect-error", asgi=DiesOfItsOwn),
    fault("cookies-in-one-line", "http.headers.set-cookie-not-joined", response=CookiesMerged),
    fault("coding-passed-on", "http.server.ignores-transfer-encoding", response=CodingPassedOn),
    fault("no-content-encoding", "http.server.content-encoding-untouched",
          response=NoContentEncoding),
    fault("answer-backwards", "http.response-start.headers-order-preserved", response=Reversed),
    fault("headers-wanted", "http.response-start.headers-default", asgi=HeadersWanted),
    fault("trailers-by-default", "http.response-start.trailers-default", asgi=TrailersByDefault),
    fault("no-wait-for-trailers", "http.server.waits-for-trailers", asgi=NoWaitForTrailers),
    fault("holds-back", "http.response-body.flush-before-return", asgi=HoldsBack),
    fault("ends-with-call", "http.response-body.completes-response", asgi=EndsWithCall),
    fault("body-wanted", "http.response-body.body-default", asgi=BodyWanted),
    fault("empty-ends", "http.response-body.concatenated", asgi=EmptyEnds),
    fault("more-by-default", "http.response-body.more-body-default",
          asgi={"more_body_default": lambda self: True}),
    fault("trailers-after-the-end", "ext.trailers.after-complete-ignored",
          asgi=TrailersAfterTheEnd),
    fault("more-trailers-by-default", "ext.trailers.more-trailers-default",
          asgi=MoreTrailersByDefault),
    fault("trailers-to-all", "ext.trailers.only-with-te",
          response={"last_chunk": trailers_to_all}),
    fault("secret-hints", "ext.early-hint.advertised", asgi=SecretHints),
    fault("secret-files", "ext.pathsend.advertised", asgi=SecretFiles),
    fault("after-the-end", "http.response-body.after-complete-ignored", asgi=AfterTheEnd),
    fault("content-for-head-here", "http.server.head-body-suppressed",
          response={"bodiless": property(lambda self: self.status in self.EMPTY)}),
]  # fmt: skip

FAULTS = [*CALLS, *EVENTS, *SENDING]
