"""What every ASGI judge does: keep count of calls, check shapes, run machines.

A judge is fed what crosses the boundary of one connection, in order, and says
what was wrong with it; it does no input or output and knows nothing of who
feeds it. :func:`judge` picks the judge of a scope.
"""

from __future__ import annotations

from gateproof.validators.asgi import callables
from gateproof.validators.asgi.foreign import NAMES, refusal, strange, unrefused
from gateproof.validators.asgi.shape import Active, Plans, active
from gateproof.validators.asgi.substitute import rereadable
from gateproof.validators.asgi.values import NOTHING, Misuse, breach, exact, plain
from gateproof.validators.asgi.versions import NEWEST, declared, owes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateproof.validators.machine import Machine
    from gateproof.validators.policy import Policy
    from gateproof.validators.violation import Breach, Party

    Found = Iterable[Breach]


class Judge:
    """The judge of one connection whose protocol no specification here describes.

    It is also what the judges of known protocols have in common. Every method
    that is fed returns breaches, an empty tuple when nothing was wrong.

    Args:
        shapes: the active set.

    Attributes:
        protocol: the scope's ``type``.
        forward: the message that has to go on in place of the one just fed,
            because judging it used up an iterator; ``None`` as a rule.
        record: what the ladder keeps of that message, ``None`` as a rule.
        latest: the event whose send() raises, where that is known.
        fault: whether a message of the application's broke something.
        misnamed: the requirements on events' names that were broken so far.
        files: what to look at once the call has returned, ``None`` as a rule.
        unanswered: in a replay, the events whose send() has not come back yet.
    """

    protocol = ""
    scope_schema = "asgi/scope"
    sends: dict[str, tuple[str, str]] = {}  # noqa: RUF012 - a constant table
    """Event types an application sends: their schema and the method that judges them."""
    receives: dict[str, tuple[str, str]] = {}  # noqa: RUF012 - a constant table
    """Event types a server delivers, likewise."""
    unstated = (2, 0)
    """The version that a scope has which does not declare one."""
    latest: dict[str, object] | None = None
    fault = False
    misnamed: tuple[str, ...] = ()
    files: list[object] | None = None
    unanswered: tuple[dict[str, object] | None, ...] = ()

    def __init__(self, shapes: Active) -> None:
        self.shapes = shapes
        kind = type(self)
        plans = shapes.plans.get(kind)
        if plans is None:
            plans = shapes.plans[kind] = (
                Plans(kind, self.sends, shapes),
                Plans(kind, self.receives, shapes),
            )
        self._sends, self._receives = plans
        self.scope: dict[str, object] = {}
        self.extensions: dict[object, object] = {}
        self.version = (2, 0)
        self.gone = False
        self.heard = False
        self.over = False
        self.waiting = 0
        self.forward: object = None
        self.record: dict[str, object] | None = None
        self.refusable: tuple[str, str] | None = None

    # The call ------------------------------------------------------------------

    def called(self, scope: object) -> Found:
        """The server called the application with ``scope``."""
        held = scope.copy() if type(scope) is dict else plain(scope)
        found: Found = NOTHING
        if held is not None:
            self.version = declared(held, self.unstated)
        if not self.shapes.accepts[self.scope_schema](scope):
            found = self._misshapen(self.scope_schema, scope, "server")
            if self.record is not None:
                held = self.record
        if held is not None:
            self.scope = held
            extensions = held.get("extensions")
            if extensions is not None and issubclass(type(extensions), dict):
                self.extensions = dict(dict.items(extensions))  # type: ignore[arg-type]
                if "tls" in self.extensions:
                    from gateproof.validators.asgi.certificate import consistent

                    found = (*found, *consistent(self.extensions["tls"]))
        elif type(scope) is Misuse:
            found = callables.app_miscalled(scope)
        self.begin()
        return found

    def looped(self, fact: object) -> Found:  # noqa: ARG002 - judged with other connections
        """A fact about the other connections of the event loop; see :mod:`.loop`."""
        return NOTHING

    def begin(self) -> None:
        """Read from ``scope`` what the protocol needs to know of it."""

    def returned(self, value: object) -> Found:  # noqa: ARG002 - kept by the ladder
        """The application returned ``value``."""
        self.over = True
        return self.ended()

    def ended(self) -> Found:
        """What the end of the call leaves undone."""
        return NOTHING

    def raised(self, error: BaseException) -> Found:  # noqa: ARG002 - kept by the ladder
        """The application raised ``error``; no lecture on what it left undone."""
        self.over = True
        return NOTHING

    def cancelled(self) -> Found:
        """The call was cancelled, so the application owes nothing more."""
        self.over = True
        return NOTHING

    def unawaited(self, count: int) -> Found:
        """The call is about to return and ``count`` results of send were never awaited."""
        return (
            breach(
                "asgi.app.must-await-send",
                f"the application returned and {count} result{'s' if count > 1 else ''} of "
                "send() had never been awaited",
                f"{count} never awaited",
                "await send(event)",
            ),
        )

    def left_behind(self, facts: object) -> Found:  # noqa: ARG002 - of http only
        """What is seen of the response's files before the call returns."""
        return NOTHING

    def unusable(self, what: object) -> Found:
        """Calling the application with three arguments raised or gave no awaitable."""
        return callables.app_unusable(what)

    def legacy(self, how: object) -> Found:
        """The application takes one argument; ``how`` is what is wrong with that."""
        return callables.app_legacy(how)

    def receive_unusable(self, how: object) -> Found:
        """The server's receive is not callable or gave nothing to await."""
        return callables.receive_unusable(how)

    def send_unusable(self, how: object) -> Found:
        """The server's send is not callable or gave nothing to await."""
        self.fault = True  # what send() raises then is ours to explain only once
        return callables.send_unusable(how)

    # receive() -----------------------------------------------------------------

    def receive_called(self) -> Found:
        """The application called receive()."""
        self.heard = True
        self.waiting += 1
        return NOTHING

    def receive_returned(self, event: object) -> Found:
        """receive() returned ``event``."""
        self.waiting -= 1
        held = event if type(event) is dict else plain(event)
        if held is not None:
            kind = held.get("type")
            plan = self._receives[kind if type(kind) is str else exact(kind)]
            if plan is not None:
                accept, name, judge = plan
                if accept(event):
                    return judge(self, held)
                found = tuple(self._misshapen(name, event, "server"))
                return (*found, *judge(self, held))
        return self._foreign(event, held, "server")

    def receive_raised(self, error: BaseException) -> Found:  # noqa: ARG002 - kept by the ladder
        """receive() raised ``error``."""
        self.waiting -= 1
        return NOTHING

    def receive_cancelled(self) -> Found:
        """A pending receive() was cancelled."""
        self.waiting -= 1
        return NOTHING

    # send() --------------------------------------------------------------------

    def send_called(self, event: object) -> Found:
        """The application called send() with ``event``, or a :class:`Misuse` of it."""
        held = event if type(event) is dict else plain(event)
        self.refusable = None
        if held is not None:
            kind = held.get("type")
            plan = self._sends[kind if type(kind) is str else exact(kind)]
            if plan is not None:
                accept, name, judge = plan
                if accept(event):
                    return judge(self, held)
                found = tuple(self._misshapen(name, event, "application"))
                if found:
                    self.refusable = refusal(held, found)
                if self.record is not None:
                    held = self.record
                return (*found, *judge(self, held))
        elif type(event) is Misuse:
            self.go_astray()
            return (
                breach(
                    "asgi.send.positional-event",
                    "send() was called with other arguments than one positional event",
                    f"send({event.shown()})",
                    "send(event)",
                ),
            )
        return self._foreign(event, held, "application")

    def blame(self, found: Found) -> None:
        """Note that the application broke something, which may be why a server refuses."""
        self.fault = self.fault or any(one.verdict != "observed" for one in found)

    def go_astray(self) -> None:
        """Hold back: what the server makes of the latest message cannot be known."""

    def puzzle(self) -> None:
        """The server delivered what no specification defines, in place of something else."""

    def due(self) -> str:
        """The type of event that the server would deliver next; of known protocols only."""
        return ""

    def send_returned(self) -> Found:
        """The latest send() that was called returned."""
        if self.refusable is None:
            return NOTHING
        found = (unrefused(self.refusable),)
        self.refusable = None
        return found

    def send_raised(self, error: BaseException) -> Found:
        """send() raised ``error`` (or was cancelled)."""
        self.refusable = None
        if isinstance(error, OSError) or not isinstance(error, Exception):
            self.gone = True
        return NOTHING

    # Replay --------------------------------------------------------------------

    def feed(self, step: str, data: object = None) -> Found:
        """Judge one rung of a ladder.

        Raises:
            ValueError: no such step.
        """
        method = STEPS.get(step)
        if method is None:
            raise ValueError(f"unknown step {step!r}; one of {', '.join(STEPS)}")
        if step in _ANSWERS:
            self._answered(step)
        found: Found = getattr(self, method)(data) if step in WITH_DATA else getattr(self, method)()
        if step == "send":
            self.unanswered = (*self.unanswered, plain(data))
            self.blame(found)
        return found

    def _answered(self, step: str) -> None:
        """Note which event is answered, if only one was waiting for that."""
        *others, last = self.unanswered or (None,)
        self.latest = last if step == "send-raised" and not others else None
        self.unanswered = tuple(others)

    # What judges share ---------------------------------------------------------

    def move(self, machine: Machine, state: int, symbol: int, what: str) -> tuple[int, Found]:
        """The state after ``symbol`` and the breach of the move, if it breaks something."""
        cell = machine.rows[state][symbol]
        if cell.requirement is None or not self.owes(cell.requirement):
            return cell.state, NOTHING
        from gateproof.validators.asgi.words import REMARKS, allowed, mended, where

        remark = REMARKS.get(cell.requirement, "")
        return cell.state, (
            breach(
                cell.requirement,
                f"{what} {where(machine, state, symbol)}{remark}",
                what,
                allowed(machine, state, symbol, self.extensions),
                verdict=cell.verdict,
                hint=mended(machine, state, symbol),
            ),
        )

    def _misshapen(self, name: str, value: object, party: Party) -> Found:
        """Why ``value`` was rejected; readable once, it is read here and replaced."""
        substitute = rereadable(value)
        if substitute is not None:
            self.forward, self.record = substitute
            value = self.record
        if not self.shapes.rejects(name, value):
            return NOTHING
        return self.owed(self.shapes.explain(name, value, party))

    def owed(self, found: Found) -> Found:
        """Those of ``found`` that bind in the declared version."""
        return tuple(one for one in found if self.owes(one.requirement))

    def owes(self, name: str) -> bool:
        """Whether the requirement called ``name`` binds in the declared version."""
        return self.version >= NEWEST or owes(self.protocol, self.version, name)

    def _foreign(self, event: object, held: dict[str, object] | None, party: Party) -> Found:
        """Judge an event that this protocol does not define for ``party``."""
        found: Found = NOTHING
        if not self.shapes.accepts["asgi/event"](event):
            found = self._misshapen("asgi/event", event, party)
        if held is None:
            return found
        foreign = tuple(strange(self, held, party))
        told = {one.requirement for one in foreign}
        if told & NAMES:  # what it holds is another message's
            return foreign
        return (*(one for one in found if one.requirement not in told), *foreign)


