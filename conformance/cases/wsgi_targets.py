"""Paths and query strings of every form that a client may send.

What an application answers to them is its own affair; it should only not fall over.
https://peps.python.org/pep-3333/#unicode-issues
"""

from __future__ import annotations

from collections.abc import Iterable

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import TRAPS, baselines
from gateproof.conformance.wsgi_stage import WSGIStage

ENCODED = (
    "/a%20b",
    "/a%2Fb",
    "/a%252Fb",
    "/a%3Fb%23c",
    "/%2e%2e/x",
    "/semi;colon=1",
    "/plus+plus",
    "/a:b@c!$&'()*,=~",
    "/%7B%7D%22%3C%3E%5C%5E%60%7C",
)
"""Paths with escapes and with characters that need none."""

TUNNELLED = ("/caf%C3%A9", "/%E2%82%AC", "/%F0%9F%98%80", "/caf%E9", "/%FF%FE", "/%80", "/%C0%AF")
"""Paths of octets beyond ASCII: UTF-8 of two, three and four octets, then other encodings."""

ODD = ("//", "//host/path", "/a//b", "/./a", "/../a", "/a/", "/" + "a" * 4000, "/" + "a/" * 500)
"""Paths that are legal and seldom."""

CONTROL = ("/a%0Ab", "/a%0D%0AX-Injected:%20yes", "/a%00b", "/a%09b", "/a%7Fb")
"""Escapes that decode to control characters, which must not reach a header."""

QUERIES = (
    "",
    "a=1",
    "a=1&a=2",
    "a",
    "a=",
    "=",
    "&",
    "=&=&&",
    "a=1;b=2",
    "a=%20+%2B",
    "a=%E2%82%AC",
    "a=%FF",
    "a=%",
    "a=%zz",
    "a=%u20AC",
    "a[]=1&a[b]=2",
    "a=b?c=d/e",
    "a=\xe9",
    "a=" + "x" * 4000,
    "&".join(f"k{n}={n}" for n in range(200)),
)
"""Query strings, as they stand on the request line."""


@case("wsgi", "path-encoded", proves=(TRAPS,))
def path_encoded(stage: WSGIStage) -> None:
    """Paths with percent-encodings."""
    _visit(stage, ENCODED)


@case("wsgi", "path-not-ascii", proves=(TRAPS, "wsgi.unicode.app-latin1-only"))
def path_not_ascii(stage: WSGIStage) -> None:
    """Paths beyond ASCII come as the octets they were sent as, each in one character."""
    _visit(stage, TUNNELLED)


@case("wsgi", "path-odd", proves=(TRAPS,))
def path_odd(stage: WSGIStage) -> None:
    """Paths with empty and dotted segments, and very long ones."""
    _visit(stage, ODD)


@case("wsgi", "path-control", proves=(TRAPS, "wsgi.response-headers.value-no-control"))
def path_control(stage: WSGIStage) -> None:
    """Escaped control characters in a path do not come back in a header."""
    _visit(stage, CONTROL)


@case("wsgi", "query", proves=(TRAPS,))
def query(stage: WSGIStage) -> None:
    """Query strings, well formed and not."""
    for baseline in baselines(stage):
        for text in QUERIES:
            baseline.ask(query=text)


def _visit(stage: WSGIStage, paths: Iterable[str]) -> None:
    """Ask for each of ``paths``, at the root and below what the stage's paths name."""
    for baseline in baselines(stage):
        for path in paths:
            baseline.ask(path=path)
            if baseline.request.path.rstrip("/"):
                below = baseline.request.path.rstrip("/") + path
                baseline.ask(path=below)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
