"""Odd but legal ways to be an application and to start a response."""

from __future__ import annotations

import functools
import sys

from corpus.kit import Corpus

clean = Corpus("wsgi")


@clean("wsgi.app.returns-iterable")
def plain(environ, start_response):
    """Nothing is odd here: the measure for all others."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


@clean("wsgi.app.may-start-during-iteration", shows="wsgi.app.may-start-during-iteration")
def generator(environ, start_response):
    """A generator starts its response when it is first advanced."""
    start_response("200 OK", [("content-length", "2")])
    yield b"a"
    yield b"b"


@clean("wsgi.app.may-start-during-iteration", shows="wsgi.app.may-start-during-iteration")
def late_start(environ, start_response):
    """The result is there before the status, which comes with the first piece."""

    def pages():
        start_response("418 I'm a teapot", [])
        yield b"short"

    return pages()


@clean(
    "wsgi.app.start-response-before-first-body",
    expects={
        "wsgi.app.start-response-before-first-body": "the text speaks of the first body bytestring,"
        " and an empty one is one"
    },
)
def late_start_after_empty_pieces(environ, start_response):
    """Empty pieces before the start harm nobody, though the text is strict."""
    yield b""
    yield b""
    start_response("200 OK", [])
    yield b"a"


@clean("wsgi.app.start-response-before-first-body")
def late_start_at_the_end(environ, start_response):
    """A response without a body is started when the iterable ends."""

    class Nothing:
        def __iter__(self):
            return self

        def __next__(self):
            start_response("204 No Content", [])
            raise StopIteration

    return Nothing()


@clean("wsgi.app.start-response-always-called")
def late_start_without_a_body(environ, start_response):
    """A generator that yields nothing still starts its response."""
    start_response("204 No Content", [])
    yield from ()


@clean("wsgi.start-response.repeat-with-exc-info", shows="wsgi.start-response.repeat-with-exc-info")
def error_page(environ, start_response):
    """A second start with exc_info replaces a head that was not sent."""
    start_response("200 OK", [("Content-Length", "100")])
    try:
        raise ValueError("late")
    except ValueError:
        start_response("500 Oops", [("Content-Length", "4")], sys.exc_info())
    return [b"oops"]


@clean("wsgi.start-response.repeat-with-exc-info", shows="wsgi.start-response.repeat-with-exc-info")
def error_page_twice(environ, start_response):
    """Any number of starts is legal as long as each later one carries exc_info."""
    start_response("200 OK", [])
    for status in ("500 Oops", "503 Later"):
        try:
            raise ValueError(status)
        except ValueError:
            start_response(status, [], sys.exc_info())
    return [b"oops"]


@clean("wsgi.errors-handling.always-give-exc-info")
def error_page_at_first(environ, start_response):
    """exc_info may come with the first start."""
    try:
        raise ValueError("early")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    return [b"oops"]


@clean("wsgi.start-response.signature")
def no_error_after_all(environ, start_response):
    """exc_info may be given as None."""
    start_response("200 OK", [], None)
    return [b"ok"]


@clean("wsgi.start-response.repeat-with-exc-info")
def error_page_after_an_empty_piece(environ, start_response):
    """An empty piece sends no head, so that it can still be replaced."""
    start_response("200 OK", [])
    yield b""
    try:
        raise ValueError("late")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    yield b"oops"


@clean("wsgi.errors-handling.no-data-before-error-page")
def error_after_data(environ, start_response):
    """Once data is out the server raises the error again, and the application lets it."""
    start_response("200 OK", [("Content-Length", "100")])
    yield b"a"
    try:
        raise ValueError("too late")
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    yield b"never"


@clean(
    "wsgi.errors-handling.app-traps-own-errors",
    expects={"wsgi.errors-handling.app-traps-own-errors": "the text says should"},
)
def raises_at_once(environ, start_response):
    """An application that raises leaves the error page to the server."""
    raise ValueError("no")


@clean(
    "wsgi.errors-handling.app-traps-own-errors",
    expects={"wsgi.errors-handling.app-traps-own-errors": "the text says should"},
)
def raises_in_the_middle(environ, start_response):
    """An application may also fail with half of its body out."""
    start_response("200 OK", [("Content-Length", "100")])
    yield b"half"
    raise ValueError("half way")


@clean("wsgi.app.callable-any-kind", shows="wsgi.app.callable-any-kind")
class Class:
    """A class whose instances are the response."""

    def __init__(self, environ, start_response):
        self.start_response = start_response

    def __iter__(self):
        self.start_response("200 OK", [])
        yield b"class"


class Instance:
    """An instance with __call__."""

    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return [b"instance"]

    def method(self, environ, start_response):
        """A bound method."""
        start_response("200 OK", [])
        return [b"method"]

    @classmethod
    def of_the_class(cls, environ, start_response):
        """A bound method of the class itself."""
        start_response("200 OK", [])
        return [b"classmethod"]

    @staticmethod
    def of_nobody(request, respond):
        """A static method, with names of its own for both parameters."""
        respond("200 OK", [])
        return [b"staticmethod"]


ANY_KIND = clean("wsgi.app.callable-any-kind", shows="wsgi.app.callable-any-kind", name="instance")
ANY_KIND(Instance())
clean("wsgi.app.callable-any-kind", shows="wsgi.app.callable-any-kind")(Instance().method)
clean("wsgi.app.callable-any-kind", shows="wsgi.app.callable-any-kind")(Instance.of_the_class)
clean("wsgi.app.two-positional-arguments", shows="wsgi.app.callable-any-kind")(Instance.of_nobody)
clean("wsgi.app.callable-any-kind", name="partial", why="A partial is called with two arguments.")(
    functools.partial(lambda extra, environ, start_response: plain(environ, start_response), 1)
)
clean(
    "wsgi.app.two-positional-arguments",
    name="any_arguments",
    why="An application may be able to take more than two arguments.",
)(lambda *arguments, **named: plain(*arguments))
clean(
    "wsgi.app.two-positional-arguments",
    name="more_parameters",
    why="Further parameters are legal if they have defaults.",
)(lambda environ, start_response, debug=False: plain(environ, start_response))


@clean("wsgi.status.reason-phrase")
def rare_status(environ, start_response):
    """A code that nobody registered, and two spaces inside the reason."""
    start_response("599 Network  Connect Timeout", [])
    return []


@clean(
    "wsgi.status.reason-phrase",
    expects={"wsgi.status.reason-phrase": "the PEP speaks of a message, HTTP of a phrase or none"},
)
def empty_reason(environ, start_response):
    """The reason may be empty, after its space: HTTP lets a phrase have no characters."""
    start_response("200 ", [])
    return [b"a"]


@clean(
    "wsgi.status.form",
    expects={"wsgi.status.reason-phrase": "the text says code, space, phrase; every server copes"},
)
def no_reason(environ, start_response):
    """A status without a reason phrase is a departure that servers cope with: weak at most."""
    start_response("200", [])
    return [b"a"]


@clean("wsgi.unicode.str-type-only")
def latin_reason(environ, start_response):
    """The reason may hold any Latin-1 text."""
    start_response("200 D\xe9j\xe0 vu", [])
    return [b"a"]


@clean("wsgi.status.reason-phrase")
def long_reason(environ, start_response):
    """No length is set for a reason."""
    start_response("200 " + "very " * 1000 + "fine", [])
    return [b"a"]


class Text(str):
    """A str of one's own, as of a lazy translation."""

    __slots__ = ()


