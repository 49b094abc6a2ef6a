"""Litestar's routes, with what its OpenAPI document says of their parameters.

https://docs.litestar.dev/2/usage/routing/parameters.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.openapi import described
from gateproof.targets.routes.patterns import joined
from gateproof.targets.routes.route import Parameter, Pieces, Route

KINDS = {
    "str": "str",
    "int": "int",
    "float": "float",
    "UUID": "uuid",
    "Decimal": "decimal",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "timedelta": "timedelta",
    "Path": "path",
}
"""Kinds of parameters by the name of their type."""


def read(application: Any, walk: Walk) -> Iterator[Route]:
    """The HTTP routes of a Litestar application, and those of what it mounts."""
    document = _document(application, walk)
    for route in application.routes:
        kind = str(getattr(route.scope_type, "value", route.scope_type))
        pieces = _pieces(route.path_components)
        if kind == "http":
            yield described(
                Route(pieces or ("/",), tuple(sorted(map(str, route.methods)))), document
            )
        elif kind == "asgi":
            mounted = getattr(route.route_handler.fn, "value", route.route_handler.fn)
            yield from walk.mounted(mounted, pieces)


def _pieces(components: Any) -> Pieces:
    pieces: list[str | Parameter] = []
    for component in components:
        pieces.append("/")
        if isinstance(component, str):
            pieces.append(component)
        else:
            kind = KINDS.get(component.type.__name__, "str")
            pieces.append(Parameter(component.name, kind))
    return joined(pieces)


def _document(application: Any, walk: Walk) -> Any:
    """The document, empty where the application has none or cannot make it."""
    if getattr(application, "openapi_config", None) is None:
        return {}
    try:
        return application.openapi_schema.to_schema()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the routes are known without it
        walk.raised("openapi_schema", error)
        return {}
