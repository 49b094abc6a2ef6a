"""A mirror in real event loops: tasks that overlap, and cancellation at every step."""

from __future__ import annotations

import asyncio
import importlib.util

import pytest
from mirror.trace import Trace, difference

from gateproof.validators import ASGIValidator

DEADLINE = 30
"""Seconds that one connection may take."""

STEPS = 20
"""Pauses in which the connection is cancelled, one after the other; it has fewer."""

SCOPE = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "scheme": "ws",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [],
    "subprotocols": [],
}


class Loop:
    """What the connection needs of an event loop.

    The server cancels the connection itself, in its pause number ``last``.
    """

    def __init__(self, last):
        self.left = last

    async def pause(self):
        self.left -= 1
        if self.left == 0:
            self.cancel()
        await self.sleep(0)


class Asyncio(Loop):
    sleep = staticmethod(asyncio.sleep)
    cancelled = asyncio.CancelledError

    @staticmethod
    def runner():
        return asyncio.Runner()

    def run(self, connection):
        """Run ``connection`` to its end, and say which it was."""

        async def main():
            task = asyncio.ensure_future(connection())
            self.cancel = task.cancel
            await asyncio.wait([task], timeout=DEADLINE)
            return "cancelled" if task.cancelled() else repr(task.exception() or task.result())

        with self.runner() as runner:
            return runner.run(main())

    @staticmethod
    async def both(one, other):
        await asyncio.gather(one(), other())


class Uvloop(Asyncio):
    @staticmethod
    def runner():
        import uvloop

        return asyncio.Runner(loop_factory=uvloop.new_event_loop)


class Trio(Loop):
    def __init__(self, last):
        import trio

        super().__init__(last)
        self.trio = trio
        self.sleep = trio.sleep
        self.cancelled = trio.Cancelled

    def run(self, connection):
        async def main():
            with self.trio.move_on_after(DEADLINE) as scope:
                self.cancel = scope.cancel
                await connection()
            return "cancelled" if scope.cancelled_caught else "ended"

        return self.trio.run(main)

    @staticmethod
    async def both(one, other):
        """One after the other: Trio wakes tasks in random order, so traces would differ."""
        await one()
        await other()


def needs(module):
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"{module} is not installed")


LOOPS = [
    pytest.param(Asyncio, id="asyncio"),
    pytest.param(Uvloop, id="uvloop", marks=needs("uvloop")),
    pytest.param(Trio, id="trio", marks=needs("trio")),
]


def play(loop, wrap):
    """A WebSocket whose application reads and writes at once."""
    trace = Trace()
    incoming = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "text": str(n)} for n in range(3)]

    async def app(scope, receive, send):
        async def reads():
            for _ in range(3):
                trace.add("application", "received", await receive())

        async def writes():
            for number in range(3):
                await send({"type": "websocket.send", "text": str(number)})
                trace.add("application", "sent", number)

        try:
            trace.add("application", "received", await receive())
            await send({"type": "websocket.accept"})
            await loop.both(reads, writes)
            await send({"type": "websocket.close"})
            await receive()
        except loop.cancelled:
            trace.add("application", "cancelled")
            raise
        finally:
            trace.add("application", "cleans up")

    async def receive():
        trace.add("server", "receive")
        await loop.pause()
        if len(incoming) < 4:
            await loop.pause()
        return incoming.pop(0) if incoming else {"type": "websocket.disconnect", "code": 1005}

    async def send(event):
        trace.add("server", "send", event)
        await loop.pause()
        trace.add("server", "has sent")

    wrapped = wrap(app)

    async def connection():
        await wrapped(dict(SCOPE), receive, send)

    trace.add("loop", "says", loop.run(connection))
    return trace


def collecting(app):
    return ASGIValidator(app, on_violation="collect", level="all")


class LateByOneStep:
    """A wrapper that pauses once for each message."""

    def __init__(self, app, pause):
        self.app = app
        self.pause = pause

    async def __call__(self, scope, receive, send):
        async def sender(event):
            await self.pause()
            await send(event)

        await self.app(scope, receive, sender)


def bare(app):
    return app


@pytest.mark.parametrize("kind", LOOPS)
def test_cancellation_at_every_pause_is_the_same(kind):
    ends = set()
    for last in range(STEPS):
        one, other = play(kind(last), bare), play(kind(last), collecting)
        assert difference(one, other) == "", last
        ends.add(one.rungs[-1])
    assert len(ends) == 2, "it is cancelled in some pauses, and ends by itself behind the last"


@pytest.mark.parametrize("kind", LOOPS)
def test_a_wrapper_that_gives_way_would_be_noticed(kind):
    def late(loop):
        return lambda app: LateByOneStep(app, loop.pause)

    loops = [(kind(last), kind(last)) for last in range(STEPS)]
    assert any(difference(play(one, bare), play(other, late(other))) for one, other in loops)
