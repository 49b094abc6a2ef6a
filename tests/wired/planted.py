"""Applications with planted faults, which a server in another process carries."""

from __future__ import annotations

import os
import threading

HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "2")]


def wsgi(environ, start_response):
    start_response("200 OK", HEADERS.copy())
    return [b"ok"]


def short(environ, start_response):
    """Sends less than it says."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "9")])
    return [b"ok"]


def upper(environ, start_response):
    """Depends on a header that a client may leave out."""
    agent = environ["HTTP_USER_AGENT"]
    start_response("200 OK", HEADERS.copy())
    return [agent[:2].encode("latin-1").ljust(2)]


def once(environ, start_response):
    """Hands out the same iterator each time."""
    start_response("200 OK", HEADERS.copy())
    return PIECES


PIECES = iter([b"ok"])


def crashes(environ, start_response):
    """Ends the process on a query that one case sends."""
    if environ["QUERY_STRING"] == "a=1&a=2":
        os._exit(7)
    return wsgi(environ, start_response)


def hangs(environ, start_response):
    """Waits for ever on a query that one case sends."""
    if environ["QUERY_STRING"] == "a=1&a=2":
        threading.Event().wait()
    return wsgi(environ, start_response)


START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
BODY = {"type": "http.response.body", "body": b"ok"}


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send(BODY)


async def unfinished(scope, receive, send):
    """Never says that the body is over."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await receive()
    await send(START)
    await send({**BODY, "more_body": True})


async def silent(scope, receive, send):
    """Answers nothing on a query that one case sends."""
    if scope["type"] == "http" and scope["query_string"] == b"a=1&b=2&a=3":
        await receive()
        while True:
            await receive()
    await asgi(scope, receive, send)


async def refuses(scope, receive, send):
    """Will not start."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        return
    await asgi(scope, receive, send)


async def late(scope, receive, send):
    """Sends on after it has said that it is started, a second time."""
    if scope["type"] != "lifespan":
        await asgi(scope, receive, send)
        return
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def both_kinds(scope, receive, send):
    """Sends a WebSocket message that is text and bytes at once."""
    if scope["type"] != "websocket":
        await asgi(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": "a", "bytes": b"a"})
