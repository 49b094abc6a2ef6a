"""What a running server can do, found out by asking it: the measure of `Features`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateproof.targets.http1 import Reply, read_reply
from gateproof.targets.script import (
    ANSWER,
    ECHO,
    Script,
    alter,
    answer,
    catching,
    drain,
    echo,
    gone,
    read,
    respond,
    result,
    send,
    start,
    wait,
    yield_,
)
from gateproof.targets.server import Server
from gateproof.targets.wire import Wire, WireError

MANY = 24
"""Requests that are sent at once to see how many are worked on."""
PATIENCE = 2.0
"""Seconds that an answer or a call may take."""
FIELDS = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
NATIVE = [("Content-Type", "text/plain"), ("Content-Length", "2")]
PAUSED = Script(
    wsgi=(start("200 OK", NATIVE), result("generator", yield_(b"o"), wait("on"), yield_(b"k"))),
    asgi=(
        drain(),
        send({"type": "http.response.start", "status": 200, "headers": FIELDS}),
        send({"type": "http.response.body", "body": b"o", "more_body": True}),
        wait("on"),
        send({"type": "http.response.body", "body": b"k", "more_body": False}),
    ),
)
HELD = Script(
    wsgi=(wait("on"), start("200 OK", NATIVE), result("list", yield_(b"ok"))),
    asgi=(drain(), wait("on"), respond(200, FIELDS, b"ok")),
)
WHOLE = Script(wsgi=(alter("wsgi.input_terminated", True), echo()), asgi=(echo(),))
LEFT = Script(
    wsgi=(catching(read(10)), start("200 OK", NATIVE), result("list", yield_(b"ok"))),
    asgi=(gone(PATIENCE), respond(200, FIELDS, b"ok")),
)


def head(token: str, *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    """The head of a request."""
    lines = [f"{method} /{token} HTTP/{version}", "Host: 127.0.0.1", *fields, "", ""]
    return "\r\n".join(lines).encode()


def good(reply: Reply, body: bytes = b"ok") -> bool:
    """Whether it is the application's answer, all of it."""
    return reply.status == 200 and reply.complete and reply.body == body


async def called(server: Server, token: str, count: int = 1) -> bool:
    """Whether the application was called in time, which need not be over."""
    until = asyncio.get_running_loop().time() + PATIENCE
    while len(server.folder.calls(token)) < count:
        if asyncio.get_running_loop().time() > until:
            return False
        await asyncio.sleep(0.01)
    return True


async def keep_alive(server: Server, wire: Wire) -> bool:
    """A second request on the same connection is answered."""
    for _ in range(2):
        await wire.send(head(server.folder.lay(ANSWER)))
        if not good(await read_reply(wire, within=PATIENCE)):
            return False
    return True


