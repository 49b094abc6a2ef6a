"""The sentences of findings about shape: what was seen, and what was allowed.

Nothing here trusts the value it describes: a ``repr`` that raises, a giant
number or a long text gives a short phrase instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gateproof.validators.schema.kinds import plain

_WIDTH = 60
"""Characters that one value may take."""

_ITEMS = 4
"""Items of a container that are shown."""


def short(value: object, width: int = _WIDTH) -> str:
    """The ``repr`` of ``value``, cut where it is long."""
    try:
        return _short(value, width, 0)
    except Exception:  # noqa: BLE001 - a repr may raise anything
        return f"{article(type_name(value))} that cannot be shown"


def _short(value: object, width: int, depth: int) -> str:
    held = plain(value)
    if type(held) is str or type(held) is bytes:
        return repr(held) if len(held) <= width else f"{held[: width - 10]!r}..."
    if type(held) is int and held.bit_length() > 200:
        return f"an int of {held.bit_length()} bits"
    if type(held) in (dict, list, tuple):
        return _container(held, width, depth)
    # Where an object lies in memory differs from run to run and says nothing.
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(held))
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _container(held: object, width: int, depth: int) -> str:
    size = len(held)  # type: ignore[arg-type]
    if depth >= 2 and size:
        return f"{article(type(held).__name__)} of {size}"
    if isinstance(held, dict):
        shown = [
            f"{_short(key, width, depth + 1)}: {_short(held[key], width, depth + 1)}"
            for key, _ in zip(held, range(_ITEMS), strict=False)
        ]
        left, right = "{", "}"
    else:
        items = held[:_ITEMS]  # type: ignore[index]
        shown = [_short(item, width, depth + 1) for item in items]
        left, right = ("[", "]") if type(held) is list else ("(", ",)" if size == 1 else ")")
    if size > _ITEMS:
        shown.append("...")
    return left + ", ".join(shown) + right


def type_name(value: object) -> str:
    """How the type of ``value`` is called, with its module unless it is a built-in."""
    own = type(value)
    if value is None:
        return "None"
    module = getattr(own, "__module__", "")
    name = getattr(own, "__name__", "object")
    return name if module in ("builtins", "__main__", "") else f"{module}.{name}"


def article(noun: str) -> str:
    """``noun`` with ``a`` or ``an`` before it."""
    if noun in ("None", "bytes"):
        return noun
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def choice(words: Iterable[str]) -> str:
    """``a, b or c``."""
    listed = list(words)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} or {listed[-1]}"


def type_names(declared: object) -> str:
    """What ``pythonType`` allows, in words."""
    names = [declared] if isinstance(declared, str) else list(declared)  # type: ignore[call-overload]
    words = [
        f"exactly {article(name.removeprefix('exact '))}"
        if name.startswith("exact ")
        else {"callable": "a callable"}.get(name, article(name))
        for name in names
    ]
    return choice(words)


def subject(path: Sequence[object], noun: str) -> str:
    """How the value at ``path`` inside an object called ``noun`` is named in a sentence."""
    if not path:
        return f"the {noun}"
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not text:
            text = str(step)
        elif str(step).isidentifier():
            text += f".{step}"
        else:
            text += f"[{str(step)!r}]"
    return text if isinstance(path[0], str) else noun + text


def seen(value: object) -> str:
    """``value`` and, where that is news, its type: ``'200', a str``."""
    if value is None or type(value) is bool:
        return short(value)
    return f"{short(value)}, {article(type_name(value))}"
