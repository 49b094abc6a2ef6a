"""Applications that are odd and correct: the validator has nothing to say about them."""

from __future__ import annotations

import functools
import io
import itertools
import sys
from collections import deque

CLEAN = []


def clean(app=None, **how):
    """Add an application to the corpus; ``how`` are its request's variables and ``stop``."""
    if app is None:
        return functools.partial(clean, **how)
    CLEAN.append((app, how))
    return app


@clean
def plain(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


@clean
def tuple_body(environ, start_response):
    start_response("200 OK", [])
    return (b"a", b"b")


@clean
def generator(environ, start_response):
    start_response("200 OK", [("content-length", "2")])
    yield b"a"
    yield b"b"


@clean
def late_start(environ, start_response):
    def pages():
        start_response("418 I'm a teapot", [])
        yield b"short"

    return pages()


@clean
def start_at_the_end(environ, start_response):
    start_response("200 OK", [])
    return iter([])


@clean
def late_start_without_a_body(environ, start_response):
    start_response("204 No Content", [])
    yield from ()


class Pages(list):
    def close(self):
        self.was_closed = True


@clean
def list_subclass(environ, start_response):
    start_response("200 OK", [])
    return Pages([b"a"])


@clean
def empty_pieces(environ, start_response):
    start_response("200 OK", [])
    return [b"", b"a", b"", b"b", b""]


@clean
def only_empty_pieces(environ, start_response):
    start_response("200 OK", [("Content-Length", "0")])
    return [b"", b""]


@clean
def nothing_at_all(environ, start_response):
    start_response("200 OK", [])
    return []


@clean
def writes(environ, start_response):
    write = start_response("200 OK", [("Content-Length", "2")])
    write(b"a")
    write(b"")
    write(b"b")
    return []


@clean
def writes_and_returns(environ, start_response):
    write = start_response("200 OK", [])
    write(b"a")
    return [b"b"]


@clean
def error_page(environ, start_response):
    start_response("200 OK", [("Content-Length", "100")])
    try:
        raise ValueError("late")
    except ValueError:
        start_response("500 Oops", [("Content-Length", "4")], sys.exc_info())
    return [b"oops"]


@clean
def error_page_at_first(environ, start_response):
    try:
        raise ValueError("early")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    return [b"oops"]


@clean
def no_error_after_all(environ, start_response):
    start_response("200 OK", [], None)
    return [b"ok"]


@clean
def error_page_after_an_empty_piece(environ, start_response):
    start_response("200 OK", [])
    yield b""
    try:
        raise ValueError("late")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    yield b"oops"


@clean
def error_after_data(environ, start_response):
    start_response("200 OK", [("Content-Length", "100")])
    yield b"a"
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    yield b"never"


@clean(REQUEST_METHOD="HEAD")
def head_without_body(environ, start_response):
    start_response("200 OK", [("Content-Length", "100")])
    return []


@clean(REQUEST_METHOD="HEAD")
def head_with_body(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@clean
def not_modified(environ, start_response):
    start_response("304 Not Modified", [("Content-Length", "100"), ("ETag", '"a"')])
    return []


@clean
def no_content(environ, start_response):
    start_response("204 No Content", [])
    return [b""]


@clean
def redirect_without_type(environ, start_response):
    start_response("302 Found", [("Location", "/elsewhere")])
    return []


@clean
class Class:
    """A class whose instances are the response."""

    def __init__(self, environ, start_response):
        self.start_response = start_response

    def __iter__(self):
        self.start_response("200 OK", [])
        yield b"class"


class Instance:
    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return [b"instance"]

    def method(self, environ, start_response):
        start_response("200 OK", [])
        return [b"method"]


clean(Instance())
clean(Instance().method)
clean(functools.partial(lambda extra, environ, start_response: plain(environ, start_response), 1))


class Indexed:
    def __init__(self, *pieces):
        self.pieces = pieces

    def __getitem__(self, index):
        return self.pieces[index]


@clean
def by_getitem(environ, start_response):
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


@clean
def closing(environ, start_response):
    start_response("200 OK", [])
    return Closing(b"a", b"b")


@clean(stop=1)
def cut_short(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return Closing(b"a", b"b")


@clean(stop=1)
def cut_short_generator(environ, start_response):
    start_response("200 OK", [])
    try:
        yield b"a"
        yield b"b"
    finally:
        environ["released"] = True


@clean(stop=3)
def endless(environ, start_response):
    start_response("200 OK", [])
    return itertools.repeat(b"a")


@clean
def from_a_map(environ, start_response):
    start_response("200 OK", [])
    return map(str.encode, "abc")


@clean
def from_a_set(environ, start_response):
    start_response("200 OK", [])
    return {b"a"}


@clean
def from_a_dict(environ, start_response):
    start_response("200 OK", [])
    return {b"a": 1, b"b": 2}


@clean
def from_a_deque(environ, start_response):
    start_response("200 OK", [])
    return deque([b"a", b"b"])


@clean
def file_wrapper(environ, start_response):
    start_response("200 OK", [("Content-Length", "11")])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"hello world"))


def _wrap(file, size=8):
    try:
        yield from iter(lambda: file.read(size), b"")
    finally:
        file.close()


@clean(**{"wsgi.file_wrapper": _wrap})
def file_wrapper_function(environ, start_response):
    start_response("200 OK", [("Content-Length", "11")])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"hello world"), 4)


