"""What a run is about: applications and servers, each with its header and its engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Protocol

from gateproof.conformance.case import Case
from gateproof.conformance.engine import Engine, Plan
from gateproof.conformance.outcome import Outcome
from gateproof.conformance.settings import Settings
from gateproof.targets.application import Application, open_application
from gateproof.targets.endpoint import names_url
from gateproof.targets.server_name import names_server
from gateproof.validators.policy import Rules

if TYPE_CHECKING:
    from gateproof.targets.server import Server


class Runs(Protocol):
    """What runs the selected cases of one target."""

    @property
    def hung(self) -> bool:
        """Whether some case hung, so that threads of the target may be left."""

    def outcome(self, case: Case) -> Outcome:
        """The outcome of ``case``; runs what has to run for it."""

    def close(self) -> None:
        """Stop the target, within a bound."""


class Subject(Protocol):
    """A target of the run."""

    @property
    def name(self) -> str:
        """The target as its user wrote it."""

    @property
    def slug(self) -> str:
        """Its name in item ids, or empty where it is made from ``name``."""

    @property
    def interface(self) -> str:
        """``"wsgi"`` or ``"asgi"``."""

    def concerns(self, case: Case) -> bool:
        """Whether ``case`` is for a target of this kind."""

    def line(self, chosen: Settings) -> str:
        """What pytest's header says of it."""

    def facts(self, chosen: Settings) -> dict[str, Any]:
        """What the stream's header says of it, beside id, name and interface."""

    def engine(self, chosen: Settings, rules: Rules, selected: Iterable[Case]) -> Runs:
        """The engine that is to run ``selected``."""


@dataclass(frozen=True, slots=True)
class ApplicationSubject:
    """An application in this process."""

    application: Application
    slug: str = ""

    @property
    def name(self) -> str:
        """The target as its user wrote it."""
        return self.application.name

    @property
    def interface(self) -> str:
        """``"wsgi"`` or ``"asgi"``."""
        return self.application.interface

    def concerns(self, case: Case) -> bool:
        """Whether ``case`` is for applications of its interface."""
        return case.concerns("application", self.interface)

    def line(self, chosen: Settings) -> str:
        """What it is, why we think so, and what will be sent to it."""
        application = self.application
        return (
            f"{application.name} is {application.interface.upper()} "
            f"({application.detected.because}); "
            f"sends {', '.join(chosen.methods)} to {', '.join(chosen.paths)}"
        )

    def facts(self, chosen: Settings) -> dict[str, Any]:
        """Its type, its release, and what will be sent to it."""
        application = self.application
        return {
            "because": application.detected.because,
            "application": application.kind,
            "versions": _versions(application),
            "paths": list(chosen.paths),
            "methods": list(chosen.methods),
            "backend": chosen.backend if application.interface == "asgi" else "threads",
        }

    def engine(self, chosen: Settings, rules: Rules, selected: Iterable[Case]) -> Runs:
        """The engine that calls the application."""
        plan = Plan(
            application=self.application,
            paths=chosen.paths,
            methods=chosen.methods,
            rules=rules,
            deadline=chosen.deadline,
            backend=chosen.backend,
            host=chosen.host,
        )
        return Engine(plan, selected)


@dataclass(frozen=True, slots=True)
class ServerSubject:
    """A server in a process of its own, with our application inside."""

    server: Server

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
        """Which server, which release, what it speaks."""
        server = self.server
        interface = self.interface.upper()
        return f"{self.name} is release {server.version}, serving our probe as {interface}"

    def facts(self, chosen: Settings) -> dict[str, Any]:  # noqa: ARG002 - as every subject's
        """Its release and its variants."""
        server = self.server
        return {
            "subject": "server",
            "because": "its adapter says so",
            "application": "gateproof.targets.probe",
            "versions": dict(server.versions),
            "paths": [],
            "methods": [],
            "backend": "",
        }

    def engine(self, chosen: Settings, rules: Rules, selected: Iterable[Case]) -> Runs:  # noqa: ARG002 - as every subject's
        """The engine that starts the server and sends requests to it."""
        from gateproof.conformance.server_runner import ServerEngine, ServerPlan

        return ServerEngine(ServerPlan(self.server, rules), selected)


def subjects(chosen: Settings) -> Iterator[Subject]:
    """The targets that the settings name, in order.

    Raises:
        TargetError: a target that cannot be used.
        EnvironmentFaultError: what it needs is not there.
    """
    for target in chosen.target:
        if names_url(target):
            from gateproof.conformance.hosted_subject import HostedSubject

            yield HostedSubject.at(target, chosen)
            continue
        if chosen.server:
            from gateproof.conformance.wired_subject import wired_subjects

            yield from wired_subjects(target, chosen)
        elif names_server(target):
            from gateproof.targets.opening import open_servers

            for server in open_servers(target):
                yield ServerSubject(server)
        else:
            yield ApplicationSubject(
                open_application(target, chosen.app_dir, chosen.interface)  # type: ignore[arg-type]
            )


def _versions(application: Application) -> dict[str, str]:
    """The version of the distribution that the application's type comes from, where it is told."""
    import sys

    package = type(application.call).__module__.partition(".")[0]
    if package in sys.builtin_module_names:
        return {}
    try:
        return {package: version(package)}
    except PackageNotFoundError:
        return {}
