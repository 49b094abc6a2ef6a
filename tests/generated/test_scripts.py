"""What walks are turned into is judged as the walks say, by the live validators."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given

from gateproof.conformance.strategies import scripts_asgi_http as http
from gateproof.conformance.strategies import scripts_asgi_lifespan as lifespan
from gateproof.conformance.strategies import scripts_asgi_websocket as websocket
from gateproof.conformance.strategies import scripts_wsgi as wsgi
from gateproof.conformance.strategies import scripts_wsgi_server as wsgi_server
from gateproof.conformance.strategies.ground import KINDS
from gateproof.conformance.strategies.walks import described, strategy
from gateproof.targets.asgi_websocket import DENIAL
from gateproof.validators.asgi.machines import ANSWER, CONTENT, LIFE, REQUEST, RESPONSE, SOCKET
from gateproof.validators.wsgi import machines as wsgi_machines

_SPEC = importlib.util.spec_from_file_location("playing", Path(__file__).parent / "playing.py")
playing = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(playing)


# How each kind of thing is played ---------------------------------------------------


def play_http(expected):
    request = {"type": "http.request", "body": b"", "more_body": False}
    return playing.play_asgi(
        expected.script, playing.Server(playing.scope("http", http.OFFERS), [request])
    )


GIVEN = {
    "connect": {"type": "websocket.connect"},
    "message": {"type": "websocket.receive", "text": "gateproof"},
    "disconnect": {"type": "websocket.disconnect", "code": 1005, "reason": ""},
    "": None,
}


def play_websocket(expected):
    events = [GIVEN[what] for what in expected.given]
    server = playing.Server(playing.scope("websocket", DENIAL), events, expected.lost)
    return playing.play_asgi(expected.script, server)


def play_lifespan(expected):
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    return playing.play_asgi(expected.script, playing.Server(playing.scope("lifespan"), events))


CALLS = ("START", "START_ERROR", "REFUSAL", "FAIL")


def play_wsgi(expected):
    calls = [
        symbol
        for symbol in expected.walk.symbols
        if symbol.name in CALLS or isinstance(symbol, wsgi_server.Reply)
    ]
    gateway = playing.Gateway(expected.refused, len(calls), expected.answered)
    return playing.play_wsgi(expected.script, gateway)


def play_treatment(expected):
    return playing.treat(expected.script, expected.acts)


ANSWERED = [
    {"type": "http.response.start", "status": 200, "headers": []},
    {"type": "http.response.body", "body": b"ok"},
]


def deliver_http(expected):
    return playing.deliver("http", expected.events, lambda _: ANSWERED)


def deliver_websocket(expected):
    turns = [{"type": "websocket.accept"}]
    return playing.deliver("websocket", expected.events, lambda _: turns, first=True)


def deliver_lifespan(expected):
    return playing.deliver(
        "lifespan",
        expected.events,
        lambda turn: None if turn in ("return", "raise") else [{"type": turn}],
    )


OFFERED = frozenset(http.OFFERS)
DENIALS = frozenset(DENIAL)
WAYS = {
    "http": (http.response_ground(OFFERED), http.scripted, play_http, "application"),
    "http-bare": (http.response_ground(), http.scripted, play_http, "application"),
    "http-server": (http.request_ground(), http.delivered, deliver_http, "server"),
    "websocket": (
        websocket.answer_ground(DENIALS, obedient=True),
        websocket.scripted,
        play_websocket,
        "application",
    ),
    "websocket-server": (
        websocket.connection_ground(),
        websocket.delivered,
        deliver_websocket,
        "server",
    ),
    "lifespan": (lifespan.life_ground(), lifespan.scripted, play_lifespan, "application"),
    "lifespan-server": (lifespan.server_ground(), lifespan.delivered, deliver_lifespan, "server"),
    "wsgi": (wsgi.response_ground(refusing=True), wsgi.scripted, play_wsgi, "application"),
    "wsgi-answers": (wsgi_server.starter_ground(), wsgi_server.answered, play_wsgi, "server"),
    "wsgi-treatments": (
        wsgi_server.closing_ground(),
        wsgi_server.treated,
        play_treatment,
        "server",
    ),
}
"""Each ground, what makes things of walks over it, how these are played, who is drawn."""

OBSERVED = {
    "asgi.http.request.sent-to-app": "a client that leaves first is only noted",
    "asgi.http.request.app-not-trigger-on-scope": "so is an answer without a look at the request",
}
"""What is told of legal walks, all of it an observation."""


def judged(expected, told, party):
    """Whether the judge told what was expected, and nothing else that is graver."""
    broken = Counter(expected.broken)
    also = getattr(expected, "also", frozenset())
    found = Counter(one for one in told.ids if one not in also and one not in OBSERVED)
    assert found == broken, (expected, told.violations)
    assert all(told.verdict(one) == ["observed"] for one in OBSERVED if one in told.ids)
    if expected.requirement is not None:
        assert expected.verdict in told.verdict(expected.requirement), (expected, told.violations)
        assert party in told.party(expected.requirement)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_the_shortest_walk_to_each_cell(way, kind):
    land, make, play, party = WAYS[way]
    for walk in land.every(kind):
        expected = make(walk)
        assert (expected.requirement is None) is (kind != "forbidden")
        judged(expected, play(expected), party)


EACH = 8
"""Examples for each cell that walks are drawn for: one in 3,000 is missed by chance."""


def drawn(way, kind, count, *, fast):
    """Draw walks of a kind, have each judged, and return what was drawn."""
    land, make, play, party = WAYS[way]
    seen = []

    @playing.examples(count)
    @given(strategy(described(land, kind, make), fast=fast))
    def walk(expected):
        judged(expected, play(expected), party)
        seen.append(expected)

    walk()
    assert {expected.requirement is None for expected in seen} == {kind != "forbidden"}
    return seen


@pytest.mark.parametrize("way", WAYS)
def test_drawn_walks_reach_every_cell_and_are_judged_as_expected(way):
    land = WAYS[way][0]
    passed = set()
    for kind in KINDS:
        if land.aims[kind]:
            seen = drawn(way, kind, EACH * len(land.aims[kind]), fast=True)
            passed.update(cell for expected in seen for cell in expected.walk.cells)

    assert land.reached() - passed == set()


@pytest.mark.parametrize("way", WAYS)
def test_structured_walks_are_judged_as_expected(way):
    land = WAYS[way][0]
    for kind in KINDS:
        if land.aims[kind]:
            seen = drawn(way, kind, 60, fast=False)
            assert len({expected.why for expected in seen}) >= min(20, len(land.aims[kind]) // 2)


MACHINES = {
    RESPONSE: http.UNPLAYED,
    CONTENT: {},
    REQUEST: {},
    ANSWER: websocket.UNPLAYED,
    SOCKET: {},
    LIFE: lifespan.UNPLAYED,
    **dict.fromkeys(wsgi_machines.MACHINES, wsgi.UNPLAYED | wsgi_server.UNPLAYED),
}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_cell_is_played_or_has_a_reason(machine):
    played = {cell for land, *_ in WAYS.values() for cell in land.reached()}
    unplayed = {
        (machine.name, state.name, symbol.name)
        for state, symbol, _ in machine.cells()
        if (machine, int(state), int(symbol)) not in played
    }
    reasons = {place: why for place, why in MACHINES[machine].items() if place[0] == machine.name}

    assert unplayed == reasons.keys()
    assert all(reasons.values())


def test_no_forbidden_cell_is_left_out_but_those_of_a_writer_that_there_is_not():
    names = {
        (machine.name, state.name, symbol.name)
        for machine in MACHINES
        for state, symbol, cell in machine.cells()
        if cell.requirement is not None
    }
    left = {place for reasons in MACHINES.values() for place in reasons if place in names}

    assert left <= {
        (wsgi_machines.RESPONSE.name, state, symbol)
        for state in ("UNSTARTED", "IDLING")
        for symbol in ("WRITE", "WRITE_EMPTY")
    } | {(wsgi_machines.CLOSING.name, "CUT", "EXHAUST")}
