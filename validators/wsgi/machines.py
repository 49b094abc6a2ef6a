"""The order of WSGI calls as total tables, one small machine for each object.

``RESPONSE`` follows what the application does with its response, ``STARTER`` how
the server answers a call of ``start_response``, ``WRITING`` where ``write()`` may
be called, ``CLOSING`` how the server treats the returned iterable. ``ANSWERS``
joins the first two: it says for each state of the response, and each way of
calling, which answer of the server would be right.

What a piece holds, which arguments were sound and whether the result has a
``close()`` is settled by the classifier, not here. Sections:
https://peps.python.org/pep-3333/#the-start-response-callable and
https://peps.python.org/pep-3333/#specification-details
"""

from __future__ import annotations

from enum import IntEnum

from gateproof.validators.machine import Machine, breaks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.machine import Cell


class Response(IntEnum):
    """States of a response as the application makes it.

    ``IDLING`` has yielded only empty pieces before ``start_response``, ``EMPTY``
    only empty ones since, ``TOUCHED`` has called ``write(b"")``, after which the
    head may have been sent. ``ASTRAY`` gave body data without a head: that is
    told once, and nothing that follows from it.
    """

    UNSTARTED = 0
    IDLING = 1
    REFUSED = 2
    STARTED = 3
    EMPTY = 4
    TOUCHED = 5
    SENT = 6
    ASTRAY = 7
    OVER = 8


class Does(IntEnum):
    """What an application can do with its response; ``REFUSAL`` is the server's part in it."""

    START = 0
    START_ERROR = 1
    REFUSAL = 2
    WRITE = 3
    WRITE_EMPTY = 4
    ITEM = 5
    ITEM_EMPTY = 6
    EXHAUST = 7


class Starter(IntEnum):
    """What the server owes to a call of ``start_response`` that is pending.

    ``DOUBTFUL`` calls may be refused or not: their arguments were not sound, or
    whether the head was sent cannot be known at the boundary.
    """

    IDLE = 0
    FIRST = 1
    UNSENT = 2
    UNSENT_EMPTY = 3
    SENT = 4
    REPEATED = 5
    REPEATED_REFUSED = 6
    DOUBTFUL = 7


class Answers(IntEnum):
    """How a server can answer a call of ``start_response``.

    ``RERAISED`` is the exception that the application gave, ``RAISED`` another.
    """

    WRITER = 0
    NOTHING = 1
    RAISED = 2
    RERAISED = 3


class Writing(IntEnum):
    """Where the application is: in its call, or past it."""

    CALLED = 0
    RETURNED = 1


class Writes(IntEnum):
    """A call of ``write()``, and the end of the application's call."""

    WRITE = 0
    RETURN = 1


class Closing(IntEnum):
    """How far the server is with the returned iterable.

    ``CUT`` is closed before its end, ``REOPENED`` was iterated after that.
    """

    CALLED = 0
    RETURNED = 1
    ITERATING = 2
    EXHAUSTED = 3
    BROKEN = 4
    CUT = 5
    CLOSED = 6
    REOPENED = 7
    OVER = 8


class Handles(IntEnum):
    """What a server can do with an iterable that has a ``close()``, and what comes of it."""

    RETURN = 0
    NEXT = 1
    EXHAUST = 2
    RAISE = 3
    CLOSE = 4
    END = 5


# fmt: off
UNSTARTED, IDLING, REFUSED, STARTED, EMPTY, TOUCHED, SENT, ASTRAY, OVER = Response
START, START_ERROR, REFUSAL, WRITE, WRITE_EMPTY, ITEM, ITEM_EMPTY, EXHAUST = Does

_early = "wsgi.app.start-response-before-first-body"
no_head = breaks(_early, ASTRAY)
idle = breaks(_early, IDLING, "weak")
never = breaks("wsgi.app.start-response-always-called", OVER)


def _twice(then: Response) -> Cell:
    return breaks("wsgi.start-response.repeat-without-exc-info", then)


counted = breaks("wsgi.start-response.failed-call-counts", STARTED, "weak")

RESPONSE = Machine.table("wsgi response, as the application makes it",
    (START,                   START_ERROR, REFUSAL, WRITE,   WRITE_EMPTY, ITEM,    ITEM_EMPTY, EXHAUST),  # noqa: E501
    (UNSTARTED, STARTED,         STARTED, REFUSED, no_head, idle,    no_head, idle,    never),
    (IDLING,    STARTED,         STARTED, REFUSED, no_head, IDLING,  no_head, IDLING,  never),
    (REFUSED,   counted,         STARTED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, OVER),
    (STARTED,   _twice(STARTED), STARTED, REFUSED, SENT,    TOUCHED, SENT,    EMPTY,   OVER),
    (EMPTY,     _twice(EMPTY),   EMPTY,   EMPTY,   SENT,    TOUCHED, SENT,    EMPTY,   OVER),
    (TOUCHED,   _twice(TOUCHED), TOUCHED, TOUCHED, SENT,    TOUCHED, SENT,    TOUCHED, OVER),
    (SENT,      _twice(SENT),    SENT,    SENT,    SENT,    SENT,    SENT,    SENT,    OVER),
    (ASTRAY,    ASTRAY,          ASTRAY,  ASTRAY,  ASTRAY,  ASTRAY,  ASTRAY,  ASTRAY,  OVER),
    (OVER,      OVER,            OVER,    OVER,    OVER,    OVER,    OVER,    OVER,    OVER),
)

