"""Every legal WebSocket connection, and every legal way in which a server may pass it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateproof.conformance.strategies import asgi_parts
from gateproof.conformance.strategies.asgi_http import left
from gateproof.conformance.strategies.asgi_parts import Freedom, chosen, overrides
from gateproof.conformance.strategies.choices import Choices
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_scope import ABSENT, HANDSHAKE
from gateproof.targets.asgi_websocket import DENIAL, Connect

SCOPE = "asgi.websocket.scope"
_DISCONNECT = "asgi.websocket.disconnect"
_STAYS = Leave()

TEXTS: tuple[str, ...] = (
    '"gateproof"',
    "1",
    "",
    "{}",
    "\u00e9\U0001f40d",
    "\x00",
    "\n",
    "x" * 125,
    "x" * 126,
    "x" * 65_535,
    "\u00e9" * 40_000,
    "x" * 65_537,
)
OCTETS: tuple[bytes, ...] = (
    b"gateproof",
    b"1",
    b"",
    b"\x00\xff",
    bytes(range(256)),
    b"\xc3\xa9",
    b"y" * 126,
    b"y" * 65_536,
    b"y" * 140_000,
)
"""What clients say, of sizes at which frames are written otherwise, and beside them."""

CODES = (1000, 1001, 1005, 1006, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4000, 4999)
"""Codes that a disconnect may carry: the client's own, none, and a lost connection."""

REASONS: tuple[Any, ...] = ("", "bye", ABSENT, None, "\u00e9\U0001f40d", "x" * 123)

PROTOCOLS = ("gateproof.v1", "gateproof.v2", "graphql-transport-ws", "wamp.2.json", "a")

