"""Odd but legal bodies: what an application may return, yield and write."""

from __future__ import annotations

import io
import itertools
from collections import OrderedDict, deque

from corpus.kit import Corpus
from corpus.play_wsgi import Wrapper

clean = Corpus("wsgi")
DISCOURAGED = {"wsgi.write.prefer-iterable": "output goes through the iterable as a rule"}


@clean("wsgi.app.returns-iterable")
def tuple_body(environ, start_response):
    """A tuple is an iterable."""
    start_response("200 OK", [])
    return (b"a", b"b")


class Pages(list):
    """A list with a close(), as response classes have it."""

    def close(self):
        self.was_closed = True


@clean("wsgi.server.close-called")
def list_subclass(environ, start_response):
    """A list of one's own may have a close()."""
    start_response("200 OK", [])
    return Pages([b"a"])


@clean("wsgi.app.returns-iterable")
def empty_pieces(environ, start_response):
    """Pieces may be empty anywhere."""
    start_response("200 OK", [])
    return [b"", b"a", b"", b"b", b""]


@clean("wsgi.app.returns-iterable")
def only_empty_pieces(environ, start_response):
    """A body of empty pieces has length 0."""
    start_response("200 OK", [("Content-Length", "0")])
    return [b"", b""]


@clean("wsgi.server.headers-sent-when-body-empty")
def nothing_at_all(environ, start_response):
    """A body may have no pieces."""
    start_response("200 OK", [])
    return []


@clean("wsgi.server.headers-sent-when-body-empty")
def start_at_the_end(environ, start_response):
    """So may an iterator."""
    start_response("200 OK", [])
    return iter([])


@clean(
    "wsgi.app.returns-iterable",
    expects={"wsgi.app.returns-iterable": "bytes iterate as numbers as soon as there are any"},
)
def bytes_that_are_empty(environ, start_response):
    """An empty bytes object is an iterable of nothing."""
    start_response("200 OK", [("Content-Length", "0")])
    return b""


@clean("wsgi.start-response.returns-write", expects=DISCOURAGED)
def writes(environ, start_response):
    """write() is legal, if discouraged; an empty write, too."""
    write = start_response("200 OK", [("Content-Length", "2")])
    write(b"a")
    write(b"")
    write(b"b")
    return []


@clean(
    "wsgi.write.iterable-may-be-empty",
    shows="wsgi.write.iterable-may-be-empty",
    expects=DISCOURAGED,
)
def writes_and_returns_nothing(environ, start_response):
    """After write() the iterable may contain no data."""
    start_response("200 OK", [])(b"a")
    return (piece for piece in ())


@clean("wsgi.write.app-still-returns-iterable", expects=DISCOURAGED)
def writes_and_returns(environ, start_response):
    """The body may be written in part, and returned in part."""
    write = start_response("200 OK", [])
    write(b"a")
    return [b"b"]


@clean("wsgi.start-response.returns-write")
def write_unused(environ, start_response):
    """Nobody has to use write()."""
    keep = start_response("200 OK", [])
    return [b"a" if callable(keep) else b"b"]


@clean(
    "wsgi.start-response.returns-write",
    send_raises=ConnectionResetError("gone"),
    expects=DISCOURAGED,
)
def writes_to_nobody(environ, start_response):
    """What write() raises as the client has gone may leave the application."""
    start_response("200 OK", [("Content-Length", "100")])(b"a")
    return [b"b"]


class Indexed:
    """Something with the old protocol of sequences."""

    def __init__(self, *pieces):
        self.pieces = pieces

    def __getitem__(self, index):
        return self.pieces[index]


@clean("wsgi.app.returns-iterable")
def by_getitem(environ, start_response):
    """What has only __getitem__ can be iterated."""
    start_response("200 OK", [("Content-Length", "2")])
    return Indexed(b"a", b"b")


class Closing:
    """An iterator with a close(), as frameworks have them."""

    def __init__(self, *pieces):
        self.pieces = iter(pieces)
        self.closed = 0

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.pieces)

    def close(self):
        self.closed += 1


@clean("wsgi.server.close-called")
def closing(environ, start_response):
    """An iterator may have a close()."""
    start_response("200 OK", [])
    return Closing(b"a", b"b")


class Refusing(Closing):
    """A close() that fails."""

    def close(self):
        raise OSError("disk full")


@clean("wsgi.server.close-called")
def close_raises(environ, start_response):
    """A close() may fail: what it raises is the server's to log."""
    start_response("200 OK", [])
    return Refusing(b"a")


@clean("wsgi.app.returns-iterable")
def close_is_a_function(environ, start_response):
    """close() may be anything that can be called, as a function kept on the instance."""
    start_response("200 OK", [])
    body = Closing(b"a")
    body.close = [].clear
    return body


