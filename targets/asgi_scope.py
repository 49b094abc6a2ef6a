"""Scopes as a server builds them: complete by default, each key replaceable or absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

SPEC_VERSIONS = ("2.0", "2.1", "2.2", "2.3", "2.4", "2.5")
"""The versions of the HTTP and WebSocket document, oldest first."""

OLDEST = SPEC_VERSIONS[0]
"""The version that a scope without one declares."""

NEWEST = SPEC_VERSIONS[-1]
"""The version that scopes declare unless asked for another."""

CLIENT = ("127.0.0.1", 52341)
SERVER = ("127.0.0.1", 8000)
HOST = "127.0.0.1:8000"

Scope = dict[str, Any]
Headers = tuple[tuple[bytes, bytes], ...]

HANDSHAKE: Headers = (
    (b"connection", b"Upgrade"),
    (b"upgrade", b"websocket"),
    (b"sec-websocket-version", b"13"),
    (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
)
"""The headers of every opening handshake, after ``host``."""


class _Absent:
    """The type of :data:`ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""As an override: the scope has no such key."""


def asgi(spec_version: str | None = NEWEST, version: str | None = "3.0") -> dict[str, str]:
    """A scope's ``asgi`` entry; ``None`` leaves a key out."""
    entry = {}
    if version is not None:
        entry["version"] = version
    if spec_version is not None:
        entry["spec_version"] = spec_version
    return entry


def declares(scope: Mapping[str, Any], version: str) -> bool:
    """Whether ``scope`` declares at least ``version`` (an absent one means 2.0)."""
    declared = str(scope.get("asgi", {}).get("spec_version", "2.0"))
    return _numbers(declared) >= _numbers(version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def http(
    method: str,
    path: str,
    query: bytes = b"",
    headers: Headers = (),
    *,
    host: str = HOST,
    state: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Scope:
    """The scope of one HTTP request.

    Args:
        method: the request method.
        path: the path as it stands in the request line, percent-encoded;
            characters that may not stand there are encoded first.
        query: the query string as it stands in the request line.
        headers: request headers after ``host``.
        host: the ``host`` header; empty for none.
        state: the lifespan's namespace, copied shallowly; ``None`` for no key.
        overrides: keys to replace, add, or leave out (:data:`ABSENT`).
    """
    scope = _connection("http", path, query, headers, host, state)
    scope["http_version"] = "1.1"
    scope["method"] = method
    scope["scheme"] = "http"
    return _overridden(scope, overrides)


def websocket(
    path: str,
    query: bytes = b"",
    headers: Headers = (),
    subprotocols: Iterable[str] = (),
    *,
    host: str = HOST,
    state: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Scope:
    """The scope of one WebSocket connection; arguments as for :func:`http`."""
    subprotocols = list(subprotocols)
    handshake = [*HANDSHAKE]
    if subprotocols:
        handshake.append((b"sec-websocket-protocol", ", ".join(subprotocols).encode()))
    scope = _connection("websocket", path, query, (*handshake, *headers), host, state)
    scope["http_version"] = "1.1"
    scope["scheme"] = "ws"
    scope["subprotocols"] = subprotocols
    return _overridden(scope, overrides)


def lifespan(
    *, state: dict[str, Any] | None = None, overrides: Mapping[str, Any] | None = None
) -> Scope:
    """The scope of one lifespan; ``state`` is the namespace itself, ``None`` for no key."""
    scope: Scope = {"type": "lifespan", "asgi": asgi("2.0")}
    if state is not None:
        scope["state"] = state
    return _overridden(scope, overrides)


def _connection(
    kind: str,
    path: str,
    query: bytes,
    headers: Headers,
    host: str,
    state: Mapping[str, Any] | None,
) -> Scope:
    raw_path = quote(path, safe="/:@!$&'()*+,;=-._~%").encode("ascii")
    pairs = [(b"host", host.encode("latin-1"))] if host else []
    scope: Scope = {
        "type": kind,
        "asgi": asgi(),
        "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [*pairs, *headers],
        "client": CLIENT,
        "server": SERVER,
        "extensions": {},
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


def _overridden(scope: Scope, overrides: Mapping[str, Any] | None) -> Scope:
    for key, value in (overrides or {}).items():
        if value is ABSENT:
            scope.pop(key, None)
        else:
            scope[key] = deepcopy(value)  # the application may change what it is given
    return scope
