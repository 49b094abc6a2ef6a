"""Faults in HTTP/1.1: how connections are kept and closed, expectations, interim statuses."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

from reference.connection import Connection
from reference.http_reading import Fields, Reading, RefusedError, Request
from reference.http_writing import Response
from reference.parts import faults_of
from reference.websocket_side import WebSocketCall


class CloseUnannounced(Connection):
    def stays(self, response: Response) -> bool:
        return False


class OneRequestServed(Connection):
    served = False

    async def serve_one(self, request: Request) -> bool:
        if self.served:
            await asyncio.sleep(60)
        self.served = True
        return await super().serve_one(request)


class NoCloseEcho(Response):
    def connection(self) -> Fields:
        asked = b"close" in self.request.tokens(b"connection")
        return [] if asked else super().connection()


class ServePending(Connection):
    def stays(self, response: Response) -> bool:
        return super().stays(response) or bool(self.octets.pending)


class StayAnyway(Connection):
    def stays(self, response: Response) -> bool:
        return response.complete and response.wanted_to_stay()


def stay_always(self: Response) -> bool:
    """What the client says of closing is overlooked."""
    return self.request.version == "1.1" or b"keep-alive" in self.request.tokens(b"connection")


class CloseInOneSpelling(Response):
    def wanted_to_stay(self) -> bool:
        if self.request.version == "1.0":
            return super().wanted_to_stay()
        return self.request.get(b"connection") != [b"close"]


def stay_in_http10(self: Response) -> bool:
    """HTTP/1.0 stays as HTTP/1.1 does."""
    return b"close" not in self.request.tokens(b"connection")


class NoKeepAliveEcho(Response):
    def connection(self) -> Fields:
        return [] if self.keep else super().connection()


class SecondFirst(Reading):
    async def request(self) -> Request | None:
        held: list[Request] = self.__dict__.setdefault("held", [])
        if held:
            return held.pop()
        first = await super().request()
        if first is None or first.length or first.chunked or b"\r\n\r\n" not in self.octets.pending:
            return first
        held.append(first)
        return await super().request()


class LastOnly(Reading):
    async def request(self) -> Request | None:
        request = await super().request()
        while request and not request.chunked and self.octets.pending[request.length :]:
            self.octets.take(request.length)
            request = await super().request()
        return request


class NextBetweenPieces(Response):
    async def data(self, data: bytes, *, last: bool = False) -> None:
        await super().data(data, last=last)
        behind, end, _ = self.octets.pending.partition(b"\r\n\r\n")
        if self.framing == "chunked" and end:
            self.octets.take(len(behind + end))
            await self.octets.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")


async def no_invitation(self: Response) -> None:
    """Nobody is told to go on."""


class InviteLate(Response):
    async def end(self) -> None:
        await super().end()
        if self.expected and not self.invited:
            self.invited = True
            await self.octets.write(self.CONTINUE)


def expected_of_any(self: Response) -> bool:
    """An expectation of HTTP/1.0 counts."""
    return b"100-continue" in self.request.tokens(b"expect")


class InviteAllOfHttp10(Response):
    @property
    def expected(self) -> bool:
        return self.request.version == "1.0" or super().expected

    async def invite(self) -> None:
        if not self.invited and self.expected and not self.head_sent:
            self.invited = True
            await self.octets.write(self.CONTINUE)


def expected_in_one_spelling(self: Response) -> bool:
    """Only lower case counts."""
    return self.request.version == "1.1" and self.request.get(b"expect") == [b"100-continue"]


class NothingFinal(Response):
    async def data(self, data: bytes, *, last: bool = False) -> None:
        if self.invited:
            await asyncio.sleep(60)
        await super().data(data, last=last)


class FinalTwice(Response):
    async def end(self) -> None:
        again = self.invited and not self.complete
        await super().end()
        if again:
            await self.octets.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class UpgradeHttp10(WebSocketCall):
    @classmethod
    def asked_for(cls, request: Request) -> bool:
        return cls.NAME in request.tokens(b"upgrade")


class Bare426(WebSocketCall):
    def check_version(self, versions: list[bytes]) -> None:
        try:
            super().check_version(versions)
        except RefusedError as refused:
            raise RefusedError(refused.status, refused.why, refused.fields[:1]) from None


class TrimmedStatusLine(Response):
    def status_line(self) -> bytes:
        return super().status_line().rstrip() + b"\r\n"


def other_date(self: Response) -> Fields:
    """Date as mail has it."""
    return [] if self.given(b"date") else [(b"Date", formatdate().encode())]


class KeepAliveUnnamed(Response):
    def passed_on(self) -> Fields:
        return [*super().passed_on(), (b"Keep-Alive", b"timeout=5")]


class EndToEndOption(Response):
    def connection(self) -> Fields:
        return super().connection() or [(b"Connection", b"cache-control")]


class UpgradeUnnamed(Response):
    def connection(self) -> Fields:
        options = super().connection()
        return [(name, value.replace(b", upgrade", b"")) for name, value in options]


fault = faults_of("http1")

FAULTS = [
    fault(
        "close-unannounced",
        "conn.no-persistence-close-header",
        connection=CloseUnannounced,
    ),
    fault("one-request-served", "conn.persistent-default", connection=OneRequestServed),
    fault("never-close", "conn.client-close-honoured", response={"wanted_to_stay": stay_always}),
    fault("no-close-echo", "conn.client-close-header-echo", response=NoCloseEcho),
    fault("serve-pending", "conn.no-processing-after-close", connection=ServePending),
    fault("stay-anyway", "conn.server-close-honoured", connection=StayAnyway),
    fault(
        "close-in-one-spelling",
        "conn.connection-options-case-insensitive",
        response=CloseInOneSpelling,
    ),
    fault(
        "stay-in-http10", "conn.http10-default-close", response={"wanted_to_stay": stay_in_http10}
    ),
    fault("no-keep-alive-echo", "conn.http10-keepalive-echo", response=NoKeepAliveEcho),
    fault("second-first", "conn.pipelining-order", reading=SecondFirst),
    fault("last-only", "conn.pipelining-order", reading=LastOnly),
    fault("next-between-pieces", "conn.pipelining-order", response=NextBetweenPieces),
    fault("no-invitation", "expect.100-sent-or-final", response={"invite": no_invitation}),
    fault(
        "invite-http10",
        "expect.http10-ignored",
        response={"expected": property(expected_of_any)},
    ),
    fault(
        "invite-all-of-http10",
        "status.no-1xx-to-http10",
        response=InviteAllOfHttp10,
    ),
    fault("invite-late", "expect.no-100-after-final", response=InviteLate),
    fault(
        "expect-in-one-spelling",
        "expect.case-insensitive",
        response={"expected": property(expected_in_one_spelling)},
    ),
    fault("nothing-final", "status.final-after-1xx", response=NothingFinal),
    fault("two-finals", "status.final-after-1xx", response=FinalTwice),
    fault(
        "pass-101",
        "status.101-needs-upgrade",
        wsgi={"LEAST_STATUS": 101},
        asgi={"LEAST_STATUS": 101},
    ),
    fault("upgrade-http10", "status.upgrade-ignored-http10", websocket=UpgradeHttp10),
    fault("bare-426", "status.426-needs-upgrade", websocket=Bare426),
    fault("no-blank-behind-status", "status.line-space", response=TrimmedStatusLine),
    fault("no-date", "date.present", response={"date": lambda self: []}),
    fault("other-date", "date.single-imf-fixdate", response={"date": other_date}),
    fault("keep-alive-unnamed", "hop.connection-lists-fields", response=KeepAliveUnnamed),
    fault("end-to-end-option", "hop.no-end-to-end-option", response=EndToEndOption),
    fault("upgrade-unnamed", "hop.upgrade-needs-connection", response=UpgradeUnnamed),
]
