"""Witnesses of what binds WSGI middleware: each stands between two points of a stack."""

from __future__ import annotations

import sys

from witnesses.kit import Layered

HEADERS = [("Content-Type", "text/plain")]
PIECES = (b"one", b"two", b"three", b"four")


class Pieces:
    """A result of several pieces that notes whether it was closed."""

    def __init__(self, pieces=PIECES):
        self.left = list(pieces)

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop(0)

    def close(self):
        pass


def pieces(environ, start_response):
    start_response("200 OK", list(HEADERS))
    return Pieces()


def writes(environ, start_response):
    write = start_response("200 OK", list(HEADERS))
    for piece in PIECES:
        write(piece)
    return []


def fails(environ, start_response):
    try:
        raise ValueError("what the application could not do")
    except ValueError:
        start_response("500 Internal Server Error", list(HEADERS), sys.exc_info())
    return [b"sorry"]


def fails_late(environ, start_response):
    """Finds out only after the first piece, and goes on as if that had been told."""
    start_response("200 OK", list(HEADERS))
    yield b"some"
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("500 Internal Server Error", list(HEADERS), sys.exc_info())
    yield b" more"


class Middleware:
    def __init__(self, app):
        self.app = app


class Passes(Middleware):
    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


# close()


class Closing:
    """An iterable of the middleware's own, with a close() that closes the inner one."""

    def __init__(self, inner):
        self.inner = inner

    def __iter__(self):
        return iter(self.inner)

    def close(self):
        if hasattr(self.inner, "close"):
            self.inner.close()


class Unclosing(Closing):
    def close(self):
        pass


class WithoutClose:
    def __init__(self, inner):
        self.inner = inner

    def __iter__(self):
        return iter(self.inner)


class WrapsClosing(Middleware):
    wrapper = Closing

    def __call__(self, environ, start_response):
        return self.wrapper(self.app(environ, start_response))


class WrapsUnclosing(WrapsClosing):
    wrapper = Unclosing


class WrapsWithoutClose(WrapsClosing):
    wrapper = WithoutClose


class DropsUnclosed(Middleware):
    """A generator that lets go of the inner result as soon as that is exhausted."""

    def __call__(self, environ, start_response):
        yield from iter(self.app(environ, start_response))


class Finally(Middleware):
    def __call__(self, environ, start_response):
        result = self.app(environ, start_response)
        try:
            yield from result
        finally:
            if hasattr(result, "close"):
                result.close()


class Discards(Middleware):
    """Answers in the application's place, and closes what is not used."""

    def __call__(self, environ, start_response):
        result = self.app(environ, lambda status, headers, exc_info=None: lambda data: None)
        if hasattr(result, "close"):
            result.close()
        start_response("403 Forbidden", list(HEADERS))
        return [b"no"]


class DiscardsUnclosed(Middleware):
    def __call__(self, environ, start_response):
        self.app(environ, lambda status, headers, exc_info=None: lambda data: None)
        start_response("403 Forbidden", list(HEADERS))
        return [b"no"]


# Headers


class AddsHeader(Middleware):
    field = ("X-Middle", "1")

    def __call__(self, environ, start_response):
        def starter(status, headers, exc_info=None):
            if exc_info:
                return start_response(status, [*headers, self.field], exc_info)
            return start_response(status, [*headers, self.field])

        return self.app(environ, starter)


class AddsHopByHop(AddsHeader):
    field = ("Keep-Alive", "timeout=5")


class AddsTransferEncoding(AddsHeader):
    field = ("Transfer-Encoding", "gzip")


# exc_info


class KeepsExcInfo(Middleware):
    def __call__(self, environ, start_response):
        def starter(status, headers, exc_info=None):
            self.failed = exc_info
            return start_response(status, headers, exc_info)

        return self.app(environ, starter)


