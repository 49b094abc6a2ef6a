"""What the connections of one validator have in common, by event loop, as plain facts.

:class:`Loops` is what a validator keeps of them. Facts are recorded as rungs of
step ``"loop"`` in the exchange of the connection that they are about, and fed to
the :class:`~gateproof.validators.asgi.loop.LoopJudge` of their loop.

Nothing is done for a request as long as no lifespan was called. Loops are held
weakly; each loop's own connections are only touched in its thread.
"""

from __future__ import annotations

import itertools
import weakref
from _thread import get_ident
from contextvars import ContextVar
from time import monotonic_ns

from gateproof.validators.asgi.event_loops import cancelled, cancelling, running
from gateproof.validators.asgi.loop import LoopJudge, Phase
from gateproof.validators.asgi.loop_entries import (
    WIDEST,
    compared,
    entries,
    holds,
    recognised,
    told,
)
from gateproof.validators.asgi.machines import Answer, Lives, Response
from gateproof.validators.asgi.values import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

    from gateproof.validators.asgi.judge import Found, Judge
    from gateproof.validators.exchange import Exchange
    from gateproof.validators.policy import Policy

    Fact = dict[str, Any]

_NONE, _RUNNING = int(Phase.NONE), int(Phase.RUNNING)
_HANDLED = {
    "http": frozenset(int(state) for state in Response if state < Response.OWING),
    "websocket": frozenset({int(Answer.WAITING), int(Answer.ACCEPTED), int(Answer.DENYING)}),
}
"""Where the machine of a connection is while it still has to be answered."""

_inside: ContextVar[Joined | None] = ContextVar("gateproof_inside", default=None)
"""The watched call in which code runs: what the application calls itself is its own affair."""


