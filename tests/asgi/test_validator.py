from __future__ import annotations

import asyncio
import logging
import warnings

import pytest
import trio

from gateproof.validators import ASGIValidator, ConformanceError
from gateproof.validators.asgi.replay import replay
from gateproof.validators.violation import ConformanceWarning

START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body", "body": b"hello"}


async def starts_twice(scope, receive, send):
    await receive()
    await send(START)
    await send(START)
    await send(BODY)


async def hello(scope, receive, send):
    await receive()
    await send(START)
    await send(BODY)


def ids(violations):
    return [v.requirement for v in violations]


# What is done about violations


def test_raise_raises_at_the_offending_call(run, server):
    served = server()

    with pytest.raises(ConformanceError) as caught:
        run(ASGIValidator(starts_twice)(served.scope, served.receive, served.send))

    violation = caught.value.violation
    assert violation.requirement == "asgi.http.response-start.once"
    assert violation.exchange[violation.event].data == START
    assert "'http.response.body'" in violation.expected
    assert served.sent == [START]  # the offending event went no further


def test_raise_only_warns_of_a_server(run, server):
    served = server(path=b"/")

    with pytest.warns(ConformanceWarning, match="asgi.http.scope.path-present"):
        run(ASGIValidator(hello)(served.scope, served.receive, served.send))

    assert served.sent == [START, BODY]


def test_raise_raises_a_servers_breach_where_asked(run, server):
    served = server(path=b"/")
    app = ASGIValidator(hello, parties=["server"])

    with pytest.raises(ConformanceError):
        run(app(served.scope, served.receive, served.send))


def test_an_application_that_catches_the_error_may_answer(run, server):
    async def app(scope, receive, send):
        try:
            await send({"type": "http.response.start", "status": "200 OK"})
        except ConformanceError:
            await send({**START, "status": 500})
            await send(BODY)

    served = server()
    run(ASGIValidator(app)(served.scope, served.receive, served.send))

    assert [event.get("status") for event in served.sent] == [500, None]


def test_warn(run, server):
    served = server()

    with pytest.warns(ConformanceWarning, match="response-start.once"):
        run(
            ASGIValidator(starts_twice, on_violation="warn")(
                served.scope, served.receive, served.send
            )
        )

    assert len(served.sent) == 3


def test_log(run, server, caplog):
    served = server()
    with caplog.at_level(logging.WARNING, "gateproof"):
        run(
            ASGIValidator(starts_twice, on_violation="log")(
                served.scope, served.receive, served.send
            )
        )

    assert "asgi.http.response-start.once" in caplog.text


def test_collect_keeps_one_of_a_kind_and_counts(run, server):
    app = ASGIValidator(starts_twice, on_violation="collect")
    for _ in range(3):
        served = server()
        run(app(served.scope, served.receive, served.send))

    assert ids(app.violations) == ["asgi.http.response-start.once"]
    assert app.count(app.violations[0]) == 3


def test_a_callable_gets_each_violation(run, server):
    told = []
    served = server()
    run(
        ASGIValidator(starts_twice, on_violation=told.append)(
            served.scope, served.receive, served.send
        )
    )

    assert ids(told) == ["asgi.http.response-start.once"]


def test_what_is_ignored_is_not_told(run, server):
    served = server()
    app = ASGIValidator(starts_twice, ignore=["asgi.http.response-start.*"])
    run(app(served.scope, served.receive, served.send))

    assert len(served.sent) == 3


# The mirror


def test_attributes_of_the_application_can_be_reached():
    class App:
        state = "its own"

        async def __call__(self, scope, receive, send):
            await hello(scope, receive, send)

    validator = ASGIValidator(App())

    assert validator.state == "its own"
    with pytest.raises(AttributeError):
        _ = validator.missing


def test_attributes_of_receive_and_send_can_be_reached(watched, server):
    seen = []

    async def app(scope, receive, send):
        seen.append((receive.__self__, send.__self__, receive.__name__))
        await hello(scope, receive, send)

    served = server()
    watched(app, served)

    assert seen == [(served, served, "receive")]


