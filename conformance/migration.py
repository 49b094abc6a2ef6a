"""Whether nothing changed for clients when a project moved from one entrance to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from gateproof.conformance.alarm import Hang, can_interrupt, interrupting
from gateproof.conformance.comparing import Comparison, Difference
from gateproof.conformance.effort import Traffic
from gateproof.conformance.entrances import Asked
from gateproof.targets.application import Application
from gateproof.targets.routes.discovery import Discovery, discover
from gateproof.targets.routes.samples import visit

READING = 20.0
"""Seconds that reading the routes may take."""

NOWHERE = "/gateproof-no-such-path"
"""A path that no application has, for its answer to unknown ones."""

MOST = 500
"""So many different differences are told."""


@dataclass(frozen=True, slots=True)
class Told:
    """A difference, and the smallest request that shows it.

    Attributes:
        asked: the request.
        difference: what differs.
        blob: the choices that make the request, where it was generated.
        again: whether it showed each time.
    """

    asked: Asked
    difference: Difference
    blob: str = ""
    again: bool = True


@dataclass
class Migration:
    """A comparison of two entrances over everything that may be asked.

    Attributes:
        comparison: the two.
        paths: request paths beside the routes', with queries.
        methods: the methods that may be sent.
        traffic: how much is generated.
        routes: what was found, by the old and the new entrance.
    """

    comparison: Comparison
    paths: tuple[str, ...] = ("/",)
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")
    traffic: Traffic = field(default_factory=Traffic)
    routes: tuple[Discovery, ...] = ()

    def look(self) -> None:
        """Find the routes of both."""
        both = (self.comparison.old, self.comparison.new)
        self.routes = tuple(_discovered(entrance.application) for entrance in both)

    def targets(self) -> list[Asked]:
        """The plainest request to everything that is known, each once."""
        found = [_asked(path) for path in self.paths]
        for discovery in self.routes:
            for route in discovery.routes:
                for method in route.allowed(self.methods):
                    made = visit(route, method)
                    found.append(
                        Asked(
                            made.method, made.path, made.query, made.headers, made.body, route.path
                        )
                    )
        found.append(Asked(path=NOWHERE))
        return list(dict.fromkeys(found))

    def run(self) -> Iterator[Told]:
        """Ask, and give each difference once for each route.

        Where one request is to be played again, it is played alone.
        """
        targets = self.targets()
        known: set[str] = set()
        if self.traffic.replay is None:
            for asked in targets:
                for difference in self.comparison.differences(asked):
                    name = _name(asked, difference)
                    if name not in known:
                        known.add(name)
                        yield Told(asked, difference)
        yield from self._generated(targets, known)

    def _generated(self, targets: Sequence[Asked], known: set[str]) -> Iterator[Told]:
        from gateproof.conformance.strategies.client_requests import client_request
        from gateproof.conformance.strategies.kept import open_database
        from gateproof.conformance.strategies.search import search

        def play(asked: Asked) -> dict[str, tuple[Asked, Difference]]:
            return {_name(asked, one): (asked, one) for one in self.comparison.differences(asked)}

        bodies = any(method not in ("GET", "HEAD", "OPTIONS") for method in self.methods)
        describe = partial(client_request, targets=targets, methods=self.methods, bodies=bodies)
        asked = self.traffic
        searched = search(
            describe,
            play,
            asked.effort,
            known=known,
            at=asked.seed,
            database=open_database(asked.database),
            key=f"gateproof compare {asked.target}".encode(),
            only=asked.replay,
            kinds=MOST,
        )
        for found in searched.found:
            request, difference = found.evidence
            yield Told(request, difference, found.blob, found.again)


def _name(asked: Asked, difference: Difference) -> str:
    """What is one difference: the same aspect of the same route, or of no route."""
    return f"{difference.aspect} at {asked.route or asked.path.partition('?')[0]}"


def _asked(path: str) -> Asked:
    bare, _, query = path.partition("?")
    return Asked(path=bare, query=query)


def _discovered(application: Application) -> Discovery:
    if not can_interrupt():
        return discover(application.call)
    try:
        with interrupting(lambda: 0, READING):
            return discover(application.call)
    except Hang as hang:
        return Discovery(notes=(f"reading them hangs: {hang}",))
