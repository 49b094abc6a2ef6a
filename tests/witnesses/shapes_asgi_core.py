"""Shapes that every ASGI scope and event has, whatever its protocol."""

from __future__ import annotations

from witnesses.kit import shapes, without

EVENT = {"type": "sms.receive", "text": "hello", "parts": [1, {"a": None}], "size": 2**63 - 1}
SCOPE = {"type": "http", "asgi": {"version": "3.0"}, "extensions": {"own": {}}}
MQTT = {"type": "mqtt", "asgi": {"version": "3.0", "spec_version": "1.0"}}


def event(**changes: object) -> dict[str, object]:
    return {**EVENT, **changes}


def scope(**changes: object) -> dict[str, object]:
    return {**SCOPE, **changes}


def version(value: object) -> dict[str, object]:
    return scope(asgi={"version": value})


EVENTS = shapes(
    "asgi/event",
    EVENT,
    {
        "asgi.event.is-dict": [("type", "sms.receive")],
        "asgi.event.type-key": without(EVENT, "type"),
        "asgi.event.type-unicode": event(type=b"sms.receive"),
        "asgi.event.type-namespaced": event(type="receive"),
        "asgi.event.allowed-types": event(when={"at": object()}),
        "asgi.event.int-range": event(size=[2**63]),
        "asgi.event.float-finite": event(share=float("nan")),
        "asgi.event.tuples-as-lists": event(parts=("a",)),
        "asgi.event.dict-keys-unicode": event(parts=[{1: "a"}]),
    },
)
SCOPES = shapes(
    "asgi/scope",
    SCOPE,
    {
        "asgi.scope.is-dict": [("type", "http")],
        "asgi.scope.contains-type": without(SCOPE, "type"),
        "asgi.scope.type-unicode": scope(type=b"http"),
        "asgi.scope.type-known": MQTT,
        "asgi.scope.asgi-present": without(SCOPE, "asgi"),
        "asgi.scope.asgi-version-present": scope(asgi={}),
        "asgi.scope.asgi-version-type": version(3.0),
        "asgi.scope.asgi-version-value": version("3"),
        "asgi.scope.spec-version-type": scope(asgi={"version": "3.0", "spec_version": 2.4}),
        "asgi.strings.dict-keys-str": {**SCOPE, b"path": "/"},
        "asgi.extensions.is-dict": scope(extensions=["own"]),
        "asgi.extensions.name-unicode": scope(extensions={b"own": {}}),
        "asgi.extensions.entry-is-dict": scope(extensions={"own": True}),
    },
)
WITNESSES = [*EVENTS, *SCOPES]

CLEAN = [
    ("asgi/event", event(share=1.5, size=-(2**63), flag=True)),
    ("asgi/event", {"type": "own.message"}),
    ("asgi/scope", without(SCOPE, "extensions")),
    ("asgi/scope", scope(extensions={})),
    ("asgi/scope", scope(extensions={"own": {}}, **{"my.key": object()})),
]