@clean("wsgi.server.close-called")
def closes_more_than_once(environ, start_response):
    """An iterable may close itself at its end; the server's close() comes all the same."""
    start_response("200 OK", [])
    body = Closing()

    def pieces():
        yield b"a"
        body.close()

    body.pieces = pieces()
    return body


@clean("wsgi.server.may-close-early", shows="wsgi.server.may-close-early", stop=1)
def cut_short(environ, start_response):
    """The server may close an iterable early: less than promised is not the application's fault."""
    start_response("200 OK", [("Content-Length", "2")])
    return Closing(b"a", b"b")


@clean("wsgi.app.no-assumption-fully-consumed", shows="wsgi.server.may-close-early", stop=1)
def cut_short_generator(environ, start_response):
    """A generator is left where it stands, and its finally runs."""
    start_response("200 OK", [])
    try:
        yield b"a"
        yield b"b"
    finally:
        environ["released"] = True


@clean("wsgi.server.may-close-early", shows="wsgi.server.may-close-early", stop=3)
def endless(environ, start_response):
    """A body may have no end, if the client leaves."""
    start_response("200 OK", [])
    return itertools.repeat(b"a")


@clean("wsgi.app.returns-iterable")
def from_a_map(environ, start_response):
    """Any iterator is a body."""
    start_response("200 OK", [])
    return map(str.encode, "abc")


@clean("wsgi.app.returns-iterable")
def from_a_set(environ, start_response):
    """A set has a length and an order, if an unknown one."""
    start_response("200 OK", [])
    return {b"a"}


@clean("wsgi.app.returns-iterable")
def from_a_dict(environ, start_response):
    """A dict is an iterable of its keys."""
    start_response("200 OK", [])
    return OrderedDict({b"a": 1, b"b": 2})


@clean("wsgi.app.returns-iterable")
def from_a_deque(environ, start_response):
    """A deque is one, too."""
    start_response("200 OK", [])
    return deque([b"a", b"b"])


class Sized:
    """Pieces, and how many there are."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)

    def __len__(self):
        return len(self.pieces)

    def __iter__(self):
        yield from self.pieces


@clean("wsgi.app.len-accurate")
def with_a_length(environ, start_response):
    """An object of one's own may have a length, if it is right."""
    start_response("200 OK", [("Content-Length", "3")])
    return Sized(b"a", b"bc")


class Truthless(Sized):
    """A body that says it is false."""

    def __bool__(self):
        return False


@clean("wsgi.app.returns-iterable")
def false_body(environ, start_response):
    """The truth of a body says nothing: only iterating does."""
    start_response("200 OK", [])
    return Truthless(b"a")


@clean("wsgi.app.returns-iterable")
def a_range_of_nothing(environ, start_response):
    """Even a range will do, if it is empty."""
    start_response("200 OK", [])
    return range(0)


@clean("wsgi.content-length.app-accurate")
def large_pieces(environ, start_response):
    """A piece may be of any size."""
    start_response("200 OK", [("Content-Length", "2000000")])
    return [b"x" * 1_000_000] * 2


@clean("wsgi.file-wrapper.app-may-use", shows="wsgi.file-wrapper.app-may-use")
def file_wrapper(environ, start_response):
    """The server's own wrapper may be the result."""
    start_response("200 OK", [("Content-Length", "11")])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"hello world"))


def _wrap(file, size=8):
    return Wrapper(file, size)


@clean(
    "wsgi.file-wrapper.app-may-use",
    shows="wsgi.file-wrapper.app-may-use",
    **{"wsgi.file_wrapper": _wrap},
)
def file_wrapper_function(environ, start_response):
    """The wrapper may be a function, and the block size may be given."""
    start_response("200 OK", [("Content-Length", "11")])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"hello world"), 4)


class Reader:
    """Something with read() and nothing else."""

    def __init__(self, content):
        self.content = io.BytesIO(content)

    def read(self, size=-1):
        return self.content.read(size)


@clean(
    "wsgi.file-wrapper.filelike-close-optional",
    shows=("wsgi.file-wrapper.filelike-close-optional", "wsgi.file-wrapper.app-may-use"),
)
def file_wrapper_without_close(environ, start_response):
    """A file-like object need not have a close()."""
    start_response("200 OK", [("Content-Length", "5")])
    return environ["wsgi.file_wrapper"](Reader(b"hello"))


@clean("wsgi.file-wrapper.app-may-use")
def file_wrapper_at_an_offset(environ, start_response):
    """A file is sent from where it stands."""
    content = io.BytesIO(b"hello world")
    content.seek(6)
    span = ("Content-Range", "bytes 6-10/11")
    start_response("206 Partial Content", [("Content-Length", "5"), span])
    return environ["wsgi.file_wrapper"](content)


@clean("wsgi.file-wrapper.app-may-use", stop=1)
def file_wrapper_of_a_longer_file(environ, start_response):
    """Of a wrapped file the server sends as many octets as Content-Length says."""
    start_response("200 OK", [("Content-Length", "5")])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"hello world"), 5)
