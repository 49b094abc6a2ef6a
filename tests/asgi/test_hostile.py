"""Objects made to hurt whoever looks at them: findings at most, never a crash."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateproof.validators.asgi.claims import JUDGES
from gateproof.validators.asgi.exercised import exercised
from gateproof.validators.asgi.judge import STEPS
from gateproof.validators.asgi.replay import replay


class Hurts(Exception):  # noqa: N818
    pass


def hurt(self, *arguments, **named):
    raise Hurts


class Mapping(dict):
    get = __getitem__ = __contains__ = keys = items = values = __iter__ = copy = hurt
    __len__ = __bool__ = __eq__ = __repr__ = hurt
    __hash__ = None


class Text(str):
    __eq__ = __hash__ = __str__ = __repr__ = startswith = split = __len__ = hurt


class Octets(bytes):
    __eq__ = __hash__ = __len__ = __repr__ = lower = hurt


class Number(int):
    __eq__ = __hash__ = __lt__ = __repr__ = __index__ = __bool__ = hurt


class Thing:
    __iter__ = __bool__ = __repr__ = __len__ = __eq__ = fileno = hurt
    __hash__ = None

    @property
    def __class__(self):
        raise Hurts


class Endless:
    def __iter__(self):
        return self

    def __next__(self):
        return (b"a", b"b")


SCALE = int(os.environ.get("GATEPROOF_TEST_SCALE", "1"))
"""How many times more examples than by default, for nightly runs."""

HEADERS = [(b"content-length", b"5")]


def start(**changes):
    return {"type": "http.response.start", "status": 200, "headers": HEADERS, **changes}


def body(**changes):
    return {"type": "http.response.body", "body": b"hello", **changes}


HOSTILE = {
    "mapping": Mapping(start()),
    "type": {**start(), "type": Text("http.response.start")},
    "unhashable type": {**start(), "type": []},
    "hostile type": {**start(), "type": Thing()},
    "status": start(status=Number(200)),
    "hostile status": start(status=Thing()),
    "headers": start(headers=Thing()),
    "hostile pairs": start(headers=[Thing(), (Thing(), Thing())]),
    "octets": start(headers=[(Octets(b"content-length"), Octets(b"5"))]),
    "endless headers": start(headers=Endless()),
    "giant header": start(headers=[(b"x-a", b"x" * 10_000_000)]),
    "surrogates": {**start(), "type": "http.\udcff"},
    "surrogate text": start(headers=[("\udcff", "\ud800")]),
    "keys": {**start(), b"more": 1, 3: 4},
    "trailers": start(trailers=Thing()),
    "more": body(more_body=Thing()),
    "body": body(body=Thing()),
    "octets body": body(body=Octets(b"a")),
    "file": {"type": "http.response.zerocopysend", "file": Thing()},
    "path": {"type": "http.response.pathsend", "path": Thing()},
    "no dict": Thing(),
    "text": Text("http.response.start"),
    "none": None,
    "subprotocol": {"type": "websocket.accept", "subprotocol": Text("a"), "headers": Thing()},
    "close": {"type": "websocket.close", "code": Thing(), "reason": Thing()},
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan"])
def test_a_hostile_event_is_judged(name, kind, watched, server):
    event = HOSTILE[name]

    async def app(scope, receive, send):
        await send(event)

    served = server(kind, offers=["http.response.zerocopysend", "http.response.pathsend"])
    violations, exchange, error = watched(app, served)

    assert error is None
    assert violations
    assert all(str(v) for v in violations)
    if name != "endless headers":
        assert served.sent[0] is event
    exercised(exchange.rungs())


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan"])
def test_a_hostile_delivery_is_judged(name, kind, watched, server):
    event = HOSTILE[name]

    async def app(scope, receive, send):
        await receive()

    _, _, error = watched(app, server(kind, events=[event]))

    assert error is None


SCOPES = [
    {"headers": Thing()},
    {"extensions": Thing()},
    {"extensions": Mapping(a={})},
    {"asgi": Thing()},
    {"asgi": Mapping(version="3.0")},
    {"asgi": {"version": "3.0", "spec_version": "\u0662.\u0663"}},
    {"asgi": {"version": "3.0", "spec_version": "9" * 10_000}},
    {"method": Thing()},
    {"subprotocols": Thing()},
    {"type": Thing()},
    {"type": Text("http")},
    {"path": "\ud800"},
]


@pytest.mark.parametrize("number", range(len(SCOPES)))
def test_a_hostile_scope_is_judged(number, watched, server):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200})

    _, _, error = watched(app, server(**SCOPES[number]))

    assert error is None


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.builds(Thing)
    | st.builds(Text, st.text(max_size=3))
    | st.builds(Octets, st.binary(max_size=3))
    | st.builds(Number, st.integers()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.builds(Mapping, st.dictionaries(st.text(max_size=3), inner, max_size=2))
    ),
    max_leaves=8,
)
kinds = st.sampled_from(
    sorted({kind for judge in JUDGES for kind in (*judge.sends, *judge.receives)})
)
keys = st.sampled_from(
    [
        *("status", "headers", "body", "more_body", "trailers", "more_trailers", "path", "file"),
        *("links", "info", "code", "reason", "text", "bytes", "subprotocol", "message"),
    ]
)
events = st.builds(
    lambda kind, rest: {**rest, "type": kind}, kinds, st.dictionaries(keys, values, max_size=3)
)
rungs = st.tuples(
    st.sampled_from(sorted(set(STEPS) - {"call", "loop", "unawaited"})), events | values
)
scopes = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.sampled_from(["http", "websocket", "lifespan", "mqtt", "x-conformance-a"]),
    st.dictionaries(
        st.sampled_from(["asgi", "extensions", "headers", "method", "subprotocols"]), values
    ),
)


@settings(max_examples=150 * SCALE, deadline=None, database=None, derandomize=SCALE == 1)
@given(scopes, st.lists(rungs, max_size=12))
def test_no_sequence_of_steps_crashes_a_judge(scope, steps):
    ladder = [("call", scope)]
    for step, data in steps:
        if step in ("raise", "receive-raised", "send-raised"):
            ladder.append((step, OSError("gone") if data is None else RuntimeError("refused")))
        else:
            ladder.append((step, data))

    violations = replay(ladder)

    assert all(str(v) for v in violations)
    assert exercised(ladder)
