"""Content-Length, and where a request ends (RFC 9110, 8.6; RFC 9112, 6.2 and 6.3)."""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    accuse,
    begun,
    echo_all,
    finish,
    refusal,
    sent,
    table,
    values,
)
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.journal import Call

POST = b"POST /{token} HTTP/1.1\r\nHost: {host}\r\n"

INVALID = (
    b"-1",
    b"+5",
    b"0x5",
    b"5a",
    b"a5",
    b"",
    b"1_0",
    b"5 5",
    b"5.0",
    b"5,",
    b"5;q=1",
    b'"5"',
    b"\xef\xbc\x95",
    b"\xb2",
)

PADDED = (b"\x0b5", b"5\x0c", b"\x1c5", b"5\xa0")
"""Digits beside octets that some languages take for blanks, and HTTP does not."""

DIFFERENT = (
    ("5 and 6", b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    ("6 and 5", b"Content-Length: 6\r\nContent-Length: 5\r\n\r\nhello!"),
    ("0 and 5", b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello"),
    ("5, 6 in one line", b"Content-Length: 5, 6\r\n\r\nhello!"),
    ("in different letter case", b"Content-Length: 5\r\ncontent-length: 6\r\n\r\nhello!"),
)

EQUAL = (
    ("two lines", b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    ("one line", b"Content-Length: 5, 5\r\n\r\nhello"),
)

HUGE = (2**31 + 5, 2**32 + 5, 2**63, 2**64 + 5, 10**30 + 5)
"""Lengths that are small in 32 or 64 bits."""


@case("server.http1", "body-of-declared-length", proves=["http1.cl.request-body-exact"])
async def body_of_declared_length(stage: ServerStage) -> None:
    """A body ends where Content-Length says, and what follows is the next request."""
    await _bodies(stage, "http1.cl.request-body-exact", (b"x", b"hello", b"GET / HTTP/1.1\r\n\r\n"))


async def _bodies(stage: ServerStage, requirement: str, payloads: tuple[bytes, ...]) -> None:
    """Send each payload with its length and a request behind it."""
    rows = [
        (f"{len(payload)} octets", Request("POST", body=payload, headers=HOST))
        for payload in payloads
    ]
    outcomes = await table(stage, rows)
    wrong = [one for one, payload in zip(outcomes, payloads, strict=True) if one.echoed != payload]
    accuse(stage, requirement, "did not echo", wrong, expected="the body that was sent")
    accuse(
        stage,
        requirement,
        "refused the plain request behind",
        [one for one in outcomes if one.misread and one not in wrong],
        expected="the answer to the second request, or a closed connection",
    )


HOST = (("Host", "{host}"),)


@case("server.http1", "content-length-malformed", proves=["http1.cl.invalid-400-close"])
async def content_length_malformed(stage: ServerStage) -> None:
    """A Content-Length that is not digits alone is refused, and the connection is closed."""
    outcomes = await table(stage, map(_declared, INVALID))
    refusal(stage, "http1.cl.invalid-400-close", outcomes, closing=True)


@case("server.http1", "content-length-padded", proves=["http1.cl.invalid-400-close"])
async def content_length_padded(stage: ServerStage) -> None:
    """A Content-Length with other octets than blanks and tabs around it is refused likewise."""
    outcomes = await table(stage, map(_declared, PADDED))
    refusal(stage, "http1.cl.invalid-400-close", outcomes, closing=True)


def _declared(value: bytes) -> tuple[str, bytes]:
    return repr(value)[1:], POST + b"Content-Length: " + value + b"\r\n\r\nhello"


@case("server.http1", "content-lengths-differ", proves=["http1.cl.differing-duplicates-400"])
async def content_lengths_differ(stage: ServerStage) -> None:
    """Content-Length values that differ are refused, and the connection is closed."""
    rows = [(what, POST + rest) for what, rest in DIFFERENT]
    refusal(stage, "http1.cl.differing-duplicates-400", await table(stage, rows), closing=True)


@case("server.http1", "content-lengths-equal", proves=["http1.cl.same-duplicates"])
async def content_lengths_equal(stage: ServerStage) -> None:
    """Equal Content-Length values are merged or refused."""
    outcomes = await table(stage, [(what, POST + rest) for what, rest in EQUAL])
    shown = [one for one in outcomes if any(map(_listed, one.heard.calls))]
    accuse(
        stage,
        "http1.cl.same-duplicates",
        "showed the application a list of lengths",
        shown,
        expected="400, or one length",
    )


def _listed(call: Call) -> bool:
    return any(b"," in value for value in values(call, "content-length"))


@case("server.http1", "content-length-huge", proves=["http1.cl.large-number"])
async def content_length_huge(stage: ServerStage) -> None:
    """A huge Content-Length is refused or waited for, and never taken for a small number."""
    rows = [(str(length), POST + b"Content-Length: %d\r\n\r\nhello" % length) for length in HUGE]
    # Who takes the number for what it is waits for a body that never ends: no need to wait along.
    outcomes = await table(stage, rows, echo_all(stage), within=0.5)
    expected = "an error, or waiting for the rest"
    bad = [one for one in outcomes if one.served and one.status]
    accuse(stage, "http1.cl.large-number", "served at once", bad, expected=expected)
    failed = [one for one in outcomes if one.failed and one.status != 507]
    accuse(
        stage,
        "http1.cl.large-number",
        "answered with an error of the server",
        failed,
        expected=expected,
        verdict="weak",
    )


@case("server.http1", "content-length-with-zeros", proves=["http1.cl.leading-zeros"])
async def content_length_with_zeros(stage: ServerStage) -> None:
    """Leading zeros in Content-Length change nothing."""
    outcome = await sent(stage, "005", POST + b"Content-Length: 005\r\n\r\nhello")
    wrong = outcome.served and outcome.echoed != b"hello"
    accuse(
        stage,
        "http1.cl.leading-zeros",
        "read another number than five from",
        [outcome] if wrong or outcome.failed else [],
        expected="a body of five octets, or 400",
    )


@case(
    "server.http1",
    "no-framing-no-body",
    proves=["http1.body.none-without-headers", "http1.body.length-required-411"],
)
async def no_framing_no_body(stage: ServerStage) -> None:
    """A request without Content-Length and Transfer-Encoding has no body."""
    requirement = "http1.body.none-without-headers"
    rows = [(name, Request(name)) for name in ("GET", "POST", "PUT", "DELETE", "OPTIONS")]
    outcomes = await table(stage, rows)
    bad = [one for one in outcomes if not one.served and one.status not in {411, 405, 501}]
    accuse(
        stage,
        requirement,
        "did not serve",
        bad,
        expected="the application's answer, or 411",
    )
    eaten = [one for one in outcomes if one.echoed]
    accuse(
        stage,
        requirement,
        "gave the next request to the application as a body",
        eaten,
        expected="no body",
    )
    accuse(
        stage,
        requirement,
        "refused the plain request behind",
        [one for one in outcomes if one.misread and one not in bad and one not in eaten],
        expected="the answer to the second request, or a closed connection",
    )


@case("server.http1", "body-cut-short", proves=["http1.body.incomplete-request"])
async def body_cut_short(stage: ServerStage) -> None:
    """A body that ends before its declared length is not passed off as complete."""
    fields = (("Host", "{host}"), ("Content-Length", "100"))
    message = Request("POST", headers=fields).octets("{token}", "{host}") + b"ten octets"
    heard = await begun(stage, message, echo_all(stage))
    heard.wire.half_close()
    reply = await finish(stage, heard)
    # WSGI has no way to tell: a short read, an empty one and an exception are all right there.
    if stage.interface == "asgi" and reply.status == 200:
        stage.broken(
            "http1.body.incomplete-request",
            "the application was told that a body is complete which was cut short",
            heard=heard,
            observed=f"{reply.body_size} of 100 octets, more_body false",
            expected="http.disconnect after what came of the body",
        )