def test_objects_are_the_same_on_both_sides(watched, server):
    seen = []

    async def app(scope, receive, send):
        seen.extend([scope, await receive()])
        await send(START)
        await send(BODY)

    served = server()
    first = served.events[0]
    watched(app, served)

    assert seen[0] is served.scope
    assert seen[1] is first
    assert served.sent[0] is START
    assert served.sent[1] is BODY


def test_scope_with_a_one_shot_iterable_keeps_it_whole(watched, server):
    seen = []

    async def app(scope, receive, send):
        seen.extend(scope["headers"])
        await hello(scope, receive, send)

    served = server(headers=(pair for pair in [(b"host", b"a"), (b"x-a", b"1")]))
    violations, _, _ = watched(app, served, level="should")

    assert seen == [(b"host", b"a"), (b"x-a", b"1")]
    assert violations == []


def test_one_shot_subprotocols_are_judged_and_kept(watched, server):
    seen = []

    async def app(scope, receive, send):
        seen.extend(scope["subprotocols"])
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "soap"})

    violations, _, _ = watched(app, server("websocket", subprotocols=iter(["chat"])))

    assert seen == ["chat"]
    assert "asgi.websocket.accept.subprotocol-offered" in ids(violations)


def test_an_error_while_iterating_headers_reaches_the_server(watched, server):
    def headers():
        yield (b"x-a", b"1")
        raise LookupError("no more")

    async def app(scope, receive, send):
        await send({**START, "headers": headers()})
        await send(BODY)

    served = server()
    watched(app, served)
    given = iter(served.sent[0]["headers"])

    assert next(given) == (b"x-a", b"1")
    with pytest.raises(LookupError):
        next(given)


def test_scope_receive_and_send_may_be_keywords(run, server):
    served = server()
    app = ASGIValidator(hello)
    run(app(scope=served.scope, receive=served.receive, send=served.send))

    assert served.sent == [START, BODY]


def test_exceptions_pass_unchanged(watched, server):
    error = KeyError("mine")

    async def app(scope, receive, send):
        raise error

    assert watched(app, server())[2] is error


def test_what_receive_and_send_return_is_passed_on(run, watched, server):
    seen = []

    async def app(scope, receive, send):
        await receive()
        seen.append(await send(START))
        await send(BODY)

    served = server()

    async def send(event):
        return "sent"

    served.send = send
    watched(app, served)

    assert seen == ["sent"]


# Applications that are none


def test_a_double_callable_is_told_and_fails_as_ever(watched, server):
    class Legacy:
        def __init__(self, scope):
            self.scope = scope

    violations, exchange, error = watched(Legacy, server())

    assert ids(violations) == ["asgi.legacy.two-callables"]
    assert isinstance(error, TypeError)
    assert replay(exchange.rungs()) == violations


def test_a_function_that_returns_nothing_is_told_and_fails_as_ever(watched, server):
    def app(scope, receive, send):
        return None

    violations, _, error = watched(app, server())

    assert ids(violations) == ["asgi.app.async-callable"]
    assert isinstance(error, TypeError)


def test_a_type_error_from_inside_is_the_applications_own(watched, server):
    def app(scope, receive, send):
        return len(3)

    violations, _, error = watched(app, server())

    assert violations == []
    assert isinstance(error, TypeError)


def test_send_without_await_is_told(watched, server):
    async def app(scope, receive, send):
        await receive()
        await send(START)
        send(BODY)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        violations, exchange, _ = watched(app, server())

    assert ids(violations) == ["asgi.app.must-await-send"]
    assert replay(exchange.rungs()) == violations


@pytest.mark.parametrize(
    "call", [lambda send: send(event=START), lambda send: send(START, 1), lambda send: send()]
)
def test_send_with_wrong_arguments_is_told(call, watched, server):
    async def app(scope, receive, send):
        await receive()
        await call(send)

    violations, _, error = watched(app, server())

    assert ids(violations) == ["asgi.send.positional-event"]
    assert error is None or isinstance(error, TypeError)


# Event loops


