"""Odd but legal ASGI applications: tasks, timeouts, races, and what was lost on the way."""

from __future__ import annotations

import asyncio

from corpus.asgi_heads import BODY, LAST, START
from corpus.asgi_websocket import ACCEPT, CONNECT, LEFT
from corpus.kit import Corpus
from corpus.play_asgi import LATER

clean = Corpus("asgi")

PIECE = {"type": "http.response.body", "body": b"x", "more_body": True}
CLOSE = {"type": "websocket.close"}
DENIAL = "websocket.http.response"
AWAITS = "asgi.app.must-await-send"
LISTENS = "asgi.app.receives-and-reacts"
GONE = "asgi.http.app.may-catch-disconnect"


@clean(AWAITS, waits=True)
async def a_hundred_pieces_at_once(scope, receive, send):
    """Pieces may be sent by many tasks, if their order does not matter."""
    await receive()
    await send(START)
    await asyncio.gather(*(send(PIECE) for _ in range(100)))
    await send(BODY)


@clean(AWAITS, waits=True)
async def pieces_of_a_task_group(scope, receive, send):
    """A group of tasks waits for all its sends."""
    await receive()
    await send(START)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(send(PIECE))
    await send(BODY)


@clean(AWAITS, waits=True)
async def tasks_awaited_in_reverse(scope, receive, send):
    """Tasks begin in the order in which they were made, whoever is awaited first."""
    await receive()
    tasks = [asyncio.create_task(send(event)) for event in (START, PIECE, PIECE, BODY)]
    for task in reversed(tasks):
        await task


@clean(AWAITS)
async def calls_first_and_awaits_afterwards(scope, receive, send):
    """The results of send() may be awaited later than the calls, in their order."""
    await receive()
    for result in [send(START), send(PIECE), send(BODY)]:
        await result


@clean(AWAITS, waits=True)
async def answers_from_another_task(scope, receive, send):
    """The whole answer may be another task's work, of which an event tells."""
    done = asyncio.Event()

    async def answer():
        await receive()
        await send(START)
        await send(BODY)
        done.set()

    task = asyncio.create_task(answer())
    await done.wait()
    await task


@clean(LISTENS, events=[LAST, LATER], waits=True)
async def a_long_poll(scope, receive, send):
    """A receive() that is given up on after a while is a way to look for the disconnect."""
    await receive()
    await send(START)
    for _ in range(3):
        try:
            async with asyncio.timeout(0.001):
                await receive()
        except TimeoutError:
            await send(PIECE)
    await send(BODY)


@clean("asgi.http.response-start.status-present")
async def one_dict_for_everything(scope, receive, send):
    """An event is the application's own again once send() is done with it."""
    await receive()
    event = {**START, "headers": [(b"content-length", b"2")]}
    await send(event)
    event["headers"].clear()
    event.clear()
    event.update(type="http.response.body", body=b"ok")
    await send(event)


@clean(GONE, fail=BrokenPipeError("gone"), shows=GONE)
async def goes_on_after_a_lost_start(scope, receive, send):
    """Whoever swallows the failure of a start may send the body after it, to nobody."""
    await receive()
    for event in (START, PIECE, BODY):
        try:
            await send(event)
        except OSError:
            continue


@clean(GONE, fail=BrokenPipeError("gone"), shows=GONE)
async def an_error_page_for_nobody(scope, receive, send):
    """A start that failed was none, so that an error page in its place is a first start."""
    await receive()
    try:
        await send(START)
    except OSError:
        try:
            await send({**START, "status": 500})
        except OSError:
            return


@clean("asgi.websocket.close.code-valid", kind="websocket")
async def refuses_with_a_code_that_is_not_sent(scope, receive, send):
    """A code before accept is never transmitted, nor is a reason, however long."""
    await receive()
    await send({**CLOSE, "code": 1006, "reason": "x" * 200})


@clean("asgi.websocket.send.not-after-close", kind="websocket", waits=True)
async def a_message_and_a_close_at_once(scope, receive, send):
    """Two tasks may send, the message's first."""
    await receive()
    await send(ACCEPT)
    await asyncio.gather(send({"type": "websocket.send", "text": "bye"}), send(CLOSE))


@clean(LISTENS, kind="websocket", events=[CONNECT, LATER], waits=True)
async def stops_hearing_and_closes(scope, receive, send):
    """A reader may be cancelled by the task that closes."""
    await receive()
    await send(ACCEPT)
    reader = asyncio.create_task(receive())
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    await send(CLOSE)


@clean(LISTENS, kind="websocket", events=[CONNECT, LATER, LEFT], waits=True)
async def hears_of_its_own_close(scope, receive, send):
    """A receive() that was pending when the application closed tells of the end."""
    await receive()
    await send(ACCEPT)
    reader = asyncio.create_task(receive())
    await asyncio.sleep(0)
    await send(CLOSE)
    await reader


@clean("asgi.ext.ws-denial.sequence", kind="websocket", offers=[DENIAL])
async def denies_and_hears_of_it(scope, receive, send):
    """Nothing forbids to wait for the disconnect after a denial."""
    await receive()
    await send({"type": f"{DENIAL}.start", "status": 404})
    await send({"type": f"{DENIAL}.body"})
    await receive()


@clean("asgi.lifespan.startup-complete.app-sends", kind="lifespan", waits=True)
async def waits_for_shutdown_while_it_starts(scope, receive, send):
    """The receive() for shutdown may be pending before startup was answered."""
    await receive()
    shutdown = asyncio.create_task(receive())
    await send({"type": "lifespan.startup.complete"})
    await shutdown
    await send({"type": "lifespan.shutdown.complete"})


@clean("asgi.ext.trailers.app-sends-trailer-header", offers=["http.response.trailers"])
async def trailers_named_in_several_headers(scope, receive, send):
    """Trailer headers add up, without regard to case, and may name more than is sent."""
    await receive()
    named = [(b"trailer", b"X-Sum"), (b"trailer", b"x-count , x-more")]
    await send({**START, "headers": named, "trailers": True})
    await send(BODY)
    await send({"type": "http.response.trailers", "headers": [(b"x-count", b"1")]})
