"""Every legal HTTP request, and every legal way in which a server may pass it on.

An example is what a client asks for, in the plainest form, and what the server
does otherwise: its freedoms. So what an example shows can be laid to one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateproof.conformance.strategies import asgi_bodies, asgi_parts
from gateproof.conformance.strategies.asgi_parts import COOKIES, Freedom, chosen, overrides
from gateproof.conformance.strategies.choices import Choices
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import EXTENSIONS, Leave, Request
from gateproof.targets.asgi_scope import ABSENT, Headers, Scope
from gateproof.targets.asgi_server import Event

SCOPE = "asgi.http.scope"
_BODY = "asgi.http.request"
_STAYS = Leave()

_KEYS: tuple[Freedom, ...] = (
    Freedom("the scope has no 'scheme'", f"{SCOPE}.scheme-default", scope={"scheme": ABSENT}),
    Freedom("http.request lacks an empty 'body'", f"{_BODY}.body-default", omit=("body",)),
    Freedom(
        "http.request lacks a false 'more_body'", f"{_BODY}.more-body-default", omit=("more_body",)
    ),
    Freedom(
        "the scope has no 'root_path'",
        f"{SCOPE}.root-path-default",
        scope={"root_path": ABSENT},
    ),
    *(
        Freedom(said, f"{SCOPE}.raw-path-optional", scope={"raw_path": value})
        for said, value in (
            ("the scope has no 'raw_path'", ABSENT),
            ("'raw_path' is None", None),
        )
    ),
    Freedom(
        "the scope has no 'extensions'", "asgi.extensions.optional", scope={"extensions": ABSENT}
    ),
    *(
        Freedom(said, f"{SCOPE}.{key}-optional", changed=None, scope={key: value})
        for key in ("client", "server")
        for said, value in ((f"the scope has no {key!r}", ABSENT), (f"{key!r} is None", None))
    ),
    *(
        Freedom(
            f"the server listens on a Unix socket and 'client' is {client!r}",
            f"{SCOPE}.server-unix-none",
            "weak",
            None,
            scope={"server": server, "client": client},
        )
        for server, client in (
            (["/run/app.sock", None], None),
            (("/run/app.sock", None), ABSENT),
        )
    ),
    *(
        Freedom(
            f"'client' is {client!r}",
            f"{SCOPE}.client-shape",
            "weak",
            None,
            scope={"client": client},
        )
        for client in (["::1", 0], ("2001:db8::1", 65_535), ["192.0.2.1", 1])
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
    Freedom(
        "the scope has no version",
        "asgi.scope.asgi-version-default",
        None,
        None,
        scope={"asgi": {}},
        beside={"asgi": asgi_scope.asgi(asgi_scope.OLDEST)},
    ),
)

_STATELESS = Freedom(
    "the scope has no 'state'",
    f"{SCOPE}.state-optional",
    scope={"state": ABSENT},
    beside={"state": {}},
)

_OFFERS: tuple[Freedom, ...] = tuple(
    Freedom(
        f"{', '.join(names)} is offered",
        "asgi.extensions.optional",
        changed=None,
        scope={"extensions": {name: dict(EXTENSIONS[name]) for name in names}},
    )
    for names in (*((name,) for name in EXTENSIONS), tuple(EXTENSIONS))
)

_PACE: tuple[Freedom, ...] = tuple(
    Freedom("send takes its time", "asgi.app.must-await-send", values={"pauses": pauses})
    for pauses in (2, 5, 10, 0)
)

_CONTAINERS = asgi_parts.containers(f"{SCOPE}.headers-lowercase")
_EXTRAS = asgi_parts.extras()
_CUT = f"{_BODY}.body-concatenated"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an application before a request is described.

    Attributes:
        paths: where it can be asked.
        methods: by which methods, the plainest first.
        host: the ``host`` header.
        stateless: its lifespan stored nothing, so that the key may be left out.
    """

    paths: tuple[str, ...]
    methods: tuple[str, ...] = ("GET",)
    host: str = asgi_scope.HOST
    stateless: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Example:
    """A request and how it is passed on.

    Attributes:
        asked: the request as the plainest server passes it on.
        freedoms: what another server does otherwise.
        leave: when the client goes away.
        host: the ``host`` header.
        unknown: instead of all that, a scope of a type that nobody knows.
    """

    asked: Request
    freedoms: tuple[Freedom, ...] = ()
    leave: Leave = _STAYS
    host: str = asgi_scope.HOST
    unknown: Scope | None = None

    @property
    def request(self) -> Request:
        """The request as this server passes it on."""
        return passed_on(self.asked, self.freedoms, self.host, self.leave)

    def with_only(self, freedoms: tuple[Freedom, ...]) -> Example:
        """The same, of a server that takes these freedoms alone."""
        return replace(self, freedoms=freedoms)

    def plain(self) -> Request:
        """The request as the plainest server passes it on that offers as much."""
        beside = {key: value for one in self.freedoms for key, value in one.beside.items()}
        return self.asked.but(scope=beside) if beside else self.asked

    def __repr__(self) -> str:
        return f"<{self}>"  # Hypothesis writes it down, and warns where it is long

    def __str__(self) -> str:
        if self.unknown is not None:
            return f"a scope of type {self.unknown['type']!r}"
        said = [one.says for one in self.freedoms]
        if self.leave != _STAYS:
            said.append(f"the client leaves ({_left(self.leave)})")
        return f"{told(self.asked)}{', where ' if said else ''}{', '.join(said)}"


