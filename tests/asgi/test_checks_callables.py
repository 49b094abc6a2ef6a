"""Callables that are none, live: what is found, and that the call goes on as it would."""

from __future__ import annotations

import asyncio
import functools

import pytest

from gateproof.validators import ASGIValidator
from gateproof.validators.asgi.replay import replay

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"hello"}
RECEIVE = "asgi.receive.awaitable-callable"
SEND = "asgi.send.awaitable-callable"
COUNT = "asgi.app.awaited-with-three-arguments"
FIRST = "asgi.scope.first-argument"


async def hello(scope, receive, send):
    await receive()
    await send(START)
    await send(BODY)


def ids(violations):
    return [v.requirement for v in violations]


# receive and send -------------------------------------------------------------


def gives_the_event():
    return {"type": "http.request"}


async def wants_an_argument(size):
    return {"type": "http.request"}


async def fails_inside():
    return len(None)


async def takes_nothing():
    return None


def gives_nothing(event):
    return None


async def wants_two(event, flush):
    return None


async def fails_with_the_event(event):
    event["body"] + 1


@pytest.mark.parametrize(
    ("receive", "said"),
    [
        (None, "None is not callable"),
        (gives_the_event, "its call gave nothing to await"),
        (wants_an_argument, "cannot be called without arguments"),
    ],
)
def test_a_receive_that_cannot_be_used(watched, server, receive, said):
    served = server()
    served.receive = receive
    violations, exchange, error = watched(hello, served)

    assert ids(violations) == [RECEIVE]
    assert said in violations[0].message
    assert isinstance(error, TypeError)
    assert replay(exchange.rungs()) == violations


@pytest.mark.parametrize(
    ("send", "said"),
    [
        (7, "7 is not callable"),
        (gives_nothing, "its call gave nothing to await"),
        (takes_nothing, "cannot be called with one event"),
        (wants_two, "cannot be called with one event"),
    ],
)
def test_a_send_that_cannot_be_used(watched, server, send, said):
    served = server()
    served.send = send
    violations, exchange, error = watched(hello, served)

    assert ids(violations) == [SEND]
    assert said in violations[0].message
    assert isinstance(error, TypeError)
    assert replay(exchange.rungs()) == violations


def fails_at_once():
    return len(None)


@pytest.mark.parametrize("receive", [fails_inside, functools.partial(fails_inside), fails_at_once])
def test_a_type_error_inside_receive_is_its_own(watched, server, receive):
    served = server()
    served.receive = receive
    violations, _, error = watched(hello, served)

    assert violations == []
    assert isinstance(error, TypeError)


def test_a_type_error_inside_send_is_its_own(watched, server):
    served = server()
    served.send = fails_with_the_event
    violations, _, error = watched(hello, served)

    assert RECEIVE not in ids(violations)
    assert SEND not in ids(violations)
    assert isinstance(error, KeyError)


class Awaitable:
    """Something that can be awaited and is no coroutine, as Granian gives it."""

    def __init__(self, value):
        self.value = value

    def __await__(self):
        return self.value
        yield


def test_any_awaitable_will_do(watched, server):
    served = server()
    served.receive = lambda: Awaitable({"type": "http.request"})
    served.send = lambda event: Awaitable(None)

    assert watched(hello, served)[0] == []


def test_futures_will_do():
    async def serve():
        loop = asyncio.get_running_loop()

        def future(value):
            made = loop.create_future()
            made.set_result(value)
            return made

        app = ASGIValidator(hello, on_violation="collect", level="all")
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1"}
        scope |= {"method": "GET", "path": "/", "query_string": b"", "headers": []}
        await app(scope, lambda: future({"type": "http.request"}), lambda event: future(None))
        return app.violations

    assert asyncio.run(serve()) == []


# The call of the application --------------------------------------------------


@pytest.fixture
def call(run, server):
    """Calls a validator as given: what it found, what it returned or raised."""

    def call(app, give):
        served = server()
        validator = ASGIValidator(app, on_violation="collect", level="all")
        try:
            value = run(give(validator, served))
        except Exception as error:
            value = error
        return ids(validator.violations), value, served

    return call


async def echoes(*arguments, **named):
    return arguments, named


@pytest.mark.parametrize(
    ("give", "found"),
    [
        (lambda app, s: app(s.scope), COUNT),
        (lambda app, s: app(s.scope, s.receive), COUNT),
        (lambda app, s: app(s.scope, s.receive, s.send, None), COUNT),
        (lambda app, s: app(s.scope, s.receive, send=s.send, extra=1), COUNT),
        (lambda app, s: app(s.scope, receive=s.receive, writer=s.send), COUNT),
        (lambda app, s: app(s.receive, s.send, s.scope), FIRST),
        (lambda app, s: app(s.receive, s.scope, s.send), FIRST),
    ],
)
def test_another_call_is_told_and_made_likewise(call, give, found):
    told, (arguments, named), served = call(echoes, give)
    given = give(lambda *arguments, **named: [*arguments, *named.values()], served)

    assert told == [found]
    assert [*arguments, *named.values()] == given  # a name may have become a position


def test_a_call_without_arguments_raises_as_that_of_any_application(server):
    """So a server finds out whether it was given a factory, as Uvicorn does."""
    validator = ASGIValidator(echoes, on_violation="collect")

    with pytest.raises(TypeError, match="scope"):
        validator()

    assert validator.violations == []


@pytest.mark.parametrize(
    "give",
    [
        lambda app, s: app(s.scope, s.receive, s.send),
        lambda app, s: app(scope=s.scope, receive=s.receive, send=s.send),
        lambda app, s: app(s.scope, send=s.send, receive=s.receive),
        lambda app, s: app(s.scope, s.receive, send=s.send),
    ],
)
def test_names_and_positions_are_both_a_call_with_three(call, give):
    told, _, served = call(hello, give)

    assert told == []
    assert served.sent == [START, BODY]


def test_a_scope_that_is_no_dict_is_not_a_matter_of_order(call):
    told, _, _ = call(hello, lambda app, s: app(list(s.scope), s.receive, s.send))

    assert told
    assert FIRST not in told
    assert COUNT not in told


def test_an_application_fails_as_ever_on_another_call(call):
    _, error, _ = call(hello, lambda app, s: app(s.scope))

    assert isinstance(error, TypeError)
    assert "receive" in str(error)


# The application --------------------------------------------------------------


class TwoCallables:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        """Never called."""


class OneParameter:
    def __init__(self, scope):
        self.scope = scope


class WrongInstances(OneParameter):
    async def __call__(self, request):
        """Never called."""


def single(scope):
    async def instance(receive, send):
        """Never called."""

    return instance


async def early(scope):
    """Asynchronous at the first call."""


def needs_four(scope, receive, send, more):
    """One too many."""


@pytest.mark.parametrize(
    ("app", "found"),
    [
        (TwoCallables, "asgi.app.single-async-callable"),
        (single, "asgi.app.single-async-callable"),
        (functools.partial(single), "asgi.app.single-async-callable"),
        (early, "asgi.legacy.two-callables"),
        (OneParameter, "asgi.legacy.two-callables"),
        (WrongInstances, "asgi.legacy.two-callables"),
        (needs_four, "asgi.app.async-callable"),
        (lambda: None, "asgi.app.async-callable"),
        (None, "asgi.app.async-callable"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_is_no_application_gets_its_own_name(watched, server, app, found):
    violations, exchange, error = watched(app, server())

    assert ids(violations) == [found]
    assert isinstance(error, TypeError)
    assert replay(exchange.rungs()) == violations
