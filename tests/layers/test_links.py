"""Which calls of points belong together, and which do not."""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from layered import faults

from gateproof.validators import layer

HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "5")]


def application(environ, start_response):
    start_response("200 OK", list(HEADERS))
    return [b"hello"]


def hop_by_hop(environ, start_response):
    start_response("200 OK", [*HEADERS, ("Connection", "close")])
    return [b"hello"]


async def asgi(scope, receive, send):
    await receive()
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


async def asgi_short(scope, receive, send):
    await receive()
    headers = [(b"content-length", b"6")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
def outermost():
    return layer("outermost", on_violation="collect", level="should")


def grave(outermost):
    return [
        (one.requirement, one.party, one.layer)
        for one in outermost.violations
        if one.party != "server"
    ]


class Lazy(faults.Middleware):
    """A generator: the application inside is called when the server iterates."""

    def __call__(self, environ, start_response):
        result = self.app(environ, start_response)
        try:
            yield from result
        finally:
            if hasattr(result, "close"):
                result.close()


class Twice(faults.Middleware):
    """Tries once more, and answers with what came of that."""

    def __call__(self, environ, start_response):
        first = self.app(environ, lambda *args: lambda data: None)
        if hasattr(first, "close"):
            first.close()
        return self.app(environ, start_response)


class Never(faults.Middleware):
    def __call__(self, environ, start_response):
        start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"closed"]


class First(faults.Middleware):
    """Asks one application after the other until one does not say 404."""

    def __init__(self, *apps):
        self.apps = apps

    def __call__(self, environ, start_response):
        for app in self.apps:
            started = []
            result = app(environ, lambda *args, to=started: to.append(args))
            pieces = list(result)
            if hasattr(result, "close"):
                result.close()
            if not started[0][0].startswith("404"):
                break
        start_response(*started[0])
        yield from pieces


