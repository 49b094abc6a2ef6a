"""What the ladder keeps of objects that must not be held: exceptions and results.

A ladder that held an exception would keep its traceback, and with it the frames
of the application, alive after ``start_response`` has returned, which
https://peps.python.org/pep-3333/#the-start-response-callable asks nobody to do.
The stand-ins here hold all that judging needs, so that a judge fed live and a
judge fed from a journal see the same.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CAUSES = 16
"""How many links of a chain of causes are followed."""

TEXT = 200
"""Characters of an exception's text that are kept."""


class Raised:
    """What an exception was, kept without the exception.

    Attributes:
        name: the name of its type.
        text: the beginning of ``str(exception)``.
        identity: a number that two stand-ins share if they stand for one
            object, 0 where that is not known.
        causes: the identities of the exceptions it was raised from or during.
        outside: it was raised by the call itself, before any Python code of
            the callee ran.
    """

    __slots__ = ("causes", "identity", "name", "outside", "text")

    def __init__(
        self,
        name: str,
        text: str = "",
        identity: int = 0,
        causes: tuple[int, ...] = (),
        outside: bool = False,
    ) -> None:
        self.name = name
        self.text = text
        self.identity = identity
        self.causes = causes
        self.outside = outside

    @classmethod
    def of(cls, error: object, *, outside: bool = False) -> Raised:
        """The stand-in for ``error``; a stand-in is its own."""
        if isinstance(error, Raised):
            return error
        try:
            text = str(error)[:TEXT]
        except Exception:  # noqa: BLE001 - an exception whose text cannot be had
            text = ""
        return cls(type(error).__name__, text, id(error), _causes(error), outside)

    @property
    def ours(self) -> bool:
        """Whether the validator raised it: nobody on either side did."""
        return self.name == "ConformanceError"

    def same(self, other: Raised) -> bool:
        """Whether both stand for one exception, as far as that is known."""
        if not self.identity or not other.identity:
            return self.name == other.name
        return self.identity == other.identity

    def stems_from(self, other: Raised) -> bool:
        """Whether it is ``other``, or was raised from it or while that was handled."""
        return self.same(other) or (other.identity != 0 and other.identity in self.causes)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Raised)
            and (self.name, self.text, self.outside) == (other.name, other.text, other.outside)
            and self.identity == other.identity
        )

    def __hash__(self) -> int:
        return hash((self.name, self.identity))

    def __repr__(self) -> str:
        return f"{self.name}({self.text!r})" if self.text else f"{self.name}()"


def _causes(error: object) -> tuple[int, ...]:
    found: list[int] = []
    waiting = [error]
    while waiting and len(found) < CAUSES:
        link = waiting.pop()
        for cause in (getattr(link, "__cause__", None), getattr(link, "__context__", None)):
            if cause is not None and id(cause) not in found:
                found.append(id(cause))
                waiting.append(cause)
    return tuple(found)


def settled(arguments: tuple[object, ...]) -> tuple[object, ...]:
    """The arguments of ``start_response`` as the ladder keeps them.

    A list of headers is copied, for the server may change it; an ``exc_info`` of
    three parts becomes a :class:`Raised`, for nobody is to keep it.
    """
    if len(arguments) < 2:
        return arguments
    if len(arguments) == 2:
        status, headers = arguments
        return (status, headers.copy()) if type(headers) is list else arguments
    kept = list(arguments)
    if type(kept[1]) is list:
        kept[1] = kept[1].copy()
    if len(kept) > 2:
        kept[2] = _without_traceback(kept[2])
    return tuple(kept)


def settled_keywords(keywords: Mapping[str, object]) -> dict[str, object]:
    """The keyword arguments of ``start_response`` as the ladder keeps them."""
    return {
        name: value.copy() if type(value) is list else _without_traceback(value)
        for name, value in keywords.items()
    }


def _without_traceback(value: object) -> object:
    """``value``, or a stand-in if it is what ``sys.exc_info()`` gives in a handler."""
    if type(value) is not tuple or len(value) != 3:
        return value
    kind, error, traceback = value
    if not (
        isinstance(kind, type) and isinstance(error, BaseException) and isinstance(error, kind)
    ):
        return tuple(Raised.of(part) if isinstance(part, BaseException) else part for part in value)
    if traceback is not None and type(traceback).__name__ != "traceback":
        return (kind, Raised.of(error), traceback)
    return Raised.of(error)


def result_facts(result: object, file_wrapper: bool = False) -> dict[str, object]:
    """What there is to know of an application's result without iterating it.

    ``type`` is its type's name, with the module unless it is built in,
    ``iterable`` and ``iterator`` whether it offers
    the protocols, ``len`` its length or ``None``, ``has_close`` whether it has
    a callable ``close``, ``generator`` whether it is a generator, ``has_fileno``
    whether it looks like a file, ``is_file_wrapper`` whether the server's own
    ``wsgi.file_wrapper`` made it, ``indexed`` whether it is iterable by
    ``__getitem__`` alone.
    """
    kind = type(result)
    if kind is list and not file_wrapper and len(result) == 1:  # type: ignore[arg-type]
        return _ONE_PIECE
    result = _bare(result)
    kind = type(result)
    name = kind.__name__
    return {
        "type": name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}",
        "iterable": _iterable(kind),
        "iterator": hasattr(kind, "__next__") and hasattr(kind, "__iter__"),
        "len": _length(result),
        "has_close": callable(_attribute(result, "close")),
        "generator": name == "generator" and kind.__module__ == "builtins",
        "has_fileno": _attribute(result, "fileno") is not None,
        "is_file_wrapper": file_wrapper,
        "indexed": not hasattr(kind, "__iter__") and hasattr(kind, "__getitem__"),
    }


def _bare(result: object) -> object:
    """What a proxy stands for, another validator's or that of an input that is returned.

    That of a result has a ``close()`` in any case, and a look of ours is no use of either.
    """
    while True:
        kind = type(result)
        if hasattr(kind, "_Result__inner"):
            result = getattr(result, "_Result__inner")  # noqa: B009 - the mangled name is private
        elif hasattr(kind, "_Input__inner"):
            result = getattr(result, "_Input__inner")  # noqa: B009 - likewise
        else:
            return result


def _iterable(kind: type) -> bool:
    if hasattr(kind, "__iter__"):
        return kind.__iter__ is not None
    return hasattr(kind, "__getitem__")


def _length(result: object) -> int | None:
    if not hasattr(type(result), "__len__"):
        return None
    try:
        return len(result)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a length that cannot be had cannot be wrong
        return None


def _attribute(result: object, name: str) -> object:
    try:
        return getattr(result, name, None)
    except Exception:  # noqa: BLE001 - an attribute that cannot be read is not there
        return None


_ONE_PIECE = result_facts([], file_wrapper=True) | {"len": 1, "is_file_wrapper": False}
"""What there is to know of a list of one item, which is what most results are."""
