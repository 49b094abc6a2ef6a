"""In raise mode an error comes out at the offending call, and reaches whoever is at fault."""

from __future__ import annotations

import asyncio
import contextlib
import io

import pytest

from gateproof.validators import ASGIValidator, ConformanceError, WSGIValidator

EVERYBODY = ("application", "middleware", "server")

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/",
    "query_string": b"",
    "headers": [],
}


def serve_asgi(app, event, **options):
    """Play one request whose only event is ``event``; the server's own errors pass."""
    sent = []

    async def receive():
        return event

    async def send(message):
        sent.append(message)

    asyncio.run(ASGIValidator(app, **options)(dict(SCOPE), receive, send))
    return sent


def swallowing(seen):
    async def application(scope, receive, send):
        try:
            await receive()
        except ConformanceError as error:
            seen.append(error)
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"oops"})

    return application


WRONG = {"type": "http.request", "body": "text", "more_body": False}
RIGHT = {"type": "http.request", "body": b"", "more_body": False}


def test_a_servers_breach_reaches_the_server_though_the_application_swallowed_it():
    seen = []

    with pytest.raises(ConformanceError) as caught:
        serve_asgi(swallowing(seen), WRONG, parties=EVERYBODY)

    assert caught.value.violation.party == "server"
    assert seen == [caught.value]


def test_a_servers_breach_is_only_warned_of_unless_asked_for():
    seen = []

    with pytest.warns(UserWarning, match="asgi.http.request.body"):
        sent = serve_asgi(swallowing(seen), WRONG)

    assert seen == []
    assert len(sent) == 2


def test_an_exception_in_its_place_is_the_cause():
    async def application(scope, receive, send):
        try:
            await receive()
        except ConformanceError:
            raise KeyError("something else") from None

    with pytest.raises(ConformanceError) as caught:
        serve_asgi(application, WRONG, parties=EVERYBODY)

    assert isinstance(caught.value.__cause__, KeyError)


def test_what_the_application_broke_and_swallowed_is_its_own_affair():
    async def application(scope, receive, send):
        await receive()
        with pytest.raises(ConformanceError):
            await send({"type": "http.response.body", "body": b"early"})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"late"})

    assert len(serve_asgi(application, RIGHT, parties=EVERYBODY)) == 2


class Text(io.BytesIO):
    def read(self, *size):
        return "text"


def environ(**more):
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": Text(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    } | more


def answer(environ, start_response):
    with contextlib.suppress(ConformanceError):
        environ["wsgi.input"].read(1)
    start_response("500 Oops", [("Content-Type", "text/plain")])


def at_once(environ, start_response):
    answer(environ, start_response)
    return [b"oops"]


def as_iterated(environ, start_response):
    answer(environ, start_response)
    yield b"oops"


@pytest.mark.parametrize("application", [at_once, as_iterated])
def test_a_wsgi_servers_breach_reaches_the_server_once(application):
    raised = []
    validated = WSGIValidator(application, parties=EVERYBODY)
    try:
        result = validated(environ(), lambda status, headers, exc_info=None: lambda data: None)
        try:
            list(result)
        except ConformanceError as error:
            raised.append(error)
        result.close()
    except ConformanceError as error:
        raised.append(error)

    assert [error.violation.requirement for error in raised] == ["wsgi.unicode.bytes-from-input"]


@pytest.mark.parametrize("application", [at_once, as_iterated])
def test_a_wsgi_servers_breach_is_only_warned_of_unless_asked_for(application):
    validated = WSGIValidator(application)

    with pytest.warns(UserWarning, match="wsgi.unicode.bytes-from-input"):
        body = served(validated)

    assert body == [b"oops"]


def served(application):
    result = application(environ(), lambda status, headers, exc_info=None: lambda data: None)
    body = list(result)
    result.close()
    return body
