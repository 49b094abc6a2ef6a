"""The live wrapper: a mirror around an ASGI application that judges both sides."""

from __future__ import annotations

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable
    from typing import Any

    from gateproof.validators.asgi.judge import Found, Judge
    from gateproof.validators.policy import OnViolation
    from gateproof.validators.violation import Violation

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]

_MISSING = object()

_judge: Callable[[object, Policy], Judge] | None = None
"""The judges' entry, loaded with the first connection: importing a validator stays cheap."""


class ASGIValidator:
    """Wraps an ASGI 3 application and watches both sides of its boundary.

    Args:
        app: the application.
        on_violation: ``"raise"`` (a server's breach is warned), ``"warn"``,
            ``"log"``, ``"collect"`` (then see :attr:`violations`) or a callable
            that takes a :class:`~gateproof.validators.Violation`.
        select: globs of requirement ids; empty means all.
        ignore: globs of requirement ids that are left out.
        level: ``"must"``, ``"should"`` or ``"all"``.
        parties: whose breaches count, ``None`` for all.

    Attributes of ``app`` can be reached through the validator.

    Raises:
        ValueError: an unknown action, level or party.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        *,
        on_violation: OnViolation = "raise",
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        level: str = "must",
        parties: Iterable[str] | None = None,
    ) -> None:
        self.app = app
        self.policy = Policy(on_violation, Rules(select, ignore, level), parties)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Handle one connection.

        Raises:
            ConformanceError: the policy is ``"raise"`` and the application broke
                a requirement that fails.
        """
        return await watch(self.app, scope, receive, send, policy=self.policy, exchange=Exchange())

    def __getattr__(self, name: str) -> Any:
        """An attribute of the wrapped application."""
        if name in ("app", "policy"):  # not set yet: no wrapped application to ask
            raise AttributeError(name)
        return getattr(self.app, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.app!r})"

    @property
    def violations(self) -> list[Violation]:
        """What was collected: the first of each requirement, party and verdict."""
        return self.policy.violations

    def count(self, violation: Violation) -> int:
        """How often the like of a collected violation was seen."""
        return self.policy.count(violation)


class Proxy:
    """receive or send as the application sees it; its attributes are the server's.

    A class with ``__getattr__`` reads its own attributes slowly: what happens on a
    call is therefore kept in :class:`Boundary`.
    """

    __slots__ = ("_call", "_original")

    def __init__(self, call: Callable[..., Any], original: Callable[..., Any]) -> None:
        self._call = call
        self._original = original

    def __getattr__(self, name: str) -> Any:
        """An attribute of the server's own callable."""
        return getattr(object.__getattribute__(self, "_original"), name)


class Receiver(Proxy):
    """receive() as the application sees it."""

    __slots__ = ()

    def __call__(self) -> Coroutine[Any, Any, Any]:
        """Receive an event, watched."""
        return self._call()  # type: ignore[no-any-return]


class Sender(Proxy):
    """send() as the application sees it."""

    __slots__ = ()

    def __call__(
        self, event: Any = _MISSING, /, *arguments: Any, **named: Any
    ) -> Coroutine[Any, Any, Any]:
        """Send an event, watched; judged when called, not when awaited."""
        if not arguments and not named and event is not _MISSING:
            return self._call(event)  # type: ignore[no-any-return]
        if event is not _MISSING:
            arguments = (event, *arguments)
        boundary: Boundary = self._call.__self__  # type: ignore[attr-defined]
        return boundary.misused(arguments, named)