def not_found(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no"]


@pytest.mark.parametrize("middle", [Lazy, Twice, Never])
def test_lawful_ways_to_call_what_is_inside(middle, outermost, serve):
    app = outermost(Lazy(layer("middle")(middle(layer("application")(application)))))

    told = serve["wsgi"](app)

    assert told.error is None
    assert told.body
    assert grave(outermost) == []


def test_a_layer_called_late_is_still_inside(outermost, serve):
    inner = layer("inner")(Lazy(layer("application")(hop_by_hop)))
    app = outermost(Lazy(layer("middle")(Lazy(inner))))

    serve["wsgi"](app)

    assert grave(outermost) == [("wsgi.app.no-hop-by-hop", "application", "application")]


def test_a_fault_of_a_late_layer_is_its_own(outermost, serve):
    inner = layer("inner")(faults.HopByHop(layer("application")(application)))
    app = outermost(Lazy(layer("middle")(Lazy(inner))))

    serve["wsgi"](app)

    assert grave(outermost) == [("wsgi.middleware.no-hop-by-hop", "middleware", "inner")]


def test_applications_tried_one_after_the_other(outermost, serve):
    app = outermost(First(layer("first")(not_found), layer("second")(hop_by_hop)))

    told = serve["wsgi"](app)

    assert told.body == b"hello"
    assert [one for one in grave(outermost) if "hop-by-hop" in one[0]] == [
        ("wsgi.app.no-hop-by-hop", "application", "second")
    ]
    assert not [one for one in grave(outermost) if "close" in one[0]]


def test_what_is_mended_outside_is_told_of_who_broke_it_only(outermost, serve):
    class Mends(faults.Middleware):
        def __call__(self, environ, start_response):
            def starter(status, headers, *exc_info):
                headers = [one for one in headers if one[0] != "Connection"]
                return start_response(status, headers, *exc_info)

            return self.app(environ, starter)

    app = outermost(Lazy(layer("mends")(Mends(layer("application")(hop_by_hop)))))

    serve["wsgi"](app)

    assert grave(outermost) == [("wsgi.app.no-hop-by-hop", "application", "application")]


def test_two_that_break_the_same_with_a_mender_between(outermost, serve):
    class Mends(faults.Middleware):
        def __call__(self, environ, start_response):
            return self.app(environ, lambda status, headers: start_response(status, HEADERS))

    app = outermost(faults.HopByHop(layer("mends")(Mends(layer("application")(hop_by_hop)))))

    serve["wsgi"](app)

    assert grave(outermost) == [
        ("wsgi.app.no-hop-by-hop", "application", "application"),
        ("wsgi.middleware.no-hop-by-hop", "middleware", "outermost"),
    ]


def test_what_passes_through_is_told_once(outermost, serve):
    inner = layer("inner")(Lazy(layer("application")(hop_by_hop)))
    app = outermost(faults.HopByHop(layer("middle")(Lazy(inner))))

    serve["wsgi"](app)

    assert grave(outermost) == [("wsgi.app.no-hop-by-hop", "application", "application")]


# Other requests


def test_the_whole_stack_called_from_within_itself(outermost, serve):
    """An internal redirect: each passage is a request of its own."""

    class Redirects(faults.Middleware):
        def __call__(self, environ, start_response):
            if environ["PATH_INFO"] == "/":
                return stack({**environ, "PATH_INFO": "/elsewhere"}, start_response)
            return self.app(environ, start_response)

    inner = layer("redirects")(Redirects(layer("application")(hop_by_hop)))
    stack = outermost(Lazy(inner))

    told = serve["wsgi"](stack)

    assert told.body == b"hello"
    assert ("wsgi.app.no-hop-by-hop", "application", "application") in grave(outermost)
    assert not [one for one in grave(outermost) if one[1] == "middleware"]


def test_another_service_called_by_the_application(serve):
    """What a called service breaks is told of its own layers, by its own options."""
    ours = layer("ours", on_violation="collect", level="should")
    theirs = layer("theirs", on_violation="collect", level="should")
    other = theirs(faults.HopByHop(layer("their application")(application)))

    def calls(environ, start_response):
        inside = serve["wsgi"](other)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [inside.body]

    told = serve["wsgi"](ours(Lazy(layer("our application")(calls))))

    assert told.body == b"hello"
    assert grave(ours) == []
    assert grave(theirs) == [("wsgi.middleware.no-hop-by-hop", "middleware", "theirs")]


def test_another_asgi_service_called_by_the_application(serve):
    ours = layer("ours", on_violation="collect", level="should")
    theirs = layer("theirs", on_violation="collect", level="should")

    class Passes(faults.Middleware):
        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    other = theirs(faults.SentTwice(layer("their application")(asgi)))
    sent = []

    async def calls(scope, receive, send):
        async def ask():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def take(event):
            sent.append(event["type"])

        fresh = {**scope, "headers": [], "asgi": {"version": "3.0"}, "path": "/other"}
        await other(fresh, ask, take)
        await asgi(scope, receive, send)

    told = serve["asgi"](ours(Passes(layer("our application")(calls))))

    assert told.body == b"hello"
    assert sent.count("http.response.start") == 2
    assert grave(ours) == []
    assert grave(theirs) == [("asgi.http.response-start.once", "middleware", "theirs")]


def test_a_thread_without_the_context_judges_alone(outermost, serve):
    class InThread(faults.Middleware):
        def __call__(self, environ, start_response):
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(self.app, environ, start_response).result()

    alone = layer("application", on_violation="collect")
    app = outermost(InThread(alone(hop_by_hop)))

    told = serve["wsgi"](app)

    assert told.body == b"hello"
    assert [(one.requirement, one.layer) for one in alone.violations] == [
        ("wsgi.app.no-hop-by-hop", "application")
    ]


# Many at once


def test_connections_at_once_are_told_apart(serve):
    found = []
    inner = layer("inner")

    class Odd(faults.Middleware):
        async def __call__(self, scope, receive, send):
            short = scope["path"].endswith("odd")

            async def sender(event):
                await asyncio.sleep(0)
                if short and event["type"] == "http.response.body":
                    event = {**event, "body": b"hell"}
                await send(event)

            await self.app(scope, receive, sender)

    app = layer("odd", on_violation=found.append, level="should")(Odd(inner(asgi)))

    async def one(number):
        async def receive():
            await asyncio.sleep(0)
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(event):
            await asyncio.sleep(0)

        path = f"/{number}/" + ("odd" if number % 3 == 0 else "even")
        await app(
            {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "GET",
                "path": path,
                "query_string": b"",
                "headers": [],
            },
            receive,
            send,
        )

    async def all_of_them():
        await asyncio.gather(*(one(number) for number in range(90)))

    asyncio.run(all_of_them())

    assert [(v.requirement, v.layer) for v in found] == [
        ("asgi.http.app.content-length-consistent", "odd")
    ] * 30
    paths = {violation.exchange[0].data["path"] for violation in found}
    assert paths == {f"/{number}/odd" for number in range(0, 90, 3)}


def test_threads_at_once_are_told_apart(serve):
    found = []
    ready = threading.Barrier(8)

    class Odd(faults.Middleware):
        def __call__(self, environ, start_response):
            odd = environ["PATH_INFO"] == "/odd"
            ready.wait(30)
            result = (faults.HopByHop(self.app) if odd else self.app)(environ, start_response)
            ready.wait(30)
            return result

    app = layer("odd", on_violation=found.append)(Odd(layer("application")(application)))

    def run(number):
        return [
            serve["wsgi"](app, PATH_INFO="/odd" if number % 2 else "/even").body for _ in range(5)
        ]

    with ThreadPoolExecutor(8) as pool:
        bodies = [one for some in pool.map(run, range(8)) for one in some]

    assert bodies == [b"hello"] * 40
    assert [(one.requirement, one.layer) for one in found] == [
        ("wsgi.middleware.no-hop-by-hop", "odd")
    ] * 20
    assert all(one.exchange[0].data["PATH_INFO"] == "/odd" for one in found)


def test_another_event_loop(outermost):
    trio = pytest.importorskip("trio")
    sent = []

    async def receive():
        await trio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event):
        await trio.sleep(0)
        sent.append(event["type"])

    class InTask(faults.Middleware):
        async def __call__(self, scope, receive, send):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.app, scope, receive, send)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [],
    }
    app = outermost(InTask(layer("middle")(faults.SentTwice(layer("application")(asgi)))))
    trio.run(app, scope, receive, send)

    assert len(sent) == 3
    assert grave(outermost) == [("asgi.http.response-start.once", "middleware", "middle")]


