"""Odd but legal HTTP applications: what kind they are, and how they go about a request."""

from __future__ import annotations

import asyncio
import enum
import functools
import types

from corpus.asgi_heads import BODY, DISCONNECT, LAST, MORE, START, minimal
from corpus.kit import Corpus
from corpus.play_asgi import LATER

clean = Corpus("asgi")


@clean("asgi.http.app.completes-response")
async def raises_at_once(scope, receive, send):
    """An application that raises leaves the error page to the server."""
    raise ValueError("no")


@clean("asgi.http.app.completes-response")
async def raises_in_the_middle(scope, receive, send):
    """An application may also fail with half of its body out."""
    await receive()
    await send(START)
    await send({**BODY, "more_body": True})
    raise ValueError("half way")


@clean("asgi.http.app.completes-response")
async def raises_after_its_response(scope, receive, send):
    """What is raised after the response does it no harm."""
    await receive()
    await send(START)
    await send(BODY)
    raise ValueError("late")


@clean("asgi.http.app.completes-response")
async def returns_something(scope, receive, send):
    """Nobody looks at what an application returns."""
    await receive()
    await send(START)
    await send(BODY)
    return {"status": 200}


@clean("asgi.http.request.app-waits-for-more-body", events=[MORE, MORE, LAST])
async def reads_all_of_its_body(scope, receive, send):
    """A body in pieces; the keys of the last piece may be left out."""
    parts = []
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        if not event.get("more_body", False):
            break
    await send(START)
    await send({**BODY, "body": b"".join(parts)})


@clean("asgi.http.request.app-waits-for-more-body", events=[MORE, MORE, LAST])
async def reads_after_it_started(scope, receive, send):
    """Reading the body may follow the start of the response."""
    await receive()
    await send(START)
    more = True
    while more:
        event = await receive()
        more = event.get("more_body", False)
        await send({**BODY, "body": event["body"], "more_body": more})


@clean("asgi.http.request.app-waits-for-more-body", events=[MORE, MORE, LAST])
async def reads_after_its_response(scope, receive, send):
    """Even after the whole response."""
    await receive()
    await send(START)
    await send(BODY)
    while (await receive()).get("more_body"):
        pass


@clean("asgi.http.request.app-waits-for-more-body", events=[MORE, MORE, LAST])
async def does_not_read_its_request(scope, receive, send):
    """An application that refuses a body need not wait for it."""
    await receive()
    await send({"type": "http.response.start", "status": 413})
    await send(BODY)


@clean("asgi.http.app.completes-response", events=[MORE], last=DISCONNECT)
async def returns_when_the_client_has_gone(scope, receive, send):
    """Nobody has to complete a response to a client that left."""
    await receive()
    await send(START)
    while (await receive())["type"] != "http.disconnect":
        await send({**BODY, "more_body": True})


AT_ONCE = {"asgi.http.request.sent-to-app": "that the client left before cannot be seen here"}


@clean("asgi.http.app.completes-response", events=[DISCONNECT], expects=AT_ONCE)
async def never_answers_who_has_gone(scope, receive, send):
    """Or to begin one."""
    await receive()


@clean(
    "asgi.http.app.may-catch-disconnect",
    shows=("asgi.http.app.may-catch-disconnect", "asgi.http.disconnect.send-may-fail-earlier"),
    fail=ConnectionResetError("gone"),
)
async def returns_when_send_fails(scope, receive, send):
    """The failure of send() may be caught; it may come before the disconnect was received."""
    await receive()
    try:
        await send(START)
    except OSError:
        return


@clean(
    "asgi.http.app.may-catch-disconnect",
    shows="asgi.http.app.may-catch-disconnect",
    fail=BrokenPipeError("gone"),
)
async def lets_the_failure_out(scope, receive, send):
    """Or let out."""
    await receive()
    await send(START)


@clean(
    "asgi.http.app.may-catch-disconnect",
    shows="asgi.http.app.may-catch-disconnect",
    fail=BrokenPipeError("gone"),
    after=2,
)
async def wraps_the_failure(scope, receive, send):
    """What is raised of it, with it as the cause, is the application's choice."""
    await receive()
    await send(START)
    try:
        while True:
            await send({**BODY, "more_body": True})
    except OSError as error:
        raise RuntimeError("the client has gone") from error


@clean(
    "asgi.http.send.no-raise-before-2-4",
    shows="asgi.http.send.no-raise-before-2-4",
    asgi={"version": "3.0", "spec_version": "2.3"},
    events=[DISCONNECT],
    expects=AT_ONCE,
)
async def answers_who_has_gone(scope, receive, send):
    """Before 2.4 send() may be silent after a disconnect, so answering all the same is legal."""
    await receive()
    await send(START)
    await send(BODY)


@clean("asgi.http.disconnect.app-expects-send-error")
async def listens_after_its_response(scope, receive, send):
    """receive() may be called after the response, again and again."""
    await receive()
    await send(START)
    await send(BODY)
    await receive()
    await receive()


@clean("asgi.app.receives-and-reacts", events=[MORE, LAST, LATER], waits=True)
async def listens_while_it_sends(scope, receive, send):
    """One task receives while another sends."""

    async def listen():
        while (await receive())["type"] != "http.disconnect":
            pass

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    await send(START)
    for _ in range(3):
        await send({**BODY, "more_body": True})
    await send(BODY)
    await listening


