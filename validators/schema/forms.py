"""Named forms: small checks that JSON Schema has no words for.

A form says nothing about values of another type than its own, as ``format``
does in JSON Schema. Every form returns a bool for any object whatever.
"""

from __future__ import annotations

import math
import os.path
from collections.abc import Callable, Iterator
from typing import Any

from gateproof.validators.schema.kinds import EXACT_TYPES, kind_of, plain

_TYPES = 64
"""How many types one check of attributes remembers."""

_DEPTH = 64
"""How deep an event may be nested before its contents count as unserialisable."""

_SIZE = 100_000
"""How many values of one event are looked at; more are taken on trust."""

_CLOSE_REASON = 123
"""Octets that a close reason may have: 125 of a control frame less the code (RFC 6455, 5.5)."""


def _walk(value: object) -> Iterator[tuple[object, int]]:
    """Every value inside an event with its depth, keys left out, each container once."""
    stack: list[tuple[object, int]] = [(value, 0)]
    seen: set[int] = set()
    keep: list[object] = []
    for _ in range(_SIZE):
        if not stack:
            return
        original, depth = stack.pop()
        current: Any = plain(original)
        yield current, depth
        own = type(current)
        if depth > _DEPTH or not (own is dict or own is list or own is tuple):
            continue
        if id(original) not in seen:
            seen.add(id(original))
            keep.append(original)  # an id stays unique only while its object lives
            inner = current.values() if own is dict else current
            stack.extend((item, depth + 1) for item in inner)


def _portable_types(value: object) -> bool:
    return all(type(item) in EXACT_TYPES and depth <= _DEPTH for item, depth in _walk(value))


def _portable_integers(value: object) -> bool:
    return all(
        -(2**63) <= item < 2**63
        for item, _ in _walk(value)
        if type(item) is int  # a bool is no number here
    )


def _portable_floats(value: object) -> bool:
    return all(math.isfinite(item) for item, _ in _walk(value) if type(item) is float)


def _portable_keys(value: object) -> bool:
    return all(
        kind_of(key) is str for item, _ in _walk(value) if type(item) is dict for key in item
    )


def _no_tuples(value: object) -> bool:
    return not any(type(item) is tuple for item, _ in _walk(value))


ADDRESSES: set[str] = set()
"""Some texts that are known to be addresses."""


def _ip_address(value: object) -> bool:
    held = plain(value)
    if type(held) is not str or held in ADDRESSES:
        return True
    import ipaddress

    try:
        ipaddress.ip_address(held)
    except ValueError:
        return False
    if len(ADDRESSES) >= 1024:
        ADDRESSES.clear()
    ADDRESSES.add(held)
    return True


def _absolute_path(value: object) -> bool:
    held = plain(value)
    return type(held) is not str or os.path.isabs(held)  # noqa: PTH117 - a Path cannot hold NUL


def _close_reason(value: object) -> bool:
    held = plain(value)
    return type(held) is not str or len(held.encode("utf-8", "surrogatepass")) <= _CLOSE_REASON


def _exc_info(value: object) -> bool:
    held = plain(value)
    if type(held) is not tuple or len(held) != 3:
        return True
    kind, error, _ = held
    if kind is None and error is None:
        return True
    return isinstance(kind, type) and issubclass(kind, BaseException) and isinstance(error, kind)


def _method_token(value: object) -> bool:
    """Upper-casing must leave the method as it is."""
    held = plain(value)
    return type(held) is not str or held == held.upper()


FORMS: dict[str, Callable[[object], bool]] = {
    "portable types": _portable_types,
    "portable integers": _portable_integers,
    "portable floats": _portable_floats,
    "portable keys": _portable_keys,
    "no tuples": _no_tuples,
    "ip address": _ip_address,
    "absolute path": _absolute_path,
    "close reason": _close_reason,
    "exc_info": _exc_info,
    "upper case": _method_token,
}
"""Every form by the name that schemas use."""

TEXT = frozenset({"ip address", "absolute path", "close reason", "upper case"})
"""The forms that text has, which say nothing of other values."""


def holds(name: str, value: object) -> bool:
    """Whether ``value`` has the form ``name``; an object that cannot be read has not."""
    try:
        return FORMS[name](value)
    except Exception:  # noqa: BLE001 - whatever a hostile object raises is a rejection
        return False


def attributes(names: tuple[str, ...]) -> Callable[[object], bool]:
    """A check that a value has every attribute of ``names``, quick for types seen before."""
    sound: set[type] = set()

    def check(value: object) -> bool:
        own = type(value)
        if own in sound:
            return True
        if not has_attributes(value, names):
            return False
        # What the class itself offers, every instance of it has.
        if len(sound) < _TYPES and all(any(name in vars(c) for c in own.__mro__) for name in names):
            sound.add(own)
        return True

    return check


def has_attributes(value: object, names: tuple[str, ...]) -> bool:
    """Whether ``value`` has every attribute of ``names``; one that raises is missing."""
    missing = object()
    try:
        return all(getattr(value, name, missing) is not missing for name in names)
    except Exception:  # noqa: BLE001 - whatever a hostile object raises is a rejection
        return False
