"""The kinds of Python value that schemas name, told apart honestly.

``isinstance`` believes an object's ``__class__``, so a proxy can pass for a
``str``; here only the real type counts. An instance of a subclass is judged by
what it holds (:func:`plain`), never by its overridden methods, so that judging
runs none of its code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

NoneType = type(None)

KINDS: dict[str, type] = {
    "dict": dict,
    "list": list,
    "tuple": tuple,
    "str": str,
    "bytes": bytes,
    "int": int,
    "bool": bool,
    "float": float,
    "None": NoneType,
    "bytearray": bytearray,
    "memoryview": memoryview,
}
"""The names that ``pythonType`` knows for built-in types; ``int`` excludes ``bool``."""

EXACT_PREFIX = "exact "
"""``"exact dict"`` is ``type(value) is dict``."""

PROTOCOLS = ("iterable", "callable")
"""The names that ``pythonType`` knows for what an object can do.

``iterable`` excludes text, bytes and dicts: iterating them never gives what an
iterable of items means.
"""

NAMES: tuple[str, ...] = (
    *KINDS,
    *(EXACT_PREFIX + name for name in KINDS if name not in ("None", "bool", "memoryview")),
    *PROTOCOLS,
)
"""Every name that ``pythonType`` knows."""

EXACT_TYPES = frozenset(KINDS.values())
"""The types that :func:`plain` leaves alone."""

_ORDERED = tuple(kind for kind in KINDS.values() if kind is not bool)
_NOT_ITEMS = (str, bytes, bytearray, memoryview, dict)

_PLAIN: dict[type, Callable[[Any], object]] = {
    dict: lambda value: dict(dict.items(value)),
    list: list.copy,
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    int: int.__int__,
    float: float.__float__,
    bytearray: bytearray.copy,
}


def kind_of(value: object) -> type | None:
    """The built-in type that ``value`` is an instance of, ``None`` for any other object."""
    own = type(value)
    if own in EXACT_TYPES:
        return own
    for kind in _ORDERED:
        if issubclass(own, kind):
            return kind
    return None


def plain(value: object) -> object:
    """``value`` itself, or for an instance of a subclass the built-in value it holds."""
    if type(value) in EXACT_TYPES:
        return value
    kind = kind_of(value)
    return value if kind is None else _PLAIN[kind](value)


def coerce(kind: type) -> Callable[[object], object]:
    """A function that turns an instance of a subclass of ``kind`` into a plain one.

    The function raises :class:`TypeError` for any other object.
    """
    hold = _PLAIN.get(kind)

    def as_kind(value: object) -> object:
        if hold is None or kind_of(value) is not kind:
            raise TypeError(kind)
        return hold(value)

    return as_kind


def as_array(value: object) -> object:
    """The plain list or tuple that an instance of a subclass holds.

    Raises:
        TypeError: ``value`` is neither a list nor a tuple.
    """
    held = plain(value)
    if type(held) is not list and type(held) is not tuple:
        raise TypeError(list)
    return held


def as_number(value: object) -> object:
    """The plain int or float that an instance of a subclass holds.

    Raises:
        TypeError: ``value`` is neither, or is a bool.
    """
    held = plain(value)
    if type(held) is not int and type(held) is not float:
        raise TypeError(int)
    return held


def is_iterable(value: object) -> bool:
    """Whether ``value`` gives items when iterated; text, bytes and dicts do not."""
    own = type(value)
    if issubclass(own, _NOT_ITEMS):
        return False
    return hasattr(own, "__iter__") or hasattr(own, "__getitem__")


def matches(value: object, name: str) -> bool:
    """Whether ``value`` is of the type that ``pythonType`` calls ``name``."""
    if name in PROTOCOLS:
        return callable(value) if name == "callable" else is_iterable(value)
    if name.startswith(EXACT_PREFIX):
        return type(value) is KINDS[name.removeprefix(EXACT_PREFIX)]
    return kind_of(value) is KINDS[name]


def matcher(names: tuple[str, ...]) -> Callable[[object], bool]:
    """A check that a value is of one of the types ``names``."""
    if names == ("callable",):
        return callable
    if set(names) == {"callable", "None"}:  # asked of every environ
        return lambda value: callable(value) or value is None

    def matches_any(value: object) -> bool:
        return any(matches(value, name) for name in names)

    return matches_any
