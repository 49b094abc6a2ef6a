"""The scope of a WebSocket against the octets of its handshake.

https://asgi.readthedocs.io/en/latest/specs/www.html#websocket-connection-scope
"""

from __future__ import annotations

from functools import partial
from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import named
from gateproof.conformance.cases.server_websocket_session import (
    FAMILY,
    Session,
    connect,
    opened,
    side_by_side,
)
from gateproof.conformance.server_stage import ServerStage

_OF_A_SCOPE = (
    "type",
    "type-signifies-websocket",
    "asgi-version",
    "asgi-spec-version",
    "http-version-type",
    "scheme-type",
    "scheme-not-empty",
    "path-present",
    "raw-path-type",
    "raw-path-optional",
    "query-string-type",
    "root-path-type",
    "headers-present",
    "headers-name-bytes",
    "headers-value-bytes",
    "headers-lowercase",
    "headers-case-best-effort",
    "headers-no-pseudo",
    "client-shape",
    "client-host-type",
    "client-port-type",
    "client-optional",
    "server-shape",
    "server-host-type",
    "server-port-type",
    "server-optional",
    "subprotocols-type",
    "state-type",
    "state-optional",
    "no-method-key",
)
"""What the judge says of every scope."""

_OF_ANY_SCOPE = (
    "asgi.scope.asgi-present",
    "asgi.scope.asgi-version-present",
    "asgi.scope.asgi-version-type",
    "asgi.scope.contains-type",
    "asgi.scope.is-dict",
    "asgi.scope.spec-version-type",
    "asgi.scope.type-unicode",
    "asgi.strings.dict-keys-str",
)
"""What it says of scopes of any type."""


@case(
    FAMILY,
    "scope",
    proves=(
        *(f"asgi.websocket.scope.{name}" for name in _OF_A_SCOPE),
        *_OF_ANY_SCOPE,
        "asgi.websocket.scope.scheme-value",
    ),
)
async def scope(stage: ServerStage) -> None:
    """The application is called with a scope of type websocket that has what it needs."""
    session = await opened(stage, headers=[("X-Mixed-Case", "Value")])
    await session.leave()
    kind = session.scope.get("type")
    if isinstance(kind, str) and kind != "websocket":
        session.broken(
            "asgi.websocket.scope.type-signifies-websocket",
            "a WebSocket arrived with a scope of another type",
            observed=repr(kind),
            expected="'websocket'",
        )
    scheme = session.scope.get("scheme", "ws")
    legal = ("ws", "wss") if stage.server.hosted else ("ws",)  # TLS may end before the server
    if isinstance(scheme, str) and scheme not in (*legal, ""):  # the judge tells of an empty one
        session.broken(
            "asgi.websocket.scope.scheme-value",
            "the scheme does not fit a listener without TLS",
            observed=repr(scheme),
            expected="'ws'",
        )


_PATHS = (
    ("/caf%C3%A9/{token}?x=%41", "/caf\u00e9/{token}"),
    ("/a%20b%3Fc/{token}", "/a b?c/{token}"),
    ("/%7Euser/{token}?/not/path", "/~user/{token}"),
)
"""Targets and the paths that they have."""


@case(FAMILY, "path", proves=("asgi.websocket.scope.path-decoded",))
async def path(stage: ServerStage) -> None:
    """The path is decoded and ends before the query."""
    for target, meant in _PATHS:
        session = await opened(stage, target=target)
        await session.leave()
        expected = meant.replace("{token}", session.heard.token)
        got = session.scope.get("path")
        if isinstance(got, str) and got != expected:
            session.broken(
                "asgi.websocket.scope.path-decoded",
                f"the path of the target {target} is not what it says",
                observed=repr(got),
                expected=repr(expected),
            )


