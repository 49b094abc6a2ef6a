"""Legal events that a server's send() refuses, and what the refusal breaks.

A server may raise from send() for many reasons that nobody outside sees: the
client has gone, a buffer is full. Something is told only where the exchange was
legal so far and the exception itself names the key on which the server stumbled.
"""

from __future__ import annotations

from gateproof.validators.asgi.values import (
    NOTHING,
    breach,
    dotted,
    exact,
    refused_by_us,
    shown,
    truth,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateproof.validators.asgi.judge import Found, Judge
    from gateproof.validators.violation import Rung

_DEFAULTS: dict[str, dict[str, str]] = {
    "http.response.start": {
        "headers": "asgi.http.response-start.headers-default",
        "trailers": "asgi.http.response-start.trailers-default",
    },
    "http.response.body": {
        "body": "asgi.http.response-body.body-default",
        "more_body": "asgi.http.response-body.more-body-default",
    },
    "http.response.zerocopysend": {
        "offset": "asgi.ext.zerocopy.offset-semantics",
        "count": "asgi.ext.zerocopy.count-semantics",
        "more_body": "asgi.ext.zerocopy.more-body-completes",
    },
    "http.response.trailers": {"more_trailers": "asgi.ext.trailers.more-trailers-default"},
    "websocket.accept": {
        "subprotocol": "asgi.websocket.accept.subprotocol-default",
        "headers": "asgi.websocket.accept.headers-default",
    },
    "websocket.close": {
        "code": "asgi.websocket.close.default-1000",
        "reason": "asgi.websocket.close.reason-default",
    },
    "lifespan.startup.failed": {"message": "asgi.lifespan.startup-failed.message-default"},
    "lifespan.shutdown.failed": {"message": "asgi.lifespan.shutdown-failed.message-default"},
}
"""The keys that an application may leave out, and the requirement that says so."""

_KEYS: dict[str, frozenset[str]] = {
    "http.response.start": frozenset({"type", "status", "headers", "trailers"}),
    "http.response.body": frozenset({"type", "body", "more_body"}),
    "http.response.zerocopysend": frozenset({"type", "file", "offset", "count", "more_body"}),
    "http.response.pathsend": frozenset({"type", "path"}),
    "http.response.push": frozenset({"type", "path", "headers"}),
    "http.response.early_hint": frozenset({"type", "links"}),
    "http.response.debug": frozenset({"type", "info"}),
    "http.response.trailers": frozenset({"type", "headers", "more_trailers"}),
    "websocket.accept": frozenset({"type", "subprotocol", "headers"}),
    "websocket.send": frozenset({"type", "bytes", "text"}),
    "websocket.close": frozenset({"type", "code", "reason"}),
    "websocket.http.response.start": frozenset({"type", "status", "headers"}),
    "websocket.http.response.body": frozenset({"type", "body", "more_body"}),
    "lifespan.startup.complete": frozenset({"type"}),
    "lifespan.startup.failed": frozenset({"type", "message"}),
    "lifespan.shutdown.complete": frozenset({"type"}),
    "lifespan.shutdown.failed": frozenset({"type", "message"}),
}
"""The keys that the specifications give to each event."""

_BARE = {
    "http.response.start": frozenset({"type", "status"}),
    "websocket.accept": frozenset({"type"}),
}
"""The mandatory keys of events that open something, which nobody has a reason to refuse
but that he takes a default for an omission."""

_SINCE = {("websocket.accept", "headers"): (2, 1), ("websocket.close", "reason"): (2, 3)}
"""The version that introduced a key
(https://asgi.readthedocs.io/en/latest/specs/www.html#spec-versions)."""

_ON_THE_WIRE = frozenset(
    {
        "asgi.ext.zerocopy.offset-semantics",
        "asgi.ext.zerocopy.count-semantics",
        "asgi.ext.zerocopy.more-body-completes",
        "asgi.ext.trailers.more-trailers-default",
        "asgi.websocket.accept.subprotocol-default",
        "asgi.websocket.close.default-1000",
    }
)
"""What only a refusal shows here: that nothing was refused does not prove it kept."""

_DEAF = (KeyError, TypeError, AttributeError, NotImplementedError)
"""What code raises that knows nothing of a key."""

FINDS = {
    "absent": tuple(name for keys in _DEFAULTS.values() for name in keys.values()),
    "surplus": ("asgi.server.ignores-extra-keys",),
    "newer": ("asgi.http.spec-version.server-honest",),
}
"""The requirements that each check can find broken."""


def refused(judge: Judge, error: BaseException) -> Found:
    """What send() breaks by raising ``error`` for the event in ``judge.latest``.

    Nothing where the application was at fault before, the client has gone or the
    exception is our own.
    """
    event = judge.latest
    if event is None or judge.fault or judge.gone or refused_by_us(error):
        return NOTHING
    kind = exact(event.get("type")) or ""
    if kind not in _KEYS or not _legal(judge, kind, event):
        return NOTHING
    for check in (_absent, _surplus, _newer, _bare):
        found = check(judge, kind, event, error)
        if found:
            return found
    return NOTHING


def chances(judge: Judge, event: dict[str, object], *, raised: bool) -> frozenset[str]:
    """The requirements that the server's answer to ``event`` could have broken here."""
    kind = exact(event.get("type")) or ""
    if kind not in _KEYS:
        return frozenset()
    ids = {
        name
        for key, name in _DEFAULTS.get(kind, {}).items()
        if key not in event
        and judge.version >= _SINCE.get((kind, key), (2, 0))
        and (raised or name not in _ON_THE_WIRE)
    }
    if any(key not in _KEYS[kind] for key in event):
        ids.add("asgi.server.ignores-extra-keys")
    if _newest(judge, kind, event)[0]:
        ids.add("asgi.http.spec-version.server-honest")
    return frozenset(ids)


def unanswered(rungs: Iterable[Rung]) -> dict[str, object] | None:
    """The event of the one send() that has neither returned nor raised.

    ``None`` if several are under way: which one failed cannot be told.
    """
    open_: list[object] = []
    for rung in rungs:
        if rung.step == "send":
            open_.append(rung.data)
        elif rung.step in ("sent", "send-raised") and open_:
            open_.pop()
    if len(open_) != 1 or not isinstance(open_[0], dict):
        return None
    return open_[0]


def _legal(judge: Judge, kind: str, event: dict[str, object]) -> bool:
    """Whether ``event`` breaks nothing that its shape decides, whatever is told."""
    from gateproof.validators import schema

    return kind in judge.sends and schema.compiled(judge.sends[kind][0], frozenset(), "weak")(event)


def _absent(judge: Judge, kind: str, event: dict[str, object], error: BaseException) -> Found:
    """Whether the server looked up a key that the application may leave out."""
    key = exact(error.args[0]) if issubclass(type(error), KeyError) and error.args else None
    requirement = _DEFAULTS.get(kind, {}).get(key or "")
    if key is None or requirement is None or key in event:
        return NOTHING
    if judge.version < _SINCE.get((kind, key), (2, 0)):
        return NOTHING
    return (
        breach(
            requirement,
            f"send() raised {shown(error)} for {kind!r} without {key!r}, which is optional",
            shown(error),
            f"{kind!r} is taken with the default of {key!r}",
        ),
    )


def _surplus(_judge: Judge, kind: str, event: dict[str, object], error: BaseException) -> Found:
    """Whether the server stumbled on a key that it does not know."""
    for key in event:
        name = exact(key)
        if name is None or name in _KEYS[kind] or not _names(error, name):
            continue
        return (
            breach(
                "asgi.server.ignores-extra-keys",
                f"send() raised {shown(error)} for {kind!r} with the additional key {name!r}",
                shown(error),
                f"{name!r} is ignored",
            ),
        )
    return NOTHING


def _newest(judge: Judge, kind: str, event: dict[str, object]) -> tuple[str, tuple[int, int]]:
    """The key of ``event`` that a version introduced which the server claims, if any."""
    for (owner, key), since in _SINCE.items():
        if owner == kind and truth(event.get(key)) and judge.version >= since:
            return key, since
    return "", (0, 0)


def _newer(judge: Judge, kind: str, event: dict[str, object], error: BaseException) -> Found:
    """Whether the server refuses what its declared version has."""
    key, since = _newest(judge, kind, event)
    if not key or not _names(error, key):
        return NOTHING
    return (
        breach(
            "asgi.http.spec-version.server-honest",
            f"send() raised {shown(error)} for {kind!r} with {key!r}, "
            f"though the server declares spec_version {dotted(judge.version)!r}",
            shown(error),
            f"{key!r} is taken, as since version {dotted(since)}, or a lower spec_version",
            verdict=None if isinstance(error, _DEAF) else "weak",
        ),
    )


def _bare(judge: Judge, kind: str, event: dict[str, object], error: BaseException) -> Found:
    """Note a server that refuses the barest event of a kind, for a reason it does not give."""
    if kind not in _BARE or "headers" in event or len(event) > len(_BARE[kind]):
        return NOTHING
    if judge.version < _SINCE.get((kind, "headers"), (2, 0)):
        return NOTHING
    return (
        breach(
            _DEFAULTS[kind]["headers"],
            f"send() raised {shown(error)} for {kind!r} with no more than its mandatory keys",
            shown(error),
            f"{kind!r} is taken with the defaults of its other keys",
            verdict="observed",
        ),
    )


def _names(error: BaseException, key: str) -> bool:
    """Whether the text of ``error`` has ``key`` as a word."""
    import re

    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - the exception is the server's own
        return False
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", text) is not None