async def chunked_request(server: Server, wire: Wire) -> bool:
    """A chunked body reaches the application."""
    fields = ("Transfer-Encoding: chunked", "Connection: close")
    first = head(server.folder.lay(WHOLE), *fields, method="POST")
    await wire.send(first + b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
    return good(await read_reply(wire, "POST", PATIENCE), b"hello")


async def streaming_input(server: Server, wire: Wire) -> bool:
    """The application is called when half of the body is there."""
    token = server.folder.lay(ECHO)
    await wire.send(head(token, "Content-Length: 6", "Connection: close", method="POST") + b"hal")
    early = await called(server, token)
    await wire.send(b"ves")
    reply = await read_reply(wire, "POST", PATIENCE)
    return early and good(reply, b"halves")


async def pipelining(server: Server, wire: Wire) -> bool:
    """Two requests in one segment are both answered; that it be in order is for a case to say."""
    tokens = [server.folder.lay(answer(body=text)) for text in (b"one", b"two")]
    await wire.send(b"".join(map(head, tokens)))
    replies = [await read_reply(wire, within=PATIENCE) for _ in tokens]
    return replies[0].status == 200 and replies[1].ended != "nothing"


async def http10(server: Server, wire: Wire) -> bool:
    """HTTP/1.0 is answered."""
    await wire.send(head(server.folder.lay(ANSWER), version="1.0"))
    return good(await read_reply(wire, within=PATIENCE))


async def expect_continue(server: Server, wire: Wire) -> bool:
    """100 (Continue) comes before the body is sent."""
    fields = ("Content-Length: 5", "Expect: 100-continue", "Connection: close")
    await wire.send(head(server.folder.lay(ECHO), *fields, method="POST"))
    try:
        got = await wire.receive(PATIENCE)
    except TimeoutError:
        got = b""
    return got.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100"))


async def upgrade(server: Server, wire: Wire) -> bool:
    """A request to upgrade to an unknown protocol is an ordinary one."""
    fields = ("Connection: Upgrade", "Upgrade: gateproof/1")
    await wire.send(head(server.folder.lay(ANSWER), *fields))
    return good(await read_reply(wire, within=PATIENCE))


async def disconnect_seen(server: Server, wire: Wire) -> bool:
    """The application can see that the client left: WSGI in the body, ASGI after the request."""
    token = server.folder.lay(LEFT)
    if server.interface == "asgi":
        await wire.send(head(token))
    else:
        await wire.send(head(token, "Content-Length: 10", method="POST") + b"half")
    if not await called(server, token):
        return False
    await wire.close()
    calls = await server.folder.ended(token, within=PATIENCE + 1)
    if server.interface == "wsgi":
        return bool(calls) and calls[0].ended
    events = [one for call in calls for one in call.steps("received")]
    return any(event.get("type") == "http.disconnect" for event in events)


async def streaming_output(server: Server, wire: Wire) -> bool:
    """The first piece of a response comes while the application waits to give the second."""
    token = server.folder.lay(PAUSED)
    await wire.send(head(token, "Connection: close"))
    got = b""
    try:
        while not got.endswith(b"\r\n\r\no"):
            piece = await wire.receive(PATIENCE)
            if not piece:
                return False
            got += piece
    except TimeoutError:
        return False
    finally:
        server.folder.let(token, "on")
        await server.folder.ended(token)
    return True


async def concurrency(server: Server, wire: Wire) -> int:
    """How many of many requests are worked on at once."""
    await wire.close()  # one that sends nothing may hold a thread
    tokens: list[str] = []
    wires: list[Wire] = []
    try:
        while len(wires) < MANY:
            wires.append(await Wire.open(server.address, 1.0))
            tokens.append(server.folder.lay(HELD))
            await wires[-1].send(head(tokens[-1], "Connection: close"))
    except WireError:
        pass  # more than it lets wait
    try:
        await asyncio.gather(*(called(server, token) for token in tokens))
        return sum(bool(server.folder.calls(token)) for token in tokens)
    finally:
        for token in tokens:
            server.folder.let(token, "on")
        for one, token in zip(wires, tokens, strict=True):
            await server.folder.ended(token)
            await one.close()


async def websocket(server: Server, wire: Wire) -> bool:
    """A handshake is answered with 101."""
    fields = (
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )  # fmt: skip
    await wire.send(head("websocket", *fields))
    try:
        return (await wire.receive(PATIENCE)).startswith(b"HTTP/1.1 101")
    except TimeoutError:
        return False


Measure = Callable[[Server, Wire], Awaitable[bool | int]]
MEASURES: dict[str, Measure] = {
    function.__name__: function
    for function in (
        keep_alive,
        chunked_request,
        streaming_input,
        pipelining,
        http10,
        expect_continue,
        upgrade,
        disconnect_seen,
        streaming_output,
        concurrency,
        websocket,
    )
}


async def measured(server: Server, name: str) -> bool | int:
    """What a running server can do, of one kind."""
    wire = await Wire.open(server.address)
    try:
        return await MEASURES[name](server, wire)
    finally:
        await wire.close()


async def all_measured(server: Server) -> dict[str, bool | int]:
    """What a running server can do, by the names of `Features`."""
    found = {name: await measured(server, name) for name in MEASURES}
    return {**found, "lifespan": bool(server.folder.lifespans())}
