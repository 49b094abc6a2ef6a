"""Requests as clients send them, to routes that are known: for comparing applications."""

from __future__ import annotations

from collections.abc import Sequence

from gateproof.conformance.entrances import Asked, Fields
from gateproof.conformance.strategies.choices import Choices

FIELDS: Fields = (
    ("Accept", "*/*"),
    ("Accept", "application/json"),
    ("Accept", "text/html;q=0.5, application/json"),
    ("Accept-Encoding", "gzip"),
    ("Accept-Language", "de, en;q=0.5"),
    ("Cookie", "a=1; b=2"),
    ("Cookie", "c="),
    ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"),
    ("If-None-Match", "*"),
    ("If-None-Match", '"1"'),
    ("Origin", "https://other.example"),
    ("Range", "bytes=0-0"),
    ("Referer", "https://localhost/"),
    ("User-Agent", "gateproof"),
    ("X-Forwarded-For", "192.0.2.1"),
    ("X-Forwarded-Proto", "https"),
    ("X-Requested-With", "XMLHttpRequest"),
    ("X-Empty", ""),
    ("X-Under_score", "1"),
    ("X-Obs-Text", "\xe9"),
)
"""Header fields that an application may look at."""

QUERIES = ("", "a=1", "a=1&a=2", "a=%C3%A9&b=+", "page=2", "format=json", "a=%zz", "=&=", "a")

ENDS = ("", "/", "?", "//", "%2F", "/..", "/.", ";x=1", "%20", "%C3%A9", "%FF", "+")
"""What a path may end in besides."""

BODIES: tuple[tuple[str, bytes], ...] = (
    ("", b""),
    ("application/json", b"{}"),
    ("application/json", b'{"a": [1, null]}'),
    ("application/x-www-form-urlencoded", b"a=1&b=%C3%A9"),
    ("text/plain; charset=utf-8", "\u00e9".encode()),
    ("application/octet-stream", bytes(range(256))),
)


def client_request(
    choices: Choices, targets: Sequence[Asked], methods: Sequence[str], *, bodies: bool
) -> Asked:
    """A request like one of ``targets``, varied.

    Args:
        choices: what is chosen.
        targets: requests to vary, the plainest first.
        methods: the methods that may be sent.
        bodies: whether one may have a body where its target has none.
    """
    target = choices.pick(targets)
    varied = choices.below(4) == 3
    method = choices.pick(methods) if varied and choices.odds(1) else target.method
    path = target.path + choices.pick(ENDS) if varied and choices.odds(1) else target.path
    path, _, empty = path.partition("?")
    query = target.query
    if not empty and choices.odds(1):
        query = "&".join(filter(None, (query, choices.pick(QUERIES))))
    kind, body = "", target.body
    if bodies and not body and method not in ("GET", "HEAD", "OPTIONS"):
        kind, body = choices.pick(BODIES)
    given = {name.lower() for name, _ in target.fields}
    extra = [field for field in choices.some(FIELDS, 4) if field[0].lower() not in given]
    if kind:
        extra.append(("Content-Type", kind))
    return Asked(method, path, query, (*target.fields, *_once(extra)), body, target.route)


def _once(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields, of each name the first: repeated ones are joined in different ways."""
    found: dict[str, tuple[str, str]] = {}
    for name, value in fields:
        found.setdefault(name.lower(), (name, value))
    return list(found.values())
