"""The judge of one WSGI exchange: fed what crosses the boundary, it finds breaches.

It knows nothing of who feeds it. Each method stands for one step of the ladder,
takes what crossed and returns the breaches it shows, an empty tuple when all is
well; :meth:`WSGIJudge.feed` does the same by the step's name, for replay.
"""

from __future__ import annotations

from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.machines import (
    CLOSING,
    OWED,
    RESPONSE,
    STARTER,
    WRITING,
    Answers,
    Closing,
    Does,
    Handles,
    Response,
    Starter,
    Writes,
    Writing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Literal

    from gateproof.validators.machine import Machine
    from gateproof.validators.policy import Rules
    from gateproof.validators.violation import Breach
    from gateproof.validators.wsgi.shape import Shapes

    Found = Sequence[Breach]
    Host = Literal["any", "server"]

NOTHING: tuple[()] = ()

UNBOUNDED = 1 << 62
"""Room for a body of no declared length."""

BODILESS = ("1", "204", "304")
"""How statuses begin whose Content-Length says nothing of the body that follows."""

# Looked up once: members of an enumeration are slow to reach in a hot path.
_FIRST, _UNSENT, _IDLE, _DOUBTFUL = (
    int(Starter.FIRST),
    int(Starter.UNSENT),
    int(Starter.IDLE),
    int(Starter.DOUBTFUL),
)
_LATE = int(Starter.SENT)
_START, _START_ERROR = int(Does.START), int(Does.START_ERROR)
_REFUSED, _STARTED = int(Response.REFUSED), int(Response.STARTED)
_SENT, _OVER = int(Response.SENT), int(Response.OVER)
_RETURNED, _ITERATING, _CUT = int(Closing.RETURNED), int(Closing.ITERATING), int(Closing.CUT)
_BACK, _EXHAUST, _STOP = int(Writing.RETURNED), int(Does.EXHAUST), int(Handles.EXHAUST)
_WRITER, _NO_WRITER = int(Answers.WRITER), int(Answers.NOTHING)
_ENDED = int(Closing.OVER)
_OWED = tuple(tuple(int(state) for state in OWED[response]) for response in Response)
_RESPONSE_ROWS, _STARTER_ROWS, _CLOSING_ROWS = RESPONSE.rows, STARTER.rows, CLOSING.rows


class WSGIJudge:
    """Judges one exchange of a server with an application.

    Args:
        rules: the active set; all requirements by default.
        shapes: the compiled checks of the active set, if at hand.
        host: what calls the application. A middleware may do some things that a
            server may not, so ``"any"`` judges these mildly; ``"server"`` says
            that nothing stands between the application and the server.

    Attributes:
        left: octets that may still be produced without a closer look, -1 where
            the next piece needs one. The live wrapper counts it down itself.
        seen: items produced so far, counted by the live wrapper likewise.
    """

    __slots__ = (
        "answered",
        "base",
        "closing",
        "declared",
        "facts",
        "flushed",
        "given",
        "host",
        "input_left",
        "left",
        "method",
        "over",
        "pending",
        "response",
        "room",
        "seen",
        "shapes",
        "starter",
        "status",
        "told",
        "total",
        "trapped",
        "unset",
        "writing",
    )

    def __init__(
        self, rules: Rules | None = None, host: Host = "any", shapes: Shapes | None = None
    ) -> None:
        if shapes is None:
            from gateproof.validators.policy import Rules as AllRules
            from gateproof.validators.wsgi.shape import shapes as compiled

            shapes = compiled(rules or AllRules(level="all"))
        self.shapes = shapes
        self.host = host
        self.response = self.starter = self.writing = self.closing = 0
        self.left = -1
        self.base = self.total = self.seen = 0
        self.declared: int | None = None
        self.room: int | None = None
        self.status = ""
        self.method = ""
        self.pending: tuple[str, int | None, tuple[str, ...]] = ("", None, ())
        self.given: Raised | None = None
        self.unset = self.over = False
        self.trapped: Raised | None = None
        self.answered: tuple[int, ...] = ()
        self.facts: Mapping[str, Any] | None = None
        self.input_left: int | None = None
        self.flushed = True
        self.told: frozenset[str] = frozenset()

    # The request

    def call_arguments(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Found:
        """The server calls the application with other than two positional arguments."""
        from gateproof.validators.wsgi import request

        return list(request.call_arguments(args, kwargs))

    def call(self, environ: object) -> Found:
        """The server calls the application with ``environ``."""
        if type(environ) is dict:
            method = environ.get("REQUEST_METHOD")
            if type(method) is str:
                self.method = method
            length = environ.get("CONTENT_LENGTH")
            if length and type(length) is str and not _true(environ.get("wsgi.input_terminated")):
                self.input_left = _length(length)
        try:
            if self.shapes.environ(environ):
                return NOTHING
        except Exception:  # noqa: BLE001, S110 - a hostile environ is explained below
            pass
        return self.shapes.explain("wsgi/environ", environ)

    # start_response

    def start_response(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Found:
        """The application calls ``start_response``."""
        found: Found = NOTHING
        if kwargs or not 2 <= len(args) <= 3:
            from gateproof.validators.wsgi import response

            found = list(response.start_arguments(args, kwargs))
            args = response.positional(args, kwargs)
        status, headers = args[0], args[1]
        exc_info = args[2] if len(args) > 2 else None
        shapes = self.shapes
        try:
            sound = (type(status) is str and status in shapes.statuses) or shapes.status_is_sound(
                status
            )
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
            found = [*found, *self._exc_info(exc_info)]
            if type(exc_info) is not Raised and not _true(exc_info):
                symbol = _START
        if self.left >= 0:
            self._settle()
        before = self.response
        self.unset = before <= _REFUSED
        if found:
            self.starter = _DOUBTFUL
            defects = tuple(breach.requirement for breach in found if breach.verdict is None)
            self.pending = ("", None, defects)
        else:
            self.starter = _OWED[before][symbol]
            text = status if type(status) is str else ""
            self.pending = (text, self._declares(headers), ())
            if self.declared == 0 and symbol == _START_ERROR:
                self.starter = _DOUBTFUL  # a server may send a head of no body at once
        cell = _RESPONSE_ROWS[before][symbol]
        self.response = cell.state
        if cell.requirement is not None:
            found = [*found, self._broken(RESPONSE, before, symbol)]
        return found

    def _exc_info(self, exc_info: object) -> Found:
        if type(exc_info) is Raised:
            self.given = exc_info
            return NOTHING
        try:
            if self.shapes.exc_info(exc_info):
                if type(exc_info) is tuple and len(exc_info) == 3:
                    self.given = Raised.of(exc_info[1])
                return NOTHING
        except Exception:  # noqa: BLE001, S110 - a hostile object is explained below
            pass
        return self.shapes.explain("wsgi/exc_info", exc_info)

    @staticmethod
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
        return None if found is None else _length(found)

    def started(self, write: object) -> Found:
        """``start_response`` returned ``write``; ``True`` stands for any callable."""
        callable_ = write is True or callable(write)
        symbol = _WRITER if callable_ else _NO_WRITER
        owed = self.starter
        cell = _STARTER_ROWS[owed][symbol]
        self.starter = cell.state
        status, declared, defects = self.pending
        if owed != _LATE:
            self.status = status
            self.declared = self.room = declared
            if self.method == "HEAD" or status.startswith(BODILESS):
                self.room = None
        if cell.requirement is None and not defects:
            return NOTHING
        from gateproof.validators.wsgi import response

        found = list(response.leniency(defects))
        if cell.requirement is not None:
            breach = self._broken(STARTER, owed, symbol)
            if self.host == "any" and cell.requirement in response.MIDDLEWARE_MAY:
                breach = response.milder(breach)
            found.append(breach)
        return found

    def start_response_raised(self, error: object) -> Found:
        """``start_response`` raised."""
        raised = Raised.of(error)
        owed, self.starter = self.starter, _IDLE
        if self.unset:
            self.response = _RESPONSE_ROWS[self.response][int(Does.REFUSAL)].state
        if raised.ours:
            return NOTHING
        self.answered = (*self.answered, raised.identity)
        given = self.given
        if given is not None and owed != _DOUBTFUL:
            self.trapped = raised
        symbol = int(Answers.RAISED)
        if given is not None and raised.same(given):
            symbol = int(Answers.RERAISED)
        found: list[Breach] = []
        if _STARTER_ROWS[owed][symbol].requirement is not None:
            found.append(self._broken(STARTER, owed, symbol))
        if raised.outside and owed not in (_IDLE, _DOUBTFUL):
            from gateproof.validators.wsgi import response

            found.extend(response.refused_arguments(raised, given is not None))
        return found

    # write

    def write(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Found:
        """The application calls ``write()``."""
        from gateproof.validators.wsgi import response

        if self.left >= 0:
            self._settle()
        if kwargs or len(args) != 1:
            return [response.write_arguments(args, kwargs)]
        data = args[0]
        found: list[Breach] = []
        if WRITING.rows[self.writing][int(Writes.WRITE)].requirement is not None:
            found.append(self._broken(WRITING, self.writing, int(Writes.WRITE)))
        found.extend(self._once(response.wrote(_octets(data))))
        if type(data) is not bytes and not self._accepts(self.shapes.write, data):
            found.extend(self.shapes.explain("wsgi/write", data))
        found.extend(self._produce(data, Does.WRITE, Does.WRITE_EMPTY))
        return found

    def written(self, _: object = None) -> Found:
        """``write()`` returned."""
        if not self.over or self.room is None:
            return NOTHING
        from gateproof.validators.wsgi import response

        return self._once([response.written_past(self.room)])

    def write_raised(self, error: object) -> Found:
        """``write()`` raised."""
        self.answered = (*self.answered, Raised.of(error).identity)
        return NOTHING

    # The result

    def result(self, facts: Mapping[str, Any]) -> Found:
        """The application returned what ``facts`` describe (see ``facts.result_facts``)."""
        if self.left >= 0:
            self._settle()
        self.facts = facts
        self.writing = _BACK
        self.closing = _RETURNED
        found = NOTHING if self.trapped is None else self._trap()
        if facts["iterable"] and facts["type"] in _USUAL:
            return found
        from gateproof.validators.wsgi import response

        return [*found, *response.result(facts, "wsgi.write.avoid-in-new-apps" in self.told)]

    def next(self, _: object = None) -> Found:
        """The server asks for an item."""
        if self.left >= 0:
            self._settle()
        if self.closing == _RETURNED:
            self.closing = _ITERATING
            return NOTHING
        return self._handle(Handles.NEXT)

    def item(self, piece: object) -> Found:
        """The iterable produced ``piece``."""
        if type(piece) is bytes:
            left = self.left - len(piece)
            if left >= 0:
                self.left = left
                self.seen += 1
                return NOTHING
        return self._item(piece)

    def _item(self, piece: object) -> Found:
        """An item that needs a closer look."""
        if (
            self.response == _STARTED
            and type(piece) is bytes
            and piece
            and self.closing == _ITERATING
            and self.trapped is None
        ):
            # The first piece of an ordinary response.
            room = UNBOUNDED if self.room is None else self.room
            left = room - len(piece)
            if left >= 0:
                self.response = _SENT
                self.seen += 1
                self.left = left
                self.base = room
                return NOTHING
        if self.left >= 0:
            self._settle()
        found: list[Breach] = []
        if self.closing in (_RETURNED, _CUT):
            found.extend(self._handle(Handles.NEXT))
        found.extend(self._trap())
        self.seen += 1
        sound = type(piece) is bytes
        if not sound and not self._told_whole():
            sound = self._accepts(self.shapes.item, piece)
            if not sound:
                found.extend(self.shapes.explain("wsgi/item", piece))
        found.extend(self._produce(piece, Does.ITEM, Does.ITEM_EMPTY))
        if self.response == _SENT and self.closing == _ITERATING and not self.over:
            room = UNBOUNDED if self.room is None else self.room
            self.left = max(room - self.total, 0)
            self.base = self.total + self.left
        return found

    def exhausted(self, _: object = None) -> Found:
        """The iteration ended."""
        if self.left >= 0:
            self._settle()
        if self.closing == _RETURNED:
            self.closing = _ITERATING
        found: list[Breach] = []
        if self.trapped is not None:
            found.extend(self._trap())
        before, self.closing = self.closing, _CLOSING_ROWS[self.closing][_STOP].state
        if self.response == _OVER or before != _ITERATING:
            return found
        cell = _RESPONSE_ROWS[self.response][_EXHAUST]
        if cell.requirement is not None:
            found.append(self._broken(RESPONSE, self.response, _EXHAUST))
        started = self.response > _REFUSED
        self.response = cell.state
        facts = self.facts or {}
        length = facts.get("len")
        short = started and self.room is not None and self.total < self.room
        if (length is None or length == self.seen) and not short:
            return found
        from gateproof.validators.wsgi import response

        if length is not None and length != self.seen and not self._told_whole():
            found.append(response.length(length, self.seen))
        if short:
            found.append(response.too_short(self.room or 0, self.total))
        return found

    def item_raised(self, error: object) -> Found:
        """The iteration raised."""
        if self.left >= 0:
            self._settle()
        self.closing = _CLOSING_ROWS[self.closing][int(Handles.RAISE)].state
        return self._left_with(Raised.of(error))

    def raised(self, error: object) -> Found:
        """The application's call raised."""
        self.writing = _BACK
        self.closing = _CLOSING_ROWS[self.closing][int(Handles.RAISE)].state
        return self._left_with(Raised.of(error))

    # The end

    def close(self, _: object = None) -> Found:
        """The server calls ``close()``; one that the result does not have is no event."""
        if self.left >= 0:
            self._settle()
        found = self._uniterated() if self.closing == _RETURNED else NOTHING
        if self.facts is None or not self.facts["has_close"]:
            return found
        return [*found, *self._handle(Handles.CLOSE)]

    def closed(self, _: object = None) -> Found:
        """``close()`` returned."""
        return NOTHING

    def close_raised(self, error: object) -> Found:
        """``close()`` raised."""
        raised = Raised.of(error)
        if raised.ours or self.closing != _CUT:
            return NOTHING
        from gateproof.validators.wsgi import response

        return [response.close_failed(raised)]

    def end(self, _: object = None) -> Found:
        """The server is done with the exchange."""
        if self.left >= 0:
            self._settle()
        found = self._uniterated() if self.closing == _RETURNED else NOTHING
        facts = self.facts
        if facts is not None and facts["has_close"] and not facts["is_file_wrapper"]:
            found = [*found, *self._handle(Handles.END)]
        if not self.flushed:
            from gateproof.validators.wsgi import streams

            found = [*found, streams.unflushed()]
        self.closing = _ENDED
        return found

    # The streams

    def input(self, method: str, args: tuple[object, ...], outcome: object) -> Found:
        """The application used ``wsgi.input``; ``outcome`` is the result, or what was raised."""
        if type(outcome) is bytes and method == "read" and args:
            size = args[0]
            if type(size) is int and len(outcome) <= size and len(args) == 1:
                left = self.input_left
                if left is None:
                    return NOTHING
                if size <= left:
                    self.input_left = left - len(outcome)
                    return NOTHING
        from gateproof.validators.wsgi import streams

        if isinstance(outcome, BaseException):
            outcome = Raised.of(outcome)
        if type(outcome) is Raised:
            self.answered = (*self.answered, outcome.identity)
        found = self._once(streams.read(method, args, outcome, self.input_left))
        if self.input_left is not None and method != "readlines":
            taken = len(outcome) if type(outcome) is bytes else 0
            self.input_left = max(self.input_left - taken, 0)
        return found

    def errors(self, method: str, args: tuple[object, ...], outcome: object = None) -> Found:
        """The application used ``wsgi.errors``."""
        from gateproof.validators.wsgi import streams

        if method in streams.WRITES:
            self.flushed = False
        elif method == "flush":
            self.flushed = True
        if isinstance(outcome, BaseException):
            outcome = Raised.of(outcome)
        return self._once(streams.logged(method, args, outcome))

    def feed(self, step: str, data: object = None) -> Found:
        """Judge one rung of a ladder.

        Steps that belong to no step of this protocol are passed over.
        """
        entry = STEPS.get(step)
        if entry is None:
            return NOTHING
        name, spread = entry
        method: Callable[..., Found] = getattr(self, name)
        return method(*data) if spread else method(data)  # type: ignore[misc]

    # Shared parts

    def _handle(self, symbol: Handles) -> Found:
        state = self.closing
        facts = self.facts
        cell = _CLOSING_ROWS[state][symbol]
        self.closing = cell.state
        if cell.requirement is None or facts is None or not facts["has_close"]:
            return NOTHING
        return [self._broken(CLOSING, state, symbol)]

    def _produce(self, piece: Any, full: Does, empty: Does) -> Found:
        """A piece of the body, by whichever way."""
        octets = _octets(piece)
        symbol = full if octets else empty
        before = self.response
        cell = _RESPONSE_ROWS[before][symbol]
        self.response = cell.state
        found: list[Breach] = []
        if cell.requirement is not None:
            found.append(self._broken(RESPONSE, before, symbol))
        if not issubclass(type(piece), bytes):
            self.room = None  # its octets cannot be counted
        self.total += octets
        if self.room is None or self.total <= self.room or not octets or self.response == _OVER:
            return found
        from gateproof.validators.wsgi import response

        if self.over:
            found.extend(self._once([response.beyond(self.room)]))
        else:
            found.append(response.too_long(self.room, self.total))
        self.over = True
        return found

    def _settle(self) -> None:
        """Take over what was counted since the last closer look."""
        self.total = self.base - self.left
        self.left = -1

    def _trap(self) -> Found:
        """The application goes on: did it swallow what ``start_response`` raised?"""
        if self.trapped is None:
            return NOTHING
        from gateproof.validators.wsgi import response

        trapped, self.trapped = self.trapped, None
        return [response.trap(trapped)]

    def _left_with(self, raised: Raised) -> Found:
        """The application was left with an exception."""
        self.response = _OVER
        trapped, self.trapped = self.trapped, None
        if raised.ours:
            return NOTHING
        from gateproof.validators.wsgi import response

        return list(response.left_with(raised, trapped, self.answered))

    def _uniterated(self) -> Found:
        """The server is done with an iterable that it never looked into."""
        unused = self.response == int(Response.UNSTARTED)
        facts = self.facts
        if not unused or facts is None or facts["is_file_wrapper"] or not facts["iterable"]:
            return NOTHING
        from gateproof.validators.wsgi import response

        return self._once([response.never_iterated(facts)])

    def _told_whole(self) -> bool:
        """Whether the result was refused as a whole, so that its items go without saying."""
        return self.facts is not None and self.facts["type"] in _WHOLE

    def _once(self, breaches: Iterable[Breach]) -> Found:
        """Those of ``breaches`` that this exchange has not shown yet."""
        found = [breach for breach in breaches if breach.requirement not in self.told]
        self.told |= {breach.requirement for breach in found}
        return found

    @staticmethod
    def _accepts(check: Callable[[object], bool], value: object) -> bool:
        try:
            return check(value)
        except Exception:  # noqa: BLE001 - a hostile object
            return False

    def _broken(self, machine: Machine, state: int, symbol: int) -> Breach:
        from gateproof.validators.wsgi.order import broken

        return broken(machine, state, symbol)


_WHOLE = ("str", "bytes", "bytearray", "memoryview")
"""Results that are text or octets themselves: judged as a whole, not item by item."""

_USUAL = ("list", "tuple", "generator")
"""Results of which nothing more needs to be asked."""


def _length(value: object) -> int | None:
    """The length that a header or variable declares, ``None`` if it declares none."""
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return None


def _true(value: object) -> bool:
    """Whether a value is true; one that will not say is."""
    try:
        return bool(value)
    except Exception:  # noqa: BLE001 - a hostile object
        return True


def _octets(piece: Any) -> int:
    """The size of a piece, whatever its class says; 1 for what has none to count."""
    for kind in (bytes, bytearray, str):
        if issubclass(type(piece), kind):
            return kind.__len__(piece)
    return 1


STEPS: dict[str, tuple[str, bool]] = {
    "call-arguments": ("call_arguments", True),
    "call": ("call", False),
    "start_response": ("start_response", True),
    "started": ("started", False),
    "start_response-raised": ("start_response_raised", False),
    "write": ("write", True),
    "written": ("written", False),
    "write-raised": ("write_raised", False),
    "result": ("result", False),
    "next": ("next", False),
    "item": ("item", False),
    "exhausted": ("exhausted", False),
    "item-raised": ("item_raised", False),
    "close": ("close", False),
    "closed": ("closed", False),
    "close-raised": ("close_raised", False),
    "input": ("input", True),
    "errors": ("errors", True),
    "raise": ("raised", False),
    "end": ("end", False),
}
"""Each step of the ladder: the judge's method, and whether its data are several arguments."""