# What a point looks like


def test_servers_know_an_asgi_application_by_its_looks():
    class Holds(faults.Middleware):
        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    assert inspect.iscoroutinefunction(layer("function")(asgi).__call__)
    assert inspect.iscoroutinefunction(layer("object")(Holds(asgi)).__call__)
    assert not inspect.iscoroutinefunction(layer("wsgi")(application).__call__)
    assert inspect.signature(layer("wsgi")(application)) == inspect.signature(application)


def test_attributes_of_the_component_can_be_reached():
    class Component(Never):
        state = "the component's"

    assert layer("component")(Component(application)).state == "the component's"
    with pytest.raises(AttributeError):
        layer("component")(Component(application)).nothing  # noqa: B018


def test_the_name_is_the_components_unless_given(serve):
    outermost = layer(on_violation="collect")

    serve["wsgi"](outermost(faults.HopByHop(layer()(application))))
    serve["wsgi"](outermost(faults.Middleware.__new__(Never)))

    assert [one.layer for one in outermost.violations] == ["HopByHop"]


@pytest.mark.parametrize(
    ("options", "text"),
    [({"level": "most"}, "level"), ({"on_violation": "cry"}, "on_violation")],
)
def test_wrong_options_are_refused_at_once(options, text):
    with pytest.raises(ValueError, match=text):
        layer("name", **options)


def test_what_cannot_be_called_is_refused_at_once():
    with pytest.raises(TypeError, match="cannot be called"):
        layer("name")("application")
