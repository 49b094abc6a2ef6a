"""A server that somebody else runs, as a target of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateproof.conformance.case import Case
from gateproof.conformance.settings import Settings
from gateproof.targets.hosted import HostedServer, open_hosted
from gateproof.targets.load import TargetError
from gateproof.validators.policy import Rules

if TYPE_CHECKING:
    from gateproof.conformance.subjects import Runs


@dataclass(frozen=True, slots=True)
class HostedSubject:
    """A deployed probe and all that stands between it and us."""

    server: HostedServer

    @classmethod
    def at(cls, target: str, chosen: Settings) -> HostedSubject:
        """What the URL ``target`` leads to.

        Raises:
            TargetError: no probe that we may use.
            EnvironmentFaultError: it cannot be reached.
        """
        if chosen.server:
            raise TargetError(
                f"--target={target} has a server already; --target-server is for applications"
            )
        return cls(open_hosted(target, authority=chosen.ca, interface=chosen.interface))

    @property
    def name(self) -> str:
        """The URL."""
        return self.server.name

    @property
    def slug(self) -> str:
        """Its name in item ids."""
        return self.server.label

    @property
    def interface(self) -> str:
        """``"wsgi"`` or ``"asgi"``."""
        return self.server.interface

    def concerns(self, case: Case) -> bool:
        """Whether ``case`` is for servers of its interface."""
        return case.concerns("server", self.interface)

    def line(self, chosen: Settings) -> str:  # noqa: ARG002 - as every subject's
        """What it is, and that all is said of the whole chain."""
        server = self.server
        line = f"{self.name} serves our probe as {self.interface.upper()}, {server.seen}"
        if server.readable:
            line += "; without TLS the secret can be read on the way"
        return line

    def facts(self, chosen: Settings) -> dict[str, Any]:  # noqa: ARG002 - as every subject's
        """What the probe tells of itself, and how it is looked at."""
        return {
            "subject": "server",
            "because": self.server.seen,
            "application": "gateproof.targets.probe",
            "versions": dict(self.server.versions),
            "paths": [],
            "methods": [],
            "backend": "",
        }

    def engine(self, chosen: Settings, rules: Rules, selected: Iterable[Case]) -> Runs:  # noqa: ARG002 - as every subject's
        """The engine that sends requests to it."""
        from gateproof.conformance.server_runner import ServerEngine, ServerPlan

        return ServerEngine(ServerPlan(self.server, rules), selected)
