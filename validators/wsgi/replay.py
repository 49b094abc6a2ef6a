"""Judging a recorded exchange: the same judge, fed from a ladder."""

from __future__ import annotations

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.judge import WSGIJudge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateproof.validators.violation import Rung, Violation
    from gateproof.validators.wsgi.memory import Host


def replay(
    rungs: Iterable[Rung], policy: Policy | None = None, *, host: Host = "any"
) -> list[Violation]:
    """The violations that a recorded exchange shows, in order.

    Args:
        rungs: the ladder, whole and in order.
        policy: whose active set and parties count; all by default. What it does
            on a violation is left to the caller.
        host: ``"server"`` where the ladder was recorded directly under a server.
    """
    policy = policy or Policy("collect", Rules(level="all"))
    judge = WSGIJudge(policy.rules, host)
    rungs = tuple(rungs)
    exchange = Exchange(head=len(rungs))
    found = []
    for rung in rungs:
        exchange.add(rung.step, rung.data)
        for breach in judge.feed(rung.step, rung.data):
            violation = policy.violation(breach, exchange)
            if violation is not None:
                found.append(violation)
    return found
