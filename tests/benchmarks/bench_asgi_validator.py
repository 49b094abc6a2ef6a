"""What the ASGI validator costs, beside nothing, a do-nothing wrapper and asgion.

Run it as a script: ``python tests/benchmarks/bench_asgi_validator.py``, with
``--markdown`` for the table of the documentation. The contenders take turns inside
one process, in blocks of a few milliseconds timed by the thread's CPU clock;
coroutines are stepped by hand, so that no event loop's time is in the figures. A
ratio is the median over rounds of blocks that were run side by side. Request id,
cookie and length change with every request and never come again, so that a memory
of what was accepted is not flattered. asgion needs Python 3.12 and is left out,
which is said, where it cannot be imported.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gateproof.validators import ASGIValidator

BLOCK = 0.005
"""Seconds that a block takes at least."""

PIECE = b"x" * 64
OURS = "gateproof"
COUNT = itertools.count()

# The traffic ------------------------------------------------------------------

REQUEST = [
    (b"host", b"example.org"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"accept-language", b"en-GB,en;q=0.5"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101"),
    *((b"x-header-%d" % number, b"value of header %d" % number) for number in range(12)),
]
RESPONSE = [(b"content-type", b"text/plain; charset=utf-8"), (b"vary", b"accept")]


def request(number: int) -> list[tuple[bytes, bytes]]:
    """Twenty header fields, three of which no other request has."""
    return [
        *REQUEST,
        (b"x-request-id", b"%032x" % (number * 2654435761)),
        (b"cookie", b"session=%024x; theme=dark" % (number * 40503)),
        (b"content-length", b"%d" % number),
    ]


def response(number: int, length: bytes | None) -> list[tuple[bytes, bytes]]:
    """Five header fields, two of which no other response has."""
    return [
        *RESPONSE,
        (b"x-request-id", b"%032x" % (number * 2654435761)),
        (b"etag", b'"%016x"' % (number * 40503)),
        (b"content-length", length) if length else (b"server", b"bench"),
    ]


def http(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/some/path",
        "raw_path": b"/some/path",
        "query_string": b"a=1",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


def websocket(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/some/path",
        "raw_path": b"/some/path",
        "query_string": b"a=1",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "subprotocols": [],
    }


def life(_headers: object) -> dict[str, Any]:
    return {
        "type": "lifespan",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "state": {},
    }


heads: Iterator[list[tuple[bytes, bytes]]] = iter(())
"""The header fields of the responses to come; they are made before the clock runs."""


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": next(heads)})
    await send({"type": "http.response.body", "body": b"hello"})


async def post(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": next(heads)})
    await send({"type": "http.response.body", "body": b"hello"})


async def stream(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": next(heads)})
    for _ in range(100):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    for _ in range(100):
        event = await receive()
        await send({"type": "websocket.send", "text": event["text"]})
    await receive()


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


WHOLE = {"type": "http.request", "body": b"", "more_body": False}
EVENTS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "hello": lambda: [WHOLE],
    "post, 10 pieces": lambda: [
        {"type": "http.request", "body": PIECE, "more_body": number < 9} for number in range(10)
    ],
    "stream, 100 pieces": lambda: [WHOLE],
    "websocket, 100 echoes": lambda: [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": f"message {number}"} for number in range(100)),
        {"type": "websocket.disconnect", "code": 1000},
    ],
    "lifespan": lambda: [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}],
}


@dataclass(frozen=True)
class Case:
    """What is done, over how many messages, and the goals that it has.

    ``peer`` and ``wrapper`` are the most that our cost may be of asgion's and of
    the do-nothing wrapper's, ``added`` the most microseconds added per message.
    """

    name: str
    app: Callable[..., Any]
    scope: Callable[..., dict[str, Any]]
    messages: int
    peer: float
    wrapper: float | None = None
    added: float | None = None


CASES = (
    Case("hello", hello, http, 3, peer=0.40, wrapper=8),
    Case("post, 10 pieces", post, http, 12, peer=0.40),
    Case("stream, 100 pieces", stream, http, 103, peer=0.25, wrapper=4, added=0.6),
    Case("websocket, 100 echoes", echo, websocket, 203, peer=0.25, added=0.6),
    Case("lifespan", lifespan, life, 4, peer=0.50),
)


class Server:
    """Answers receive() from a list and throws away what is sent."""

    __slots__ = ("events",)

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = iter(events)

    async def receive(self) -> Any:
        return next(self.events)

    async def send(self, event: Any) -> None:
        pass


# The contenders ---------------------------------------------------------------


class PassThrough:
    """A wrapper that does nothing but be there, on both sides."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def receiving() -> Any:
            return await receive()

        async def sending(event: Any) -> None:
            await send(event)

        await self.app(scope, receiving, sending)


