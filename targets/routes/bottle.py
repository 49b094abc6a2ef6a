"""Bottle's routes, also those of applications that it mounts.

https://bottlepy.org/docs/dev/routing.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.patterns import joined
from gateproof.targets.routes.route import Parameter, Pieces, Route

KINDS = {"int": "int", "float": "float", "path": "path"}
"""Kinds of parameters by the name of their filter."""

_ANY = ("ANY", "PROXY")


def read(application: Any, walk: Walk) -> Iterator[Route]:
    """The routes of a Bottle application."""
    mounted: set[int] = set()
    for route in application.routes:
        target = route.config.get("mountpoint.target")
        if target is None:
            yield Route(_pieces(route.rule, route.app.router), _methods(route.method))
        elif id(target) not in mounted:  # each mount makes two rules
            mounted.add(id(target))
            yield from walk.mounted(target, (route.config["mountpoint.prefix"].rstrip("/"),))


def _methods(method: str) -> tuple[str, ...]:
    if method in _ANY:
        return ()
    return ("GET", "HEAD") if method == "GET" else (method,)


def _pieces(rule: str, router: Any) -> Pieces:
    pieces: list[str | Parameter] = []
    for name, mode, argument in router._itertokens(rule):  # noqa: SLF001 - its own reader of rules
        if not mode:
            pieces.append(name)
            continue
        used = router.default_filter if mode == "default" else mode
        mask = str(router.filters[used](argument)[0])
        named = name or f"_{len(pieces)}"
        if used == "re" and argument is None:
            pieces.append(Parameter(named, "str", pattern=mask))
        else:
            pieces.append(Parameter(named, KINDS.get(used, "pattern"), pattern=mask))
    return joined(pieces)
