"""Every legal WebSocket connection that a server may pass to an application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from gateproof.conformance.strategies.asgi_http import ADDRESSES, HEADERS, leaves
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_scope import ABSENT
from gateproof.targets.asgi_websocket import DENIAL, Connect

MESSAGES: tuple[str | bytes, ...] = (
    '"gateproof"',
    "",
    "{}",
    "\u00e9\U0001f40d",
    "x" * 70_000,
    b"gateproof",
    b"",
    b"\x00\xff",
    b"y" * 70_000,
)

CLOSES: tuple[dict[str, Any], ...] = (
    {"code": 1000, "reason": ""},
    {"code": 1000},
    {"code": 1001, "reason": None},
    {"code": 1005, "reason": ""},
    {"code": 1006, "reason": ""},
    {"code": 4999, "reason": "bye"},
)


def scopes() -> st.SearchStrategy[dict[str, Any]]:
    """Scope keys to replace, add or leave out, each of them legal on its own and together."""
    versions = st.sampled_from((*asgi_scope.SPEC_VERSIONS, None))
    return st.fixed_dictionaries(
        {},
        optional={
            "asgi": versions.map(asgi_scope.asgi),
            "http_version": st.sampled_from((ABSENT, "1.1", "2")),
            "scheme": st.sampled_from((ABSENT, "ws", "wss")),
            "root_path": st.sampled_from((ABSENT, "")),
            "raw_path": st.sampled_from((ABSENT, None)),
            "client": st.sampled_from(ADDRESSES),
            "server": st.sampled_from((*ADDRESSES, ("/run/app.sock", None))),
            "extensions": st.sampled_from((ABSENT, {}, dict(DENIAL))),
            "x_gateproof": st.just(1),
        },
    )


def connections(paths: Sequence[str], kinds: Sequence[type]) -> st.SearchStrategy[Connect]:
    """Connections to one of ``paths`` that send messages of ``kinds`` (``str``, ``bytes``)."""
    messages = [message for message in MESSAGES if type(message) in kinds]
    return st.builds(
        lambda target, **values: target.but(**values),
        st.sampled_from([Connect.to(path) for path in paths]),
        headers=st.lists(st.sampled_from(HEADERS), max_size=4).map(tuple),
        subprotocols=st.sampled_from(((), ("gateproof",), ("a", "b"))),
        messages=st.lists(st.sampled_from(messages), max_size=4).map(tuple)
        if messages
        else st.just(()),
        shape=st.sampled_from(("alone", "beside-none")),
        close=st.sampled_from(CLOSES),
        scope=scopes(),
        event=st.sampled_from(({}, {"x_gateproof": 1})),
        leave=leaves(),
    )
