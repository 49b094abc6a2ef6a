from __future__ import annotations

from dataclasses import dataclass

import pytest

from gateproof.conformance.case import Blocked, NotApplicable, cases
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.validators.policy import Policy, Rules

EVERYTHING = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW")


@dataclass
class Played:
    """What a case found, by the case itself and by the validator."""

    stage: WSGIStage
    ended: str

    @property
    def by_case(self):
        policy = Policy(rules=Rules(level="all"))
        return [
            policy.violation(finding.breach, finding.watched.exchange)
            for finding in self.stage.findings
        ]

    @property
    def by_validator(self):
        return [v for watched in self.stage.exchanges for v in watched.violations]

    def requirements(self, *verdicts):
        return {
            v.requirement
            for v in (*self.by_case, *self.by_validator)
            if not verdicts or v.verdict in verdicts
        }


def run_case(application, case, *, paths=("/",), methods=EVERYTHING, **fields) -> Played:
    """Run one case, by its full id, as the engine would; ``fields`` are those of a stage."""
    stage = WSGIStage(
        case=cases()[case], paths=paths, methods=methods, application=application, **fields
    )
    try:
        stage.case.run(stage)
    except (Blocked, NotApplicable) as ended:
        return Played(stage, str(ended))
    return Played(stage, "")


@pytest.fixture
def play():
    return run_case


@pytest.fixture
def play_all():
    def run_all(application, **options):
        names = [name for name in cases() if name.startswith("wsgi::")]
        return {name: run_case(application, name, **options) for name in names}

    return run_all
