"""FastAPI: Starlette's routes, with what its OpenAPI document says of their parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes import starlette
from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.openapi import described
from gateproof.targets.routes.route import Route

_KEPT = ("openapi_schema", "_openapi_routes_version")


def read(application: Any, walk: Walk) -> Iterator[Route]:
    """The routes of a FastAPI application, whether they stand in its document or not."""
    document = _document(application, walk)
    for route in starlette.read(application, walk):
        yield described(route, document) if not route.source else route


def _document(application: Any, walk: Walk) -> Any:
    """The document, empty where it cannot be made; the application does not keep it.

    It would keep the first that it makes, and routes may be added before a client asks.
    """
    before = {name: vars(application)[name] for name in _KEPT if name in vars(application)}
    try:
        return application.openapi()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the routes are known without it
        walk.raised("openapi()", error)
        return {}
    finally:
        for name in _KEPT:
            vars(application).pop(name, None)
        vars(application).update(before)
