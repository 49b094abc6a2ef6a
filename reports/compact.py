"""A short text for any object that crossed a boundary; it never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice

OCTETS = 96
"""Longest byte string shown whole."""

CHARACTERS = 200
"""Longest string shown whole."""

ITEMS = 24
"""Most items of a container shown."""

DEPTH = 5
"""How deep containers in containers are shown."""

LINE = 1200
"""Longest text of one rung."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def compact(value: object) -> str:
    """``value`` in the manner of ``repr``, bounded, whatever it is.

    Byte strings and strings are cut in the middle with their true length.
    Memory addresses are left out, so that equal exchanges have equal texts. A
    subclass shows its type around what it holds; its own methods are not called
    for the built-in containers.
    """
    return _bounded(_guarded(value, 0))


def pairs(items: Iterable[tuple[object, object]]) -> str:
    """``key=value`` for each item; a key that is no name is shown in full."""
    shown = [
        f"{key if type(key) is str and key.isprintable() else compact(key)}={_guarded(value, 1)}"
        for key, value in islice(items, ITEMS * 2)
    ]
    return _bounded(", ".join(shown))


def _bounded(text: str) -> str:
    if len(text) <= LINE:
        return text
    return f"{text[: LINE - 200]}…{text[-160:]} ({len(text)} characters)"


def _guarded(value: object, depth: int) -> str:
    try:
        return _shown(value, depth)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the object's own code may raise anything
        return f"<{_name(value)}: {type(error).__name__} while showing it>"


def _shown(value: object, depth: int) -> str:
    # type() and not isinstance(): the object may lie about its __class__.
    kind = type(value)
    for base, show in _SHOW:
        if issubclass(kind, base):
            text = show(value, depth)
            return text if kind is base else f"{_name(value)}({text})"
    return _ADDRESS.sub("", repr(value))[: LINE * 2]


def _name(value: object) -> str:
    return str(type(value).__name__)


def _octets(value: bytes) -> str:
    if len(value) <= OCTETS:
        return repr(value)
    head, tail = value[: OCTETS * 2 // 3], value[-OCTETS // 4 :]
    return f"b'{_between(head)}…{_between(tail)}' ({len(value)} bytes)"


def _between(part: str | bytes) -> str:
    """What stands between the quotes of ``repr(part)``, always single quotes."""
    # A double quote in front makes repr choose single quotes; it is cut off again.
    return repr(b'"' + part)[3:-1] if isinstance(part, bytes) else repr('"' + part)[2:-1]


def _bytes(value: bytes, _: int) -> str:
    return _octets(bytes.__getitem__(value, slice(None)))


def _bytearray(value: bytearray, _: int) -> str:
    text = _octets(bytes(bytearray.__getitem__(value, slice(None))))
    return f"bytearray({text})" if type(value) is bytearray else text


def _memoryview(value: memoryview, _: int) -> str:
    return f"memoryview({_octets(bytes(value))})"


def _text(value: str, _: int) -> str:
    exact = str.__getitem__(value, slice(None))
    if len(exact) <= CHARACTERS:
        return repr(exact)
    head, tail = exact[: CHARACTERS * 2 // 3], exact[-CHARACTERS // 4 :]
    return f"'{_between(head)}…{_between(tail)}' ({len(exact)} characters)"


def _many(shown: Iterable[str], count: int, brackets: str) -> str:
    parts = list(islice(shown, ITEMS))
    if count > ITEMS:
        parts.append(f"… {count - ITEMS} more")
    return f"{brackets[0]}{', '.join(parts)}{brackets[1]}"


def _dict(value: dict[object, object], depth: int) -> str:
    count = dict.__len__(value)
    if depth >= DEPTH:
        return f"{{… {count} keys}}"
    items = (f"{_guarded(k, depth + 1)}: {_guarded(v, depth + 1)}" for k, v in dict.items(value))
    return _many(items, count, "{}")


def _list(value: list[object], depth: int) -> str:
    count = list.__len__(value)
    if depth >= DEPTH:
        return f"[… {count} items]"
    return _many((_guarded(item, depth + 1) for item in list.__iter__(value)), count, "[]")


def _tuple(value: tuple[object, ...], depth: int) -> str:
    count = tuple.__len__(value)
    if depth >= DEPTH:
        return f"(… {count} items)"
    shown = (_guarded(item, depth + 1) for item in tuple.__iter__(value))
    if count == 1:
        return f"({next(shown)},)"
    return _many(shown, count, "()")


_SHOW: tuple[tuple[type, Callable[..., str]], ...] = (
    (bytes, _bytes),
    (bytearray, _bytearray),
    (memoryview, _memoryview),
    (str, _text),
    (dict, _dict),
    (list, _list),
    (tuple, _tuple),
)
"""The built-in containers, read by their own methods whatever a subclass does."""
