"""A WSGI gateway in this process: it plays a request to an application and keeps the reply.

It keeps a server's side of PEP 3333 as far as a server without a socket can;
the validator stands between it and the application. Where the text lets a
server choose, the request says what this server does.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gateproof.targets.watched import Watched
from gateproof.targets.wsgi_environ import Request, make_environ
from gateproof.validators.policy import Policy, Rules

BODILESS = frozenset({204, 304})
"""Statuses whose response has no body: RFC 9112, section 6.3."""

ADDED = ("X-Gateway-Added", "yes")
"""What a server that edits the header list in place leaves in it."""

MOST = 10_000
"""Items after which an iterable counts as endless and is closed."""

LENIENT = Rules(
    level="all", ignore=("wsgi.server.rejects-hop-by-hop", "wsgi.server.checks-headers-at-call")
)
"""The active set, without two recommendations that this gateway leaves aside.

A server should refuse unsound headers in start_response. The validator reports
them already, and an exception at that point would hide all that follows.
"""


class RefusedError(Exception):
    """The gateway refuses what the application does, as PEP 3333 asks of servers."""


@dataclass
class Reply:
    """What became of one request.

    Attributes:
        request: what was asked.
        watched: the exchange at the boundary, with the violations.
        status: the status code; 500 where the application failed before the
            head could be sent, 0 where it was stopped before there was one.
        reason: the reason phrase.
        headers: the header pairs as the application gave them.
        pieces: the body as sent, piece by piece.
        items: how many items were taken from the iterable.
        sent: whether the head was sent.
        closed: how often ``close()`` was called.
        finished: whether the iterable was read to its end.
        raised: what left the application: its call, its iterable or ``close()``.
        refused: why the gateway gave up, where the application did not raise.
    """

    request: Request
    watched: Watched
    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    pieces: list[bytes] = field(default_factory=list)
    items: int = 0
    sent: bool = False
    closed: int = 0
    finished: bool = False
    raised: BaseException | None = None
    refused: str = ""

    @property
    def body(self) -> bytes:
        """The body as sent."""
        return b"".join(self.pieces)

    @property
    def failed(self) -> str:
        """Why there is no proper reply, in a few words; empty if there is one."""
        if self.raised is not None:
            return f"raised {describe(self.raised)}"
        return f"was refused: {self.refused}" if self.refused else ""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        folded = name.lower()
        return next((value for key, value in self.headers if key.lower() == folded), None)


def describe(error: BaseException, limit: int = 200) -> str:
    """An exception in one short line, also one whose ``repr`` fails."""
    try:
        text = repr(error)
    except Exception:  # noqa: BLE001 - a repr is the application's code
        text = f"{type(error).__name__}(...)"
    return text if len(text) <= limit else text[: limit - 3] + "..."


class _Response:
    """The response to one request in the making: head, write and delivery."""

    def __init__(self, reply: Reply, between: Callable[[], object] | None = None) -> None:
        self.reply = reply
        self.request = reply.request
        self.between = between
        self.status: str | None = None
        self.given: Any = []
        self.room: int | None = None

    def start_response(
        self, status: Any, response_headers: Any, exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Keep status and headers until the first output.

        https://peps.python.org/pep-3333/#the-start-response-callable

        Raises:
            RefusedError: a second call without ``exc_info``.
            BaseException: that of ``exc_info``, where the head was sent already.
        """
        if exc_info:
            try:
                if self.reply.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status is not None:
            raise RefusedError("start_response was called again without exc_info")
        self.status, self.given = status, response_headers
        self.reply.headers = _pairs(response_headers)
        if self.request.edit_headers and isinstance(response_headers, list):
            response_headers.append(ADDED)
            response_headers.sort(key=str)
        if self.request.early_head and self.reply.header("Content-Length") == "0":
            self.send_head()
        if self.between is not None:
            self.between()
        return self.write

    def write(self, data: bytes, /) -> None:
        """Send a piece at once.

        Raises:
            RefusedError: more than Content-Length.
            ConnectionResetError: the request asks for a client that is gone.
        """
        if self.request.write_fails:
            raise ConnectionResetError("the client went away")
        if not self.deliver(data):
            raise RefusedError("write() was given more than Content-Length")
        if self.between is not None:  # the client is slow: this thread waits for it
            self.between()

    def deliver(self, data: Any) -> bool:
        """Send a piece, the head before the first that is not empty.

        Returns:
            Whether all of it fits in Content-Length; what does not is dropped.

        Raises:
            RefusedError: it is not bytes, or there is no head to send.
        """
        if not isinstance(data, bytes):
            raise RefusedError(f"a body piece is {type(data).__name__}, not bytes")
        if not data:
            return True
        if self.status is None:
            raise RefusedError("there is output before start_response was called")
        if not self.reply.sent:
            self.send_head()
        whole = self.room is None or len(data) <= self.room
        if self.room is not None:
            data = data[: self.room]
            self.room -= len(data)
        if data and self.request.method != "HEAD" and self.reply.status not in BODILESS:
            self.reply.pieces.append(data)
        return whole

    def send_head(self) -> None:
        """Send status and headers.

        Raises:
            RefusedError: there are none, or they cannot be sent.
        """
        if self.status is None:
            raise RefusedError("start_response was never called")
        self.take_status()
        self.reply.sent = True
        length = self.reply.header("Content-Length")
        if length is not None and length.isascii() and length.isdigit():
            self.room = int(length)

    def take_status(self) -> None:
        """Read the code and the reason out of the status.

        Raises:
            RefusedError: there is no three-digit code in it.
        """
        if not isinstance(self.status, str):
            raise RefusedError(f"the status is {type(self.status).__name__}, not str")
        code, _, self.reply.reason = self.status.partition(" ")
        if not (len(code) == 3 and code.isascii() and code.isdigit()):
            raise RefusedError(f"the status {self.status!r} does not begin with three digits")
        self.reply.status = int(code)