def contenders(app: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    made = {
        "bare": app,
        "pass-through": PassThrough(app),
        OURS: ASGIValidator(app),
        f"{OURS}, level all": ASGIValidator(app, on_violation="collect", level="all"),
    }
    if asgion is not None:
        made["asgion"] = asgion(app)
    return made


try:
    from asgion import inspect as asgion
except ImportError:
    asgion = None


# The measuring ----------------------------------------------------------------


def block(case: Case, app: Callable[..., Any], times: int) -> float:
    """Microseconds that one of ``times`` connections takes."""
    global heads  # noqa: PLW0603 - what the applications take their headers from
    events, make = EVENTS[case.name](), case.scope
    numbers = [next(COUNT) for _ in range(times)]
    length = b"5" if case.messages < 20 else None
    heads = iter([response(number, length) for number in numbers])
    connections = [(request(number), Server(events)) for number in numbers]
    gc.collect()
    gc.disable()
    began = time.thread_time_ns()
    for headers, server in connections:
        try:
            app(make(headers), server.receive, server.send).send(None)
        except StopIteration:
            pass
        else:
            raise RuntimeError("the application waited for something")
    spent = time.thread_time_ns() - began
    gc.enable()
    return spent / times / 1000


def measure(case: Case, rounds: int) -> dict[str, list[float]]:
    """For each contender what each round took."""
    apps = contenders(case.app)
    times = {}
    for label, app in apps.items():
        block(case, app, 20)  # whatever is made only once
        times[label] = max(5, int(BLOCK * 1e6 / block(case, app, 50)))
    taken: dict[str, list[float]] = {label: [] for label in apps}
    for _ in range(rounds):
        for label, app in apps.items():
            taken[label].append(block(case, app, times[label]))
    return taken


def ratio(taken: dict[str, list[float]], label: str, other: str) -> float | None:
    """The median of what ``label`` took of what ``other`` did in the same round."""
    if other not in taken:
        return None
    return statistics.median(a / b for a, b in zip(taken[label], taken[other], strict=True))


def added(taken: dict[str, list[float]], label: str, messages: int) -> float:
    """Microseconds a message costs more than with the bare application, best seen."""
    return (min(taken[label]) - min(taken["bare"])) / messages


# The tables -------------------------------------------------------------------

COLUMNS = ("contender", "us", "x bare", "x pass-through", "x asgion", "added us per message")


def row(case: Case, taken: dict[str, list[float]], label: str) -> tuple[str, ...]:
    ratios = (ratio(taken, label, other) for other in ("bare", "pass-through", "asgion"))
    return (
        label,
        f"{min(taken[label]):.2f}",
        *("-" if one is None else f"{one:.2f}" for one in ratios),
        f"{added(taken, label, case.messages):.3f}",
    )


def judged(case: Case, taken: dict[str, list[float]]) -> list[tuple[str, ...]]:
    """A row for each goal of ``case``: what it is of, the goal, what was seen, whether met."""
    goals = [
        ("x asgion", case.peer, ratio(taken, OURS, "asgion")),
        ("x pass-through", case.wrapper, ratio(taken, OURS, "pass-through")),
        ("added us per message", case.added, added(taken, OURS, case.messages)),
    ]
    return [
        (
            case.name,
            what,
            f"{goal:g}",
            "-" if seen is None else f"{seen:.2f}",
            "not measured" if seen is None else "met" if seen <= goal else "MISSED",
        )
        for what, goal, seen in goals
        if goal is not None
    ]


def show(columns: tuple[str, ...], rows: list[tuple[str, ...]], *, markdown: bool) -> None:
    """Print a table, aligned or as Markdown."""
    if markdown:
        for cells in (columns, ("---",) * len(columns), *rows):
            print(f"| {' | '.join(cells)} |")
    else:
        widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
        for cells in (columns, *rows):
            print("  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)))
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--markdown", action="store_true", help="tables for the documentation")
    parser.add_argument("cases", nargs="*", help="beginnings of the names of cases")
    given = parser.parse_args()
    print(f"CPython {platform.python_version()}, {given.rounds} rounds\n")
    if asgion is None:
        print("asgion is not installed here (it needs Python 3.12): left out\n")
    goals = []
    for case in CASES:
        if given.cases and not case.name.startswith(tuple(given.cases)):
            continue
        taken = measure(case, given.rounds)
        print(f"{case.name} ({case.messages} messages)\n")
        show(COLUMNS, [row(case, taken, label) for label in taken], markdown=given.markdown)
        goals += judged(case, taken)
    show(("case", "of", "goal", "seen", ""), goals, markdown=given.markdown)


if __name__ == "__main__":
    main()
