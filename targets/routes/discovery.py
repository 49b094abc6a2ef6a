"""Finds the routes of an application: recognises it, reads its router, follows its mounts.

Whatever goes wrong on the way is told, never raised: what was found until then stands.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from gateproof.targets.routes.recognise import recognised
from gateproof.targets.routes.route import Pieces, Route

READERS: Mapping[str, tuple[str, str]] = {
    "fastapi.applications.FastAPI": ("fastapi", "FastAPI's router"),
    "starlette.applications.Starlette": ("starlette", "Starlette's router"),
    "starlette.routing.Router": ("starlette", "Starlette's router"),
    "starlette.staticfiles.StaticFiles": ("static", "Starlette's static files"),
    "litestar.app.Litestar": ("litestar", "Litestar's routes"),
    "flask.app.Flask": ("werkzeug", "Flask's url_map"),
    "quart.app.Quart": ("werkzeug", "Quart's url_map"),
    "werkzeug.middleware.dispatcher.DispatcherMiddleware": ("mounts", "Werkzeug's dispatcher"),
    "channels.routing.ProtocolTypeRouter": ("mounts", "Channels' protocol router"),
    "django.core.handlers.base.BaseHandler": ("django", "Django's resolver"),
    "falcon.app.App": ("falcon", "Falcon's router"),
    "bottle.Bottle": ("bottle", "Bottle's router"),
    "pyramid.router.Router": ("pyramid", "Pyramid's routes"),
}
"""Types of applications by full name: the module here that reads them, and what it reads."""

MOST = 2000
"""So many routes are kept."""

DEPTH = 8
"""So deep applications may be mounted in each other."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found.

    Attributes:
        routes: the routes, in the application's order, each path once.
        sources: where they were found, in order.
        notes: what went wrong, or why there are none.
    """

    routes: tuple[Route, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def allowed(self, methods: Collection[str]) -> tuple[Route, ...]:
        """The routes that answer one of ``methods``."""
        return tuple(route for route in self.routes if route.allowed(methods))

    def line(self, methods: Collection[str]) -> str:
        """What was found in a few words, for a header.

        Args:
            methods: the HTTP methods that may be sent.
        """
        told = "; ".join(self.notes)
        if not self.routes:
            return f"routes: none found: {told}" if told else "routes: none found"
        count, may = len(self.routes), len(self.allowed(methods))
        some = "" if may == count else f", {may} of which may be asked"
        return (
            f"routes: {count} found in {' and '.join(self.sources)}{some} ({', '.join(methods)})"
            + (f"; {told}" if told else "")
        )


UNKNOWN = "it is of no framework whose routes can be read; --target-path names paths"


class Reader(Protocol):
    """A module that reads one framework's routes."""

    def read(self, application: Any, walk: Walk) -> Iterator[Route]:
        """The routes of ``application``; may raise anything on the way."""


@dataclass
class Walk:
    """One look for routes, which leads from an application to those mounted in it.

    Attributes:
        source: what is being read.
        notes: what went wrong so far.
        elsewhere: how many routes are for other hosts.
    """

    source: str = ""
    notes: list[str] = field(default_factory=list)
    elsewhere: int = 0
    _around: list[object] = field(default_factory=list)

    def note(self, what: str) -> None:
        """Keep a sentence on what went wrong, once."""
        if what not in self.notes:
            self.notes.append(what)

    def raised(self, what: str, error: BaseException) -> None:
        """Keep that ``what`` raised ``error``."""
        try:
            text = " ".join(str(error).split())[:200]
        except Exception:  # noqa: BLE001 - the text of an exception is the user's code
            text = ""
        self.note(f"{what} raised {type(error).__name__}" + (f": {text}" if text else ""))

    def routes(self, application: object, prefix: Pieces = ()) -> Iterator[Route]:
        """The routes of ``application`` below ``prefix``; none where it is not known."""
        found = recognised(application, READERS)
        if found is None or len(self._around) >= DEPTH or any(o is found[0] for o in self._around):
            return
        outer, self.source = self.source, READERS[found[1]][1]
        self._around.append(found[0])
        try:
            reader: Any = importlib.import_module(f"{__package__}.{READERS[found[1]][0]}")
            for route in reader.read(found[0], self):
                sourced = route if route.source else replace(route, source=self.source)
                yield sourced.below(prefix)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - see the module's docstring
            self.raised(self.source, error)
        finally:
            self._around.pop()
            self.source = outer

    def mounted(self, application: object, prefix: Pieces) -> Iterator[Route]:
        """The routes of what is mounted at ``prefix``; the place itself where it is not known."""
        count = 0
        for route in self.routes(application, prefix):
            count += 1
            yield route
        if not count:
            yield Route((*prefix, "/"), source=self.source)


def discover(application: object) -> Discovery:
    """The routes of ``application``, as its framework knows them.

    Nothing is sent to it. Lazy parts of it may be made, as they are by a first request:
    Django imports the URLconf, FastAPI describes itself.
    """
    walk = Walk()
    found: dict[tuple[str, str], Route] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for route in walk.routes(application):
            key = (route.path, route.source)
            if key not in found and len(found) >= MOST:
                walk.note(f"there are more than {MOST}")
                break
            found[key] = _merged(found[key], route) if key in found else route
    if not found and not walk.notes:
        known = recognised(application, READERS)
        walk.note(f"{READERS[known[1]][1]} has none" if known else UNKNOWN)
    if walk.elsewhere:
        walk.note(f"{walk.elsewhere} for other hosts are left out")
    sources = dict.fromkeys(route.source for route in found.values())
    return Discovery(tuple(found.values()), tuple(sources), tuple(walk.notes))


def _merged(one: Route, other: Route) -> Route:
    """Two routes with one path, as one that answers the methods of both."""
    methods = tuple(sorted({*one.methods, *other.methods}))
    known = one.methods and other.methods
    operations = {**other.operations, **one.operations}
    return replace(one, methods=methods if known else (), operations=operations)
