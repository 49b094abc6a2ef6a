"""Odd but legal use of environ and its streams."""

from __future__ import annotations

import io
from urllib.parse import quote

from corpus.kit import Corpus

clean = Corpus("wsgi")
LINES = b"a\nb\nc"


@clean("wsgi.input.read-size", body=LINES)
def reads_by_size(environ, start_response):
    """As much as Content-Length says, in small reads."""
    source = environ["wsgi.input"]
    left = int(environ["CONTENT_LENGTH"])
    pieces = []
    while left:
        pieces.append(source.read(min(2, left)))
        left -= len(pieces[-1])
    start_response("200 OK", [])
    return pieces


@clean("wsgi.input.read-no-argument", body=LINES)
def reads_all(environ, start_response):
    """read() without a size has been legal since PEP 3333."""
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


@clean("wsgi.input.read-no-argument", body=LINES)
def reads_all_by_minus_one(environ, start_response):
    """read(-1) is how files say the same."""
    start_response("200 OK", [])
    return [environ["wsgi.input"].read(-1)]


@clean("wsgi.input.read-size", body=LINES)
def reads_nothing_much(environ, start_response):
    """read(0) asks for nothing."""
    start_response("200 OK", [])
    return [environ["wsgi.input"].read(0)]


@clean("wsgi.input.empty-bytes-when-exhausted", body=LINES)
def reads_the_end_twice(environ, start_response):
    """With all of it read, another read gives an empty bytes."""
    environ["wsgi.input"].read(5)
    start_response("200 OK", [])
    return [environ["wsgi.input"].read(0), environ["wsgi.input"].read()]


@clean("wsgi.input.readline", body=LINES)
def reads_lines(environ, start_response):
    """Lines, in any mixture of methods."""
    source = environ["wsgi.input"]
    start_response("200 OK", [])
    return [source.readline(), source.readline(), *source.readlines()]


@clean("wsgi.input.readline-size", body=LINES)
def reads_lines_by_size(environ, start_response):
    """readline(size) is legal, if not portable to old servers."""
    start_response("200 OK", [])
    return [environ["wsgi.input"].readline(10)]


@clean(
    "wsgi.input.readlines-hint-optional",
    shows="wsgi.input.readlines-hint-optional",
    body=LINES,
)
def reads_lines_by_hint(environ, start_response):
    """readlines(hint) is legal; how many lines come is the server's choice."""
    start_response("200 OK", [])
    return environ["wsgi.input"].readlines(1)


@clean("wsgi.input.iter", body=LINES)
def iterates_input(environ, start_response):
    """The input is an iterable of lines."""
    start_response("200 OK", [])
    return list(environ["wsgi.input"])


@clean("wsgi.input.iter", body=LINES)
def returns_input(environ, start_response):
    """What echoes may return the input's iterator."""
    start_response("200 OK", [])
    return iter(environ["wsgi.input"])


@clean("wsgi.input.read-size", **{"body": b"abc", "wsgi.input_terminated": True})
def reads_until_the_end(environ, start_response):
    """Where the server says that the input ends by itself, reading on is legal."""
    start_response("200 OK", [])
    return iter(lambda: environ["wsgi.input"].read(2), b"")


@clean("wsgi.input.read-size", body=b"abc")
def reads_while_it_answers(environ, start_response):
    """Reading may go on while the response is under way."""
    start_response("200 OK", [])
    yield environ["wsgi.input"].read(1)
    yield environ["wsgi.input"].read(2)


@clean("wsgi.input.read-size", body=b"abc")
def does_not_read(environ, start_response):
    """Nobody has to read the body."""
    start_response("413 Too Large", [])
    return []


@clean("wsgi.environ.errors-newline")
def logs(environ, start_response):
    """All three methods of wsgi.errors."""
    environ["wsgi.errors"].write("something\n")
    environ["wsgi.errors"].writelines(["else\n", "as well\n"])
    environ["wsgi.errors"].flush()
    start_response("200 OK", [])
    return [b"logged"]


@clean("wsgi.environ.errors-newline")
def logs_from_a_generator(environ, start_response):
    """writelines() takes any iterable of str, also one that is read once."""
    environ["wsgi.errors"].writelines(f"{number}\n" for number in range(3))
    environ["wsgi.errors"].flush()
    start_response("200 OK", [])
    return [b"logged"]


@clean("wsgi.environ.errors-accepts-unicode")
def logs_any_text(environ, start_response):
    """The error stream takes any text."""
    environ["wsgi.errors"].write("\u20ac \U0001f600\n")
    environ["wsgi.errors"].flush()
    start_response("200 OK", [])
    return [b"logged"]


@clean(
    "wsgi.errors.write",
    expects={"wsgi.errors.app-must-flush": "whether the text must be kept, nobody can see"},
)
def prints(environ, start_response):
    """print() writes the text and the line's end in two calls."""
    print("something", file=environ["wsgi.errors"])
    start_response("200 OK", [])
    return [b"logged"]


@clean("wsgi.environ.app-may-mutate", shows="wsgi.environ.app-may-mutate")
def clears_environ(environ, start_response):
    """The environ is the application's to change, even to empty."""
    environ.clear()
    start_response("200 OK", [])
    return [b"gone"]


@clean("wsgi.environ.app-may-mutate", shows="wsgi.environ.app-may-mutate")
def changes_environ(environ, start_response):
    """Anything can be put in, in the place of the server's streams, too."""
    environ["wsgi.input"] = io.BytesIO(b"mine")
    environ["my.key"] = object()
    environ["REMOTE_USER"] = "me"
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


@clean(
    "wsgi.url.reconstruction-algorithm",
    shows="wsgi.url.reconstruction-algorithm",
    SCRIPT_NAME="/app",
    PATH_INFO="/caf\xc3\xa9",
)
def rebuilds_its_url(environ, start_response):
    """The URL of the request, made of its parts."""
    host = environ.get("HTTP_HOST") or environ["SERVER_NAME"] + ":" + environ["SERVER_PORT"]
    path = quote(environ.get("SCRIPT_NAME", ""), encoding="latin-1") + quote(
        environ.get("PATH_INFO", ""), encoding="latin-1"
    )
    start_response("200 OK", [("Location", f"{environ['wsgi.url_scheme']}://{host}{path}")])
    return []
