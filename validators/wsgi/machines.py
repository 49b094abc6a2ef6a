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

IDLE, FIRST, UNSENT, UNSENT_EMPTY, LATE, REPEATED, REPEATED_REFUSED, DOUBTFUL = Starter
WRITER, NOTHING, RAISED, RERAISED = Answers

no_write = breaks("wsgi.start-response.returns-write", IDLE)
no_raise = breaks("wsgi.exc-info.raises-after-headers-sent", IDLE)
no_reject = breaks("wsgi.server.rejects-repeat-start-response", IDLE)
forgot = breaks("wsgi.server.header-check-after-set", IDLE, "weak")
other = breaks("wsgi.exc-info.reraises-original", IDLE, "weak")
refused = breaks("wsgi.errors-handling.start-response-returns-when-unsent", IDLE)
hasty = breaks("wsgi.server.exc-info-works-after-empty-yield", IDLE, "weak")

STARTER = Machine.table("start_response, as the server answers it",
    (WRITER,                     NOTHING,   RAISED, RERAISED),
    (IDLE,             IDLE,      IDLE,      IDLE,  IDLE),
    (FIRST,            IDLE,      no_write,  IDLE,  IDLE),
    (UNSENT,           IDLE,      no_write,  IDLE,  refused),
    (UNSENT_EMPTY,     IDLE,      no_write,  IDLE,  hasty),
    (LATE,             no_raise,  no_raise,  other, IDLE),
    (REPEATED,         no_reject, no_reject, IDLE,  IDLE),
    (REPEATED_REFUSED, forgot,    forgot,    IDLE,  IDLE),
    (DOUBTFUL,         IDLE,      no_write,  IDLE,  IDLE),
)

ANSWERS = {
    WRITER: "return of a write callable",
    NOTHING: "return of something that is not callable",
    RAISED: "an exception",
    RERAISED: "the exception of exc_info, raised again",
}

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
# fmt: on

MACHINES = (RESPONSE, STARTER, WRITING, CLOSING)
"""Every machine of this protocol."""

_LABELS: dict[str, dict[IntEnum, str]] = {
    RESPONSE.name: DOES,  # type: ignore[dict-item]
    STARTER.name: ANSWERS,  # type: ignore[dict-item]
    WRITING.name: WRITES,  # type: ignore[dict-item]
    CLOSING.name: HANDLES,  # type: ignore[dict-item]
}

_UNSAID = frozenset({REFUSAL, END, RETURN})
"""Symbols that are nobody's choice, left out when saying what was allowed."""


def legal(machine: Machine, state: int) -> str:
    """What was legal in ``state``, in words, read from the machine's row."""
    labels = _LABELS[machine.name]
    found = [
        labels[symbol]
        for symbol in machine.allowed(state)
        if not any(symbol is unsaid for unsaid in _UNSAID)
    ]
    return " or ".join(found)


def label(machine: Machine, symbol: int) -> str:
    """What ``symbol`` is, in words."""
    return _LABELS[machine.name][machine.symbols(symbol)]
