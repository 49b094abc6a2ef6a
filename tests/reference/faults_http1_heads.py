"""Faults in HTTP/1.1: how the heads of requests are read, and how fields are sent."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from reference.http_reading import Fields, Reading, RefusedError, Request
from reference.http_writing import Response
from reference.parts import faults_of


def ended_but_for_cr(self: Reading, line: bytes) -> bytes:
    """Lines may have a CR in them."""
    if not line.endswith(b"\r\n"):
        raise RefusedError(400, "a line ends without CR")
    return line[:-2]


class BlankFirst(Reading):
    def folded(self, line: bytes, fields: Fields) -> None:
        if fields:
            super().folded(line, fields)
        self.add(self.field(line.strip()), fields)


class GarbageIs500(Reading):
    def request_line(self, line: bytes) -> Request:
        try:
            return super().request_line(line)
        except RefusedError as refused:
            raise RefusedError(500 if refused.status == 400 else refused.status, "no") from None


class MisspeltVersion(Reading):
    def version(self, version: bytes) -> None:
        if version.upper() not in (b"HTTP/1", b"HTTP/1.1"):
            super().version(version)


class AnyMajor(Reading):
    def version(self, version: bytes) -> None:
        if not self.VERSION.fullmatch(version):
            super().version(version)


class OnlyKnownMinor(Reading):
    def version(self, version: bytes) -> None:
        super().version(version)
        if version not in (b"HTTP/1.0", b"HTTP/1.1"):
            raise RefusedError(505, "an unknown minor version")


def echo_version(self: Response) -> bytes:
    """The status line with the version of the request."""
    reason = self.reason.encode("latin-1")
    return b"%s %d %s\r\n" % (self.request.protocol.encode(), self.status, reason)


def split_leniently(self: Reading, line: bytes) -> list[bytes]:
    """Everything between the first and the last blank is the target."""
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rpartition(b" ")
    return [method, target, version]


def split_and_repair(self: Reading, line: bytes) -> list[bytes]:
    """Blanks in the target are escaped."""
    method, target, version = split_leniently(self, line)
    return [method, target.replace(b" ", b"%20"), version]


class Version09(Reading):
    bare = False

    def request_line(self, line: bytes) -> Request:
        self.bare = line.count(b" ") == 1
        request = super().request_line(line + b" HTTP/1.0" if self.bare else line)
        request.__dict__["bare"] = self.bare
        return request

    async def fields(self) -> Fields:
        return [] if self.bare else await super().fields()


class BareBody(Response):
    def head(self, size: int | None) -> bytes:
        head = super().head(size)
        return b"" if "bare" in vars(self.request) and vars(self.request)["bare"] else head


class RefuseHead(Reading):
    def request_line(self, line: bytes) -> Request:
        request = super().request_line(line)
        if request.method == "HEAD":
            raise RefusedError(405, "no HEAD here")
        return request


class OnlyKnownMethods(Reading):
    def request_line(self, line: bytes) -> Request:
        request = super().request_line(line)
        if request.method not in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            raise RefusedError(400, "an unknown method")
        return request


class AnyCaseOfMethod(Reading):
    def request_line(self, line: bytes) -> Request:
        request = super().request_line(line)
        request.method = request.method.upper()
        return request


class HostOptional(Reading):
    def host_count(self, request: Request, count: int) -> None:
        super().host_count(request, count or 1)


class HostAgain(Reading):
    def host_count(self, request: Request, count: int) -> None:
        super().host_count(request, min(count, 1))


class HostByTarget(Reading):
    def host_count(self, request: Request, count: int) -> None:
        super().host_count(request, count + bool(request.authority and not count))


class NoQuery(Reading):
    def target(self, method: bytes, target: bytes) -> tuple[bytes, bytes, bytes]:
        path, _, authority = super().target(method, target)
        return path, b"", authority


class ServeAuthority(Reading):
    def target(self, method: bytes, target: bytes) -> tuple[bytes, bytes, bytes]:
        if method != b"CONNECT" and re.fullmatch(rb"[^/?*]+:[0-9]+", target):
            return b"/", b"", b""
        return super().target(method, target)


class ServeConnect(Reading):
    def target(self, method: bytes, target: bytes) -> tuple[bytes, bytes, bytes]:
        if method == b"CONNECT":
            return b"/", b"", b""
        return super().target(method, target)


class AlwaysChunked(Response):
    def frame(self, size: int | None) -> Fields:
        return super().frame(None)


def no_asterisk(self: Reading, method: bytes) -> tuple[bytes, bytes, bytes]:
    """The target ``*`` is refused."""
    raise RefusedError(400, "the target is no path")


class BlankBeforeColon(Reading):
    def name(self, name: bytes) -> bytes:
        return super().name(name.rstrip(b" \t"))


class OneSpelling(Reading):
    def framing(self, request: Request) -> None:
        every = request.fields
        named = (b"Content-Length", b"Transfer-Encoding")
        request.fields = [entry for entry in every if entry[0] in named]
        super().framing(request)
        request.fields = every


class SkipNoColon(Reading):
    def field(self, line: bytes) -> tuple[bytes, bytes] | None:
        return super().field(line) if b":" in line else None


class KeepFold(Reading):
    def folded(self, line: bytes, fields: Fields) -> None:
        if not fields:
            super().folded(line, fields)
        name, value = fields[-1]
        fields[-1] = (name, value + b"\r\n" + line)


class DropObsText(Reading):
    def trimmed(self, value: bytes) -> bytes:
        return bytes(octet for octet in super().trimmed(value) if octet < 0x80)


class HalfHead(Reading):
    async def fields(self) -> Fields:
        fields: Fields = []
        try:
            async with asyncio.timeout(0.1):
                while line := self.ended(await self.octets.line(self.HEAD_LIMIT)):
                    self.add(self.field(line), fields)
        except TimeoutError:
            pass
        return fields


class HeadTooLargeIs500(Reading):
    async def fields(self) -> Fields:
        try:
            return await super().fields()
        except RefusedError as refused:
            raise RefusedError(500 if refused.status == 431 else refused.status, "no") from None


class Reversed(Response):
    def passed_on(self) -> Fields:
        return super().passed_on()[::-1]


def values(reading: bytes) -> dict[str, Any]:
    """Edits of both sides that let further octets into header values."""
    pattern = rb"(?:[\t\x20-\x7e\x80-\xff]|" + reading + rb")*"
    return {
        "wsgi": {"VALUE": re.compile(pattern.decode("latin-1"))},
        "asgi": {"VALUE": re.compile(pattern)},
    }


fault = faults_of("http1")

FAULTS = [
    fault("cr-in-response", "parse.bare-cr-not-generated", **values(rb"\r(?!\n)")),
    fault(
        "cr-in-field",
        "parse.bare-cr-in-request",
        reading={"ended": ended_but_for_cr, "VALUE": re.compile(rb"[\t\r\x20-\x7e\x80-\xff]*")},
    ),
    fault(
        "cr-in-target",
        "parse.bare-cr-in-request",
        reading={"ended": ended_but_for_cr, "TARGET": re.compile(rb"[\r!-\x22$-~]+")},
    ),
    fault("no-empty-line", "parse.leading-empty-line", reading={"EMPTY_LINES": 0}),
    fault("blank-first", "parse.whitespace-before-first-header", reading=BlankFirst),
    fault("garbage-is-500", "parse.invalid-start-line-400", reading=GarbageIs500),
    fault("misspelt-version", "version.grammar", reading=MisspeltVersion),
    fault("any-major", "version.major-unsupported", reading=AnyMajor),
    fault("only-known-minor", "version.higher-minor-accepted", reading=OnlyKnownMinor),
    fault("echo-version", "version.response-own-version", response={"status_line": echo_version}),
    fault(
        "blanks-in-target",
        "request-line.single-sp request-line.invalid-400",
        reading={"split": split_leniently, "TARGET": re.compile(rb"[\t !-\x22$-~]+")},
    ),
    fault("long-method", "request-line.too-long-method", reading={"METHOD_LIMIT": 1 << 30}),
    fault(
        "long-target-is-500",
        "request-line.uri-too-long",
        reading={"long_request_line": lambda self: RefusedError(500, "too long")},
    ),
    fault(
        "control-in-target",
        "request-line.invalid-400",
        reading={"TARGET": re.compile(rb"[\x01-\x08!-\x22$-~\x7f]+")},
    ),
    fault("repair-target", "request-line.no-autocorrect", reading={"split": split_and_repair}),
    fault("version-09", "request-line.http09", reading=Version09, response=BareBody),
    fault("any-method", "method.token-grammar", reading={"METHOD": re.compile(rb"[!-~]+")}),
    fault("any-case-of-method", "method.case-sensitive", reading=AnyCaseOfMethod),
    fault("refuse-head", "method.get-head-supported", reading=RefuseHead),
    fault("only-known-methods", "method.unknown-501", reading=OnlyKnownMethods),
    fault("host-optional", "host.missing-400", reading=HostOptional),
    fault("host-again", "host.duplicate-400", reading=HostAgain),
    fault("any-host", "host.invalid-400", reading={"HOST": re.compile(rb"[\t\x20-\xff]*")}),
    fault("host-by-target", "host.required-with-absolute-form", reading=HostByTarget),
    fault("no-query", "target.origin-form", reading=NoQuery),
    fault("no-absolute", "target.absolute-form-accepted", reading={"ABSOLUTE": re.compile(rb"$.")}),
    fault(
        "stale-host",
        "target.absolute-form-overrides-host",
        reading={"override": lambda self, request: None},
    ),
    fault("no-asterisk", "target.asterisk-form", reading={"asterisk": no_asterisk}),
    fault(
        "asterisk-for-all",
        "target.asterisk-only-options",
        reading={"asterisk": lambda self, method: (b"*", b"", b"")},
    ),
    fault("serve-authority", "target.authority-form-only-connect", reading=ServeAuthority),
    fault(
        "serve-connect",
        "cl.not-in-connect-2xx",
        reading=ServeConnect,
    ),
    fault(
        "serve-connect-in-chunks",
        "te.not-in-connect-2xx",
        reading=ServeConnect,
        response=AlwaysChunked,
    ),
    fault("fragment", "target.no-fragment", reading={"TARGET": re.compile(rb"[!-~]+")}),
    fault("blank-before-colon", "field.space-before-colon", reading=BlankBeforeColon),
    fault(
        "trailing-blanks",
        "field.value-trimmed",
        reading={"trimmed": lambda self, value: value.lstrip(b" \t")},
    ),
    fault("any-name", "field.name-token", reading={"TOKEN": re.compile(rb"[!-9;-~]*")}),
    fault("one-spelling", "field.name-case-insensitive", reading=OneSpelling),
    fault("skip-no-colon", "field.missing-colon", reading=SkipNoColon),
    fault("keep-fold", "field.obs-fold-request", reading=KeepFold),
    fault("fold-in-response", "field.obs-fold-not-generated", **values(rb"\r\n[ \t]")),
    fault(
        "nul-in-field",
        "field.cr-lf-nul-request",
        reading={"VALUE": re.compile(rb"[\t\x00\x20-\x7e\x80-\xff]*")},
    ),
    fault("drop-obs-text", "field.obs-text-opaque", reading=DropObsText),
    fault("line-breaks", "field.injection-neutralised", **values(rb"\r\n(?![ \t])")),
    fault("reversed", "field.same-name-order", response=Reversed),
    fault("half-head", "field.apply-after-full-header", reading=HalfHead),
    fault("large-head-is-500", "limits.header-too-large", reading=HeadTooLargeIs500),
]
