"""Generated cases find a fault that needs a combination, and show it small."""

from __future__ import annotations

import pytest

from gateproof.conformance.effort import PROFILES, Effort, Traffic

MANY = Traffic(Effort(volume=800, drawn=100, seconds=30.0, shrinking=15.0))
FEW = Traffic(Effort(volume=64, drawn=8, seconds=30.0, shrinking=5.0))

START = {"type": "http.response.start", "status": 200}
DONE = {"type": "http.response.body"}


def answering(fault, seen=None):
    """An application that sends a second start where ``fault(scope, event)``."""

    async def application(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        event = await receive()
        if seen is not None:
            seen.append((scope["path"], scope["query_string"], event))
        await send(START)
        if event["type"] == "http.request" and fault(scope, event):
            await send(START)
        await send(DONE)

    return application


def clean():
    return answering(lambda scope, event: False)


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
    assert "'client'" in shown.request
    assert "the body comes in 2 pieces" in shown.request
    assert shown.request.count(", where ") == 1
    assert "extension" not in shown.request
    assert "leaves" not in shown.request
    assert "asgi.http.response-start.once" in played.stage.blobs


def test_a_correct_application_is_left_alone(play):
    played = play(clean(), "asgi.http::generated")

    assert played.requirements("fail", "weak") == set()
    assert played.stage.played >= PROFILES["default"].volume
    assert len(played.stage.exchanges) < 30


@pytest.mark.parametrize("other", [None, 1])
def test_the_seed_decides_over_the_examples(play, other):
    def examples(seed):
        seen = []
        traffic = Traffic(FEW.effort, seed=seed)
        play(answering(lambda scope, event: False, seen), "asgi.http::generated", traffic=traffic)
        return seen

    first = examples(None)

    assert len(first) > 50
    assert (examples(other) == first) == (other is None)


def test_one_example_is_played_again_from_its_choices(play):
    def fault(scope, event):
        return b"a=2" in scope["query_string"]

    found = play(answering(fault), "asgi.http::generated", traffic=MANY)
    from gateproof.conformance.blob import choices_of

    choices = choices_of(found.stage.blobs["asgi.http.response-start.once"])
    again = play(answering(fault), "asgi.http::generated", traffic=Traffic(replay=tuple(choices)))

    assert again.stage.played == 1
    assert again.requirements("fail") == {"asgi.http.response-start.once"}


def test_websocket_messages_are_generated(play):
    played = play(chatting, "asgi.websocket::generated", traffic=MANY)

    assert "asgi.websocket.send.exactly-one" in played.requirements("fail")
    assert "messages ''" in played.stage.exchanges[-1].request


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
    played = play(clean(), f"{family}::generated")

    assert played.ended.startswith("NotApplicable")
    assert played.found == []
