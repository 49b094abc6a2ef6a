"""The judge of what the connections of one event loop owe each other.

Every connection has a judge of its own. What only shows between them is judged
here: that startup comes before the first connection and shutdown after the last,
that the lifespan lives on the loop of the requests and as long as they come, and
that what it stored in ``state`` is copied to each of them.

The judge is fed facts, as plain values, so that they can be written down and
judged elsewhere. See :data:`FACTS` for what they say; the live wrapper makes them
in :mod:`gateproof.validators.asgi.loop_facts`.
https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

# ruff: noqa: E501 - a table reads by its columns

from __future__ import annotations

from enum import IntEnum
from functools import partial

from gateproof.validators.asgi.loop_state import FINDS as STATE_FINDS
from gateproof.validators.asgi.loop_state import UNTOUCHED, StateJudge
from gateproof.validators.asgi.values import NOTHING, breach
from gateproof.validators.machine import Machine, breaks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gateproof.validators.asgi.judge import Found

    Fact = dict[str, Any]

PATIENCE = 25 * 10**9
"""Nanoseconds after which a server may have given up waiting for an answer.

The least default among servers is 30 seconds.
"""


class Phase(IntEnum):
    """How far the lifespan of an event loop has come.

    ``RAISED`` raised after it had failed to start. ``CUT`` was cancelled before its
    shutdown, ``CUT_AMID`` while a connection was being handled. Where lifespans
    overlap (``SEVERAL``) or a message was refused (``ASTRAY``), judging holds back.
    """

    NONE = 0
    CALLED = 1
    STARTING = 2
    RUNNING = 3
    FAILED = 4
    RAISED = 5
    STOPPING = 6
    STOPPED = 7
    CUT = 8
    CUT_AMID = 9
    SEVERAL = 10
    ASTRAY = 11


class Meets(IntEnum):
    """What the connections of a loop can meet.

    ``_AMID`` is while connections are being handled, ``STARTUP_LATE`` after some
    were; ``_LATE`` of the others is after :data:`PATIENCE`.
    """

    CALL = 0
    STARTUP = 1
    STARTUP_LATE = 2
    STARTUP_AMID = 3
    COMPLETE = 4
    FAIL = 5
    SHUTDOWN = 6
    SHUTDOWN_AMID = 7
    ANSWER = 8
    REFUSE = 9
    RETURN = 10
    RAISE = 11
    CANCEL = 12
    CANCEL_AMID = 13
    CANCEL_LATE = 14
    CONNECT = 15
    CONNECT_LATE = 16


def _loop() -> Machine:
    # fmt: off
    NONE, CALLED, STARTING, RUNNING, FAILED, RAISED, STOPPING, STOPPED, CUT, CUT_AMID, SEVERAL, ASTRAY = Phase  # noqa: N806
    # fmt: on
    twice = breaks("asgi.lifespan.once-per-event-loop", SEVERAL)
    late = breaks("asgi.lifespan.startup.sent-before-connections", STARTING, "weak")
    amid = breaks("asgi.lifespan.startup.sent-before-connections", STARTING)
    early = breaks("asgi.lifespan.startup.sent-before-connections", CALLED)
    hasty = breaks("asgi.lifespan.startup-complete.server-waits", STARTING)
    serves = breaks("asgi.lifespan.startup-failed-exits", FAILED)
    forgets = breaks("asgi.lifespan.exception.after-startup-failed", RAISED)
    over = partial(breaks, "asgi.lifespan.shutdown.sent-after-connections-closed", STOPPING)
    leaves = breaks("asgi.lifespan.shutdown-complete.server-waits", NONE, "weak")
    cut = breaks("asgi.lifespan.scope.lasts-for-loop", CUT, "weak")
    cut_amid = breaks("asgi.lifespan.scope.lasts-for-loop", CUT_AMID)
    # fmt: off
    return Machine.table("event loop",
        tuple(Meets),
        #          CALL     STARTUP   _LATE     _AMID     COMPLETE  FAIL      SHUTDOWN  _AMID         ANSWER    REFUSE    RETURN    RAISE     CANCEL    _AMID     _LATE     CONNECT   _LATE
        (NONE,     CALLED,  NONE,     NONE,     NONE,     NONE,     NONE,     NONE,     NONE,         NONE,     NONE,     NONE,     NONE,     NONE,     NONE,     NONE,     NONE,     NONE),
        (CALLED,   twice,   STARTING, late,     amid,     RUNNING,  FAILED,   STOPPING, STOPPING,     ASTRAY,   ASTRAY,   NONE,     NONE,     NONE,     NONE,     NONE,     early,    CALLED),
        (STARTING, twice,   STARTING, STARTING, STARTING, RUNNING,  FAILED,   STOPPING, STOPPING,     ASTRAY,   ASTRAY,   NONE,     NONE,     NONE,     NONE,     NONE,     hasty,    STARTING),
        (RUNNING,  twice,   RUNNING,  RUNNING,  RUNNING,  RUNNING,  RUNNING,  STOPPING, over("weak"), RUNNING,  ASTRAY,   NONE,     NONE,     CUT,      CUT_AMID, CUT,      RUNNING,  RUNNING),
        (FAILED,   CALLED,  FAILED,   FAILED,   FAILED,   FAILED,   FAILED,   FAILED,   FAILED,       FAILED,   FAILED,   FAILED,   RAISED,   FAILED,   FAILED,   FAILED,   serves,   serves),
        (RAISED,   CALLED,  RAISED,   RAISED,   RAISED,   RAISED,   RAISED,   RAISED,   RAISED,       RAISED,   RAISED,   RAISED,   RAISED,   RAISED,   RAISED,   RAISED,   forgets,  forgets),
        (STOPPING, twice,   STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING, STOPPING,     STOPPED,  ASTRAY,   NONE,     NONE,     leaves,   leaves,   NONE,     over(),   over()),
        (STOPPED,  CALLED,  STOPPED,  STOPPED,  STOPPED,  STOPPED,  STOPPED,  STOPPED,  STOPPED,      STOPPED,  STOPPED,  NONE,     NONE,     NONE,     NONE,     NONE,     STOPPED,  STOPPED),
        (CUT,      CALLED,  CUT,      CUT,      CUT,      CUT,      CUT,      CUT,      CUT,          CUT,      CUT,      CUT,      CUT,      CUT,      CUT,      CUT,      cut,      cut),
        (CUT_AMID, CALLED,  CUT_AMID, CUT_AMID, CUT_AMID, CUT_AMID, CUT_AMID, CUT_AMID, CUT_AMID,     CUT_AMID, CUT_AMID, CUT_AMID, CUT_AMID, CUT_AMID, CUT_AMID, CUT_AMID, cut_amid, cut_amid),
        (SEVERAL,  SEVERAL, SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,      SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL,  SEVERAL),
        (ASTRAY,   SEVERAL, ASTRAY,   ASTRAY,   ASTRAY,   ASTRAY,   ASTRAY,   ASTRAY,   ASTRAY,       ASTRAY,   ASTRAY,   NONE,     NONE,     NONE,     NONE,     NONE,     ASTRAY,   ASTRAY),
    )
    # fmt: on


LOOP = _loop()
"""What happens on an event loop, over all its connections."""

SAYS: dict[str, tuple[str, str, str]] = {
    "asgi.lifespan.once-per-event-loop": (
        "a second lifespan call was made on an event loop while the first was alive",
        "two lifespan calls at a time",
        "one lifespan call for each event loop",
    ),
    "asgi.lifespan.startup.sent-before-connections": (
        "a connection was handled before 'lifespan.startup' had been delivered",
        "{what}",
        "'lifespan.startup' before the first connection",
    ),
    "asgi.lifespan.startup-complete.server-waits": (
        "a connection was opened while the application was still starting",
        "{what}",
        "connections after 'lifespan.startup.complete'",
    ),
    "asgi.lifespan.startup-failed-exits": (
        "a connection was opened after 'lifespan.startup.failed'",
        "{what}",
        "the server exits",
    ),
    "asgi.lifespan.exception.after-startup-failed": (
        "a connection was opened after 'lifespan.startup.failed' and an exception",
        "{what}",
        "the server exits: the failure outweighs the exception that followed",
    ),
    "asgi.lifespan.shutdown.sent-after-connections-closed": (
        "'lifespan.shutdown' was delivered before the last connection was over",
        "{what}",
        "'lifespan.shutdown' after the last connection",
    ),
    "asgi.lifespan.shutdown-complete.server-waits": (
        "the lifespan call was cancelled before it had answered 'lifespan.shutdown'",
        "a cancelled call",
        "waiting for 'lifespan.shutdown.complete' or 'lifespan.shutdown.failed'",
    ),
    "asgi.lifespan.scope.lasts-for-loop": (
        "a connection was opened after the lifespan call had been cancelled",
        "{what}",
        "a lifespan call that is left alone until 'lifespan.shutdown'",
    ),
}
"""What is said of each broken requirement of order: message, observed, expected."""

ELSEWHERE = "asgi.lifespan.same-loop-as-requests"

FINDS = {"feed": tuple(SAYS), "_elsewhere": (ELSEWHERE,), "state": STATE_FINDS}
"""The requirements that each method can find broken."""

FACTS: dict[str, tuple[str, ...]] = {
    "lifespan": ("lifespan", "state"),
    "startup": ("lifespan", "open", "earlier"),
    "complete": ("lifespan", "entries"),
    "failed": ("lifespan",),
    "shutdown": ("lifespan", "open", "cancelling", "entries"),
    "answered": ("lifespan",),
    "refused": ("lifespan",),
    "returned": ("lifespan",),
    "raised": ("lifespan",),
    "cancelled": ("lifespan", "open", "cancelling"),
    "connection": ("connection", "protocol", "elsewhere", "state", "entries"),
}
"""What a fact of each ``what`` tells, besides the number of its ``loop``.