def _left(leave: Leave) -> str:
    if leave.received is not None:
        return f"after {leave.received} events received"
    return f"after {leave.sent} events sent"


def told(asked: Request) -> str:
    """A request in words: what it has that a plain one has not."""
    line = str(asked)
    parts = [line if len(line) <= 120 else f"{line[:120]}... ({len(line)} characters)"]
    if asked.headers:
        parts.append("headers " + ", ".join(_short(n + b": " + v) for n, v in asked.headers))
    if any(asked.body):
        parts.append("body " + _short(b"".join(asked.body)))
    parts += [f"{key} {value!r}" for key, value in asked.scope.items()]
    return "; ".join(parts)


def _short(octets: bytes, most: int = 60) -> str:
    shown = repr(octets[:most])[1:]
    return shown if len(octets) <= most else f"{shown}... ({len(octets)} octets)"


def passed_on(
    asked: Request, freedoms: tuple[Freedom, ...], host: str, leave: Leave = _STAYS
) -> Request:
    """``asked`` as a server of these freedoms passes it on."""
    if not freedoms:
        return asked if leave is _STAYS else replace(asked, leave=leave)
    values: dict[str, Any] = {}
    omitted: set[str] = set()
    extra: dict[str, Any] = {}
    for one in freedoms:
        values.update(one.values)
        omitted.update(one.omit)
        extra.update(one.event)
    pairs = values.pop("headers", asked.headers)
    whole = ((b"host", host.encode("latin-1")), *pairs) if host else pairs
    made = replace(
        asked,
        **values,
        headers=pairs,
        scope=overrides(whole, freedoms, asked.scope),
        leave=leave,
    )
    if omitted or extra:
        events = [_event(event, omitted, extra) for event in made.request_events()]
        made = replace(made, events=tuple(events))
    return made


def _event(event: Event, omitted: set[str], extra: dict[str, Any]) -> Event:
    if not event["body"] and "body" in omitted:
        del event["body"]
    if not event["more_body"] and "more_body" in omitted:
        del event["more_body"]
    event.update(extra)
    return event


def _cut(choices: Choices, asked: Request, least: int) -> tuple[Freedom, ...]:
    whole = b"".join(asked.body)
    if not least and not choices.odds(1):
        return ()
    parts = asgi_bodies.pieces(choices, whole)
    sizes = ", ".join(str(len(part)) for part in parts[:6]) + (", ..." if len(parts) > 6 else "")
    said = f"the body comes in {len(parts)} pieces ({sizes} octets)"
    return (Freedom(said, _CUT, values={"body": parts}),)


def _split(choices: Choices, asked: Request, least: int) -> tuple[Freedom, ...]:
    """Cookies in several headers, which HTTP/2 allows."""
    one = [value for name, value in asked.headers if name == b"cookie"]
    if asked.scope.get("http_version") != "2" or not one:
        return ()
    pairs = one[0].split(b"; ")
    if len(pairs) < 2 or not (least or choices.odds(1)):
        return ()
    fields = [pairs[0]]
    joined = choices.below(1 << (len(pairs) - 1))  # which of them stay with the one before
    for n, pair in enumerate(pairs[1:]):
        if joined >> n & 1 and joined != (1 << (len(pairs) - 1)) - 1:
            fields[-1] += b"; " + pair
        else:
            fields.append(pair)
    others = [(name, value) for name, value in asked.headers if name != b"cookie"]
    between = choices.below(len(others) + 1)
    split: Headers = tuple((b"cookie", value) for value in fields)
    headers = (*split[:-1], *others[:between], split[-1], *others[between:])
    requirement = "asgi.http.headers.app-handles-h2-cookie"
    said = f"the cookies come in {len(fields)} headers"
    return (Freedom(said, requirement, "weak", values={"headers": headers}),)


