"""What an ASGI stage makes of applications that hang, stream, raise or speak nothing."""

from __future__ import annotations

import inspect
import time

import anyio
import anyio.lowlevel
import pytest

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import Blocked, NotApplicable, cases
from gateproof.conformance.loops import AsyncioLoop
from gateproof.targets import asgi_http, asgi_server
from gateproof.targets.asgi_lifespan import Lifespan

ASGI = [name for name in cases() if name.startswith("asgi.")]


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(asgi_server, "GRACE", 0.05)


async def hello(scope, receive, send):
    """Knows nothing but HTTP, and does not even look whether it is called for that."""
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"hello"})


async def strict(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await hello(scope, receive, send)


async def careful(scope, receive, send):
    """Reads its body and never sends to a client that has gone."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        size += len(event.get("body", b""))
        if not event.get("more_body", False):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1")]})
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body"})
    else:
        await send({"type": "http.response.body", "body": b"%d" % size})


async def not_found(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 404})
    await send({"type": "http.response.body"})


def counting():
    """Never answers twice the same."""
    count = 0
    statuses = (200, 201, 404, 500, 503)

    async def application(scope, receive, send):
        nonlocal count
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        count += 1
        await send({"type": "http.response.start", "status": statuses[count % 5]})
        await send({"type": "http.response.body", "body": b"%d" % count})

    return application


@pytest.mark.parametrize("name", ASGI)
@pytest.mark.parametrize(
    "application",
    [strict, careful, not_found, counting()],
    ids=["strict", "careful", "not_found", "counting"],
)
def test_correct_applications_are_left_alone(play, application, name):
    played = play(application, name)

    assert played.requirements("fail", "weak") == set()
    assert [v for v in played.found if v.party != "application"] == []
    if not name.startswith("asgi.http::"):
        assert played.ended.startswith("NotApplicable")


@pytest.mark.parametrize("name", [name for name in ASGI if name.startswith("asgi.websocket")])
def test_refusing_websockets_through_http_is_no_breach_of_theirs(play, name):
    played = play(hello, name)

    assert played.ended.startswith("NotApplicable: the application does not accept WebSockets")
    assert played.found == []


@pytest.mark.parametrize("name", [name for name in ASGI if name.startswith("asgi.lifespan")])
def test_taking_a_lifespan_for_a_request_is_no_breach_of_its_clauses(play, name):
    played = play(hello, name)

    assert played.ended.startswith("NotApplicable: the application does not support lifespan")
    assert played.found == []


def test_an_unknown_type_answered_is_weak(play):
    played = play(hello, "asgi.http::unknown-scope-type")

    assert played.requirements("weak") == {"asgi.app.rejects-unknown-before-sending"}
    assert played.requirements("fail") == set()


async def asks_for_ever(scope, receive, send):
    while True:
        await receive()


async def sleeps(scope, receive, send):
    await anyio.sleep_forever()


@pytest.mark.parametrize("application", [asks_for_ever, sleeps])
def test_no_response_is_reported_once_and_ends_the_case(play, application):
    played = play(application, "asgi.http::get", patience=0.1, paths=("/a", "/b"))

    assert [v.requirement for v in played.found] == ["asgi.http.app.completes-response"]
    assert played.found[0].message == "sent no response within 0.1 s to GET /a"
    assert played.ended == "Blocked: the application sent no response to GET /a"


def test_an_endless_stream_is_no_breach(play):
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        while True:
            await send({"type": "http.response.body", "body": b"tick", "more_body": True})

    for name in ("asgi.http::get", "asgi.http::scope-keys-absent"):
        played = play(application, name, patience=0.1)
        assert played.requirements("fail", "weak") == set()
    assert played.ended == (
        "Blocked: the application did not complete its response in time on GET /"
    )


def test_a_raising_baseline_blocks(play):
    async def application(scope, receive, send):
        raise ValueError("x")

    played = play(application, "asgi.http::scope-keys-absent")

    assert played.ended == "Blocked: the application raised ValueError('x') on GET /"
    assert played.found == []


def test_one_path_that_raises_does_not_block_the_others(play):
    async def application(scope, receive, send):
        if scope["path"] == "/broken":
            raise ValueError("x")
        scheme = scope["scheme"]
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": scheme.encode()})

    played = play(application, "asgi.http::scope-keys-absent", paths=("/broken", "/fine?a=1"))

    assert played.requirements("fail") == {"asgi.http.scope.scheme-default"}
    assert "GET /fine?a=1" in played.found[-1].message


def test_a_missing_state_is_not_tried_on_an_application_that_stored_something(play):
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["pool"] = object()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert scope["state"]["pool"]
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    assert play(application, "asgi.http::state-absent").ended.startswith("NotApplicable")
    assert play(application, "asgi.http::get").ended == ""


def test_an_application_that_ends_by_raising_may_raise_another_text(play):
    count = 0

    async def application(scope, receive, send):
        nonlocal count
        if scope["type"] != "websocket":
            raise ValueError(scope["type"])
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        count += 1
        raise ConnectionError(count)

    for name in ASGI:
        if name.startswith("asgi.websocket"):
            played = play(application, name)
            assert played.requirements("fail", "weak") == set()
            assert played.ended == ""


def test_an_application_that_breaks_down_at_random_is_not_blamed(play):
    count = 0

    async def application(scope, receive, send):
        nonlocal count
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        count += 1
        if count % 3 == 0:
            raise RuntimeError(count)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    for name in ASGI:
        if name.startswith("asgi.http::"):
            assert play(application, name).requirements("fail", "weak") == set()


def test_an_application_that_starts_only_once_is_not_blamed(play):
    started = 0

    async def application(scope, receive, send):
        nonlocal started
        await receive()
        started += 1
        if started > 1:
            raise RuntimeError("can only be started once")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    for name in ASGI:
        if name.startswith("asgi.lifespan") and "around" not in name:
            started = 0
            played = play(application, name)
            assert played.ended == (
                "NotApplicable: the application cannot be started more than once"
            )
            assert played.found == []


def test_all_cases_run_under_each_event_loop(drive):
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            for _ in range(2):
                await send({"type": f"{(await receive())['type']}.complete"})
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (event := await receive())["type"] == "websocket.receive":
                kind = "text" if event.get("bytes") is None else "bytes"
                await send({"type": "websocket.send", kind: event[kind]})
        else:
            await careful(scope, receive, send)

    async def perform():
        lifespan = Lifespan(application)
        found, ended = [], []
        async with anyio.create_task_group() as group:
            group.start_soon(lifespan.run)
            await lifespan.start()
            for name, case in cases().items():
                if not name.startswith("asgi.") or not inspect.iscoroutinefunction(case.run):
                    continue
                stage = ASGIStage(case=case, application=application, lifespan=lifespan)
                try:
                    await case.run(stage)
                except (NotApplicable, Blocked) as outcome:
                    ended.append((name, outcome))
                found += [v for w in stage.exchanges for v in w.violations] + stage.findings
            await lifespan.stop()
        return found, ended

    found, ended = drive(perform)

    assert [v for v in found if getattr(v, "verdict", "fail") != "observed"] == []
    # The application has no routes that could be read.
    assert [name for name, _ in ended] == ["asgi.http::routes"]


def test_a_client_does_not_lose_patience_while_nothing_drives_the_loop(monkeypatch):
    clock = [1000.0]
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock[0] + real())
    loop = AsyncioLoop(5)
    let_go = []

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        while not let_go:
            await anyio.lowlevel.checkpoint()
        await send({"type": "http.response.body"})

    replies = []

    async def ask():
        replies.append(await asgi_http.request(application, asgi_http.Request()))

    handle = loop.spawn(ask)
    loop.run(anyio.sleep(0.01))
    clock[0] += 3600
    let_go.append(True)
    loop.wait(handle, 5)
    loop.close()

    assert replies[0].complete
    assert not replies[0].timed_out
