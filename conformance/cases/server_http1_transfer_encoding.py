"""Transfer-Encoding of a request, and what goes wrong beside it (RFC 9112, 6.1 and 6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    Outcome,
    accuse,
    begun,
    each,
    echo_all,
    finish,
    refusal,
    sent,
    table,
)
from gateproof.conformance.server_stage import ServerStage

POST = b"POST /{token} HTTP/1.1\r\nHost: {host}\r\n"
CODED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
PAYLOAD = b"hello, chunks"
CHUNKS = b"5\r\nhello\r\n8\r\n, chunks\r\n0\r\n\r\n"
"""The payload in two chunks."""

TRAILERS = CHUNKS[:-2] + b"X-Trailer: 1\r\nX-Other: 2\r\n\r\n"

NOT_LAST = (b"chunked, gzip", b"chunked, foo", b"chunked, identity")
NOT_CHUNKED = (b"gzip", b"deflate", b"identity")
UNKNOWN = (b"foo", b"x-unknown", b"x-unknown, foo")

DAMAGED = (
    b"xchunked",
    b"chunkedx",
    b"chunked\x0b",
    b"\x0bchunked",
    b"chunked\x0c",
    b"chunked\x00",
    b"\x00chunked",
    b"chunked\x1c",
    b"chunked\xa0",
    b"\x85chunked",
    b"chunked;q=1",
    b"chunk ed",
    b'"chunked"',
    b"chunke",
    b"chun\xe2\x84\xaaed",
)


def modern(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those that were not answered as HTTP/1.0, which knows no Transfer-Encoding."""
    return [one for one in outcomes if one.heard.reply.version != "HTTP/1.0"]


@case("server.http1", "chunked-body", proves=["http1.te.chunked-request-parsed"])
async def chunked_body(stage: ServerStage) -> None:
    """A chunked body reaches the application decoded, however it is cut into segments."""
    requirement = "http1.te.chunked-request-parsed"
    head = len(CODED) + 30  # with token and host in their places
    rows: Sequence[tuple[str, bytes, Sequence[int]]] = (
        ("in one segment", CODED + CHUNKS, ()),
        ("with the head in two segments", CODED + CHUNKS, (60,)),
        ("in segments of seven octets", CODED + CHUNKS, range(7, head + len(CHUNKS), 7)),
        ("with trailers", CODED + TRAILERS, ()),
        ("with an empty body", CODED + b"0\r\n\r\n", ()),
        ("in capitals", CODED.replace(b"chunked", b"Chunked") + CHUNKS, ()),
    )
    outcomes = await each(
        stage, rows, lambda row: sent(stage, row[0], row[1], echo_all(stage), cuts=row[2])
    )
    expected = f"{PAYLOAD!r} in the application, and an answer to the request behind"
    refused = [one for one in outcomes if stage.interface == "wsgi" and one.status in {411, 501}]
    old = [one for one in outcomes if one not in modern(outcomes)]
    accuse(
        stage,
        requirement,
        "does not take a chunked body",
        refused or old,
        expected=expected,
        verdict="weak",
    )
    rest = [one for one in outcomes if one not in refused and one not in old]
    trailed = [one for one in rest if one.what == "with trailers" and not one.served]
    trailed = [one for one in trailed if not one.failed]
    deed = "refused a chunked body"
    accuse(stage, requirement, deed, trailed, expected=expected, verdict="weak")
    rest = [one for one in rest if one not in trailed]
    garbled = [one for one in rest if not _decoded(one)]
    accuse(stage, requirement, "lost or altered a chunked body", garbled, expected=expected)
    rest = [one for one in rest if one not in garbled]
    # Where the plainest row keeps the connection, another may not lose what follows it.
    kept = outcomes[0].went_on
    lost = [one for one in rest if kept and one.heard.reply.keeps and not one.went_on]
    misread = [one for one in rest if one.misread or one in lost]
    accuse(stage, requirement, "misread what follows a chunked body", misread, expected=expected)


def _decoded(outcome: Outcome) -> bool:
    """Whether the payload of the table reached the application, and nothing else."""
    wanted = b"" if outcome.what == "with an empty body" else PAYLOAD
    return outcome.echoed == wanted


@case("server.http1", "transfer-coding-unknown", proves=["http1.te.unknown-coding-501"])
async def transfer_coding_unknown(stage: ServerStage) -> None:
    """A transfer coding that the server does not know is refused."""
    codings = (b"foo, chunked", b"x-unknown , chunked", b"foo;a=b, chunked")
    rows = [_coded(coding) for coding in codings]
    served = [one for one in modern(await table(stage, rows, echo_all(stage))) if one.served]
    accuse(
        stage,
        "http1.te.unknown-coding-501",
        "took a coded body for plain data",
        served,
        expected="501, or 400",
    )


def _coded(coding: bytes) -> tuple[str, bytes]:
    return repr(coding)[1:], POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + CHUNKS