class Loops:
    """The event loops on which one validator was called.

    Args:
        policy: what is told, and to whom.

    Attributes:
        awake: whether an ordinary connection has to be joined.
    """

    __slots__ = ("_calls", "_loops", "_policy", "_records", "awake")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._records: dict[int, Record] = {}
        self._calls = itertools.count(1)
        self._loops = itertools.count(1)
        self.awake = True  # for the first connection: was it before the lifespan?

    def following(
        self, result: Awaitable[Any], judge: Judge, scope: object, exchange: Exchange
    ) -> Awaitable[Any]:
        """Tell what a call means to the other connections of its loop.

        Args:
            result: what the application's call gave.
            judge: the connection's.
            scope: what it was called with.
            exchange: the ladder to record in.

        Returns:
            ``result``, or what notes its end as well.

        Raises:
            ConformanceError: as the policy says; ``result`` is not awaited then.
        """
        loop = running()
        if loop is None or type(scope) is not dict:
            self._doze()
            return result
        call = outer = _inside.get()
        while call is not None:  # the application's own calls of itself are not judged
            if call.loops is self:
                return result
            call = call.outer
        record = self._records.get(id(loop))
        handled = _HANDLED.get(judge.protocol)
        try:
            if record is None or record.judge.phase != _RUNNING or handled is None:
                joined = self._unusual(loop, record, judge, scope, exchange)
            else:
                joined = self._connects(record, judge, scope, exchange)
        except BaseException:
            close: Any = getattr(result, "close", None)
            if close is not None:
                close()
            raise
        return result if joined is None else joined.follow(result, outer)

    def _unusual(
        self,
        loop: object,
        record: Record | None,
        judge: Judge,
        scope: dict[str, Any],
        exchange: Exchange,
    ) -> Joined | None:
        """Join a call that is a lifespan's, or a connection's where no lifespan is running."""
        if record is not None and record.loop() is not loop:
            record = None
        if judge.protocol == "lifespan":
            record = record or self._noted(loop)
            return None if record is None else self._lives(record, judge, scope, exchange)
        if judge.protocol not in _HANDLED:
            return None
        if record is None or record.judge.phase == _NONE:
            record = self._without(loop, record)
        if record is None:
            return None
        if record.judge.phase == _NONE and not record.elsewhere:
            record.earlier = record.earlier or not record.lived
            return Joined(self, record, judge)
        return self._connects(record, judge, scope, exchange)

    def forget(self, record: Record) -> None:
        """Keep nothing of a loop, save that its lifespan failed or was cut short."""
        loop = record.loop()
        if record.judge.phase == _NONE and loop is not None:
            self._records.pop(id(loop), None)
        self._doze()

    def _doze(self) -> None:
        """Be awake only where a lifespan was called."""
        self.awake = any(other.lived for other in self._records.copy().values())

    def _nested(self) -> bool:
        call = _inside.get()
        while call is not None:
            if call.loops is self:
                return True
            call = call.outer
        return False

    def _noted(self, loop: Any) -> Record | None:
        """A new record of ``loop``, to be forgotten with it."""
        key, records = id(loop), self._records

        def gone(reference: object) -> None:
            record = records.get(key)
            if record is not None and record.loop is reference:
                records.pop(key, None)

        try:
            reference = weakref.ref(loop, gone)
        except TypeError:
            return None
        noting = self._policy.rules.level == "all"
        record = records[key] = Record(reference, next(self._loops), noting=noting)
        return record

    def _without(self, loop: Any, record: Record | None) -> Record | None:
        """The record for a connection on a loop without a lifespan, ``None`` if it needs none."""
        others = self._records.copy().values()
        if not any(other.lived for other in others):
            self.awake = False
            return record or (None if others else self._noted(loop))
        if any(other.runs_here() for other in others):
            return Record(weakref.ref(loop), next(self._loops), elsewhere=True)
        return record

    def _connects(
        self, record: Record, judge: Judge, scope: dict[str, Any], exchange: Exchange
    ) -> Joined:
        call = Joined(self, record, judge)
        call.number = number = next(self._calls)
        fact: Fact = {
            "loop": record.number,
            "what": "connection",
            "connection": number,
            "protocol": judge.protocol,
            "elsewhere": record.elsewhere,
        }
        if record.judge.phase != _RUNNING:
            self.tell(record, fact, exchange)
            return call
        state = scope.get("state")
        if type(state) is dict and state is not record.namespace and len(state) <= WIDEST:
            usual = holds(state, record.entries)
            fact["state"] = id(state)
            fact["entries"] = call.entries = record.entries if usual else entries(state)
            call.state = state
            if record.left is not None:
                recognised(fact, record, call, scope)
            if usual and record.judge.state.settled and "same" not in fact:
                if exchange.room:  # the judge would say nothing
                    exchange.room -= 1
                    exchange.head.append(("loop", fact, monotonic_ns()))
                return call
            if not usual:
                compared(fact, record, state)
        else:
            told(fact, state)
        self.tell(record, fact, exchange)
        return call

    def _lives(
        self, record: Record, judge: Judge, scope: dict[str, Any], exchange: Exchange
    ) -> Joined:
        number = next(self._calls)
        life = Lifespan(self, record, judge, number, exchange)
        record.lived = self.awake = True
        judge.life = life  # type: ignore[attr-defined]
        fact: Fact = {"loop": record.number, "what": "lifespan", "lifespan": number}
        state = scope.get("state")
        if state is None or issubclass(type(state), dict):
            fact["state"] = None if state is None else id(state)
            record.namespace, record.entries = state, {}
        self.tell(record, fact, exchange)
        return life

    def tell(self, record: Record, fact: Fact, exchange: Exchange) -> None:
        """Record a fact and tell what it breaks.

        Raises:
            ConformanceError: as the policy says.
        """
        exchange.add("loop", fact)
        found = record.judge.feed(fact, monotonic_ns())
        if found:
            self._policy.tell(found, exchange)


class Record:
    """What is known of one event loop.

    Attributes:
        open: the connections that have not ended.
        earlier: whether connections came before its first lifespan.
        lived: whether a lifespan was ever called.
        elsewhere: whether the lifespan runs on another loop of the thread.
        namespace: the lifespan scope's ``state``, while the call lasts.
        entries: its entries when startup was complete.
        left: identity of a state to which a connection added, its number, and what.
        kept: such a state that was seen again, its number, keys and headers.
    """

    __slots__ = (
        "earlier",
        "elsewhere",
        "entries",
        "judge",
        "kept",
        "left",
        "lived",
        "loop",
        "namespace",
        "number",
        "open",
        "thread",
    )

    def __init__(
        self,
        loop: weakref.ref[Any],
        number: int,
        *,
        noting: bool = True,
        elsewhere: bool = False,
    ) -> None:
        self.loop = loop
        self.number = number
        self.thread = get_ident()
        self.judge = LoopJudge(noting=noting)
        self.open: set[Joined] = set()
        self.earlier = self.lived = False
        self.elsewhere = elsewhere
        self.namespace: Any = None
        self.entries: dict[str, int] = {}
        self.left: tuple[int, int, dict[str, int]] | None = None
        self.kept: tuple[Any, int, list[str], Any] | None = None

    def runs_here(self) -> bool:
        """Whether a lifespan is running on this loop, which is one of the current thread."""
        if self.judge.phase != _RUNNING or self.thread != get_ident():
            return False
        loop = self.loop()
        closed = getattr(loop, "is_closed", None)
        return loop is not None and not (closed is not None and closed())

    def handled(self, but: Joined) -> int:
        """How many connections are being handled, besides that of ``but``."""
        return sum(one is not but and one.handled() for one in self.open)


