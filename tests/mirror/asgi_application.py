"""The application that plays its part of a plan of ASGI traffic."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from mirror.asgi_plans import played
from mirror.trace import Trace


class Application:
    """Plays the steps of a plan and records what it sees.

    Sent events are told by name: the server must get the very object. An event whose
    headers can be read but once is told by its contents alone, for a validator may
    put another iterator over the same items in their place.
    """

    def __init__(self, plan: dict[str, Any], trace: Trace) -> None:
        self.plan = plan
        self.trace = trace
        self.count = 0

    async def __call__(self, scope, receive, send):
        self.trace.add("application", "called", scope)
        self.scope, self.receive, self.send = scope, receive, send
        held: list[Any] = []
        try:
            for deed, *facts in self.plan["steps"]:
                if deed == "hold":
                    held.append(receive())
                    continue
                await self.do(deed, *facts)
            for waiting in held:
                self.trace.add("application", "held", await waiting)
            held.clear()
        except GeneratorExit:
            self.trace.add("application", "dropped")
            raise
        except BaseException as error:
            self.trace.add("application", "is left with", error)
            if not self.plan["survives"]:
                raise
            await self.last_words()
        finally:
            for waiting in held:
                waiting.close()
        return self.plan["returns"]

    async def last_words(self):
        """One more message, by an application that survives whatever it is left with."""
        try:
            await self.send({"type": "own.last"})
        except Exception as error:
            self.trace.add("application", "last words failed", error)

    async def do(self, deed: str, *facts: Any) -> None:
        if deed == "raise":
            raise self.trace.name(ValueError("the application's own"), "own error")
        try:
            value = await getattr(self, f"do_{deed}")(*facts)
        except Exception as error:
            self.trace.add("application", deed, "raised", error)
            if self.plan["lets_pass"]:
                raise
        else:
            self.trace.add("application", deed, value)

    async def do_scope(self):
        return dict(self.scope)

    async def do_set(self, key, value):
        self.scope[key] = value

    async def do_receive(self):
        event = await self.receive()
        self.trace.add("application", "received", dict(event))
        return event

    async def do_send(self, event, kind="absent", headers=()):
        event = dict(event)
        if kind != "absent":
            event["headers"] = CONTAINERS[kind](headers)
        if kind not in ("once", "generator"):
            self.count += 1
            self.trace.name(event, f"message {self.count}")
        gave = await self.send(event)
        event["changed"] = "after it was sent"
        return gave


CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "list": list,
    "tuple": tuple,
    "once": iter,
    "generator": lambda headers: (header for header in headers),
}


class Later:
    """An awaitable that is no coroutine."""

    def __init__(self, coroutine: Any) -> None:
        self.coroutine = coroutine

    def __await__(self):
        return self.coroutine.__await__()


def formed(app: Application, form: str) -> Callable[..., Any]:
    """The application in one of the forms that a callable can have."""

    async def function(scope, receive, send):
        return await app(scope, receive, send)

    def plain(scope, receive, send):
        return app(scope, receive, send)

    def awaitable(scope, receive, send):
        return Later(app(scope, receive, send))

    forms = {
        "function": function,
        "object": app,
        "plain": plain,
        "partial": functools.partial(function),
        "awaitable": awaitable,
    }
    return forms[form]


def play(plan: dict[str, Any], wrap: Callable[[Any], Any]) -> Trace:
    """Serve the plan's connection with ``wrap`` around its application."""
    trace = Trace()
    return played(wrap(formed(Application(plan, trace), plan["form"])), plan, trace)
