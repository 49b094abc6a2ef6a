"""Request headers as a server passes them on: joined, empty, long, beyond ASCII."""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import TRAPS, baselines
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import HEADERS

HOP_BY_HOP = "wsgi.app.no-reliance-on-inbound-hop-by-hop"
"""Applications do not depend on the hop-by-hop headers of a request."""

REPEATED = (
    (("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "192.0.2.2")),
    (("Accept", "text/html"), ("Accept", "text/plain;q=0.5")),
    (("Cookie", "a=1"), ("Cookie", "b=2")),
    (("X-Twice", "same"), ("X-Twice", "same")),
)
"""Headers sent more than once; a server joins them into one variable."""

ODD = (
    ("X-Empty", ""),
    ("X-Long", "x" * 8000),
    ("X-Latin", "caf\xe9"),
    ("X-Utf8", "caf\xc3\xa9"),
    ("X-Tab", "a\tb"),
    ("X-Quoted", '"a, b"; c="\\""'),
    ("X_Under", "score"),
    ("X-" + "N" * 200, "name"),
    ("X-!#$%&'*+.^`|~", "token"),
)
"""Headers that are legal and seldom."""

WELL_KNOWN = (
    ("Accept", ""),
    ("Accept", "*/*;q=0.000, text/*;q=2"),
    ("Accept", "nonsense"),
    ("Accept-Charset", "x-unknown"),
    ("Accept-Encoding", "identity;q=0, *;q=0"),
    ("Accept-Encoding", "gzip, br;q=1.0, zstd"),
    ("Accept-Language", "tlh, *;q=0"),
    ("Authorization", "Basic"),
    ("Authorization", "Basic !!!"),
    ("Authorization", "Basic /////w=="),
    ("Authorization", "Unknown token"),
    ("Cache-Control", "no-cache, =, max-age=x"),
    ("Content-Type", "nonsense"),
    ("Content-Type", "text/plain; charset=x-unknown"),
    ("Content-Type", "multipart/form-data"),
    ("Cookie", "="),
    ("Cookie", 'a="\\303\\251"; b; =c; $Version=1'),
    ("Cookie", "a=caf\xc3\xa9"),
    ("Expect", "100-continue"),
    ("Host", "localhost:8000"),
    ("Host", "[::1]:8000"),
    ("Host", "LOCALHOST."),
    ("If-Match", "*"),
    ("If-Modified-Since", "yesterday"),
    ("If-None-Match", '"a", W/"b", c'),
    ("If-Range", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("Origin", "null"),
    ("Range", "bytes=0-0"),
    ("Range", "bytes=5-1,-0,x"),
    ("Referer", "about:blank"),
    ("User-Agent", ""),
    ("X-Forwarded-For", "unknown, _hidden, [2001:db8::1]:80"),
    ("X-Forwarded-Host", "a, b"),
    ("X-Forwarded-Proto", "https, http"),
    ("X-HTTP-Method-Override", "BREW"),
    ("X-Requested-With", "XMLHttpRequest"),
)
"""Headers that frameworks look at, with values that test their patience."""

INBOUND = (
    ("Connection", "keep-alive, X-Other"),
    ("Keep-Alive", "timeout=5"),
    ("Proxy-Connection", "keep-alive"),
    ("TE", "trailers"),
)
"""Hop-by-hop headers of a request that some servers leave in the environ."""


@case("wsgi", "headers-repeated", proves=(TRAPS,))
def headers_repeated(stage: WSGIStage) -> None:
    """Headers sent twice arrive as one variable with both values."""
    for baseline in baselines(stage):
        for pairs in REPEATED:
            baseline.ask(
                headers=(*_without(pairs[0][0]), *pairs),
            )


@case("wsgi", "headers-odd", proves=(TRAPS,))
def headers_odd(stage: WSGIStage) -> None:
    """Headers with empty, long and non-ASCII values, and names of every token character."""
    for baseline in baselines(stage):
        for name, value in ODD:
            baseline.ask(headers=(*HEADERS, (name, value)))
        baseline.ask(headers=(*HEADERS, *ODD))


@case("wsgi", "headers-well-known", proves=(TRAPS,))
def headers_well_known(stage: WSGIStage) -> None:
    """Headers that frameworks read, with values that are legal or nearly so."""
    for baseline in baselines(stage):
        for name, value in WELL_KNOWN:
            baseline.ask(
                headers=(*_without(name), (name, value)),
            )


@case("wsgi", "headers-hop-by-hop", proves=(HOP_BY_HOP,))
def headers_hop_by_hop(stage: WSGIStage) -> None:
    """The reply does not depend on hop-by-hop headers, which a server may remove."""
    for baseline in baselines(stage):
        baseline.same(
            "the environ holds hop-by-hop headers",
            fails=HOP_BY_HOP,
            verdict="observed",
            headers=(*HEADERS, *INBOUND),
        )


def _without(name: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in HEADERS if pair[0] != name)
