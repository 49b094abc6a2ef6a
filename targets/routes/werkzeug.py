"""Werkzeug's URL map, which Flask and Quart have.

https://werkzeug.palletsprojects.com/en/stable/routing/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.patterns import joined
from gateproof.targets.routes.recognise import type_names
from gateproof.targets.routes.route import Parameter, Pieces, Route
from gateproof.targets.routes.static import served

KINDS = {
    "werkzeug.routing.converters.UnicodeConverter": "str",
    "werkzeug.routing.converters.PathConverter": "path",
    "werkzeug.routing.converters.IntegerConverter": "int",
    "werkzeug.routing.converters.FloatConverter": "float",
    "werkzeug.routing.converters.UUIDConverter": "uuid",
}
"""Kinds of parameters by the type of their converter."""

_PARAMETER = re.compile(
    r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\((?P<arguments>.*?)\))?:)?(?P<name>[a-zA-Z_]\w*)>"
)


def read(application: Any, walk: Walk) -> Iterator[Route]:
    """The rules that a request to the application's own host can match."""
    url_map = application.url_map
    own = getattr(url_map, "default_subdomain", "")
    for rule in url_map.iter_rules():
        if getattr(rule, "websocket", False) or rule.build_only:
            continue
        if rule.host or (rule.subdomain or "") != own:
            walk.elsewhere += 1
            continue
        methods = tuple(sorted(map(str, rule.methods or ())))
        yield Route(_pieces(rule, application), methods)


def _pieces(rule: Any, application: Any) -> Pieces:
    converters = getattr(rule, "_converters", {})
    pieces: list[str | Parameter] = []
    at = 0
    for match in _PARAMETER.finditer(rule.rule):
        name = match["name"]
        folder = _static_folder(rule, application)
        parameter = _parameter(name, converters.get(name))
        if parameter.kind == "path" and folder:
            parameter = served(name, [folder])
        pieces += [rule.rule[at : match.start()], parameter]
        at = match.end()
    return joined([*pieces, rule.rule[at:]])


def _static_folder(rule: Any, application: Any) -> object:
    """The folder whose files the rule serves, as applications and blueprints have one each."""
    owner, _, view = str(rule.endpoint).rpartition(".")
    if view != "static":
        return None
    holder = application.blueprints.get(owner) if owner else application
    return getattr(holder, "static_folder", None)


def _parameter(name: str, converter: Any) -> Parameter:
    pattern = str(getattr(converter, "regex", "") or "")
    own = next(iter(type_names(converter)))  # one that inherits may take something else
    kind = KINDS.get(own, "pattern" if pattern else "str")
    bounds = {
        "minimum": getattr(converter, "min", None),
        "maximum": getattr(converter, "max", None),
    }
    schema = {key: bound for key, bound in bounds.items() if isinstance(bound, int | float)}
    if schema:
        schema["minimum"] = max(schema.get("minimum", 0), 0)
    typed = {"type": "integer" if kind == "int" else "number", **schema} if schema else {}
    digits = getattr(converter, "fixed_digits", 0)
    if digits:
        pattern = f"[0-9]{{{int(digits)}}}"
    return Parameter(name, kind, pattern=pattern, schema=typed, digits=int(digits or 0))
