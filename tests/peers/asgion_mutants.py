"""Helpers to write mutants for asgion's rules with."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from peers import asgi_script
from peers.lints import Exchange
from peers.plays import HTTP, REST, SOCKET
from peers.rules import Rule
from witnesses.order_asgi_steps import (
    LIFESPAN,
    RETURN,
    body,
    request,
    sent,
    start,
    steps,
)

PLAIN = [(b"content-type", b"application/json")]
START, BODY = start(200, PLAIN), body(b"hello")
SCOPES = {
    "http": {**HTTP, "client": ["127.0.0.1", 5000], "server": ["127.0.0.1", 80]},
    "websocket": {**SOCKET, "client": ["127.0.0.1", 5000], "server": ["127.0.0.1", 80]},
    "lifespan": LIFESPAN,
}
TIMES = "it is about performance, of which the text says nothing"
ADVICE = "it is advice about HTTP, of which the interface says nothing"
NORMAL = "it remarks on an ordinary, legal exchange"
OPTIONAL = "the key is optional, with a default"
S, R, X = "asgi.http.scope.", "asgi.http.response-", "asgi.ext."
W, L = "asgi.websocket.", "asgi.lifespan."


def script(*groups: Sequence[Any]) -> Exchange:
    return functools.partial(asgi_script.play, steps(*groups))


def scoped(kind: str, omit: tuple[str, ...] = (), **changes: Any) -> Exchange:
    """A clean exchange in a scope that is changed."""
    made = {key: value for key, value in {**SCOPES[kind], **changes}.items() if key not in omit}
    rest = (request(), START, BODY) if kind == "http" else REST[kind]
    return script((("call", made),), *rest, RETURN)


def http(*groups: Sequence[Any], **changes: Any) -> Exchange:
    """An exchange in an HTTP scope."""
    return script((("call", {**SCOPES["http"], **changes}),), *groups, RETURN)


def websocket(*groups: Sequence[Any], **changes: Any) -> Exchange:
    return script((("call", {**SCOPES["websocket"], **changes}),), *groups, RETURN)


def lifespan(*groups: Sequence[Any], **changes: Any) -> Exchange:
    return script((("call", {**LIFESPAN, **changes}),), *groups, RETURN)


def answer(**event: Any) -> Sequence[Any]:
    """A response start with these keys."""
    made = {"type": "http.response.start", "status": 200, "headers": PLAIN, **event}
    return sent({key: value for key, value in made.items() if value is not ...})


def event(kind: str, **more: Any) -> Sequence[Any]:
    return sent({"type": kind, **more})


def each(kind: str, table: dict[str, tuple[Exchange, dict[str, Any]]]) -> list[Rule]:
    """The rules of one family, by the number of each."""
    return [Rule(f"{kind}-{name}", breaks, **ours) for name, (breaks, ours) in table.items()]


def silent(position: str, why: str) -> dict[str, Any]:
    return {"silent": position, "why": why}


def ours(name: str, **more: Any) -> dict[str, Any]:
    return {"ours": name, **more}


def within(value: Any) -> Exchange:
    """An exchange in which the application sends a body event with a further key."""
    return http(request(), START, event("http.response.body", body=b"a", note=value))


def deep(levels: int) -> list[Any]:
    """Lists within lists."""
    return functools.reduce(lambda inner, _: [inner], range(levels), [])