FINDS = {
    "unawaited": ("asgi.app.must-await-send",),
    "send_called": ("asgi.send.positional-event",),
}
"""The requirements that each method can find broken beside shapes and machines."""

STEPS = {
    "call": "called",
    "loop": "looped",
    "receive": "receive_called",
    "received": "receive_returned",
    "receive-raised": "receive_raised",
    "receive-cancelled": "receive_cancelled",
    "send": "send_called",
    "sent": "send_returned",
    "send-raised": "send_raised",
    "unawaited": "unawaited",
    "files": "left_behind",
    "unusable": "unusable",
    "legacy": "legacy",
    "receive-unusable": "receive_unusable",
    "send-unusable": "send_unusable",
    "return": "returned",
    "raise": "raised",
    "cancel": "cancelled",
}
"""The steps of an ASGI ladder and the methods that judge them."""

WITH_DATA = frozenset(STEPS) - {"receive", "receive-cancelled", "sent", "cancel"}
"""The steps that carry data."""

_ANSWERS = ("sent", "send-raised")

_HOMES = {
    "http": ("gateproof.validators.asgi.http", "HTTPJudge"),
    "websocket": ("gateproof.validators.asgi.websocket", "WebSocketJudge"),
    "lifespan": ("gateproof.validators.asgi.lifespan", "LifespanJudge"),
}
_JUDGES: dict[object, type[Judge]] = {}


def judge(scope: object, policy: Policy) -> Judge:
    """The judge of a connection with ``scope``, for what ``policy`` tells."""
    held = scope if type(scope) is dict else plain(scope) or {}
    kind = held.get("type")
    if type(kind) is not str:
        kind = exact(kind) or ""
    made = _JUDGES.get(kind)
    if made is None:
        import importlib

        home = _HOMES.get(kind, ("gateproof.validators.asgi.unknown", "UnknownJudge"))
        made = getattr(importlib.import_module(home[0]), home[1])
        if kind in _HOMES:
            _JUDGES[kind] = made
    shapes: Active | None = policy.shapes
    if shapes is None:
        shapes = policy.shapes = active(policy.rules, policy.parties)
    return made(shapes)
