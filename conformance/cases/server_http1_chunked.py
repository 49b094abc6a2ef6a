"""Chunks of a request: sizes, data, extensions, trailers and the end (RFC 9112, 7.1)."""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    Outcome,
    accuse,
    begun,
    echo_all,
    finish,
    sent,
    table,
    values,
)
from gateproof.conformance.server_stage import ServerStage

CODING = b"Transfer-Encoding: chunked"
HEAD = b"POST /{token} HTTP/1.1\r\nHost: {host}\r\n" + CODING + b"\r\n\r\n"
LAST = b"0\r\n\r\n"

SIZES = (
    (b"0x5", b"hello"),
    (b"0X5", b"hello"),
    (b"-5", b"hello"),
    (b"+5", b"hello"),
    (b" 5", b"hello"),
    (b"\t5", b"hello"),
    (b"\x0b5", b"hello"),
    (b"5\x0c", b"hello"),
    (b"5\xa0", b"hello"),
    (b"5_0", b"h" * 0x50),
    (b"5 0", b"h" * 0x50),
    (b"5g", b"hello"),
    (b"g", b"hello"),
    (b"5h", b"hello"),
    (b"5.", b"hello"),
    (b"\xef\xbc\x95", b"hello"),
    (b'"5"', b"hello"),
    (b"", b""),
)
"""A malformed size, and the data that a lenient reader would take for it."""

BLANK_SIZES = ((b"5 ", b"hello"), (b"5\t", b"hello"))

OVERFLOWS = (b"ffffffffffffffff5", b"10000000000000005", b"1" + b"0" * 31 + b"5", b"100000005")
"""Sizes that are small in 32, 64 or 128 bits."""

DATA = (
    ("data longer than the size", b"3\r\nhello\r\n"),
    ("data shorter than the size", b"7\r\nhello\r\n"),
    ("other octets than CRLF", b"5\r\nhelloXX"),
    ("CR and another octet", b"5\r\nhello\rX"),
    ("nothing in between", b"5\r\nhello"),
)

EXTENSIONS = (b";foo=bar", b";foo", b';foo="a b"', b';foo="a;b\\"c"', b";a=1;b=2;c")

MERGED = (b"X-Auth: 1", b"Content-Length: 99", b"Host: evil.example", b"Authorization: Basic eA==")

LONG_EXTENSION = 2 << 20


def _taken(outcome: Outcome, data: bytes = b"") -> bool:
    """Whether a malformed body was taken for a good one.

    An application under ASGI answers only when it was told that the body is complete.
    One under WSGI may not be told of an error: there it has to have read all of ``data``,
    or the request behind has to be answered as if nothing had been.
    """
    if outcome.echoed is None:
        return False
    asgi = any(call.interface == "asgi" for call in outcome.heard.calls)
    return asgi or outcome.went_on or outcome.echoed == data != b""


@case("server.http1", "chunk-size-malformed", proves=["http1.chunked.size-grammar"])
async def chunk_size_malformed(stage: ServerStage) -> None:
    """A chunk size that is not hexadecimal digits alone is an error."""
    stage.needs("chunked_request")
    requirement = "http1.chunked.size-grammar"
    outcomes = await table(stage, [_sized(*row) for row in SIZES], echo_all(stage))
    bad = [one for one, (_, data) in zip(outcomes, SIZES, strict=True) if _taken(one, data)]
    accuse(stage, requirement, "accepted a chunk size", bad, expected="400, or an error")
    outcomes = await table(stage, [_sized(*row) for row in BLANK_SIZES], echo_all(stage))
    blank = [one for one in outcomes if _taken(one, b"hello")]
    deed = "accepted a chunk size with blanks behind it"
    accuse(stage, requirement, deed, blank, expected="400, or an error", verdict="weak")


def _sized(size: bytes, data: bytes) -> tuple[str, bytes]:
    return repr(size)[1:], HEAD + size + b"\r\n" + data + b"\r\n" + LAST


@case("server.http1", "chunk-size-huge", proves=["http1.chunked.size-overflow"])
async def chunk_size_huge(stage: ServerStage) -> None:
    """A huge chunk size is an error or waited for, and never taken for a small number."""
    stage.needs("chunked_request")
    rows = [_sized(size, b"hello") for size in OVERFLOWS]
    outcomes = await table(stage, rows, echo_all(stage), within=0.5)
    bad = [one for one in outcomes if _taken(one, b"hello")]
    accuse(
        stage,
        "http1.chunked.size-overflow",
        "served at once",
        bad,
        expected="an error, or waiting for the rest",
    )


@case("server.http1", "chunk-size-letters", proves=["http1.chunked.hex-case"])
async def chunk_size_letters(stage: ServerStage) -> None:
    """Hexadecimal digits in a chunk size may be capitals or not."""
    stage.needs("chunked_request")
    rows = [_sized(size, b"ten octets") for size in (b"a", b"A", b"0a", b"0A")]
    outcomes = await table(stage, rows, echo_all(stage))
    wrong = [one for one in outcomes if one.echoed != b"ten octets"]
    accuse(stage, "http1.chunked.hex-case", "misread", wrong, expected="ten octets of body")


