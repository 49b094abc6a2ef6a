"""The forms of a request target, and the Host that goes with it (RFC 9112, 3.2 and 3.3)."""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import (
    Outcome,
    accuse,
    path,
    query,
    refusal,
    sent,
    table,
    values,
)
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.script import answer

TOKEN = ("X-Token", "{token}")
"""Carries the token where the target cannot."""

PATH = "/where/{token}"

AUTHORITY = "target.example:8080"
"""An authority in a target that is not that of the Host field."""

BLANK_HOSTS = (
    ("a space in Host", b"Host: a b"),
    ("a tab in Host", b"Host: a\tb"),
    ("0x01 in Host", b"Host: a\x01b"),
    ("DEL in Host", b"Host: a\x7fb"),
)

ODD_HOSTS = (
    "a/b",
    "user@a.example",
    "a?b",
    "a#b",
    "http://a.example",
    "[::1",
    "a:b:c",
    "a.example:80x",
    "a.example:-1",
    "a\\b",
    "<a>",
)


@case("server.http1", "target-origin-form", proves=["http1.target.origin-form"])
async def target_origin_form(stage: ServerStage) -> None:
    """Path and query of an ordinary target reach the application."""
    request = Request(target=PATH + "?q=now&r=")
    outcome = await sent(stage, "origin-form", request, follow=False)
    _delivered(stage, "http1.target.origin-form", outcome, b"q=now&r=")


@case("server.http1", "target-absolute-form", proves=["http1.target.absolute-form-accepted"])
async def target_absolute_form(stage: ServerStage) -> None:
    """A full URI as target is taken apart into path and query."""
    request = Request(target="http://{host}" + PATH + "?q=1")
    outcome = await sent(stage, "absolute-form", request, follow=False)
    _delivered(stage, "http1.target.absolute-form-accepted", outcome, b"q=1")


def _delivered(stage: ServerStage, requirement: str, outcome: Outcome, asked: bytes) -> None:
    """Report it, unless the application saw the path :data:`PATH` and the query ``asked``."""
    wanted = PATH.replace("{token}", outcome.heard.token)
    expected = f"path {wanted!r} and query {asked.decode()!r} in the application"
    if not outcome.served or not outcome.heard.called:
        accuse(stage, requirement, "refused", [outcome], expected=expected)
        return
    call = outcome.heard.call
    if path(call) != wanted or query(call) != asked:
        stage.broken(
            requirement,
            f"{outcome.what} reached the application with another path or query",
            heard=outcome.heard,
            observed=f"path {path(call)!r}, query {query(call)!r}",
            expected=expected,
            # A full URI was accepted, which is what the clause demands, and ASGI calls its path
            # "HTTP request target excluding any query string": so it may be read.
            verdict="weak" if path(call).endswith(wanted) and query(call) == asked else None,
        )


@case("server.http1", "target-replaces-host", proves=["http1.target.absolute-form-overrides-host"])
async def target_replaces_host(stage: ServerStage) -> None:
    """The authority of a full URI counts for more than a Host field that differs."""
    request = Request(
        target=f"http://{AUTHORITY}" + PATH, headers=(("Host", "field.example"), TOKEN)
    )
    outcome = await sent(stage, "absolute-form", request, follow=False)
    for call in outcome.heard.calls[:1]:
        seen = values(call, "host")
        if b"field.example" in seen:
            stage.broken(
                "http1.target.absolute-form-overrides-host",
                "the application sees the Host field, not the authority of the target",
                heard=outcome.heard,
                observed=f"host {seen!r}",
                expected=f"host {AUTHORITY!r}, or 400",
            )


@case("server.http1", "options-asterisk", proves=["http1.target.asterisk-form"])
async def options_asterisk(stage: ServerStage) -> None:
    """OPTIONS for the server as a whole is no error of syntax."""
    request = Request("OPTIONS", "*").plus(TOKEN)
    outcome = await sent(stage, "OPTIONS *", request, follow=False)
    bad = outcome.status == 400 or outcome.failed or outcome.silent
    accuse(
        stage,
        "http1.target.asterisk-form",
        "took the target for malformed",
        [outcome] if bad else [],
        expected="any answer but 400",
    )


@case("server.http1", "asterisk-with-get", proves=["http1.target.asterisk-only-options"])
async def asterisk_with_get(stage: ServerStage) -> None:
    """An asterisk as target belongs to OPTIONS alone."""
    request = Request("GET", "*").plus(TOKEN)
    outcome = await sent(stage, "GET *", request, follow=False)
    refusal(stage, "http1.target.asterisk-only-options", [outcome])


