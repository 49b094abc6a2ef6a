"""A target that is an application behind a real server: found, matched, and described."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateproof.conformance.case import Case
from gateproof.conformance.settings import Settings
from gateproof.conformance.wired_runner import WiredEngine, WiredPlan
from gateproof.targets.adapter import Adapter, Interface
from gateproof.targets.application import open_application
from gateproof.targets.environments import Environment, environment_for
from gateproof.targets.load import EnvironmentFaultError, TargetError
from gateproof.targets.opening import columns
from gateproof.targets.registry import adapters
from gateproof.targets.server import Server
from gateproof.targets.server_name import PREFIX, ServerName, names_server, parse_server
from gateproof.validators.policy import Rules


@dataclass(frozen=True, slots=True)
class WiredSubject:
    """An application that a server carries.

    Attributes:
        name: the application, as its user wrote it.
        server: what carries it.
        because: why it was taken for its interface.
    """

    name: str
    server: Server
    because: str

    @property
    def carrier(self) -> str:
        """The server, as ``--target-server`` takes it."""
        return self.server.name.removeprefix(PREFIX)

    @property
    def slug(self) -> str:
        """Its name in item ids: the application's, then the server's."""
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", self.name).strip("-")
        return f"{plain}-{self.server.label}"

    @property
    def interface(self) -> str:
        """``"wsgi"`` or ``"asgi"``."""
        return self.server.interface

    def concerns(self, case: Case) -> bool:
        """Whether ``case`` is for applications of its interface."""
        return case.concerns("application", self.interface)

    def line(self, chosen: Settings) -> str:
        """What carries it, in which release, and what will be sent."""
        return (
            f"{self.name} is {self.interface.upper()} ({self.because}), "
            f"carried by {self.server.name}, release {self.server.version}, "
            "with the databases and files that it has there; "
            f"sends {', '.join(chosen.methods)} to {', '.join(chosen.paths)}"
        )

    def facts(self, chosen: Settings) -> dict[str, Any]:
        """The server's release, and what will be sent to the application."""
        return {
            "because": self.because,
            "application": self.name,
            "server": self.server.name,
            "versions": dict(self.server.versions),
            "paths": list(chosen.paths),
            "methods": list(chosen.methods),
            "backend": self.server.name,
        }

    def engine(self, chosen: Settings, rules: Rules, selected: Iterable[Case]) -> WiredEngine:
        """The engine that starts the server and sends requests."""
        plan = WiredPlan(
            name=self.name,
            server=self.server,
            paths=chosen.paths,
            methods=chosen.methods,
            host=chosen.host,
            rules=rules,
            deadline=chosen.deadline,
        )
        return WiredEngine(plan, selected)


def wired_subjects(target: str, chosen: Settings) -> Iterator[WiredSubject]:
    """The application ``target`` behind each server that the settings name.

    Raises:
        TargetError: the application or a server cannot be used, or they do not fit.
        EnvironmentFaultError: a server is not there.
    """
    if names_server(target):
        raise TargetError(
            f"--target-server carries applications, and --target={target} is a server: "
            "leave out one of the two"
        )
    if re.search(r"\([^)]", target):
        raise TargetError(
            f"--target={target}: behind a server a factory is called without arguments; "
            "write a module with a factory that needs none"
        )
    for text in chosen.server:
        said = f"--target-server={text}"
        words = text if names_server(text) else f"{PREFIX}{text}"
        if parse_server(words, said=said).every:
            yield from _every(target, chosen, words)
        else:
            yield _subject(target, chosen, words, said)


def _every(target: str, chosen: Settings, words: str) -> Iterator[WiredSubject]:
    """The application behind every server of this environment that speaks its interface."""
    found = 0
    for column in columns(parse_server(words).python):
        try:
            subject = _subject(target, chosen, column, f"--target-server={column}", every=True)
        except (EnvironmentFaultError, _UnfitError):
            continue
        found += 1
        yield subject
    if not found:
        raise EnvironmentFaultError(
            f"--target-server={words}: no server that fits is installed here"
        )


class _UnfitError(TargetError):
    """The server speaks another interface than the application, or is not to be had here."""


def _subject(
    target: str, chosen: Settings, words: str, said: str, *, every: bool = False
) -> WiredSubject:
    """The application ``target`` behind one server."""
    name = parse_server(words, said=said)
    known = adapters(name.file)
    if name.file is None:
        name = parse_server(words, known, said)
        adapter = known[name.name]
    else:
        adapter = next(iter(known.values()))
    environment = environment_for(name, adapter)
    if every and not _is_ours(environment):
        raise _UnfitError(f"{name} runs in another environment")
    interface, because = _interface(target, chosen, name, adapter, environment)
    if not every:
        name = _speaking(name, adapter, interface)
    if adapter.interface(name.choices(adapter.variants)) != interface:
        raise _UnfitError(
            f"{target} is {interface.upper()} ({because}), which {name} does not speak; "
            f"take {_fitting(interface)}"
        )
    server = Server(
        adapter, name, environment=environment, application=target, app_dir=_folder(chosen)
    )
    return WiredSubject(target, server, because)


def _folder(chosen: Settings) -> Path:
    return Path(chosen.app_dir).absolute()


def _interface(
    target: str, chosen: Settings, name: ServerName, adapter: Adapter, environment: Environment
) -> tuple[Interface, str]:
    """What the application speaks, and why we think so."""
    if chosen.interface:
        return chosen.interface, "--target-interface says so"  # type: ignore[return-value]
    if _is_ours(environment):
        application = open_application(target, chosen.app_dir, None)
        return application.interface, application.detected.because
    if len(adapter.interfaces) == 1:
        return adapter.interfaces[0], f"{name} speaks nothing else"
    settled = adapter.interface(name.choices(adapter.variants))
    if name.variants:
        return settled, f"{name} speaks that"
    raise TargetError(
        f"--target={target} is not imported here, for {name} runs in another environment, and "
        f"speaks {' and '.join(adapter.interfaces)}: say which with --target-interface"
    )


def _is_ours(environment: Environment) -> bool:
    """Whether it is the environment that this process runs in."""
    return environment.python.absolute() == Path(sys.executable).absolute()


def _speaking(name: ServerName, adapter: Adapter, interface: Interface) -> ServerName:
    """The server with variants that speak ``interface``, where its user left that open."""
    if adapter.interface(name.choices(adapter.variants)) == interface:
        return name
    chosen = dict(name.variants)
    if "interface" in chosen or interface not in adapter.variants.get("interface", ()):
        return name
    return replace(name, variants=tuple(sorted({**chosen, "interface": interface}.items())))


def _fitting(interface: Interface) -> str:
    """The servers and bridges that carry applications of ``interface``."""
    return ", ".join(
        sorted(name for name, adapter in adapters().items() if interface in adapter.interfaces)
    )
