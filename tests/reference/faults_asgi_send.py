"""Faults in what an ASGI server makes of the events of a response."""

from __future__ import annotations

import asyncio
import os
import traceback
from pathlib import Path
from typing import Any

from reference.asgi_side import ASGICall, Event, Scopes
from reference.faults_http1_heads import Reversed
from reference.faults_wsgi_results import CookiesMerged
from reference.http_reading import Fields
from reference.http_writing import Response
from reference.octets import GoneError
from reference.parts import faults_of


class PlainSend(ASGICall):
    def send(self, event: Event) -> Any:
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


class AnswerInSmallLetters(Response):
    def passed_on(self) -> Fields:
        return [(name, value.lower()) for name, value in super().passed_on()]


class AnswerInUTF8(Response):
    def line(self, name: bytes, value: bytes) -> bytes:
        return super().line(name, value.decode("latin-1").encode("utf-8"))


class Unframed(Response):
    def frame(self, size: int | None) -> Fields:
        if self.bodiless or self.given(b"content-length"):
            return super().frame(size)
        return []


class PiecesLost(ASGICall):
    pieces = 0

    async def flush(self, data: bytes, more: bool) -> None:
        self.pieces += 1
        await super().flush(b"" if self.pieces % 16 == 0 else data, more)


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


class HintsWithoutLinks(ASGICall):
    async def hint(self, event: Event) -> None:
        await super().hint({**event, "links": []})


class FileCutOff(ASGICall):
    async def send_file(self, event: Event) -> None:
        data = await asyncio.to_thread(Path(event["path"]).read_bytes)
        await self.content({"type": "http.response.body", "body": data[: len(data) // 2]})


class FileForHead(ASGICall):
    async def send_file(self, event: Event) -> None:
        await super().send_file(event)
        if self.request.method == "HEAD":
            await self.octets.write(await asyncio.to_thread(Path(event["path"]).read_bytes))


class NothingOffered(Scopes):
    def extensions(self) -> dict[str, Any]:
        return {}


class AfterTheEnd(ASGICall):
    async def content(self, event: Event) -> None:
        if self.phase == "done":
            await self.octets.write(event.get("body", b""))
        else:
            await super().content(event)


fault = faults_of("asgi")


FAULTS = [
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
    fault("answer-in-small-letters", "http.headers.preserved-exactly",
          response=AnswerInSmallLetters),
    fault("answer-in-utf8", "http.encoding.headers-exact-bytes", response=AnswerInUTF8),
    fault("unframed", "http.server.handles-transfer-encoding", response=Unframed),
    fault("pieces-lost", "http.response-body.concatenated", asgi=PiecesLost),
    fault("send-never-waits", "send.returns-after-completion",
          octets={"pause_writing": lambda self: None}),
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
    fault("hints-without-links", "ext.early-hint.server-attempts", asgi=HintsWithoutLinks),
    fault("hints-to-all", "ext.early-hint.not-to-http10",
          asgi={"hints_wanted": lambda self: True}),
    fault("file-cut-off", "ext.pathsend.behaves-like-body", asgi=FileCutOff),
    fault("file-for-head", "ext.pathsend.head", asgi=FileForHead),
    fault("secret-hints", "ext.early-hint.advertised", scopes=NothingOffered),
    fault("secret-files", "ext.pathsend.advertised", scopes=NothingOffered),
    fault("after-the-end", "http.response-body.after-complete-ignored", asgi=AfterTheEnd),
    fault("content-for-head-here", "http.server.head-body-suppressed",
          response={"bodiless": property(lambda self: self.status in self.EMPTY)}),
]  # fmt: skip
