"""What is judged live and what is judged from the ladder is judged the same."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from gateproof.validators.asgi.exercised import exercised
from gateproof.validators.asgi.replay import replay
from gateproof.validators.asgi.values import Misuse
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.violation import Rung

NOT_PLAYED = {
    *("unawaited", "unusable", "legacy", "receive-unusable", "send-unusable", "files", "cancel"),
    "receive-cancelled",
}


ANSWERS = ("received", "receive-raised", "sent", "send-raised")


def player(steps):
    """An application and the two callables of a server that together give ``steps``."""
    steps = list(steps[1:])
    answers = [(s, d) for s, d in steps if s in ANSWERS]

    async def app(scope, receive, send):
        for step, data in steps:
            if step == "receive":
                with contextlib.suppress(RuntimeError):
                    await receive()
            elif step == "send":
                with contextlib.suppress(OSError, RuntimeError, ValueError):
                    await send(data)
            elif step == "raise":
                raise data

    async def receive():
        step, data = answers.pop(0)
        if step == "receive-raised":
            raise data
        return data

    async def send(event):
        step, data = answers.pop(0)
        if step == "send-raised":
            raise data

    return app, receive, send


def playable(steps):
    """Whether one task can play it: no call begins before the one before it has ended."""
    if any(a == b == "receive" for (a, _), (b, _) in itertools.pairwise(steps)):
        return False
    over = [n for n, (step, _) in enumerate(steps) if step in ("return", "raise")]
    return not any(step in NOT_PLAYED or type(data) is Misuse for step, data in steps) and over == [
        len(steps) - 1
    ]


def test_witnesses_played_live_are_judged_as_replayed(orders, watched, server):
    played = 0
    for order in orders:
        for steps in (order.breaks, order.keeps):
            if not playable(steps):
                continue
            played += 1
            app, receive, send = player(steps)
            served = server()
            served.scope, served.receive, served.send = steps[0][1], receive, send
            violations, exchange, _ = watched(app, served)

            assert [(r.step, r.data) for r in exchange.rungs()] == list(steps)
            assert replay(steps, Policy(print, Rules(level="all"))) == violations
            assert exercised(exchange.rungs()) == exercised(steps)

    assert played > 100


def test_an_exchange_begins_with_its_call():
    with pytest.raises(ValueError, match="begins with 'call', not 'send'"):
        replay([("send", {})])


def test_a_step_has_to_be_known():
    with pytest.raises(ValueError, match="unknown step 'sned'"):
        replay([("call", {"type": "http"}), ("sned", {})])


def test_rungs_and_pairs_are_the_same(orders):
    steps = orders[0].breaks
    rungs = [Rung(step, data, 0) for step, data in steps]

    assert replay(rungs) == replay(steps)


def test_replay_follows_the_policy(orders):
    order = next(o for o in orders if o.requirement == "asgi.http.response-start.once")
    ignoring = Policy(print, Rules(ignore=["asgi.http.response-start.once"]))
    of_servers = Policy(print, Rules(), parties=["server"])

    assert replay(order.breaks, ignoring) == []
    assert replay(order.breaks, of_servers) == []


def test_replay_hands_nothing_over(orders):
    told = []
    replay(orders[0].breaks, Policy(told.append, Rules(level="all")))

    assert told == []