@clean(body=b"a\nb\nc")
def reads_by_size(environ, start_response):
    source = environ["wsgi.input"]
    left = int(environ["CONTENT_LENGTH"])
    pieces = []
    while left:
        pieces.append(source.read(min(2, left)))
        left -= len(pieces[-1])
    start_response("200 OK", [])
    return pieces


@clean(body=b"a\nb\nc")
def reads_all(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


@clean(body=b"a\nb\nc")
def reads_lines(environ, start_response):
    source = environ["wsgi.input"]
    start_response("200 OK", [])
    return [source.readline(), source.readline(), *source.readlines()]


@clean(body=b"a\nb\nc")
def iterates_input(environ, start_response):
    start_response("200 OK", [])
    return list(environ["wsgi.input"])


@clean(body=b"a\nb\nc")
def returns_input(environ, start_response):
    start_response("200 OK", [])
    return iter(environ["wsgi.input"])


@clean(**{"body": b"abc", "wsgi.input_terminated": True})
def reads_until_the_end(environ, start_response):
    start_response("200 OK", [])
    return iter(lambda: environ["wsgi.input"].read(2), b"")


@clean(body=b"abc")
def reads_while_it_answers(environ, start_response):
    start_response("200 OK", [])
    yield environ["wsgi.input"].read(1)
    yield environ["wsgi.input"].read(2)


@clean
def logs(environ, start_response):
    environ["wsgi.errors"].write("something\n")
    environ["wsgi.errors"].writelines(["else\n", "as well\n"])
    environ["wsgi.errors"].flush()
    start_response("200 OK", [])
    return [b"logged"]


@clean
def prints(environ, start_response):
    print("something", file=environ["wsgi.errors"])
    start_response("200 OK", [])
    return [b"logged"]


@clean
def clears_environ(environ, start_response):
    environ.clear()
    start_response("200 OK", [])
    return [b"gone"]


@clean
def changes_environ(environ, start_response):
    environ["wsgi.input"] = io.BytesIO(b"mine")
    environ["my.key"] = object()
    environ["REMOTE_USER"] = "me"
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


@clean
def cookies(environ, start_response):
    start_response("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X_odd-", "\xe9")])
    return [b"a"]


@clean
def keeps_its_headers(environ, start_response, headers=[("X-A", "b")]):  # noqa: B006
    start_response("200 OK", headers)
    return [b"a"]


@clean
def rare_status(environ, start_response):
    start_response("599 Network  Connect Timeout", [])
    return []


@clean(QUERY_STRING="", CONTENT_LENGTH="", CONTENT_TYPE="")
def empty_variables(environ, start_response):
    start_response("200 OK", [])
    return [b"a"]


def _middleware(app):
    def wrapped(environ, start_response):
        def starter(status, headers, exc_info=None):
            return start_response(status, [*headers, ("X-Middle", "yes")], exc_info)

        return Closing(*app(environ, starter))

    return wrapped


clean(_middleware(generator))
