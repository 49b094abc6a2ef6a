"""Thousands of connections at once: each planted fault is found, on its own connection."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random

import pytest

from gateproof.validators import ASGIValidator

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more connections than by default, for nightly runs."""

CONNECTIONS = 2000 * SCALE
DEADLINE = 120
"""Seconds that all connections may take together."""


def start(number, **changes):
    headers = [(b"content-length", b"%d" % len(str(number)))]
    return {"type": "http.response.start", "status": 200, "headers": headers, **changes}


def body(number, **changes):
    return {"type": "http.response.body", "body": str(number).encode(), **changes}


FAULTS = [
    (lambda n: [start(n), body(n)], []),
    (lambda n: [start(n), body(n, more_body=True), body(n, body=b"")], []),
    (lambda n: [start(n), start(n), body(n)], ["asgi.http.response-start.once"]),
    (lambda n: [start(n), body(n, body="text")], ["asgi.http.response-body.body-type"]),
    (lambda n: [body(n)], ["asgi.http.response-start.before-body"]),
    (lambda n: [start(n, status="200"), body(n)], ["asgi.http.response-start.status-type"]),
    (lambda n: [start(n)], ["asgi.http.response-start.followed-by-body"]),
]
"""What an application sends, and the requirements that it breaks by it."""


def planted(number):
    return FAULTS[number % len(FAULTS)]


def in_asyncio(main):
    asyncio.run(asyncio.wait_for(main(asyncio.sleep, gathered), DEADLINE))


def in_uvloop(main):
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(main(asyncio.sleep, gathered), DEADLINE))


async def gathered(connections):
    await asyncio.gather(*connections)


def in_trio(main):
    import trio

    async def nursed(connections):
        async with trio.open_nursery() as nursery:
            for connection in connections:
                nursery.start_soon(waited_for, connection)

    async def waited_for(connection):
        await connection

    async def bounded():
        with trio.fail_after(DEADLINE):
            await main(trio.sleep, nursed)

    trio.run(bounded)


def needs(module):
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"{module} is not installed")


LOOPS = [
    pytest.param(in_asyncio, id="asyncio"),
    pytest.param(in_uvloop, id="uvloop", marks=needs("uvloop")),
    pytest.param(in_trio, id="trio", marks=needs("trio")),
]


def findings(make, run, connections):
    """What is found, by the number of the connection.

    Args:
        make: wraps an application; takes it and what to call with a number and a violation.
        run: runs the connections in an event loop.
        connections: how many.
    """
    found = {}
    most = 0
    at_once = 0
    rng = random.Random(connections)

    def tell(number, violation):
        found.setdefault(number, []).append(violation.requirement)

    async def main(sleep, together):
        async def pause():
            for _ in range(rng.randint(0, 3)):
                await sleep(0)

        async def app(scope, receive, send):
            await receive()
            number = int(scope["path"][1:])
            for event in planted(number)[0](number):
                await pause()
                await send(event)

        validator = make(app, tell)

        async def connection(number):
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            received = [{"type": "http.request", "body": b"", "more_body": False}]

            async def receive():
                await pause()
                return received.pop() if received else {"type": "http.disconnect"}

            async def send(event):
                await pause()

            await validator(a_scope(number), receive, send)
            at_once -= 1

        await together([connection(number) for number in range(connections)])

    run(main)
    assert most > connections / 2, "the connections did not overlap"
    return found


def a_scope(number):
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/{number}",
        "raw_path": b"/%d" % number,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"example.org"), (b"x-request-id", b"%d" % number)],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


def wanted(connections):
    return {n: planted(n)[1] for n in range(connections) if planted(n)[1]}


def validating(app, tell):
    def told(violation):
        number = violation.exchange[0].data["path"][1:]
        bodies = [rung.data.get("body") for rung in violation.exchange if rung.step == "send"]
        assert set(bodies) <= {None, b"", "text", number.encode()}, "a ladder of two connections"
        tell(int(number), violation)

    return ASGIValidator(app, on_violation=told)


class Muddled:
    """A validator that keeps the connection at hand in an attribute of its own."""

    def __init__(self, app, tell):
        self.inner = ASGIValidator(app, on_violation=lambda violation: tell(self.number, violation))

    async def __call__(self, scope, receive, send):
        self.number = int(scope["path"][1:])
        await self.inner(scope, receive, send)


@pytest.mark.parametrize("run", LOOPS)
def test_each_fault_is_found_on_its_own_connection(run):
    assert findings(validating, run, CONNECTIONS) == wanted(CONNECTIONS)


@pytest.mark.parametrize("run", LOOPS)
def test_a_validator_with_shared_state_would_be_noticed(run):
    assert findings(Muddled, run, 100) != wanted(100)


def test_collected_findings_are_counted_exactly():
    made = []

    def collecting(app, tell):
        made.append(ASGIValidator(app, on_violation="collect"))
        return made[0]

    findings(collecting, in_asyncio, CONNECTIONS)

    counted = {v.requirement: made[0].count(v) for v in made[0].violations}
    expected = {}
    for ids in wanted(CONNECTIONS).values():
        for name in ids:
            expected[name] = expected.get(name, 0) + 1
    assert counted == expected
