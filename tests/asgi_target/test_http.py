"""The server side of HTTP in this process behaves as the best servers do."""

from __future__ import annotations

import anyio
import pytest

from gateproof.targets import asgi_http, asgi_scope, asgi_server
from gateproof.targets.asgi_http import EXTENSIONS, Leave, Request
from gateproof.targets.asgi_scope import ABSENT
from gateproof.targets.asgi_server import ClientGone, InvalidEvent

START = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1")]}
LAST = {"type": "http.response.body", "body": b"done"}
MORE = {"type": "http.response.body", "body": b"part", "more_body": True}


def ask(drive, application, asked=None, **options):
    async def perform():
        return await asgi_http.request(application, asked or Request(), **options)

    return drive(perform)


def test_a_response_is_collected(drive):
    async def app(scope, receive, send):
        await send(START)
        await send(MORE)
        await send(LAST)

    reply = ask(drive, app)

    assert (reply.status, reply.headers, reply.body) == (200, [(b"x-a", b"1")], b"partdone")
    assert reply.complete
    assert reply.ended == "returned"
    assert not reply.left
    assert [v for v in reply.watched.violations if v.verdict == "fail"] == []


def test_the_body_comes_in_the_pieces_asked_for(drive):
    seen = []

    async def app(scope, receive, send):
        while True:
            event = await receive()
            seen.append((event["body"], event["more_body"]))
            if not event["more_body"]:
                break
        await send(START)
        await send(LAST)

    ask(drive, app, Request(body=(b"a", b"", b"b")))

    assert seen == [(b"a", True), (b"", True), (b"b", False)]


def test_events_are_fresh_dicts(drive):
    event = {"type": "http.request"}

    async def app(scope, receive, send):
        (await receive())["body"] = b"mine now"
        scope["headers"].append((b"x", b"y"))
        await send(START)
        await send(LAST)

    asked = Request(events=(event,))
    for _ in range(2):
        assert ask(drive, app, asked).complete
    assert event == {"type": "http.request"}


def test_receive_waits_after_the_body_until_the_response_is_complete(drive):
    order = []

    async def app(scope, receive, send):
        await receive()

        async def listen():
            order.append((await receive())["type"])
            order.append((await receive())["type"])

        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            await send(START)
            await send(MORE)
            order.append("not yet")
            await send(LAST)

    assert ask(drive, app).complete
    assert order == ["not yet", "http.disconnect", "http.disconnect"]


def test_receive_can_be_cancelled_and_called_again(drive):
    async def app(scope, receive, send):
        await receive()
        with anyio.move_on_after(0):
            await receive()
        await send(START)
        await send(LAST)
        assert (await receive())["type"] == "http.disconnect"

    reply = ask(drive, app)

    assert reply.complete
    assert reply.raised is None


def test_the_unread_rest_of_a_body_is_not_delivered_after_the_response(drive):
    async def app(scope, receive, send):
        await send(START)
        await send(LAST)
        assert (await receive())["type"] == "http.disconnect"

    assert ask(drive, app, Request(body=(b"a", b"b"))).raised is None


@pytest.mark.parametrize(("version", "raises"), [("2.3", False), ("2.4", True), (None, False)])
def test_send_after_the_client_has_gone_follows_the_declared_version(drive, version, raises):
    async def app(scope, receive, send):
        await send(START)
        await send(MORE)

    asked = Request(leave=Leave(sent=1), scope={"asgi": asgi_scope.asgi(version)})
    reply = ask(drive, app, asked)

    assert isinstance(reply.raised, ClientGone) is raises
    assert (reply.late, reply.refused) == (1, int(raises))
    assert reply.left
    assert not reply.complete


@pytest.mark.parametrize(("when_gone", "raises"), [("raise", True), ("ignore", False)])
def test_what_send_does_can_be_chosen(drive, when_gone, raises):
    async def app(scope, receive, send):
        await send(START)

    version = {"asgi": asgi_scope.asgi("2.3" if raises else "2.5")}
    asked = Request(leave=Leave(received=0), when_gone=when_gone, scope=version)

    assert isinstance(ask(drive, app, asked).raised, OSError) is raises


@pytest.mark.parametrize(
    ("leave", "seen"),
    [
        (Leave(received=0), ["http.disconnect"] * 3),
        (Leave(received=1), ["http.request", "http.disconnect", "http.disconnect"]),
        (Leave(received=2), ["http.request", "http.request", "http.disconnect"]),
    ],
)
def test_the_client_can_leave_at_any_point_of_the_body(drive, leave, seen):
    kinds = []

    async def app(scope, receive, send):
        kinds.extend([(await receive())["type"] for _ in range(3)])

    reply = ask(drive, app, Request(body=(b"a", b"b"), leave=leave))

    assert kinds == seen
    assert reply.left


def test_sending_after_completion_is_ignored(drive):
    async def app(scope, receive, send):
        await send(START)
        await send(LAST)
        await send(LAST)

    reply = ask(drive, app)

    assert reply.body == b"done"
    assert reply.raised is None