``lifespan`` and ``connection`` are numbers of calls. ``state`` is the identity of a
scope's dict, ``None`` where there was no such key, and left out where it was no dict, or
no lifespan was running;
``entries`` are the identities of its values by key. ``open`` counts the connections
that are being handled: called, neither over nor gone, their responses incomplete;
``earlier`` tells whether some were over before the loop's first lifespan.
``cancelling`` tells whether tasks of the loop are being cancelled, ``None`` if that
cannot be known. ``elsewhere`` is whether a running lifespan is on another loop of
the same thread, and none on this one. A connection may also have ``namespace``, the
entries of the lifespan's dict where they differ from its own; ``alike``, the keys of
which both hold objects of one class; ``same``, the number of an earlier connection
whose very dict it was given, and ``added``, the keys that were added in that.
"""

_ENDS = {"returned": Meets.RETURN, "raised": Meets.RAISE}
_STEPS = {
    "complete": Meets.COMPLETE,
    "failed": Meets.FAIL,
    "answered": Meets.ANSWER,
    "refused": Meets.REFUSE,
    **_ENDS,
}


class LoopJudge:
    """Judges what the connections of one event loop owe each other.

    Args:
        noting: whether remarks of verdict ``observed`` are wanted.

    Attributes:
        phase: where the lifespan is.
        lifespan: the number of the lifespan call that is followed.
        state: the judge of what the lifespan stored.
    """

    def __init__(self, *, noting: bool = True) -> None:
        self.phase = int(Phase.NONE)
        self.lifespan = 0
        self._alive: set[int] = set()
        self._since = 0
        self.state = StateJudge(noting=noting)

    def feed(self, fact: Fact, at: int) -> Found:
        """Judge one fact.

        Args:
            fact: what happened; see :data:`FACTS`.
            at: when, in nanoseconds of a clock that never goes back.

        Returns:
            What it breaks.

        Raises:
            ValueError: facts of no such name exist.
        """
        what = fact["what"]
        if what == "connection":
            return self._connected(fact, at)
        if what not in FACTS:
            raise ValueError(f"unknown fact {what!r}; one of {', '.join(FACTS)}")
        symbol = self.symbol(fact, at)
        if what == "lifespan":
            return self._called(fact, at, symbol)
        if what in _ENDS or what == "cancelled":
            self._alive.discard(fact["lifespan"])
            if self.phase == Phase.SEVERAL and not self._alive:
                self.phase = int(Phase.NONE)
        if fact["lifespan"] != self.lifespan:
            return NOTHING
        found: Found = NOTHING
        if what == "complete" and self.phase in (Phase.CALLED, Phase.STARTING):
            self.state.stored(fact["entries"])
        elif what == "shutdown":
            self._since = at
            if self.phase == Phase.RUNNING:
                found = self.state.stopping(fact["entries"])
        return (*self._move(symbol, _handled(fact)), *found)

    def symbol(self, fact: Fact, at: int) -> Meets:
        """What ``fact`` is for the table, as things stand."""
        what = fact["what"]
        step = _STEPS.get(what)
        if step is not None:
            return step
        overdue = at - self._since > PATIENCE
        if what == "connection":
            return Meets.CONNECT_LATE if overdue else Meets.CONNECT
        if what == "lifespan":
            return Meets.CALL
        if what == "startup":
            if fact["open"]:
                return Meets.STARTUP_AMID
            return Meets.STARTUP_LATE if fact["earlier"] else Meets.STARTUP
        # Where tasks are being cancelled, the server has given up on their connections.
        amid = fact["open"] and not fact["cancelling"]
        if what == "shutdown":
            return Meets.SHUTDOWN_AMID if amid else Meets.SHUTDOWN
        if overdue and self.phase == Phase.STOPPING:
            return Meets.CANCEL_LATE
        return Meets.CANCEL_AMID if amid and fact["cancelling"] is False else Meets.CANCEL

    def _called(self, fact: Fact, at: int, symbol: Meets) -> Found:
        found = self._move(symbol, "")
        if self.phase == Phase.CALLED:
            self._alive = set()
            self._since = at
            self.state = StateJudge(fact.get("state"), noting=self.state.noting)
        self._alive.add(fact["lifespan"])
        self.lifespan = fact["lifespan"]
        return found

    def _connected(self, fact: Fact, at: int) -> Found:
        if fact["elsewhere"]:
            return self._elsewhere(fact)
        if self.phase == Phase.RUNNING:
            return self.state.connected(fact)
        return self._move(self.symbol(fact, at), f"a call with a scope of type {_kind(fact)}")

    def _elsewhere(self, fact: Fact) -> Found:
        return (
            breach(
                ELSEWHERE,
                f"a connection of type {_kind(fact)} was served on another event loop than the lifespan's",
                "an event loop without a lifespan, and a lifespan on another loop of the thread",
                "the lifespan and the requests on one event loop",
            ),
        )

    def _move(self, symbol: Meets, what: str) -> Found:
        cell = LOOP.rows[self.phase][symbol]
        self.phase = cell.state
        if cell.requirement is None:
            return NOTHING
        message, observed, expected = SAYS[cell.requirement]
        return (
            breach(
                cell.requirement,
                message,
                observed.format(what=what),
                expected,
                verdict=cell.verdict,
            ),
        )

    def chances(self, fact: Fact, at: int) -> frozenset[str]:
        """The requirements that ``fact``, fed next, gives a chance to be broken."""
        symbol = self.symbol(fact, at)
        cell = LOOP.rows[self.phase][symbol]
        broken = frozenset() if cell.requirement is None else frozenset({cell.requirement})
        if fact["what"] == "connection":
            if fact["elsewhere"]:
                return frozenset({ELSEWHERE})
            if self.phase == Phase.RUNNING:
                return _IN_ORDER | self.state.chances(fact)
            return broken
        if fact["lifespan"] != self.lifespan and symbol != Meets.CALL:
            return frozenset()
        if symbol == Meets.SHUTDOWN and self.phase == Phase.RUNNING:
            return frozenset({LATE, UNTOUCHED})
        if symbol == Meets.ANSWER and self.phase == Phase.STOPPING:
            return LOOP.column(Meets.CANCEL)
        return broken | _COLUMNS.get(symbol, frozenset())


LATE = "asgi.lifespan.shutdown.sent-after-connections-closed"

_IN_ORDER = frozenset(
    {
        "asgi.lifespan.startup.sent-before-connections",
        "asgi.lifespan.startup-complete.server-waits",
        "asgi.lifespan.scope.lasts-for-loop",
        ELSEWHERE,
    }
)
_COLUMNS = {
    Meets.CALL: LOOP.column(Meets.CALL),
    Meets.STARTUP: LOOP.column(Meets.STARTUP_AMID),
    Meets.SHUTDOWN_AMID: frozenset({LATE, UNTOUCHED}),
}


def _handled(fact: Fact) -> str:
    count = fact.get("open", 0)
    if count:
        return f"{count} connection{'s' if count > 1 else ''} being handled"
    return "connections that were handled on this loop before"


def _kind(fact: Fact) -> str:
    return repr(fact["protocol"])