DOES = {
    START: "start_response without exc_info",
    START_ERROR: "start_response with exc_info",
    REFUSAL: "a refusal by the server",
    WRITE: "write() of data",
    WRITE_EMPTY: "write() of an empty bytestring",
    ITEM: "a body piece",
    ITEM_EMPTY: "an empty body piece",
    EXHAUST: "the end of the iteration",
}

MADE = {
    UNSTARTED: "before start_response was called",
    IDLING: "before start_response was called",
    REFUSED: "after start_response was refused",
    STARTED: "after start_response",
    EMPTY: "after an empty body piece",
    TOUCHED: "after write() of an empty bytestring",
    SENT: "after body data",
    ASTRAY: "after body data without a status",
    OVER: "after the end of the response",
}
"""Where a response is in each state, in words."""

IDLE, FIRST, UNSENT, UNSENT_EMPTY, LATE, REPEATED, REPEATED_REFUSED, DOUBTFUL = Starter
WRITER, NOTHING, RAISED, RERAISED = Answers

no_write = breaks("wsgi.start-response.returns-write", IDLE)
no_raise = breaks("wsgi.exc-info.raises-after-headers-sent", IDLE)
no_reject = breaks("wsgi.server.rejects-repeat-start-response", IDLE)
forgot = breaks("wsgi.server.header-check-after-set", IDLE, "weak")
other = breaks("wsgi.exc-info.reraises-original", IDLE, "weak")
refused = breaks("wsgi.errors-handling.start-response-returns-when-unsent", IDLE)
anew = breaks("wsgi.errors-handling.start-response-returns-when-unsent", IDLE, "weak")
hasty = breaks("wsgi.server.exc-info-works-after-empty-yield", IDLE, "weak")

STARTER = Machine.table("start_response, as the server answers it",
    (WRITER,                     NOTHING,   RAISED, RERAISED),
    (IDLE,             IDLE,      IDLE,      IDLE,  IDLE),
    (FIRST,            IDLE,      no_write,  IDLE,  IDLE),
    (UNSENT,           IDLE,      no_write,  anew,  refused),
    (UNSENT_EMPTY,     IDLE,      no_write,  hasty, hasty),
    (LATE,             no_raise,  no_raise,  other, IDLE),
    (REPEATED,         no_reject, no_reject, IDLE,  IDLE),
    (REPEATED_REFUSED, forgot,    forgot,    IDLE,  IDLE),
    (DOUBTFUL,         IDLE,      no_write,  IDLE,  IDLE),
)

ANSWERS = {
    WRITER: "a write callable",
    NOTHING: "something that cannot be called",
    RAISED: "another exception",
    RERAISED: "the exception of exc_info, raised again",
}

ASKED = {
    IDLE: "without a call",
    FIRST: "in answer to the first call",
    UNSENT: "in answer to a call with exc_info before any body data",
    UNSENT_EMPTY: "in answer to a call with exc_info after empty pieces only",
    LATE: "in answer to a call with exc_info after body data",
    REPEATED: "in answer to a second call without exc_info",
    REPEATED_REFUSED: "in answer to a call without exc_info after one that was refused",
    DOUBTFUL: "in answer to the call",
}
"""What each state of the starter answers, in words."""

OWED: dict[Response, tuple[Starter, Starter]] = {
    # state      START             START_ERROR
    UNSTARTED: (FIRST,            UNSENT),
    IDLING:    (FIRST,            UNSENT_EMPTY),
    REFUSED:   (REPEATED_REFUSED, DOUBTFUL),
    STARTED:   (REPEATED,         UNSENT),
    EMPTY:     (REPEATED,         UNSENT_EMPTY),
    TOUCHED:   (REPEATED,         DOUBTFUL),
    SENT:      (REPEATED,         LATE),
    ASTRAY:    (DOUBTFUL,         DOUBTFUL),
    OVER:      (DOUBTFUL,         DOUBTFUL),
}
"""What the server owes to a sound call, by the state of the response before it."""

_late_write = breaks("wsgi.write.not-from-iterable", Writing.RETURNED)

WRITING = Machine.table("write(), as the application calls it",
    (Writes.WRITE,                    Writes.RETURN),
    (Writing.CALLED, Writing.CALLED,  Writing.RETURNED),
    (Writing.RETURNED, _late_write,   Writing.RETURNED),
)

WRITES = {
    Writes.WRITE: "write()",
    Writes.RETURN: "body pieces of the iterable",
}

WROTE = {
    Writing.CALLED: "before the application had returned",
    Writing.RETURNED: "after the application had returned",
}
"""Where the application is in each state, in words."""

CALLED, RETURNED, ITERATING, EXHAUSTED, BROKEN, CUT, CLOSED, REOPENED, DONE = Closing
RETURN, NEXT, STOP, RAISE, CLOSE, END = Handles

