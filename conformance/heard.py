"""One request to a server and all that is known of it: octets, reply, calls of the application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        """The exchange as evidence: the ladder of both conversations, in one order of time."""
        return self._shown(self._ladder(self.calls))

    def seen_at(self, call: Call, event: int) -> tuple[Watched, int]:
        """The evidence of one call, and where in it rung ``event`` of the call stands."""
        rungs = self._ladder([call])
        seen = call.ladder()[event]
        place = next((place for place, rung in enumerate(rungs) if rung is seen), 0)
        return self._shown(rungs), place

    def _ladder(self, calls: list[Call]) -> list[Rung]:
        """What crossed the wire and in ``calls``; what tells of other connections is left out.

        By another machine's clock it is not known what came before which octets: such calls
        come after them.
        """
        ours = [*self._wired(), *_crossed(call for call in calls if not call.foreign)]
        foreign = _crossed(call for call in calls if call.foreign)
        return [*sorted(ours, key=_at), *sorted(foreign, key=_at)]

    def _shown(self, rungs: list[Rung]) -> Watched:
        shown = Watched(self.interface, self.line)
        for rung in rungs:
            shown.exchange.place(rung)
        return shown

    def _wired(self) -> Iterator[Rung]:
        """What crossed the wire, as rungs."""
        for at, data in self.wire.sent:
            yield Rung(SENT, data, at)
        for at, data in self.wire.received:
            yield Rung(RECEIVED, data, at)
        if self.wire.ended_at:
            how = "reset" if self.wire.was_reset else "closed"
            yield Rung(ENDED, how, self.wire.ended_at)


def _crossed(calls: Iterable[Call]) -> Iterator[Rung]:
    """What crossed in calls, without what tells of other connections."""
    return (rung for call in calls for rung in call.ladder() if rung.step != "loop")


def _at(rung: Rung) -> int:
    return rung.at