@clean("asgi.app.receives-and-reacts", events=[LAST, LATER], waits=True)
async def stops_listening(scope, receive, send):
    """A receive() that is waiting may be cancelled when the response is done."""
    await receive()
    listening = asyncio.create_task(receive())
    await send(START)
    await asyncio.sleep(0)
    listening.cancel()
    await send(BODY)


@clean("asgi.app.must-await-send", waits=True)
async def sends_from_a_task(scope, receive, send):
    """send() may be awaited by another task than the application's own."""
    await receive()
    await asyncio.create_task(send(START))
    await asyncio.gather(send({**BODY, "more_body": True}), send(BODY))


@clean("asgi.app.must-await-send", waits=True)
async def works_after_its_response(scope, receive, send):
    """Work may follow the response, as background tasks do."""
    await receive()
    await send(START)
    await send(BODY)
    for _ in range(3):
        await asyncio.sleep(0)


@clean("asgi.app.may-use-threads", waits=True)
async def works_in_a_thread(scope, receive, send):
    """Synchronous work may be done in a thread."""
    await receive()
    await send(START)
    body = await asyncio.to_thread(b"".join, [b"from", b" a thread"])
    await send({**BODY, "body": body})


@clean("asgi.app.ignores-extra-keys")
async def extra_keys(scope, receive, send):
    """Events may have further keys."""
    await receive()
    await send({**START, "note": "mine"})
    await send({**BODY, "size": 5})


class Event(dict):
    """An event of one's own, as frameworks have them."""


class Kind(enum.StrEnum):
    """Types of events, as members of an enumeration."""

    START = "http.response.start"
    BODY = "http.response.body"


@clean("asgi.event.is-dict")
async def events_of_its_own(scope, receive, send):
    """A subclass of dict is a dict."""
    await receive()
    await send(Event(START))
    await send(Event(BODY))


@clean("asgi.event.type-unicode")
async def types_of_an_enumeration(scope, receive, send):
    """A member of a str enumeration is a str."""
    await receive()
    await send({**START, "type": Kind.START})
    await send({**BODY, "type": Kind.BODY})


@clean("asgi.scope.is-dict")
async def changes_its_scope(scope, receive, send):
    """The scope is the application's, once it was called."""
    await receive()
    scope["path_params"] = {"a": "1"}
    scope["app"] = object()
    scope.pop("client", None)
    await send(START)
    await send(BODY)


class Callable:
    """An instance with an asynchronous __call__."""

    async def __call__(self, scope, receive, send):
        await minimal(scope, receive, send)

    async def method(self, scope, receive, send):
        """A bound method."""
        await minimal(scope, receive, send)


KIND = "asgi.app.async-callable"
clean(KIND, name="callable_object")(Callable())
clean(KIND)(Callable().method)
clean(KIND, name="partial", why="A partial of a coroutine function.")(functools.partial(minimal))


@clean(KIND)
def returns_a_coroutine(scope, receive, send):
    """A plain function may return a coroutine."""
    return minimal(scope, receive, send)


class Answer:
    """A response that is awaited: its class is the application."""

    def __init__(self, scope, receive, send):
        self.receive = receive
        self.send = send

    def __await__(self):
        yield from self.receive().__await__()
        yield from self.send(START).__await__()
        yield from self.send(BODY).__await__()


clean(KIND, name="awaitable_class", why="A class whose instances can be awaited.")(Answer)


@clean(KIND)
@types.coroutine
def old_coroutine(scope, receive, send):
    """A generator made a coroutine by types.coroutine."""
    yield from minimal(scope, receive, send).__await__()


@clean(KIND, waits=True)
def returns_a_task(scope, receive, send):
    """A plain function may return a task or a future."""
    return asyncio.ensure_future(minimal(scope, receive, send))


@clean("asgi.middleware.plays-both-roles", shows="asgi.middleware.plays-both-roles")
async def middleware(scope, receive, send):
    """Middleware hands on a copy of the scope, and callables of its own."""
    await receive()

    async def sending(event):
        if event["type"] == "http.response.start":
            event = {**event, "headers": [*event.get("headers", ()), (b"x-middle", b"1")]}
        await send(event)

    await minimal({**scope, "path": "/inner"}, functools.partial(receive), sending)


@clean(
    "asgi.app.rejects-unknown-protocol",
    type="acme",
    expects={"asgi.scope.type-known": "a protocol of somebody's own is no published one"},
)
async def rejects_an_unknown_protocol(scope, receive, send):
    """A protocol that the application does not know is refused by raising."""
    if scope["type"] not in ("http", "websocket"):
        raise ValueError(f"unknown protocol {scope['type']}")


@clean(
    "asgi.app.raises-on-invalid-event",
    offers=["tick"],
    events=[{"type": "http.tick"}, {"type": "http.request"}],
)
async def rejects_an_unknown_event(scope, receive, send):
    """An event of an extension that the application does not know may be refused by raising."""
    event = await receive()
    if event["type"] not in ("http.request", "http.disconnect"):
        raise ValueError(f"unknown event {event['type']}")
