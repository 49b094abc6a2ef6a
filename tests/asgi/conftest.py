"""What the tests of the ASGI validator share."""

from __future__ import annotations

import pytest
from witnesses import kit
from witnesses.load import modules


@pytest.fixture(scope="session")
def orders():
    """Every witness of order, by file."""
    return [
        one
        for module in modules("order_asgi_")
        for value in vars(module).values()
        if isinstance(value, list)
        for one in value
        if isinstance(one, kit.Order)
    ]


HTTP = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"example.org")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
}
WEBSOCKET = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "scheme": "ws",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [(b"host", b"example.org")],
    "subprotocols": ["chat"],
}
LIFESPAN = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
SCOPES = {"http": HTTP, "websocket": WEBSOCKET, "lifespan": LIFESPAN}
EVENTS = {
    "http": [{"type": "http.request", "body": b"", "more_body": False}],
    "websocket": [{"type": "websocket.connect"}],
    "lifespan": [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}],
}


class Server:
    """A server made of a list of events; what it is sent, it keeps.

    When its events are used up, receive() gives ``last`` for ever.
    """

    def __init__(self, kind="http", events=None, offers=(), last=None, fail=None, **changes):
        self.scope = {**SCOPES[kind], **changes}
        if offers:
            self.scope["extensions"] = {name: {} for name in offers}
        self.events = list(EVENTS[kind] if events is None else events)
        self.last = last or {"type": f"{kind}.disconnect"}
        self.fail = fail
        self.sent = []

    async def receive(self):
        return self.events.pop(0) if self.events else dict(self.last)

    async def send(self, event):
        if self.fail is not None:
            raise self.fail
        self.sent.append(event)


@pytest.fixture(scope="session")
def server():
    """The class of servers to drive applications with."""
    return Server


@pytest.fixture(scope="session")
def run():
    """Runs a coroutine to its end without an event loop: nothing here ever waits."""

    def run(coroutine):
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        coroutine.close()
        raise RuntimeError("the application waited for something")

    return run


@pytest.fixture(scope="session")
def watched(run):
    """Runs an application against a server, watched: its violations and the ladder."""
    from gateproof.validators.asgi.validator import watch
    from gateproof.validators.exchange import Exchange
    from gateproof.validators.policy import Policy, Rules

    def watched(app, server, level="all"):
        violations = []
        exchange = Exchange(head=1000)
        policy = Policy(violations.append, Rules(level=level))
        error = None
        try:
            run(
                watch(
                    app, server.scope, server.receive, server.send, policy=policy, exchange=exchange
                )
            )
        except Exception as raised:
            error = raised
        return violations, exchange, error

    return watched
