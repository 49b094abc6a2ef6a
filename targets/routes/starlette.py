"""Starlette's routes: Route, Mount and what inherits from them; also FastAPI's.

https://www.starlette.io/routing/
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.patterns import joined
from gateproof.targets.routes.recognise import type_names
from gateproof.targets.routes.route import Parameter, Pieces, Route

KINDS = {
    "starlette.convertors.StringConvertor": "str",
    "starlette.convertors.IntegerConvertor": "int",
    "starlette.convertors.FloatConvertor": "float",
    "starlette.convertors.UUIDConvertor": "uuid",
    "starlette.convertors.PathConvertor": "path",
}
"""Kinds of parameters by the type of their convertor."""

_BELOW = "/{path}"
_PARAMETER = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)\}")


def read(application: Any, walk: Walk) -> Iterator[Route]:
    """The HTTP routes of a Starlette application or router."""
    yield from _routes(application.routes, walk)


def _routes(routes: Any, walk: Walk) -> Iterator[Route]:
    for route in routes:
        names = set(type_names(route))
        if hasattr(route, "effective_route_contexts"):  # a router that FastAPI includes lazily
            contexts = route.effective_route_contexts()
            yield from _routes([getattr(c, "starlette_route", None) or c for c in contexts], walk)
        elif "starlette.routing.Mount" in names:
            template = route.path_format.removesuffix(_BELOW)
            yield from walk.mounted(route.app, _pieces(template, route.param_convertors))
        elif "starlette.routing.Host" in names:
            walk.elsewhere += len(list(walk.routes(route.app))) or 1
        elif hasattr(route, "methods") and hasattr(route, "path_format"):
            yield Route(_pieces(route.path_format, route.param_convertors), _methods(route))


def _methods(route: Any) -> tuple[str, ...]:
    """The methods that a route answers; those of an endpoint class are its methods."""
    if route.methods:
        return tuple(sorted(map(str, route.methods)))
    endpoint = getattr(route, "endpoint", None)
    if not inspect.isclass(endpoint) or not hasattr(endpoint, "dispatch"):
        return ()
    names = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    found = {name for name in names if hasattr(endpoint, name.lower())}
    return tuple(sorted(found | ({"HEAD"} if "GET" in found else set())))


def _pieces(template: str, convertors: Any) -> Pieces:
    pieces: list[str | Parameter] = []
    at = 0
    for match in _PARAMETER.finditer(template):
        pieces += [template[at : match.start()], _parameter(match[1], convertors.get(match[1]))]
        at = match.end()
    return joined([*pieces, template[at:]])


def _parameter(name: str, convertor: Any) -> Parameter:
    own = next(iter(type_names(convertor)))  # one that inherits may take something else
    pattern = str(getattr(convertor, "regex", "") or "")
    return Parameter(name, KINDS.get(own, "pattern" if pattern else "str"), pattern=pattern)
