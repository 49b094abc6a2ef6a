"""Several connections at once, of which one at a time goes on, in an order that is given.

Each call of the application, and each of its calls of receive and send, waits for its
turn. So the order in which connections get on is a list of numbers: a race that it
shows is shown by the same list again, and by a shorter one perhaps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import anyio
import anyio.lowlevel

from gateproof.targets.asgi_scope import Scope
from gateproof.targets.asgi_server import Application, Event, Receive, Send

T = TypeVar("T")

TURNS = 20
"""Turns of the loop in which every connection has gone on as far as it can by itself."""

QUIET = 3
"""Turns of the loop in a row in which nothing comes to its gate: tasks of one connection may
wait for each other."""

WAIT = 0.005
"""Seconds that a connection is waited for which waits for something of its own."""


class Turns:
    """Lets one connection go on at a time.

    Args:
        order: whose turn it is, each time by its place among those that wait; after the
            last it is the turn of the first that waits.
    """

    def __init__(self, order: Sequence[int]) -> None:
        self._order = iter(order)
        self._waiting: list[tuple[int, anyio.Event]] = []
        self._alive: set[int] = set()
        self._news = anyio.Event()

    async def all(
        self, works: Sequence[Callable[[Application], Awaitable[T]]], app: Application
    ) -> list[T]:
        """Do the works at once and return what they return.

        Args:
            works: each is given the application, which waits for its turns.
            app: the application.
        """
        results: dict[int, T] = {}

        async def one(place: int) -> None:
            try:
                results[place] = await works[place](self._gated(place, app))
            finally:
                self._alive.discard(place)
                self._tell()

        self._alive.update(range(len(works)))
        async with anyio.create_task_group() as group:
            for place in range(len(works)):
                group.start_soon(one, place)
            await self._conduct()
        return [results[place] for place in range(len(works))]

    async def _conduct(self) -> None:
        while self._alive:
            await self._settle()
            if self._waiting:
                places = sorted({place for place, _ in self._waiting})
                chosen = places[next(self._order, 0) % len(places)]
                at = next(n for n, (place, _) in enumerate(self._waiting) if place == chosen)
                self._waiting.pop(at)[1].set()

    async def _settle(self) -> None:
        """Wait until no connection goes on by itself any more, or one does so for too long."""
        quiet = 0
        for _ in range(TURNS):
            before = len(self._waiting), len(self._alive)
            await anyio.lowlevel.checkpoint()
            quiet = quiet + 1 if before == (len(self._waiting), len(self._alive)) else 0
            if quiet >= QUIET and self._still:
                return
        while not self._still:
            self._news = anyio.Event()
            with anyio.move_on_after(WAIT):
                await self._news.wait()
                continue
            if self._waiting:
                return

    @property
    def _still(self) -> bool:
        """Whether every connection waits for its turn."""
        return {place for place, _ in self._waiting} >= self._alive

    def _tell(self) -> None:
        self._news.set()

    async def _turn(self, place: int) -> None:
        event = anyio.Event()
        self._waiting.append((place, event))
        self._tell()
        try:
            await event.wait()
        finally:
            self._waiting[:] = [one for one in self._waiting if one[1] is not event]

    def _gated(self, place: int, app: Application) -> Application:
        async def gated(scope: Scope, receive: Receive, send: Send) -> Any:
            async def receiving() -> Event:
                await self._turn(place)
                return await receive()

            async def sending(event: Event) -> None:
                await self._turn(place)
                await send(event)

            await self._turn(place)
            return await app(scope, receiving, sending)

        return gated
