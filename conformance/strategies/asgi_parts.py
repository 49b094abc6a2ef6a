"""What legal requests and connections are made of: paths, headers and what a server may vary.

All is described by choices, the first of each list being the plainest, so that
shrinking ends at a request that has nothing unusual but what shows the fault.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateproof.conformance.strategies.choices import Choices
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_scope import Headers
from gateproof.validators.violation import Verdict

SUFFIXES = (
    "",
    "x",
    "/",
    "%C3%A9",
    ";a=b",
    "%2F",
    "//",
    "%F0%9F%90%8D",
    "%20",
    "+",
    "%25",
    "%252F",
    "%FF",
    "%00",
    "%0A",
    "/../",
    "/./",
    "%3F",
    "~",
    "caf%C3%A9/%E4%BD%A0",
    "x" * 2000,
)
"""What may come after a known path, as it stands in a request line."""

QUERIES = (
    b"",
    b"a=1",
    b"a=1&a=2",
    b"a=%C3%A9&b=+",
    b"&&==&",
    b"%zz=%",
    b"?",
    b"a;b",
    b"%FF=%00",
    b"caf\xc3\xa9",
    b"q=" + b"x" * 4000,
)

HEADERS: Headers = (
    (b"accept", b"*/*"),
    (b"accept", b"text/html;q=0.5, application/json"),
    (b"accept-encoding", b"gzip, br"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"user-agent", b"gateproof"),
    (b"x-a", b"1"),
    (b"x-a", b"2"),
    (b"x-empty", b""),
    (b"x-obs-text", b"caf\xe9 \xff"),
    (b"x-long", b"v" * 8000),
    (b"range", b"bytes=0-0"),
    (b"if-none-match", b"*"),
    (b"if-modified-since", b"Sat, 29 Oct 1994 19:43:31 GMT"),
    (b"te", b"trailers"),
    (b"origin", b"https://example.com"),
    (b"authorization", b"Basic Z2F0ZTpwcm9vZg=="),
    (b"x-forwarded-for", b"192.0.2.1"),
    (b"x-forwarded-proto", b"https"),
    (b"x-request-id", b"gateproof-1"),
    (b"priority", b"u=1, i"),
)
"""Headers that an application may look at, legal in any number and order."""

COOKIES = (b"a=1", b"b=2", b"theme=dark", b"c=", b"n=caf%C3%A9", b'q="x y"', b"a=3", b"s=a=b")


@dataclass(frozen=True, slots=True)
class Freedom:
    """One thing that a legal server may do otherwise than the plainest one.

    Attributes:
        says: what it is, to follow "when".
        requirement: what an application breaks that cannot live with it.
        broke: the verdict when it breaks down; ``None`` for the catalogue's.
        changed: the verdict when its reply differs; ``None`` to let that pass.
        scope: scope keys to replace, add or leave out.
        beside: scope keys that the plain request has then, too.
        event: keys to add to events.
        omit: keys of events to leave out where they have their default.
        container, case: how headers are passed on.
        values: other fields of the request or connection.
    """

    says: str
    requirement: str
    broke: Verdict | None = None
    changed: Verdict | None = "weak"
    scope: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()
    container: str = ""
    case: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


class _Once:
    """An iterator of no known kind, which can be read once."""

    def __init__(self, pairs: Iterable[Any]) -> None:
        self._pairs = iter(pairs)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._pairs)


class _Iterable:
    """An iterable that has nothing but ``__iter__``."""

    def __init__(self, pairs: Iterable[Any]) -> None:
        self._pairs = list(pairs)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pairs)


CONTAINERS: Mapping[str, Callable[[Headers], Any]] = {
    "list": list,
    "lists": lambda pairs: [list(pair) for pair in pairs],
    "mixed": lambda pairs: [list(pair) if n % 2 else pair for n, pair in enumerate(pairs)],
    "tuple": tuple,
    "tuple of lists": lambda pairs: tuple(list(pair) for pair in pairs),
    "generator": lambda pairs: (pair for pair in pairs),
    "iterator": lambda pairs: iter(list(pairs)),
    "deque": deque,
    "iterator of its own": _Once,
    "iterable of its own": _Iterable,
}
"""What headers may come in: https://asgi.readthedocs.io/en/latest/specs/www.html#http"""

CASES: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "title": bytes.title,
    "upper": bytes.upper,
    "capital": bytes.capitalize,
}