_KEYS: tuple[Freedom, ...] = (
    *(
        Freedom(f"the scope has no {key!r}", f"{SCOPE}.{name}", scope={key: ABSENT})
        for key, name in (
            ("http_version", "http-version-default"),
            ("scheme", "scheme-default"),
            ("root_path", "root-path-default"),
            ("raw_path", "raw-path-optional"),
        )
    ),
    Freedom("'raw_path' is None", f"{SCOPE}.raw-path-optional", scope={"raw_path": None}),
    Freedom(
        "the scope has no 'extensions'", "asgi.extensions.optional", scope={"extensions": ABSENT}
    ),
    Freedom(
        "the unused key of websocket.receive is None",
        "asgi.websocket.receive.app-handles-absent-key",
        values={"shape": "beside-none"},
    ),
    *(
        Freedom(said, f"{SCOPE}.{key}-optional", changed=None, scope={key: value})
        for key in ("client", "server")
        for said, value in ((f"the scope has no {key!r}", ABSENT), (f"{key!r} is None", None))
    ),
    Freedom(
        "the server listens on a Unix socket",
        f"{SCOPE}.server-unix-none",
        "weak",
        None,
        scope={"server": ["/run/app.sock", None], "client": None},
    ),
    *(
        Freedom(
            f"the spec_version is {version!r}",
            f"{SCOPE}.asgi-spec-version",
            "weak",
            None,
            scope={"asgi": asgi_scope.asgi(version)},
        )
        for version in asgi_scope.SPEC_VERSIONS
    ),
    Freedom(
        "the scope has no spec_version",
        f"{SCOPE}.asgi-spec-version-default",
        None,
        None,
        scope={"asgi": asgi_scope.asgi(None)},
        beside={"asgi": asgi_scope.asgi(asgi_scope.OLDEST)},
    ),
)
_NO_PROTOCOLS = Freedom(
    "the scope has no 'subprotocols'",
    f"{SCOPE}.subprotocols-default",
    scope={"subprotocols": ABSENT},
)
_NO_QUERY: tuple[Freedom, ...] = tuple(
    Freedom(said, f"{SCOPE}.query-string-default", scope={"query_string": value})
    for said, value in (
        ("the scope has no 'query_string'", ABSENT),
        ("'query_string' is None", None),
    )
)
_DENIAL = Freedom(
    "a denial response is offered",
    "asgi.extensions.optional",
    changed=None,
    scope={"extensions": {name: dict(value) for name, value in DENIAL.items()}},
)
_CONTAINERS = asgi_parts.containers(f"{SCOPE}.headers-lowercase")
_EXTRAS = asgi_parts.extras()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an application before a connection is described.

    Attributes:
        paths: where it takes part in the protocol.
        kinds: of which messages it takes: ``str``, ``bytes``.
        host: the ``host`` header.
    """

    paths: tuple[str, ...]
    kinds: tuple[type, ...] = (str, bytes)
    host: str = asgi_scope.HOST


@dataclass(frozen=True, slots=True, repr=False)
class Example:
    """A connection and how it is passed on.

    Attributes:
        asked: the connection as the plainest server passes it on.
        freedoms: what another server does otherwise.
        leave: when the connection is lost.
        host: the ``host`` header.
    """

    asked: Connect
    freedoms: tuple[Freedom, ...] = ()
    leave: Leave = _STAYS
    host: str = asgi_scope.HOST

    @property
    def request(self) -> Connect:
        """The connection as this server passes it on."""
        return passed_on(self.asked, self.freedoms, self.host, self.leave)

    def with_only(self, freedoms: tuple[Freedom, ...]) -> Example:
        """The same, of a server that takes these freedoms alone."""
        return replace(self, freedoms=freedoms)

    def plain(self) -> Connect:
        """The connection as the plainest server passes it on that offers as much."""
        beside = {key: value for one in self.freedoms for key, value in one.beside.items()}
        return self.asked.but(scope=beside) if beside else self.asked

    def __repr__(self) -> str:
        return f"<{self}>"  # Hypothesis writes it down, and warns where it is long

    def __str__(self) -> str:
        asked = self.asked
        parts = [str(asked)]
        if asked.headers:
            parts.append(f"headers {asked.headers!r}")
        if asked.subprotocols:
            parts.append(f"subprotocols {asked.subprotocols!r}")
        if asked.messages:
            parts.append(f"messages {', '.join(map(_short, asked.messages))}")
        said = [one.says for one in self.freedoms]
        if self.leave != _STAYS:
            count = self.leave.received if self.leave.sent is None else self.leave.sent
            how = "received" if self.leave.sent is None else "sent"
            said.append(f"the connection is lost after {count} events {how}")
        return f"{'; '.join(parts)}{', where ' if said else ''}{', '.join(said)}"


def _short(message: str | bytes, most: int = 40) -> str:
    shown = repr(message[:most])
    return shown if len(message) <= most else f"{shown}... of {len(message)}"


def passed_on(
    asked: Connect, freedoms: tuple[Freedom, ...], host: str, leave: Leave = _STAYS
) -> Connect:
    """``asked`` as a server of these freedoms passes it on."""
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for one in freedoms:
        values.update(one.values)
        extra.update(one.event)
    offered = ((b"sec-websocket-protocol", ", ".join(asked.subprotocols).encode()),)
    pairs = (
        (b"host", host.encode("latin-1")),
        *HANDSHAKE,
        *(offered if asked.subprotocols else ()),
        *asked.headers,
    )
    return replace(
        asked,
        **values,
        scope=overrides(pairs, freedoms, asked.scope),
        event=extra,
        leave=leave,
    )


def _closes(choices: Choices) -> tuple[Freedom, ...]:
    """What websocket.disconnect says of the end."""
    code, reason = choices.pick(CODES), choices.pick(REASONS)
    if code == 1000 and reason == "":
        return ()
    close = {"code": code} if reason is ABSENT else {"code": code, "reason": reason}
    if reason is ABSENT or reason is None:
        said = "has no 'reason'" if reason is ABSENT else "has the reason None"
        return (
            Freedom(
                f"websocket.disconnect {said} (code {code})",
                f"{_DISCONNECT}.reason-default",
                values={"close": close},
            ),
        )
    said = f"the client closes with {code} {_short(reason)}"
    requirement = f"{_DISCONNECT}.code-from-client"
    return (Freedom(said, requirement, "weak", None, values={"close": close}),)


def asked(choices: Choices, known: Known) -> Connect:
    """What a client asks for, and says once it is accepted."""
    count = choices.below(8)
    path, query = asgi_parts.path(choices, known.paths, 7)
    pairs = asgi_parts.headers(choices, 3)
    offered: list[str] = []
    if choices.odds(2):
        offered = list(dict.fromkeys(choices.some(PROTOCOLS, 3)))
    messages: list[str | bytes] = []
    for _ in range(count if known.kinds else 0):
        kind = choices.pick(known.kinds)
        messages.append(choices.pick(TEXTS) if kind is str else choices.pick(OCTETS))
    secure = {"scheme": "wss"} if choices.odds(3) else {}
    return Connect(path, query, pairs, tuple(offered), tuple(messages), scope=secure)


def _keys(choices: Choices, connection: Connect, least: int) -> list[Freedom]:
    table = _KEYS
    if "scheme" in connection.scope:
        table = tuple(one for one in table if "scheme" not in one.scope)
    if not connection.subprotocols:
        table = (*table, _NO_PROTOCOLS)
    if not connection.query:
        table = (*table, *_NO_QUERY)
    return chosen(choices, table, 7, least)


def _group(name: str, choices: Choices, connection: Connect, least: int) -> list[Freedom]:
    if name == "keys":
        return _keys(choices, connection, least)
    if name == "container":
        return chosen(choices, _CONTAINERS, 2, least)
    if name == "extra":
        return chosen(choices, _EXTRAS, 4, least)
    if name == "closes":
        return list(_closes(choices))
    return [_DENIAL] if choices.odds(3) else []


GROUPS = ("keys", "container", "extra", "closes", "denial")
"""What a server, or a client at the end, may choose, by name."""


def anything(known: Known) -> Callable[[Choices], Example]:
    """Any connection, passed on by any legal server, and lost perhaps."""

    def describe(choices: Choices) -> Example:
        leave = left(choices)
        connection = asked(choices, known)
        freedoms = [one for name in GROUPS for one in _group(name, choices, connection, 0)]
        return Example(connection, tuple(freedoms), leave, known.host)

    return describe


def varied(known: Known, *names: str) -> Callable[[Choices], Example]:
    """Any connection, passed on by a server that takes freedoms of these groups, at least one."""

    def describe(choices: Choices) -> Example:
        connection = asked(choices, known)
        freedoms = [one for name in names for one in _group(name, choices, connection, 1)]
        return Example(connection, tuple(freedoms), host=known.host)

    return describe
