"""What a run is about: applications and servers, each with its header and its engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

from gateproof.conformance.case import Case
from gateproof.conformance.engine import Engine, Plan
from gateproof.conformance.outcome import Outcome
from gateproof.conformance.routes import LATER, MOST, look, routes_of, told
from gateproof.conformance.settings import Settings
from gateproof.targets.application import Application, open_application
from gateproof.targets.endpoint import names_url
from gateproof.targets.routes.discovery import Discovery
from gateproof.targets.server_name import names_server
from gateproof.validators.policy import Rules


class Runs(Protocol):
    """What runs the selected cases of one target."""

    @property
    def hung(self) -> bool:
        """Whether some case hung, so that threads of the target may be left."""

    def outcome(self, case: Case) -> Outcome:
        """The outcome of ``case``; runs what has to run for it."""

    def rest(self) -> None:
        """Stop what need not run until the next case; it is started again for that."""

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
    """An application in this process.

    Attributes:
        application: the application.
        slug: empty, for its name in item ids is made from its name.
        routes: its routes, or why none are known.
    """

    application: Application
    slug: str = ""
    routes: Discovery = field(default_factory=Discovery)

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
        """What it is, why we think so, what will be sent to it, and its routes below that."""
        application = self.application
        return (
            f"{application.name} is {application.interface.upper()} "
            f"({application.detected.because}); "
            f"sends {', '.join(chosen.methods)} to {', '.join(chosen.paths)}\n"
            f"gateproof: {told(self.routes, chosen.methods)}"
        )

    def facts(self, chosen: Settings) -> dict[str, Any]:
        """Its type, its release, and what will be sent to it."""
        application = self.application
        return {
            "because": application.detected.because,
            "application": application.kind,
            "versions": _versions(application),
            "paths": list(chosen.paths),
            "routes": [route.path for route in self.routes.allowed(chosen.methods)][:MOST],
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
            routes=self.routes,
            find_routes=partial(look, self.application) if self.routes is LATER else None,
            traffic=replace(chosen.traffic, target=self.name),
        )
        return Engine(plan, selected)


def subjects(chosen: Settings) -> Iterator[Subject]:
    """The targets that the settings name, in order.

    Raises:
        TargetError: a target that cannot be used.
        EnvironmentFaultError: what it needs is not there.
    """
    for target in chosen.target:
        if names_url(target):
            from gateproof.conformance.server_subject import hosted_subject

            yield hosted_subject(target, chosen)
            continue
        if chosen.server:
            from gateproof.conformance.wired_subject import wired_subjects

            yield from wired_subjects(target, chosen)
        elif names_server(target):
            from gateproof.conformance.server_subject import ServerSubject
            from gateproof.targets.opening import open_servers

            for server in open_servers(target):
                yield ServerSubject(server)
        else:
            application = open_application(target, chosen.app_dir, chosen.interface)  # type: ignore[arg-type]
            yield ApplicationSubject(application, routes=routes_of(application, chosen))


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