class Joined:
    """A call among the others of its loop, while it lasts.

    Attributes:
        loops: those of the validator; ``None`` once the call is over.
        outer: the watched call in which it was made.
        state: the ``state`` of its scope, and what it held when it was called.
    """

    __slots__ = ("_judge", "_record", "entries", "loops", "number", "outer", "state")

    def __init__(self, loops: Loops, record: Record, judge: Judge) -> None:
        self.loops: Loops | None = loops
        self._record = record
        self._judge: Any = judge
        self.outer: Joined | None = None
        self.number = 0
        self.state: Any = None
        self.entries: dict[str, int] = {}

    def handled(self) -> bool:
        """Whether the connection is still in use: neither gone nor answered."""
        judge = self._judge
        return not judge.gone and judge.state in _HANDLED[judge.protocol]

    async def follow(self, result: Awaitable[Any], outer: Joined | None) -> Any:
        """Await the application's call and note its end.

        Args:
            result: what the call gave.
            outer: the watched call in which it was made.

        Returns:
            What the application returned; what it raises passes.
        """
        opened = self._record.open
        opened.add(self)
        self.outer = outer
        _inside.set(self)
        try:
            value = await result
        except BaseException as error:
            _inside.set(outer)
            self.ended(error)
            raise
        _inside.set(outer)
        self.ended(None)
        return value

    def ended(self, error: BaseException | None) -> None:  # noqa: ARG002 - a lifespan's counts
        """The call is over, by ``error`` if there is one."""
        state = self.state
        if state is not None and len(state) != len(self.entries):
            now = entries(state)
            added = {key: held for key, held in now.items() if key not in self.entries}
            if added:
                self._record.left = (id(state), self.number, added)
        self._record.open.discard(self)
        self.loops = self.outer = self.state = None


class Lifespan(Joined):
    """A lifespan call: its steps are facts to the other connections."""

    __slots__ = ("_exchange",)

    def __init__(
        self, loops: Loops, record: Record, judge: Judge, number: int, exchange: Exchange
    ) -> None:
        super().__init__(loops, record, judge)
        self.number = number
        self._exchange = exchange

    def handled(self) -> bool:
        """A lifespan is no connection."""
        return False

    def lived(self, symbol: int) -> Found:
        """Its judge saw ``symbol``; what that means to the others is told with it."""
        what = _LIVED.get(symbol)
        if what is None or self.loops is None:
            return NOTHING
        record = self._record
        fact: Fact = {"loop": record.number, "what": what, "lifespan": self.number}
        if what == "startup":
            fact["open"] = record.handled(self)
            fact["earlier"] = record.earlier
        elif what == "complete":
            fact["entries"] = record.entries = entries(record.namespace)
        elif what == "shutdown":
            fact["open"] = record.handled(self)
            fact["cancelling"] = cancelling()
            fact["entries"] = entries(record.namespace)
        return self._judged(fact)

    def refused(self) -> None:
        """A message of the application's was refused."""
        fact = {"loop": self._record.number, "what": "refused", "lifespan": self.number}
        self._judged(fact)

    def _judged(self, fact: Fact) -> Found:
        self._exchange.add("loop", fact)
        return self._record.judge.feed(fact, monotonic_ns())

    def ended(self, error: BaseException | None) -> None:
        """Tell how the call ended, and forget the loop if that was the end of it."""
        record, loops = self._record, self.loops
        super().ended(error)
        fact: Fact = {"loop": record.number, "what": "returned", "lifespan": self.number}
        if error is not None:
            fact["what"] = "cancelled" if cancelled(error) else "raised"
        if fact["what"] == "cancelled":
            fact["open"] = record.handled(self)
            fact["cancelling"] = cancelling()
        if loops is None:
            return
        try:
            loops.tell(record, fact, self._exchange)
        finally:
            record.earlier = False
            record.namespace = record.left = record.kept = None
            loops.forget(record)


_LIVED: dict[int, str] = {
    Lives.STARTUP: "startup",
    Lives.SHUTDOWN: "shutdown",
    Lives.COMPLETE: "complete",
    Lives.FAIL: "failed",
    Lives.STOP: "answered",
    Lives.STOP_FAIL: "answered",
}
