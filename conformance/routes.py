"""The routes of a run's targets: looked for once, within a bound, and said in the header."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator

from gateproof.conformance.alarm import Hang, can_interrupt, interrupting
from gateproof.conformance.settings import Settings
from gateproof.conformance.stage import Stage
from gateproof.targets.application import Application
from gateproof.targets.routes.discovery import READERS, Discovery, discover
from gateproof.targets.routes.recognise import recognised
from gateproof.targets.routes.route import Visit
from gateproof.targets.routes.samples import visit

MOST = 200
"""So many routes of a target are asked and drawn from."""

BUDGET = 10.0
"""Seconds after which the case that asks them asks no further one."""

WAIT = 2.0
"""Seconds that it waits for an answer, or for the next part of one."""

ITEMS = 1000
"""So much of a response without end is taken."""

UNREAD = "routes are read from applications in this process"
"""Why there are none of an application that a server carries."""

NOT_LOOKED = Discovery(notes=("--target-routes=none says not to look",))

LATER = Discovery(
    notes=("they are read with the first case, when pytest-django has set up the databases",)
)
"""Django imports its views to tell routes, and views may look into a database while they are
imported: guarded by pytest-django they would fail, some of them for good."""

PATIENCE = 20.0
"""Seconds that reading the routes may take: a large application imports all of its views."""


def routes_of(application: Application, chosen: Settings) -> Discovery:
    """The routes of ``application``, why there are none, or :data:`LATER`."""
    if chosen.routes == "none":
        return NOT_LOOKED
    found = recognised(application.call, READERS)
    if "pytest_django.plugin" in sys.modules and found and found[1].startswith("django."):
        return LATER
    return look(application)


def look(application: Application) -> Discovery:
    """The routes of ``application``, or why there are none, now."""
    if not can_interrupt():
        return discover(application.call)
    try:
        with interrupting(lambda: 0, PATIENCE, PATIENCE):
            return discover(application.call)
    except Hang as hang:
        return Discovery(notes=(f"reading them hangs: {hang}",))


def told(found: Discovery, methods: Collection[str]) -> str:
    """What a header says of routes."""
    return f"routes: {found.notes[0]}" if found is LATER else found.line(methods)


def each_route(stage: Stage) -> Iterator[Visit]:
    """A request by GET to each route of the stage's application that answers it.

    Raises:
        NotApplicable: there is none.
    """
    known = stage.routes
    found = known.allowed(("GET",))[:MOST]
    if not found:
        untold = "no route answers GET" if known.routes else UNREAD
        stage.not_applicable("; ".join(known.notes) or untold)
    for route in found:
        yield visit(route)
