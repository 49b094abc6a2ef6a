"""ASGI HTTP: request headers, in every legal container, case and number.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
"""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_method import RESPONSE
from gateproof.targets import asgi_scope
from gateproof.targets.asgi_http import Request

BROWSER = (
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"cookie", b"theme=dark; lang=en"),
)
"""Headers that applications are likely to look at."""


@case("asgi.http", "headers-duplicates", proves=RESPONSE)
async def duplicates(stage: ASGIStage) -> None:
    """Repeated request headers are no reason to break the protocol."""
    repeated = ((b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3"), *((b"accept", b"*/*"),) * 3)
    for path in stage.paths:
        await stage.request(Request.to(path, headers=repeated))


@case("asgi.http", "headers-odd-values", proves=RESPONSE)
async def odd_values(stage: ASGIStage) -> None:
    """Empty, long, non-ASCII and malformed header values leave the response well-formed."""
    for path in stage.paths:
        for header in (
            (b"x-empty", b""),
            (b"x-long", b"v" * 8000),
            (b"x-obs-text", b"caf\xe9 \xff"),
            (b"cookie", b"; =; a; b==; c=\xff; \x22"),
            (b"content-type", b"; charset=\xff"),
            (b"accept", b",;q=,*/*;q=nan"),
            (b"authorization", b"Basic %%%"),
            (b"range", b"bytes=5-2,x"),
            (b"if-modified-since", b"yesterday"),
        ):
            await stage.request(Request.to(path, headers=(header,)))


@case("asgi.http", "headers-many", proves=RESPONSE)
async def many(stage: ASGIStage) -> None:
    """A hundred request headers, or none at all, leave the response well-formed."""
    hundred = tuple((b"x-%d" % n, b"%d" % n) for n in range(100))
    for path in stage.paths:
        await stage.request(Request.to(path, headers=hundred))
        await stage.request(Request.to(path, scope={"headers": []}))


@case(
    "asgi.http",
    "headers-containers",
    proves=(*RESPONSE, "asgi.http.headers.transport-as-pairs"),
)
async def containers(stage: ASGIStage) -> None:
    """The reply does not depend on whether header pairs are lists or tuples.

    Servers of both kinds are in use. A tuple of pairs is legal too, but no server
    gives one, so that breaking on it is only an observation.
    """
    requirement = "asgi.http.headers.transport-as-pairs"
    for base in await stage.baselines(headers=BROWSER):
        pairs = asgi_scope.http("GET", "/", headers=BROWSER, host=stage.host)["headers"]
        await base.agrees(
            base.asked.but(scope={"headers": [list(pair) for pair in pairs]}),
            requirement,
            "header pairs are lists",
        )
        await base.agrees(
            base.asked.but(scope={"headers": tuple(pairs)}),
            requirement,
            "the headers are a tuple",
            broke="observed",
            changed="observed",
        )


@case(
    "asgi.http",
    "headers-mixed-case",
    proves=(*RESPONSE, "asgi.http.scope.headers-lowercase"),
)
async def mixed_case(stage: ASGIStage) -> None:
    """The reply does not depend on the case of request header names.

    The text asks servers for lower case and allows any other.
    """
    for base in await stage.baselines(headers=BROWSER):
        headers = asgi_scope.http("GET", "/", headers=BROWSER, host=stage.host)["headers"]
        await base.agrees(
            base.asked.but(scope={"headers": [(name.title(), value) for name, value in headers]}),
            "asgi.http.scope.headers-lowercase",
            "header names are in mixed case",
            broke="weak",
            changed="weak",
        )


@case(
    "asgi.http",
    "cookie-split",
    proves=(*RESPONSE, "asgi.http.headers.app-handles-h2-cookie"),
)
async def cookie_split(stage: ASGIStage) -> None:
    """Over HTTP/2 the reply is the same for one Cookie header and for several."""
    one = ((b"cookie", b"theme=dark; lang=en; n=1"),)
    several = ((b"cookie", b"theme=dark"), (b"cookie", b"lang=en"), (b"cookie", b"n=1"))
    for base in await stage.baselines(headers=one, scope={"http_version": "2"}):
        await base.agrees(
            base.asked.but(headers=several),
            "asgi.http.headers.app-handles-h2-cookie",
            "the cookies come in several headers",
        )
