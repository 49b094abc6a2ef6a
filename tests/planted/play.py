"""The smallest traffic that shows a planted fault, and how to look at what came of it.

A *trigger* takes an application, plays something exact to it and says in a few words how
the fault showed; it says nothing, ``""``, where it did not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from gateproof.targets import asgi_http, asgi_scope, asgi_websocket, wsgi_environ, wsgi_gateway
from gateproof.targets.asgi_lifespan import Lifespan, cycle
from gateproof.targets.watched import Watched
from gateproof.targets.wsgi_input import TableInput

Trigger = Callable[[Any], str]
Asked = wsgi_environ.Request | asgi_http.Request | asgi_websocket.Connect
Played = wsgi_gateway.Reply | asgi_http.Reply | asgi_websocket.Session

TURNS = 20
"""Turns of the loop after which applications here wait for their client, or are done."""


def play(application: Any, asked: Asked) -> Played:
    """Make one request, under the validator."""
    if isinstance(asked, wsgi_environ.Request):
        return wsgi_gateway.serve(application, asked)
    if isinstance(asked, asgi_http.Request):
        return asyncio.run(asgi_http.request(application, asked))
    return asyncio.run(asgi_websocket.connect(application, asked))


def violated(watched: Watched) -> set[str]:
    """The requirements that the application was found to break, beside what is only observed.

    Raises:
        AssertionError: no server could have behaved so.
    """
    told = {(found.party, found.requirement): found.verdict for found in watched.violations}
    assert "fail" not in {told[key] for key in told if key[0] == "server"}, told
    return {key[1] for key, verdict in told.items() if verdict != "observed"}


def breaks(requirement: str, asked: Asked) -> Trigger:
    """A trigger: ``asked`` makes the application break ``requirement``."""

    def trigger(application: Any) -> str:
        found = violated(play(application, asked).watched)
        return requirement if requirement in found else ", ".join(sorted(found))

    return trigger


def raises(asked: Asked) -> Trigger:
    """A trigger: ``asked`` makes the application raise."""

    def trigger(application: Any) -> str:
        played = play(application, asked)
        violated(played.watched)
        raised = played.raised
        return "" if raised is None else f"raised {raised!r}"

    return trigger


def differs(plain: Asked, variant: Asked) -> Trigger:
    """A trigger: ``variant`` says the same as ``plain`` and is answered otherwise."""

    def trigger(application: Any) -> str:
        one, other = (_said(play(application, asked)) for asked in (plain, variant))
        return "" if one == other else f"{other} instead of {one}"

    return trigger


def _said(played: Played) -> tuple[Any, ...]:
    """What a client could tell from a reply or a session, and what left the application."""
    violated(played.watched)
    raised = repr(played.raised)
    if isinstance(played, asgi_websocket.Session):
        return (played.answer, played.frames, played.closed, raised)
    return (played.status, [*played.headers], played.body, raised)


def head_differs(get: Asked) -> Trigger:
    """A trigger: HEAD is answered with a header that GET has otherwise."""

    def trigger(application: Any) -> str:
        given, expected = (
            dict(play(application, asked).headers) for asked in (get.but(method="HEAD"), get)
        )
        other = [name for name in given if expected.get(name, given[name]) != given[name]]
        return ", ".join(f"{given[name]!r} instead of {expected[name]!r}" for name in other)

    return trigger


class Line:
    """One connection to an ASGI application, of which each event is given by hand.

    Attributes:
        sent: the events that the application has sent.
        task: its call.
    """

    def __init__(self, application: Any, scope: dict[str, Any]) -> None:
        self.sent: list[dict[str, Any]] = []
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task = asyncio.create_task(application(scope, self._events.get, self._send))

    async def _send(self, event: dict[str, Any]) -> None:
        self.sent.append(event)

    async def give(self, *events: dict[str, Any]) -> None:
        """Give the application events, and the time to do what it does about them."""
        for event in events:
            self._events.put_nowait(event)
            await settled()

    async def end(self) -> list[dict[str, Any]]:
        """What was sent, once nothing more comes; the call is cancelled if it goes on."""
        await settled()
        self.task.cancel()
        await asyncio.wait({self.task})
        return self.sent


async def settled() -> None:
    """Let every other task go on until it waits for something of ours."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


def http_line(application: Any) -> Line:
    """A connection with ``POST /``, of which no event was given yet."""
    return Line(application, asgi_scope.http("POST", "/"))


