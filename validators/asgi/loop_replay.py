"""Judging the recorded exchanges of event loops together."""

from __future__ import annotations

from gateproof.validators.asgi.loop import FINDS, LoopJudge
from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from gateproof.validators.violation import Rung, Violation

    Fact = dict[str, Any]

STEP = "loop"
"""The step of a rung that holds a fact about the connections of a loop."""

CLAIMS = frozenset(requirement for found in FINDS.values() for requirement in found)
"""Every requirement that can be found broken between connections."""


def replay_together(
    exchanges: Iterable[Iterable[Rung]], policy: Policy | None = None
) -> list[Violation]:
    """What is broken between the connections of one validator.

    Args:
        exchanges: their ladders, in any order.
        policy: whose active set and parties apply; all if ``None``. It is handed
            nothing.

    Returns:
        The violations in the order in which they were seen. The exchange of each
        is made of the facts so far.

    Raises:
        ValueError: a fact that no judge knows.
    """
    if policy is None:
        policy = Policy("collect", Rules(level="all"))
    noting = policy.rules.level == "all"
    judges: dict[int, LoopJudge] = {}
    ladder = Exchange()
    violations = []
    for fact, at in _facts(exchanges):
        judge = judges.setdefault(fact["loop"], LoopJudge(noting=noting))
        ladder.add(STEP, fact)
        found = (policy.violation(breach, ladder) for breach in judge.feed(fact, at))
        violations += [violation for violation in found if violation is not None]
    return violations


def exercised_together(exchanges: Iterable[Iterable[Rung]]) -> frozenset[str]:
    """The requirements that were judged between connections, on what their ladders show."""
    judges: dict[int, LoopJudge] = {}
    seen: set[str] = set()
    for fact, at in _facts(exchanges):
        judge = judges.setdefault(fact["loop"], LoopJudge())
        seen |= judge.chances(fact, at)
        judge.feed(fact, at)
    return frozenset(seen)


def _facts(exchanges: Iterable[Iterable[Rung]]) -> Iterator[tuple[Fact, int]]:
    rungs = [rung for exchange in exchanges for rung in exchange if rung.step == STEP]
    for rung in sorted(rungs, key=lambda rung: rung.at):
        yield rung.data, rung.at  # type: ignore[misc]