@case("server.http1", "chunked-not-last", proves=["http1.te.chunked-not-final-400"])
async def chunked_not_last(stage: ServerStage) -> None:
    """A request whose last transfer coding is not chunked is refused, and the connection closed."""
    outcomes = modern(await table(stage, map(_coded, NOT_LAST), echo_all(stage)))
    refusal(stage, "http1.te.chunked-not-final-400", outcomes, closing=True)


@case("server.http1", "coded-not-chunked", proves=["http1.te.chunked-not-final-400"])
async def coded_not_chunked(stage: ServerStage) -> None:
    """A request whose only transfer coding is another one of HTTP's is refused likewise."""
    outcomes = modern(await table(stage, map(_coded, NOT_CHUNKED), echo_all(stage)))
    refusal(stage, "http1.te.chunked-not-final-400", outcomes, closing=True)


@case("server.http1", "only-unknown-codings", proves=["http1.te.chunked-not-final-400"])
async def only_unknown_codings(stage: ServerStage) -> None:
    """A request that names transfer codings of nobody's, and not chunked, is refused likewise."""
    outcomes = modern(await table(stage, map(_coded, UNKNOWN), echo_all(stage)))
    refusal(stage, "http1.te.chunked-not-final-400", outcomes, closing=True)


@case("server.http1", "chunked-twice", proves=["http1.te.chunked-twice"])
async def chunked_twice(stage: ServerStage) -> None:
    """A body that is said to be chunked twice is refused."""
    line = b"Transfer-Encoding: chunked\r\n"
    rows = [_coded(b"chunked, chunked"), ("two lines", POST + line + line + b"\r\n" + CHUNKS)]
    # The text binds senders only; a server that decodes once what is said to be coded twice
    # takes the wrong octets for the body, which is why it is told.
    outcomes = modern(await table(stage, rows, echo_all(stage)))
    refusal(stage, "http1.te.chunked-twice", outcomes, verdict="weak")


@case("server.http1", "chunked-misspelt", proves=["http1.te.obfuscated"])
async def chunked_misspelt(stage: ServerStage) -> None:
    """A damaged spelling of chunked is not taken for chunked."""
    outcomes = modern(await table(stage, map(_coded, DAMAGED), echo_all(stage)))
    taken = [one for one in outcomes if one.echoed == PAYLOAD]
    accuse(
        stage,
        "http1.te.obfuscated",
        "took for chunked",
        taken,
        expected="400 or 501",
    )


@case("server.http1", "length-beside-chunked", proves=["http1.te.with-content-length-close"])
async def length_beside_chunked(stage: ServerStage) -> None:
    """After a request with Content-Length and Transfer-Encoding the connection is closed."""
    size = b"Content-Length: %d\r\n" % len(CHUNKS)
    coding = b"Transfer-Encoding: chunked\r\n"
    rows = [
        ("length first", POST + size + coding + b"\r\n" + CHUNKS),
        ("coding first", POST + coding + size + b"\r\n" + CHUNKS),
    ]
    outcomes = await table(stage, rows, echo_all(stage))
    outcomes += await each(stage, rows, lambda row: _one_after_another(stage, *row))
    kept = [one for one in modern(outcomes) if one.kept]
    accuse(
        stage,
        "http1.te.with-content-length-close",
        "kept the connection",
        kept,
        expected="400, or the application's answer, and then a closed connection",
    )


async def _one_after_another(stage: ServerStage, what: str, message: bytes) -> Outcome:
    """Send a message, and a plain request once it has been answered.

    Some servers that keep the connection overlook a request that they have already read.
    """
    heard = await begun(stage, message, echo_all(stage))
    await finish(stage, heard, "POST")
    second = await stage.follow_up(heard)
    await heard.wire.close()
    return Outcome(f"{what}, a request after the answer", heard, second)


@case("server.http1", "chunked-overrides-length", proves=["http1.body.te-overrides-cl"])
async def chunked_overrides_length(stage: ServerStage) -> None:
    """Where both are there, the chunks say how long the body is, not Content-Length."""
    coding = b"Transfer-Encoding: chunked\r\n"
    rows = [
        (f"a length of {size}", POST + b"Content-Length: %d\r\n" % size + coding + b"\r\n" + CHUNKS)
        for size in (0, 3, 100)
    ]
    outcomes = modern(await table(stage, rows, echo_all(stage)))
    measured = [one for one in outcomes if one.echoed not in {None, PAYLOAD}]
    accuse(
        stage,
        "http1.body.te-overrides-cl",
        "did not read the chunks with",
        measured,
        expected=f"400, or {PAYLOAD!r} in the application",
    )


@case("server.http1", "chunked-in-http10", proves=["http1.te.http10-faulty"])
async def chunked_in_http10(stage: ServerStage) -> None:
    """After an HTTP/1.0 request with Transfer-Encoding the connection is closed."""
    head = CODED.replace(b"HTTP/1.1", b"HTTP/1.0").replace(
        b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n"
    )
    outcome = await sent(stage, "chunked in HTTP/1.0", head + CHUNKS, echo_all(stage))
    accuse(
        stage,
        "http1.te.http10-faulty",
        "kept the connection after",
        [outcome] if outcome.kept else [],
        expected="a closed connection after the response",
    )
