"""Django's URL resolver: paths, regular expressions, includes.

https://docs.djangoproject.com/en/stable/topics/http/urls/
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

from gateproof.targets.routes.discovery import DEPTH, Walk
from gateproof.targets.routes.patterns import joined, path_pieces
from gateproof.targets.routes.recognise import type_names
from gateproof.targets.routes.route import Parameter, Pieces, Route

KINDS = {
    "django.urls.converters.IntConverter": "int",
    "django.urls.converters.StringConverter": "str",
    "django.urls.converters.UUIDConverter": "uuid",
    "django.urls.converters.SlugConverter": "slug",
    "django.urls.converters.PathConverter": "path",
}
"""Kinds of parameters by the type of their converter."""

_PARAMETER = re.compile(r"<(?:[^>:]+:)?([^>]+)>")


def read(application: Any, walk: Walk) -> Iterator[Route]:  # noqa: ARG001 - one project a process
    """The views of the project's URLconf, which is imported where it was not yet."""
    resolver = importlib.import_module("django.urls").get_resolver()
    yield from _below(resolver, ("/",), walk, 0)


def _below(resolver: Any, prefix: Pieces, walk: Walk, depth: int) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pieces = joined([*prefix, *_pieces(entry.pattern)])
        if hasattr(entry, "url_patterns"):
            if depth < 2 * DEPTH:
                yield from _below(entry, pieces, walk, depth + 1)
        else:
            yield Route(pieces, _methods(entry.callback))


def _pieces(pattern: Any) -> Pieces:
    """The pieces of a pattern made by ``path``, ``re_path`` or ``i18n_patterns``."""
    names = set(type_names(pattern))
    if "django.urls.resolvers.RegexPattern" in names:
        return path_pieces(pattern.regex.pattern)
    template = str(pattern)
    if "django.urls.resolvers.RoutePattern" not in names:
        return (template,) if template else ()
    pieces: list[str | Parameter] = []
    at = 0
    for match in _PARAMETER.finditer(template):
        parameter = _parameter(match[1], pattern.converters.get(match[1]))
        pieces += [template[at : match.start()], parameter]
        at = match.end()
    return joined([*pieces, template[at:]])


def _parameter(name: str, converter: Any) -> Parameter:
    pattern = str(getattr(converter, "regex", "") or "")
    own = next(iter(type_names(converter)))  # one that inherits may take something else
    return Parameter(name, KINDS.get(own, "pattern" if pattern else "str"), pattern=pattern)


def _methods(view: Any) -> tuple[str, ...]:
    """The methods that a view says it takes; empty where it says nothing.

    Class-based views have a method each, view sets of the REST framework a table, and
    decorators such as ``require_safe`` a list in their closure.
    """
    if isinstance(getattr(view, "actions", None), dict):
        found = {name.upper() for name in view.actions}
    elif hasattr(view, "view_class") or hasattr(view, "cls"):
        owner = getattr(view, "view_class", None) or view.cls
        found = {name.upper() for name in owner.http_method_names if hasattr(owner, name)}
    else:
        found = _required(view)
    if "GET" in found and not _required(view):
        found.add("HEAD")
    return tuple(sorted(found))


def _required(view: Any) -> set[str]:
    """The methods that ``require_http_methods`` lets through, empty without it."""
    for _ in range(10):
        try:
            names = inspect.getclosurevars(view).nonlocals.get("request_method_list")
        except (TypeError, ValueError):
            names = None
        if names:
            return {str(name).upper() for name in names}
        view = getattr(view, "__wrapped__", None)
        if view is None:
            break
    return set()
