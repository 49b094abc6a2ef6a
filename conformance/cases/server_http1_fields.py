"""Header fields of a request: names, values, line ends and folding (RFC 9112, 2.2 and 5)."""

from __future__ import annotations

import asyncio

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    ECHO_ALL,
    Outcome,
    accuse,
    echo_all,
    fields,
    refusal,
    sent,
    table,
    values,
)
from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.http1 import read_reply
from gateproof.targets.journal import Call

START = b"GET /{token} HTTP/1.1\r\nHost: {host}\r\n"
POST = b"POST /{token} HTTP/1.1\r\nHost: {host}\r\n"

MARK = b"planted"
"""A value by which a field is found again, whatever became of its name."""

SPACED = (
    ("a space", START + b"X-A : v\r\n\r\n"),
    ("a tab", START + b"X-A\t: v\r\n\r\n"),
    ("a space in Content-Length", POST + b"Content-Length : 5\r\n\r\nhello"),
    ("a space in Transfer-Encoding", POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    ("a space in Host", b"GET /{token} HTTP/1.1\r\nHost : {host}\r\n\r\n"),
)

NAMES = (
    b"X B",
    b"X(B",
    b"X@B",
    b"X/B",
    b"X=B",
    b'X"B',
    b"X{B}",
    b"X\x00B",
    b"X\x01B",
    b"X\x7fB",
    b"X\xe9B",
    b"X\x80B",
    b"",
)

PADDED = (b"\t v \t", b"   v", b"v   ", b"\tv", b"", b" ")

OPAQUE = (b"\xe9", b"caf\xc3\xa9", b"\xff\xfe", b"a\xa0b", b"\x80\x85")

CONTROLS = (b"\x01", b"\x08", b"\x0b", b"\x0c", b"\x1b", b"\x1f", b"\x7f")

NO_CR = "400, or a space in its place"

WIDE = (
    ("a full-width digit in Content-Length", b"Content-Length: \xef\xbc\x95\r\n"),
    ("an Arabic digit in Content-Length", b"Content-Length: \xd9\xa5\r\n"),
    ("a superscript digit in Content-Length", b"Content-Length: \xb2\r\n"),
    ("Content-Length with a dotless i in its place", b"Content-Length\xc4\xb1: 5\r\n"),
    ("a Kelvin sign in the name", b"\xe2\x84\xaa: 5\r\n"),
    ("a long s in the name of Host", b"Ho\xc5\xbft: a\r\n"),
    ("a next-line character for a line end", b"X-A: v\xc2\x85Content-Length: 5\r\n"),
    ("a line separator for a line end", b"X-A: v\xe2\x80\xa8Content-Length: 5\r\n"),
    ("a vertical tab for a line end", b"X-A: v\x0bContent-Length: 5\r\n"),
    ("a form feed for a line end", b"X-A: v\x0cContent-Length: 5\r\n"),
    ("a file separator for a line end", b"X-A: v\x1cContent-Length: 5\r\n"),
)


@case("server.http1", "space-before-colon", proves=["http1.field.space-before-colon"])
async def space_before_colon(stage: ServerStage) -> None:
    """Whitespace between a field name and its colon is refused."""
    refusal(stage, "http1.field.space-before-colon", await table(stage, SPACED))


@case("server.http1", "field-value-trimmed", proves=["http1.field.value-trimmed"])
async def field_value_trimmed(stage: ServerStage) -> None:
    """Blanks and tabs around a field value are no part of it."""
    rows = [(repr(value)[1:], START + b"X-A:" + value + b"\r\n\r\n") for value in PADDED]
    for outcome, value in zip(await table(stage, rows), PADDED, strict=True):
        for call in outcome.heard.calls[:1]:
            seen = values(call, "x-a")
            if seen and seen != [value.strip(b" \t")]:
                stage.broken(
                    "http1.field.value-trimmed",
                    "a header value keeps the whitespace that surrounded it, or lost more",
                    heard=outcome.heard,
                    observed=repr(seen),
                    expected=repr([value.strip(b" \t")]),
                )
                return


@case("server.http1", "field-name-no-token", proves=["http1.field.name-token"])
async def field_name_no_token(stage: ServerStage) -> None:
    """A field whose name is no token does not reach the application."""
    requirement = "http1.field.name-token"
    rows = [(repr(name)[1:], START + name + b": " + MARK + b"\r\n\r\n") for name in NAMES]
    outcomes = await table(stage, rows)
    passed = [one for one in outcomes if any(_holds(call, MARK) for call in one.heard.calls)]
    accuse(stage, requirement, "passed on a field called", passed, expected="400")
    dropped = [one for one in outcomes if one.served and one not in passed]
    deed = "left out without an error a field called"
    accuse(stage, requirement, deed, dropped, expected="400", verdict="weak")


def _holds(call: Call, mark: bytes) -> bool:
    """Whether any field that the application sees holds ``mark``."""
    return any(mark in name or mark in value for name, value in fields(call))


@case("server.http1", "field-name-in-any-case", proves=["http1.field.name-case-insensitive"])
async def field_name_in_any_case(stage: ServerStage) -> None:
    """Host, Content-Length and Transfer-Encoding count in whatever letter case they are written."""
    line = b"POST /{token} HTTP/1.1\r\n"
    rows = [
        ("hOsT and CONTENT-length", line + b"hOsT: {host}\r\nCONTENT-length: 5\r\n\r\nhello"),
        ("HOST and content-LENGTH", line + b"HOST: {host}\r\ncontent-LENGTH: 5\r\n\r\nhello"),
    ]
    if stage.features.chunked_request:
        coded = b"host: {host}\r\ntRaNsFeR-eNcOdInG: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        rows.append(("tRaNsFeR-eNcOdInG", line + coded))
    outcomes = await table(stage, rows)
    bad = [one for one in outcomes if not one.served or one.misread]
    accuse(
        stage,
        "http1.field.name-case-insensitive",
        "overlooked a field for its letter case",
        bad,
        expected="the same as for the usual spelling",
    )


@case("server.http1", "field-without-colon", proves=["http1.field.missing-colon"])
async def field_without_colon(stage: ServerStage) -> None:
    """A header line without a colon is refused."""
    rows = [
        ("a word alone", START + b"X-A\r\n\r\n"),
        ("words", START + b"X-A planted\r\nX-B: 1\r\n\r\n"),
    ]
    refusal(stage, "http1.field.missing-colon", await table(stage, rows))


@case("server.http1", "field-with-underscore", proves=["http1.field.underscore-names"])
async def field_with_underscore(stage: ServerStage) -> None:
    """A field name with an underscore is legal: the request is answered, with or without it."""
    outcome = await sent(stage, "X_A", Request().plus(("X_A", "1")), follow=False)
    accuse(
        stage,
        "http1.field.underscore-names",
        "did not cope with",
        [outcome] if outcome.failed or outcome.silent else [],
        expected="the application's answer, or a refusal",
    )


@case("server.http1", "folded-line", proves=["http1.field.obs-fold-request"])
async def folded_line(stage: ServerStage) -> None:
    """A folded header line is refused, or unfolded with blanks in place of the fold."""
    rows = [
        ("a space", START + b"X-A: a\r\n b\r\n\r\n"),
        ("a tab", START + b"X-A: a\r\n\tb\r\n\r\n"),
        ("a space, twice", START + b"X-A: a\r\n b\r\n c\r\n\r\n"),
        ("a space, looking like a field", START + b"X-A: a\r\n X-B: b\r\n\r\n"),
    ]
    bad = [one for one in await table(stage, rows) if any(map(_misfolded, one.heard.calls))]
    accuse(
        stage,
        "http1.field.obs-fold-request",
        "neither refused nor unfolded a line folded with",
        bad,
        expected="400, or blanks in place of the fold",
    )


def _misfolded(call: Call) -> bool:
    """Whether the value is not whole, or the fold still in it, or made a field of its own."""
    seen = b"".join(values(call, "x-a"))
    whole = seen.split() in ([b"a", b"b"], [b"a", b"b", b"c"], [b"a", b"X-B:", b"b"])
    return not whole or b"\r" in seen or b"\n" in seen or bool(values(call, "x-b"))


@case("server.http1", "nul-in-value", proves=["http1.field.cr-lf-nul-request"])
async def nul_in_value(stage: ServerStage) -> None:
    """NUL in a field value is refused, or replaced with a space."""
    rows = [
        ("in the middle", START + b"X-A: a\x00b\r\n\r\n"),
        ("at the end", START + b"X-A: a\x00\r\n\r\n"),
        ("in a cookie", START + b"Cookie: a=\x00b\r\n\r\n"),
    ]
    outcomes = await table(stage, rows)
    bad = [one for one in outcomes if any(_holds(call, b"\0") for call in one.heard.calls)]
    accuse(
        stage,
        "http1.field.cr-lf-nul-request",
        "passed NUL on",
        bad,
        expected="400, or a space in its place",
    )


@case("server.http1", "bare-cr-in-request", proves=["http1.parse.bare-cr-in-request"])
async def bare_cr_in_request(stage: ServerStage) -> None:
    """A CR without LF in the request line or in a field makes it invalid, or becomes a space."""
    rows = [
        ("in a value", START + b"X-A: a\rb\r\n\r\n"),
        ("before a field", START + b"X-A: a\rX-B: planted\r\n\r\n"),
        ("at the end of a value", START + b"X-A: a\r\r\n\r\n"),
        ("in the target", b"GET /{token}/a\rb HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    ]
    outcomes = await table(stage, rows)
    bad = [one for one in outcomes if any(map(_carries_cr, one.heard.calls))]
    accuse(stage, "http1.parse.bare-cr-in-request", "took a bare CR", bad, expected=NO_CR)


@case("server.http1", "bare-cr-in-chunk-line", proves=["http1.parse.bare-cr-in-request"])
async def bare_cr_in_chunk_line(stage: ServerStage) -> None:
    """A CR without LF in the line before a chunk makes it invalid, or becomes a space."""
    stage.needs("chunked_request")
    coded = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    rows = [
        ("in a chunk extension", coded + b"5;a\rb\r\nhello\r\n0\r\n\r\n"),
        ("behind a chunk size", coded + b"5\r;a\r\nhello\r\n0\r\n\r\n"),
    ]
    taken = [one for one in await table(stage, rows, ECHO_ALL) if one.echoed is not None]
    # With a space in its place it would do no harm, and none can tell whether it was put there.
    requirement = "http1.parse.bare-cr-in-request"
    accuse(stage, requirement, "took a bare CR", taken, expected=NO_CR, verdict="weak")


def _carries_cr(call: Call) -> bool:
    """Whether a CR reached the application, or ended a line."""
    texts = [text for pair in fields(call) for text in pair]
    for key in ("path", "raw_path", "query_string", "PATH_INFO", "QUERY_STRING"):
        text = call.request.get(key, b"")
        texts.append(text if isinstance(text, bytes) else str(text).encode("utf-8", "replace"))
    return any(b"\r" in text for text in texts) or bool(values(call, "x-b"))


@case("server.http1", "bare-lf-as-line-end", proves=["http1.parse.bare-lf-line-end"])
async def bare_lf_as_line_end(stage: ServerStage) -> None:
    """Lines that end in LF alone are taken throughout, or refused."""
    rows = [
        ("throughout", b"GET /{token} HTTP/1.1\nHost: {host}\n\n"),
        ("in one field", START + b"X-A: 1\nX-B: 2\r\n\r\n"),
    ]
    unwell = [one for one in await table(stage, rows) if one.failed]
    accuse(
        stage,
        "http1.parse.bare-lf-line-end",
        "did not cope with LF as a line end",
        unwell,
        expected="the application's answer, or 400",
    )


@case(
    "server.http1",
    "blank-before-first-field",
    proves=["http1.parse.whitespace-before-first-header"],
)
async def blank_before_first_field(stage: ServerStage) -> None:
    """A line that begins with a blank right behind the request line is refused or dropped."""
    line = b"GET /{token} HTTP/1.1\r\n"
    rows = [
        ("a space", line + b" X-A: planted\r\nHost: {host}\r\n\r\n"),
        ("a tab", line + b"\tX-A: planted\r\nHost: {host}\r\n\r\n"),
    ]
    outcomes = await table(stage, rows)
    bad = [one for one in outcomes if any(_holds(call, MARK) for call in one.heard.calls)]
    accuse(
        stage,
        "http1.parse.whitespace-before-first-header",
        "took the line for a field, which begins with",
        bad,
        expected="400, or nothing of that line",
    )


@case("server.http1", "control-in-value", proves=["http1.field.other-ctl-request"])
async def control_in_value(stage: ServerStage) -> None:
    """Other control characters in a field value are refused or kept; the server stays well."""
    rows = [(repr(octet)[1:], START + b"X-A: a" + octet + b"b\r\n\r\n") for octet in CONTROLS]
    unwell = [one for one in await table(stage, rows) if one.failed or one.silent]
    accuse(
        stage,
        "http1.field.other-ctl-request",
        "did not cope with a control character in a value",
        unwell,
        expected="the application's answer, or 400",
    )


@case("server.http1", "octets-in-value", proves=["http1.field.obs-text-opaque"])
async def octets_in_value(stage: ServerStage) -> None:
    """Octets above 0x7F in a field value reach the application as they are."""
    rows = [(repr(value)[1:], START + b"X-A: a" + value + b"b\r\n\r\n") for value in OPAQUE]
    outcomes = await table(stage, rows)
    bad = []
    for outcome, value in zip(outcomes, OPAQUE, strict=True):
        altered = any(values(call, "x-a") != [b"a" + value + b"b"] for call in outcome.heard.calls)
        if altered or outcome.failed:
            bad.append(outcome)
    accuse(
        stage,
        "http1.field.obs-text-opaque",
        "did not pass on as they are",
        bad,
        expected="the same octets in the application, or a refusal",
    )


@case("server.http1", "head-is-octets", proves=["http1.parse.octets-not-unicode"])
async def head_is_octets(stage: ServerStage) -> None:
    """Letters and digits of other scripts are no letters and digits of a request head."""
    rows = [(what, POST + field + b"\r\nhello") for what, field in WIDE]
    bad = [one for one in await table(stage, rows, echo_all(stage)) if _folded(one)]
    accuse(
        stage,
        "http1.parse.octets-not-unicode",
        "took look-alikes for letters, digits or line ends",
        bad,
        expected="400, or a field that nothing is made of",
    )


def _folded(outcome: Outcome) -> bool:
    """Whether a look-alike became a length, the letter k or a second Host."""
    names = [name for call in outcome.heard.calls for name, _ in fields(call)]
    return outcome.echoed == b"hello" or b"k" in names or names.count(b"host") > 1


@case("server.http1", "head-first", proves=["http1.field.apply-after-full-header"], alone=True)
async def head_first(stage: ServerStage) -> None:
    """The application is not called before the head of the request has arrived."""
    token = stage.lay()
    octets = START.replace(b"{token}", token.encode()).replace(b"{host}", stage.host.encode())
    wire = await stage.connect()
    await wire.send(octets + b"X-A: 1\r\n")
    # Nothing is to happen here, so nothing can be waited for but time.
    reply = await read_reply(wire, "GET", settle(2))
    early = stage.server.folder.calls(token)
    if early or 0 < reply.status < 400:
        stage.broken(
            "http1.field.apply-after-full-header",
            "the application was called before the end of the request's head",
            observed=f"{len(early)} calls, reply {reply.status or 'none'}",
            expected="no call before the empty line",
        )
    await wire.send(b"\r\n")
    await asyncio.sleep(0)


@case("server.http1", "head-too-large", proves=["http1.limits.header-too-large"], alone=True)
async def head_too_large(stage: ServerStage) -> None:
    """Ten megabytes of header fields are refused, by an error or by closing."""
    requirement = "http1.limits.header-too-large"
    field = b"X-%05d: " + b"v" * 1000 + b"\r\n"
    head = START + b"".join(field % number for number in range(10_000)) + b"\r\n"
    outcome = await sent(stage, "ten megabytes of header fields", head, follow=False)
    expected = "431, 400 or a closed connection"
    if outcome.failed or outcome.silent:
        accuse(stage, requirement, "did not refuse", [outcome], expected=expected)
    elif outcome.served:
        # The limit is the server's own choice: who wishes to process it all may do so.
        accuse(stage, requirement, "served", [outcome], expected=expected, verdict="observed")
