"""The judge of ``start_response``: how it is called and how the server answers."""

from __future__ import annotations

from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.machines import (
    OWED,
    RESPONSE,
    STARTER,
    Answers,
    Does,
    Response,
    Starter,
)
from gateproof.validators.wsgi.memory import CLOSER, NOTHING, broken, declared_length, true
from gateproof.validators.wsgi.shape import BODILESS, RARE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gateproof.validators.wsgi.body_judge import BodyJudge
    from gateproof.validators.wsgi.memory import Found, Memory

UNBOUND = ("1", *BODILESS)
"""How statuses begin whose Content-Length says nothing of the body that follows."""

# Looked up once: members of an enumeration are slow to reach in a hot path.
_IDLE, _LATE, _DOUBTFUL = int(Starter.IDLE), int(Starter.SENT), int(Starter.DOUBTFUL)
_START, _START_ERROR = int(Does.START), int(Does.START_ERROR)
_REFUSED = int(Response.REFUSED)
_WRITER, _NO_WRITER = int(Answers.WRITER), int(Answers.NOTHING)
_OWED = tuple(tuple(int(state) for state in OWED[response]) for response in Response)
_RESPONSE_ROWS, _STARTER_ROWS = RESPONSE.rows, STARTER.rows


class StartJudge:
    """Judges the calls of ``start_response`` in one exchange.

    Args:
        memory: what the judges have in common.
        body: the judge of the body, whose head these calls set.

    Attributes:
        method: the request's method, set by who judges the request.
        state: what the server owes to the pending call, of machine ``STARTER``.
        pending: status, declared length and broken requirements of that call.
        given: the exception that it gave as ``exc_info``.
    """

    __slots__ = ("body", "declared", "given", "memory", "method", "pending", "state", "unset")

    def __init__(self, memory: Memory, body: BodyJudge) -> None:
        self.memory = memory
        self.body = body
        self.state = 0
        self.method = ""
        self.pending: tuple[str, int | None, tuple[str, ...]] = ("", None, ())
        self.declared: int | None = None
        self.given: Raised | None = None
        self.unset = False

    def called(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Found:
        """The application calls ``start_response``."""
        found: Found = NOTHING
        closer = False
        if kwargs or not 2 <= len(args) <= 3:
            from gateproof.validators.wsgi import response

            found = list(response.start_arguments(args, kwargs))
            args = response.positional(args, kwargs)
        status, headers = args[0], args[1]
        exc_info = args[2] if len(args) > 2 else None
        shapes = self.memory.shapes
        try:
            sound = type(status) is str and (status in shapes.statuses or status in shapes.bodiless)
            if not sound:
                sound = shapes.status_is_sound(status)
                closer = type(status) is str and status.startswith(RARE)
        except Exception:  # noqa: BLE001 - a hostile object
            sound = False
        if not sound:
            found = [*found, *shapes.explain("wsgi/status", status)]
        try:
            sound = shapes.headers(headers)
        except Exception:  # noqa: BLE001 - a hostile object
            sound = False
        if not sound:
            found = [*found, *shapes.explain("wsgi/headers", headers)]
        symbol = _START
        self.given = None
        if exc_info is not None:
            symbol = _START_ERROR
            closer = True
            found = [*found, *self._exc_info(exc_info)]
            if type(exc_info) is not Raised and not true(exc_info):
                symbol = _START
        body = self.body
        if body.left >= 0:
            body.settle()
        before = body.state
        self.unset = before <= _REFUSED
        if found:
            self.state = _DOUBTFUL
            defects = tuple(breach.requirement for breach in found if breach.verdict is None)
            self.pending = ("", None, defects)
        else:
            self.state = _OWED[before][symbol]
            text = status if type(status) is str else ""
            self.pending = (text, _declares(headers), ())
            if self.declared == 0 and symbol == _START_ERROR:
                self.state = _DOUBTFUL  # a server may send a head of no body at once
            if self.pending[1] is not None and text.startswith("204"):
                from gateproof.validators.wsgi import owed

                found = [owed.length(status, self.pending[1])]  # type: ignore[arg-type]
        cell = _RESPONSE_ROWS[before][symbol]
        body.state = cell.state
        if cell.requirement is not None:
            found = [*found, broken(RESPONSE, before, symbol)]
        if closer and not found:
            from gateproof.validators.wsgi import owed

            found = list(owed.fields(self.pending[0], headers))  # type: ignore[arg-type]
            return found or CLOSER
        return found

    def _exc_info(self, exc_info: object) -> Found:
        if type(exc_info) is Raised:
            self.given = exc_info
            return NOTHING
        shapes = self.memory.shapes
        try:
            if shapes.exc_info(exc_info):
                if type(exc_info) is tuple and len(exc_info) == 3:
                    self.given = Raised.of(exc_info[1])
                return NOTHING
        except Exception:  # noqa: BLE001, S110 - a hostile object is explained below
            pass
        return shapes.explain("wsgi/exc_info", exc_info)

    def returned(self, write: object) -> Found:
        """``start_response`` returned ``write``; ``True`` stands for any callable."""
        callable_ = write is True or callable(write)
        symbol = _WRITER if callable_ else _NO_WRITER
        owed = self.state
        cell = _STARTER_ROWS[owed][symbol]
        self.state = cell.state
        status, declared, defects = self.pending
        if owed != _LATE:
            self.declared = declared
            unbound = self.method == "HEAD" or status.startswith(UNBOUND)
            self.body.room = None if unbound else declared
            self.body.bodiless = status if status.startswith(BODILESS) else ""
        if cell.requirement is None and not defects:
            return NOTHING
        from gateproof.validators.wsgi import response

        found = list(response.leniency(defects))
        if cell.requirement is not None:
            breach = broken(STARTER, owed, symbol)
            if self.memory.host == "any" and cell.requirement in response.MIDDLEWARE_MAY:
                breach = response.milder(breach)
            found.append(breach)
        return found

    def raised(self, error: object) -> Found:
        """``start_response`` raised."""
        raised = Raised.of(error)
        owed, self.state = self.state, _IDLE
        body, memory = self.body, self.memory
        if self.unset:
            body.state = _RESPONSE_ROWS[body.state][int(Does.REFUSAL)].state
        if raised.ours:
            return NOTHING
        memory.answered = (*memory.answered, raised.identity)
        given = self.given
        if given is not None and owed != _DOUBTFUL:
            memory.trapped = raised
        symbol = int(Answers.RAISED)
        if given is not None and raised.same(given):
            symbol = int(Answers.RERAISED)
        if raised.outside and owed not in (_IDLE, _DOUBTFUL):
            from gateproof.validators.wsgi import response

            found = list(response.refused_arguments(raised, given is not None))
            if found:
                return found
        if _STARTER_ROWS[owed][symbol].requirement is not None:
            return [broken(STARTER, owed, symbol, repr(raised))]
        return NOTHING


def _declares(headers: Any) -> int | None:
    """The one Content-Length among the headers, if there is one."""
    found = None
    try:
        for name, value in headers:
            if len(name) == 14 and name.lower() == "content-length":
                if found is not None:
                    return None
                found = value
    except Exception:  # noqa: BLE001 - unsound headers, of which nothing is to be told
        return None
    return None if found is None else declared_length(found)
