"""Relations between generated exchanges: what makes a difference, and what must not."""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
from typing import Any

import pytest

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.asgi_turns import Turns
from gateproof.conformance.blocking import observed
from gateproof.conformance.case import NotApplicable, cases
from gateproof.conformance.effort import Effort, Traffic
from gateproof.conformance.loops import AsyncioLoop

RELATIONS = [name for name in cases() if name.startswith("asgi.http::generated-")]
SOME = Traffic(Effort(volume=160, drawn=20, seconds=30.0, shrinking=5.0))


def played(application: Any, full_id: str) -> ASGIStage:
    """The stage of a case that was run on ``application``."""
    loop = AsyncioLoop(10.0)
    case: Any = cases()[full_id]
    stage = ASGIStage(case=case, application=application, traffic=SOME, run=loop.run)
    try:
        with loop.often():
            case.run(stage)
    except NotApplicable:
        pass
    finally:
        loop.close()
    return stage


def told(stage: ASGIStage) -> set[str]:
    """What was found of more than an observation."""
    mine = {one.breach.requirement for one in stage.findings if one.breach.verdict != "observed"}
    seen = {v.requirement for w in stage.exchanges for v in w.violations if v.verdict != "observed"}
    return mine | seen


def answering(body: Any) -> Any:
    """An application whose body is what ``body(scope)`` gives."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        while (await receive()).get("more_body"):
            pass
        said = body(scope)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": said})

    return application


def alternating() -> Any:
    states = itertools.cycle([b"even", b"odd"])
    return answering(lambda scope: next(states))


def changing() -> Any:
    """Answers otherwise from the two hundredth request on."""
    count = itertools.count()
    return answering(lambda scope: b"new" if next(count) > 200 else b"old")


def counting() -> Any:
    count = itertools.count()
    return answering(lambda scope: b"%d" % next(count))


def chancy() -> Any:
    chance = random.Random(1)
    return answering(lambda scope: chance.choice((b"heads", b"tails")))


def tiring() -> Any:
    """Exits now and then."""
    count = itertools.count()
    return answering(lambda scope: sys.exit(3) if next(count) % 97 == 96 else b"here")


@pytest.mark.parametrize("make", [alternating, changing, counting, chancy, tiring])
@pytest.mark.parametrize("relation", RELATIONS)
def test_what_an_application_does_by_itself_is_no_finding(relation: str, make: Any) -> None:
    stage = played(make(), relation)

    assert told(stage) == set()
    assert stage.played >= 20


def test_a_difference_is_laid_to_what_alone_makes_it() -> None:
    def body(scope: Any) -> bytes:
        return b"%d" % len(scope.get("client") or ()) + scope.get("scheme", "none").encode()

    stage = played(answering(body), "asgi.http::generated-default-keys")

    assert told(stage) == {"asgi.http.scope.scheme-default"}  # another client is another client


def test_the_order_decides_who_gets_on() -> None:
    async def run(order: tuple[int, ...]) -> list[str]:
        steps: list[str] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            steps.append(f"{scope['n']} called")
            await receive()
            steps.append(f"{scope['n']} received")
            await send({})

        async def nothing(*_: object) -> Any:
            await asyncio.sleep(0)

        def work(n: int) -> Any:
            return lambda app: app({"n": n}, nothing, nothing)

        await Turns(order).all([work(0), work(1)], application)
        return steps

    def steps(*order: int) -> list[str]:
        return asyncio.run(run(order))

    assert steps() == ["0 called", "0 received", "1 called", "1 received"]
    assert steps(1, 1, 1) == ["1 called", "1 received", "0 called", "0 received"]
    assert steps(0, 1, 0, 1) == ["0 called", "1 called", "0 received", "1 received"]
    assert steps(0, 1, 0, 1) == steps(0, 1, 0, 1)


def blocks() -> None:
    time.sleep(0.2)


def test_what_holds_the_loop_is_found_with_its_place() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        blocks()

    _, held = asyncio.run(_observed(work))

    assert held.place is not None
    assert held.place.function == "blocks"
    assert held.place.line == blocks.__code__.co_firstlineno + 1
    assert held.place.file == __file__
    assert held.seconds >= 0.1


async def _sleeps() -> None:
    await asyncio.sleep(0.2)


async def _in_a_thread() -> None:
    await asyncio.to_thread(time.sleep, 0.2)


async def _computes_a_little() -> None:
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        sum(range(1000))


@pytest.mark.parametrize("work", [_sleeps, _in_a_thread, _computes_a_little])
def test_what_does_not_hold_the_loop_is_not_told(work: Any) -> None:
    _, held = asyncio.run(_observed(work))

    assert held.place is None


async def _observed(work: Any) -> Any:
    return await observed(work)
