"""Generated examples a second for a small ASGI application, and what schemathesis makes of it.

python tests/benchmarks/bench_generated_asgi.py [ROUNDS]

Both generate requests and send them in this process, by turns; what counts is the
processor time of the best round. schemathesis makes requests from an OpenAPI schema and
checks what comes back: a neighbour rather than the same work.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import cases
from gateproof.conformance.effort import Effort, Traffic
from gateproof.conformance.loops import AsyncioLoop

GOALS = {"fast": 2_000, "drawn": 800}
TIMES = 5
"""How many times faster than schemathesis."""

STYLES = {
    "fast": Effort(volume=4_000, drawn=0, seconds=120.0, shrinking=1.0),
    "drawn": Effort(volume=0, drawn=1_000, seconds=120.0, shrinking=1.0),
}
PEER = 200


async def home(request: Request) -> Response:
    return PlainTextResponse(b"%d octets" % len(await request.body()))


async def openapi(_request: Request) -> Response:
    parameters = [
        {"in": "query", "name": "a", "schema": {"type": "string"}},
        {"in": "header", "name": "x-a", "schema": {"type": "string"}},
        {"in": "cookie", "name": "theme", "schema": {"type": "string"}},
    ]
    content = {"application/json": {"schema": {"type": "string"}}}
    operation = {
        "parameters": parameters,
        "requestBody": {"content": content},
        "responses": {"200": {"description": "octets"}},
    }
    return JSONResponse(
        {
            "openapi": "3.0.3",
            "info": {"title": "small", "version": "1"},
            "paths": {"/": {"post": operation}},
        }
    )


application = Starlette(
    routes=[
        Route("/", home, methods=["GET", "HEAD", "OPTIONS", "POST"]),
        Route("/openapi.json", openapi),
    ]
)


def ours(effort: Effort) -> int:
    """Play the generated case; how many examples that were."""
    case = cases()["asgi.http::generated"]
    loop = AsyncioLoop(10.0)
    stage = ASGIStage(case=case, application=application, traffic=Traffic(effort))
    stage.run = loop.run
    try:
        with loop.often():
            run: Any = case.run
            run(stage)
    finally:
        loop.close()
    return stage.played


def theirs() -> int:
    """Let schemathesis generate cases and call the application; how many that were."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings

    schema = schemathesis.openapi.from_asgi("/openapi.json", application)
    count = 0

    @settings(
        max_examples=PEER,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(schema["/"]["POST"].as_strategy())
    def each(case: Any) -> None:
        nonlocal count
        count += 1
        case.call()

    each()
    return count


def rate(play: Callable[[], int]) -> float:
    """Examples for each second of processor time."""
    begun = time.process_time()
    count = play()
    return count / (time.process_time() - begun)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    best: dict[str, float] = {}
    contenders: dict[str, Callable[[], int]] = {
        name: lambda effort=effort: ours(effort)  # type: ignore[misc]
        for name, effort in STYLES.items()
    }
    try:
        import schemathesis  # noqa: F401 - whether it is there
    except ImportError:
        print("schemathesis is not installed: pip install --group benchmarks")
    else:
        contenders["schemathesis"] = theirs
    ours(Effort(volume=64, drawn=8, seconds=60.0, shrinking=1.0))  # imports, compiled schemas
    with warnings.catch_warnings(), contextlib.redirect_stderr(sys.stdout):
        warnings.simplefilter("ignore")
        for _ in range(rounds):
            for name, play in contenders.items():
                best[name] = max(best.get(name, 0.0), rate(play))
    for name, goal in GOALS.items():
        print(f"{name:<14} {best[name]:7.0f} examples/s  (goal: at least {goal})")
    if "schemathesis" in best:
        peer = best["schemathesis"]
        print(f"{'schemathesis':<14} {peer:7.0f} examples/s, calls through its ASGI transport")
        print(
            f"{'ratio':<14} {best['fast'] / peer:7.1f} fast, {best['drawn'] / peer:.1f} drawn"
            f"  (goal: fast at least {TIMES})"
        )


if __name__ == "__main__":
    asyncio.set_event_loop(None)
    main()
