"""Iterators that can be read only once, read for judging and given back unread."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEYS = ("headers", "links", "client", "server", "subprotocols")
"""The keys whose values may be any iterable, in a scope or an event."""

MOST = 100_000
"""Items read of one iterable; an endless one must not hang a judge."""


_WHOLE = (str, bytes, bytearray, memoryview, dict)
"""Types that can be iterated, but never hold an iterable's items."""


def rereadable(value: object) -> tuple[object, dict[str, object]] | None:
    """Two equals of ``value``: one to pass on, one to judge and to keep.

    An event with a one-shot iterator (or with another iterable than list and
    tuple) gives a dict whose iterators are fresh ones over the same items, and a
    dict that holds those items in lists. ``None`` if there is nothing to read.
    """
    if not issubclass(type(value), dict):
        return None
    held: dict[str, object] = dict(dict.items(value))  # type: ignore[arg-type]
    forward, record = dict(held), dict(held)
    changed = consumed = False
    for key in KEYS:
        if key in held:
            given, listed, used = _read(held[key], depth=2 if key == "headers" else 1)
            if listed is not held[key]:
                changed = True
                consumed = consumed or used
                forward[key], record[key] = given, listed
    extensions = _certificates(held.get("extensions"))
    if extensions is not None:
        record["extensions"] = extensions
    elif not changed:
        return None
    return (forward if consumed else value), record


def _certificates(extensions: object) -> dict[str, object] | None:
    """An equal of a scope's extensions whose chain of client certificates is a list.

    ``None`` if it is one, or there is none. A chain that can be read only once is
    given back unread, in the dict that held it.
    """
    tls = extensions.get("tls") if type(extensions) is dict else None
    if type(tls) is not dict or "client_cert_chain" not in tls:
        return None
    chain = tls["client_cert_chain"]
    given, listed, used = _read(chain, depth=1)
    if listed is chain:
        return None
    if used:
        tls["client_cert_chain"] = given
    return {**extensions, "tls": {**tls, "client_cert_chain": listed}}  # type: ignore[dict-item]


def _read(value: object, depth: int) -> tuple[object, object, bool]:
    """``value`` to pass on, its items in a list, and whether it had to be used up."""
    kind = type(value)
    if depth == 0 or value is None or issubclass(kind, _WHOLE):
        return value, value, False
    error: Exception | None = None
    items: Iterable[object]
    if kind is list or kind is tuple:
        items, single = value, False  # type: ignore[assignment]
        iterator = None
    else:
        try:
            iterator = iter(value)  # type: ignore[call-overload]
        except Exception:  # noqa: BLE001 - not an iterable: the schema says so
            return value, value, False
        single = iterator is value
        items, error = _exhaust(iterator)
    given, listed, used = [], [], False
    for item in items:
        one, kept, spent = _read(item, depth - 1)
        given.append(one)
        listed.append(kept)
        used = used or spent
    if iterator is None and all(a is b for a, b in zip(listed, items, strict=True)):
        return value, value, False
    if single:
        return _again(given, error, iterator), listed, True
    if used:
        return (tuple(given) if kind is tuple else given), listed, True
    return value, listed, False


def _exhaust(iterator: Iterator[object]) -> tuple[list[object], Exception | None]:
    items = []
    try:
        for item in iterator:
            items.append(item)
            if len(items) >= MOST:
                break
    except Exception as error:  # noqa: BLE001 - handed on to whoever reads the substitute
        return items, error
    return items, None


def _again(
    items: list[object], error: Exception | None, rest: Iterator[object] | None
) -> Iterator[object]:
    """The same items, then the same error or what was left unread."""
    yield from items
    if error is not None:
        raise error
    if rest is not None:
        yield from rest
