"""Walks and the suite's own servers: legal applications are served, sound deliveries are made.

The servers in this process keep the rules, so that what is legal passes between them and an
application without a word of the validator.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from pathlib import Path

import pytest
from hypothesis import given

from gateproof.conformance.strategies import scripts_asgi_http as http
from gateproof.conformance.strategies import scripts_asgi_lifespan as lifespan
from gateproof.conformance.strategies import scripts_asgi_websocket as websocket
from gateproof.conformance.strategies import scripts_wsgi as wsgi
from gateproof.conformance.strategies import scripts_wsgi_server as wsgi_server
from gateproof.conformance.strategies.walks import strategy
from gateproof.targets import asgi_http, asgi_lifespan, asgi_websocket, probe, wsgi_gateway
from gateproof.targets.wsgi_environ import Request

_SPEC = importlib.util.spec_from_file_location("playing", Path(__file__).parent / "playing.py")
playing = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(playing)


@pytest.fixture(scope="module")
def run():
    """Runs a coroutine in one loop for all examples."""
    with asyncio.Runner() as runner:
        yield runner.run


def grave(watched):
    """Everything told that is more than an observation."""
    return [v for v in watched.violations if v.verdict != "observed"]


def asgi(script):
    return playing.player(probe.ASGIPlayer, script, "asgi")


# Legal applications ------------------------------------------------------------------


def test_legal_applications_are_served_over_http(run):
    extensions = {name: dict(value) for name, value in asgi_http.EXTENSIONS.items()}
    offered = asgi_http.Request(scope={"extensions": extensions})

    @playing.examples(150)
    @given(strategy(http.applications("legal", extensions), fast=True))
    def serve(expected):
        reply = run(asgi_http.request(asgi(expected.script), offered))
        assert grave(reply.watched) == []
        assert reply.complete
        assert reply.ended == "returned"

    serve()


def test_legal_applications_are_served_over_websocket(run):
    @playing.examples(150)
    @given(strategy(websocket.applications("legal", asgi_websocket.DENIAL), fast=True))
    def serve(session):
        played = asgi(session.script)
        played._heard = without_patience(played)
        seen = run(asgi_websocket.connect(played, session.connect()))
        assert grave(seen.watched) == []
        assert seen.ended == "returned"
        assert seen.raised is None

    serve()


def without_patience(played):
    """Listening in vain ends at once."""
    heard = played._heard

    async def soon(within):
        return await heard(None if within is None else 0.001)

    return soon


def test_legal_applications_are_started_and_stopped(run):
    @playing.examples(100)
    @given(strategy(lifespan.applications("legal"), fast=True))
    def serve(expected):
        made = asgi_lifespan.Lifespan(asgi(expected.script), patience=0.05)
        run(asgi_lifespan.cycle(made))
        assert grave(made.watched) == []

    serve()


def test_legal_applications_are_served_over_wsgi():
    @playing.examples(150)
    @given(strategy(wsgi.applications("legal"), fast=True))
    def serve(expected):
        app = playing.player(probe.WSGIPlayer, expected.script, "wsgi")
        reply = wsgi_gateway.serve(app, Request())
        assert grave(reply.watched) == []
        assert reply.refused == ""
        fails = expected.walk.symbols[-1] is wsgi.Turn.FAIL
        assert (reply.raised is None) or fails

    serve()


# Sound deliveries --------------------------------------------------------------------


async def reading(scope, receive, send):
    """Reads what there is and answers; asks once more, for the disconnect."""
    event = {"more_body": True}
    while event.get("more_body", False):
        event = await receive()
    if event["type"] == "http.request":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
        event = await receive()
    assert event["type"] == "http.disconnect"


def test_walks_of_a_request_are_requests_of_the_server_in_this_process(run):
    seen = set()

    @playing.examples(150)
    @given(strategy(http.requests(asgi_http.Request.to("/a?b=1")), fast=True))
    def serve(asked):
        reply = run(asgi_http.request(reading, asked))
        assert str(asked) == "GET /a?b=1"
        assert grave(reply.watched) == []
        assert reply.complete is (asked.leave.received is None)
        seen.add((len(asked.events) > 1, asked.leave.received is None))

    serve()
    assert seen == {(more, stays) for more in (True, False) for stays in (True, False)}


async def echoing(scope, receive, send):
    """Accepts, and sends back what comes, until the client has gone."""
    await receive()
    with contextlib.suppress(OSError):
        await send({"type": "websocket.accept"})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            return
        with contextlib.suppress(OSError):
            await send({**event, "type": "websocket.send"})


def test_walks_of_a_websocket_are_connections_of_the_server_in_this_process(run):
    seen = set()

    @playing.examples(150)
    @given(strategy(websocket.connections(), fast=True))
    def serve(asked):
        session = run(asgi_websocket.connect(echoing, asked))
        assert grave(session.watched) == []
        assert session.told
        if asked.leave.received is None:
            assert session.frames == list(asked.messages)
        seen.add((bool(asked.messages), asked.leave.received is None))

    serve()
    assert len(seen) == 4


def test_walks_of_a_result_are_requests_of_the_gateway():
    seen = set()

    def counting(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield from (b"one", b"two", b"three")

    @playing.examples(100)
    @given(strategy(wsgi_server.requests(), fast=True))
    def serve(asked):
        reply = wsgi_gateway.serve(counting, asked)
        assert grave(reply.watched) == []
        assert reply.closed == 1
        assert reply.finished is (asked.stop_after is None or asked.stop_after > 3)
        seen.add(asked.stop_after)

    serve()
    assert {None, 1, 2} <= seen
