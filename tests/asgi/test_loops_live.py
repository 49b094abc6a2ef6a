"""Connections of one event loop, live: correct servers and clients, and each way to be wrong."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import weakref

import pytest
import trio

from gateproof.validators import ASGIValidator, ConformanceError
from gateproof.validators.asgi.loop_replay import CLAIMS, replay_together
from gateproof.validators.asgi.validator import watch

LATE = "asgi.lifespan.shutdown.sent-after-connections-closed"
COPIED = "asgi.lifespan.state.copied-to-requests"
DEADLINE = 10


class App:
    """Stores what it is told to at startup, and answers; each request may be held up.

    ``hold`` is awaited between the start and the body of a response to ``/slow``.
    """

    def __init__(self, stored=None, add=None, starting=None):
        self.stored = {"pool": object(), "n": 1} if stored is None else stored
        self.add = add
        self.starting = starting
        self.began = asyncio.Event()
        self.hold = asyncio.Event()
        self.state = None

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            if self.starting is not None:
                await self.starting(self, send)
            self.state = scope.get("state", {})
            self.state.update(self.stored)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await receive()
        if self.add is not None and "state" in scope:
            scope["state"].update(self.add())
        await send({"type": "http.response.start", "status": 200})
        if scope["path"] == "/slow":
            self.began.set()
            await self.hold.wait()
        await send({"type": "http.response.body", "body": b"hello"})
        if scope["path"] == "/background":
            self.began.set()
            await self.hold.wait()


class Host:
    """A server with one loop, correct as long as it is used rightly."""

    def __init__(self, app, **options):
        self.found = []
        self.application = app
        options.setdefault("level", "all")
        self.app = ASGIValidator(app, on_violation=self.found.append, **options)
        self.events = asyncio.Queue()
        self.answers = asyncio.Queue()
        self.state = {}
        self.task = None

    @property
    def told(self):
        """What was found between connections; other tests look at each by itself."""
        return [(v.requirement, v.verdict) for v in self.found if v.requirement in CLAIMS]

    def begin(self, **scope):
        """Call the lifespan, deliver nothing."""
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
            **scope,
        }
        scope = {key: value for key, value in scope.items() if value is not None}
        self.task = asyncio.create_task(self.app(scope, self.events.get, self.answers.put))

    async def start(self, **scope):
        self.state = {}
        self.begin(**scope)
        self.events.put_nowait({"type": "lifespan.startup"})
        await self.answers.get()

    async def stop(self):
        self.events.put_nowait({"type": "lifespan.shutdown"})
        await self.answers.get()
        await self.task

    def scope(self, path="/", **changes):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(b"host", b"example.org")],
            "state": self.state.copy(),
            **changes,
        }
        return {key: value for key, value in scope.items() if value is not None}

    async def request(self, path="/", **changes):
        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(event):
            pass

        await self.app(self.scope(path, **changes), receive, send)


@contextlib.asynccontextmanager
async def served(host, **scope):
    await host.start(**scope)
    yield host
    await host.stop()


def live(scenario):
    """Runs a scenario on a loop of its own, within a deadline."""

    def test():
        asyncio.run(asyncio.wait_for(scenario(), DEADLINE))

    test.__name__ = scenario.__name__
    return test


# Nothing is said of what is right


@live
async def test_an_ordinary_day():
    host = Host(App(add=lambda: {"user": object()}))
    async with served(host):
        for _ in range(5):
            await host.request()
        await asyncio.gather(*(host.request() for _ in range(5)))
        await host.request(type="websocket", method=None, path="/none")

    assert host.told == []


def silent(scenario):
    """A scenario of which nothing at all may be said; it returns its hosts."""

    def test():
        async def judged():
            return [host.told for host in await scenario()]

        assert not any(asyncio.run(asyncio.wait_for(judged(), DEADLINE)))

    test.__name__ = scenario.__name__
    return test


@silent
async def test_several_cycles_one_after_the_other():
    host = Host(App())
    for _ in range(3):
        async with served(host):
            await host.request()
    return [host]


@silent
async def test_a_client_without_lifespan_and_without_state():
    host = Host(App())
    for _ in range(3):
        await host.request(state=None)
    return [host]


@silent
async def test_a_client_without_lifespan_after_one_with():
    host = Host(App())
    async with served(host):
        await host.request()
    await host.request(state=None)
    return [host]


@silent
async def test_an_application_that_does_not_support_lifespan():
    async def app(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError("only http")
        await App()(scope, receive, send)

    host = Host(app)
    host.begin()
    with contextlib.suppress(ValueError):
        await host.task
    await host.request(state=None)
    await host.request()
    return [host]


@silent
async def test_an_application_that_refuses_lifespan_when_called():
    def app(scope, receive, send):
        if scope["type"] != "http":
            raise ValueError("only http")
        return App()(scope, receive, send)

    host = Host(app)
    host.begin()
    with contextlib.suppress(ValueError):
        await host.task
    await host.request()
    return [host]


@silent
async def test_work_after_the_response_is_no_connection():
    app = App()
    host = Host(app)
    async with served(host):
        task = asyncio.create_task(host.request("/background"))
        await app.began.wait()
    app.hold.set()
    await task
    return [host]


@silent
async def test_connections_that_are_cancelled_before_shutdown():
    """As Uvicorn does when its graceful timeout has run out: cancel, and wait for nobody."""
    app = App()
    host = Host(app)
    async with served(host):
        task = asyncio.create_task(host.request("/slow"))
        await app.began.wait()
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return [host]


@silent
async def test_everything_is_cancelled_at_once():
    app = App()
    host = Host(app)
    await host.start()
    task = asyncio.create_task(host.request("/slow"))
    await app.began.wait()
    host.task.cancel()
    task.cancel()
    await asyncio.gather(task, host.task, return_exceptions=True)
    return [host]


@silent
async def test_an_application_that_asks_itself_while_it_starts():
    async def warm_up(app, send):
        await asyncio.create_task(host.request(state=None))
        await host.request(state=None)

    host = Host(App(starting=warm_up))
    async with served(host):
        await host.request()
    return [host]


@silent
async def test_an_application_that_asks_itself_while_it_answers():
    async def app(scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/batch":
            for _ in range(4):
                await host.request(state=scope["state"], headers=[])
            await asyncio.gather(*(host.request(state=None) for _ in range(2)))
        await App(add=lambda: {"user": 1} if "state" in scope else {})(scope, receive, send)

    async def forgiving(scope, receive, send):
        scope.setdefault("state", {})
        await app(scope, receive, send)

    host = Host(forgiving)
    async with served(host):
        await host.request("/batch")
        await host.request("/batch")
    return [host]


@silent
async def test_an_application_that_exchanges_what_it_stored():
    """Servers may copy what the namespace holds now, or what it held at first."""
    host = Host(App())
    async with served(host):
        first = host.state.copy()
        await host.request()
        host.application.state["pool"] = object()
        await host.request()
        await host.request(state=first.copy())
        del host.application.state["n"]
        await host.request()
    return [host]


@silent
async def test_a_layer_outside_that_stores_after_the_application():
    host = Host(App())
    await host.start()
    host.state["outer"] = object()
    await host.request()
    await host.request()
    await host.stop()
    return [host]


@silent
async def test_a_server_without_the_feature():
    host = Host(App(stored={}))
    async with served(host, state=None):
        await host.request(state=None)
    return [host]


@silent
async def test_validators_in_a_stack_each_have_their_own():
    inner = Host(App(add=lambda: {"user": 1}))
    outer = Host(inner.app)
    async with served(outer):
        await outer.request()
        await asyncio.gather(*(outer.request() for _ in range(3)))
    return [inner, outer]


@silent
async def test_a_websocket_that_leaves_before_shutdown():
    """As Uvicorn does: it sends the disconnect, waits for the calls, and shuts down then."""
    events = asyncio.Queue()

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await App()(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        left.set()
        await cleaned.wait()

    async def send(event):
        pass

    left, cleaned = asyncio.Event(), asyncio.Event()
    host = Host(app)
    async with served(host):
        scope = host.scope(type="websocket", method=None)
        task = asyncio.create_task(host.app(scope, events.get, send))
        events.put_nowait({"type": "websocket.connect"})
        events.put_nowait({"type": "websocket.disconnect", "code": 1012})
        await left.wait()
    cleaned.set()
    await task
    return [host]


# What is noted, and no more


@live
async def test_a_middleware_outside_that_adds_keys_is_noted_once():
    host = Host(App())
    async with served(host):
        for _ in range(3):
            await host.request(state={**host.state, "request_id": object()})

    assert host.told == [("asgi.lifespan.state.server-does-not-touch", "observed")]


@live
async def test_state_in_connections_alone_is_noted_once():
    host = Host(App(stored={}))
    async with served(host, state=None):
        await host.request(state={})
        await host.request(state={})

    assert host.told == [("asgi.lifespan.state.advertised-in-lifespan-scope", "observed")]


@live
async def test_below_the_level_of_all_nothing_is_noted():
    host = Host(App(), level="should")
    async with served(host):
        await host.request(state={**host.state, "request_id": object()})

    assert host.told == []


# What is wrong is found


def finds(*expected):
    """A scenario of which exactly this is said; it returns its host."""

    def register(scenario):
        def test():
            async def judged():
                return (await scenario()).told

            assert asyncio.run(asyncio.wait_for(judged(), DEADLINE)) == list(expected)

        test.__name__ = scenario.__name__
        return test

    return register


@finds(("asgi.lifespan.state.server-does-not-touch", "observed"))
async def test_a_middleware_outside_that_passes_a_request_on_twice():
    host = Host(App(add=lambda: {"tries": 1}))
    async with served(host):
        for _ in range(5):
            scope = host.scope()
            for _ in range(3):
                await host.request(state=scope["state"], headers=scope["headers"])
    return host


@finds(("asgi.lifespan.startup-complete.server-waits", "fail"))
async def test_a_server_that_does_not_wait_for_startup():
    ready, begun = asyncio.Event(), asyncio.Event()

    async def starting(app, send):
        begun.set()
        await ready.wait()

    host = Host(App(starting=starting))
    host.begin()
    host.events.put_nowait({"type": "lifespan.startup"})
    await begun.wait()
    await host.request()
    ready.set()
    await host.answers.get()
    await host.stop()
    return host


@finds(("asgi.lifespan.startup.sent-before-connections", "fail"))
async def test_a_server_that_delivers_startup_late():
    host = Host(App())
    host.begin()
    await asyncio.sleep(0)
    await host.request()
    host.events.put_nowait({"type": "lifespan.startup"})
    await host.answers.get()
    await host.stop()
    return host


@finds(("asgi.lifespan.startup.sent-before-connections", "fail"))
async def test_a_server_that_is_already_busy_at_startup():
    app = App()
    host = Host(app)
    task = asyncio.create_task(host.request("/slow"))
    await app.began.wait()
    await host.start()
    app.hold.set()
    await task
    await host.stop()
    return host


@finds(("asgi.lifespan.startup.sent-before-connections", "weak"))
async def test_a_client_that_starts_after_its_first_requests():
    host = Host(App())
    await host.request(state=None)
    async with served(host):
        await host.request()
    return host


@finds((LATE, "weak"))
async def test_shutdown_while_a_connection_is_open():
    app = App()
    host = Host(app)
    await host.start()
    task = asyncio.create_task(host.request("/slow"))
    await app.began.wait()
    await host.stop()
    app.hold.set()
    await task
    return host


@finds((LATE, "fail"))
async def test_a_connection_that_is_opened_after_shutdown():
    leave = asyncio.Event()

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await App()(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        stopping.set()
        await leave.wait()
        await send({"type": "lifespan.shutdown.complete"})

    stopping = asyncio.Event()
    host = Host(app)
    await host.start()
    host.events.put_nowait({"type": "lifespan.shutdown"})
    await stopping.wait()
    await host.request()
    leave.set()
    await host.task
    return host


@finds(("asgi.lifespan.shutdown-complete.server-waits", "weak"))
async def test_a_server_that_does_not_wait_for_the_end():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        stopping.set()
        await asyncio.Event().wait()

    stopping = asyncio.Event()
    host = Host(app)
    await host.start()
    host.events.put_nowait({"type": "lifespan.shutdown"})
    await stopping.wait()
    host.task.cancel()
    await asyncio.gather(host.task, return_exceptions=True)
    return host


@finds(("asgi.lifespan.scope.lasts-for-loop", "weak"))
async def test_a_lifespan_that_is_cancelled_while_requests_come():
    host = Host(App())
    await host.start()
    await host.request()
    host.task.cancel()
    await asyncio.gather(host.task, return_exceptions=True)
    await host.request()
    return host


@finds(("asgi.lifespan.scope.lasts-for-loop", "fail"))
async def test_a_lifespan_that_is_cancelled_amid_requests():
    app = App()
    host = Host(app)
    await host.start()
    task = asyncio.create_task(host.request("/slow"))
    await app.began.wait()
    host.task.cancel()
    await asyncio.gather(host.task, return_exceptions=True)
    app.hold.set()
    await task
    await host.request()
    return host


@pytest.mark.parametrize(
    ("raises", "found"),
    [
        (False, "asgi.lifespan.startup-failed-exits"),
        (True, "asgi.lifespan.exception.after-startup-failed"),
    ],
)
def test_a_server_that_serves_after_a_failed_start(raises, found):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            await App()(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        if raises:
            raise RuntimeError("no database")

    async def scenario():
        host = Host(app)
        await host.start()
        await asyncio.gather(host.task, return_exceptions=True)
        await host.request()
        return host.told

    assert asyncio.run(asyncio.wait_for(scenario(), DEADLINE)) == [(found, "weak")]


@finds(("asgi.lifespan.once-per-event-loop", "weak"))
async def test_two_lifespans_at_a_time():
    first = Host(App())
    second = Host(first.application)
    second.app = first.app
    async with served(first), served(second):
        await first.request()
        await second.request()
    return first


@finds(("asgi.lifespan.state.shallow-copy", "fail"), ("asgi.lifespan.state.shallow-copy", "fail"))
async def test_the_lifespans_own_dict():
    """As asgi-lifespan does: what one request adds, all others see."""
    host = Host(App(add=lambda: {"user": object()}))
    async with served(host):
        await host.request(state=host.state)
        await host.request(state=host.state)
    return host


@finds(("asgi.lifespan.state.shallow-copy", "fail"))
async def test_a_deep_copy():
    class Pool:
        pass

    host = Host(App(stored={"pool": Pool(), "n": 1}))
    async with served(host):
        await host.request(state={"pool": Pool(), "n": 1})
    return host


@finds((COPIED, "fail"))
async def test_a_state_that_was_forgotten():
    host = Host(App())
    async with served(host):
        await host.request(state={})
    return host


@finds((COPIED, "weak"))
async def test_no_state_although_the_lifespan_had_one():
    host = Host(App())
    async with served(host):
        await host.request(state=None)
    return host


def test_one_copy_for_all_requests():
    async def scenario():
        host = Host(App(add=lambda: {"user": object()}), level="must")
        async with served(host):
            shared = host.state.copy()
            for _ in range(4):
                await host.request(state=shared)
        return host

    told = asyncio.run(asyncio.wait_for(scenario(), DEADLINE)).told
    assert set(told) == {("asgi.lifespan.state.request-additions-isolated", "fail")}


@finds(("asgi.lifespan.state.populated-before-complete", "weak"))
async def test_an_application_that_stores_too_late():
    host = Host(App())
    async with served(host):
        await host.request()
        host.application.state["late"] = object()
        await host.request()
        await host.request()
    return host


@live
async def test_a_servers_breach_is_raised_where_asked_before_the_application_runs():
    ran = []

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await App()(scope, receive, send)
        else:
            ran.append(scope)

    validator = ASGIValidator(app, parties=["server"])
    host = Host(app)
    host.app = validator
    async with served(host):
        with pytest.raises(ConformanceError, match="shallow-copy"):
            await host.request(state=host.state)

    assert ran == []


# Loops and threads


def test_requests_on_another_loop_of_the_thread():
    host = Host(App())
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        first.run_until_complete(host.start())
        second.run_until_complete(host.request())
        first.run_until_complete(host.stop())
        second.run_until_complete(host.request())
    finally:
        first.close()
        second.close()

    assert host.told == [("asgi.lifespan.same-loop-as-requests", "fail")]


def test_a_lifespan_left_behind_on_a_closed_loop_is_nobodys():
    host = Host(App())
    first = asyncio.new_event_loop()
    delivered = []

    async def receive():
        if delivered:
            await first.create_future()  # for ever
        delivered.append({"type": "lifespan.startup"})
        return delivered[0]

    host.events.get = receive
    first.run_until_complete(host.start())
    host.task._log_destroy_pending = False
    first.close()

    asyncio.run(host.request(state=None))

    assert host.told == []


def test_clients_in_threads_nested_and_one_after_the_other():
    """As test clients do that run each a loop in a thread: one with lifespan, one without."""
    host = Host(App())
    ready, over = threading.Event(), threading.Event()
    failed = []

    async def lives():
        host.events, host.answers = asyncio.Queue(), asyncio.Queue()
        async with served(host):
            await host.request()
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, over.wait, DEADLINE)

    def run():
        try:
            asyncio.run(lives())
        except BaseException as error:
            failed.append(error)
            ready.set()

    for _ in range(2):
        ready.clear()
        over.clear()
        thread = threading.Thread(target=run)
        thread.start()
        assert ready.wait(DEADLINE)
        try:
            asyncio.run(host.request(state=None))
        finally:
            over.set()
            thread.join(DEADLINE)

    assert failed == []
    assert host.told == []


def test_two_threads_with_a_loop_each():
    found = []
    app = ASGIValidator(App(), on_violation=found.append, level="all")
    barrier = threading.Barrier(2, timeout=DEADLINE)
    failed = []

    async def day():
        host = Host(App())
        host.app = app
        async with served(host):
            barrier.wait()
            for _ in range(50):
                await host.request()
            barrier.wait()

    def run():
        try:
            asyncio.run(day())
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert failed == []
    assert found == []
    assert app._loops._records == {}


def test_trio():
    found = []

    async def app(scope, receive, send):
        await App()(scope, receive, send)

    validator = ASGIValidator(app, on_violation=found.append, level="all")

    async def day():
        deliver, events = trio.open_memory_channel(2)
        answered, answers = trio.open_memory_channel(2)
        state = {}
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}

        async def request(given):
            async def receive():
                return {"type": "http.request"}

            async def send(event):
                pass

            scope = {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "GET",
                "path": "/",
                "query_string": b"",
                "headers": [],
                "state": given,
            }
            await validator(scope, receive, send)

        with trio.fail_after(DEADLINE):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(validator, scope, events.receive, answered.send)
                await deliver.send({"type": "lifespan.startup"})
                await answers.receive()
                await request(state.copy())
                await request({})
                await deliver.send({"type": "lifespan.shutdown"})
                await answers.receive()

    trio.run(day)

    assert [(v.requirement, v.verdict) for v in found] == [(COPIED, "fail")]
    assert validator._loops._records == {}


# Nothing is left behind, nothing is changed


def test_loops_are_forgotten_with_their_connections():
    host = Host(App())
    for _ in range(3):
        asyncio.run(host.request(state=None))
    gc.collect()

    assert host.app._loops._records == {}
    assert not host.app._loops.awake


def test_without_a_loop_that_is_known_nothing_is_kept(run, server):
    validator = ASGIValidator(App())
    for _ in range(2):
        served = server()
        run(validator(served.scope, served.receive, served.send))

    assert validator._loops._records == {}
    assert not validator._loops.awake


@live
async def test_a_thousand_requests_leave_nothing_behind():
    class Value:
        pass

    alive = weakref.WeakSet()

    def add():
        value = Value()
        alive.add(value)
        return {"user": value}

    host = Host(App(add=add))
    async with served(host):
        for _ in range(1000):
            await host.request()
        gc.collect()
        (record,) = host.app._loops._records.values()

        assert len(alive) == 0
        assert len(record.open) == 1  # the lifespan itself
    assert host.app._loops._records == {}
    assert host.told == []


@live
async def test_what_the_application_returns_and_raises_passes_unchanged():
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await App()(scope, receive, send)
        elif scope["path"] == "/raise":
            raise error
        return None if scope["type"] == "lifespan" else result

    error, result = RuntimeError("mine"), object()
    host = Host(app, select=["asgi.lifespan.*"])
    async with served(host):
        with pytest.raises(RuntimeError) as caught:
            await host.app(host.scope("/raise"), None, None)
        assert caught.value is error
        assert await host.app(host.scope("/"), None, None) is result


@live
async def test_a_state_of_an_odd_kind_is_left_to_the_schema():
    class Odd(dict):
        def __iter__(self):
            raise RuntimeError("no")

        keys = items = values = get = copy = __len__ = __iter__

    host = Host(App(), select=["asgi.lifespan.*"])
    async with served(host):
        await host.request(state=Odd(host.state))
        await host.request(state=[("pool", 1)])
        await host.request(state={1: 2, **host.state})

    assert host.told == []


# Facts


@live
async def test_what_is_found_live_is_found_in_the_ladders():
    from gateproof.validators.exchange import Exchange

    host = Host(App(add=lambda: {"user": object()}))
    ladders = []

    class Recorded:
        """The validator, with ladders that can be looked at."""

        def __init__(self, validator):
            self.validator = validator

        async def __call__(self, scope, receive, send):
            ladders.append(Exchange())
            validator = self.validator
            await watch(
                validator.app,
                scope,
                receive,
                send,
                policy=validator.policy,
                exchange=ladders[-1],
                loops=validator._loops or validator._begin(),
            )

    host.app = Recorded(host.app)
    async with served(host):
        for _ in range(4):  # the later ones are not even judged
            await host.request()
        await host.request(state=host.state)
        await host.request(state={})
        await host.request(state=None)

    replayed = replay_together(ladder.rungs() for ladder in ladders)
    assert [(v.requirement, v.verdict, v.message) for v in replayed] == [
        (v.requirement, v.verdict, v.message) for v in host.found
    ]
    assert len(replayed) == 3
