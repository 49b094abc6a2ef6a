"""Random ASGI traffic: a server and an application, drawn as data, played into a trace.

Coroutines are stepped by hand: every pause of the server is a step of the trace, at
any of which the connection can be cancelled or dropped. Most traffic is legal; what
is not must pass through a validator unchanged as well.
``rng`` is anything with the methods of ``random.Random``, Hypothesis's included.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from corpus.play_asgi import SCOPES
from mirror.trace import Trace

CHUNKS = [b"", b"a", b"bc", b"d" * 40]
HEADERS = [
    [],
    [(b"content-type", b"text/plain")],
    [(b"content-length", b"2"), (b"x-a", b"b")],
    [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")],
    [[b"x-a", b"list"]],
    [(b"X-Upper", b"a"), ("x-text", "b")],
]
OFFERS = ["http.response.trailers", "http.response.push", "http.response.early_hint"]


def plan(rng: Any) -> dict[str, Any]:
    """A whole connection."""
    kind = rng.choice(["http", "http", "websocket", "lifespan"])
    return {
        "kind": kind,
        "scope": scope(rng, kind),
        "omit": rng.choice([(), (), ("scheme", "root_path"), ("client", "server"), ("asgi",)]),
        "events": DELIVERIES[kind](rng),
        "pauses": [rng.randint(0, 2) for _ in range(4)],
        "send_fails": rng.choice([None, None, None, 0, 1, 2]),
        "receive_fails": rng.choice([None, None, None, None, 1]),
        "ends": rng.choice([None, None, None, None, ("cancel", rng.randint(0, 6)), ("drop", 2)]),
        "form": rng.choice(["function", "object", "plain", "partial", "awaitable"]),
        "steps": [step for _ in range(rng.randint(1, 7)) for step in STEPS[kind](rng)],
        "lets_pass": rng.random() < 0.5,
        "survives": rng.random() < 0.2,
        "returns": rng.choice([None, None, 5]),
    }


def scope(rng: Any, kind: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if rng.random() < 0.5:
        made["extensions"] = {name: {} for name in OFFERS[: rng.randint(0, 3)]}
    if rng.random() < 0.3:
        made["asgi"] = {"version": "3.0", "spec_version": rng.choice(["2.0", "2.1", "2.5", "9.9"])}
    if kind != "lifespan":
        made["headers"] = rng.choice([HEADERS[1], tuple(HEADERS[2]), [], HEADERS[5]])
        if rng.random() < 0.3:
            made["state"] = {"pool": [1]}
    if rng.random() < 0.2:
        made["own.key"] = ["anything"]
    return made


def http_events(rng: Any) -> list[dict[str, Any]]:
    """A body cut anywhere; the client may leave at any point."""
    pieces = [rng.choice(CHUNKS) for _ in range(rng.randint(0, 3))]
    made = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    last = [{"type": "http.request"}, {"type": "http.request", "body": b"z", "more_body": False}]
    made.append(rng.choice(last))
    cut = rng.choice([len(made), len(made), rng.randint(0, len(made))])
    return [*made[:cut], {"type": "http.disconnect"}]


def websocket_events(rng: Any) -> list[dict[str, Any]]:
    messages = [
        {"type": "websocket.receive", "text": "a"},
        {"type": "websocket.receive", "bytes": b"a", "text": None},
        {"type": "websocket.receive", "bytes": b"", "text": "both"},
    ]
    made = [{"type": "websocket.connect"}]
    made += [rng.choice(messages) for _ in range(rng.randint(0, 3))]
    cut = rng.choice([len(made), len(made), rng.randint(0, len(made))])
    return [*made[:cut], {"type": "websocket.disconnect", "code": 1005, "reason": ""}]


def lifespan_events(rng: Any) -> list[dict[str, Any]]:
    return [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]


DELIVERIES = {"http": http_events, "websocket": websocket_events, "lifespan": lifespan_events}


def http_steps(rng: Any) -> list[tuple[Any, ...]]:
    start = {"type": "http.response.start", "status": rng.choice([200, 204, 404, "200"])}
    body = {"type": "http.response.body", "body": rng.choice(CHUNKS)}
    more = {**body, "more_body": True}
    kind = rng.choice(["list", "list", "tuple", "once", "generator", "absent"])
    headers = rng.choice(HEADERS)
    return rng.choice(
        [
            [("send", start, kind, headers), ("send", more), ("send", body)],
            [("send", start, kind, headers), ("send", body)],
            [("send", {**start, "trailers": True}, kind, headers), ("send", body)],
            [("send", {"type": "http.response.trailers"}, kind, headers)],
            [("send", {"type": "http.response.early_hint", "links": [b"</a>"]})],
            [("send", {"type": "http.response.push", "path": "/a"}, kind, headers)],
            *common(rng),
        ]
    )


def websocket_steps(rng: Any) -> list[tuple[Any, ...]]:
    kind = rng.choice(["list", "once", "absent"])
    headers = rng.choice(HEADERS)
    return rng.choice(
        [
            [("receive",), ("send", {"type": "websocket.accept"}, kind, headers)],
            [("send", {"type": "websocket.send", "text": "a", "bytes": None})],
            [("send", {"type": "websocket.send", "bytes": rng.choice(CHUNKS)})],
            [("send", {"type": "websocket.close", "code": 1000})],
            *common(rng),
        ]
    )


def lifespan_steps(rng: Any) -> list[tuple[Any, ...]]:
    return rng.choice(
        [
            [("receive",), ("send", {"type": "lifespan.startup.complete"})],
            [("receive",), ("send", {"type": "lifespan.shutdown.complete"})],
            [("send", {"type": "lifespan.startup.failed", "message": "no"})],
            *common(rng),
        ]
    )


def common(rng: Any) -> list[list[tuple[Any, ...]]]:
    """What applications of all kinds do."""
    return [
        [("scope",)],
        [("receive",)],
        [("receive",), ("receive",)],
        [("hold",)],
        [("set", "own.mark", 1)],
        [rng.choice([("raise",), ("scope",), ("scope",)])],
        [("send", rng.choice([{"type": "own.event"}, {}, {"type": 5}]))],
    ]


STEPS = {"http": http_steps, "websocket": websocket_steps, "lifespan": lifespan_steps}


class Pause:
    """Something to wait for, until the driver goes on."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __await__(self):
        yield self.label