unclosed = breaks("wsgi.server.close-called", DONE)
leaked = breaks("wsgi.server.close-called-on-app-error", DONE)
too_soon = breaks("wsgi.server.close-called", REOPENED)
again = breaks("wsgi.server.close-called-once", CLOSED, "weak")

CLOSING = Machine.table("the iterable, as the server treats it",
    (RETURN,               NEXT,      STOP,      RAISE,     CLOSE,  END),
    (CALLED,    RETURNED,  CALLED,    CALLED,    DONE,      CALLED, DONE),
    (RETURNED,  RETURNED,  ITERATING, EXHAUSTED, BROKEN,    CUT,    unclosed),
    (ITERATING, ITERATING, ITERATING, EXHAUSTED, BROKEN,    CUT,    unclosed),
    (EXHAUSTED, EXHAUSTED, EXHAUSTED, EXHAUSTED, EXHAUSTED, CLOSED, unclosed),
    (BROKEN,    BROKEN,    BROKEN,    BROKEN,    BROKEN,    CLOSED, leaked),
    (CUT,       CUT,       too_soon,  CUT,       CUT,       again,  DONE),
    (CLOSED,    CLOSED,    CLOSED,    CLOSED,    CLOSED,    again,  DONE),
    (REOPENED,  REOPENED,  REOPENED,  REOPENED,  REOPENED,  again,  DONE),
    (DONE,      DONE,      DONE,      DONE,      DONE,      DONE,   DONE),
)

HANDLES = {
    RETURN: "the return of the application",
    NEXT: "the next piece",
    STOP: "the end of the iteration",
    RAISE: "an exception of the iteration",
    CLOSE: "close()",
    END: "the end of the request",
}

HANDLED = {
    CALLED: "before the application had returned",
    RETURNED: "before the first piece",
    ITERATING: "in the middle of the iteration",
    EXHAUSTED: "after the end of the iteration",
    BROKEN: "after an exception of the iteration",
    CUT: "after close()",
    CLOSED: "after close()",
    REOPENED: "after close()",
    DONE: "after the end of the request",
}
"""How far the server is in each state, in words."""
# fmt: on

MACHINES = (RESPONSE, STARTER, WRITING, CLOSING)
"""Every machine of this protocol."""

_SYMBOLS: dict[str, dict[IntEnum, str]] = {
    RESPONSE.name: DOES,  # type: ignore[dict-item]
    STARTER.name: ANSWERS,  # type: ignore[dict-item]
    WRITING.name: WRITES,  # type: ignore[dict-item]
    CLOSING.name: HANDLES,  # type: ignore[dict-item]
}
_STATES: dict[str, dict[IntEnum, str]] = {
    RESPONSE.name: MADE,  # type: ignore[dict-item]
    STARTER.name: ASKED,  # type: ignore[dict-item]
    WRITING.name: WROTE,  # type: ignore[dict-item]
    CLOSING.name: HANDLED,  # type: ignore[dict-item]
}

_UNSAID: tuple[IntEnum, ...] = (REFUSAL, END, RETURN, STOP, RAISE)
"""Symbols that the party which is told cannot choose, left out of what was allowed."""

_TOGETHER: tuple[tuple[IntEnum, IntEnum, str], ...] = (
    (WRITE, WRITE_EMPTY, "write()"),
    (ITEM, ITEM_EMPTY, "a body piece"),
    (RAISED, RERAISED, "an exception"),
)
"""Pairs of symbols that have one name where both are legal."""


def legal(machine: Machine, state: int, symbol: int) -> str:
    """What was legal in ``state`` instead of ``symbol``, in words, read from the row.

    Where some of it would have made ``symbol`` legal, only that is said.
    """
    row = machine.rows[state]
    allowed = [
        other
        for other in machine.allowed(state)
        if not any(other is one for one in _UNSAID)
        and not (other is NEXT and row[NEXT].state == state != ITERATING)  # leads nowhere
    ]
    paving = [
        other
        for other in allowed
        if row[other].state != state and _paves(machine.rows[row[other].state], symbol)
    ]
    found: dict[str, None] = {}
    for other in paving or allowed:
        found[_name(machine, other, paving or allowed)] = None
    *first, last = list(found) or ["nothing more"]
    return f"{', '.join(first)} or {last}" if first else last


def _paves(row: tuple[Cell, ...], symbol: int) -> bool:
    """Whether ``symbol`` is legal in a row where something is judged at all."""
    return row[symbol].requirement is None and any(cell.requirement for cell in row)


def _name(machine: Machine, symbol: IntEnum, among: list[IntEnum]) -> str:
    for one, other, name in _TOGETHER:
        if type(one) is machine.symbols and symbol in (one, other):
            return name if one in among and other in among else label(machine, symbol)
    return label(machine, symbol)


def label(machine: Machine, symbol: int) -> str:
    """What ``symbol`` is, in words."""
    return _SYMBOLS[machine.name][machine.symbols(symbol)]


def place(machine: Machine, state: int) -> str:
    """Where one is in ``state``, in words."""
    return _STATES[machine.name][machine.states(state)]
