"""Middleware that is odd but legal, around applications that are."""

from __future__ import annotations

import sys

from corpus.kit import Corpus
from corpus.wsgi_bodies import DISCOURAGED, Closing

MIDDLEWARE = Corpus("wsgi")


def around(clause, *, shows=(), expects=None, **server):
    """Adds what a middleware makes of its application; both are made in one function."""

    def add(make):
        MIDDLEWARE(
            clause, name=make.__name__, why=make.__doc__, shows=shows, expects=expects, **server
        )(make())
        return make

    return add


def inner(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    yield b"a"
    yield b"b"


@around("wsgi.middleware.conforms-both-sides")
def adds_a_header():
    """Adds a header, and makes an iterable of its own."""

    def outer(environ, start_response):
        def starter(status, headers, exc_info=None):
            return start_response(status, [*headers, ("X-Middle", "yes")], exc_info)

        return Closing(*inner(environ, starter))

    return outer


@around("wsgi.middleware.forwards-close")
def hands_the_close_on():
    """A generator around another result closes it when it is closed itself."""

    def outer(environ, start_response):
        result = inner(environ, start_response)
        try:
            yield from result
        finally:
            result.close()

    return outer


@around("wsgi.middleware.yields-empty-when-accumulating")
def gathers():
    """While it gathers, it yields an empty piece for each piece that it takes."""

    def outer(environ, start_response):
        gathered = []
        for piece in inner(environ, start_response):
            gathered.append(piece)
            yield b""
        yield b"".join(gathered)

    return outer


@around(
    "wsgi.middleware.write-only-for-inner-write",
    shows="wsgi.middleware.write-only-for-inner-write",
    expects=DISCOURAGED,
)
def hands_writes_on():
    """What the inner application writes goes to the server's write()."""

    def writing(environ, start_response):
        start_response("200 OK", [])(b"a")
        return []

    def outer(environ, start_response):
        def starter(*arguments):
            write = start_response(*arguments)
            return lambda data: write(data.upper())

        return writing(environ, starter)

    return outer


@around(
    "wsgi.middleware.may-not-reraise-exc-info",
    shows="wsgi.middleware.may-not-reraise-exc-info",
)
def swallows_the_error():
    """Its start_response returns where the server's would raise, and appends the error page."""

    def failing(environ, start_response):
        start_response("200 OK", [])
        yield b"half"
        try:
            raise ValueError("half way")
        except ValueError:
            start_response("500 Oops", [], sys.exc_info())
        yield b" and sorry"

    def outer(environ, start_response):
        sent = False

        def starter(status, headers, exc_info=None):
            if exc_info and sent:
                return None
            return start_response(status, headers, exc_info)

        for piece in failing(environ, starter):
            sent = sent or bool(piece)
            yield piece

    return outer


@around("wsgi.middleware.may-not-reraise-exc-info")
def makes_an_error_page():
    """What the inner application raises becomes a page, as long as nothing was sent."""

    def failing(environ, start_response):
        start_response("200 OK", [])
        raise ValueError("no")

    def outer(environ, start_response):
        try:
            return failing(environ, start_response)
        except ValueError:
            start_response("500 Oops", [("Content-Length", "4")], sys.exc_info())
            return [b"oops"]

    return outer


@around("wsgi.environ.app-may-mutate", PATH_INFO="/app/page", shows="wsgi.environ.app-may-mutate")
def mounts():
    """Shifts a part of the path, in an environ of its own or in the server's."""

    def outer(environ, start_response):
        environ["SCRIPT_NAME"] += "/app"
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/app")
        return inner({**environ, "mount.point": "/app"}, start_response)

    return outer


@around("wsgi.server.one-call-per-request")
def answers_itself():
    """Middleware need not call its application at all."""

    def outer(environ, start_response):
        start_response("401 Unauthorized", [("WWW-Authenticate", "Basic")])
        return []

    return outer


@around("wsgi.start-response.repeat-with-exc-info")
def calls_twice():
    """A second call of the inner application is legal, if the first never started."""

    def raising(environ, start_response):
        raise ValueError("not here")

    def outer(environ, start_response):
        for application in (raising, inner):
            try:
                return application(environ, start_response)
            except ValueError:
                continue
        raise LookupError("no application")

    return outer
