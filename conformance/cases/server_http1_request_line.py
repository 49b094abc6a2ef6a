"""The request line: method, target and version, and what is none (RFC 9112, 2.2 to 3)."""

from __future__ import annotations

import re

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    Outcome,
    accuse,
    method,
    path,
    query,
    refusal,
    sent,
    table,
)
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.journal import Call
from gateproof.targets.script import answer

HOST = b"\r\nHost: {host}\r\n\r\n"
"""The rest of a plain request, after its request line."""

LONG_METHOD = 10_000
LONG_TARGET = 300_000
"""Octets; beyond the limits of nearly every server, and small enough to be sent in one go."""

BLANKS = (
    ("two spaces before the target", b"GET  /{token} HTTP/1.1"),
    ("two spaces before the version", b"GET /{token}  HTTP/1.1"),
    ("a tab before the target", b"GET\t/{token} HTTP/1.1"),
    ("a tab before the version", b"GET /{token}\tHTTP/1.1"),
    ("a space after the version", b"GET /{token} HTTP/1.1 "),
    ("a vertical tab before the version", b"GET /{token}\x0bHTTP/1.1"),
    ("a form feed before the version", b"GET /{token}\x0cHTTP/1.1"),
)

CONTROLS = (
    ("0x01 in the target", b"GET /{token}/a\x01b HTTP/1.1"),
    ("NUL in the target", b"GET /{token}/a\x00b HTTP/1.1"),
    ("DEL in the target", b"GET /{token}/a\x7fb HTTP/1.1"),
    ("ESC in the query", b"GET /{token}?a\x1bb HTTP/1.1"),
)

SPACES = (
    ("a space in the path", b"GET /{token}/a b HTTP/1.1"),
    ("a space in the query", b"GET /{token}?a b HTTP/1.1"),
)

MISSPELT = (
    b"http/1.1",
    b"Http/1.1",
    b"HTTP/1",
    b"HTTP/1.",
    b"HTTP/.1",
    b"HTTP/1.10",
    b"HTTP/01.1",
    b"HTTP/1.1.1",
    b"HTTP/1,1",
    b"HTTP-1.1",
    b"HTTP/+1.1",
    b"HTTP/1.x",
    b"HTTP/\xef\xbc\x91.1",
    b"HTP/1.1",
    b"1.1",
)

METHODS = (b"GE(T", b"GE{T}", b"GE:T", b"GE\x00T", b"GE\x01T", b'"GET"', b"G\xc9T", b"GET,", b"")

GARBAGE = (
    ("a single word", b"garbage\r\n\r\n"),
    ("a method alone", b"GET\r\n\r\n"),
    ("octets of no protocol", b"\x00\x01\x02\x03\xff\xfe /{token}\r\n\r\n"),
    ("a line of SMTP", b"EHLO client.example\r\n\r\n"),
    ("a header field in place of a request line", b"X-Token: {token}\r\nHost: {host}\r\n\r\n"),
)

STATUS_LINE = re.compile(rb"HTTP/1\.[01] [0-9]{3}(?: |\r\n)")


@case("server.http1", "request-line-blanks", proves=["http1.request-line.single-sp"])
async def request_line_blanks(stage: ServerStage) -> None:
    """However blanks in a request line are taken, none reaches the application in its target."""
    rows = [(what, line + HOST) for what, line in BLANKS]
    outcomes = await table(stage, rows)
    blank = [one for one in outcomes if any(_blank(path(call)) for call in one.heard.calls)]
    accuse(
        stage,
        "http1.request-line.single-sp",
        "passed a target with blanks in it to the application",
        blank,
        expected="400, or a path without the blanks",
    )


def _blank(text: str) -> bool:
    return any(mark in text for mark in " \t\x0b\x0c")


@case("server.http1", "control-in-target", proves=["http1.request-line.invalid-400"])
async def control_in_target(stage: ServerStage) -> None:
    """A target with a control character is refused."""
    outcomes = await table(stage, [(what, line + HOST) for what, line in CONTROLS])
    refusal(stage, "http1.request-line.invalid-400", outcomes)


@case(
    "server.http1",
    "space-in-target",
    proves=["http1.request-line.no-autocorrect", "http1.request-line.invalid-400"],
)
async def space_in_target(stage: ServerStage) -> None:
    """A target with a space in it is refused, not repaired, cut or quoted."""
    outcomes = await table(stage, [(what, line + HOST) for what, line in SPACES])
    served = [one for one in outcomes if one.served]
    whole = [one for one in served if any(_unrepaired(call) for call in one.heard.calls)]
    accuse(stage, "http1.request-line.invalid-400", "served", whole, expected="400")
    accuse(
        stage,
        "http1.request-line.no-autocorrect",
        "repaired and served",
        [one for one in served if one not in whole],
        expected="400",
    )


