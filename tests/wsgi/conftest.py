"""A small but correct server to run applications under the validator, and what it saw."""

from __future__ import annotations

import pytest
from corpus.play_wsgi import Served, environ, play

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.validator import watch


@pytest.fixture
def make_environ():
    return environ


@pytest.fixture
def serve():
    """Serve an application under watch: ``serve(app, level=..., stop=..., **environ)``."""

    def run(app, *, level="all", stop=None, given=None, host="any", **changes):
        served = Served(environ=environ(**changes) if given is None else given)
        served.exchange = Exchange(head=1000)
        policy = Policy(served.violations.append, Rules(level=level))

        def call(environ, start_response):
            return watch(
                app, environ, start_response, policy=policy, exchange=served.exchange, host=host
            )

        play(call, served, stop)
        served.kind, served.result = type(served.result), None  # the server lets go of it
        return served

    return run


@pytest.fixture
def bare():
    """The same without watch."""

    def run(app, *, stop=None, given=None, **changes):
        served = Served(environ=environ(**changes) if given is None else given)
        return play(app, served, stop)

    return run
