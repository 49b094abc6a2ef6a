"""The judge of the result: how the server iterates and closes it, and how it ends."""

from __future__ import annotations

from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.machines import CLOSING, RESPONSE, Closing, Does, Handles, Response
from gateproof.validators.wsgi.memory import NOTHING, broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gateproof.validators.violation import Breach
    from gateproof.validators.wsgi.body_judge import BodyJudge
    from gateproof.validators.wsgi.memory import Found, Memory

# Looked up once: members of an enumeration are slow to reach in a hot path.
_RETURNED, _ITERATING, _CUT = int(Closing.RETURNED), int(Closing.ITERATING), int(Closing.CUT)
_ENDED = int(Closing.OVER)
_UNDER_WAY = (_ITERATING, int(Closing.EXHAUSTED), int(Closing.BROKEN))
_UNSTARTED, _REFUSED, _OVER = int(Response.UNSTARTED), int(Response.REFUSED), int(Response.OVER)
_STARTED = int(Response.STARTED)
_EXHAUST, _STOP = int(Does.EXHAUST), int(Handles.EXHAUST)
_RESPONSE_ROWS, _CLOSING_ROWS = RESPONSE.rows, CLOSING.rows

_WHOLE = ("str", "bytes", "bytearray", "memoryview")
"""Results that are text or octets themselves: judged as a whole, not item by item."""

_USUAL = ("list", "tuple", "generator")
"""Results of which nothing more needs to be asked."""


