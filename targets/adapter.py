"""What an adapter says of a server: how to start it, what it can do, what is known of it.

An adapter is data and small functions; it starts nothing itself. One file in ``targets/servers/``
or a third party's module (attribute ``ADAPTER``) holds one.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

Variants = Mapping[str, str]
Interface = Literal["wsgi", "asgi"]
Listen = Literal["fd", "zero", "port"]
LAUNCHED = r"^PORT (\d+)$"
"""How the port is told by servers that our launcher starts, for `Adapter.port_told`."""


@dataclass(frozen=True)
class Features:
    """What a server can do, measured on current releases; cases that need more are n/a.

    Attributes:
        keep_alive: keeps a connection for a second request.
        chunked_request: hands a chunked request body to the application.
        streaming_input: calls the application before the request's body is complete.
        pipelining: answers requests that were sent before the previous answer.
        websocket: speaks WebSocket (ASGI).
        lifespan: calls the application for its lifespan (ASGI).
        concurrency: how many requests it works on at once; with 1, cases run one by one.
        http10: answers HTTP/1.0.
        disconnect_seen: a client that leaves can be seen by the application.
        upgrade: hands a request with an unknown Upgrade to the application as an ordinary one.
        expect_continue: sends 100 (Continue) to a client that waits for it.
        streaming_output: sends pieces of a response before the application has finished.
        root_path: its adapter can have it mount the application below a path.
    """

    keep_alive: bool = True
    chunked_request: bool = True
    streaming_input: bool = True
    pipelining: bool = True
    websocket: bool = False
    lifespan: bool = False
    concurrency: int = 64
    http10: bool = True
    disconnect_seen: bool = True
    upgrade: bool = True
    expect_continue: bool = True
    streaming_output: bool = True
    root_path: bool = False


@dataclass(frozen=True)
class Known:
    """A deviation that is known: expected to fail until it is fixed.

    Attributes:
        what: id of a case or requirement, with ``*`` as in file names.
        versions: releases that have it, as a packaging specifier (``<3.1``); empty for all.
        reason: what is wrong, in one sentence; where it says no more than what the requirements
            that are found broken say themselves, it is left out.
        link: where it is told: an issue, or our evidence.
        verdict: the verdict expected.
        variants: those that have it: a variant's name and the value, or several with ``|``
            between them (``{"http": "h11"}``); the server in any variant when left out.
        always: whether it shows each time; one that depends on a race does not, and is not
            called fixed when it stays away.
    """

    what: str
    versions: str
    reason: str = ""
    link: str = ""
    verdict: str = "fail"
    variants: Variants = field(default_factory=dict)
    always: bool = True

    def covers(self, name: str, version: str, variants: Variants | None = None) -> bool:
        """Whether it is about this case or requirement in this release, in these variants.

        A release that cannot be told is none of those that it names.
        """
        if not fnmatchcase(name, self.what):
            return False
        chosen = variants or {}
        if any(chosen.get(key) not in values.split("|") for key, values in self.variants.items()):
            return False
        if not self.versions:
            return True
        try:
            return SpecifierSet(self.versions).contains(Version(version), prereleases=True)
        except InvalidVersion:
            return False


def deviations(
    page: str,
    versions: str,
    cases: Collection[str],
    variants: Variants | None = None,
    *,
    always: bool = True,
) -> tuple[Known, ...]:
    """Known deviations that one page of ``docs/findings/`` tells of.

    Args:
        page: its name without ``.md``; each case has a heading of its own there.
        versions: releases that have them, as a packaging specifier.
        cases: full ids of cases; or a mapping from them to what is wrong, in one sentence, where
            the requirements that are found broken do not say it.
        variants: those that have them; any when left out.
        always: whether they show each time.
    """
    reasons = cases if isinstance(cases, Mapping) else dict.fromkeys(cases, "")
    return tuple(
        Known(
            what,
            versions,
            reason,
            f"docs/findings/{page}.md#{what.rpartition('::')[2].replace('.', '')}",
            variants=variants or {},
            always=always,
        )
        for what, reason in reasons.items()
    )


@dataclass(frozen=True)
class Launch:
    """What an adapter's argv is made from.

    Attributes:
        python: the interpreter that runs the server.
        app: ``module:attribute`` of the application.
        interface: what the application speaks.
        host: the address to listen on.
        port: the port; 0 with "zero" (the server picks one).
        fd: the inherited listening socket with "fd", else None.
        scratch: a folder of this start alone, which the server may write to.
        variants: every variant with the value chosen.
        versions: releases of what is installed, by canonical name; it may be incomplete.
        path: folders that the application is imported from.
        user: the user that the server's processes should run as; "" for this one. Named only
            where root starts a server whose adapter `drops`.
        group: that user's group.
        root_path: where the application is mounted (``/prefix``); "" for nowhere.
    """

    python: Path
    app: str
    interface: Interface
    host: str
    port: int
    fd: int | None
    scratch: Path
    variants: Variants
    versions: Mapping[str, str] = field(default_factory=dict)
    path: tuple[Path, ...] = ()
    root_path: str = ""
    user: str = ""
    group: str = ""

    def run(self, module: str, *arguments: str) -> list[str]:
        """``python -m module arguments``: works wherever the environment keeps its scripts."""
        return [str(self.python), "-m", module, *arguments]

    def launcher(self, kind: str) -> list[str]:
        """Our launcher (``launcher.py``), which is handed all variants as options."""
        options = [f"{key}={value}" for key, value in self.variants.items()]
        return self.run("gateproof_launcher", kind, self.app, self.host, str(self.port), *options)

    def script(self, name: str) -> str:
        """Path of a command that stands beside the interpreter."""
        suffix = ".exe" if sys.platform == "win32" else ""
        return str(self.python.parent / f"{name}{suffix}")

    def since(self, distribution: str, version: str) -> bool:
        """Whether a distribution is of this release or a later one; unknown counts as later."""
        now = self.versions.get(canonicalize_name(distribution), "")
        return not now or Version(now) >= Version(version)


@dataclass(frozen=True)
class Adapter:
    """A server that can be tested.

    Attributes:
        name: as in ``server:NAME``.
        distribution: what has to be installed; "" for the standard library.
        interfaces: what it speaks; the first is the default.
        argv: the command for a `Launch`.
        listen: "fd" (inherits our listening socket), "zero" (picks a port; we find it), or
            "port" (is told a port that was free a moment ago; tried again when it was taken);
            or which of them, by the chosen variants.
        variants: the values each may have; the first is the default. Where a server speaks
            both interfaces, ``interface`` is one of them.
        requires: distributions that the chosen variants need besides.
        features: what the server can do with the chosen variants.
        speaks: the interface of the chosen variants, where it follows from another variant.
        env: environment variables it needs.
        stop_codes: exit codes that mean "stopped normally" after SIGTERM.
        port_told: regular expression for the port in the log, with "zero" (the last group
            that is found, unless it is 0); where it
            finds nothing, the system is asked.
        known: deviations that are known.
        grace: seconds it may take to stop.
        drops: started by root, its processes run as another user.
        homepage: where its maintainers take reports.
        columns: the variants that ``server:all`` shows, each as name and value pairs; the
            default alone when left out.
    """

    name: str
    distribution: str
    interfaces: tuple[Interface, ...]
    argv: Callable[[Launch], list[str]]
    listen: Listen | Callable[[Variants], Listen] = "zero"
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    requires: Callable[[Variants], tuple[str, ...]] = lambda _: ()
    features: Callable[[Variants], Features] = lambda _: Features()
    speaks: Callable[[Variants], Interface] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    stop_codes: tuple[int, ...] = (0,)
    port_told: str = ""
    known: tuple[Known, ...] = ()
    grace: float = 10.0
    drops: bool = False
    homepage: str = ""
    columns: tuple[tuple[tuple[str, str], ...], ...] = ()

    def interface(self, variants: Variants) -> Interface:
        """What the chosen variants speak."""
        if self.speaks is not None:
            return self.speaks(variants)
        chosen = variants.get("interface")
        return next((one for one in self.interfaces if one == chosen), self.interfaces[0])

    def listens(self, variants: Variants) -> Listen:
        """How the chosen variants come to their port."""
        return self.listen(variants) if callable(self.listen) else self.listen


def bound(host: str) -> socket.socket:
    """A socket that listens on ``host`` and a free port."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, 0))
    listening.listen(256)
    return listening
