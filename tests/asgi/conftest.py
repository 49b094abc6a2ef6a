"""What the tests of the ASGI validator share."""

from __future__ import annotations

import pytest
from corpus.play_asgi import Server, step
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


@pytest.fixture(scope="session")
def server():
    """The class of servers to drive applications with."""
    return Server


@pytest.fixture(scope="session")
def run():
    """Runs a coroutine to its end without an event loop: nothing here ever waits."""
    return step


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