class Pairs(list):
    """A list of one's own."""


class Pair(tuple):
    """A tuple of one's own."""

    __slots__ = ()


@clean(
    "wsgi.status.native-str",
    expects={
        "wsgi.status.native-str": "the text names the exact type, subclasses work",
        "wsgi.response-headers.name-native-str": "the text names the exact type, subclasses work",
        "wsgi.response-headers.value-native-str": "the text names the exact type, subclasses work",
    },
)
def text_of_its_own(environ, start_response):
    """A subclass of str is at most noted: every server takes it."""
    start_response(Text("200 OK"), [(Text("X-A"), Text("1"))])
    return [b"a"]


@clean(
    "wsgi.response-headers.exact-list",
    expects={"wsgi.response-headers.exact-list": "the text says type(headers) is list"},
)
def headers_of_a_list_subclass(environ, start_response):
    """A subclass of list is at most noted: every server takes it."""
    start_response("200 OK", Pairs([("X-A", "1")]))
    return [b"a"]


@clean("wsgi.response-headers.list-of-pairs")
def no_headers(environ, start_response):
    """Not one header is required of an application, Content-Type included."""
    start_response("200 OK", [])
    return [b"a"]


@clean("wsgi.response-headers.list-of-pairs")
def redirect_without_type(environ, start_response):
    """A redirect has no body, hence no type; a relative Location is legal HTTP."""
    start_response("302 Found", [("Location", "/elsewhere")])
    return []


