"""The judge of the body: what is produced, by ``write()`` or by iteration, and how much."""

from __future__ import annotations

from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.machines import RESPONSE, WRITING, Does, Response, Writes, Writing
from gateproof.validators.wsgi.memory import NOTHING, accepts, broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gateproof.validators.violation import Breach
    from gateproof.validators.wsgi.memory import Found, Memory

UNBOUNDED = 1 << 62
"""Room for a body of no declared length."""

_STARTED, _SENT, _OVER = int(Response.STARTED), int(Response.SENT), int(Response.OVER)
_BACK = int(Writing.RETURNED)
_RESPONSE_ROWS = RESPONSE.rows


class BodyJudge:
    """Judges the body of one response, piece by piece.

    Args:
        memory: what the judges have in common.

    Attributes:
        state: where the response is, of machine ``RESPONSE``.
        left: octets that may still be produced without a closer look, -1 where
            the next piece needs one. The live wrapper counts it down itself.
        seen: items produced so far, counted by the live wrapper likewise.
        total: octets produced when last settled.
        room: octets that Content-Length allows, ``None`` where none binds.
        over: whether more was produced.
        sound: whether the latest call of ``write()`` was given one bytestring.
        bodiless: the status of a response that has no body, until one is produced.
    """

    __slots__ = (
        "base",
        "bodiless",
        "left",
        "memory",
        "over",
        "room",
        "seen",
        "sound",
        "state",
        "total",
        "writing",
    )

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.state = self.writing = 0
        self.left = -1
        self.base = self.total = self.seen = 0
        self.room: int | None = None
        self.over = self.sound = False
        self.bodiless = ""

    def write(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Found:
        """The application calls ``write()``."""
        from gateproof.validators.wsgi import response

        if self.left >= 0:
            self.settle()
        self.sound = not kwargs and len(args) == 1 and type(args[0]) is bytes
        if kwargs or len(args) != 1:
            return [response.write_arguments(args, kwargs)]
        data = args[0]
        memory = self.memory
        found: list[Breach] = []
        if WRITING.rows[self.writing][int(Writes.WRITE)].requirement is not None:
            found.append(broken(WRITING, self.writing, int(Writes.WRITE)))
        if not memory.told & response.WROTE:
            found.extend(memory.once([response.wrote(_octets(data))]))
        if type(data) is not bytes and not accepts(memory.shapes.write, data):
            found.extend(memory.shapes.explain("wsgi/write", data))
        found.extend(self._produce(data, Does.WRITE, Does.WRITE_EMPTY))
        return found

    def written(self, _: object = None) -> Found:
        """``write()`` returned."""
        if not self.over or self.room is None:
            return NOTHING
        from gateproof.validators.wsgi import response

        return self.memory.once([response.written_past(self.room)])

    def write_raised(self, error: object) -> Found:
        """``write()`` raised."""
        memory = self.memory
        raised = Raised.of(error)
        memory.answered = (*memory.answered, raised.identity)
        if not raised.outside or not self.sound:
            return NOTHING
        from gateproof.validators.wsgi import response

        return memory.once(response.refused_data(raised))

    def call_over(self) -> None:
        """The application's call is over: what comes now is to come by iteration."""
        if self.left >= 0:
            self.settle()
        self.writing = _BACK

    def first(self, piece: bytes) -> bool:
        """Whether ``piece`` is the first of an ordinary response, which is then noted."""
        if self.state != _STARTED or not piece or self.bodiless:
            return False
        room = UNBOUNDED if self.room is None else self.room
        left = room - len(piece)
        if left < 0:
            return False
        self.state = _SENT
        self.seen += 1
        self.left = left
        self.base = room
        return True

    def item(self, piece: Any, *, judged: bool) -> Found:
        """The iteration gave ``piece``; where ``judged``, its type goes without saying."""
        self.seen += 1
        found: Found = NOTHING
        if type(piece) is not bytes and not judged:
            shapes = self.memory.shapes
            if not accepts(shapes.item, piece):
                found = shapes.explain("wsgi/item", piece)
        return [*found, *self._produce(piece, Does.ITEM, Does.ITEM_EMPTY)]

    def hasten(self) -> None:
        """Let the pieces that come next be counted only, where that is enough."""
        if self.state == _SENT and not self.over:
            room = UNBOUNDED if self.room is None else self.room
            self.left = max(room - self.total, 0)
            self.base = self.total + self.left

    def settle(self) -> None:
        """Take over what was counted since the last closer look; call it where ``left >= 0``."""
        self.total = self.base - self.left
        self.left = -1

    def _produce(self, piece: Any, full: Does, empty: Does) -> Found:
        """A piece of the body, by whichever way."""
        octets = _octets(piece)
        symbol = full if octets else empty
        before = self.state
        cell = _RESPONSE_ROWS[before][symbol]
        self.state = cell.state
        found: list[Breach] = []
        if cell.requirement is not None:
            found.append(broken(RESPONSE, before, symbol))
        if octets and self.bodiless:
            from gateproof.validators.wsgi import owed

            found.append(owed.nothing(self.bodiless, octets))
            self.bodiless = ""
        if not issubclass(type(piece), bytes):
            self.room = None  # its octets cannot be counted
        self.total += octets
        if self.room is None or self.total <= self.room or not octets or self.state == _OVER:
            return found
        from gateproof.validators.wsgi import response

        if self.over:
            found.extend(self.memory.once([response.beyond(self.room)]))
        else:
            found.append(response.too_long(self.room, self.total))
        self.over = True
        return found


def _octets(piece: Any) -> int:
    """The size of a piece, whatever its class says; 1 for what has none to count."""
    for kind in (bytes, bytearray, str):
        if issubclass(type(piece), kind):
            return kind.__len__(piece)
    return 1
