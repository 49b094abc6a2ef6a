"""Falcon's router, static folders and sinks, as its own inspection tells them.

https://falcon.readthedocs.io/en/stable/api/inspect.html
"""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import re
from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes.discovery import Walk
from gateproof.targets.routes.patterns import joined, path_pieces
from gateproof.targets.routes.route import Parameter, Pieces, Route
from gateproof.targets.routes.static import served

_PARAMETER = re.compile(r"\{([^}:]*)(?::([^}(]*)(?:\(([^}]*)\))?)?\}")

_INSTANT = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
_DEFAULT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def read(application: Any, walk: Walk) -> Iterator[Route]:
    """The routes of a Falcon application for WSGI or ASGI."""
    inspect = importlib.import_module("falcon.inspect")
    for static in inspect.inspect_static_routes(application):
        prefix = static.prefix.rstrip("/") + "/"
        yield Route((prefix, served("path", [static.directory])), ("GET", "HEAD", "OPTIONS"))
    for sink in inspect.inspect_sinks(application):
        yield Route(path_pieces(sink.prefix))
    try:
        routes = inspect.inspect_routes(application)
    except TypeError as error:  # a router of the user's own, which Falcon cannot look into
        walk.raised("inspect_routes()", error)
        return
    for route in routes:
        methods = {
            one.method for one in route.methods if not one.internal or one.method == "OPTIONS"
        }
        methods.discard("WEBSOCKET")
        if methods - {"OPTIONS"}:
            yield Route(_pieces(route.path), tuple(sorted(methods)))


def _pieces(template: str) -> Pieces:
    pieces: list[str | Parameter] = []
    at = 0
    for match in _PARAMETER.finditer(template):
        parameter = _parameter(match[1], match[2] or "", match[3] or "")
        pieces += [template[at : match.start()], parameter]
        at = match.end()
    return joined([*pieces, template[at:]])


def _parameter(name: str, converter: str, source: str) -> Parameter:
    """A parameter by the name of its converter and the source of the converter's arguments."""
    arguments = _arguments(source)
    if converter == "int":
        digits = arguments.get("num_digits", arguments.get(0)) or 0
        schema = _bounds(arguments, "integer", 1)
        return Parameter(name, "int", schema=schema, digits=digits)
    if converter == "float":
        return Parameter(name, "float", schema=_bounds(arguments, "number", 0))
    if converter == "dt":
        written = str(arguments.get("format_string", arguments.get(0)) or _DEFAULT_FORMAT)
        return Parameter(name, "datetime", examples=(_INSTANT.strftime(written),))
    if converter == "re":
        return Parameter(name, "pattern", pattern=str(arguments.get("pattern", arguments.get(0))))
    return Parameter(name, converter if converter in ("uuid", "path") else "str")


def _bounds(arguments: dict[str | int, Any], kind: str, first: int) -> dict[str, Any]:
    """A schema of the bounds, which stand from the position ``first`` on."""
    low = arguments.get("min", arguments.get(first))
    high = arguments.get("max", arguments.get(first + 1))
    if low is None and high is None:
        return {}
    found = {"type": kind, "minimum": 0 if low is None else low}
    return found if high is None else {**found, "maximum": high}


def _arguments(source: str) -> dict[str | int, Any]:
    """Literal arguments by position and name."""
    try:
        call = ast.parse(f"_({source})", mode="eval").body
    except SyntaxError:
        return {}
    if not isinstance(call, ast.Call):
        return {}
    found: dict[str | int, Any] = {}
    try:
        found |= {number: ast.literal_eval(one) for number, one in enumerate(call.args)}
        found |= {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
    except ValueError:
        return {}
    return found
