"""Which call of a point is made from within which other one.

Middlewares are not asked: what they hand on shows it, as far as it can be seen
from outside.
"""

from __future__ import annotations

from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from gateproof.validators.layers.links import Kind, Link


def within(
    link: Link, kind: Kind, given: Any, point: object, *, whole: bool = False
) -> Link | None:
    """The link from within which ``point`` is called with ``given``, if there is one.

    A call in the context of a link need not be a part of the same request: an
    application may call another one, or itself, for reasons of its own. What is
    handed on by the layers between tells the two apart.

    Args:
        link: the link that the context knows of, which may be over.
        kind: the interface of the call.
        given: its scope or environ.
        point: the point that is called.
        whole: it is no point, but what a validator wraps.
    """
    try:
        found = _wsgi(link, given, point) if kind == "wsgi" else _asgi(link, given)
    except Exception:  # noqa: BLE001 - a hostile key, which nobody can look past
        return None
    around = found
    while around is not None:
        if around.point is point and around.whole is whole:  # called anew, or once more
            found = around.outer
        around = around.outer
    return found


def _asgi(link: Link, scope: Any) -> Link | None:
    if link.kind != "asgi" or not link.calling:
        return None
    outer = link.given
    if scope is outer:
        return link
    if type(scope) is not dict or type(outer) is not dict:
        return None
    for key in ("headers", "asgi", "extensions", "state"):
        value = scope.get(key)
        if type(value) in (list, dict) and value is outer.get(key):
            return link
    return None


def _wsgi(link: Link, environ: Any, point: object) -> Link | None:
    if link.kind == "wsgi" and link.calling:
        return link if _handed_on(link, environ) else None
    for reference in reversed(link.chain.links):
        other = reference()
        if other is None or other.kind != "wsgi" or other.over:
            continue
        if _handed_on(other, environ):
            return other
    if link.kind != "asgi" or not link.calling:
        return None
    held = holds(link.component, point) or _same_request(link.given, environ)
    return link if held else None


def _handed_on(link: Link, environ: Any) -> bool:
    """Whether ``environ`` is, or was made of, the one that ``link`` was given."""
    outer = link.given
    if environ is outer:
        return True
    if not issubclass(type(environ), dict) or type(outer) is not dict:
        return False
    for key, unmasked in zip(("wsgi.input", "wsgi.errors"), link.masked, strict=True):
        stream = outer.get(key)
        if stream is not None and stream is not unmasked and dict.get(environ, key) is stream:
            return True
    return False


def holds(component: object, point: object) -> bool:
    """Whether ``component`` itself keeps ``point``, so that nothing stands between the two."""
    try:
        return any(value is point for value in _contents(component))
    except Exception:  # noqa: BLE001 - attributes are the component's own code
        return False


def _contents(component: Any) -> Iterator[object]:
    """What an instance, a closure or a partial keeps."""
    if isinstance(component, partial):
        yield from (component.func, *component.args, *component.keywords.values())
    if hasattr(component, "__dict__"):
        yield from tuple(vars(component).values())
    for kind in type(component).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if type(slots) is str else slots:
            yield getattr(component, name, None)
    for cell in getattr(component, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def _same_request(scope: Any, environ: Any) -> bool:
    """Whether an environ may have been made from ``scope``."""
    if type(scope) is not dict or type(environ) is not dict:
        return False
    path, query = scope.get("path"), scope.get("query_string", b"")
    if type(path) is not str or type(query) is not bytes:
        return False
    below = environ.get("PATH_INFO", "")
    return (
        environ.get("REQUEST_METHOD") == scope.get("method")
        and environ.get("QUERY_STRING", "") == query.decode("latin-1")
        and type(below) is str
        and path.encode("utf-8", "replace").decode("latin-1").endswith(below)
    )
