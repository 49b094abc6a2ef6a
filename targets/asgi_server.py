"""The server side of ASGI in this process: calling an application under the validator.

Here is what the protocols share: the call itself, bounded in time, and the
errors that :func:`send` raises. Nothing of it starts a task: the application
runs in the task that calls, so that cancelling that task cancels it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol

import anyio
import anyio.lowlevel

from gateproof.targets.asgi_scope import Scope
from gateproof.targets.watched import Watched
from gateproof.validators.asgi.validator import watch

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Ending = Literal["returned", "raised", "cancelled"]

PATIENCE = 5.0
"""Seconds that a client waits for an application before it goes away."""

GRACE = 1.0
"""Seconds that an application has after that until its call is cancelled."""

UNKNOWN = "x-conformance-unknown"
"""A scope type that belongs to no protocol."""

CHUNK = 1 << 16
"""Bytes read at a time from a file that an application hands over."""


class ClientGone(OSError):  # noqa: N818 - named for what happened
    """Raised by ``send`` when the client has gone and the declared version asks for it."""

    def __init__(self) -> None:
        super().__init__("the client has gone")


class InvalidEvent(RuntimeError):  # noqa: N818 - named for what was sent
    """Raised by ``send`` for an event that no server could act on."""


class Connection(Protocol):
    """One conversation with an application: its two awaitables, and what bounds it.

    ``limit`` is set by :func:`call`: the scope that ends the call.
    """

    deadline: float
    limit: anyio.CancelScope | None

    async def receive(self) -> Event:
        """The next event for the application."""

    async def send(self, event: Event) -> None:
        """Take an event from the application."""


async def call(
    application: Application, scope: Scope, connection: Connection, watched: Watched
) -> Ending:
    """Call ``application`` once, watched, and say how the call ended.

    It is cancelled :data:`GRACE` seconds after the connection's deadline. What
    left it is put into ``watched.raised``; a cancellation from outside passes.
    """
    with anyio.CancelScope(deadline=connection.deadline + GRACE) as limit:
        connection.limit = limit
        try:
            await watch(
                application,
                scope,
                connection.receive,
                connection.send,
                policy=watched.policy(),
                exchange=watched.exchange,
            )
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is told
            watched.raised = error
            return "raised"
        except anyio.get_cancelled_exc_class() as error:
            if limit.cancel_called or _cancelling():
                raise
            watched.raised = error  # the application let a cancellation of its own escape
            return "raised"
        return "returned"
    return "cancelled"


def hurry(connection: Connection, left: float) -> None:
    """The client goes away at the time ``left``: the application has :data:`GRACE` to clean up."""
    if connection.limit is not None:
        connection.limit.deadline = min(connection.limit.deadline, left + GRACE)


def _cancelling() -> bool:
    """Whether somebody is cancelling the current task (trio raises only then)."""
    import asyncio

    try:
        task = asyncio.current_task()
    except RuntimeError:
        return True
    return task is None or task.cancelling() > 0


def member(event: Event, key: str, kind: type | tuple[type, ...], default: Any) -> Any:
    """An event's value of the expected type, or its default when absent.

    Raises:
        InvalidEvent: it has another type, or is absent and has no default (``...``).
    """
    value = event.get(key, default)
    if value is ... or not isinstance(value, kind):
        shown = "nothing" if value is ... else f"{type(value).__name__}"
        raise InvalidEvent(f"{event.get('type')} needs another {key!r} than {shown}")
    return value


class _Unknown:
    """The two awaitables of a protocol that nobody knows."""

    def __init__(self, deadline: float, kind: str) -> None:
        self.deadline = deadline
        self.limit: anyio.CancelScope | None = None
        self.kind = kind
        self.received = 0
        self.sent = 0

    async def receive(self) -> Event:
        """One event; who asks for another has understood the first."""
        self.received += 1
        if self.received > 1 and self.limit is not None:
            self.limit.cancel()
        await anyio.lowlevel.checkpoint()
        return {"type": f"{self.kind}.opened"}

    async def send(self, event: Event) -> None:
        """Note that the application answers, and end the call."""
        del event
        self.sent += 1
        if self.limit is not None:
            self.limit.cancel()
        await anyio.lowlevel.checkpoint()


async def offer_unknown(
    application: Application,
    watched: Watched,
    *,
    scope: Scope | None = None,
    patience: float = PATIENCE,
) -> Ending:
    """Call ``application`` with a scope of type :data:`UNKNOWN` and say how that ended.

    ``scope`` replaces the scope; its type has to belong to no protocol, too.

    The validator judges what it sends and that it returns. ``"cancelled"``
    means that it stayed without sending anything.
    """
    scope = {"type": UNKNOWN, "asgi": {"version": "3.0"}} if scope is None else dict(scope)
    connection = _Unknown(anyio.current_time() + patience, scope["type"])
    ending = await call(application, scope, connection, watched)
    return "returned" if connection.sent else ending
