"""Odd but correct applications: the validator has nothing to say of them."""

from __future__ import annotations

import functools
from http import HTTPStatus

import pytest

from gateproof.validators.asgi.replay import replay
from gateproof.validators.policy import Policy, Rules

START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body", "body": b"hello"}
DISCONNECT = {"type": "http.disconnect"}
MORE = {"type": "http.request", "body": b"a", "more_body": True}
CLEAN = []


def clean(*arguments, **named):
    """An application that is correct when served by ``Server(*arguments, **named)``."""

    def register(app):
        CLEAN.append(pytest.param(app, arguments, named, id=app.__name__))
        return app

    return register


@clean()
async def minimal(scope, receive, send):
    await send(START)
    await send({"type": "http.response.body"})


@clean()
async def empty_pieces(scope, receive, send):
    await send(START)
    for piece in (b"", b"a", b"", b""):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "more_body": False})


@clean()
async def one_shot_headers(scope, receive, send):
    headers = ((name, b"1") for name in (b"x-a", b"x-b"))
    await send({**START, "headers": headers})
    await send(BODY)


@clean()
async def one_shot_pairs(scope, receive, send):
    await send({**START, "headers": [iter((b"x-a", b"1"))]})
    await send(BODY)


@clean()
async def headers_of_a_dict(scope, receive, send):
    await send({**START, "headers": {b"content-length": b"5"}.items()})
    await send(BODY)


@clean()
async def tuple_headers(scope, receive, send):
    await send({**START, "headers": ((b"x-a", b"1"), [b"x-a", b"2"])})
    await send(BODY)


@clean()
async def enum_status(scope, receive, send):
    await send({"type": "http.response.start", "status": HTTPStatus.NOT_FOUND, "headers": []})
    await send(BODY)


@clean()
async def redirect_without_content_type(scope, receive, send):
    await send({"type": "http.response.start", "status": 302, "headers": [(b"location", b"/a")]})
    await send({"type": "http.response.body", "body": b""})


@clean()
async def no_content(scope, receive, send):
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


@clean(method="HEAD")
async def head_with_length_and_no_body(scope, receive, send):
    await send({**START, "headers": [(b"content-length", b"1234")]})
    await send({"type": "http.response.body"})


@clean(method="HEAD")
async def head_with_body(scope, receive, send):
    await send({**START, "headers": [(b"content-length", b"5")]})
    await send(BODY)


@clean()
async def not_modified_with_length(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 304, "headers": [(b"content-length", b"99")]}
    )
    await send({"type": "http.response.body"})


@clean()
async def raises_at_once(scope, receive, send):
    raise ValueError("no")


@clean()
async def raises_in_the_middle(scope, receive, send):
    await send(START)
    await send({**BODY, "more_body": True})
    raise ValueError("half way")


@clean(events=[MORE], last=DISCONNECT)
async def returns_when_the_client_has_gone(scope, receive, send):
    await send(START)
    while (await receive())["type"] != "http.disconnect":
        await send({**BODY, "more_body": True})


@clean(events=[DISCONNECT])
async def never_answers_who_has_gone(scope, receive, send):
    await receive()


@clean(fail=ConnectionResetError("gone"))
async def returns_when_send_fails(scope, receive, send):
    try:
        await send(START)
    except OSError:
        return


@clean(fail=BrokenPipeError("gone"))
async def lets_the_failure_out(scope, receive, send):
    await send(START)


@clean()
async def listens_after_its_response(scope, receive, send):
    await receive()
    await send(START)
    await send(BODY)
    await receive()
    await receive()


@clean(events=[MORE, MORE, {"type": "http.request"}])
async def does_not_read_its_request(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 413})
    await send(BODY)


@clean()
async def extra_keys(scope, receive, send):
    await send({**START, "note": "mine"})
    await send({**BODY, "size": 5})


@clean()
async def flag_for_trailers_that_are_not_offered(scope, receive, send):
    await send({**START, "trailers": True})
    await send(BODY)


@clean(offers=["http.response.trailers"])
async def trailers(scope, receive, send):
    await send({**START, "headers": [(b"trailer", b"x-a")], "trailers": True})
    await send(BODY)
    await send({"type": "http.response.trailers", "headers": [(b"x-a", b"1")]})


