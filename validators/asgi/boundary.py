"""The two callables of one connection, watched: what a wrapper puts in their place."""

from __future__ import annotations

from functools import partial
from time import monotonic_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from gateproof.validators.asgi.judge import Found
    from gateproof.validators.exchange import Exchange
    from gateproof.validators.policy import Policy

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]

_MISSING: Any = object()


class Boundary:
    """receive and send of one connection: each crossing is judged and recorded.

    Protocols have subclasses that accept their most ordinary messages without
    asking the judge; everything else comes here.

    Attributes:
        called: how many calls of send() gave something to await.
        awaited: how many of these were awaited, or begun to be.
    """

    __slots__ = ("_exchange", "_judge", "_policy", "_receive", "_send", "awaited", "called")

    def __init__(
        self, receive: Receive, send: Send, judge: Any, policy: Policy, exchange: Exchange
    ) -> None:
        self._receive = receive
        self._send = send
        self._judge: Any = judge  # a Judge; subclasses know of which class
        self._policy = policy
        self._exchange = exchange
        self.called = 0
        self.awaited = 0

    # receive() -----------------------------------------------------------------

    async def receive(self) -> Any:
        """Receive an event and judge it."""
        self._listening()
        try:
            event = await self._receive()
        except BaseException as error:
            self._deaf(error)
            raise
        return self._heard(event)

    def _listening(self) -> None:
        """receive() was called."""
        found = self._judge.receive_called()
        self._exchange.add("receive")
        if found:
            self._policy.tell(found, self._exchange)

    def _heard(self, event: Any) -> Any:
        """receive() returned ``event``, which goes on as it is."""
        judge = self._judge
        found = judge.receive_returned(event)
        judge.forward = judge.record = None
        self._exchange.add("received", event.copy() if type(event) is dict else event)
        if found:
            self._policy.tell(found, self._exchange)
        return event

    def _deaf(self, error: BaseException) -> None:
        """receive() raised ``error`` or was cancelled, under any event loop."""
        if type(error) is TypeError:
            self._explain("receive", self._receive, 0, error)
        if isinstance(error, Exception):
            found = self._judge.receive_raised(error)
            self._exchange.add("receive-raised", error)
        else:
            found = self._judge.receive_cancelled()
            self._exchange.add("receive-cancelled")
        if found:
            self._policy.tell(found, self._exchange)

    # send() --------------------------------------------------------------------

    def send(
        self, event: Any = _MISSING, /, *arguments: Any, **named: Any
    ) -> Coroutine[Any, Any, Any]:
        """Judge an event, then send it: when called, for a server may do it then, too."""
        if arguments or named or event is _MISSING:
            if event is not _MISSING:
                arguments = (event, *arguments)
            return self._misused(arguments, named)
        judge = self._judge
        found = judge.send_called(event)
        if judge.record is None:
            self._exchange.add("send", event.copy() if type(event) is dict else event)
        else:
            self._exchange.add("send", judge.record)
            event, judge.record, judge.forward = judge.forward, None, None
        if found:
            self._tell(found)
        try:
            result = self._send(event)
        except BaseException as error:
            self._raised(error)
            raise
        self.called += 1
        return self._sending(result)

    def _pass(self, event: dict[str, Any]) -> Coroutine[Any, Any, Any]:
        """Send an event that the judge need not see; beyond the head it is only counted."""
        self._judge.refusable = None
        exchange = self._exchange
        counted = not exchange.room
        if counted:
            exchange.later += 1
            exchange.sent = event
            exchange.answered = False
        else:
            exchange.room -= 1
            exchange.head.append(("send", event.copy(), monotonic_ns()))
        try:
            result = self._send(event)
        except BaseException as error:
            self._raised(error)
            raise
        self.called += 1
        return self._counted(result, event) if counted else self._sending(result)

    def _misused(
        self, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Coroutine[Any, Any, Any]:
        """Judge a call with other arguments than one event, then make it all the same."""
        from gateproof.validators.asgi.values import Misuse

        misuse = Misuse(arguments, named)
        found = self._judge.send_called(misuse)
        self._exchange.add("send", misuse)
        self._tell(found)
        try:
            result = self._send(*arguments, **named)
        except BaseException as error:
            self._raised(error)
            raise
        self.called += 1
        return self._sending(result)

    async def _sending(self, result: Awaitable[Any]) -> Any:
        """Await what send() gave."""
        self.awaited += 1
        try:
            value = await result
        except BaseException as error:
            self._raised(error)
            raise
        judge, exchange = self._judge, self._exchange
        if judge.refusable is None:  # the usual case: nothing to say of a return
            if exchange.room:
                exchange.room -= 1
                exchange.head.append(("sent", None, monotonic_ns()))
            else:
                exchange.add("sent")
            return value
        found = judge.send_returned()
        exchange.add("sent")
        if found:
            self._policy.tell(found, exchange)
        return value

    async def _counted(self, result: Awaitable[Any], event: object) -> Any:
        """Await what send() gave for ``event``, which was only counted."""
        self.awaited += 1
        try:
            value = await result
        except BaseException as error:
            self._raised(error)
            raise
        exchange = self._exchange
        exchange.later += 1
        if exchange.sent is event:
            exchange.answered = True
        return value

    def _tell(self, found: Found) -> None:
        """Tell a breach; if that raises, the event goes no further, as if refused."""
        self._judge.blame(found)
        try:
            self._policy.tell(found, self._exchange)
        except BaseException as error:
            self._judge.latest = None  # the server never saw it
            self._judge.send_raised(error)
            self._exchange.add("send-raised", error)
            raise

    def _raised(self, error: BaseException) -> None:
        """send() raised ``error``."""
        judge = self._judge
        judge.latest = None
        if isinstance(error, Exception) and not isinstance(error, OSError):
            from gateproof.validators.asgi.refused import unanswered

            if type(error) is TypeError:
                self._explain("send", self._send, 1, error)
            judge.latest = unanswered(self._exchange.rungs())
        found = judge.send_raised(error)
        self._exchange.add("send-raised", error)
        if found:
            self._policy.tell(found, self._exchange)

    def _explain(self, side: str, function: object, arguments: int, error: TypeError) -> None:
        """Tell of a receive or send that cannot be called, or gave nothing to await."""
        from gateproof.validators.asgi.callables import unusable

        how = unusable(function, arguments, error)
        if how:
            judge = self._judge
            found = judge.receive_unusable(how) if side == "receive" else judge.send_unusable(how)
            self._exchange.add(f"{side}-unusable", how)
            self._policy.tell(found, self._exchange)


# What the application is given ------------------------------------------------

_ARGUMENTS: Any = partial.args


class Proxy(partial):  # type: ignore[type-arg]
    """receive or send as the application sees it; its attributes are the server's.

    A call goes to the boundary without a frame of its own. To whoever asks, it is a
    partial of the server's own callable with nothing filled in, so that its
    signature and kind are that callable's, too.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        """An attribute of the server's own callable."""
        return getattr(self.func, name)

    @property
    def __signature__(self) -> Any:
        """The signature of the server's own callable."""
        import inspect

        return inspect.signature(self.func)

    args = property(lambda _self: ())
    keywords = property(lambda _self: {})


class Receiver(Proxy):
    """receive() as the application sees it."""

    __slots__ = ()

    func = property(lambda self: _ARGUMENTS.__get__(self)[0]._receive)  # noqa: SLF001


class Sender(Proxy):
    """send() as the application sees it."""

    __slots__ = ()

    func = property(lambda self: _ARGUMENTS.__get__(self)[0]._send)  # noqa: SLF001
