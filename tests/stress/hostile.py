"""Objects made to hurt whoever looks at them; all of them keep no state.

What never ends ends here after so many steps that nobody who asked for them was careful,
with an exception that is no ``Exception``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

STEPS = 300_000
"""Steps after which something that never ends counts as a hang."""


class HostileError(Exception):
    def __str__(self):
        raise HostileError

    __repr__ = __str__


class HungError(BaseException):
    """Somebody went on and on."""


def hurt(self: object, *arguments: object, **named: object) -> Any:
    raise HostileError


def endless(self: object, *arguments: object) -> Iterator[Any]:
    for _ in range(STEPS):
        yield (b"a", b"b")
    raise HungError


class Mapping(dict):
    get = __getitem__ = __contains__ = keys = items = values = __iter__ = copy = hurt
    __len__ = __bool__ = __eq__ = __repr__ = hurt
    __hash__ = None


class EndlessMapping(dict):
    keys = items = values = __iter__ = endless


class Text(str):
    __eq__ = __str__ = __repr__ = startswith = split = __len__ = lower = encode = __iter__ = hurt
    isascii = isdigit = upper = strip = __contains__ = __getitem__ = __add__ = __format__ = hurt
    __hash__ = str.__hash__


class Unhashable(str):
    __hash__ = None


class Liar(str):
    """A text that equals everything."""

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class Octets(bytes):
    __eq__ = __len__ = __repr__ = lower = __iter__ = __getitem__ = __contains__ = decode = hurt
    __hash__ = bytes.__hash__


class Number(int):
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __repr__ = __index__ = __bool__ = __add__ = hurt
    __sub__ = __rsub__ = __int__ = __format__ = hurt
    __hash__ = int.__hash__


class Items(list):
    __iter__ = __len__ = __getitem__ = __eq__ = __bool__ = __repr__ = copy = hurt


class EndlessItems(list):
    __iter__ = endless


class Pair(tuple):
    __slots__ = ()
    __iter__ = __len__ = __getitem__ = __eq__ = __bool__ = __repr__ = hurt
    __hash__ = tuple.__hash__


class Thing:
    """An object of which nothing can be had."""

    __iter__ = __bool__ = __repr__ = __len__ = __eq__ = __getattr__ = __call__ = __str__ = hurt
    __hash__ = None

    @property
    def __class__(self):
        raise HostileError


class Endless:
    __iter__ = endless


class Claims:
    """An object that claims to be whatever it is asked to be."""

    def __init__(self, kind: type) -> None:
        object.__setattr__(self, "kind", kind)

    @property
    def __class__(self):
        return object.__getattribute__(self, "kind")


def cyclic() -> Any:
    made: list[Any] = []
    made += [made, {"a": made}, (made,)]
    return made


def deep() -> Any:
    made: Any = []
    for _ in range(20_000):
        made = [made]
    return made


GIANT = 10_000_000
CYCLIC = cyclic()
DEEP = deep()

VALUES: dict[str, Any] = {
    "thing": Thing(),
    "mapping": Mapping(a=1),
    "endless mapping": EndlessMapping(a=1),
    "text": Text("200 OK"),
    "number in text": Text("5"),
    "unhashable": Unhashable("GET"),
    "liar": Liar("http"),
    "octets": Octets(b"abc"),
    "number": Number(200),
    "items": Items([(b"a", b"b")]),
    "endless items": EndlessItems([(b"a", b"b")]),
    "pair": Pair(("A", "b")),
    "endless": Endless(),
    "cyclic": CYCLIC,
    "deep": DEEP,
    "surrogate": "\ud800",
    "surrogates in a dict": {"\udcff": "\ud800"},
    "giant number": 10**5000,
    "giant digits": "9" * 100_000,
    "giant text": "x" * GIANT,
    "giant octets": b"x" * GIANT,
    "claims text": Claims(str),
    "claims octets": Claims(bytes),
    "claims mapping": Claims(dict),
    "claims error": Claims(KeyError),
    "ordered": OrderedDict(a=1),
    "nothing": None,
    "not a number": float("nan"),
    "type": type,
    "exception": HostileError(),
    "headers of things": [Thing(), (Thing(), Thing()), (Text("A"), Text("b")), ("A",)],
    "headers of octets": [(Octets(b"content-length"), Octets(b"5")), Pair((b"a", b"b"))],
    "giant headers": [("X-A", "x" * GIANT), (b"x-a", b"x" * GIANT)],
    "surrogate headers": [("\udcff", "\ud800"), (b"x-a", "\ud800")],
}
KEYS: list[Any] = [5, None, b"octets", Text("HTTP_OWN"), Liar("type"), "\udcff", ("a",)]
"""Keys of a dict that nobody expects; those that equal everything hide others."""