class ResultJudge:
    """Judges what an application returned and how the server treats it.

    Args:
        memory: what the judges have in common.
        body: the judge of the body, of which the items are pieces.

    Attributes:
        state: how far the server is with the result, of machine ``CLOSING``.
        facts: what there is to know of the result, ``None`` before there is one.
    """

    __slots__ = ("body", "facts", "memory", "state")

    def __init__(self, memory: Memory, body: BodyJudge) -> None:
        self.memory = memory
        self.body = body
        self.state = 0
        self.facts: Mapping[str, Any] | None = None

    def returned(self, facts: Mapping[str, Any]) -> Found:
        """The application returned what ``facts`` describe (see ``facts.result_facts``)."""
        memory = self.memory
        self.body.call_over()
        self.facts = facts
        self.state = _RETURNED
        found = NOTHING if memory.trapped is None else memory.trap()
        if facts["iterable"] and facts["type"] in _USUAL:
            return found
        from gateproof.validators.wsgi import response

        found = [*found, *response.result(facts, bool(memory.told & response.WROTE))]
        return memory.once(found)

    def raised(self, error: object) -> Found:
        """The application's call raised."""
        self.body.call_over()
        return self._left_with(error)

    # The iteration

    @property
    def under_way(self) -> bool:
        """Whether the result was iterated, and not closed since."""
        return self.state in _UNDER_WAY

    def next(self, _: object = None) -> Found:
        """The server asks for an item."""
        if self.body.left >= 0:
            self.body.settle()
        if self.state == _RETURNED:
            self.state = _ITERATING
            return NOTHING
        return self._handle(Handles.NEXT)

    def item(self, piece: object) -> Found:
        """The iterable produced ``piece``."""
        body = self.body
        if type(piece) is bytes:
            left = body.left - len(piece)
            if left >= 0:
                body.left = left
                body.seen += 1
                return NOTHING
            if self.state == _ITERATING and self.memory.trapped is None and body.first(piece):
                return NOTHING
        return self._item(piece)

    def _item(self, piece: object) -> Found:
        """An item that needs a closer look."""
        body = self.body
        if body.left >= 0:
            body.settle()
        found: list[Breach] = []
        if self.state in (_RETURNED, _CUT):
            found.extend(self._handle(Handles.NEXT))
        found.extend(self.memory.trap())
        found.extend(body.item(piece, judged=self._told_whole()))
        if self.state == _ITERATING:
            body.hasten()
        return found

    def exhausted(self, _: object = None) -> Found:
        """The iteration ended."""
        body = self.body
        if body.left >= 0:
            body.settle()
        if self.state == _RETURNED:
            self.state = _ITERATING
        found: list[Breach] = []
        if self.memory.trapped is not None:
            found.extend(self.memory.trap())
        before, self.state = self.state, _CLOSING_ROWS[self.state][_STOP].state
        if body.state == _OVER or before != _ITERATING:
            return found
        cell = _RESPONSE_ROWS[body.state][_EXHAUST]
        if cell.requirement is not None:
            found.append(broken(RESPONSE, body.state, _EXHAUST))
        started = body.state > _REFUSED
        body.state = cell.state
        length = None if self.facts is None else self.facts.get("len")
        short = started and body.room is not None and body.total < body.room
        if (length is None or length == body.seen) and not short:
            return found
        from gateproof.validators.wsgi import response

        if length is not None and length != body.seen and not self._told_whole():
            found.append(response.length(length, body.seen))
        if short:
            found.append(response.too_short(body.room or 0, body.total))
        return found

    def item_raised(self, error: object) -> Found:
        """The iteration raised."""
        if self.body.left >= 0:
            self.body.settle()
        return self._left_with(error)

    # The end

    def close(self, _: object = None) -> Found:
        """The server calls ``close()``; one that the result does not have is no event."""
        if self.body.left >= 0:
            self.body.settle()
        found = self._uniterated() if self.state == _RETURNED else NOTHING
        if self.facts is None or not self.facts["has_close"]:
            return found
        return [*found, *self._handle(Handles.CLOSE)]

    def closed(self, _: object = None) -> Found:
        """``close()`` returned."""
        return NOTHING

    def close_raised(self, error: object) -> Found:
        """``close()`` raised."""
        raised = Raised.of(error)
        if raised.ours or self.state != _CUT:
            return NOTHING
        from gateproof.validators.wsgi import response

        return [response.close_failed(raised)]

    def end(self) -> Found:
        """The server is done with the exchange."""
        if self.body.left >= 0:
            self.body.settle()
        found = self._uniterated() if self.state == _RETURNED else NOTHING
        facts = self.facts
        if facts is not None and facts["has_close"] and not facts["is_file_wrapper"]:
            found = [*found, *self._handle(Handles.END)]
        self.state = _ENDED
        return found

    # Shared parts

    def _handle(self, symbol: Handles) -> Found:
        state = self.state
        facts = self.facts
        cell = _CLOSING_ROWS[state][symbol]
        self.state = cell.state
        if cell.requirement is None or facts is None or not facts["has_close"]:
            return NOTHING
        return [broken(CLOSING, state, symbol)]

    def _left_with(self, error: object) -> Found:
        """The application was left with an exception."""
        raised = Raised.of(error)
        memory = self.memory
        self.state = _CLOSING_ROWS[self.state][int(Handles.RAISE)].state
        self.body.state = _OVER
        trapped, memory.trapped = memory.trapped, None
        if raised.ours:
            return NOTHING
        from gateproof.validators.wsgi import response

        return list(response.left_with(raised, trapped, memory.answered))

    def _uniterated(self) -> Found:
        """The server is done with an iterable that it never looked into."""
        facts = self.facts
        if facts is None or facts["is_file_wrapper"] or not facts["iterable"]:
            return NOTHING
        state = self.body.state
        if state == _UNSTARTED:
            from gateproof.validators.wsgi import response

            return self.memory.once([response.never_iterated(facts)])
        if facts.get("indexed") and state == _STARTED and self.body.room:
            from gateproof.validators.wsgi import response

            return self.memory.once([response.not_looped(facts)])
        return NOTHING

    def _told_whole(self) -> bool:
        """Whether the result was refused as a whole, so that its items go without saying."""
        return self.facts is not None and self.facts["type"] in _WHOLE