def _pairs(headers: Any) -> tuple[tuple[str, str], ...]:
    """A copy of the pairs that are pairs of strings; the validator reports the others."""
    if not isinstance(headers, list | tuple):
        return ()
    return tuple(
        (pair[0], pair[1])
        for pair in headers
        if isinstance(pair, list | tuple)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and isinstance(pair[1], str)
    )


class _OnlyCallable:
    """A start_response that can be called and offers nothing else."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)


def _function(call: Callable[..., Any]) -> Callable[..., Any]:
    def start_response(*args: Any) -> Any:
        return call(*args)

    return start_response


STARTERS: dict[str, Callable[[Callable[..., Any]], Any]] = {
    "object": _OnlyCallable,
    "function": _function,
    "partial": functools.partial,
}
"""Other kinds of callable that start_response may be, made from the usual one."""


def _with_starter(application: Any, kind: str) -> Any:
    """``application`` called with a start_response of another kind."""
    make = STARTERS.get(kind)
    if make is None:
        return application

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return application(environ, make(start_response))

    return call


def _behind_middleware(application: Any) -> Any:
    """``application`` behind a middleware that hands everything on as it is.

    It hides what only the server's own objects have: the kind of the iterable,
    its length, a file that could be sent faster.
    https://peps.python.org/pep-3333/#middleware-components-that-play-both-sides
    """

    def middleware(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[Any]:
        def start(*args: Any) -> Any:
            return start_response(*args)

        return _handed_on(application(environ, start))

    return middleware


def _handed_on(result: Any) -> Iterator[Any]:
    try:
        yield from result
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()


def serve(
    application: Any,
    request: Request | Reply,
    watched: Watched | None = None,
    *,
    pause: Callable[[], object] | None = None,
    between: Callable[[], object] | None = None,
) -> Reply:
    """Play ``request`` to ``application`` and return what became of it.

    What the application raises is kept in the reply. ``close()`` is called on
    every way out: https://peps.python.org/pep-3333/#specification-details

    Args:
        application: the WSGI callable.
        request: what is asked, and how; or the reply to it, in which nothing is yet.
        watched: where the exchange is recorded; a new one by default.
        pause: called once, when the first item of the iterable was taken.
        between: called each time when the server may turn to another request.

    Raises:
        BaseException: whatever is not an :class:`Exception`, such as a deadline,
            once it is recorded and the iterable closed.
    """
    reply = request if isinstance(request, Reply) else _empty(request, watched)
    for taken in steps(application, reply, between):
        if pause is not None and taken == 1:
            pause()
        if between is not None:
            between()
    return reply


def _empty(request: Request, watched: Watched | None) -> Reply:
    return Reply(request, watched or Watched("wsgi", request.line))


def steps(
    application: Any, reply: Reply, between: Callable[[], object] | None = None
) -> Iterator[int]:
    """Play the request of ``reply`` to ``application``, step by step.

    It stops where the server may turn to another request in the same thread: when the
    application has returned, and when an item of its iterable was delivered.

    Args:
        application: the WSGI callable.
        reply: what becomes of it.
        between: called within start_response and write, where another thread may run.

    Yields:
        How many items were taken so far.

    Raises:
        BaseException: as :func:`serve`.
    """
    from gateproof.validators.wsgi.validator import watch

    request, watched = reply.request, reply.watched
    if request.middleware:
        application = _behind_middleware(application)
    response = _Response(reply, between)
    result = None
    try:
        result = watch(
            _with_starter(application, request.starter),
            make_environ(request),
            response.start_response,
            policy=Policy(watched.violations.append, LENIENT),
            exchange=watched.exchange,
            host="server",
        )
        yield 0
        yield from _iterate(result, response)
        if response.status is not None and not reply.sent:
            response.take_status()
    except RefusedError as error:
        reply.refused = str(error)
    except BaseException as error:
        _note(reply, error)
        if not isinstance(error, Exception):
            _close(result, reply)
            raise
    _close(result, reply)
    result = None  # the validator's watch ends when nothing holds the result
    if reply.failed and not reply.sent:
        reply.status, reply.reason, reply.headers = 500, "Internal Server Error", ()


def _iterate(result: Any, response: _Response) -> Iterator[int]:
    """Take the items of ``result`` and deliver them, as the request says."""
    reply, request = response.reply, response.request
    if request.stop_after == 0 and response.status is not None:
        return
    last = MOST if request.stop_after is None else max(request.stop_after, 1)
    try:
        for item in result:
            reply.items += 1
            whole = response.deliver(item)
            yield reply.items
            full = request.stop_at_length and response.room == 0
            if not whole or full or reply.items == last:
                return
    finally:
        result = None  # a traceback keeps this frame
    reply.finished = True
    if not reply.sent:
        response.send_head()


def _close(result: Any, reply: Reply) -> None:
    """Call ``close()`` where there is one, and keep what it raises."""
    try:
        close = getattr(result, "close", None)
        if close is not None:
            reply.closed += 1
            close()
    except BaseException as error:
        _note(reply, error)
        if not isinstance(error, Exception):
            raise


def _note(reply: Reply, error: BaseException) -> None:
    """Keep the first exception that left the application."""
    if reply.raised is None:
        reply.raised = reply.watched.raised = error
