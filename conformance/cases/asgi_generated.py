"""ASGI: generated traffic, in which everything legal is combined.

The functions are no coroutines: Hypothesis calls back, and the stage's ``run``
drives the loop for each example. Hypothesis is imported only when they run.
"""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_disconnect import judge_leaving
from gateproof.conformance.cases.asgi_http_method import RESPONSE
from gateproof.conformance.cases.asgi_lifespan import plain_cycle
from gateproof.conformance.cases.asgi_websocket_close import judge_losing
from gateproof.conformance.cases.asgi_websocket_connect import HANDSHAKE
from gateproof.targets.asgi_http import Request
from gateproof.targets.asgi_websocket import Connect
from gateproof.targets.watched import Watched

_CYCLES = 8


@case("asgi.http", "generated", proves=RESPONSE)
def http(stage: ASGIStage) -> None:
    """Generated requests, cut, ended and described in every legal way, are answered properly."""
    from gateproof.conformance.strategies.asgi_http import requests
    from gateproof.conformance.strategies.asgi_search import search

    silent = False

    def play(asked: Request) -> Watched | None:
        nonlocal silent
        if silent:
            return None  # each further one would cost the whole patience
        reply = stage.drive(stage.ask(asked))
        silent = reply.timed_out
        judge_leaving(stage, reply)
        return reply.watched

    stage.drive(stage.baselines())
    methods = [method for method in ("GET", "HEAD", "OPTIONS") if method in stage.methods]
    search(stage, requests(stage.paths, methods), play, stage.traffic.effort.drawn)


@case("asgi.websocket", "generated", proves=HANDSHAKE)
def websocket(stage: ASGIStage) -> None:
    """Generated connections, with messages, losses and scopes of every kind, follow the protocol.

    Only messages of a kind that the application can take are sent.
    """
    from gateproof.conformance.strategies.asgi_search import search
    from gateproof.conformance.strategies.asgi_websocket import connections

    kinds = []
    for message in ('"gateproof"', b"gateproof"):
        bases = stage.drive(stage.connections(messages=(message,)))
        if not any(session.gave_up for base in bases for session in base.replies):
            kinds.append(type(message))

    def play(asked: Connect) -> Watched | None:
        session = stage.drive(stage.connect(asked))
        judge_losing(stage, session)
        return session.watched if session.speaks else None

    search(stage, connections(stage.paths, kinds), play, stage.traffic.effort.drawn)


@case("asgi.lifespan", "generated", proves=("asgi.lifespan.startup-complete.app-sends",))
def lifespan(stage: ASGIStage) -> None:
    """Generated lifespans, with and without state and unknown keys, follow the protocol."""
    from gateproof.conformance.strategies.asgi_lifespan import options
    from gateproof.conformance.strategies.asgi_search import search

    stage.drive(plain_cycle(stage))

    def play(chosen: dict[str, object]) -> Watched:
        return stage.drive(stage.cycle(**chosen)).watched

    search(stage, options(), play, min(_CYCLES, stage.traffic.effort.drawn))
