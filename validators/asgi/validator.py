"""The live wrapper: a mirror around an ASGI application that judges both sides."""

from __future__ import annotations

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import Any

    from gateproof.validators.asgi.boundary import Boundary, Proxy
    from gateproof.validators.asgi.judge import Found, Judge
    from gateproof.validators.asgi.loop_facts import Loops
    from gateproof.validators.asgi.values import Misuse
    from gateproof.validators.policy import OnViolation
    from gateproof.validators.violation import Violation

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]

    Start = Callable[[object, Policy], Judge]
    Parts = tuple[Start, dict[str, type[Boundary]], type[Boundary], type[Proxy], type[Proxy]]

_MISSING = object()

stacked: Callable[..., Any] | None = None
"""What watches instead while there are ``layer()`` points in this process, maybe inside."""

_parts: Parts | None = None
"""What a connection is made of, loaded with the first one: importing a validator stays cheap."""


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
        self._loops: Loops | None = None

    async def __call__(
        self,
        scope: Scope,  # without a default: a server may try whether we are a factory
        receive: Receive = _MISSING,  # type: ignore[assignment]
        send: Send = _MISSING,  # type: ignore[assignment]
        *rest: Any,
        **named: Any,
    ) -> Any:
        """Handle one connection.

        A server that calls with other arguments than these three is told of; the
        application is then called likewise.

        Raises:
            ConformanceError: the policy is ``"raise"`` and the application broke
                a requirement that fails.
        """
        if send is _MISSING or rest or named or type(scope) is not dict:
            call = _miscall((scope, receive, send, *rest), named)
            if call is not None:
                return await _serve_miscalled(self.app, call, self.policy)
        return await watch(
            self.app,
            scope,
            receive,
            send,
            policy=self.policy,
            exchange=Exchange(),
            loops=self._loops or self._begin(),
        )

    def _begin(self) -> Loops:
        """Keep in mind what the connections of each event loop have in common, from here on."""
        from gateproof.validators.asgi.loop_facts import Loops

        self._loops = Loops(self.policy)
        return self._loops

    def __getattr__(self, name: str) -> Any:
        """An attribute of the wrapped application."""
        if name in ("app", "policy", "_loops"):  # not set yet: no wrapped application to ask
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


async def watch(
    app: Callable[..., Any],
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    policy: Policy,
    exchange: Exchange,
    loops: Loops | None = None,
) -> Any:
    """Call ``app`` for one connection and judge what crosses its boundary.

    Args:
        app: an ASGI 3 application.
        scope: passed on as the same object.
        receive: the server's; the application gets a proxy.
        send: the server's; the application gets a proxy.
        policy: what is told, and to whom.
        exchange: the ladder to record in.
        loops: what is known of the other connections; ``None`` for nothing.

    Returns:
        What the application returned.

    Raises:
        ConformanceError: as ``policy`` says; that of a server's breach also where
            the application swallowed it.
    """
    if stacked is not None and type(exchange) is Exchange:
        return await stacked(
            app, scope, receive, send, policy=policy, exchange=exchange, loops=loops
        )
    start, boundaries, other, receiver, sender = _parts or _load()
    judge = start(scope, policy)
    found = judge.called(scope)
    exchange.add("call", judge.scope if type(scope) is dict else scope)
    if judge.record is not None:
        _substitute(scope, judge)
    if found:
        policy.tell(found, exchange)
    made = boundaries.get(judge.protocol, other)
    boundary = made(receive, send, judge, policy, exchange)
    try:
        result = app(scope, receiver(made.receive, boundary), sender(made.send, boundary))
    except TypeError as error:
        # Raised by the call itself, not by code of the application's: it does not
        # take three arguments.
        if error.__traceback__ is not None and error.__traceback__.tb_next is None:
            _tell_unusable(error, judge, policy, exchange, app)
        _end("raise", judge.raised(error), error, policy, exchange)
        raise
    except BaseException as error:
        _end("raise", judge.raised(error), error, policy, exchange)
        raise
    if not hasattr(result, "__await__") and not _is_old_coroutine(result):
        _tell_unusable(result, judge, policy, exchange, app)
    if loops is not None and (loops.awake or judge.protocol == "lifespan"):
        result = loops.following(result, judge, scope, exchange)
    try:
        value = await result
    except BaseException as error:
        if isinstance(error, Exception):
            _end("raise", judge.raised(error), error, policy, exchange)
            if exchange.due is not None and exchange.due is not error:
                raise exchange.due from error
        else:
            _end("cancel", judge.cancelled(), None, policy, exchange)
        raise
    if boundary.called != boundary.awaited:
        count = boundary.called - boundary.awaited
        _end("unawaited", judge.unawaited(count), count, policy, exchange)
    if judge.files is not None:
        _look_at(judge.files, judge, policy, exchange)
    found = judge.returned(value)
    if found and _being_cancelled():
        # Swallowing the cancellation is the application's way to leave.
        _end("cancel", judge.cancelled(), None, policy, exchange)
    else:
        _end("return", found, value, policy, exchange)
    if exchange.due is not None:
        raise exchange.due
    return value


def _load() -> Parts:
    """Load what connections are made of."""
    global _parts  # noqa: PLW0603 - loaded once
    from gateproof.validators.asgi.boundary import Boundary, Receiver, Sender
    from gateproof.validators.asgi.judge import judge
    from gateproof.validators.asgi.ordinary import BOUNDARIES

    _parts = (judge, BOUNDARIES, Boundary, Receiver, Sender)
    return _parts


def _end(step: str, found: Found, data: object, policy: Policy, exchange: Exchange) -> None:
    exchange.add(step, data)
    if found:
        policy.tell(found, exchange)


def _look_at(files: list[object], judge: Judge, policy: Policy, exchange: Exchange) -> None:
    """Note the state of the files that the response was made of."""
    from time import monotonic_ns

    from gateproof.validators.asgi.files import look

    facts = look(files, (monotonic_ns() - exchange.rungs()[0].at) / 1e9)
    if facts:
        _end("files", judge.left_behind(facts), facts, policy, exchange)


def _tell_unusable(
    what: object, judge: Judge, policy: Policy, exchange: Exchange, app: object
) -> None:
    from gateproof.validators.asgi.callables import style

    how = style(app)
    if how is None:
        _end("unusable", judge.unusable(what), what, policy, exchange)
    else:
        _end("legacy", judge.legacy(how), how, policy, exchange)


def _miscall(arguments: tuple[Any, ...], named: dict[str, Any]) -> Misuse | None:
    """The call of the application, if it was not one with scope, receive and send."""
    from gateproof.validators.asgi.callables import misplaced
    from gateproof.validators.asgi.values import Misuse

    given: list[Any] = []
    gap = False
    for name, one in zip(("scope", "receive", "send"), arguments, strict=False):
        if one is _MISSING:
            gap = True
        elif gap:  # given by its name, as the one before it is missing
            named = {name: one, **named}
        else:
            given.append(one)
    given.extend(arguments[3:])
    if not named and len(given) == 3 and not misplaced(given):
        return None
    return Misuse(tuple(given), named)


async def _serve_miscalled(app: Callable[..., Any], call: Misuse, policy: Policy) -> Any:
    """Tell of a call with other arguments and make it all the same, unwatched."""
    from gateproof.validators.asgi.judge import judge

    exchange = Exchange()
    found = judge(call, policy).called(call)
    _end("call", found, call, policy, exchange)
    return await app(*call.arguments, **call.named)


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