_Group = Callable[[Choices, Request, Known, int], tuple[Freedom, ...]]


def _of(table: tuple[Freedom, ...], most: int) -> _Group:
    def group(choices: Choices, asked: Request, known: Known, least: int) -> tuple[Freedom, ...]:
        del asked, known
        return tuple(chosen(choices, table, most, least))

    return group


def _keys(choices: Choices, asked: Request, known: Known, least: int) -> tuple[Freedom, ...]:
    del asked
    return tuple(chosen(choices, (*_KEYS, _STATELESS) if known.stateless else _KEYS, 7, least))


def _defaults(choices: Choices, asked: Request, known: Known, least: int) -> tuple[Freedom, ...]:
    """Keys of events that are left out, or none."""
    del asked, known, least
    return tuple(chosen(choices, _OMITTED, 2, 0))


_OMITTED = tuple(one for one in _KEYS if one.omit)

GROUPS: dict[str, _Group] = {
    "cut": lambda choices, asked, _, least: _cut(choices, asked, least),
    "defaults": _defaults,
    "keys": _keys,
    "container": _of(_CONTAINERS, 2),
    "extra": _of(_EXTRAS, 4),
    "cookies": lambda choices, asked, _, least: _split(choices, asked, least),
    "pace": _of(_PACE, 1),
    "offers": _of(_OFFERS, 1),
}
"""What a server may choose, by name."""


def asked(choices: Choices, known: Known, *, bodied: bool = False, odd: int = 7) -> Request:
    """What a client asks for.

    Args:
        choices: where it comes from.
        known: what can be asked for.
        bodied: whether the request has a body in any case.
        odd: one path in ``odd + 1`` has something behind it that the application knows not.
    """
    has_body = bodied or choices.odds(1)
    method = choices.pick(known.methods)
    path, query = asgi_parts.path(choices, known.paths, odd)
    pairs = asgi_parts.headers(choices, 4)
    version = choices.pick(("1.1", "1.1", "2", "1.0"))
    scope: dict[str, Any] = {} if version == "1.1" else {"http_version": version}
    if choices.odds(3):
        scope["scheme"] = "https"
    whole = b""
    if has_body:
        kind, whole = asgi_bodies.body(choices)
        if not choices.odds(7):
            pairs = (*pairs, (b"content-type", kind))
        if not choices.odds(3):
            pairs = (*pairs, (b"content-length", b"%d" % len(whole)))
        elif version == "1.1":
            pairs = (*pairs, (b"transfer-encoding", b"chunked"))
    return Request(method, path, query, pairs, (whole,) if has_body else (), scope)


def left(choices: Choices) -> Leave:
    """When the client goes away: mostly not at all."""
    how = choices.below(6)
    if how < 4:
        return _STAYS
    count = choices.pick((0, 1, 2, 3, 0, 1, 2, 4, 5, 6))
    return Leave(received=count) if how == 4 else Leave(sent=count)


UNKNOWN = ("x-conformance-unknown", "http2", "mqtt")


def anything(known: Known) -> Callable[[Choices], Example]:
    """Any request, passed on by any legal server to a client that may go away."""

    def describe(choices: Choices) -> Example:
        if choices.odds(24):
            kind = choices.pick(UNKNOWN)
            extra = {"x_gateproof": 1} if choices.odds(1) else {}
            unknown = {"type": kind, "asgi": {"version": "3.0"}, **extra}
            return Example(Request(), unknown=unknown, host=known.host)
        leave = left(choices)
        request = asked(choices, known, odd=2)
        freedoms = [
            one
            for name, group in GROUPS.items()
            if request.body or name != "cut"
            for one in group(choices, request, known, 0)
        ]
        return Example(request, tuple(freedoms), leave, known.host)

    return describe


def varied(known: Known, *names: str) -> Callable[[Choices], Example]:
    """Any request, passed on by a server that takes freedoms of these groups, at least one."""

    def describe(choices: Choices) -> Example:
        request = asked(choices, known, bodied="cut" in names)
        if "cookies" in names:
            request = _with_cookies(choices, request)
        freedoms = [one for name in names for one in GROUPS[name](choices, request, known, 1)]
        return Example(request, tuple(freedoms), host=known.host)

    return describe


def _with_cookies(choices: Choices, request: Request) -> Request:
    count = 2 + choices.below(3)
    cookies = b"; ".join(choices.pick(COOKIES) for _ in range(count))
    others = tuple(
        pair for pair in request.headers if pair[0] not in (b"cookie", b"transfer-encoding")
    )
    return replace(
        request,
        headers=((b"cookie", cookies), *others),
        scope={**request.scope, "http_version": "2"},
    )
