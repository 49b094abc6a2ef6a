"""ASGI HTTP: paths and query strings, as decoded from all kinds of request targets.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
"""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_method import RESPONSE
from gateproof.targets.asgi_http import Request


async def _each(stage: ASGIStage, *paths: str) -> None:
    for path in paths:
        await stage.request(Request(path=path))


@case("asgi.http", "path-percent-encoded", proves=RESPONSE)
async def percent_encoded(stage: ASGIStage) -> None:
    """Encoded slashes, question marks and percent signs arrive decoded once."""
    await _each(stage, "/a%2Fb", "/a%3Fb", "/a%25b", "/a%252Fb", "/%41%20%2B+")


@case("asgi.http", "path-non-ascii", proves=RESPONSE)
async def non_ascii(stage: ASGIStage) -> None:
    """UTF-8 in the path arrives as characters, on the basic plane and beyond."""
    await _each(stage, "/caf%C3%A9", "/%E4%BD%A0%E5%A5%BD", "/%F0%9F%90%8D", "/e%CC%81")


@case("asgi.http", "path-not-utf8", proves=RESPONSE)
async def not_utf8(stage: ASGIStage) -> None:
    """Bytes in the path that are no UTF-8 arrive as replacement characters."""
    await _each(stage, "/%FF", "/%C3", "/%ED%A0%80")


@case("asgi.http", "path-controls", proves=RESPONSE)
async def controls(stage: ASGIStage) -> None:
    """Encoded control characters in the path do not reach the response's headers."""
    await _each(stage, "/%00", "/%0A", "/%0D%0Ax-injected:%201", "/%7F")


@case("asgi.http", "path-forms", proves=RESPONSE)
async def forms(stage: ASGIStage) -> None:
    """Empty segments, dots, parameters and a long path are paths like any other."""
    await _each(stage, "//", "/./", "/../", "/a//b", "/a;b=c/d", "/" + "long/" * 400)


@case("asgi.http", "query-strings", proves=RESPONSE)
async def query_strings(stage: ASGIStage) -> None:
    """Query strings arrive as raw bytes, of any form and length."""
    queries = (
        b"a=1&b=2&a=3",
        b"a=%20b&c=+",
        b"&&==&",
        b"?",
        b"%zz=%",
        b"%FF=%C3",
        b"caf\xc3\xa9=1",
        b"q=" + b"x" * 4000,
    )
    for path in stage.paths:
        for query in queries:
            await stage.request(Request.to(path).but(query=query))