def _unrepaired(call: Call) -> bool:
    """Whether the target reached the application as it was sent, blank and all."""
    raw = call.request.get("raw_path") if call.interface == "asgi" else None
    seen = raw.decode("latin-1") if isinstance(raw, bytes) else path(call)
    return "a b" in seen or b"a b" in query(call)


@case("server.http1", "long-method", proves=["http1.request-line.too-long-method"])
async def long_method(stage: ServerStage) -> None:
    """A method of ten thousand letters is refused."""
    line = b"M" * LONG_METHOD + b" /{token} HTTP/1.1"
    outcome = await sent(stage, f"{LONG_METHOD} letters", line + HOST, follow=False)
    refusal(stage, "http1.request-line.too-long-method", [outcome])


@case("server.http1", "long-target", proves=["http1.request-line.uri-too-long"])
async def long_target(stage: ServerStage) -> None:
    """A target longer than the server takes is refused with 414."""
    target = b"/{token}/" + b"a" * LONG_TARGET
    message = b"GET " + target + b" HTTP/1.1" + HOST
    outcome = await sent(stage, f"a target of {LONG_TARGET} octets", message, follow=False)
    requirement = "http1.request-line.uri-too-long"
    expected = "414, or the application's answer"
    if outcome.failed or outcome.silent:
        accuse(stage, requirement, "did not refuse", [outcome], expected=expected)
    elif outcome.status is not None and outcome.status != 414 and not outcome.served:
        deed = f"refused with {outcome.status}"
        accuse(stage, requirement, deed, [outcome], expected=expected, verdict="weak")


@case("server.http1", "no-version", proves=["http1.request-line.http09"])
async def no_version(stage: ServerStage) -> None:
    """A request line without a version is not answered with a bare body, as HTTP/0.9 was."""
    outcome = await sent(
        stage, "GET without a version", b"GET /{token}\r\n\r\n", answer(), follow=False
    )
    reply = outcome.heard.reply
    if outcome.heard.called and reply.raw and not reply.raw.startswith(b"HTTP/"):
        accuse(
            stage,
            "http1.request-line.http09",
            "answered with a bare body",
            [outcome],
            expected="400, or a closed connection",
        )


@case("server.http1", "version-misspelt", proves=["http1.version.grammar"])
async def version_misspelt(stage: ServerStage) -> None:
    """A version that is not spelt HTTP/DIGIT.DIGIT is refused."""
    rows = [(repr(version)[1:], b"GET /{token} " + version + HOST) for version in MISSPELT]
    refusal(stage, "http1.version.grammar", await table(stage, rows))


@case("server.http1", "version-major-unknown", proves=["http1.version.major-unsupported"])
async def version_major_unknown(stage: ServerStage) -> None:
    """A request of an unknown major version is not served as if it were HTTP/1.1."""
    versions = ("HTTP/2.0", "HTTP/3.1", "HTTP/9.9", "HTTP/0.9")
    rows = [(version, Request(version=version)) for version in versions]
    outcomes = await table(stage, rows)
    accuse(
        stage,
        "http1.version.major-unsupported",
        "served",
        [one for one in outcomes if one.served],
        expected="505, or another refusal",
    )


@case("server.http1", "version-minor-unknown", proves=["http1.version.higher-minor-accepted"])
async def version_minor_unknown(stage: ServerStage) -> None:
    """A request of a higher minor version is served as HTTP/1.1."""
    rows = [(version, Request(version=version)) for version in ("HTTP/1.2", "HTTP/1.9")]
    outcomes = await table(stage, rows)
    accuse(
        stage,
        "http1.version.higher-minor-accepted",
        "refused",
        [one for one in outcomes if not one.served],
        expected="the application's answer",
    )


