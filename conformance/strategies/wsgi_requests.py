"""What a client asks of a WSGI application: the plain request, and ways to depart from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from gateproof.conformance.cases.wsgi_headers import INBOUND, ODD, WELL_KNOWN
from gateproof.conformance.cases.wsgi_targets import CONTROL, ENCODED, QUERIES, TUNNELLED
from gateproof.conformance.cases.wsgi_targets import ODD as ODD_PATHS
from gateproof.conformance.strategies import wsgi_bodies
from gateproof.conformance.strategies.choices import Choices
from gateproof.conformance.strategies.wsgi_bodies import several
from gateproof.conformance.vocabulary import Vocabulary
from gateproof.targets.routes.route import Visit
from gateproof.targets.wsgi_environ import HEADERS, Request

SEGMENTS = (
    *(
        "/a",
        "/",
        "/1",
        "/a/b",
        "/caf%C3%A9",
        "/caf%E9",
        "/a%20b",
        "/a%2Fb",
        "//",
        "/a//b",
        "/a;b=1",
    ),
    *("/.", "/..", "/-1", "/0", "/index.html", "/%00", "/a+b", "/%E2%82%AC/x", "/a:b@c", "/a%25b"),
)
"""What may follow a path."""

NAMES = ("a", "id", "q", "page", "name", "n", "caf\xe9", "a[]", "")
VALUES = (
    *("1", "", "0", "2", "-1", "10", "a b", "caf\xe9", "\u20ac", "a&b=c", "x" * 300, "true", "a/b"),
    *("99999999999999999999", "1.5", "null", "%", "+", "\U0001f40d", "a,b", "'", '"'),
)
"""Names and values of queries, cookies and fields."""

FIELDS = (
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Request-Id", "X-A", "Accept"),
    *("Accept-Language", "Via", "Cache-Control", "Forwarded", "X-Real-IP", "If-None-Match"),
)
FIELD_VALUES = (
    *(
        "1",
        "a",
        "a, b",
        "",
        '"a, b"',
        "text/html",
        "text/plain;q=0.5",
        "en",
        "*",
        "caf\xe9",
        "a;b=c",
    ),
    *("192.0.2.1", "no-cache", "application/json", "x" * 200, "a\tb", "Bearer x", "0", "gzip"),
)
"""Names and values of request headers that may come more than once."""

LISTS = (
    *("Accept", "X-Forwarded-For", "Accept-Language", "Via", "X-A", "Forwarded", "Cache-Control"),
    *("Accept-Encoding", "If-None-Match", "Link", "X-Forwarded-Host"),
)
"""Headers whose values are lists, so that lines of them may be joined."""

MOUNTS = ("/mounted", "/a/b", "/caf\xc3\xa9", "/a b", "/m.n-o_p~", "/index.py", "/\xff")
"""``SCRIPT_NAME`` of an application that is not at the root."""

CLIENTS: tuple[Mapping[str, str], ...] = (
    {"REMOTE_ADDR": "2001:db8::1", "REMOTE_PORT": "1"},
    {"REMOTE_ADDR": "192.0.2.1", "REMOTE_HOST": "client.example"},
    {"SERVER_NAME": "::1", "SERVER_PORT": "8000"},
    {"SERVER_NAME": "example.org", "SERVER_PORT": "65535"},
    {"SERVER_SOFTWARE": "Other/1.0 (x)"},
)
"""Who speaks with whom."""

BODILESS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Ground:
    """What descriptions may use.

    Attributes:
        paths: paths that answer, the first the plainest.
        methods: the methods that may be sent, the first the plainest.
        visits: requests to the routes of the application.
        words: the words that its code knows.
    """

    paths: tuple[str, ...] = ("/",)
    methods: tuple[str, ...] = ("GET", "HEAD", "OPTIONS")
    visits: tuple[Visit, ...] = ()
    words: Vocabulary = field(default_factory=Vocabulary)


@dataclass(slots=True)
class Draft:
    """A request in the making.

    Attributes:
        kinds: in what it departs from the plain one.
    """

    ground: Ground
    method: str
    path: str
    query: str = ""
    headers: list[tuple[str, str]] = field(default_factory=lambda: list(HEADERS))
    content_type: str = ""
    body: bytes = b""
    mount: str = ""
    protocol: str = "HTTP/1.1"
    environ: dict[str, Any] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)

    def request(self) -> Request:
        """The request."""
        pairs = self.headers
        if self.content_type:
            pairs = [pair for pair in pairs if pair[0] != "Content-Type"]
            pairs.insert(0, ("Content-Type", self.content_type))
        return Request(
            self.method,
            self.path,
            self.query,
            tuple(pairs),
            self.body,
            self.mount,
            self.protocol,
            self.environ,
        )


def _method(choices: Choices, draft: Draft) -> None:
    draft.method = choices.pick(draft.ground.methods)


def _below(choices: Choices, draft: Draft) -> None:
    if draft.path == "*":
        return
    draft.path = draft.path.rstrip("/") + _segment(choices, draft.ground.words)


def _elsewhere(choices: Choices, draft: Draft) -> None:
    draft.path = choices.pick((*ENCODED, *TUNNELLED, *CONTROL, *ODD_PATHS[:-2]))


def _segment(choices: Choices, words: Vocabulary) -> str:
    known = (*words.paths, *(f"/{quote(value)}" for value in words.values[:24]))
    return choices.pick(SEGMENTS + known)


def _pair(choices: Choices, draft: Draft) -> None:
    name, value = _named(choices, draft.ground.words)
    text = f"{quote(name, safe='[]')}={quote(value, safe=',/')}"
    draft.query = f"{draft.query}&{text}" if draft.query else text


def _named(choices: Choices, words: Vocabulary) -> tuple[str, str]:
    """A name and a value; the application's own words are as likely as all the others."""
    names = words.names if words.names and choices.odds(1) else NAMES
    if words.values and choices.odds(2):
        return choices.pick(names), choices.pick(words.values)
    if words.numbers and choices.odds(4):
        return choices.pick(names), str(choices.pick(words.numbers) + 1 - choices.below(3))
    return choices.pick(names), choices.pick(VALUES)