@clean("wsgi.response-headers.list-of-pairs")
def cookies(environ, start_response):
    """A header may come repeatedly, its name in any case, its value in Latin-1."""
    start_response("200 OK", [("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X_odd-", "\xe9")])
    return [b"a"]


@clean("wsgi.response-headers.name-token")
def token_headers(environ, start_response):
    """Any token is a header name, and a value may be empty."""
    start_response("200 OK", [("!#$%&'*+-.^_`|~", "1"), ("X-Empty", "")])
    return [b"a"]


@clean(
    "wsgi.response-headers.value-no-control",
    expects={
        "wsgi.response-headers.value-no-control": "the PEP rules out every control character,"
        " HTTP permits this one"
    },
)
def tab_in_a_header(environ, start_response):
    """HTTP permits a tab inside a value, so that it is weak at most."""
    start_response("200 OK", [("X-Tab", "a\tb")])
    return [b"a"]


@clean("wsgi.response-headers.list-of-pairs")
def many_headers(environ, start_response):
    """No number of headers, and no length of a value, is too great for the interface."""
    headers = [(f"X-{number}", "v") for number in range(500)]
    start_response("200 OK", [*headers, ("X-Long", "v" * 100_000)])
    return [b"a"]


@clean("wsgi.response-headers.server-may-mutate", requests=2)
def keeps_its_headers(environ, start_response, headers=[("X-A", "b")]):  # noqa: B006
    """One list of headers serves all requests, as long as no server edits it."""
    start_response("200 OK", headers)
    return [b"a"]


@clean(
    "wsgi.response-headers.server-may-mutate",
    shows="wsgi.response-headers.server-may-mutate",
    edits_headers=True,
    requests=2,
)
def headers_anew(environ, start_response):
    """The server may edit the list it was given, and does."""
    start_response("200 OK", [("X-B", "b"), ("X-A", "a")])
    return [b"a"]


@clean("wsgi.app.head-same-as-get", REQUEST_METHOD="HEAD")
def head_without_body(environ, start_response):
    """The length that a GET would have, without its body."""
    start_response("200 OK", [("Content-Length", "100")])
    return []


@clean("wsgi.app.head-same-as-get", REQUEST_METHOD="HEAD")
def head_with_body(environ, start_response):
    """HEAD is answered as GET is; leaving the body out is the server's task."""
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


@clean("wsgi.content-length.app-accurate")
def not_modified(environ, start_response):
    """A 304 may state the length of what it does not send."""
    start_response("304 Not Modified", [("Content-Length", "100"), ("ETag", '"a"')])
    return []


@clean("wsgi.content-length.app-accurate")
def no_content(environ, start_response):
    """A 204 has no length, and an empty piece is no body."""
    start_response("204 No Content", [])
    return [b""]


@clean("wsgi.content-length.valid-value")
def zeros_before_the_length(environ, start_response):
    """Content-Length is digits, so it may begin with zeros."""
    start_response("200 OK", [("Content-Length", "0005")])
    return [b"hello"]