@pytest.mark.parametrize(
    "events",
    [
        [LAST],
        [START, START],
        [{"type": "http.response.start"}],
        [{"type": "http.response.start", "status": "200"}],
        [START, {"type": "http.response.body", "body": "text"}],
        [START, {"type": "http.nonsense"}],
        [START, {}],
        [[]],
        [START, {"type": "http.response.trailers", "headers": []}],
    ],
)
def test_an_invalid_event_is_refused(drive, events):
    async def app(scope, receive, send):
        for event in events:
            await send(event)

    assert isinstance(ask(drive, app).raised, InvalidEvent)


def test_offered_extensions_are_played(drive, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"from the file")

    async def paths(scope, receive, send):
        await send({"type": "http.response.early_hint", "links": [b"</a>; rel=preload"]})
        await send(START)
        await send({"type": "http.response.pathsend", "path": str(file)})

    async def trailers(scope, receive, send):
        await send({**START, "trailers": True})
        await send(LAST)
        await send({"type": "http.response.trailers", "headers": [], "more_trailers": True})
        await send({"type": "http.response.trailers", "headers": []})

    asked = Request(scope={"extensions": dict(EXTENSIONS)})

    assert ask(drive, paths, asked).body == b"from the file"
    assert ask(drive, trailers, asked).complete


def test_a_client_runs_out_of_patience_and_the_call_is_cancelled(drive, monkeypatch):
    monkeypatch.setattr(asgi_server, "GRACE", 0.05)
    cancelled = []

    async def app(scope, receive, send):
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.append(True)

    reply = ask(drive, app, patience=0.05)

    assert reply.timed_out
    assert reply.status is None
    assert reply.ended == "cancelled"
    assert cancelled == [True]


def test_an_application_that_only_sleeps_is_timed_out(drive, monkeypatch):
    monkeypatch.setattr(asgi_server, "GRACE", 0.05)

    async def app(scope, receive, send):
        await anyio.sleep_forever()

    reply = ask(drive, app, patience=0.05)

    assert reply.timed_out
    assert reply.ended == "cancelled"


def test_a_client_listens_to_a_response_for_a_bounded_time(drive, monkeypatch):
    monkeypatch.setattr(asgi_server, "GRACE", 0.05)
    monkeypatch.setattr(asgi_http, "STREAMING", 0.05)

    async def app(scope, receive, send):
        await send(START)
        await anyio.sleep_forever()

    reply = ask(drive, app, patience=60)

    assert reply.timed_out
    assert reply.status == 200
    assert not reply.complete


def test_an_endless_response_ends_with_the_client(drive):
    async def app(scope, receive, send):
        await send(START)
        while True:
            await send(MORE)

    reply = ask(drive, app, patience=0.05)

    assert reply.timed_out
    assert isinstance(reply.raised, ClientGone)


def test_a_cancellation_from_outside_passes(drive):
    async def app(scope, receive, send):
        await anyio.sleep_forever()

    async def perform():
        with anyio.move_on_after(0.05) as scope:
            await asgi_http.request(app, Request(), patience=60)
        return scope.cancelled_caught

    assert drive(perform)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3)])
def test_what_leaves_the_application_is_recorded(drive, error):
    async def app(scope, receive, send):
        raise error

    reply = ask(drive, app)

    assert reply.raised is error
    assert reply.ended == "raised"


def test_an_escaping_cancellation_of_the_applications_own_is_recorded():
    import asyncio

    async def app(scope, receive, send):
        raise asyncio.CancelledError

    reply = asyncio.run(asgi_http.request(app, Request()))

    assert isinstance(reply.raised, asyncio.CancelledError)


def test_each_request_gets_its_own_copy_of_the_state(drive):
    state = {"pool": []}
    seen = []

    async def app(scope, receive, send):
        scope["state"]["mine"] = 1
        seen.append(scope["state"]["pool"])

    ask(drive, app, state=state)

    assert state == {"pool": []}
    assert seen[0] is state["pool"]


def test_a_target_is_split_decoded_and_kept():
    asked = Request.to("/caf%C3%A9/%2F?a=%20")
    scope = asgi_scope.http(asked.method, asked.path, asked.query)

    assert scope["path"] == "/café//"
    assert scope["raw_path"] == b"/caf%C3%A9/%2F"
    assert scope["query_string"] == b"a=%20"


def test_keys_are_replaced_added_and_left_out():
    scope = asgi_scope.http("GET", "/", overrides={"client": None, "scheme": ABSENT, "x": 1})

    assert scope["client"] is None
    assert "scheme" not in scope
    assert scope["x"] == 1


def test_what_replaces_a_key_is_copied():
    headers = [[b"x", b"1"]]
    scope = asgi_scope.http("GET", "/", overrides={"headers": headers})
    scope["headers"][0].append(b"mine")

    assert headers == [[b"x", b"1"]]


@pytest.mark.parametrize(
    ("declared", "asked", "expected"),
    [("2.4", "2.4", True), ("2.10", "2.4", True), ("2.3", "2.4", False), ("3.0", "2.4", True)],
)
def test_versions_are_compared_as_numbers(declared, asked, expected):
    scope = {"asgi": {"spec_version": declared}}

    assert asgi_scope.declares(scope, asked) is expected