class Pairs:
    """Headers in a container that is made anew for each scope.

    Args:
        pairs: the headers.
        container: a key of `CONTAINERS`.
        case: a key of `CASES`.
    """

    __slots__ = ("_container", "_pairs")

    def __init__(self, pairs: Headers, container: str, case: str) -> None:
        cased = CASES[case]
        self._pairs = tuple((cased(name), value) for name, value in pairs) if case else pairs
        self._container = CONTAINERS[container or "list"]

    def __deepcopy__(self, memo: object) -> Any:
        return self._container(self._pairs)

    def __repr__(self) -> str:
        return repr(self._pairs)


_UNLIKE: Verdict = "observed"
_CONTAINER = "asgi.http.headers.transport-as-pairs"


def _contained(container: str, broke: Verdict | None, changed: Verdict) -> Freedom:
    says = {"lists": "header pairs are lists", "mixed": "some header pairs are lists"}
    told = says.get(container, f"the headers are in a {container}")
    return Freedom(told, _CONTAINER, broke, changed, container=container)


def containers(lowercase: str) -> tuple[Freedom, ...]:
    """In what and how headers are passed on.

    Args:
        lowercase: the requirement of the protocol on the case of names.
    """
    return (
        _contained("lists", None, "weak"),
        _contained("mixed", "weak", "weak"),
        *(
            _contained(name, _UNLIKE, _UNLIKE)  # no server gives them
            for name in CONTAINERS
            if name not in ("list", "lists", "mixed")
        ),
        *(
            Freedom(f"header names are in {case} case", lowercase, "weak", "weak", case=case)
            for case in CASES
            if case
        ),
    )


EXTRA: tuple[tuple[str, Any], ...] = (
    ("x_gateproof", 1),
    ("x_gateproof", None),
    ("x_gateproof", {"nested": [1, None, {"a": b"b"}]}),
    ("gateproof.extension", "text"),
    ("gateproof-key", [b"octets"]),
    ("", ""),
    ("\u00e9", True),
)
"""Keys that no application knows, with values of every kind that events may hold."""

_EXTRA = "asgi.app.ignores-extra-keys"


def extras() -> tuple[Freedom, ...]:
    """Unknown keys, in the scope and in what it holds, and in events."""
    return (
        *(
            Freedom(f"the scope has the unknown key {key!r}", _EXTRA, scope={key: value})
            for key, value in EXTRA
        ),
        *(
            Freedom(f"events have the unknown key {key!r}", _EXTRA, event={key: value})
            for key, value in EXTRA
        ),
        Freedom(
            "the scope's 'asgi' has an unknown key",
            _EXTRA,
            scope={"asgi": {**asgi_scope.asgi(), "x_gateproof": "1"}},
        ),
        Freedom(
            "an unknown extension is offered",
            _EXTRA,
            scope={"extensions": {"x.gateproof.unknown": {"a": 1}}},
        ),
    )


def chosen(choices: Choices, known: tuple[Freedom, ...], most: int, least: int) -> list[Freedom]:
    """From ``least`` to ``most`` of the freedoms, each once."""
    picked: list[Freedom] = []
    for _ in range(least + choices.below(most - least + 1)):
        one = choices.pick(known)
        if one not in picked:
            picked.append(one)
    return picked


def path(choices: Choices, known: tuple[str, ...], odd: int) -> tuple[str, bytes]:
    """One of the known paths, once in ``odd + 1`` times with something behind it; and a query."""
    target, _, query = choices.pick(known).partition("?")
    strange = choices.odds(odd)
    if strange:
        target += choices.pick(SUFFIXES)
    if query or not choices.odds(1):
        return target, query.encode("latin-1", "replace")
    return target, choices.pick(QUERIES)


def headers(choices: Choices, most: int) -> Headers:
    """Up to ``most`` headers, some of them repeated perhaps, and perhaps cookies."""
    found = choices.some(HEADERS, most)
    if choices.odds(3):
        found.append((b"cookie", b"; ".join(choices.some(COOKIES, 3) or [b"a=1"])))
    return tuple(found)


def overrides(
    pairs: Headers, freedoms: Iterable[Freedom], scope: Mapping[str, Any]
) -> dict[str, Any]:
    """The scope's overrides of a request with ``pairs``, passed on with ``freedoms``."""
    made = dict(scope)
    container = case = ""
    for one in freedoms:
        made.update(one.scope)
        container = one.container or container
        case = one.case or case
    if container or case:
        made["headers"] = Pairs(pairs, container, case)
    return made
