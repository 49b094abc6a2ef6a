"""Faults in the call of a WSGI application: start_response and write."""

from __future__ import annotations

import re
from typing import Any

from reference.parts import faults_of
from reference.wsgi_side import WSGICall


class CallTwice(WSGICall):
    def call(self) -> None:
        self.close(self.invoke(self.environ()))
        self.started = False
        super().call()


def by_keyword(self: WSGICall, environ: dict[str, Any]) -> Any:
    """start_response goes by its name."""
    return self.server.app(environ, start_response=self.start_response)


class StatusInvented(WSGICall):
    def send(self, block: bytes, *, last: bool = False) -> None:
        if not self.response.prepared:
            self.response.prepare(200, "OK", [])
        super().send(block, last=last)


class FailedIsForgotten(WSGICall):
    def start_response(self, status: str, headers: list[Any], exc_info: Any = None) -> Any:
        before = self.started
        try:
            return super().start_response(status, headers, exc_info)
        except Exception:
            self.started = before
            raise


class ThreeArguments(WSGICall):
    def start_response(self, status: str, headers: list[Any], exc_info: Any) -> Any:  # type: ignore[override]
        return super().start_response(status, headers, exc_info)


class NoWrite(WSGICall):
    def start_response(self, status: str, headers: list[Any], exc_info: Any = None) -> Any:
        super().start_response(status, headers, exc_info)


class CheckedLate(WSGICall):
    late: Exception | None = None

    def prepare(self, status: str, headers: list[Any]) -> None:
        try:
            super().prepare(status, headers)
        except (TypeError, ValueError) as raised:
            self.late = raised
            self.response.prepare(500, "Late", [])

    def answerable(self) -> None:
        super().answerable()
        if self.late is not None:
            raise self.late


def send_head(call: WSGICall) -> None:
    """Send the head alone."""
    response = call.response
    if response.prepared and not response.head_sent:
        head = response.head(None)
        response.head_sent = True
        call.wait(response.octets.write(head))


class HeadAtOnce(WSGICall):
    def start_response(self, status: str, headers: list[Any], exc_info: Any = None) -> Any:
        write = super().start_response(status, headers, exc_info)
        send_head(self)
        return write


class HeadWithEmpty(WSGICall):
    def check_block(self, block: bytes) -> None:
        super().check_block(block)
        if not block:
            send_head(self)


class EmptyIsTooLate(WSGICall):
    yielded = False

    def check_block(self, block: bytes) -> None:
        super().check_block(block)
        self.yielded = True

    def restart(self, exc_info: Any) -> None:
        if self.yielded:
            raise exc_info[1].with_traceback(exc_info[2])
        super().restart(exc_info)


class HeadsMixed(WSGICall):
    def prepare(self, status: str, headers: list[Any]) -> None:
        before = self.response.fields
        super().prepare(status, headers)
        self.response.fields = before + self.response.fields


def restart_at_any_time(self: WSGICall, exc_info: Any) -> None:
    """It is never too late."""


def restart_never(self: WSGICall, exc_info: Any) -> None:
    """It is always too late."""
    raise exc_info[1].with_traceback(exc_info[2])


def restart_otherwise(self: WSGICall, exc_info: Any) -> None:
    """Too late is told by another exception."""
    if self.response.head_sent:
        raise RuntimeError("the head has left")


class StartAgain(WSGICall):
    def start_response(self, status: str, headers: list[Any], exc_info: Any = None) -> Any:
        self.started = False
        return super().start_response(status, headers, exc_info)


class KeepExcInfo(WSGICall):
    kept: Any = None

    def start_response(self, status: str, headers: list[Any], exc_info: Any = None) -> Any:
        self.kept = exc_info
        return super().start_response(status, headers, exc_info)


class HeadersInUTF8(WSGICall):
    VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")

    def header(self, name: str, value: str) -> tuple[bytes, bytes]:
        if isinstance(value, str) and any(ord(character) > 0xFF for character in value):
            super().header(name, "")
            return name.encode("latin-1"), value.encode("utf-8")
        return super().header(name, value)


fault = faults_of("wsgi")


FAULTS = [
    fault("call-twice", "server.one-call-per-request", wsgi=CallTwice),
    fault("by-keyword", "server.call-app-positionally", wsgi={"invoke": by_keyword}),
    fault("failed-is-forgotten", "server.header-check-after-set",
          wsgi=FailedIsForgotten),
    fault("three-arguments", "start-response.signature", wsgi=ThreeArguments),
    fault("no-write", "start-response.returns-write", wsgi=NoWrite),
    fault("status-invented", "server.write-before-start-is-error", wsgi=StatusInvented),
    fault("controls-in-headers", "server.rejects-control-in-headers",
          wsgi={"VALUE": re.compile(r"[\x00-\xff]*")}),
    fault("hop-by-hop", "server.rejects-hop-by-hop",
          wsgi={"check_header": lambda self, name, value: None}),
    fault("checked-late", "server.checks-headers-at-call", wsgi=CheckedLate),
    fault("head-at-once", "start-response.no-immediate-send", wsgi=HeadAtOnce),
    fault("head-with-empty", "server.headers-held-until-first-nonempty "
          "server.exc-info-works-after-empty-yield", wsgi=HeadWithEmpty),
    fault("empty-is-too-late", "server.exc-info-works-after-empty-yield", wsgi=EmptyIsTooLate),
    fault("heads-mixed", "exc-info.replaces-headers", wsgi=HeadsMixed),
    fault("restart-at-any-time", "exc-info.raises-after-headers-sent",
          wsgi={"restart": restart_at_any_time}),
    fault("restart-never", "errors-handling.start-response-returns-when-unsent",
          wsgi={"restart": restart_never}),
    fault("restart-otherwise", "exc-info.reraises-original",
          wsgi={"restart": restart_otherwise}),
    fault("start-again", "server.rejects-repeat-start-response", wsgi=StartAgain),
    fault("keep-exc-info", "exc-info.no-reference-kept", wsgi=KeepExcInfo),
    fault("headers-in-utf8", "unicode.server-rejects-non-latin1", wsgi=HeadersInUTF8),
]  # fmt: skip
