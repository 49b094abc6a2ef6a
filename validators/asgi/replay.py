"""Judging a recorded exchange: the journal of a server in another process."""

from __future__ import annotations

from gateproof.validators.asgi.judge import judge
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateproof.validators.violation import Rung, Violation


def replay(
    rungs: Iterable[Rung | tuple[str, object]], policy: Policy | None = None
) -> list[Violation]:
    """What the judge finds in a recorded exchange.

    Args:
        rungs: the whole exchange, from its ``"call"`` on; rungs or pairs of step
            and data.
        policy: whose active set and parties apply; all if ``None``. It is handed
            nothing.

    Returns:
        The violations in the order of the events at which they were seen.

    Raises:
        ValueError: the exchange does not begin with ``"call"``, or has an
            unknown step.
    """
    if policy is None:
        policy = Policy(_nobody, Rules(level="all"))
    exchange = Exchange()
    violations: list[Violation] = []
    judging = None
    for rung in rungs:
        step, data = rung[:2] if isinstance(rung, tuple) else (rung.step, rung.data)
        if judging is None:
            if step != "call":
                raise ValueError(f"an exchange begins with 'call', not {step!r}")
            judging = judge(data, policy)
        found = judging.feed(step, data)
        exchange.add(step, data if judging.record is None else judging.record)
        judging.forward = judging.record = None
        for breach in found:
            violation = policy.violation(breach, exchange)
            if violation is not None:
                violations.append(violation)
    return violations


def _nobody(_violation: Violation) -> None:
    """Takes a violation and does nothing: replay returns them instead."""