async def converses(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


def test_asyncio_with_a_pending_receive_beside_sends(server):
    async def app(scope, receive, send):
        await receive()
        gone = asyncio.create_task(receive())
        await asyncio.sleep(0)
        await send(START)
        await send(BODY)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone

    async def main():
        served = server()
        never = asyncio.Event()

        async def receive():
            if not served.events:
                await never.wait()
            return served.events.pop(0)

        validator = ASGIValidator(app, on_violation="collect", level="all")
        await asyncio.gather(
            *(validator(served.scope, receive, served.send) for served in [served])
        )
        assert validator.violations == []

    asyncio.run(main())


def test_asyncio_cancellation_passes_and_nothing_is_owed(server):
    async def app(scope, receive, send):
        await send(START)
        await asyncio.Event().wait()

    async def main():
        served = server()
        validator = ASGIValidator(app)
        task = asyncio.create_task(validator(served.scope, served.receive, served.send))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_asyncio_a_lifespan_that_is_torn_down_may_say_that_it_failed():
    """Starlette tells so of all that ends its wait, as under a server that crashes."""
    waits = asyncio.Event()
    said = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()
        except BaseException:
            await send({"type": "lifespan.shutdown.failed", "message": "cancelled"})
            raise

    async def receive():
        if said:
            waits.set()
            await asyncio.Event().wait()
        return {"type": "lifespan.startup"}

    async def send(message):
        said.append(message["type"])

    validator = ASGIValidator(app, on_violation="collect", level="all")

    async def main():
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        task = asyncio.create_task(validator(scope, receive, send))
        await waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.failed"]
    assert validator.violations == []


def test_asyncio_a_swallowed_cancellation_leaves_nothing_owed(server):
    async def app(scope, receive, send):
        await send(START)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async def main():
        served = server()
        told = []
        validator = ASGIValidator(app, on_violation=told.append)
        task = asyncio.create_task(validator(served.scope, served.receive, served.send))
        await asyncio.sleep(0)
        task.cancel()
        await task
        assert told == []

    asyncio.run(main())


def test_trio_with_concurrent_connections(server):
    events = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "a"},
        {"type": "websocket.disconnect", "code": 1000},
    ]
    served = [server("websocket", events=events) for _ in range(20)]
    validator = ASGIValidator(converses, on_violation="collect", level="all")

    async def main():
        async with trio.open_nursery() as nursery:
            for one in served:
                nursery.start_soon(validator, one.scope, one.receive, one.send)

    trio.run(main)

    assert validator.violations == []
    assert all(len(one.sent) == 2 for one in served)


def test_trio_tasks_may_send(server):
    async def app(scope, receive, send):
        await send(START)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, BODY)

    async def main():
        one = server()
        told = []
        await ASGIValidator(app, on_violation=told.append)(one.scope, one.receive, one.send)
        assert told == []
        assert one.sent == [START, BODY]

    trio.run(main)


def test_trio_cancellation_passes(server):
    async def app(scope, receive, send):
        await send(START)
        await trio.sleep_forever()

    async def main():
        one = server()
        with trio.CancelScope() as scope:
            scope.cancel()
            await ASGIValidator(app)(one.scope, one.receive, one.send)
        assert scope.cancelled_caught

    trio.run(main)


# The cost of what nobody is told of


def test_a_breach_that_is_not_told_is_explained_to_nobody(run, server, monkeypatch):
    from gateproof.validators import schema

    async def app(scope, receive, send):
        await send({**START, "headers": [(b"X-Upper", b"1")]})
        await send(BODY)

    explained = []
    monkeypatch.setattr(schema, "explain", lambda *given: explained.append(given) or [])
    validator = ASGIValidator(app, ignore=["*.headers-lowercase"], on_violation="collect")
    for _ in range(3):
        served = server(client=("somewhere", 1))  # weak: no IP address
        run(validator(served.scope, served.receive, served.send))

    assert explained == []


def test_an_equal_rejection_is_explained_once(run, server, monkeypatch):
    from gateproof.validators import schema

    async def app(scope, receive, send):
        await send({**START, "headers": [("x-text", b"1")]})
        await send(BODY)

    explained = []
    explain = schema.explain
    monkeypatch.setattr(
        schema, "explain", lambda *given: explained.append(given) or explain(*given)
    )
    validator = ASGIValidator(app, on_violation="collect", select=["asgi.http.response-start.*"])
    for _ in range(3):
        served = server()
        run(validator(served.scope, served.receive, served.send))

    assert len(explained) == 1
    assert validator.count(validator.violations[0]) == 3