class LetsGoOfExcInfo(Middleware):
    def __call__(self, environ, start_response):
        def starter(status, headers, exc_info=None):
            try:
                self.failed = exc_info is not None
                return start_response(status, headers, exc_info)
            finally:
                exc_info = None

        return self.app(environ, starter)


class AnswersErrors(Middleware):
    """Its starter does not raise once the head is sent, but says so in the body."""

    def __call__(self, environ, start_response):
        def starter(status, headers, exc_info=None):
            if exc_info:
                return lambda data: None
            return start_response(status, headers)

        result = self.app(environ, starter)
        try:
            yield from result
            yield b" and an error"
        finally:
            result.close()


# Block boundaries


class GivesHalf(Middleware):
    """Two values from inside make one of its own."""

    filler: bytes | None = None

    def __call__(self, environ, start_response):
        result = self.app(environ, start_response)
        try:
            held = None
            for piece in result:
                if held is None:
                    held = piece
                    if self.filler is not None:
                        yield self.filler
                else:
                    yield held + piece
                    held = None
        finally:
            result.close()


class GivesEmpty(GivesHalf):
    filler = b""


class SwallowsLast(Middleware):
    def __call__(self, environ, start_response):
        result = self.app(environ, start_response)
        try:
            for piece in result:
                if piece != PIECES[-1]:
                    yield piece
        finally:
            result.close()


class Shortens(Middleware):
    def __call__(self, environ, start_response):
        result = self.app(environ, start_response)
        try:
            for piece in result:
                yield b"" if piece == PIECES[-1] else piece
        finally:
            result.close()


class ReadsAhead(Middleware):
    def __call__(self, environ, start_response):
        result = self.app(environ, start_response)
        try:
            return [b"".join(result)]
        finally:
            result.close()


class Writes(Middleware):
    """Pushes what the application yields through write()."""

    def __call__(self, environ, start_response):
        write = None

        def starter(*args):
            nonlocal write
            write = start_response(*args)
            return write

        result = self.app(environ, starter)
        try:
            for piece in result:
                write(piece)
        finally:
            result.close()
        return []


class WritesWhatIsWritten(Middleware):
    """Passes each write() of the application on to the server's, in capitals."""

    def __call__(self, environ, start_response):
        def starter(*args):
            write = start_response(*args)
            return lambda data: write(data.upper())

        return self.app(environ, starter)


def of(requirement, breaks, keeps, app=pieces, also=()):
    return Layered(requirement, "wsgi", breaks, keeps, app, also)


LENIENT = "wsgi.server.rejects-hop-by-hop"  # our test server takes what it is given
PROMPTLY = "wsgi.middleware.returns-iterable-promptly"

WITNESSES = [
    of("wsgi.middleware.forwards-close", WrapsUnclosing, WrapsClosing),
    of("wsgi.middleware.forwards-close", WrapsWithoutClose, Finally),
    of("wsgi.middleware.forwards-close", DropsUnclosed, Passes),
    of("wsgi.middleware.forwards-close", DiscardsUnclosed, Discards),
    of("wsgi.middleware.no-hop-by-hop", AddsHopByHop, AddsHeader, also=(LENIENT,)),
    of("wsgi.middleware.no-transfer-encoding", AddsTransferEncoding, AddsHeader),
    of("wsgi.middleware.exc-info-no-reference-kept", KeepsExcInfo, LetsGoOfExcInfo, fails),
    of("wsgi.middleware.one-value-per-inner-value", GivesHalf, GivesEmpty),
    of("wsgi.middleware.one-value-per-inner-value", SwallowsLast, Shortens),
    of(PROMPTLY, ReadsAhead, Finally),
    of("wsgi.middleware.no-write-for-yielded", Writes, WritesWhatIsWritten, pieces, (PROMPTLY,)),
    of("wsgi.middleware.write-only-for-inner-write", None, WritesWhatIsWritten, writes),
    of("wsgi.middleware.may-not-reraise-exc-info", None, AnswersErrors, fails_late),
]
