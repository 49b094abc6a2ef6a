"""One request to a server and all that is known of it: octets, reply, calls of the application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateproof.conformance.case import Blocked
from gateproof.targets.http1 import Reply
from gateproof.targets.journal import Call
from gateproof.targets.watched import Watched
from gateproof.targets.wire import Wire
from gateproof.validators.violation import Rung

SENT, RECEIVED, ENDED = "octets-sent", "octets-received", "octets-ended"
"""The steps of a ladder between client and server."""


@dataclass
class Heard:
    """A request, its reply and what the application saw.

    Attributes:
        token: what names the application's script.
        request: the octets that were sent.
        wire: the connection.
        reply: what came back.
        calls: the calls of the application that carried the token.
        interface: what the server speaks to the application.
    """

    token: str
    request: bytes
    wire: Wire
    reply: Reply
    calls: list[Call]
    interface: str = "wsgi"

    @property
    def called(self) -> bool:
        """Whether the application was called."""
        return bool(self.calls)

    @property
    def call(self) -> Call:
        """The only call of the application.

        Raises:
            Blocked: it was not called, or more than once.
        """
        if len(self.calls) != 1:
            times = f"{len(self.calls)} times" if self.calls else "never"
            raise Blocked(f"the application was called {times} for {self.line}")
        return self.calls[0]

    @property
    def line(self) -> str:
        """One line that names the exchange: the request line, without the token."""
        first = self.request.lstrip(b"\r\n").partition(b"\r\n")[0][:200]
        return first.decode("latin-1").replace(self.token, "TOKEN")

    def watched(self) -> Watched:
        """The exchange as evidence: the ladder of both conversations, in one order of time.

        Where their clocks cannot be compared, the calls come after the octets.
        """
        return self._ladder(self.calls)[0]

    def seen_at(self, call: Call, event: int) -> tuple[Watched, int]:
        """The evidence of one call, and where in it rung ``event`` of the call stands."""
        shown, order = self._ladder([call])
        return shown, order.index(len(order) - len(call.ladder()) + event)

    def _ladder(self, calls: list[Call]) -> tuple[Watched, list[int]]:
        """The evidence, and the places of wire and calls, one after the other, in it."""
        rungs, keys = [], []
        for rung in self._wired():
            rungs.append(rung)
            keys.append((False, rung.at))
        for call in calls:
            # By another machine's clock it is not known what came before which octets.
            rungs += call.ladder()
            keys += [(call.foreign, rung.at) for rung in call.ladder()]
        order = sorted(range(len(rungs)), key=lambda place: keys[place])
        shown = Watched(self.interface, self.line)
        for place in order:
            shown.exchange.place(rungs[place])
        return shown, order

    def _wired(self) -> Iterator[Rung]:
        """What crossed the wire, as rungs."""
        for at, data in self.wire.sent:
            yield Rung(SENT, data, at)
        for at, data in self.wire.received:
            yield Rung(RECEIVED, data, at)
        if self.wire.ended_at:
            how = "reset" if self.wire.was_reset else "closed"
            yield Rung(ENDED, how, self.wire.ended_at)