def request_event(body: bytes, *, more: bool = False) -> dict[str, Any]:
    """A piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


class Leaving(TableInput):
    """A ``wsgi.input`` that gives one octet, and whose client is gone at the second read."""

    __slots__ = ("_gone",)

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._gone = False

    def read(self, size: int = -1, /) -> bytes:
        if self._gone:
            raise ConnectionResetError("the client went away")
        self._gone = True
        return super().read(1)


def trapped_in_the_middle(application: Any) -> str:
    """Read one octet of two, then have the client go away."""
    asked = wsgi_environ.Request(body=b"ab", environ={"wsgi.input": Leaving(b"ab")})
    return ", ".join(violated(wsgi_gateway.serve(application, asked).watched))


def left_behind(application: Any) -> str:
    """Stop a response after its second item, then ask the same again."""
    asked = wsgi_environ.Request()
    alone = wsgi_gateway.serve(application, asked).body
    wsgi_gateway.serve(application, asked.but(stop_after=2))
    after = wsgi_gateway.serve(application, asked).body
    return "" if after == alone else f"{after!r} instead of {alone!r}"


def two_in_turn(application: Any) -> str:
    """Take the items of two responses in turn, in one thread."""
    bodies = {
        query: wsgi_gateway.serve(application, wsgi_environ.Request(query=query)).body
        for query in ("a", "b")
    }
    both = {
        query: application(
            wsgi_environ.make_environ(wsgi_environ.Request(query=query)), lambda *_: bytes
        )
        for query in bodies
    }
    turns = [dict(zip(both, items, strict=True)) for items in zip(*both.values(), strict=True)]
    found = {query: b"".join(turn[query] for turn in turns) for query in both}
    return "" if found == bodies else f"{found} instead of {bodies}"


def names_in_turn(application: Any) -> str:
    """On two WebSocket connections: a name, a name, the value of the first, of the second."""

    async def run() -> list[str]:
        lines = [Line(application, asgi_scope.websocket("/")) for _ in range(2)]
        for line in lines:
            await line.give({"type": "websocket.connect"})
        for said in (("a", "b"), ("1", "2")):
            for line, text in zip(lines, said, strict=True):
                await line.give({"type": "websocket.receive", "text": text})
        sent = [await line.end() for line in lines]
        return [event["text"] for one in sent for event in one if "text" in event]

    found = asyncio.run(run())
    return "" if found == ["a=1", "b=2"] else f"confirmed {found}"


def bodies_in_turn(application: Any) -> str:
    """Two requests: a piece of the first, all of the second, the rest of the first."""

    async def run() -> list[bytes]:
        first, second = http_line(application), http_line(application)
        await first.give(request_event(b"a", more=True))
        await second.give(request_event(b"x"))
        await first.give(request_event(b"b"))
        sent = [await line.end() for line in (first, second)]
        return [event["body"] for one in sent for event in one if "body" in event]

    found = asyncio.run(run())
    return "" if found == [b"ab", b"x"] else f"answered {found}"


def first_one_goes(application: Any) -> str:
    """Two requests for one path; the client of the first goes away in its body."""

    async def run() -> list[str]:
        first, second = http_line(application), http_line(application)
        await first.give(request_event(b"", more=True))
        await second.give(request_event(b""))
        await first.give({"type": "http.disconnect"})
        await first.end()
        return [event["type"] for event in await second.end()]

    found = asyncio.run(run())
    whole = ["http.response.start", "http.response.body"]
    return "" if found == whole else f"the second was sent {found}"


def blocked(application: Any) -> str:
    """How long another task of the loop had to wait while two pieces of a body came in.

    It counts what the fastest of some tries comes to: others use this machine as well.
    """

    async def run() -> float:
        line = http_line(application)
        longest = 0.0
        for event in (request_event(b"a", more=True), request_event(b"b")):
            begin = time.perf_counter()
            await line.give(event)
            longest = max(longest, time.perf_counter() - begin)
        await asyncio.wait_for(line.task, 10)
        return longest

    waited = min(asyncio.run(run()) for _ in range(3))
    return f"blocked for {waited:.2f} s" if waited > 0.15 else ""


def version_1_fails(application: Any) -> str:
    """A lifespan without a spec_version, then one that says it is 1.0, which is the same."""

    def outcome(version: str | None) -> str | None:
        lifespan = Lifespan(application, scope={"asgi": asgi_scope.asgi(version)})
        asyncio.run(cycle(lifespan))
        return lifespan.outcome

    absent, said = outcome(None), outcome("1.0")
    return "" if said == absent else f"{said} instead of {absent}"
