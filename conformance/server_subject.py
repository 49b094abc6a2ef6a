"""A server as the target of a run: in a process of ours, or run by somebody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateproof.conformance.case import Case
from gateproof.conformance.settings import Settings
from gateproof.targets.hosted import HostedServer, open_hosted
from gateproof.targets.load import TargetError
from gateproof.targets.server import Server
from gateproof.validators.policy import Rules

if TYPE_CHECKING:
    from gateproof.conformance.subjects import Runs


@dataclass(frozen=True, slots=True)
class ServerSubject:
    """A server with our probe inside: in a process of its own, or deployed somewhere."""

    server: Server | HostedServer

    @property
    def name(self) -> str:
        """The target as its user wrote it."""
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
        """What it is and speaks; of a hosted one, that all is said of the whole chain."""
        server, serves = self.server, f"our probe as {self.interface.upper()}"
        if not isinstance(server, HostedServer):
            return f"{self.name} is release {server.version}, serving {serves}"
        line = f"{self.name} serves {serves}, {server.seen}"
        if server.readable:
            line += "; without TLS the secret can be read on the way"
        return line

    def facts(self, chosen: Settings) -> dict[str, Any]:  # noqa: ARG002 - as every subject's
        """Its releases, and how it is looked at."""
        server = self.server
        return {
            "subject": "server",
            "because": server.seen if isinstance(server, HostedServer) else "its adapter says so",
            "application": "gateproof.targets.probe",
            "versions": dict(server.versions),
            "paths": [],
            "methods": [],
            "backend": "",
        }

    def engine(self, chosen: Settings, rules: Rules, selected: Iterable[Case]) -> Runs:  # noqa: ARG002 - as every subject's
        """The engine that starts the server, where it is ours, and sends requests to it."""
        from gateproof.conformance.server_runner import ServerEngine, ServerPlan

        return ServerEngine(ServerPlan(self.server, rules), selected)


def hosted_subject(target: str, chosen: Settings) -> ServerSubject:
    """What the URL ``target`` leads to.

    Raises:
        TargetError: no probe that we may use.
        EnvironmentFaultError: it cannot be reached.
    """
    if chosen.server:
        raise TargetError(
            f"--target={target} has a server already; --target-server is for applications"
        )
    return ServerSubject(open_hosted(target, authority=chosen.ca, interface=chosen.interface))
