"""The stage of a case for applications, where the application is behind a real server.

Cases act on it as on the stages in this process. What they ask goes over the wire,
what became of it comes out of the probe's journal, and what cannot be asked is
counted: it shows in the case's verdict, and is never taken for passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gateproof.conformance.alarm import Hang
from gateproof.conformance.stage import Stage
from gateproof.targets.journal import Call
from gateproof.targets.watched import Watched
from gateproof.targets.wire import WireError
from gateproof.targets.wired import Crossed, Sending, Wired, altered
from gateproof.targets.wired_wsgi import shown
from gateproof.validators.policy import Rules
from gateproof.validators.violation import Violation


@dataclass
class Account:
    """What of a case could be asked.

    Attributes:
        asked: the requests that reached the application, each once.
        unasked: why others could not be asked, with how often.
        unreached: what the server answered itself, without calling the application.
        breaches: what the judges found on the server.
        troubled: the server has to be looked after.
        log: the end of the server's log, where it had to be started again.
    """

    asked: set[bytes] = field(default_factory=set)
    unasked: dict[str, int] = field(default_factory=dict)
    unreached: dict[str, int] = field(default_factory=dict)
    breaches: list[Violation] = field(default_factory=list)
    troubled: bool = False
    log: str = ""

    def skip(self, reason: str) -> None:
        """Note that something could not be asked."""
        self.unasked[reason] = self.unasked.get(reason, 0) + 1

    def pass_over(self, reason: str) -> None:
        """Note that the server kept something from the application."""
        self.unreached[reason] = self.unreached.get(reason, 0) + 1

    def verdict(self, paths: int) -> tuple[str, str]:
        """``"n/a"`` where nothing of what the case is about could be asked; and why, or what not.

        Args:
            paths: so many plain requests say nothing but what every case begins with.
        """
        reasons = self.unasked or self.unreached
        told = "; ".join(sorted(reasons, key=lambda reason: (-reasons[reason], reason))[:3])
        if not self.asked and self.unreached and not self.unasked:
            return "n/a", f"the server does not call the application for this: {told}"
        if self.unasked and len(self.asked) <= paths:
            return "n/a", f"not with a real server: {told}"
        count = sum(self.unasked.values())
        return "", f"{count} of its requests cannot be made with a real server: {told}" * bool(
            count
        )


def take_in(watched: Watched, calls: Iterable[Call], account: Account) -> None:
    """Judge journals: the ladder and the violations of an exchange, the server's apart."""
    everything = Rules(level="all")
    for call in calls:
        begin = watched.exchange.count
        for rung in call.ladder():
            watched.exchange.place(shown(rung))
        misled = ""
        for violation in call.violations(everything):
            if violation.party == "server":
                account.breaches.append(violation)
                misled = misled or _misleads(violation, call)
                continue
            placed = replace(violation, event=violation.event + begin)
            if misled:
                hint = f"the server broke {misled} before that, which may be why"
                placed = replace(placed, verdict="observed", hint=hint)
            watched.violations.append(placed)


def _misleads(violation: Violation, call: Call) -> str:
    """The clause that a server broke in what it gave an application to work on, if it did.

    An application that hands on what is no text, or has no end, is not at fault first.
    """
    ladder = call.ladder()
    given = violation.event < len(ladder) and ladder[violation.event].step in ("received", "input")
    return violation.requirement if given and violation.verdict == "fail" else ""


async def cross(
    stage: Stage, wired: Wired, account: Account, sending: Sending, watched: Watched
) -> Crossed:
    """Make one exchange that counts for the case.

    Raises:
        Crashed: the process that ran the application is gone.
        Hang: the application neither answered nor ended.
        Blocked: the server takes no connection, or keeps the application waiting.
    """
    try:
        crossed = await wired.exchange(sending)
    except WireError as error:
        account.troubled = True
        stage.blocked(f"{wired.server.name} takes no connection: {error}")
    call = crossed.call
    if call is None:
        account.troubled = account.troubled or crossed.stuck
        account.pass_over(f"{sending.line[:60]}: {crossed.reply}"[:120])
        return crossed
    account.asked.add(sending.octets)
    stage.exchanges.append(watched)
    take_in(watched, [call], account)
    if altered(sending, call):
        stage.blocked(f"the server gave the application another body than was sent: {sending.line}")
    if crossed.stuck:
        account.troubled = True
        if crossed.waits:
            stage.blocked(
                f"the application waits for what the server does not give: {sending.line}"
            )
        if _owes_answer(call, crossed):
            raise Hang(f"no progress for {wired.patience:g} s")
    return crossed


def _owes_answer(call: Call, crossed: Crossed) -> bool:
    """Whether it is the application for which everybody waits."""
    if call.ended:
        return False
    if call.interface == "asgi":  # once begun, a response may go on for as long as it likes
        events = (data for data in call.steps("send") if isinstance(data, dict))
        return not any(event.get("type") == "http.response.start" for event in events)
    last = call.rungs[-1].step if call.rungs else ""
    return not crossed.reply.complete or last == "close"
