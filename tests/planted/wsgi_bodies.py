"""WSGI applications that read their input, each with one fault in how it does.

Every function makes an application; with ``faulty=False`` the same one, mended.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

SMALL = 1024
"""Octets of a body up to which no temporary file is made."""

BLOCK = 4096
"""Octets that are read at once into memory."""

MOST = 32 * 1024
"""The most octets of a note."""

STREAMED = 64 * 1024
"""Octets that are read at once where they are sent on at once."""


class IncompleteError(Exception):
    """The request ended before its body did."""


def length_of(environ: Environ) -> int:
    """The length of the body as announced, 0 for none.

    Raises:
        IncompleteError: it is no number, so the body cannot be read.
    """
    text = environ.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise IncompleteError("the length is no number")
    return int(text)


def exactly(stream: Any, size: int) -> bytes:
    """``size`` octets of ``stream``, which may take several reads, or what is left of it."""
    pieces = []
    while size:
        piece = stream.read(size)
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def answer(start_response: Callable[..., Any], status: str, text: str) -> list[bytes]:
    """A complete response of plain text."""
    body = text.encode("utf-8")
    start_response(
        status,
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
    )
    return [body]


def upload(faulty: bool) -> Application:
    """Answers with the digest of what was uploaded; more than 1 KiB goes through a file.

    Fault: on the way to the file, a block that is shorter than asked for is taken for the
    last. Shows when ``read(size)`` of wsgi.input gives fewer octets than there are, of a
    body of more than 1 KiB.
    """

    def spooled(stream: Any, left: int) -> bytes:
        with tempfile.SpooledTemporaryFile(max_size=1 << 20) as file:
            while left:
                block = stream.read(min(BLOCK, left))
                file.write(block)
                left -= len(block)
                if not block or (faulty and len(block) < BLOCK):
                    break
            file.seek(0)
            return file.read()

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            length = length_of(environ)
            take = exactly if length <= SMALL else spooled
            body = take(environ["wsgi.input"], length)
            if len(body) < length:
                raise IncompleteError("the upload is incomplete")
        except (IncompleteError, OSError) as error:
            return answer(start_response, "400 Bad Request", f"{error}\n")
        return answer(start_response, "200 OK", f"{hashlib.sha256(body).hexdigest()}\n")

    return application


def note(faulty: bool) -> Application:
    """Takes notes of up to 32 KiB, which it reads in blocks of 4 KiB and a rest.

    Fault: where there is no rest, one block more is read. Shows when the body is a
    multiple of 4 KiB, and not empty.
    """

    def read(stream: Any, length: int) -> bytes:
        blocks, rest = divmod(length, BLOCK)
        body = b"".join(exactly(stream, BLOCK) for _ in range(blocks))
        if faulty and length:
            rest = rest or BLOCK
        return body + exactly(stream, rest)

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            length = length_of(environ)
            if length > MOST:
                return answer(start_response, "413 Content Too Large", "at most 32 KiB\n")
            body = read(environ["wsgi.input"], length)
        except (IncompleteError, OSError) as error:
            return answer(start_response, "400 Bad Request", f"{error}\n")
        return answer(start_response, "200 OK", f"{len(body.split())} words noted\n")

    return application


def fields(faulty: bool) -> Application:
    """Counts the lines of a body, of which the first ones may be a head, ended by an empty line.

    Fault: the lines of a head are taken with ``next()`` from wsgi.input itself, which need
    be no iterator. Shows when the first line ends in CR LF and wsgi.input has no
    ``__next__``.
    """

    def counted(stream: Any) -> tuple[int, int]:
        first = stream.readline()
        lines = iter(stream)
        head = 0
        if first.endswith(b"\r\n"):
            while first.strip():
                head += 1
                first = next(stream if faulty else lines, b"")
        elif not first:
            return 0, 0
        return head, sum(1 for _ in lines) + (not head)

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            length = length_of(environ)
            head, rest = counted(environ["wsgi.input"]) if length else (0, 0)
        except (IncompleteError, OSError) as error:
            return answer(start_response, "400 Bad Request", f"{error}\n")
        return answer(start_response, "200 OK", f"{head} lines of head, {rest} others\n")

    return application


def mirror(faulty: bool) -> Application:
    """Sends the body back while it comes in, 64 KiB at a time.

    Fault: when the client goes away, what ``start_response`` raises is trapped. Shows when
    a read of wsgi.input raises after an earlier one gave something.
    """

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterator[bytes]:
        kind = [("Content-Type", "application/octet-stream")]
        try:
            left = length_of(environ)
            start_response("200 OK", kind)
        except IncompleteError as error:
            yield from answer(start_response, "400 Bad Request", f"{error}\n")
            return
        try:
            while left:
                block = environ["wsgi.input"].read(min(STREAMED, left))
                if not block:
                    return
                left -= len(block)
                yield block
        except OSError:
            try:
                start_response("400 Bad Request", kind, sys.exc_info())
            except OSError:
                if not faulty:
                    raise
            else:
                yield b"the request ended too early\n"

    return application