def _query(choices: Choices, draft: Draft) -> None:
    draft.query = choices.pick(QUERIES[1:])


def _field(choices: Choices, draft: Draft) -> None:
    words = draft.ground.words
    name = choices.pick(words.headers if words.headers and choices.odds(1) else FIELDS)
    values = words.values if words.values and choices.odds(1) else FIELD_VALUES
    draft.headers.append((name.title(), _latin(choices.pick(values))))


def _latin(text: str) -> str:
    """A value as octets of UTF-8 where latin-1 does not do, each in one character."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode().decode("latin-1")
    return text


def _known_field(choices: Choices, draft: Draft) -> None:
    name, value = choices.pick(WELL_KNOWN)
    if name == "Content-Type":
        draft.content_type = value
        return
    if name == "Host":
        draft.headers = [pair for pair in draft.headers if pair[0] != "Host"]
    draft.headers.append((name, value))


def _odd_field(choices: Choices, draft: Draft) -> None:
    draft.headers.append(choices.pick(ODD))


def repeated(choices: Choices, draft: Draft) -> str:
    """Add a header that comes more than once.

    Returns:
        Its name.
    """
    listed = tuple(name for name in draft.ground.words.headers if name != "cookie")
    name = choices.pick(listed if listed and choices.odds(1) else LISTS).title()
    words = draft.ground.words.values
    for _ in several(choices, 4, 2):
        values = words if words and choices.odds(2) else FIELD_VALUES
        draft.headers.append((name, _latin(choices.pick(values))))
    return name


def _repeated(choices: Choices, draft: Draft) -> None:
    repeated(choices, draft)


def cookies(choices: Choices, draft: Draft, least: int = 1) -> None:
    """Add cookies, in one Cookie header or several."""
    words = draft.ground.words
    names = (*(word for word in words.names if word.isidentifier()), "session", "a", "b", "_x")
    values = ("1", "", '"quoted"', "a=b", "x" * 40, "0", "%20", "caf%C3%A9")
    line = ""
    for number in several(choices, least + 2, least):
        value = choices.pick(values)
        if words.values and choices.odds(2):
            value = quote(choices.pick(words.values), safe="")
        text = f"{choices.pick(names)}={value}"
        if number and choices.odds(1):
            draft.headers.append(("Cookie", line))
            line = text
        else:
            line = f"{line}; {text}" if line else text
    draft.headers.append(("Cookie", line))


def _hop(choices: Choices, draft: Draft) -> None:
    draft.headers.append(choices.pick(INBOUND))


def body(choices: Choices, draft: Draft) -> None:
    """Give it a body, and a method that usually has one where that may be sent."""
    draft.content_type, draft.body = wsgi_bodies.body(choices, draft.ground.words)
    usual = tuple(method for method in draft.ground.methods if method not in BODILESS)
    if usual and not choices.odds(3):
        draft.method = choices.pick(usual)


def _typed(choices: Choices, draft: Draft) -> None:
    draft.content_type = choices.pick([kind for kind, _ in wsgi_bodies.KINDS.values()])


def _old(choices: Choices, draft: Draft) -> None:
    draft.protocol = "HTTP/1.0"
    if choices.odds(1):
        draft.headers = [pair for pair in draft.headers if pair[0] != "Host"]


def _secure(choices: Choices, draft: Draft) -> None:
    port = choices.pick(("443", "8443"))
    draft.environ.update({"wsgi.url_scheme": "https", "SERVER_PORT": port})
    if choices.odds(1):
        draft.environ["HTTPS"] = "on"


def _client(choices: Choices, draft: Draft) -> None:
    draft.environ.update(choices.pick(CLIENTS))


def _mounted(choices: Choices, draft: Draft) -> None:
    draft.mount = choices.pick(MOUNTS)


def _root(choices: Choices, draft: Draft) -> None:
    """The place itself where it is mounted, with no path below it."""
    draft.mount = choices.pick(MOUNTS)
    draft.path = ""


def _asterisk(choices: Choices, draft: Draft) -> None:
    if "OPTIONS" in draft.ground.methods:
        draft.method, draft.path = "OPTIONS", choices.pick(("*", "/*"))


def _anonymous(choices: Choices, draft: Draft) -> None:
    draft.headers = [pair for pair in draft.headers if pair[0] == "Host"]
    del choices


CLIENT: Mapping[str, Callable[[Choices, Draft], None]] = {
    "pair": _pair,
    "path below": _below,
    "field": _field,
    "body": body,
    "method": _method,
    "cookies": cookies,
    "repeated field": _repeated,
    "known field": _known_field,
    "query": _query,
    "path elsewhere": _elsewhere,
    "odd field": _odd_field,
    "mounted": _mounted,
    "HTTP/1.0": _old,
    "https": _secure,
    "client": _client,
    "type": _typed,
    "hop-by-hop field": _hop,
    "mount itself": _root,
    "asterisk": _asterisk,
    "no usual fields": _anonymous,
}
"""The ways to depart from the plain request, the likeliest to matter first."""

LIKELY = ("pair", "path below", "field", "body", "cookies")
"""Of these there are more, for that is what applications look at."""

KINDS = (*LIKELY, *LIKELY, *LIKELY, *CLIENT)


def draft(choices: Choices, ground: Ground, most: int = 5, kinds: tuple[str, ...] = KINDS) -> Draft:
    """A request to one of the ground's paths or routes, with up to ``most`` departures."""
    places = len(ground.paths) + len(ground.visits)
    place = choices.below(places)
    made = Draft(ground, ground.methods[0], ground.paths[min(place, len(ground.paths) - 1)])
    if place >= len(ground.paths):
        visit = ground.visits[place - len(ground.paths)]
        made.path, made.query = visit.path, visit.query
        made.headers += [pair for pair in visit.headers if pair[0] != "Content-Type"]
    for _ in several(choices, most, 0, 4):
        kind = choices.pick(kinds)
        made.kinds.append(kind)
        CLIENT[kind](choices, made)
    return made


__all__ = [
    "BODILESS",
    "CLIENT",
    "MOUNTS",
    "Draft",
    "Ground",
    "body",
    "cookies",
    "draft",
    "repeated",
]