@case("server.http1", "chunk-data-end", proves=["http1.chunked.data-crlf"])
async def chunk_data_end(stage: ServerStage) -> None:
    """The data of a chunk are as long as its size says, and CRLF follows them."""
    stage.needs("chunked_request")
    requirement = "http1.chunked.data-crlf"
    rows = [(what, HEAD + chunk + LAST) for what, chunk in DATA]
    bad = [one for one in await table(stage, rows, echo_all(stage)) if _taken(one)]
    accuse(stage, requirement, "accepted", bad, expected="400, or an error")
    bare = await sent(stage, "LF alone", HEAD + b"5\r\nhello\n" + LAST, echo_all(stage))
    accuse(
        stage,
        requirement,
        "accepted behind the data",
        [bare] if _taken(bare) else [],
        expected="400, or an error",
        verdict="weak",
        hint="take CRLF only: LF as the end of a line in chunks lets requests be smuggled",
    )


@case("server.http1", "chunk-extensions", proves=["http1.chunked.extensions-ignored"])
async def chunk_extensions(stage: ServerStage) -> None:
    """Chunk extensions that nobody knows change nothing."""
    stage.needs("chunked_request")
    rows = [
        (
            repr(extension)[1:],
            HEAD + b"5" + extension + b"\r\nhello\r\n" + b"0" + extension + b"\r\n\r\n",
        )
        for extension in EXTENSIONS
    ]
    outcomes = await table(stage, rows, echo_all(stage))
    bad = [one for one in outcomes if one.echoed != b"hello"]
    accuse(
        stage,
        "http1.chunked.extensions-ignored",
        "refused or mixed into the body",
        bad,
        expected="a body of b'hello'",
    )


@case("server.http1", "chunk-extension-large", proves=["http1.chunked.extension-limit"])
async def chunk_extension_large(stage: ServerStage) -> None:
    """Chunk extensions of megabytes are refused."""
    stage.needs("chunked_request")
    message = HEAD + b"5;" + b"a" * LONG_EXTENSION + b"\r\nhello\r\n" + LAST
    outcome = await sent(stage, f"{LONG_EXTENSION} octets", message, echo_all(stage), follow=False)
    accuse(
        stage,
        "http1.chunked.extension-limit",
        "took a chunk extension of",
        [outcome] if _taken(outcome, b"hello") else [],
        expected="an error, or a closed connection",
    )


@case("server.http1", "last-chunk-missing", proves=["http1.chunked.last-chunk-required"])
async def last_chunk_missing(stage: ServerStage) -> None:
    """A chunked body without its last chunk is not passed off as complete."""
    stage.needs("chunked_request")
    heard = await begun(stage, HEAD + b"5\r\nhello\r\n", echo_all(stage))
    heard.wire.half_close()
    reply = await finish(stage, heard)
    # Under WSGI an input that is being read has no way to tell that the client has left; a
    # server that reads the body before it calls has one: it need not call at all.
    tells = stage.interface == "asgi" or not stage.features.streaming_input
    if tells and reply.status == 200:
        stage.broken(
            "http1.chunked.last-chunk-required",
            "the application was told that a chunked body is complete whose last chunk never came",
            heard=heard,
            observed=f"a body of {reply.body!r}, told to be complete",
            expected="a disconnect, an error, or no call",
        )


@case(
    "server.http1",
    "trailers",
    proves=["http1.chunked.trailers-not-merged", "http1.chunked.trailers-discard-allowed"],
)
async def trailers(stage: ServerStage) -> None:
    """Fields behind a chunked body do not become fields of the request, or of the next one."""
    stage.needs("chunked_request")
    rows = [
        (field.decode(), HEAD + b"5\r\nhello\r\n0\r\n" + field + b"\r\n\r\n") for field in MERGED
    ]
    outcomes = await table(stage, rows, echo_all(stage))
    merged = [one for one in outcomes if _merged(one)]
    accuse(
        stage,
        "http1.chunked.trailers-not-merged",
        "merged into the header fields",
        merged,
        expected="no such field in the application",
    )


def _merged(outcome: Outcome) -> bool:
    """Whether the trailer field that names ``outcome`` is in the request or in the one behind."""
    name, _, value = outcome.what.partition(": ")
    calls = [*outcome.heard.calls, *(outcome.behind.calls if outcome.behind else [])]
    return any(value.encode() in values(call, name) for call in calls)


@case("server.http1", "framing-error-closes", proves=["http1.error.400-then-close"])
async def framing_error_closes(stage: ServerStage) -> None:
    """After an error in the framing nothing more is read from the connection."""
    rows = [("a length that is none", HEAD.replace(CODING, b"Content-Length: x") + b"hello")]
    if stage.features.chunked_request:
        rows += [
            ("a chunk size that is none", HEAD + b"zz\r\nhello\r\n" + LAST),
            ("a chunk longer than its size", HEAD + b"3\r\nhello\r\n" + LAST),
        ]
    outcomes = await table(stage, rows, echo_all(stage))
    kept = [one for one in outcomes if one.status and not one.served]
    kept = [one for one in kept if one.kept]
    accuse(
        stage,
        "http1.error.400-then-close",
        "kept the connection after",
        kept,
        expected="400 and a closed connection",
    )
