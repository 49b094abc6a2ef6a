"""Odd but legal applications, thought up to embarrass a validator."""

from __future__ import annotations

import contextvars
import functools
import gzip
import sys
import threading

from corpus.kit import Corpus

clean = Corpus("wsgi")
LINES = b"a\nb\nc"
TEXT = [("Content-Type", "text/plain")]


@clean(
    "wsgi.app.returns-iterable",
    body=LINES,
    expects={"wsgi.legacy.app-no-bare-file-return": "this server's input looks like a file"},
)
def returns_its_input(environ, start_response):
    """The input is an iterable of bytes, and whoever closes it then is the server."""
    start_response("200 OK", TEXT[:])
    return environ["wsgi.input"]


@clean("wsgi.environ.app-may-mutate")
def spoils_environ(environ, start_response):
    """What a server may not put there, an application may."""
    environ[5] = environ
    environ["HTTP_X"] = b"a"
    environ["wsgi.version"] = None
    start_response("200 OK", TEXT[:])
    return [b"a"]


@clean("wsgi.app.may-start-during-iteration")
def starts_by_index(environ, start_response):
    """The first index that is asked for is the first piece."""

    class Pages:
        def __getitem__(self, index):
            if index:
                raise IndexError
            start_response("200 OK", TEXT[:])
            return b"a"

    return Pages()


@clean("wsgi.app.may-start-during-iteration")
def starts_when_iterated(environ, start_response):
    """The call of __iter__() comes before the first piece, too."""

    class Pages:
        def __iter__(self):
            start_response("200 OK", TEXT[:])
            return iter([b"a"])

    return Pages()


@clean("wsgi.app.start-response-always-called")
def starts_in_a_thread(environ, start_response):
    """Nothing says which thread calls start_response."""
    thread = threading.Thread(target=start_response, args=("200 OK", TEXT[:]))
    thread.start()
    thread.join()
    return [b"a"]


@clean("wsgi.errors-handling.start-response-returns-when-unsent")
def five_error_pages(environ, start_response):
    """Until something is sent, the response can be replaced again and again."""
    start_response("200 OK", [*TEXT, ("Content-Length", "99")])
    for attempt in range(5):
        try:
            raise ValueError(attempt)
        except ValueError:
            start_response("500 Oops", TEXT[:], sys.exc_info())
    return [b"a"]


@clean("wsgi.exc-info.tuple")
def without_traceback(environ, start_response):
    """An exception that was never raised has no traceback."""
    start_response("500 Oops", TEXT[:], (ValueError, ValueError("a"), None))
    return [b"a"]


@clean("wsgi.exc-info.tuple")
def caught_by_a_base_class(environ, start_response):
    """The class in exc_info is that of the exception, whatever caught it."""
    try:
        raise KeyError("a")
    except LookupError:
        start_response("500 Oops", TEXT[:], sys.exc_info())
    return [b"a"]


@clean(
    "wsgi.start-response.returns-write",
    expects={"wsgi.write.prefer-iterable": "output goes through the iterable as a rule"},
)
def writes_gzip(environ, start_response):
    """write() is all that a file to write to needs to have."""

    class File:
        write = staticmethod(
            start_response("200 OK", [*TEXT, ("Content-Encoding", "gzip")]),
        )

        def flush(self):
            pass

    with gzip.GzipFile(fileobj=File(), mode="wb", mtime=0) as file:
        file.write(b"a" * 100)
    return ()


@clean("wsgi.app.returns-iterable")
def false_list(environ, start_response):
    """A list that is false is not empty for that."""

    class Pages(list):
        def __bool__(self):
            return False

    start_response("200 OK", TEXT[:])
    return Pages([b"a", b"b"])


@clean("wsgi.app.len-accurate")
def length_that_refuses(environ, start_response):
    """A len() that raises does not work, and so cannot be wrong."""

    class Pages:
        def __len__(self):
            raise TypeError("no length")

        def __iter__(self):
            return iter([b"a"])

    start_response("200 OK", TEXT[:])
    return Pages()


@clean("wsgi.app.returns-iterable")
def mapping_of_pieces(environ, start_response):
    """A mapping iterates over its keys."""
    start_response("200 OK", TEXT[:])
    return {b"a": 1, b"b": 2}


@clean("wsgi.app.returns-iterable")
def in_a_context_of_its_own(environ, start_response):
    """Each piece may be made in a context that the server knows nothing of."""
    context = contextvars.copy_context()
    start_response("200 OK", TEXT[:])
    return map(functools.partial(context.run, bytes.upper), [b"a", b"b"])