class Server:
    """Plays the server's part, and drives the application's coroutine."""

    def __init__(self, plan: dict[str, Any], trace: Trace) -> None:
        self.plan = plan
        self.trace = trace
        whole = {**SCOPES[plan["kind"]], **plan["scope"]}
        for key in plan["omit"]:
            whole.pop(key, None)
        self.scope = trace.name(whole, "scope")
        self.events = [trace.name(dict(e), f"event {n}") for n, e in enumerate(plan["events"])]
        self.received = self.sent = 0

    async def receive(self):
        self.trace.add("server", "receive")
        number, self.received = self.received, self.received + 1
        await self.pause("receive", number)
        if number == self.plan["receive_fails"]:
            raise self.trace.name(OSError("broken"), "broken receive")
        return self.events[min(number, len(self.events) - 1)]

    async def send(self, event):
        self.trace.add("server", "send", event)
        self.trace.add("server", "sent", *self.told(event))
        number, self.sent = self.sent, self.sent + 1
        await self.pause("send", number)
        if number == self.plan["send_fails"]:
            raise self.trace.name(OSError("the client has gone"), "gone")

    def told(self, event):
        """What the server reads of an event."""
        return inside(event)

    async def pause(self, label, number):
        for _ in range(self.plan["pauses"][number % 4]):
            await Pause(label)

    async def main(self, app):
        return await app(self.scope, self.receive, self.send)

    def drive(self, app: Any) -> None:
        """Step the application to its end, or to where the plan ends it."""
        coroutine = self.main(app)
        act: Callable[[], Any] = functools.partial(coroutine.send, None)
        deed, at = self.plan["ends"] or ("", -1)
        for number in range(1000):
            try:
                label = act()
            except StopIteration as end:
                self.trace.add("server", "returned", end.value)
                break
            except BaseException as error:
                self.trace.add("server", "caught", error)
                break
            self.trace.add("loop", "paused", label)
            act = functools.partial(coroutine.send, None)
            if number == at and deed == "cancel":
                error = self.trace.name(asyncio.CancelledError("by the server"), "cancellation")
                act = functools.partial(coroutine.throw, error)
            elif number == at:
                self.trace.add("server", "drops the connection")
                coroutine.close()
                break
        self.trace.add("server", "has scope", dict(self.scope))


def inside(event: Any) -> list[Any]:
    """What a server reads of an event, headers that can be read but once included."""
    if not isinstance(event, dict):
        return [event]
    return [
        (key, list(value) if hasattr(value, "__iter__") and key == "headers" else value)
        for key, value in event.items()
    ]


def played(app: Any, plan: dict[str, Any], trace: Trace) -> Trace:
    """Drive ``app`` through the server's part of a plan."""
    Server(plan, trace).drive(app)
    return trace
