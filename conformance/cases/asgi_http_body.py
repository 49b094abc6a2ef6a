"""ASGI HTTP: request bodies, of every size and cut, with keys present or left out.

https://asgi.readthedocs.io/en/latest/specs/www.html#request-receive-event
"""

from __future__ import annotations

import functools

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_method import RESPONSE
from gateproof.targets.asgi_http import Request

SIZES = (0, 1, 64 << 10, 5 << 20)
_PIECE = 64 << 10


@functools.cache
def payload(size: int) -> bytes:
    """A body of ``size`` bytes in which every byte value occurs and no cut looks like another."""
    block = bytes(range(256)) + b"--gateproof\r\n"
    return (block * (size // len(block) + 1))[:size]


def _length(size: int) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", b"application/octet-stream"),
        (b"content-length", b"%d" % size),
    )


@case("asgi.http", "body-sizes", proves=RESPONSE)
async def sizes(stage: ASGIStage) -> None:
    """Bodies of 0, 1, 64 KiB and 5 MiB in one piece leave the response well-formed."""
    for path in stage.paths:
        for size in SIZES:
            await stage.request(Request.to(path, headers=_length(size), body=(payload(size),)))


@case("asgi.http", "body-cut", proves=(*RESPONSE, "asgi.http.request.body-concatenated"))
async def cut(stage: ASGIStage) -> None:
    """The reply does not depend on how the body was cut, empty pieces included."""
    body = payload(1000)
    for base in await stage.baselines(headers=_length(1000), body=(body,)):
        for pieces in (
            (body[:1], body[1:]),
            (b"", body, b""),
            (body[:500], b"", b"", body[500:]),
            tuple(body[n : n + 10] for n in range(0, 1000, 10)),
        ):
            await base.agrees(
                base.asked.but(body=pieces),
                "asgi.http.request.body-concatenated",
                f"the body comes in {len(pieces)} pieces",
            )


@case("asgi.http", "body-large-cut", proves=(*RESPONSE, "asgi.http.request.body-concatenated"))
async def large_cut(stage: ASGIStage) -> None:
    """A body of 5 MiB gets the same reply in one piece and in many."""
    size = SIZES[-1]
    piece = payload(_PIECE)
    pieces = (*(b"", piece) * (size // _PIECE), b"")
    for base in await stage.baselines(headers=_length(size), body=(piece * (size // _PIECE),)):
        await base.agrees(
            base.asked.but(body=pieces),
            "asgi.http.request.body-concatenated",
            f"the body of 5 MiB comes in {len(pieces)} pieces, every second one empty",
        )


@case("asgi.http", "body-of-unknown-length", proves=RESPONSE)
async def unknown_length(stage: ASGIStage) -> None:
    """A body may come without a length: chunked over HTTP/1.1, bare over HTTP/2."""
    chunked = ((b"transfer-encoding", b"chunked"),)
    for path in stage.paths:
        await stage.request(Request.to(path, headers=chunked, body=(b"one", b"two", b"")))
        await stage.request(Request.to(path, body=(b"one", b"two"), scope={"http_version": "2"}))


@case(
    "asgi.http",
    "body-keys-absent",
    proves=(
        *RESPONSE,
        "asgi.http.request.body-default",
        "asgi.http.request.more-body-default",
    ),
)
async def keys_absent(stage: ASGIStage) -> None:
    """http.request without body or more_body means an empty body, or the last piece."""
    full = {"type": "http.request", "body": b"", "more_body": False}
    for base in await stage.baselines(events=(full,)):
        for key, requirement in (
            ("body", "asgi.http.request.body-default"),
            ("more_body", "asgi.http.request.more-body-default"),
        ):
            event = {name: value for name, value in full.items() if name != key}
            await base.agrees(
                base.asked.but(events=(event,)), requirement, f"http.request has no {key!r}"
            )
        await base.agrees(
            base.asked.but(events=({"type": "http.request"},)),
            "asgi.http.request.body-default",
            "http.request has neither 'body' nor 'more_body'",
        )


@case("asgi.http", "body-keys-extra", proves=(*RESPONSE, "asgi.app.ignores-extra-keys"))
async def keys_extra(stage: ASGIStage) -> None:
    """Unknown keys in http.request are ignored."""
    full = {"type": "http.request", "body": b"", "more_body": False}
    for base in await stage.baselines(events=(full,)):
        await base.agrees(
            base.asked.but(events=({**full, "x_gateproof": 1, "headers": None},)),
            "asgi.app.ignores-extra-keys",
            "http.request has unknown keys",
        )
