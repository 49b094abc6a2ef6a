"""Faults for the pairs of case and requirement of server.asgi.http that had none."""

from __future__ import annotations

import asyncio

from reference.asgi_side import ASGICall, Event
from reference.faults_asgi_scopes import edited, headers
from reference.http_reading import Fields
from reference.http_writing import Response
from reference.octets import Octets
from reference.parts import faults_of


class QuotesDropped(Response):
    def passed_on(self) -> Fields:
        return [(name, value.replace(b'"', b"")) for name, value in super().passed_on()]


class AnswerInUTF8(Response):
    def passed_on(self) -> Fields:
        return [(n, v.decode("latin-1").encode()) for n, v in super().passed_on()]


class NeverWaits(Octets):
    def pause_writing(self) -> None:
        pass


class Unframed(Response):
    def frame(self, size: int | None) -> Fields:
        framing = super().frame(size)
        if self.framing == "chunked":
            self.framing = "none"
            return []
        return framing


class ForgetsLater(ASGICall):
    count = 0

    async def send(self, event: Event) -> None:
        self.count += 1
        if self.count == 1000:
            event = {**event, "body": b""}
        await super().send(event)


class Interleaves(ASGICall):
    """A large piece is sent in halves, and others come in between."""

    async def content(self, event: Event) -> None:
        body = event.get("body", b"")
        if len(body) != 20_000:
            await super().content(event)
            return
        await super().content({**event, "body": body[:7000], "more_body": True})
        await asyncio.sleep(0.05)
        await super().content({**event, "body": body[7000:]})


fault = faults_of("asgi")
FAULTS = [
    fault("quotes-dropped-from-answers", "http.headers.preserved-exactly", response=QuotesDropped),
    fault("answers-in-utf8", "http.encoding.headers-exact-bytes", response=AnswerInUTF8),
    fault("quotes-dropped", "http.headers.preserved-exactly",
          **edited("http", headers(lambda pairs: [(n, v.replace(b'"', b"")) for n, v in pairs]))),
    fault("never-waits", "send.returns-after-completion", octets=NeverWaits),
    fault("unframed-at-all", "http.server.handles-transfer-encoding", response=Unframed),
    fault("forgets-later", "http.response-body.concatenated", asgi=ForgetsLater),
    fault("interleaves", "http.response-body.concatenated", asgi=Interleaves),
]  # fmt: skip
