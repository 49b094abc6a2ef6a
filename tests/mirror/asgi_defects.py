"""Wrappers that change a connection, each in one way: what a validator must never do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from mirror.asgi_plans import Pause

Wrap = Callable[[Any], Any]


class Nothing:
    """A wrapper that changes nothing; each defect changes one part of it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope, receive, send):
        async def receiver():
            return await self.receive(receive)

        async def sender(event):
            return await self.send(send, event)

        return await self.call(self.scope(scope), receiver, sender)

    async def call(self, scope, receive, send):
        return await self.app(scope, receive, send)

    def scope(self, scope):
        return scope

    async def receive(self, receive):
        return await receive()

    async def send(self, send, event):
        return await send(event)


class CopiesScope(Nothing):
    def scope(self, scope):
        return dict(scope)


class FillsScope(Nothing):
    def scope(self, scope):
        scope.setdefault("root_path", "")
        return scope


class ListsHeadersOfScope(Nothing):
    def scope(self, scope):
        if "headers" in scope:
            scope["headers"] = list(scope["headers"])
        return scope


class CopiesReceived(Nothing):
    async def receive(self, receive):
        return dict(await receive())


class CopiesSent(Nothing):
    async def send(self, send, event):
        return await send(dict(event))


class FillsSent(Nothing):
    async def send(self, send, event):
        if event.get("type") == "http.response.body":
            event.setdefault("more_body", False)
        return await send(event)


class ReadsHeaders(Nothing):
    async def send(self, send, event):
        for _ in event.get("headers", ()):
            pass
        return await send(event)


class LowersHeaders(Nothing):
    async def send(self, send, event):
        headers = event.get("headers")
        if type(headers) is list:
            headers[:] = [(name.lower(), value) for name, value in headers]
        return await send(event)


class DropsEmpty(Nothing):
    async def send(self, send, event):
        if event.get("body") != b"":
            await send(event)


class Holds(Nothing):
    """Sends each event only with the next one, or at the end."""

    async def __call__(self, scope, receive, send):
        waiting = []

        async def sender(event):
            waiting.append(event)
            if len(waiting) > 1:
                await send(waiting.pop(0))

        try:
            return await self.app(scope, receive, sender)
        finally:
            while waiting:
                await send(waiting.pop(0))


class Prefetches(Nothing):
    async def __call__(self, scope, receive, send):
        first = [await receive()]

        async def receiver():
            return first.pop() if first else await receive()

        return await self.app(scope, receiver, send)


class AsksTwice(Nothing):
    async def receive(self, receive):
        event = await receive()
        if event["type"] == "http.disconnect":
            event = await receive()
        return event


class Yields(Nothing):
    async def send(self, send, event):
        await Pause("the wrapper's own")
        return await send(event)


class SwallowsSendErrors(Nothing):
    async def send(self, send, event):
        with contextlib.suppress(OSError):
            await send(event)


class RewrapsErrors(Nothing):
    async def send(self, send, event):
        try:
            await send(event)
        except OSError as error:
            raise OSError(*error.args) from None


class SwallowsErrors(Nothing):
    async def call(self, scope, receive, send):
        try:
            return await super().call(scope, receive, send)
        except ValueError:
            return None


class ChainsErrors(Nothing):
    async def call(self, scope, receive, send):
        try:
            return await super().call(scope, receive, send)
        except Exception as error:
            raise error from RuntimeError("seen by a wrapper")


class SwallowsCancellation(Nothing):
    async def call(self, scope, receive, send):
        try:
            return await super().call(scope, receive, send)
        except asyncio.CancelledError:
            return None


class RenewsCancellation(Nothing):
    async def receive(self, receive):
        try:
            return await receive()
        except asyncio.CancelledError:
            raise asyncio.CancelledError from None


class ForgetsResult(Nothing):
    async def call(self, scope, receive, send):
        await super().call(scope, receive, send)


class SaysGoodbye(Nothing):
    async def call(self, scope, receive, send):
        try:
            return await super().call(scope, receive, send)
        finally:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})


class CallsEarly(Nothing):
    """Runs receive() as soon as it is called, not when it is awaited."""

    async def __call__(self, scope, receive, send):
        def receiver():
            coroutine = receive()
            try:
                label = coroutine.send(None)
            except StopIteration as end:
                return given(end.value)
            except BaseException as error:
                return failing(error)
            return going_on(coroutine, label)

        return await self.app(scope, receiver, send)


async def given(value):
    return value


async def failing(error):
    raise error


async def going_on(coroutine, label):
    await Pause(label)
    return await coroutine


DEFECTS: dict[str, Wrap] = {
    "copies the scope": CopiesScope,
    "fills in a key of the scope": FillsScope,
    "makes a list of the headers in the scope": ListsHeadersOfScope,
    "copies what is received": CopiesReceived,
    "copies what is sent": CopiesSent,
    "fills in a key of an event": FillsSent,
    "reads headers that can be read but once": ReadsHeaders,
    "lowers the names of headers": LowersHeaders,
    "drops empty pieces": DropsEmpty,
    "holds events back": Holds,
    "receives before it is asked": Prefetches,
    "receives twice": AsksTwice,
    "waits for something of its own": Yields,
    "swallows errors of send": SwallowsSendErrors,
    "raises another error alike": RewrapsErrors,
    "swallows errors": SwallowsErrors,
    "puts a cause to errors": ChainsErrors,
    "swallows cancellation": SwallowsCancellation,
    "cancels anew": RenewsCancellation,
    "forgets the result": ForgetsResult,
    "closes what was left open": SaysGoodbye,
    "runs receive() before it is awaited": CallsEarly,
}
