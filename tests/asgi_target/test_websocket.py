"""The server side of WebSocket in this process behaves as the best servers do."""

from __future__ import annotations

import contextlib

import anyio
import pytest

from gateproof.targets import asgi_scope, asgi_server, asgi_websocket
from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_server import ClientGone, InvalidEvent
from gateproof.targets.asgi_websocket import DENIAL, Connect

ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close", "code": 4000, "reason": "enough"}


def open_one(drive, application, asked=None, **options):
    async def perform():
        return await asgi_websocket.connect(application, asked or Connect(), **options)

    return drive(perform)


async def echo(scope, receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send(ACCEPT)
    while (event := await receive())["type"] == "websocket.receive":
        text = event.get("text")
        key = "bytes" if text is None else "text"
        await send({"type": "websocket.send", key: event[key]})


def test_messages_are_echoed_and_the_client_closes(drive):
    session = open_one(drive, echo, Connect(messages=("a", b"b", "", b"")))

    assert session.answer == "accepted"
    assert session.frames == ["a", b"b", "", b""]
    assert session.told
    assert session.ended == "returned"
    assert [v for v in session.watched.violations if v.verdict == "fail"] == []


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("alone", [{"type", "text"}, {"type", "bytes"}]),
        ("beside-none", [{"type", "text", "bytes"}] * 2),
    ],
)
def test_the_unused_key_is_absent_or_none(drive, shape, expected):
    seen = []

    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        seen.extend([set(await receive()) for _ in range(2)])

    open_one(drive, app, Connect(messages=("a", b"b"), shape=shape))

    assert seen == expected


def test_nothing_is_delivered_before_the_handshake_is_answered(drive):
    order = []

    async def app(scope, receive, send):
        await receive()

        async def listen():
            order.append((await receive())["type"])

        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            await anyio.wait_all_tasks_blocked()
            order.append("accepting")
            await send(ACCEPT)

    open_one(drive, app, Connect(messages=("a",)))

    assert order == ["accepting", "websocket.receive"]


def test_denied_by_close(drive):
    async def app(scope, receive, send):
        await receive()
        await send(CLOSE)
        assert await receive() == {
            "type": "websocket.disconnect",
            "code": 4000,
            "reason": "enough",
        }

    session = open_one(drive, app)

    assert (session.answer, session.closed) == ("denied", (4000, "enough"))
    assert session.raised is None


def test_denied_with_a_response_where_that_is_offered(drive):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.http.response.start", "status": 401})
        await send({"type": "websocket.http.response.body", "body": b"no", "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"!"})

    offered = open_one(drive, app, Connect(scope={"extensions": dict(DENIAL)}))

    assert (offered.answer, offered.status) == ("responded", 401)
    assert offered.raised is None
    assert isinstance(open_one(drive, app).raised, InvalidEvent)


@pytest.mark.parametrize(
    "events",
    [
        [{"type": "websocket.send", "text": "early"}],
        [ACCEPT, ACCEPT],
        [ACCEPT, {"type": "websocket.send"}],
        [ACCEPT, {"type": "websocket.nonsense"}],
        [{"type": "websocket.accept", "subprotocol": b"x"}],
        [None],
    ],
)
def test_an_invalid_event_is_refused(drive, events):
    async def app(scope, receive, send):
        await receive()
        for event in events:
            await send(event)

    assert isinstance(open_one(drive, app).raised, InvalidEvent)


@pytest.mark.parametrize(
    ("leave", "seen"),
    [
        (Leave(received=0), ["websocket.connect", "websocket.disconnect"]),
        (Leave(received=1), ["websocket.connect", "websocket.disconnect"]),
        (Leave(received=2), ["websocket.connect", "websocket.receive", "websocket.disconnect"]),
        (Leave(sent=1), ["websocket.connect", "websocket.disconnect"]),
    ],
)
def test_the_connection_can_be_lost_at_any_point(drive, leave, seen):
    kinds = []

    async def app(scope, receive, send):
        kinds.append((await receive())["type"])
        with contextlib.suppress(OSError):
            await send(ACCEPT)
        while kinds[-1] != "websocket.disconnect":
            event = await receive()
            kinds.append(event["type"])
        assert event["code"] == 1006

    session = open_one(drive, app, Connect(messages=("a", "b"), leave=leave))

    assert kinds == seen
    assert session.raised is None


@pytest.mark.parametrize(("version", "raises"), [("2.3", False), ("2.4", True)])
def test_send_after_the_loss_follows_the_declared_version(drive, version, raises):
    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        await send({"type": "websocket.send", "text": "late"})

    asked = Connect(leave=Leave(sent=1), scope={"asgi": asgi_scope.asgi(version)})
    session = open_one(drive, app, asked)

    assert isinstance(session.raised, ClientGone) is raises
    assert session.late == 1
    assert session.frames == []


def test_a_connection_on_which_nothing_is_received_is_closed(drive, monkeypatch):
    monkeypatch.setattr(asgi_websocket, "LINGER", 0.05)

    async def app(scope, receive, send):
        await receive()
        await send(ACCEPT)
        while True:
            await send({"type": "websocket.send", "text": "tick"})

    session = open_one(drive, app)

    assert session.frames
    assert isinstance(session.raised, ClientGone)
    assert not session.timed_out


def test_an_unanswered_handshake_times_out(drive, monkeypatch):
    monkeypatch.setattr(asgi_server, "GRACE", 0.05)

    async def app(scope, receive, send):
        while True:
            await receive()

    session = open_one(drive, app, patience=0.05)

    assert session.timed_out
    assert session.answer == ""
    assert session.ended == "cancelled"


def test_subprotocols_reach_scope_and_headers():
    scope = asgi_scope.websocket("/", subprotocols=["a", "b"])

    assert scope["subprotocols"] == ["a", "b"]
    assert dict(scope["headers"])[b"sec-websocket-protocol"] == b"a, b"
