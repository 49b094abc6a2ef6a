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

NAMED = {
    "http.response.start": "asgi.http.response-start.type",
    "http.response.body": "asgi.http.response-body.type",
    "http.response.push": "asgi.ext.push.type",
    "http.response.zerocopysend": "asgi.ext.zerocopy.type",
    "http.response.pathsend": "asgi.ext.pathsend.type",
    "http.response.early_hint": "asgi.ext.early-hint.type",
    "http.response.trailers": "asgi.ext.trailers.type",
    "http.response.debug": "asgi.ext.debug.type",
    "websocket.accept": "asgi.websocket.accept.type",
    "websocket.send": "asgi.websocket.send.type",
    "websocket.close": "asgi.websocket.close.type",
    "websocket.http.response.start": "asgi.ext.ws-denial.message-types",
    "websocket.http.response.body": "asgi.ext.ws-denial.message-types",
    "lifespan.startup.complete": "asgi.lifespan.startup-complete.type",
    "lifespan.startup.failed": "asgi.lifespan.startup-failed.type",
    "lifespan.shutdown.complete": "asgi.lifespan.shutdown-complete.type",
    "lifespan.shutdown.failed": "asgi.lifespan.shutdown-failed.type",
    "http.request": "asgi.http.request.type",
    "http.disconnect": "asgi.http.disconnect.type",
    "websocket.connect": "asgi.websocket.connect.type",
    "websocket.receive": "asgi.websocket.receive.type",
    "websocket.disconnect": "asgi.websocket.disconnect.type",
    "lifespan.startup": "asgi.lifespan.startup.type",
    "lifespan.shutdown": "asgi.lifespan.shutdown.type",
}
"""The requirement on the name of each event."""

FINDS = {
    "unannounced": ("asgi.extensions.app-uses-only-announced",),
    "strange": (
        "asgi.event.type-namespaced",
        "asgi.extensions.app-uses-only-announced",
        *NAMED.values(),
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

NAMES = frozenset(NAMED.values())
"""All of them."""

TELLING: dict[tuple[str, object], str] = {
    ("http", "status"): "http.response.start",
    ("http", "body"): "http.response.body",
    ("http", "links"): "http.response.early_hint",
    ("http", "info"): "http.response.debug",
    ("websocket", "text"): "websocket.send",
    ("websocket", "bytes"): "websocket.send",
    ("websocket", "code"): "websocket.close",
    ("websocket", "subprotocol"): "websocket.accept",
}
"""Keys that one message of a protocol has and no other."""

NEAR = 0.75
"""How alike the last words of two types are, from 0 to 1, where one is the other misspelt."""

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
    if party == "application":
        return _unheard_of(judge, event, kind)
    return _undefined(judge, kind)


def _undefined(judge: Judge, kind: str) -> Found:
    """Judge what receive() gave and no specification defines; a later version may."""
    from gateproof.validators.asgi.versions import NEWEST

    if judge.version > NEWEST and kind.startswith(f"{judge.protocol}."):
        return NOTHING
    judge.puzzle()
    if not kind.startswith(f"{judge.protocol}."):
        return (_outside(judge, kind, "server"),)
    return (
        breach(
            NAMED[misspelt(kind, judge.receives) or judge.due()],
            f"receive() gave an event of type {kind!r}, which no specification defines",
            repr(kind),
            ", ".join(map(repr, judge.receives)),
            verdict="weak",
        ),
    )


def _unheard_of(judge: Judge, event: dict[str, object], kind: str) -> Found:
    """Judge what was sent and no specification defines; a later version may."""
    from gateproof.validators.asgi.versions import NEWEST

    judge.refusable = (
        "asgi.server.raises-on-unknown-event-type",
        f"an event of type {kind!r}, which no specification defines here",
    )
    if judge.version > NEWEST and kind.startswith(f"{judge.protocol}."):
        return NOTHING
    meant = intended(judge, event, kind)
    if meant is not None and _offered(judge, meant):
        return _misnamed(judge, kind, meant)
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


def intended(judge: Judge, event: dict[str, object], kind: str) -> str | None:
    """The message that an unknown one was meant to be, by its name or by what it holds."""
    if kind.startswith(f"{judge.protocol}."):
        held = (TELLING.get((judge.protocol, key)) for key in event)
        return misspelt(kind, judge.sends) or next(filter(None, held), None)
    meant = f"websocket.{kind}"  # a denial in the words of http
    return meant if meant in judge.sends else None


def _misnamed(judge: Judge, kind: str, meant: str) -> Found:
    """The breach that ``kind`` is where ``meant`` was; what it left undone is not told too."""
    judge.go_astray()
    if NAMED[meant] in judge.misnamed:
        return NOTHING
    judge.misnamed = (*judge.misnamed, NAMED[meant])
    return (
        breach(
            NAMED[meant],
            f"an event of type {kind!r} was sent where {meant!r} seems to be meant",
            repr(kind),
            repr(meant),
        ),
    )


def _offered(judge: Judge, kind: str) -> bool:
    """Whether the connection knows ``kind``: its own, or an announced extension's."""
    from gateproof.validators.asgi.words import EXTENSION_OF

    return kind not in EXTENSION_OF or EXTENSION_OF[kind] in judge.extensions


def misspelt(kind: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``kind`` is but for its spelling, if there is one."""
    from difflib import get_close_matches

    protocol, _, word = kind.lower().rpartition(".")
    words = {name.rpartition(".")[2]: name for name in known if name.rpartition(".")[0] == protocol}
    near = get_close_matches(word[:100], words, n=1, cutoff=NEAR)
    return words[near[0]] if near else None


def _outside(judge: Judge, kind: str, party: Party) -> Breach:
    return breach(
        "asgi.event.type-namespaced",
        f"an event of type {kind!r} on a connection of type {judge.protocol!r}",
        repr(kind),
        f"a type that begins with '{judge.protocol}.'",
        party=party,
    )
