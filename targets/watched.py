"""One exchange with an application in this process, watched by the validator."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.violation import Violation

LADDER = 400
"""Rungs kept of an exchange that the suite drives, from its beginning."""


@dataclass
class Watched:
    """What happened in one exchange: the ladder, the violations, how it ended.

    Attributes:
        family: the protocol, as in the case families (``"asgi.http"``).
        request: one line that names it, such as ``"GET /?a=1"``.
        exchange: the ladder.
        violations: what the validator found, in order.
        raised: what left the application, if anything did.
        may_raise: to raise is a right answer, as to an unknown protocol.
    """

    family: str
    request: str
    exchange: Exchange = field(default_factory=lambda: Exchange(head=LADDER, tail=100))
    violations: list[Violation] = field(default_factory=list)
    raised: BaseException | None = None
    may_raise: bool = False

    def policy(self) -> Policy:
        """A policy that appends everything the judge finds to ``violations``."""
        return Policy(self.violations.append, Rules(level="all"))