@case(FAMILY, "raw-path", proves=("asgi.websocket.scope.raw-path-unmodified",))
async def raw_path(stage: ServerStage) -> None:
    """Where raw_path is given, it has the octets of the target before the query."""
    for target in ("/a%2Fb/{token}?x", "/caf%C3%A9/%7e/{token}", "/%41/{token}?"):
        session = await opened(stage, target=target)
        await session.leave()
        got = session.scope.get("raw_path")
        if not isinstance(got, bytes):
            continue
        expected = target.partition("?")[0].replace("{token}", session.heard.token).encode()
        if got != expected:
            session.broken(
                "asgi.websocket.scope.raw-path-unmodified",
                f"raw_path is not what was sent in {target}",
                observed=repr(got),
                expected=repr(expected),
            )


@case(
    FAMILY,
    "headers",
    proves=(
        "asgi.websocket.scope.headers-duplicates-preserved",
        "asgi.websocket.scope.headers-order",
    ),
)
async def headers(stage: ServerStage) -> None:
    """Repeated headers arrive as often as they were sent, and in their order."""
    sent = [("X-A", "3"), ("X-B", "b"), ("X-A", "1"), ("X-A", "2")]
    session = await opened(stage, headers=sent)
    await session.leave()
    given: Any = session.scope.get("headers")
    if not _well_formed(given):
        stage.blocked("the headers of the scope are no pairs of bytes")
    got = named(given, b"x-a")
    if sorted(got) != [b"1", b"2", b"3"]:
        session.broken(
            "asgi.websocket.scope.headers-duplicates-preserved",
            "three header lines of one name did not arrive as three",
            observed=repr(got),
            expected="[b'3', b'1', b'2']",
        )
    elif got != [b"3", b"1", b"2"]:
        session.broken(
            "asgi.websocket.scope.headers-order",
            "header lines of one name changed places",
            observed=repr(got),
            expected="[b'3', b'1', b'2']",
        )


def _well_formed(headers: Any) -> bool:
    """Whether headers are pairs of bytes, as the judge wants them."""
    return isinstance(headers, (list, tuple)) and all(
        isinstance(pair, (list, tuple))
        and len(pair) == 2
        and all(isinstance(part, bytes) for part in pair)
        for pair in headers
    )


_ENDS_OF_TEXT = {
    "VT": "\x0b",
    "FF": "\x0c",
    "FS": "\x1c",
    "GS": "\x1d",
    "RS": "\x1e",
    "NEL": "\x85",
    "NEL in UTF-8": "\xc2\x85",
    "LINE SEPARATOR in UTF-8": "\xe2\x80\xa8",
    "PARAGRAPH SEPARATOR in UTF-8": "\xe2\x80\xa9",
}
"""What ends a line of text and none of a request: one character an octet."""

_PLANTED = b"x-planted"


@case(FAMILY, "handshake-is-octets", proves=("http1.parse.octets-not-unicode",))
async def handshake_is_octets(stage: ServerStage) -> None:
    """A header line of a handshake ends where its octets say, not where text would have a line end.

    Such a value may be refused, kept as it is, or have something else in place of
    the octet: it stays one value.
    https://www.rfc-editor.org/rfc/rfc9112#section-2.2
    """
    sessions = await side_by_side(partial(_planting, stage, end) for end in _ENDS_OF_TEXT.values())
    found = [
        (what, session)
        for what, session in zip(_ENDS_OF_TEXT, sessions, strict=True)
        if any(_planted(call.request.get("headers")) for call in session.heard.calls)
    ]
    if found:
        _, first = found[0]
        first.broken(
            "http1.parse.octets-not-unicode",
            f"took for the end of a header line: {', '.join(what for what, _ in found)}",
            observed=f"a header {_PLANTED!r} in the scope",
            expected="400, or one header X-A",
        )


async def _planting(stage: ServerStage, end: str) -> Session:
    """A handshake with a value that would be two header lines if ``end`` were a line end."""
    session = await connect(stage, headers=[("X-A", f"a{end}X-Planted: yes")])
    if session.client.accepted:
        await session.leave()
    else:
        await session.client.wire.close()
        await stage.gather(session.heard, None, stage.patience)
    return session


def _planted(headers: Any) -> bool:
    """Whether there is a header that nobody sent."""
    return _well_formed(headers) and bool(named(headers, _PLANTED))
