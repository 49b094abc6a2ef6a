"""What the ASGI validator costs, as ratios to the bare application and to a do-nothing wrapper.

Run it as a script: ``python tests/benchmarks/bench_asgi_validator.py``. Coroutines
are stepped by hand, so that no event loop's time is in the figures; contenders
take turns within one process and are measured by the thread's CPU clock. The
goals are no more than 10 times the do-nothing wrapper for a small response, and
no more than 0.7 microseconds for each streamed message.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time

from gateproof.validators import ASGIValidator

HEADERS = [(b"host", b"example.org"), (b"accept", b"*/*")] + [
    (b"x-header-%d" % n, b"value of header %d" % n) for n in range(18)
]
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"server", b"bench"),
        (b"x-one", b"1"),
        (b"x-two", b"2"),
        (b"vary", b"accept"),
    ],
}
PIECE = b"x" * 64


def scope(kind):
    made = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": "/some/path",
        "raw_path": b"/some/path",
        "query_string": b"a=1",
        "root_path": "",
        "headers": list(HEADERS),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    if kind == "http":
        made["method"] = "GET"
    else:
        made["subprotocols"] = []
    return made


async def hello(scope, receive, send):
    await send(START)
    await send({"type": "http.response.body", "body": b"hello"})


async def stream(scope, receive, send):
    await send(START)
    for _ in range(100):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def upload(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send({"type": "http.response.body", "body": b"done"})


async def echo(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    for _ in range(100):
        event = await receive()
        await send({"type": "websocket.send", "text": event["text"]})
    await send({"type": "websocket.close"})


class PassThrough:
    """A wrapper that does nothing but be there, on both sides."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def receiving():
            return await receive()

        async def sending(event):
            await send(event)

        await self.app(scope, receiving, sending)


class Server:
    """Answers receive() from a list and throws away what is sent."""

    def __init__(self, events):
        self.events = iter(events)

    async def receive(self):
        return next(self.events)

    async def send(self, event):
        pass


def events(name):
    if name == "upload":
        parts = [{"type": "http.request", "body": PIECE, "more_body": True} for _ in range(9)]
        return [*parts, {"type": "http.request", "body": PIECE, "more_body": False}]
    if name == "echo":
        texts = [{"type": "websocket.receive", "text": "hello"} for _ in range(100)]
        return [{"type": "websocket.connect"}, *texts]
    return [{"type": "http.request"}]


CASES = {
    "hello": ("http", hello, 2),
    "upload": ("http", upload, 12),
    "stream": ("http", stream, 102),
    "echo": ("websocket", echo, 203),
}


def contenders(app):
    yield "bare", app
    yield "pass-through", PassThrough(app)
    yield "gateproof", ASGIValidator(app)
    yield "gateproof, level all", ASGIValidator(app, on_violation="collect", level="all")
    try:
        from asgion import inspect as asgion_inspect
    except ImportError:
        return
    yield "asgion", asgion_inspect(app)


def run(app, kind, given):
    server = Server(given)
    coroutine = app(scope(kind), server.receive, server.send)
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise RuntimeError("the application waited for something")


def block(app, kind, given, times):
    gc.collect()
    gc.disable()
    begin = time.thread_time_ns()
    for _ in range(times):
        run(app, kind, given)
    spent = time.thread_time_ns() - begin
    gc.enable()
    return spent / times / 1000


def main(rounds=40):
    for name, (kind, app, messages) in CASES.items():
        given = events(name)
        taken = {label: [] for label, _ in contenders(app)}
        apps = dict(contenders(app))
        for wrapped in apps.values():
            block(wrapped, kind, given, 3)
        for _ in range(rounds):
            for label, wrapped in apps.items():
                taken[label].append(block(wrapped, kind, given, 2000 // messages + 20))
        print(f"\n{name} ({messages} messages)")
        for label, times in taken.items():
            bare = statistics.median(
                mine / its for mine, its in zip(times, taken["bare"], strict=True)
            )
            through = statistics.median(
                mine / its for mine, its in zip(times, taken["pass-through"], strict=True)
            )
            added = (min(times) - min(taken["bare"])) / messages
            print(
                f"  {label:22} {min(times):8.2f} us  {bare:5.1f}x bare  "
                f"{through:5.1f}x pass-through  {added:6.3f} us added per message"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
