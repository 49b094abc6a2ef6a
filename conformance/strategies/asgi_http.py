"""Every legal HTTP request that a server may pass to an application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import EXTENSIONS, Leave, Request
from gateproof.targets.asgi_scope import ABSENT, Headers
from gateproof.targets.asgi_server import Event

HEADERS: Headers = (
    (b"accept", b"*/*"),
    (b"accept", b"text/html;q=0.5, application/json"),
    (b"accept-encoding", b"gzip, br"),
    (b"user-agent", b"gateproof"),
    (b"cookie", b"a=1; b=2"),
    (b"cookie", b"c="),
    (b"content-type", b"application/json"),
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"range", b"bytes=0-0"),
    (b"if-none-match", b"*"),
    (b"te", b"trailers"),
    (b"x-forwarded-for", b"192.0.2.1"),
    (b"x-forwarded-proto", b"https"),
    (b"x-empty", b""),
    (b"x-obs-text", b"\xe9"),
)
"""Headers that an application may look at, legal in any number and order."""

QUERIES = (b"", b"a=1", b"a=1&a=2", b"%zz", b"a=%C3%A9&b=+", b"=&=")

PIECES = (b"", b"{}", b"a=1&b=2", b"\x00\xff", b"x" * 1000, b"y" * 70_000)

ADDRESSES = (ABSENT, None, ("192.0.2.1", 80), ["::1", 0])

OFFERS: tuple[dict[str, Any], ...] = (
    {},
    {"x.gateproof.unknown": {}},
    *({name: dict(value)} for name, value in EXTENSIONS.items()),
)


def scopes() -> st.SearchStrategy[dict[str, Any]]:
    """Scope keys to replace, add or leave out, each of them legal on its own and together."""
    versions = st.sampled_from((*asgi_scope.SPEC_VERSIONS, None))
    return st.fixed_dictionaries(
        {},
        optional={
            "asgi": versions.map(asgi_scope.asgi),
            "http_version": st.sampled_from(("1.1", "1.0", "2")),
            "scheme": st.sampled_from((ABSENT, "http", "https")),
            "root_path": st.sampled_from((ABSENT, "")),
            "raw_path": st.sampled_from((ABSENT, None)),
            "client": st.sampled_from(ADDRESSES),
            "server": st.sampled_from((*ADDRESSES, ("/run/app.sock", None))),
            "extensions": st.sampled_from((ABSENT, *OFFERS)),
            "x_gateproof": st.just({"nested": [None]}),
        },
    )


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Event, ...]:
    """The events of one body, cut anywhere, keys at their default sometimes left out."""
    pieces = draw(st.lists(st.sampled_from(PIECES), max_size=5)) or [b""]
    omitted = draw(st.sampled_from(((), ("body",), ("more_body",), ("body", "more_body"))))
    defaults = {"body": b"", "more_body": False}
    events = []
    for n, piece in enumerate(pieces):
        event: Event = {"type": "http.request", "body": piece, "more_body": n < len(pieces) - 1}
        for key in omitted:
            if event[key] == defaults[key]:
                del event[key]
        events.append(event)
    return tuple(events)


def leaves() -> st.SearchStrategy[Leave]:
    """Clients that stay, or go away at any point."""
    points = st.integers(min_value=0, max_value=4)
    return st.one_of(
        st.just(Leave()),
        points.map(lambda count: Leave(received=count)),
        points.map(lambda count: Leave(sent=count)),
    )


def requests(paths: Sequence[str], methods: Sequence[str]) -> st.SearchStrategy[Request]:
    """Requests to one of ``paths`` by one of ``methods``."""
    targets = [Request.to(path) for path in paths]
    return st.builds(
        lambda target, query, **values: target.but(query=target.query or query, **values),
        st.sampled_from(targets),
        st.sampled_from(QUERIES),
        method=st.sampled_from(methods),
        headers=st.lists(st.sampled_from(HEADERS), max_size=6).map(tuple),
        events=bodies(),
        scope=scopes(),
        leave=leaves(),
        pauses=st.integers(min_value=0, max_value=2),
    )
