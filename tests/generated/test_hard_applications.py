"""Applications that no relation was made for: the reason or the finding is told, in bounded time.

Each application is asked by every generated case, through the engine as the plugin uses it.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateproof.conformance.case import cases
from gateproof.conformance.effort import Effort, Traffic
from gateproof.conformance.engine import Engine, Plan
from gateproof.conformance.outcome import Outcome
from gateproof.targets.application import Application
from gateproof.targets.detect import Detected
from gateproof.validators.policy import Rules

EFFORT = Effort(volume=64, drawn=16, seconds=0.5, shrinking=0.5)
DEADLINE = 2.0
BOUND = 120.0
"""Seconds of one application, on a machine that has a lot of other work."""

TEXT = [("Content-Type", "text/plain")]
RELATIONS = ("body-cut", "default-keys", "extra-keys", "among-others", "mount")
OTHERWISE = "otherwise each time"

Environ = dict[str, Any]
released = threading.Event()


def asked(environ: Environ) -> str:
    return str(environ.get("QUERY_STRING") or "")


def answering(say: Callable[[Environ], bytes]) -> Callable[..., list[bytes]]:
    def application(environ: Environ, start_response: Any) -> list[bytes]:
        said = say(environ)
        start_response("200 OK", list(TEXT))
        return [said]

    return application


def rolling() -> Any:
    dice = random.Random(1)
    return answering(lambda environ: b"%d" % dice.getrandbits(64))


def counting() -> Any:
    count = iter(range(10**9))
    return answering(lambda environ: b"%d" % next(count))


def slow() -> Any:
    def say(environ: Environ) -> bytes:
        time.sleep(0.05)
        return b"late"

    return answering(say)


def leaking() -> Any:
    def say(environ: Environ) -> bytes:
        threading.Thread(target=released.wait, args=(BOUND,), daemon=True).start()
        return b"left"

    return answering(say)


def failing_later() -> Any:
    count = iter(range(10**9))

    def say(environ: Environ) -> bytes:
        if next(count) > 40:
            raise RuntimeError("it is enough")
        return b"well"

    return answering(say)


def saying_otherwise_later() -> Any:
    count = iter(range(10**9))
    return answering(lambda environ: b"early" if next(count) < 40 else b"late")


def printing() -> Any:
    def say(environ: Environ) -> bytes:
        print("x" * 10_000)
        environ["wsgi.errors"].write("y" * 10_000)
        environ["wsgi.errors"].flush()
        return b"said"

    return answering(say)


def exiting() -> Any:
    def say(environ: Environ) -> bytes:
        raise SystemExit(3)

    return answering(say)


def exiting_for_a_query() -> Any:
    def say(environ: Environ) -> bytes:
        if asked(environ):
            raise SystemExit(3)
        return b"here"

    return answering(say)


def hanging_for_a_query() -> Any:
    def say(environ: Environ) -> bytes:
        if asked(environ):
            time.sleep(BOUND)
        return b"here"

    return answering(say)


def spinning() -> Any:
    """Reads until it has what was announced, whatever comes."""

    def say(environ: Environ) -> bytes:
        left = int(environ.get("CONTENT_LENGTH") or 0)
        while left > 0:
            left -= len(environ["wsgi.input"].read(left))
        return b"read"

    return answering(say)


def locking() -> Any:
    """One request at a time, which is no reason to wait for ever."""
    lock = threading.Lock()

    def application(environ: Environ, start_response: Any) -> list[bytes]:
        with lock:
            start_response("200 OK", list(TEXT))
            return [b"locked"]

    return application


def endless() -> Any:
    def application(environ: Environ, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", list(TEXT))
        while True:
            yield b"on and on"

    return application


WSGI: dict[Any, tuple[set[str], str]] = {
    rolling: ({"n/a"}, OTHERWISE),
    counting: ({"n/a"}, OTHERWISE),
    slow: ({"pass"}, ""),
    leaking: ({"pass"}, ""),
    failing_later: ({"pass", "observed", "weak", "fail", "n/a", "blocked"}, ""),
    saying_otherwise_later: ({"pass"}, ""),
    printing: ({"pass"}, ""),
    exiting: ({"blocked"}, "SystemExit(3)"),
    exiting_for_a_query: ({"pass"}, ""),
    hanging_for_a_query: ({"pass", "fail", "blocked"}, ""),
    spinning: ({"pass", "fail"}, ""),
    locking: ({"pass"}, ""),
    endless: ({"pass"}, ""),
}
"""For each application the verdicts of its relations, and what their reasons say."""


def run(
    call: Any, interface: Any, family: str, methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")
) -> tuple[dict[str, Outcome], float]:
    """The outcomes of the generated cases of a family, by name, and seconds."""
    selected = [case for name, case in cases().items() if name.startswith(f"{family}::generated")]
    plan = Plan(
        application=Application("hard:application", call, Detected(interface, "it is known")),
        methods=methods,
        rules=Rules(level="all"),
        deadline=DEADLINE,
        traffic=Traffic(EFFORT),
    )
    engine = Engine(plan, selected)
    began = time.monotonic()
    try:
        return {case.id: engine.outcome(case) for case in selected}, time.monotonic() - began
    finally:
        engine.close()


@pytest.mark.parametrize("make", WSGI, ids=lambda make: make.__name__)
def test_wsgi(make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts, reason = WSGI[make]
    outcomes, seconds = run(make(), "wsgi", "wsgi")
    released.set()

    assert seconds < BOUND
    assert "harness" not in {outcome.verdict for outcome in outcomes.values()}
    for name in RELATIONS:
        outcome = outcomes[f"generated-{name}"]
        assert outcome.verdict in verdicts, (name, outcome.verdict, outcome.reason)
        assert reason in outcome.reason


def test_a_wsgi_application_that_fails_after_some_requests_is_told() -> None:
    outcomes, _ = run(failing_later(), "wsgi", "wsgi")
    told = {finding["requirement"] for finding in outcomes["generated"].findings}

    assert "wsgi.app.reinvocable" in told
    assert outcomes["generated-mount"].reason.startswith("the application raised RuntimeError")


def test_a_wsgi_application_that_never_stops_reading_is_told_and_stopped() -> None:
    outcomes, seconds = run(spinning(), "wsgi", "wsgi", ("GET", "POST"))
    told = {(f["requirement"], f["verdict"]) for f in outcomes["generated"].findings}

    assert told == {("wsgi.app.returns-iterable", "weak")}
    assert seconds < BOUND


def test_a_hang_is_told_once_in_each_case_until_it_is_enough() -> None:
    outcomes, seconds = run(hanging_for_a_query(), "wsgi", "wsgi")
    hung = [name for name, outcome in outcomes.items() if outcome.hung]
    told = {finding["requirement"] for name in hung for finding in outcomes[name].findings}

    assert 1 <= len(hung) <= 3
    assert "wsgi.app.returns-iterable" in told
    assert seconds < BOUND


# ASGI

Send = Callable[[dict[str, Any]], Any]


async def answer(send: Send, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def only_http(say: Callable[[dict[str, Any]], Any]) -> Any:
    """An ASGI application that answers with what ``say`` comes to."""

    async def application(scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        await answer(send, await say(scope))

    return application


def asgi_rolling() -> Any:
    dice = random.Random(1)

    async def say(scope: dict[str, Any]) -> bytes:
        return b"%d" % dice.getrandbits(64)

    return only_http(say)


def asgi_slow() -> Any:
    async def say(scope: dict[str, Any]) -> bytes:
        await asyncio.sleep(0.05)
        return b"late"

    return only_http(say)


def asgi_leaking() -> Any:
    tasks = []

    async def say(scope: dict[str, Any]) -> bytes:
        tasks.append(asyncio.get_running_loop().create_task(asyncio.sleep(BOUND)))
        return b"left"

    return only_http(say)


def asgi_failing_later() -> Any:
    count = iter(range(10**9))

    async def say(scope: dict[str, Any]) -> bytes:
        if next(count) > 40:
            raise RuntimeError("it is enough")
        return b"well"

    return only_http(say)


def asgi_printing() -> Any:
    async def say(scope: dict[str, Any]) -> bytes:
        print("x" * 10_000)
        return b"said"

    return only_http(say)


def asgi_hanging_for_a_query() -> Any:
    async def say(scope: dict[str, Any]) -> bytes:
        if scope.get("query_string"):
            await asyncio.sleep(BOUND)
        return b"here"

    return only_http(say)


def asgi_exiting_for_a_query() -> Any:
    async def say(scope: dict[str, Any]) -> bytes:
        if scope.get("query_string"):
            raise SystemExit(3)
        return b"here"

    return only_http(say)


ASGI: dict[Any, set[str]] = {
    asgi_rolling: {"pass", "n/a"},
    asgi_slow: {"pass", "n/a"},
    asgi_leaking: {"pass", "weak", "observed"},
    asgi_failing_later: {"pass", "observed", "weak", "fail", "n/a", "blocked"},
    asgi_printing: {"pass", "n/a"},
    asgi_hanging_for_a_query: {"pass", "fail", "blocked", "n/a"},
    asgi_exiting_for_a_query: {"pass", "observed", "weak", "fail", "blocked", "n/a"},
}
"""For each application the verdicts of its cases."""


@pytest.mark.parametrize("make", ASGI, ids=lambda make: make.__name__)
def test_asgi(make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes, seconds = run(make(), "asgi", "asgi.http")

    assert seconds < BOUND
    assert len(outcomes) > 5
    for name, outcome in outcomes.items():
        assert outcome.verdict in ASGI[make], (name, outcome.verdict, outcome.reason)
