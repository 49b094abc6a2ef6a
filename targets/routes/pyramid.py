"""Pyramid's URL dispatch. Views found by traversal have no path that could be read.

https://docs.pylonsproject.org/projects/pyramid/en/latest/narr/urldispatch.html
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.patterns import joined
from gateproof.targets.routes.route import Parameter, Pieces, Route

_PARAMETER = re.compile(r"\{([a-zA-Z_]\w*)(?::((?:[^{}]|\{[^{}]*\})+))?\}|\*(\w+)$")


def read(application: Any, walk: Walk) -> Iterator[Route]:  # noqa: ARG001 - it mounts nothing
    """The routes of a Pyramid application, with the methods that their views ask for."""
    mapper = importlib.import_module("pyramid.interfaces").IRoutesMapper
    methods = _view_methods(application.registry)
    for route in application.registry.queryUtility(mapper).get_routes():
        yield Route(_pieces(route.pattern), methods.get(route.name, ()))


def _view_methods(registry: Any) -> dict[str, tuple[str, ...]]:
    """The methods that views take, by the name of their route; empty for any."""
    found: dict[str, set[str] | None] = {}
    for entry in registry.introspector.get_category("views") or ():
        view = entry["introspectable"]
        name, asked = view["route_name"], view["request_methods"]
        names = {asked} if isinstance(asked, str) else set(asked or ())
        before = found.get(name, set())
        found[name] = before | names if names and before is not None else None
    return {
        name: tuple(sorted(some | ({"HEAD"} if "GET" in some else set())))
        for name, some in found.items()
        if some
    }


def _pieces(pattern: str) -> Pieces:
    template = pattern if pattern.startswith("/") else f"/{pattern}"
    pieces: list[str | Parameter] = []
    at = 0
    for match in _PARAMETER.finditer(template):
        pieces.append(template[at : match.start()])
        if match[3]:
            pieces.append(Parameter(match[3], "path"))
        elif match[2]:
            pieces.append(Parameter(match[1], "pattern", pattern=match[2]))
        else:
            pieces.append(Parameter(match[1]))
        at = match.end()
    return joined([*pieces, template[at:]])
