"""The judge of an ASGI middleware's scopes: the one it was given and the one it hands on.

https://asgi.readthedocs.io/en/latest/specs/main.html#middleware asks middleware
to change a copy, and to leave the copy alone once it is handed on. Only keys
that the specifications define are looked at: frameworks keep their own in a
shared scope on purpose, and ``state`` is there to be filled.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateproof.validators.violation import Breach

    Found = Sequence[Breach]
    Parts = Mapping[str, object]

FINDS = frozenset({"asgi.middleware.copies-scope", "asgi.middleware.no-mutation-after-handover"})
"""The requirements that this judge can find broken."""

KEYS = (
    "type",
    "http_version",
    "method",
    "scheme",
    "path",
    "raw_path",
    "query_string",
    "root_path",
    "headers",
    "client",
    "server",
    "subprotocols",
)
"""The keys of a scope that only its maker sets."""

NOTHING: tuple[()] = ()

_PLAIN = frozenset({str, bytes, int, type(None)})

_TURNS = frozenset(
    {
        (("inner", "receive"), ("outer", "receive")),
        (("inner", "send"), ("outer", "send")),
        (("outer", "received"), ("inner", "received")),
        (("outer", "sent"), ("inner", "sent")),
        (("inner", "return"), ("outer", "receive")),
        (("inner", "return"), ("outer", "send")),
        (("inner", "return"), ("outer", "return")),
        (("inner", "raise"), ("outer", "send")),
        (("inner", "raise"), ("outer", "return")),
        (("inner", "raise"), ("outer", "raise")),
    }
)
"""Neighbouring rungs between which nobody but the middleware has the word."""


def parts(scope: object) -> dict[str, object]:
    """What of ``scope`` can be compared later: a plain copy of the keys in :data:`KEYS`.

    Values of other types than the specifications', or that can be read only
    once, are left out.
    """
    found: dict[str, object] = {}
    try:
        if not isinstance(scope, dict):
            return found
        for key in KEYS:
            if dict.__contains__(scope, key):
                value = _plain(dict.__getitem__(scope, key), 2)
                if value is not _OTHER:
                    found[key] = value
    except Exception:  # noqa: BLE001 - hostile: what cannot be read is not compared
        return {}
    return found


_OTHER = object()


def _plain(value: object, depth: int) -> object:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if depth and (kind is list or kind is tuple):
        items = tuple(_plain(item, depth - 1) for item in value)  # type: ignore[attr-defined]
        return _OTHER if any(item is _OTHER for item in items) else items
    return _OTHER


class ASGIPair:
    """Judges the scopes of one call of the inner application by a middleware.

    Fed with rungs of both sides in one order. The data of ``call`` are the
    :func:`parts` of the scope. A step ``scope`` says what these have become; it
    comes before the rung at which that was noticed.
    """

    __slots__ = ("_before", "_changed", "_handed", "_outer", "_told")

    def __init__(self) -> None:
        self._outer: Parts = {}
        self._handed: Parts | None = None
        self._changed: list[str] = []
        self._before = ("", "")
        self._told = False

    def feed(self, side: str, step: str, data: object = None) -> Found:
        """Judge one rung of either side."""
        if step == "scope":
            return self._scope(side, data)  # type: ignore[arg-type]
        here = (side, step)
        before, self._before = self._before, here
        if step == "call":
            return self._call(side, data)  # type: ignore[arg-type]
        changed, self._changed = self._changed, []
        if not changed or self._told or (before, here) not in _TURNS:
            return NOTHING
        self._told = True
        return _breach(
            "asgi.middleware.no-mutation-after-handover",
            f"the middleware changed {_keys(changed)} in the scope that it had handed on",
            f"changed between {before[1]!r} and {step!r} of one event",
            "a scope that stays as it was handed on",
        )

    def _call(self, side: str, data: Parts) -> Found:
        if side == "outer":
            self._outer = data
        else:
            self._handed = data
        return NOTHING

    def _scope(self, side: str, now: Parts) -> Found:
        if side == "inner":
            self._changed = _differing(self._handed or {}, now)
            self._handed = now
            return NOTHING
        changed = _differing(self._outer, now)
        self._outer = now
        if not changed or self._handed is not None:
            return NOTHING
        return _breach(
            "asgi.middleware.copies-scope",
            f"the middleware changed {_keys(changed)} in the scope that it was given",
            f"{changed[0]} {self._text(now, changed[0])}",
            "a copy, such as scope = {**scope, ...}, for what is inside",
        )

    def _text(self, now: Parts, key: str) -> str:
        from gateproof.validators.asgi.values import shown

        return shown(now[key]) if key in now else "is gone"


class Scopes:
    """Feeds a pair with what becomes of a live scope.

    Args:
        given: the :func:`parts` of the scope that the middleware was given.
        kept: that scope, as it is now; ``None`` if it is not to be held against them.
        handed: the scope that it hands on.

    Attributes:
        found: what that shows already.
    """

    __slots__ = ("_handed", "_last", "_pair", "found")

    def __init__(self, given: Parts, kept: object, handed: object) -> None:
        self._pair = ASGIPair()
        self._handed = handed
        self._last = parts(handed)
        self._pair.feed("outer", "call", given)
        self.found = NOTHING if kept is None else self._pair.feed("outer", "scope", parts(kept))
        self._pair.feed("inner", "call", self._last)

    def feed(self, side: str, step: str, data: object = None) -> Found:  # noqa: ARG002
        """Judge one rung of either ladder."""
        if step == "call":
            return NOTHING
        now = parts(self._handed)
        if now != self._last:
            self._last = now
            self._pair.feed("inner", "scope", now)
        return self._pair.feed(side, step)


def _differing(before: Parts, after: Parts) -> list[str]:
    return [
        key
        for key in KEYS
        if (key in before) != (key in after) or (key in before and before[key] != after[key])
    ]


def _keys(names: list[str]) -> str:
    return " and ".join(f"scope[{name!r}]" for name in names)


def _breach(requirement: str, message: str, observed: str, expected: str) -> Found:
    from gateproof.validators.violation import Breach

    return (Breach(requirement, message, observed, expected, party="middleware"),)