@case("server.http1", "authority-as-target", proves=["http1.target.authority-form-only-connect"])
async def authority_as_target(stage: ServerStage) -> None:
    """An authority as target belongs to CONNECT alone, which no ordinary application serves."""
    requirement = "http1.target.authority-form-only-connect"
    get = await sent(stage, "GET with an authority", Request("GET", "{host}").plus(TOKEN))
    refusal(stage, requirement, [get])
    connect = Request("CONNECT", "{host}").plus(TOKEN)
    tunnel = await sent(stage, "CONNECT", connect, answer(body=b"no tunnel"))
    bad = tunnel.status is not None and tunnel.status < 300 and b"no tunnel" in tunnel.stray
    accuse(
        stage,
        requirement,
        "answered with a success and a body",
        [tunnel] if bad else [],
        expected="4xx or 501",
    )


@case("server.http1", "fragment-in-target", proves=["http1.target.no-fragment"])
async def fragment_in_target(stage: ServerStage) -> None:
    """A fragment in a target does not reach the application as part of the path."""
    outcome = await sent(stage, "/TOKEN#part", Request(target="/{token}#part"), follow=False)
    shown = [one for one in outcome.heard.calls if "#" in path(one)]
    accuse(
        stage,
        "http1.target.no-fragment",
        "passed the fragment on in the path",
        [outcome] if shown else [],
        expected="400, or a path without it",
    )


# Host


@case("server.http1", "host-missing", proves=["http1.host.missing-400"])
async def host_missing(stage: ServerStage) -> None:
    """A request of HTTP/1.1 without Host is refused."""
    outcome = await sent(stage, "a request without Host", Request(headers=()))
    refusal(stage, "http1.host.missing-400", [outcome])


@case("server.http1", "host-twice", proves=["http1.host.duplicate-400"])
async def host_twice(stage: ServerStage) -> None:
    """A request with two Host lines is refused, even where they are equal."""
    rows = [
        ("two different lines", Request().plus(("Host", "other.example"))),
        ("two equal lines", Request().plus(("Host", "{host}"))),
        ("in different letter case", Request().plus(("hOST", "other.example"))),
        ("an empty line first", Request(headers=(("Host", ""), ("Host", "{host}")))),
    ]
    refusal(stage, "http1.host.duplicate-400", await table(stage, rows))


@case("server.http1", "host-malformed", proves=["http1.host.invalid-400"])
async def host_malformed(stage: ServerStage) -> None:
    """A Host value that is no host is refused."""
    requirement = "http1.host.invalid-400"
    line = b"GET /{token} HTTP/1.1\r\n"
    controls = [(what, line + field + b"\r\n\r\n") for what, field in BLANK_HOSTS]
    odd = [(repr(value), Request(headers=(("Host", value),))) for value in ODD_HOSTS]
    outcomes = await table(stage, [*controls, *odd])
    plain, others = outcomes[: len(controls)], outcomes[len(controls) :]
    # The text allows that a control character other than CR, LF and NUL is kept in a value,
    # but a value with one is no host, and of a host the text says that it has to be refused.
    refusal(stage, requirement, plain)
    refusal(stage, requirement, others, verdict="weak")


@case(
    "server.http1",
    "host-with-absolute-form-missing",
    proves=["http1.host.required-with-absolute-form"],
)
async def host_with_absolute_form_missing(stage: ServerStage) -> None:
    """A full URI as target does not make up for a missing Host."""
    request = Request(target="http://{host}/{token}", headers=())
    outcome = await sent(stage, "absolute-form without Host", request)
    refusal(stage, "http1.host.required-with-absolute-form", [outcome])


@case(
    "server.http1",
    "host-optional",
    proves=["http1.host.empty-allowed", "http1.host.http10-optional"],
)
async def host_optional(stage: ServerStage) -> None:
    """An empty Host, and none at all in HTTP/1.0, are answered, whichever way."""
    empty = await sent(stage, "an empty Host", Request(headers=(("Host", ""),)), follow=False)
    none = await sent(stage, "no Host", Request(headers=(), version="HTTP/1.0"), follow=False)
    for requirement, outcome in (
        ("http1.host.empty-allowed", empty),
        ("http1.host.http10-optional", none),
    ):
        unwell = outcome.failed or outcome.silent
        accuse(
            stage,
            requirement,
            "did not cope with",
            [outcome] if unwell else [],
            expected="the application's answer, or 400",
        )
    accuse(
        stage,
        "http1.host.http10-optional",
        "refused an HTTP/1.0 request with",
        [none] if none.status is not None and 400 <= none.status < 500 else [],
        expected="the application's answer",
    )
