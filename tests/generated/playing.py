"""Plays generated scripts and deliveries in this process, under the live validators.

The servers here are lenient where a breach of the application's is played: they let
everything pass, so that a walk goes on to its end. Otherwise they keep the rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os

from corpus.play_asgi import HTTP, LIFESPAN, WEBSOCKET
from hypothesis import HealthCheck, Phase, settings

from gateproof.targets import probe
from gateproof.targets.probe_folder import encoded
from gateproof.validators.asgi.validator import watch as watch_asgi
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.machines import Answers
from gateproof.validators.wsgi.validator import watch as watch_wsgi

SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more examples than by default, for nightly runs."""


def examples(count):
    """Settings under which ``count`` examples are played, the same ones in every run."""
    return settings(
        max_examples=count * SCALE,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
    )


def check(holds):
    """An assertion for a lambda."""
    assert holds


class Told:
    """What a judge told of one exchange."""

    def __init__(self):
        self.violations = []
        self.exchange = Exchange(head=1000)

    @property
    def policy(self):
        return Policy(self.violations.append, Rules(level="all"))

    @property
    def ids(self):
        return [violation.requirement for violation in self.violations]

    def verdict(self, requirement):
        """The verdicts of all violations of ``requirement``."""
        return [v.verdict for v in self.violations if v.requirement == requirement]

    def party(self, requirement):
        """Who is told to have broken ``requirement``."""
        return {v.party for v in self.violations if v.requirement == requirement}


def player(kind, script, interface):
    """An application that plays a script as the probe does, out of the same data."""
    steps = probe._steps(encoded(script), interface)
    return kind(steps, probe.Journal(0), probe.Run(""), "")


def once(coroutine):
    """Run a coroutine that never waits to its end, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as over:
        return over.value
    coroutine.close()
    raise RuntimeError("it waits for something")


# ASGI ------------------------------------------------------------------------------


class Server:
    """A server whose receive() gives listed events, and then raises.

    Args:
        scope: of the connection.
        events: what receive() gives, in order; ``None`` for nothing.
        lost: which calls of send() fail, counted from 1.
    """

    def __init__(self, scope, events=(), lost=()):
        self.scope = scope
        self.events = list(events)
        self.lost = lost
        self.sent = []

    async def receive(self):
        event = self.events.pop(0) if self.events else None
        if event is None:
            raise RuntimeError("there is nothing to tell")
        return event

    async def send(self, event):
        self.sent.append(event)
        if len(self.sent) in self.lost:
            raise ConnectionResetError("the client has gone")


def scope(kind, offers=()):
    made = dict({"http": HTTP, "websocket": WEBSOCKET, "lifespan": LIFESPAN}[kind])
    if kind != "lifespan":
        made["extensions"] = {name: {} for name in offers}
    return made


def play_asgi(script, server):
    """Play an application's script, which never waits, and close its files afterwards."""
    told = Told()
    playing = player(probe.ASGIPlayer, script, "asgi")

    async def app(scope, receive, send):
        # What a script listens for in vain, it gives up; nothing here takes any time.
        playing._heard = lambda _within: receive()
        try:
            return await playing(scope, receive, send)
        finally:
            for step in playing.steps:
                file = step.get("event", {}).get("file")
                if file is not None:
                    file.close()

    with contextlib.suppress(RuntimeError):
        once(
            watch_asgi(
                app,
                server.scope,
                server.receive,
                server.send,
                policy=told.policy,
                exchange=told.exchange,
            )
        )
    return told


def deliver(kind, events, turns, *, first=False):
    """Let a server deliver events to an application that takes its turns between them.

    Args:
        kind: of the connection.
        events: what is delivered; a text is the application's turn.
        turns: what the application sends in its turns, ``None`` for the end of its call.
        first: whether all of its calls of receive() come before the first event.
    """
    return asyncio.run(_deliver(kind, events, turns, first))


class Torn(BaseException):
    """Ends a call as a cancellation does."""


