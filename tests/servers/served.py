"""What the servers of these tests serve: one application per interface, bare or watched.

``WATCH`` in the environment of the process says how: empty for the bare application,
else the ``on_violation`` of the validator around it, which looks at everything unless
it is ``raise``. ``/census`` and ``/findings`` are
answered outside of the validator; they tell what is in the process, and what was found.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading

from gateproof.validators import ASGIValidator, WSGIValidator

WATCH = os.environ["WATCH"]
LARGE = b"a large response, more than sockets hold\n" * 200_000
TEXT = ("Content-Type", "text/plain")


def census() -> dict[str, int]:
    """What is alive in this process, once garbage is gone."""
    gc.collect()
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:
        tasks = 0
    # The pool of gunicorn's gthread worker grows when there is need.
    threads = [t for t in threading.enumerate() if not t.name.startswith("ThreadPoolExecutor")]
    return {"threads": len(threads), "tasks": tasks, "objects": len(gc.get_objects())}


def findings(validator) -> list[list[object]]:
    """What the validator collected, with how often it was seen."""
    found = getattr(validator, "violations", [])
    return [[v.requirement, v.party, v.verdict, v.message, validator.count(v)] for v in found]


def numbered(count):
    for number in range(count):
        yield b"line %d\n" % number


def failing():
    yield b"first\n"
    raise ValueError("planned")


def plain_wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/echo":
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [TEXT, ("Content-Length", str(len(body)))])
        return [body]
    if path == "/lines":
        start_response("200 OK", [TEXT])
        return numbered(40)
    if path == "/large":
        start_response("200 OK", [TEXT, ("Content-Length", str(len(LARGE)))])
        return (LARGE[at : at + 65536] for at in range(0, len(LARGE), 65536))
    if path == "/unread":
        start_response("413 Content Too Large", [TEXT, ("Content-Length", "3")])
        return (b"no\n",)
    if path == "/same":
        start_response("304 Not Modified", [("ETag", '"1"')])
        return []
    if path == "/changed":
        start_response("200 OK", [TEXT])
        try:
            raise ValueError("planned")
        except ValueError:
            start_response("503 Not Now", [TEXT, ("Retry-After", "9")], sys.exc_info())
        return [b"changed\n"]
    if path == "/fails":
        start_response("200 OK", [TEXT])
        return failing()
    if path == "/fault":
        start_response("200 OK", (TEXT, ("X-Query", environ["QUERY_STRING"])))  # no list
        return [b"fault\n"]
    body = f"{environ['REQUEST_METHOD']} {path}?{environ['QUERY_STRING']}\n".encode("latin-1")
    start_response("200 OK", [TEXT, ("Content-Length", str(len(body))), ("X-Empty", "")])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


async def answer(send, body, *headers, status=200):
    pairs = [(b"content-type", b"text/plain"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive):
    """The request body, ``None`` if the client left before its end."""
    pieces, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(pieces)


async def http(scope, receive, send):
    path = scope["path"]
    if path == "/unread":
        return await answer(send, b"no\n", status=413)
    received = await body_of(receive)
    if received is None:
        return None
    if path == "/echo":
        length = (b"content-length", str(len(received)).encode())
        return await answer(send, received, length)
    if path in ("/lines", "/large", "/fails"):
        pieces = {
            "/lines": numbered(40),
            "/large": (LARGE[at : at + 65536] for at in range(0, len(LARGE), 65536)),
            "/fails": failing(),
        }[path]
        headers = iter([(b"content-type", b"text/plain")])
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        return await send({"type": "http.response.body"})
    if path == "/same":
        return await answer(send, b"", (b"etag", b'"1"'), status=304)
    if path == "/fault":  # a name that is not in lower case
        return await answer(send, b"fault\n", (b"X-Query", scope["query_string"]))
    body = b"%s %s?%s\n" % (scope["method"].encode(), path.encode(), scope["query_string"])
    length = (b"content-length", str(len(body)).encode())
    return await answer(send, body, length, (b"x-empty", b""))


async def websocket(scope, receive, send):
    await receive()
    if scope["path"] == "/closed":
        return await send({"type": "websocket.close", "code": 4000})
    await send({"type": "websocket.accept", "headers": [(b"x-chat", b"1")]})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return None
        try:
            await send({**message, "type": "websocket.send"})
        except OSError:  # the client is gone
            return None


async def lifespan(scope, receive, send):
    await receive()
    scope["state"]["started"] = True
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def plain_asgi(scope, receive, send):
    await {"http": http, "websocket": websocket, "lifespan": lifespan}[scope["type"]](
        scope, receive, send
    )


LEVEL = "must" if WATCH == "raise" else "all"
watched_wsgi = WSGIValidator(plain_wsgi, on_violation=WATCH, level=LEVEL) if WATCH else plain_wsgi
watched_asgi = ASGIValidator(plain_asgi, on_violation=WATCH, level=LEVEL) if WATCH else plain_asgi


def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path not in ("/census", "/findings"):
        return watched_wsgi(environ, start_response)
    body = json.dumps(census() if path == "/census" else findings(watched_wsgi)).encode()
    start_response("200 OK", [TEXT, ("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    path = scope.get("path")
    if path not in ("/census", "/findings"):
        return await watched_asgi(scope, receive, send)
    body = json.dumps(census() if path == "/census" else findings(watched_asgi)).encode()
    return await answer(send, body, (b"content-length", str(len(body)).encode()))
