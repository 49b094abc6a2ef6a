"""Generated cases find a fault that needs a combination, and show it small."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateproof.conformance.effort import PROFILES, Traffic

MANY = Traffic(replace(PROFILES["default"], drawn=400))

START = {"type": "http.response.start", "status": 200}
DONE = {"type": "http.response.body"}


def answering(fault):
    """An application that sends a second start where ``fault(scope, event)``."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        event = await receive()
        await send(START)
        if event["type"] == "http.request" and fault(scope, event):
            await send(START)
        await send(DONE)

    return application


async def chatting(scope, receive, send):
    if scope["type"] != "websocket":
        raise ValueError(scope["type"])
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        kind = "text" if event.get("bytes") is None else "bytes"
        both = {"text": "x", "bytes": b"x"} if event[kind] in ("", b"") else {kind: event[kind]}
        await send({"type": "websocket.send", **both})


def test_the_smallest_exchange_is_the_evidence(play):
    def fault(scope, event):
        return event.get("more_body") and not scope.get("client")

    played = play(answering(fault), "asgi.http::generated", traffic=MANY)
    broken = [v for v in played.found if v.verdict == "fail"]
    shown = played.stage.exchanges[-1]

    assert {v.requirement for v in broken} == {"asgi.http.response-start.once"}
    fails = [w for w in played.stage.exchanges if any(v.verdict == "fail" for v in w.violations)]
    assert fails == [shown]
    assert "'client': " in shown.request
    assert "headers" not in shown.request
    assert "leave" not in shown.request


def test_a_correct_application_is_left_alone(play):
    played = play(answering(lambda scope, event: False), "asgi.http::generated")

    assert played.requirements("fail", "weak") == set()
    assert len(played.stage.exchanges) >= 50


def test_the_examples_do_not_change_between_runs(play):
    first, second = (
        play(answering(lambda scope, event: False), "asgi.http::generated") for _ in range(2)
    )

    assert [str(w.exchange.count) for w in first.stage.exchanges] == [
        str(w.exchange.count) for w in second.stage.exchanges
    ]


def test_the_seed_changes_them(play):
    first, second = (
        play(
            answering(lambda scope, event: False),
            "asgi.http::generated",
            traffic=Traffic(seed=seed),
        )
        for seed in (1, 2)
    )

    assert [w.request for w in first.stage.exchanges] != [w.request for w in second.stage.exchanges]


def test_websocket_messages_are_generated(play):
    played = play(chatting, "asgi.websocket::generated", traffic=MANY)

    assert "asgi.websocket.send.exactly-one" in played.requirements("fail")
    assert "messages=('',)" in played.stage.exchanges[-1].request


def test_lifespans_are_generated(play):
    async def application(scope, receive, send):
        if scope["type"] != "lifespan":
            raise ValueError(scope["type"])
        await receive()
        await send({"type": "lifespan.startup.complete"})
        if "state" not in scope:
            await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    played = play(application, "asgi.lifespan::generated")

    assert "asgi.lifespan.startup-complete.once" in played.requirements("fail")


@pytest.mark.parametrize("family", ["asgi.websocket", "asgi.lifespan"])
def test_not_applicable_where_the_protocol_is_not_spoken(play, family):
    played = play(answering(lambda scope, event: False), f"{family}::generated")

    assert played.ended.startswith("NotApplicable")
    assert played.found == []


def test_a_stage_that_fails_ends_the_search(play):
    calls = []

    class StuckError(Exception):
        pass

    def play_one(example):
        calls.append(example)
        raise StuckError

    from hypothesis import strategies as st

    from gateproof.conformance.asgi_stage import ASGIStage
    from gateproof.conformance.case import cases
    from gateproof.conformance.strategies.asgi_search import search

    with pytest.raises(StuckError):
        search(ASGIStage(cases()["asgi.http::generated"]), st.integers(), play_one, 50)

    assert len(calls) == 1
