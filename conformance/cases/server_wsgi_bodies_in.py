"""The request body as the application reads it: sizes, cuts, chunks, ends.

https://peps.python.org/pep-3333/#input-and-error-streams and
https://peps.python.org/pep-3333/#other-http-features
"""

from __future__ import annotations

from collections.abc import Sequence

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_reading import YIELDS, Use, used
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import read, repeat

DECODES = "wsgi.server.decodes-transfer-encoding"
CHUNKED_LENGTH = "wsgi.environ.content-length-for-chunked"

BLOCK = 8192
"""Octets that an application reads at a time from a large body."""


def sample(size: int) -> bytes:
    """Octets of every value, which do not repeat at a power of two."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


SIZES = (1, 255, 4096, 65_537, 300_001)
"""Sizes of bodies: below, at and beyond what servers read at once."""


@case("server.wsgi", "body-of-any-size", proves=(YIELDS,))
async def body_of_any_size(stage: ServerStage) -> None:
    """The application reads every octet of a body with Content-Length, as it was sent."""
    for size in SIZES:
        await _body(stage, sample(size), ())


@case("server.wsgi", "body-in-segments", proves=(YIELDS,))
async def body_in_segments(stage: ServerStage) -> None:
    """A body that comes in many segments, the first with half of the head, is the same body."""
    body = sample(3000)
    await _body(stage, body, (20, -2999, -2990, -2000, -1999, -1))


async def _body(stage: ServerStage, body: bytes, cuts: tuple[int, ...]) -> None:
    request = Request("POST", body=body)
    turns, left = divmod(len(body), BLOCK)
    steps = [*([repeat(turns, read(BLOCK))] if turns else []), *([read(left)] if left else [])]
    heard, uses, hung = await used(stage, body, *steps, request=request, cuts=cuts)
    got, whole_ = _read(uses), sum(_asked(use) for use in uses)
    if not heard.called:
        if len(body) <= 65_537:
            stage.blocked(f"the server refused a body of {len(body)} octets: {heard.reply}")
        return  # a limit of the server
    short = any(len(use[2]) < _asked(use) for use in uses if isinstance(use[2], bytes))
    if not body.startswith(got) or hung or (len(got) < whole_ and not short):
        stage.broken(
            YIELDS,
            f"the application read {len(got)} octets of a body of {len(body)}, "
            f"which differ from octet {_differs(got, body)} on"
            if not hung
            else f"a read within a body of {len(body)} octets did not return",
            heard=heard,
            observed=repr(got[_differs(got, body) :][:40]),
            expected=repr(body[_differs(got, body) :][:40]),
        )


def _read(uses: Sequence[Use]) -> bytes:
    return b"".join(use[2] for use in uses if isinstance(use[2], bytes))


def _asked(use: Use) -> int:
    size = use[1][0] if use[1] else 0
    return size if isinstance(size, int) else 0


def _differs(one: bytes, other: bytes) -> int:
    """The first octet at which two bodies differ."""
    for at, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            return at
    return min(len(one), len(other))


def chunks(*parts: bytes, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    """A chunked body."""
    made = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)
    return made + b"0\r\n" + trailers + b"\r\n"


HEAD = (("Host", "{host}"), ("Transfer-Encoding", "chunked"))

PARTS = (b"five\n", b"0\r\n\r\n", b"x", sample(1000), b"\r\nend")
"""Chunks that hold what looks like framing."""


@case("server.wsgi", "chunked-body", proves=(DECODES, CHUNKED_LENGTH))
async def chunked_body(stage: ServerStage) -> None:
    """A chunked body reaches the application decoded, and ends.

    A server may refuse it. That it is empty, or does not end where the server gives
    no flag that says it would, are warnings, for the text does not say how an
    application finds the end.
    """
    await _chunked(stage, chunks(*PARTS), b"".join(PARTS))


@case("server.wsgi", "chunked-body-in-segments", proves=(DECODES,))
async def chunked_in_segments(stage: ServerStage) -> None:
    """A chunked body is decoded wherever it is cut: in a size, between CR and LF, in the data."""
    octets = chunks(b"0123456789", b"abc")
    await _chunked(stage, octets, b"0123456789abc", tuple(range(-len(octets), 0)))


@case("server.wsgi", "chunked-body-extensions", proves=(DECODES,))
async def chunked_extensions(stage: ServerStage) -> None:
    """Chunk extensions and trailers are no part of the body."""
    octets = chunks(b"one", b"two", extension=b';a=b;c="d"', trailers=b"X-Trailer: yes\r\n")
    await _chunked(stage, octets, b"onetwo")


@case("server.wsgi", "chunked-body-empty", proves=(DECODES, CHUNKED_LENGTH))
async def chunked_empty(stage: ServerStage) -> None:
    """A chunked body without a chunk is an empty body."""
    await _chunked(stage, chunks(), b"")


@case("server.wsgi", "chunked-body-large", proves=(DECODES,))
async def chunked_large(stage: ServerStage) -> None:
    """A chunked body larger than any buffer comes whole: one large chunk, many small ones."""
    small = sample(3000)
    parts = (sample(150_000), *(small[at : at + 10] for at in range(0, 3000, 10)))
    await _chunked(stage, chunks(*parts), b"".join(parts))


async def _chunked(
    stage: ServerStage, octets: bytes, body: bytes, cuts: tuple[int, ...] = ()
) -> None:
    request = Request("POST", headers=HEAD, body=octets)
    turns = len(body) // BLOCK + 20 if len(body) < BLOCK else len(body) // 400
    heard, uses, hung = await used(
        stage,
        body,
        repeat(turns, read(BLOCK)),
        request=request,
        cuts=cuts,
    )
    if not heard.called:
        return  # 411, 501 or another refusal
    _declared(stage, heard, body)
    got = _read(uses)
    if not body.startswith(got):
        stage.broken(
            DECODES,
            "the application read something else than the decoded body of a chunked request",
            heard=heard,
            observed=repr(got[_differs(got, body) :][:60]),
            expected=repr(body[_differs(got, body) :][:60]),
            verdict=None if await _speaks_http11(stage, heard) else "weak",
        )
    elif hung:
        flagged = bool(heard.call.request.get("wsgi.input_terminated"))
        stage.broken(
            DECODES,
            "a read at the end of a chunked body does not return"
            + (", although wsgi.input_terminated is true" if flagged else ""),
            heard=heard,
            observed="it waits for more as long as the client keeps the connection open",
            expected="an empty result",
            verdict=None if flagged else "weak",
        )
    elif len(got) < len(body) and uses and uses[-1][2] == b"":
        stage.broken(
            DECODES,
            f"the application read {len(got)} of the {len(body)} octets of a chunked body",
            heard=heard,
            observed=repr(got[-40:]),
            expected="the whole decoded body, or a refusal",
            verdict="weak",
        )


async def _speaks_http11(stage: ServerStage, heard: Heard) -> bool:
    """Whether the server claims to speak HTTP/1.1, which has chunked bodies."""
    reply = heard.reply if heard.reply.status else (await stage.ask(Request())).reply
    return reply.version != "HTTP/1.0"


def _declared(stage: ServerStage, heard: Heard, body: bytes) -> None:
    seen = heard.call.request.get("CONTENT_LENGTH")
    if isinstance(seen, str) and seen not in ("", str(len(body))):
        stage.broken(
            CHUNKED_LENGTH,
            f"CONTENT_LENGTH is {seen!r} for a chunked body of {len(body)} octets",
            heard=heard,
            observed=repr(seen),
            expected=f"absent, empty or {str(len(body))!r}",
        )
