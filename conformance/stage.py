"""What a case acts on: the target, what may be sent to it, and where findings go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NoReturn

from gateproof.conformance.case import Blocked, Case, NotApplicable
from gateproof.conformance.effort import Traffic
from gateproof.targets.routes.discovery import Discovery
from gateproof.targets.watched import Watched
from gateproof.validators.violation import Breach, Party, Verdict


@dataclass
class Finding:
    """What a case itself found, beside the validator.

    ``watched`` is the exchange in which it showed; its ladder is the evidence.
    """

    breach: Breach
    watched: Watched | None


@dataclass
class Stage:
    """One run of one case against one target.

    Attributes:
        case: the case that runs.
        paths: the request paths that may be used, at least one.
        methods: the HTTP methods that may be sent.
        routes: the application's routes, or why none are known.
        exchanges: every exchange so far, in order; the engine reads their
            violations when the case has ended.
        findings: what the case itself found.
        hung: the application did not come back.
        traffic: what is asked of generated traffic.
        played: how many generated examples were played; a case that counts them is seen to
            get on.
        blobs: by requirement, the generated example that shows it broken.
    """

    case: Case
    paths: tuple[str, ...] = ("/",)
    methods: Collection[str] = ("GET", "HEAD", "OPTIONS")
    routes: Discovery = field(default_factory=Discovery)
    exchanges: list[Watched] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    hung: bool = False
    traffic: Traffic = field(default_factory=Traffic)
    played: int = 0
    blobs: dict[str, str] = field(default_factory=dict)

    def broken(
        self,
        requirement: str,
        message: str,
        *,
        watched: Watched | None = None,
        observed: str = "",
        expected: str = "",
        verdict: Verdict | None = None,
        party: Party | None = None,
        hint: str = "",
    ) -> None:
        """Report that the target broke ``requirement``; the case goes on.

        ``verdict`` may be milder than the catalogue's. ``watched`` defaults to
        the latest exchange.
        """
        if watched is None and self.exchanges:
            watched = self.exchanges[-1]
        breach = Breach(requirement, message, observed, expected, party, verdict, hint)
        self.findings.append(Finding(breach, watched))

    def not_applicable(self, reason: str) -> NoReturn:
        """End the case: the target does not speak this, or it may not be sent."""
        raise NotApplicable(reason)

    def blocked(self, reason: str) -> NoReturn:
        """End the case: something it rests on did not work."""
        raise Blocked(reason)