class Boundary:
    """The two callables of one connection, watched.

    Attributes:
        called: how many calls of send() gave something to await.
        awaited: how many of these were awaited, or begun to be.
    """

    __slots__ = (
        "_add",
        "_exchange",
        "_judge",
        "_judged",
        "_policy",
        "_receive",
        "_send",
        "awaited",
        "called",
    )

    def __init__(
        self, receive: Receive, send: Send, judge: Judge, policy: Policy, exchange: Exchange
    ) -> None:
        self._receive = receive
        self._send = send
        self._judge = judge
        self._judged = judge.send_called
        self._policy = policy
        self._exchange = exchange
        self._add = exchange.add
        self.called = 0
        self.awaited = 0

    async def receive(self) -> Any:
        """Receive an event and judge it."""
        judge, add = self._judge, self._add
        found = judge.receive_called()
        add("receive")
        if found:
            self._policy.tell(found, self._exchange)
        try:
            event = await self._receive()
        except BaseException as error:
            if isinstance(error, Exception):
                found = judge.receive_raised(error)
                add("receive-raised", error)
            else:  # cancelled, under any event loop
                found = judge.receive_cancelled()
                add("receive-cancelled")
            if found:
                self._policy.tell(found, self._exchange)
            raise
        found = judge.receive_returned(event)
        judge.forward = judge.record = None  # the server's event goes on as it is
        add("received", event.copy() if type(event) is dict else event)
        if found:
            self._policy.tell(found, self._exchange)
        return event

    def send(self, event: Any) -> Coroutine[Any, Any, Any]:
        """Judge an event, then send it."""
        found = self._judged(event)
        judge = self._judge
        if judge.record is None:
            self._add("send", event.copy() if type(event) is dict else event)
        else:
            self._add("send", judge.record)
            event, judge.record, judge.forward = judge.forward, None, None
        if found:
            self._tell(found)
        try:
            result = self._send(event)
        except BaseException as error:
            self._raised(error)
            raise
        self.called += 1
        return self._finish(result)

    def misused(
        self, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Coroutine[Any, Any, Any]:
        """Judge a call with other arguments than one event, then make it all the same."""
        from gateproof.validators.asgi.values import Misuse

        misuse = Misuse(arguments, named)
        found = self._judged(misuse)
        self._add("send", misuse)
        self._tell(found)
        try:
            result = self._send(*arguments, **named)
        except BaseException as error:
            self._raised(error)
            raise
        self.called += 1
        return self._finish(result)

    async def _finish(self, result: Awaitable[Any]) -> Any:
        self.awaited += 1
        try:
            value = await result
        except BaseException as error:
            self._raised(error)
            raise
        judge = self._judge
        if judge.refusable is None:  # the usual case: nothing to say of a return
            self._add("sent")
            return value
        found = judge.send_returned()
        self._add("sent")
        if found:
            self._policy.tell(found, self._exchange)
        return value

    def _tell(self, found: Found) -> None:
        """Tell a breach; if that raises, the event goes no further, as if refused."""
        try:
            self._policy.tell(found, self._exchange)
        except BaseException as error:
            self._judge.send_raised(error)
            self._exchange.add("send-raised", error)
            raise

    def _raised(self, error: BaseException) -> None:
        found = self._judge.send_raised(error)
        self._exchange.add("send-raised", error)
        if found:
            self._policy.tell(found, self._exchange)


async def watch(
    app: Callable[..., Any],
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    policy: Policy,
    exchange: Exchange,
) -> Any:
    """Call ``app`` for one connection and judge what crosses its boundary.

    Args:
        app: an ASGI 3 application.
        scope: passed on as the same object.
        receive: the server's; the application gets a proxy.
        send: the server's; the application gets a proxy.
        policy: what is told, and to whom.
        exchange: the ladder to record in.

    Returns:
        What the application returned.

    Raises:
        ConformanceError: as ``policy`` says.
    """
    global _judge  # noqa: PLW0603 - a lazily loaded function
    if _judge is None:
        from gateproof.validators.asgi.judge import judge as loaded

        _judge = loaded
    judge = _judge(scope, policy)
    found = judge.called(scope)
    exchange.add("call", scope.copy() if type(scope) is dict else scope)
    if judge.record is not None:
        _substitute(scope, judge)
    if found:
        policy.tell(found, exchange)
    boundary = Boundary(receive, send, judge, policy, exchange)
    try:
        result = app(scope, Receiver(boundary.receive, receive), Sender(boundary.send, send))
    except TypeError as error:
        # Raised by the call itself, not by code of the application's: it does not
        # take three arguments.
        if error.__traceback__ is not None and error.__traceback__.tb_next is None:
            _tell_unusable(error, judge, policy, exchange)
        _end("raise", judge.raised(error), error, policy, exchange)
        raise
    except BaseException as error:
        _end("raise", judge.raised(error), error, policy, exchange)
        raise
    if not hasattr(result, "__await__") and not _is_old_coroutine(result):
        _tell_unusable(result, judge, policy, exchange)
    try:
        value = await result
    except BaseException as error:
        if isinstance(error, Exception):
            _end("raise", judge.raised(error), error, policy, exchange)
        else:
            _end("cancel", judge.cancelled(), None, policy, exchange)
        raise
    if boundary.called != boundary.awaited:
        count = boundary.called - boundary.awaited
        _end("unawaited", judge.unawaited(count), count, policy, exchange)
    found = judge.returned(value)
    if found and _being_cancelled():
        # Swallowing the cancellation is the application's way to leave.
        _end("cancel", judge.cancelled(), None, policy, exchange)
    else:
        _end("return", found, value, policy, exchange)
    return value


def _end(step: str, found: Found, data: object, policy: Policy, exchange: Exchange) -> None:
    exchange.add(step, data)
    if found:
        policy.tell(found, exchange)


def _tell_unusable(what: object, judge: Judge, policy: Policy, exchange: Exchange) -> None:
    found = judge.unusable(what)
    exchange.add("unusable", what)
    policy.tell(found, exchange)


def _substitute(scope: Scope, judge: Judge) -> None:
    """Put unread iterators in the caller's own scope where judging read the old ones."""
    forward = judge.forward
    if forward is not scope and isinstance(forward, dict):
        for key, value in forward.items():
            if scope.get(key) is not value:
                scope[key] = value
    judge.forward = judge.record = None


def _is_old_coroutine(result: object) -> bool:
    """Whether ``result`` is a generator made awaitable by ``types.coroutine``."""
    code = getattr(result, "gi_code", None)
    return code is not None and bool(code.co_flags & 0x100)  # CO_ITERABLE_COROUTINE


def _being_cancelled() -> bool:
    """Whether the current asyncio task has a cancellation that it swallowed."""
    import sys

    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no asyncio loop is running
        return False
    return task is not None and task.cancelling() > 0
