"""What a component has to do with a point inside of it, as far as can be seen from outside."""

from __future__ import annotations

from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


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


def same_request(scope: Any, environ: Any) -> bool:
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