async def _deliver(kind, events, turns, first):
    told = Told()
    asked = []

    async def receive():
        waiting = asyncio.get_running_loop().create_future()
        asked.append(waiting)
        return await waiting

    async def send(event):
        pass

    async def app(scope, receive, send):
        begun = [asyncio.ensure_future(receive()) for _ in range(count if first else 0)]
        await asyncio.sleep(0)
        pending = list(begun)
        for event in events:
            if isinstance(event, str):
                if turns(event) is None:
                    over.extend([asyncio.ensure_future(receive()) for _ in range(after)])
                    await asyncio.sleep(0)
                    if event == "raise":
                        raise ValueError("planted")
                    return
                for message in turns(event):
                    await send(message)
                continue
            waiting = pending.pop(0) if pending else asyncio.ensure_future(receive())
            await asyncio.sleep(0)
            asked.pop(0).set_result(event)
            await waiting
        # What it leaves undone is nobody's affair here.
        raise Torn if kind == "lifespan" else ValueError("planted")

    over = []
    count = sum(not isinstance(event, str) for event in events)
    ends = [place for place, event in enumerate(events) if event in ("return", "raise")]
    late = events[ends[0] + 1 :] if ends else ()
    after = len(late)
    with contextlib.suppress(ValueError, Torn):
        await watch_asgi(
            app, scope(kind), receive, send, policy=told.policy, exchange=told.exchange
        )
    for event in late:
        asked.pop(0).set_result(event)
    await asyncio.gather(*over)
    return told


# WSGI ------------------------------------------------------------------------------


class RefusedError(Exception):
    """The server refuses a call."""


def environ():
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


class Gateway:
    """A WSGI server that refuses, or answers the last call, as it is told to.

    Args:
        refused: which calls of start_response it refuses, counted from 1.
        last: the number of the call that ``answer`` is for.
        answer: how that is answered; otherwise the rules are kept.
    """

    def __init__(self, refused=(), last=0, answer=None):
        self.refused = refused
        self.last = last
        self.answer = answer
        self.calls = 0
        self.begun = self.sent = False

    def start_response(self, status, headers, exc_info=None, /):
        self.calls += 1
        try:
            if self.calls == self.last and self.answer is not None:
                return self._answer(exc_info)
            if self.calls in self.refused:
                raise RefusedError("not like this")
            if exc_info:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            elif self.begun:
                raise RefusedError("start_response was called again")
            self.begun = True
            return self.write
        finally:
            exc_info = None

    def _answer(self, exc_info):
        if self.answer == Answers.RERAISED:
            raise exc_info[1].with_traceback(exc_info[2])
        if self.answer == Answers.RAISED:
            raise RefusedError("no")
        return self.write if self.answer == Answers.WRITER else None

    def write(self, data, /):
        self.sent = self.sent or bool(data)

    def serve(self, application):
        """Serve one request; what the application raises ends it."""
        told = Told()
        result = None
        try:
            result = watch_wsgi(
                application,
                environ(),
                self.start_response,
                policy=told.policy,
                exchange=told.exchange,
                host="server",
            )
            for piece in result:
                self.sent = self.sent or bool(self.begun and piece)
        except (RefusedError, RuntimeError):
            pass
        finally:
            with contextlib.suppress(RefusedError, RuntimeError):
                if hasattr(result, "close"):
                    result.close()
        result = None
        return told


def play_wsgi(script, gateway=None):
    """Play an application's script."""
    return (gateway or Gateway()).serve(player(probe.WSGIPlayer, script, "wsgi"))


def treat(script, acts):
    """Treat the result of an application's script in some way."""
    told = Told()
    gateway = Gateway()
    result = None
    try:
        result = watch_wsgi(
            player(probe.WSGIPlayer, script, "wsgi"),
            environ(),
            gateway.start_response,
            policy=told.policy,
            exchange=told.exchange,
            host="server",
        )
    except RuntimeError:
        return told
    pieces = iter(result)
    for act in acts:
        with contextlib.suppress(RuntimeError, StopIteration):
            if act == "next":
                next(pieces)
            elif act == "close":
                result.close()
    del pieces, result
    return told
