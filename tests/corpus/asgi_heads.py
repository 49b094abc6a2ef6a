"""Odd but legal heads and bodies of HTTP responses."""

from __future__ import annotations

from http import HTTPStatus

from corpus.kit import Corpus

clean = Corpus("asgi")

START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body", "body": b"hello"}
DISCONNECT = {"type": "http.disconnect"}
MORE = {"type": "http.request", "body": b"a", "more_body": True}
LAST = {"type": "http.request", "body": b"b"}
R = "asgi.http.response-"


@clean(R + "start.headers-iterable")
async def minimal(scope, receive, send):
    """Only type and status are required of a start, and only type of a body."""
    await receive()
    await send(START)
    await send({"type": "http.response.body"})


@clean(
    R + "start.before-body",
    expects={"asgi.http.request.app-not-trigger-on-scope": "the text says should not, and many do"},
)
async def answers_at_once(scope, receive, send):
    """Answering without a look at the request is no more than noted."""
    await send(START)
    await send(BODY)


@clean(R + "body.more-body-type")
async def empty_pieces(scope, receive, send):
    """Pieces may be empty anywhere, the last one included."""
    await receive()
    await send(START)
    for piece in (b"", b"a", b"", b""):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "more_body": False})


@clean(R + "start.headers-iterable")
async def one_shot_headers(scope, receive, send):
    """Headers are an iterable, so a generator will do."""
    await receive()
    headers = ((name, b"1") for name in (b"x-a", b"x-b"))
    await send({**START, "headers": headers})
    await send(BODY)


@clean(R + "start.headers-iterable")
async def one_shot_pairs(scope, receive, send):
    """A pair is a two-item iterable, so an iterator will do."""
    await receive()
    await send({**START, "headers": [iter((b"x-a", b"1"))]})
    await send(BODY)


@clean(R + "start.headers-iterable")
async def one_shot_both(scope, receive, send):
    """Both may be read only once."""
    await receive()
    await send({**START, "headers": (iter(pair) for pair in [(b"x-a", b"1"), (b"x-a", b"2")])})
    await send(BODY)


@clean(R + "start.headers-iterable")
async def headers_of_a_dict(scope, receive, send):
    """The items of a dict are pairs."""
    await receive()
    await send({**START, "headers": {b"content-length": b"5"}.items()})
    await send(BODY)


@clean(R + "start.headers-iterable")
async def headers_of_a_map(scope, receive, send):
    """A map or a zip gives pairs as well."""
    await receive()
    await send({**START, "headers": zip([b"x-a", b"x-b"], [b"1", b"2"], strict=True)})
    await send(BODY)


@clean(R + "start.headers-iterable")
async def tuple_headers(scope, receive, send):
    """Tuples and lists may be mixed."""
    await receive()
    await send({**START, "headers": ((b"x-a", b"1"), [b"x-a", b"2"])})
    await send(BODY)


class Headers:
    """Headers as a framework keeps them: any number of iterations."""

    def __iter__(self):
        yield (b"x-a", b"1")


@clean(R + "start.headers-iterable")
async def headers_of_a_class(scope, receive, send):
    """Anything with __iter__ is an iterable."""
    await receive()
    await send({**START, "headers": Headers()})
    await send(BODY)


@clean(R + "start.headers-iterable")
async def the_same_headers_for_all(scope, receive, send, headers=((b"x-a", b"1"),)):
    """Nothing forbids sharing an event or its headers between requests."""
    await receive()
    await send({**START, "headers": headers})
    await send(BODY)


@clean(R + "start.headers-valid")
async def odd_header_values(scope, receive, send):
    """A value may be empty or hold a tab and any octet above 127; names are any token."""
    await receive()
    pairs = [(b"x-empty", b""), (b"x-odd", b"a\tb \xe9\xff"), (b"!#$%&'*+-.^_`|~", b"1")]
    await send({**START, "headers": pairs})
    await send(BODY)


@clean("asgi.http.headers.set-cookie-not-joined")
async def cookies(scope, receive, send):
    """Cookies are set one by one."""
    await receive()
    await send({**START, "headers": [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]})
    await send(BODY)


@clean(R + "start.status-type")
async def enum_status(scope, receive, send):
    """A member of an IntEnum is an int."""
    await receive()
    await send({"type": "http.response.start", "status": HTTPStatus.NOT_FOUND, "headers": []})
    await send(BODY)


@clean(R + "start.status-range")
async def rare_status(scope, receive, send):
    """A code that nobody registered."""
    await receive()
    await send({"type": "http.response.start", "status": 599})
    await send(BODY)


@clean(R + "start.headers-iterable")
async def redirect_without_content_type(scope, receive, send):
    """No header is required, and a relative location is legal HTTP."""
    await receive()
    await send({"type": "http.response.start", "status": 302, "headers": [(b"location", b"/a")]})
    await send({"type": "http.response.body", "body": b""})


@clean("asgi.http.app.body-for-bodyless-status")
async def no_content(scope, receive, send):
    """A 204 needs its body event, with nothing in it."""
    await receive()
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


@clean("asgi.http.app.body-for-bodyless-status")
async def no_content_in_pieces(scope, receive, send):
    """Even several events with nothing in them."""
    await receive()
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@clean("asgi.http.app.content-length-consistent", method="HEAD")
async def head_with_length_and_no_body(scope, receive, send):
    """HEAD states the length that a GET would have."""
    await receive()
    await send({**START, "headers": [(b"content-length", b"1234")]})
    await send({"type": "http.response.body"})


@clean("asgi.http.app.body-for-bodyless-status", method="HEAD")
async def head_with_body(scope, receive, send):
    """HEAD may be answered as GET is; the server leaves the body out."""
    await receive()
    await send({**START, "headers": [(b"content-length", b"5")]})
    await send(BODY)


@clean("asgi.http.app.content-length-consistent")
async def not_modified_with_length(scope, receive, send):
    """A 304 may state the length of what it does not send."""
    await receive()
    await send(
        {"type": "http.response.start", "status": 304, "headers": [(b"content-length", b"99")]}
    )
    await send({"type": "http.response.body"})


@clean("asgi.http.app.may-send-transfer-encoding", shows="asgi.http.app.may-send-transfer-encoding")
async def transfer_encoding(scope, receive, send):
    """Transfer-Encoding may be sent: the server ignores it."""
    await receive()
    await send({**START, "headers": [(b"transfer-encoding", b"chunked")]})
    await send(BODY)
