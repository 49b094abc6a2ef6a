"""What tests of the probe share: a run folder, and the recorder around an application."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from gateproof.targets import probe
from gateproof.targets.journal import together
from gateproof.targets.probe_folder import ProbeFolder
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.wsgi.replay import replay


@dataclass
class Recorded:
    """The recorder around applications, and what the judges make of its journals."""

    folder: ProbeFolder
    run: probe.Run = field(init=False)

    def __post_init__(self) -> None:
        self.run = probe.Run(str(self.folder.path))

    def wsgi(self, app: Any = None) -> Any:
        return probe.wsgi_application(self.run, app)

    def asgi(self, app: Any = None) -> Any:
        return probe.asgi_application(self.run, app)

    def calls(self) -> list[Any]:
        """Every call that was written down, in order."""
        return self.folder.every()

    def found(self, interface: str, host: str = "any") -> list[Any]:
        """What the judges find in all of them."""
        calls = [call for call in self.calls() if call.interface == interface]
        if interface == "wsgi" and host == "any":
            policy = Policy("collect", Rules(level="all"))
            return [v for call in calls for v in replay(call.ladder(), policy)]
        return [*(v for call in calls for v in call.violations()), *together(calls)]


@pytest.fixture
def folder(tmp_path):
    made = ProbeFolder(tmp_path)
    yield made
    made.remove()


@pytest.fixture
def recorded(folder):
    return Recorded(folder)


def told(violations: list[Any]) -> list[tuple[str, str, str]]:
    return sorted((v.requirement, v.verdict, v.party) for v in violations)


@pytest.fixture(name="told")
def _told():
    """Violations as what must be equal: requirement, verdict, party."""
    return told
