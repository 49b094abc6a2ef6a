"""Servers that refuse legal events, live, and refusals of which nothing is told."""

from __future__ import annotations

import contextlib

import pytest

from gateproof.validators.asgi.replay import replay
from gateproof.validators.violation import ConformanceError

START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body"}


def ids(violations):
    return [v.requirement for v in violations if v.verdict != "observed"]


async def hello(scope, receive, send):
    await receive()
    await send(dict(START))
    await send(dict(BODY))


async def looks_up_headers(event):
    event["headers"]


async def looks_up_body(event):
    kind = event.pop("type")
    if kind == "http.response.body":
        event["body"]


async def takes_no_more(*, status=200, headers=(), body=b"", more_body=False):
    """Its parameters are all that it knows."""


@pytest.mark.parametrize(
    ("send", "found"),
    [
        (looks_up_headers, "asgi.http.response-start.headers-default"),
        (looks_up_body, "asgi.http.response-body.body-default"),
    ],
)
def test_a_lookup_of_an_optional_key_is_the_servers_fault(watched, server, send, found):
    served = server()
    served.send = send
    violations, exchange, error = watched(hello, served)

    assert ids(violations) == [found]
    assert violations[0].party == "server"
    assert isinstance(error, KeyError)
    assert replay(exchange.rungs()) == violations


def test_an_unknown_key_is_named(watched, server):
    async def app(scope, receive, send):
        await receive()
        await send({**START, "x_trace": "1"})

    served = server()

    async def send(event):
        event.pop("type")
        await takes_no_more(**event)

    served.send = send
    violations, _, error = watched(app, served)

    assert ids(violations) == ["asgi.server.ignores-extra-keys"]
    assert "'x_trace'" in violations[0].message
    assert isinstance(error, TypeError)


def test_after_a_fault_of_the_application_a_refusal_is_its_due(watched, server):
    async def app(scope, receive, send):
        await receive()
        await send(BODY)

    served = server(fail=KeyError("body"))
    violations, _, _ = watched(app, served)

    assert ids(violations) == ["asgi.http.response-start.before-body"]


def test_an_event_that_breaks_a_should_may_be_refused(watched, server):
    """At the level must, nothing is told of the bytearray; the refusal is not judged either."""

    async def app(scope, receive, send):
        await receive()
        await send({**START, "headers": []})
        await send({"type": "http.response.body", "body": bytearray(b"a"), "x": 1})

    served = server(fail=TypeError("x"), after=1)

    assert watched(app, served, level="must")[0] == []


def test_our_own_refusal_is_nobodys(run, server):
    from gateproof.validators import ASGIValidator

    async def app(scope, receive, send):
        with contextlib.suppress(ConformanceError):
            await send({"type": "http.response.start"})
        await send(START)
        await send(BODY)

    served = server()
    run(ASGIValidator(app)(served.scope, served.receive, served.send))

    assert served.sent == [START, BODY]


def test_of_two_sends_under_way_none_is_blamed(watched, server):
    """Which of the two events the error is for cannot be told from outside."""

    async def app(scope, receive, send):
        await receive()
        first, second = send(START), send(BODY)
        with contextlib.suppress(KeyError):
            await second
        await first

    async def send(event):
        if event == BODY:
            raise KeyError("body")

    served = server()
    served.send = send

    assert ids(watched(app, served)[0]) == []
