"""What a hosted server can do, measured: there is no adapter that would know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from gateproof.targets.adapter import Features
from gateproof.targets.frames import handshake
from gateproof.targets.http1 import Reply, read_reply
from gateproof.targets.load import TargetError
from gateproof.targets.script import (
    ECHO,
    Script,
    answer,
    drain,
    gone,
    respond,
    result,
    send,
    start,
    wait,
)
from gateproof.targets.wire import Wire, WireError

if TYPE_CHECKING:
    from gateproof.targets.hosted import HostedServer
    from gateproof.targets.journal import Call

AT_ONCE = 4
"""How many requests a hosted server is asked to work on together, at most."""

WITHIN = 3.0
"""Seconds that each thing may take."""

HELD = 5.0
"""Seconds after which an application that is held goes on by itself."""

HOLDING = Script(
    wsgi=(wait("on", HELD), start(), result("list", b"held")),
    asgi=(drain(), wait("on", HELD), respond()),
)
STREAMING = Script(
    wsgi=(start(), result("generator", b"first", wait("on", HELD), b"second")),
    asgi=(
        drain(),
        send({"type": "http.response.start", "status": 200, "headers": []}),
        send({"type": "http.response.body", "body": b"first", "more_body": True}),
        wait("on", HELD),
        send({"type": "http.response.body", "body": b"second"}),
    ),
)
LEFT = Script(asgi=(drain(), gone(WITHIN)))


async def measured(server: HostedServer) -> Features:
    """Ask a server for all that cases need; what it does not show, it has not."""
    asked: dict[str, Callable[[HostedServer], Awaitable[bool]]] = {
        "http10": _http10,
        "keep_alive": _keep_alive,
        "pipelining": _pipelining,
        "chunked_request": _chunked,
        "expect_continue": _expect,
        "upgrade": _upgrade,
    }
    if server.interface == "asgi":
        asked.update(websocket=_websocket, lifespan=_lifespan)
    found = {name: await _holds(measure, server) for name, measure in asked.items()}
    together = await _together(server)
    beside = together > 0
    found["streaming_input"] = beside and await _holds(_streaming_input, server)
    found["streaming_output"] = beside and await _holds(_streaming_output, server)
    seen = beside and server.interface == "asgi" and await _holds(_disconnect, server)
    found["disconnect_seen"] = seen
    return replace(Features(concurrency=max(1, together), root_path=False), **found)


async def _holds(measure: Callable[[HostedServer], Awaitable[bool]], server: HostedServer) -> bool:
    try:
        return await measure(server)
    except (TargetError, WireError, TimeoutError):
        return False


@asynccontextmanager
async def _connected(server: HostedServer) -> AsyncIterator[Wire]:
    wire = await server.connect(WITHIN)
    try:
        yield wire
    finally:
        await wire.close()


async def _laid(server: HostedServer, script: Script) -> str:
    return await asyncio.to_thread(server.folder.lay, script)


def _get(server: HostedServer, token: str, *fields: str, version: str = "1.1") -> bytes:
    head = [f"GET /{token} HTTP/{version}", f"Host: {server.host}", *fields]
    return "".join(f"{line}\r\n" for line in [*head, ""]).encode()


def _post(server: HostedServer, token: str, *fields: str) -> bytes:
    return _get(server, token, *fields).replace(b"GET", b"POST", 1)


def _good(reply: Reply, body: bytes = b"ok") -> bool:
    return reply.complete and reply.status == 200 and reply.body == body


async def _http10(server: HostedServer) -> bool:
    token = await _laid(server, answer())
    async with _connected(server) as wire:
        await wire.send(_get(server, token, version="1.0"))
        return _good(await read_reply(wire, within=WITHIN))


async def _keep_alive(server: HostedServer) -> bool:
    token = await _laid(server, answer())
    async with _connected(server) as wire:
        for _ in range(2):
            await wire.send(_get(server, token))
            if not _good(await read_reply(wire, within=WITHIN)):
                return False
        return True


async def _pipelining(server: HostedServer) -> bool:
    token = await _laid(server, answer())
    async with _connected(server) as wire:
        await wire.send(_get(server, token) * 2)
        first = await read_reply(wire, within=WITHIN)
        return _good(first) and _good(await read_reply(wire, within=WITHIN))


async def _chunked(server: HostedServer) -> bool:
    token = await _laid(server, ECHO)
    async with _connected(server) as wire:
        head = _post(server, token, "Transfer-Encoding: chunked")
        await wire.send(head + b"5\r\nhello\r\n0\r\n\r\n")
        return _good(await read_reply(wire, "POST", WITHIN), b"hello")


async def _expect(server: HostedServer) -> bool:
    token = await _laid(server, ECHO)
    async with _connected(server) as wire:
        await wire.send(_post(server, token, "Content-Length: 5", "Expect: 100-continue"))
        return (await wire.receive(WITHIN)).startswith(b"HTTP/1.1 100")


async def _upgrade(server: HostedServer) -> bool:
    token = await _laid(server, answer())
    async with _connected(server) as wire:
        await wire.send(_get(server, token, "Connection: upgrade", "Upgrade: gateproof"))
        return _good(await read_reply(wire, within=WITHIN))


async def _websocket(server: HostedServer) -> bool:
    async with _connected(server) as wire:
        await wire.send(handshake(server.host, "/"))
        return (await wire.receive(WITHIN)).startswith(b"HTTP/1.1 101")


async def _lifespan(server: HostedServer) -> bool:
    """Whether the process that answers has called the application for its lifespan."""
    folder = server.folder
    calls = await asyncio.to_thread(folder.lifespans)
    return any(call.meta.get("pid") == folder.facts.get("pid") for call in calls)


async def _begun(
    server: HostedServer, token: str, done: Callable[[Call], bool] = lambda _: True
) -> bool:
    """Whether a call begins, and comes so far, while its client waits."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WITHIN
    while True:
        if any(done(call) for call in await asyncio.to_thread(server.folder.calls, token)):
            return True
        if loop.time() >= until:
            return False
        await asyncio.sleep(0.05)


