"""ASGI over HTTP: path, raw_path and query_string against the request target that was sent.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import FAMILY, MARKED, refused, scope
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.validators.violation import Verdict

_DECODED = "asgi.http.scope.path-percent-decoded"
_UTF8 = "asgi.http.scope.path-utf8-decoded"
_RAW = "asgi.http.scope.raw-path-unmodified"
_QUERY = "asgi.http.scope.query-string-raw"
_NO_QUERY = "asgi.http.scope.query-string-empty"


@dataclass(frozen=True)
class Path:
    """The end of a request target, and the end of the path that it means."""

    sent: str
    meant: str
    requirement: str = _DECODED
    verdict: Verdict | None = None


_PATHS = (
    Path("/a%20b", "/a b"),
    Path("/%7euser%41", "/~userA"),
    Path("/100%25", "/100%"),
    Path("/%2541", "/%41"),
    Path("/a+b", "/a+b"),
    Path("/%3Fq", "/?q"),
    Path("/a%3Bb=1;c", "/a;b=1;c"),
    Path("/caf%C3%A9", "/caf\u00e9", _UTF8),
    Path("/%E2%82%AC", "/\u20ac", _UTF8),
    Path("/%F0%9F%90%8D", "/\U0001f40d", _UTF8),
    # Encoded slashes and broken escapes: practice varies.
    Path("/a%2Fb", "/a/b", verdict="weak"),
    Path("/%zz", "/%zz", verdict="weak"),
    Path("/end%", "/end%", verdict="weak"),
)

_RAW_PATHS = (
    "/a%2Fb%7e",
    "/caf%C3%a9",
    "/%41",
    "/a//b",
    "/./a",
    "/a/../b",
    "/a;b=1,2",
    "/!$'()*+@:",
)
"""Ends of request targets that ``raw_path`` repeats as they are."""

_QUERIES = (
    ("", b"", _NO_QUERY),
    ("?", b"", _NO_QUERY),
    ("?a=%20b&c=+", b"a=%20b&c=+", _QUERY),
    ("?a=1&a=2&&=", b"a=1&a=2&&=", _QUERY),
    ("?a?b/c?", b"a?b/c?", _QUERY),
    ("?caf%C3%a9=%2f%26", b"caf%C3%a9=%2f%26", _QUERY),
    ("?%zz=%", b"%zz=%", _QUERY),
)
"""What follows the path, the query string that it means, and what says so."""


async def _called(stage: ServerStage, tails: Iterator[str] | tuple[str, ...]) -> list[Heard]:
    """Ask for each target; those that the server turns away itself are left out.

    Raises:
        Blocked: it turns all of them away.
    """
    heards = [await stage.ask(Request(target="/{token}" + tail, headers=MARKED)) for tail in tails]
    if all(refused(heard) for heard in heards):
        stage.blocked("the server turned every request away")
    return heards


def _root(heard: Heard) -> str:
    return str(scope(heard).get("root_path") or "")


def _raw_path(heard: Heard) -> bytes | None:
    raw = scope(heard).get("raw_path")
    return raw if isinstance(raw, bytes) else None


@case(FAMILY, "path-decoded", proves=("asgi.http.scope.path-present", _DECODED, _UTF8))
async def path_decoded(stage: ServerStage) -> None:
    """The path has percent escapes and UTF-8 resolved, once."""
    heards = await _called(stage, tuple(row.sent for row in _PATHS))
    told: set[str] = set()
    for row, heard in zip(_PATHS, heards, strict=True):
        if refused(heard):
            continue
        path = scope(heard).get("path")
        meant = f"{_root(heard)}/{heard.token}{row.meant}"
        if not isinstance(path, str) or path in (meant, f"/{heard.token}{row.meant}"):
            continue  # what is no text is the judge's finding
        untouched = path.endswith(row.sent) and "%" in row.sent
        requirement = _DECODED if untouched else row.requirement
        if requirement not in told:
            told.add(requirement)
            stage.broken(
                requirement,
                f"the target /TOKEN{row.sent} arrived as another path than it means",
                heard=heard,
                observed=repr(path.replace(heard.token, "TOKEN")),
                expected=repr(f"/TOKEN{row.meant}"),
                verdict=row.verdict,
            )


@case(FAMILY, "raw-path", proves=("asgi.http.scope.raw-path-type", _RAW))
async def raw_path(stage: ServerStage) -> None:
    """Where there is a raw_path, it has the octets of the path as they were sent."""
    for heard, tail in zip(await _called(stage, _RAW_PATHS), _RAW_PATHS, strict=True):
        if refused(heard):
            continue
        if scope(heard).get("raw_path") is None:
            stage.not_applicable("the server gives no raw_path")
        if _root(heard):
            stage.not_applicable("the server runs with a root path, which it may prepend")
        raw, meant = _raw_path(heard), f"/{heard.token}{tail}".encode()
        if raw is not None and raw != meant:
            stage.broken(
                _RAW,
                f"raw_path differs from the path /TOKEN{tail} that was sent",
                heard=heard,
                observed=repr(raw.replace(heard.token.encode(), b"TOKEN")),
                expected=repr(f"/TOKEN{tail}".encode()),
            )
            return


@case(
    FAMILY,
    "query-string",
    methods=("GET", "OPTIONS"),
    proves=(
        "asgi.http.scope.query-string-present",
        "asgi.http.scope.path-excludes-query",
        "asgi.http.scope.raw-path-excludes-query",
        _QUERY,
        _NO_QUERY,
    ),
)
async def query_string(stage: ServerStage) -> None:
    """The query string is what follows the question mark, raw, and in no path."""
    heards = await _called(stage, tuple(query for query, _, _ in _QUERIES))
    heards += [
        await stage.ask(Request(target="http://{host}/{token}?a=%20&b", headers=MARKED)),
        await stage.ask(Request(method="OPTIONS", target="*", headers=MARKED)),
    ]
    rows = [*_QUERIES, ("?a=%20&b", b"a=%20&b", _QUERY), ("", b"", _NO_QUERY)]
    told: set[str] = set()
    for (query, meant, requirement), heard in zip(rows, heards, strict=True):
        if refused(heard):
            continue
        found = _queries(scope(heard), query, meant, requirement)
        for broken, message, observed, expected in found:
            if broken not in told:
                told.add(broken)
                stage.broken(broken, message, heard=heard, observed=observed, expected=expected)


def _queries(
    given: dict[str, Any], query: str, meant: bytes, requirement: str
) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with the query in a scope: requirement, message, observed, expected."""
    seen = given.get("query_string")
    if isinstance(seen, bytes) and seen != meant:
        message = f"the query string of a target that ends with {query!r} is another"
        yield requirement, message, repr(seen), repr(meant)
    path, raw = given.get("path"), given.get("raw_path")
    if query and isinstance(path, str) and path.endswith(query):
        yield (
            "asgi.http.scope.path-excludes-query",
            "the path contains the query",
            repr(path),
            "the part of the target before the question mark",
        )
    if query and isinstance(raw, bytes) and raw.endswith(query.encode()):
        yield (
            "asgi.http.scope.raw-path-excludes-query",
            "raw_path contains the query",
            repr(raw),
            "the part of the target before the question mark",
        )


@case(
    FAMILY,
    "root-path",
    proves=("asgi.http.scope.root-path-form", "asgi.http.scope.path-full-form"),
)
async def root_path(stage: ServerStage) -> None:
    """A root path, where the server runs with one, has its form and begins the path."""
    plain = await stage.ask(Request())
    root = _root(plain)
    if not root:
        stage.not_applicable("the server runs without a root path")
    below = await stage.ask(Request(target=root + "/{token}/a", headers=MARKED))
    for heard in (plain, below):
        path = None if refused(heard) else scope(heard).get("path")
        if isinstance(path, str) and not path.startswith(root):
            stage.broken(
                "asgi.http.scope.path-full-form",
                "the path does not begin with the root path",
                heard=heard,
                observed=repr(path),
                expected=f"a path that begins with {root!r}",
            )
            return
