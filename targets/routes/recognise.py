"""Which framework an application object is of, told by the names of its types.

Nothing is imported for that. Wrappers of all kinds stand around applications: middleware
classes that keep the next application in an attribute, bound methods such as
``app.wsgi_app``, partials, and functions that call an application of their closure or module.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Container, Iterator
from typing import Any

WITHIN = (
    "app",
    "application",
    "_app",
    "_application",
    "wsgi_app",
    "asgi_app",
    "wsgi_application",
    "asgi_application",
    "inner",
    "wrapped",
    "__wrapped__",
    "__self__",
    "func",
)
"""Attributes in which wrappers keep what they wrap, the usual ones first."""

LOOKS = 64
"""So many objects are looked at."""


def type_names(value: object) -> Iterator[str]:
    """The full names of the types of ``value``, its own first.

    A proxy that pretends to be another object tells the other's types.
    """
    for kind in dict.fromkeys((type(value), _claimed(value))):
        for base in getattr(kind, "__mro__", ()):
            yield f"{base.__module__}.{base.__qualname__}"


def _claimed(value: object) -> type:
    """What ``value`` says that its class is: a proxy's says that of what is behind it."""
    try:
        return value.__class__
    except Exception:  # noqa: BLE001 - a proxy without anything behind it raises what it likes
        return type(value)


def recognised(value: object, known: Container[str]) -> tuple[object, str] | None:
    """The nearest application within ``value`` whose type is ``known``, and the type's name.

    Args:
        value: an application, wrapped or not.
        known: full names of types.

    Returns:
        ``None`` where there is none, or where a function refers to several of them, for
        then nobody can tell by looking which is called for what.
    """
    seen: set[int] = set()
    queue = deque([value])
    while queue and len(seen) < LOOKS:
        one = queue.popleft()
        if id(one) in seen:
            continue
        seen.add(id(one))
        name = next((name for name in type_names(one) if name in known), "")
        if name:
            return one, name
        if type(one) is types.FunctionType and not hasattr(one, "__wrapped__"):
            among = {id(found[0]): found for found in _referred(one, known)}
            if among:
                return next(iter(among.values())) if len(among) == 1 else None
        queue.extend(_within(one))
    return None


def _referred(function: Any, known: Container[str]) -> Iterator[tuple[object, str]]:
    """The known applications that ``function`` names in its closure or its module."""
    for value in _named(function):
        for one in (value, *_within(value)):
            name = next((name for name in type_names(one) if name in known), "")
            if name:
                yield one, name
                break


def _named(function: Any) -> Iterator[object]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not bound yet
            continue
    for name in function.__code__.co_names:
        if name in function.__globals__:
            yield function.__globals__[name]


def _within(value: object) -> Iterator[object]:
    """What the wrapper ``value`` may be around."""
    if issubclass(type(value), type | types.ModuleType | str | bytes | int):
        return  # asked of the type: a proxy may raise when asked what it is an instance of
    for name in WITHIN:
        try:
            inner = getattr(value, name, None)
        except Exception:  # noqa: BLE001, S112 - a property of the user's; then it is not there
            continue
        if inner is not None and inner is not value:
            yield inner