@case("server.http1", "version-of-responses", proves=["http1.version.response-own-version"])
async def version_of_responses(stage: ServerStage) -> None:
    """Every status line carries a version that is well-formed and one of HTTP/1."""
    rows = [
        *((version, Request(version=version)) for version in ("HTTP/1.1", "HTTP/1.0", "HTTP/1.2")),
        ("a request without Host", Request(headers=())),
    ]
    outcomes = await table(stage, rows, follow=False)
    bad = [
        one
        for one in outcomes
        if one.heard.reply.raw and not STATUS_LINE.match(one.heard.reply.raw)
    ]
    for one in bad[:1]:
        stage.broken(
            "http1.version.response-own-version",
            f"a status line with another version in answer to {one.what}",
            heard=one.heard,
            observed=repr(one.heard.reply.raw.partition(b"\r\n")[0][:80]),
            expected='"HTTP/1.1" or "HTTP/1.0", a space and three digits',
        )


@case("server.http1", "empty-line-before-request", proves=["http1.parse.leading-empty-line"])
async def empty_line_before_request(stage: ServerStage) -> None:
    """An empty line before the request line is skipped."""
    outcome = await sent(stage, "CRLF", b"\r\nGET /{token} HTTP/1.1" + HOST, follow=False)
    accuse(
        stage,
        "http1.parse.leading-empty-line",
        "refused a request behind an empty line",
        [] if outcome.served else [outcome],
        expected="the application's answer",
    )


@case("server.http1", "no-request-at-all", proves=["http1.parse.invalid-start-line-400"])
async def no_request_at_all(stage: ServerStage) -> None:
    """Octets that are no request are answered with 400, and the connection is closed."""
    requirement = "http1.parse.invalid-start-line-400"
    outcomes = await table(stage, GARBAGE)
    served = [one for one in outcomes if one.served]
    expected = "400 and a closed connection"
    accuse(stage, requirement, "served", served, expected=expected)
    rest = [one for one in outcomes if one not in served]
    opened = [one for one in rest if one.open or one.went_on]
    accuse(stage, requirement, "stayed connected", opened, expected=expected)
    other = [one for one in rest if one.status not in {400, None} and one not in opened]
    accuse(stage, requirement, "answered with another status than 400", other, expected=expected)
    # A reset may have taken the answer along, so only a clean end tells that there was none.
    mute = [one for one in rest if one.status is None and not one.open]
    mute = [one for one in mute if not one.heard.wire.was_reset]
    accuse(stage, requirement, "closed without an answer", mute, expected=expected)


@case("server.http1", "method-no-token", proves=["http1.method.token-grammar"])
async def method_no_token(stage: ServerStage) -> None:
    """A method that is no token is refused."""
    rows = [(repr(name)[1:], name + b" /{token} HTTP/1.1" + HOST) for name in METHODS]
    refusal(stage, "http1.method.token-grammar", await table(stage, rows))


@case("server.http1", "method-in-lower-case", proves=["http1.method.case-sensitive"])
async def method_in_lower_case(stage: ServerStage) -> None:
    """Whether get in lower case is taken for GET; refusing it and passing it on are both right."""
    outcome = await sent(stage, "get", Request(method="get"), follow=False)
    # ASGI itself wants methods in upper case.
    calls = [call for call in outcome.heard.calls if call.interface == "wsgi"]
    raised = any(method(call) == "GET" for call in calls)
    accuse(
        stage,
        "http1.method.case-sensitive",
        "passed a method on in upper case",
        [outcome] if raised else [],
        expected="a refusal, or the method as it was sent",
    )


@case("server.http1", "get-and-head", proves=["http1.method.get-head-supported"])
async def get_and_head(stage: ServerStage) -> None:
    """GET and HEAD reach the application."""
    rows = [(name, Request(method=name)) for name in ("GET", "HEAD")]
    outcomes = await table(stage, rows, follow=False)
    refused = [one for one in outcomes if not _reached(one)]
    accuse(
        stage,
        "http1.method.get-head-supported",
        "did not pass the method to the application",
        refused,
        expected="the application's answer",
    )


def _reached(outcome: Outcome) -> bool:
    return outcome.heard.called and outcome.status == 200


@case("server.http1", "method-unknown", proves=["http1.method.unknown-501"])
async def method_unknown(stage: ServerStage) -> None:
    """A method that nobody knows reaches the application, or is answered with 501 or 405."""
    rows = [(name, Request(method=name)) for name in ("BREW", "X-CUSTOM", "M-SEARCH")]
    outcomes = await table(stage, rows, follow=False)
    lost = [one for one in outcomes if not _reached(one) and one.status not in {501, 405}]
    accuse(
        stage,
        "http1.method.unknown-501",
        "refused otherwise than with 501 or 405",
        lost,
        expected="the application's answer, 501 or 405",
    )
