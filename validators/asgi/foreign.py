"""Events that have no place in a connection, and what a server owes to a wrong one.

A server may receive from an application what no specification defines, what an
extension that it does not offer defines, or what is misshapen. Which of these it
has to refuse is noted in the judge's ``refusable`` when the event is sent; only
a send() that returns all the same breaks that.
"""

from __future__ import annotations

from gateproof.validators.asgi.values import NOTHING, breach, exact, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateproof.validators.asgi.judge import Found, Judge
    from gateproof.validators.violation import Breach, Party

FINDS = {
    "unannounced": ("asgi.extensions.app-uses-only-announced",),
    "strange": (
        "asgi.event.type-namespaced",
        "asgi.extensions.app-uses-only-announced",
        "asgi.http.request.type",
        "asgi.websocket.receive.type",
        "asgi.lifespan.startup.type",
    ),
    "unrefused": (
        "asgi.server.raises-on-missing-type",
        "asgi.server.raises-on-unknown-event-type",
        "asgi.server.raises-on-missing-keys",
        "asgi.server.raises-on-wrong-types",
        "asgi.websocket.send.server-rejects-invalid-combination",
    ),
}
"""The requirements that each check can find broken."""

KNOWN_EXTENSIONS = frozenset(
    {
        "http.response.debug",
        "http.response.early_hint",
        "http.response.pathsend",
        "http.response.push",
        "http.response.trailers",
        "http.response.zerocopysend",
        "tls",
        "websocket.http.response",
    }
)
"""The extensions that the specifications describe."""

DELIVERED = {
    "http": "asgi.http.request.type",
    "websocket": "asgi.websocket.receive.type",
    "lifespan": "asgi.lifespan.startup.type",
}
"""What an event of a type that no specification defines is measured by, by protocol."""

_MANDATORY = {
    "http.response.start": ("status",),
    "http.response.push": ("path", "headers"),
    "http.response.pathsend": ("path",),
    "http.response.zerocopysend": ("file",),
    "http.response.early_hint": ("links",),
    "http.response.trailers": ("headers",),
    "websocket.http.response.start": ("status",),
}
_MISTYPED = (".status-type", ".headers-name-bytes", ".headers-value-bytes")


def refusal(event: dict[str, object], found: Iterable[Breach]) -> tuple[str, str] | None:
    """What a server should have done about a misshapen event, and what was wrong with it."""
    kind = exact(event["type"]) or ""
    for key in _MANDATORY.get(kind, ()):
        if key not in event:
            return "asgi.server.raises-on-missing-keys", f"{kind!r} without {key!r}"
    for one in found:
        if one.requirement.endswith(_MISTYPED):
            return "asgi.server.raises-on-wrong-types", f"{kind!r} with a value of a wrong type"
    if kind == "websocket.send" and any(b.requirement.endswith(".exactly-one") for b in found):
        return (
            "asgi.websocket.send.server-rejects-invalid-combination",
            "'websocket.send' with both or neither of 'text' and 'bytes'",
        )
    return None


def unrefused(refusable: tuple[str, str]) -> Breach:
    """The breach that a send() is which returned for an event that had to be refused."""
    requirement, what = refusable
    return breach(
        requirement,
        f"send() returned as if nothing were wrong for {what}",
        "no exception",
        "an exception from send()",
    )


def unannounced(judge: Judge, kind: str) -> Found:
    """The breach that ``kind`` is, because the server does not offer its extension."""
    from gateproof.validators.asgi.words import EXTENSION_OF

    name = EXTENSION_OF[kind]
    return (
        breach(
            "asgi.extensions.app-uses-only-announced",
            f"{kind!r} was sent though scope['extensions'] does not announce {name!r}",
            f"extensions {shown(list(judge.extensions))}",
            "no event of an extension that was not announced",
        ),
    )


def strange(judge: Judge, event: dict[str, object], party: Party) -> Found:
    """Judge an event that the connection's protocol does not define for ``party``."""
    kind = exact(event.get("type"))
    if kind is None:
        if party == "application" and "type" not in event:
            judge.refusable = (
                "asgi.server.raises-on-missing-type",
                "an event without a type",
            )
        return NOTHING
    # An extension that we do not know may define any event.
    if not judge.protocol or any(name not in KNOWN_EXTENSIONS for name in judge.extensions):
        return NOTHING
    return _unheard_of(judge, kind) if party == "application" else _undefined(judge, kind)


def _undefined(judge: Judge, kind: str) -> Found:
    """Judge what receive() gave and no specification defines; a later version may."""
    from gateproof.validators.asgi.versions import NEWEST

    if not kind.startswith(f"{judge.protocol}."):
        return (_outside(judge, kind, "server"),)
    if judge.version > NEWEST:
        return NOTHING
    return (
        breach(
            DELIVERED[judge.protocol],
            f"receive() gave an event of type {kind!r}, which no specification defines",
            repr(kind),
            ", ".join(map(repr, judge.receives)),
            verdict="weak",
        ),
    )


def _unheard_of(judge: Judge, kind: str) -> Found:
    judge.refusable = (
        "asgi.server.raises-on-unknown-event-type",
        f"an event of type {kind!r}, which no specification defines here",
    )
    if not kind.startswith(f"{judge.protocol}."):
        return (_outside(judge, kind, "application"),)
    if kind.startswith(("http.response.", "websocket.http.response.")):
        return (
            breach(
                "asgi.extensions.app-uses-only-announced",
                f"{kind!r} is no message of {judge.protocol} and no announced extension's",
                repr(kind),
                ", ".join(map(repr, judge.sends)),
                verdict="weak",
            ),
        )
    return NOTHING


def _outside(judge: Judge, kind: str, party: Party) -> Breach:
    return breach(
        "asgi.event.type-namespaced",
        f"an event of type {kind!r} on a connection of type {judge.protocol!r}",
        repr(kind),
        f"a type that begins with '{judge.protocol}.'",
        party=party,
    )
