"""Faults in the call of an ASGI application for a request, and in its receive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from reference.asgi_side import ASGICall, Event
from reference.faults_http1_framing import CutOffIsComplete, EndBrokenOff, LineEndsInBody
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
    def receive(self) -> Any:
        return None


class StaysOpen(ASGICall):
    async def after_failure(self) -> None:
        if self.response.head_sent and not self.response.complete:
            await asyncio.sleep(60)
        await super().after_failure()


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


FAULTS = [*CALLS, *EVENTS]