async def _together(server: HostedServer) -> int:
    """How many requests it works on while it answers one more; 0 if it answers none beside."""
    folder, usual = server.folder, server.folder.within
    folder.within = min(usual, WITHIN)
    tokens = [await _laid(server, HOLDING) for _ in range(AT_ONCE)]
    held = 0
    try:
        async with AsyncExitStack() as stack:
            with suppress(TargetError, WireError):
                for token in tokens:
                    wire = await stack.enter_async_context(_connected(server))
                    await wire.send(_get(server, token, "Connection: close"))
                    if not await _begun(server, token):
                        break
                    held += 1
    finally:
        folder.within = max(usual, HELD)
        with suppress(TargetError):
            for token in tokens:
                await asyncio.to_thread(folder.let, token, "on")
        folder.within = usual
    return held


async def _streaming_input(server: HostedServer) -> bool:
    token = await _laid(server, ECHO)
    async with _connected(server) as wire:
        await wire.send(_post(server, token, "Content-Length: 10") + b"hello")
        return await _begun(server, token)


async def _streaming_output(server: HostedServer) -> bool:
    token = await _laid(server, STREAMING)
    try:
        async with _connected(server) as wire:
            await wire.send(_get(server, token))
            received = b""
            async with asyncio.timeout(WITHIN):
                while b"first" not in received:
                    piece = await wire.receive(WITHIN)
                    if not piece:
                        return False
                    received += piece
            return b"second" not in received
    finally:
        with suppress(TargetError):
            await asyncio.to_thread(server.folder.let, token, "on")


async def _disconnect(server: HostedServer) -> bool:
    token = await _laid(server, LEFT)
    async with _connected(server) as wire:
        await wire.send(_get(server, token))
        if not await _begun(server, token):
            return False
    return await _begun(server, token, _told)


def _told(call: Call) -> bool:
    """Whether the application has heard that its client is gone."""
    events = call.steps("received")
    return any(isinstance(event, dict) and event["type"] == "http.disconnect" for event in events)