@clean(offers=["http.response.pathsend"])
async def a_path(scope, receive, send):
    await send({**START, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.pathsend", "path": "/srv/five"})


@clean(offers=["http.response.early_hint"])
async def hints_before_and_after_start(scope, receive, send):
    hint = {"type": "http.response.early_hint", "links": iter([b"</a.css>; rel=preload"])}
    await send(hint)
    await send(START)
    await send({**hint, "links": [b"</b.css>; rel=preload"]})
    await send(BODY)


@clean()
async def debug_without_offer(scope, receive, send):
    await send({"type": "http.response.debug", "info": {"template": object()}})
    await send(START)
    await send(BODY)


@clean(offers=["acme.progress"])
async def event_of_an_extension_of_somebody(scope, receive, send):
    await send({"type": "acme.progress.report", "percent": 10})
    await send(START)
    await send(BODY)


class Callable:
    """Applications need not be functions."""

    __name__ = "callable_object"

    async def __call__(self, scope, receive, send):
        await minimal(scope, receive, send)


clean()(Callable())


def returns_a_coroutine(scope, receive, send):
    return minimal(scope, receive, send)


clean()(returns_a_coroutine)
partial = functools.partial(minimal)
partial.__name__ = "partial"
clean()(partial)


@clean("websocket")
async def accepts_and_leaves(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "subprotocol": None})


@clean("websocket")
async def refuses(scope, receive, send):
    await receive()
    await send({"type": "websocket.close", "code": 1000})


@clean("websocket")
async def raises_without_an_answer(scope, receive, send):
    await receive()
    raise PermissionError


@clean(
    "websocket",
    events=[{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}],
)
async def client_gone_before_the_answer(scope, receive, send):
    await receive()
    await receive()


@clean(
    "websocket",
    events=[
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "", "bytes": None},
        {"type": "websocket.receive", "bytes": b""},
        {"type": "websocket.disconnect", "code": 1005, "reason": None},
    ],
)
async def echoes_empty_messages(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "chat", "headers": [(b"x-a", b"1")]})
    while (event := await receive())["type"] == "websocket.receive":
        await send({**event, "type": "websocket.send"})


@clean("websocket", offers=["websocket.http.response"])
async def denies(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 404, "headers": iter([])})
    await send({"type": "websocket.http.response.body", "body": b"no", "more_body": True})
    await send({"type": "websocket.http.response.body"})


@clean("websocket")
async def closes_and_hears_of_it(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4000, "reason": "done"})


@clean("lifespan")
async def lives(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


@clean("lifespan")
async def has_no_lifespan(scope, receive, send):
    raise NotImplementedError


@clean("lifespan")
async def ignores_the_lifespan(scope, receive, send):
    return


@clean("lifespan")
async def fails_to_start(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed"})
    raise RuntimeError("no database")


@pytest.mark.parametrize(("app", "arguments", "named"), CLEAN)
def test_a_correct_application_is_not_accused(app, arguments, named, watched, server):
    violations, _, _ = watched(app, server(*arguments, **named), level="should")

    assert [str(v) for v in violations] == []


@pytest.mark.parametrize(("app", "arguments", "named"), CLEAN)
def test_live_and_replay_find_the_same(app, arguments, named, watched, server):
    violations, exchange, _ = watched(app, server(*arguments, **named))

    assert replay(exchange.rungs(), Policy(print, Rules(level="all"))) == violations


@pytest.mark.parametrize(("app", "arguments", "named"), CLEAN)
def test_the_other_side_sees_no_difference(app, arguments, named, run, watched, server):
    bare, seen = server(*arguments, **named), server(*arguments, **named)
    failed = None
    try:
        run(app(bare.scope, bare.receive, bare.send))
    except Exception as error:
        failed = error
    _, _, error = watched(app, seen)

    assert repr(error) == repr(failed)
    assert _plain(seen.sent) == _plain(bare.sent)
    assert seen.events == bare.events
    assert seen.scope == bare.scope


def _plain(events):
    return [
        {
            key: sorted(repr(v) for v in value)
            if key == "info"
            else [tuple(p) if not isinstance(p, bytes) else p for p in value]
            if key in ("headers", "links")
            else value
            for key, value in event.items()
        }
        for event in events
    ]
