"""The head of a response: status line, fields of the application, Date, Connection (RFC 9110)."""

from __future__ import annotations

import re
from dataclasses import replace

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import Outcome, accuse
from gateproof.conformance.cases.server_http1_response_body import Row, breaking, played
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.http1 import Reply
from gateproof.targets.script import Script, answer, result, start

IMF = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} "
    rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
    rb"[0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)

IN_VALUES = (
    ("CR LF in a value", b"x-a", b"a\r\nX-Injected: 1"),
    ("LF in a value", b"x-a", b"a\nX-Injected: 1"),
    ("an empty line in a value", b"x-a", b"a\r\nX-Injected: 1\r\n\r\nbody"),
    ("CR LF in Set-Cookie", b"set-cookie", b"a=1\r\nX-Injected: 1"),
    ("CR LF in Content-Type", b"content-type", b"text/plain\r\nX-Injected: 1"),
)

END_TO_END = frozenset(
    (
        b"age allow authorization cache-control content-encoding content-language content-length "
        b"content-location content-range content-type date etag expires host last-modified "
        b"location server set-cookie vary www-authenticate"
    ).split()
)
"""Fields that are for the recipient, so that Connection never names them."""

UPGRADE = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)


def _with(name: bytes, value: bytes) -> Script:
    """An application that gives one header field which no application may give."""
    return breaking(answer(headers=((name, value),)))


@case("server.http1", "line-break-in-value", proves=["http1.field.injection-neutralised"])
async def line_break_in_value(stage: ServerStage) -> None:
    """A line break in a header value of the application starts no line of its own."""
    rows = [(what, Request(), _with(name, value)) for what, name, value in IN_VALUES]
    await _injected(stage, rows)


@case("server.http1", "line-break-in-name", proves=["http1.field.injection-neutralised"])
async def line_break_in_name(stage: ServerStage) -> None:
    """A line break in a header name or a reason of the application starts no line of its own."""
    reason = Script(wsgi=(start("200 OK\r\nX-Injected: 1", ()), result("list", b"ok")), legal=False)
    name = _with(b"x-a: 1\r\nX-Injected", b"1")
    rows = [("CR LF in a name", Request(), name), ("CR LF in the reason", Request(), reason)]
    await _injected(stage, rows)


async def _injected(stage: ServerStage, rows: list[Row]) -> None:
    """Play applications that try to start a line with a field X-Injected."""
    # Silence is no finding here, and some servers have nothing to say when an application errs.
    outcomes = await played(stage, *rows, within=stage.patience / 2)
    bad = [one for one in outcomes if one.heard.reply.get(b"x-injected")]
    accuse(
        stage,
        "http1.field.injection-neutralised",
        "let the application start a header line of its own by",
        bad,
        expected="an error of the server, or the line break replaced",
        hint="refuse CR and LF in names, values and reasons before writing the head",
    )


@case(
    "server.http1",
    "bare-cr-from-application",
    proves=["http1.parse.bare-cr-not-generated", "http1.field.obs-fold-not-generated"],
)
async def bare_cr_from_application(stage: ServerStage) -> None:
    """A CR alone, or a folded line, from the application does not leave the server."""
    reason = Script(wsgi=(start("200 O\rK", ()), result("list", b"ok")), legal=False)
    outcomes = await played(
        stage,
        ("CR in a value", Request(), _with(b"x-a", b"a\rb")),
        ("CR at the end of a value", Request(), _with(b"x-a", b"a\r")),
        ("CR in the reason", Request(), reason),
        within=stage.patience / 2,
    )
    bare = [one for one in outcomes if any(b"\r" in line for line in one.heard.reply.lines)]
    accuse(
        stage,
        "http1.parse.bare-cr-not-generated",
        "wrote a CR without LF into the head",
        bare,
        expected="an error of the server, or the CR replaced",
    )
    folded = await played(
        stage,
        ("a space behind CR LF", Request(), _with(b"x-a", b"a\r\n b")),
        ("a tab behind CR LF", Request(), _with(b"x-a", b"a\r\n\tb")),
        ("a space behind LF", Request(), _with(b"x-a", b"a\n b")),
        within=stage.patience / 2,
    )
    bad = [one for one in folded if any(line[:1] in (b" ", b"\t") for line in _fields(one))]
    accuse(
        stage,
        "http1.field.obs-fold-not-generated",
        "wrote a folded header line",
        bad,
        expected="an error of the server, or the fold replaced",
    )


def _fields(outcome: Outcome) -> list[bytes]:
    return outcome.heard.reply.lines[1:]


@case("server.http1", "order-of-equal-names", proves=["http1.field.same-name-order"])
async def order_of_equal_names(stage: ServerStage) -> None:
    """Fields of one name leave in the order in which the application gave them."""
    given = [b"2", b"1", b"3", b"10"]
    fields = [(b"x-a", value) for value in given]
    cookies = [(b"set-cookie", b"c%d=1" % number) for number in (3, 1, 2)]
    between = [(b"content-type", b"text/plain"), (b"x-b", b"1")]
    app = answer(headers=[*fields[:2], *cookies[:1], *between, *fields[2:], *cookies[1:]])
    (outcome,) = await played(stage, ("several fields", Request(), app), follow=False)
    reply = outcome.heard.reply
    for name, wanted in (
        (b"x-a", given),
        (b"set-cookie", [value for _, value in cookies]),
    ):
        # A server may join values to a list; their order is what counts here.
        joined = b", ".join(reply.get(name))
        seen = [value.strip() for value in joined.split(b",")]
        if reply.status == 200 and sorted(seen) == sorted(wanted) and seen != wanted:
            stage.broken(
                "http1.field.same-name-order",
                f"the {name.decode()} fields of a response left in another order",
                heard=outcome.heard,
                observed=repr(seen),
                expected=repr(wanted),
            )


@case("server.http1", "empty-reason", proves=["http1.status.line-space"])
async def empty_reason(stage: ServerStage) -> None:
    """A status line has a space behind the code, even where no reason follows."""
    unknown = answer(299, reason="Reason")
    bare = Script(wsgi=(start("200 "), result("list", b"ok")), legal=False)
    outcomes = await played(
        stage,
        ("a status without a known reason", Request(), replace(unknown, legal=False)),
        ("an empty reason", Request(), bare),
        follow=False,
    )
    line = re.compile(rb"HTTP/1\.[01] [0-9]{3} ")
    bad = [
        one
        for one in outcomes
        if one.heard.reply.lines and not line.match(one.heard.reply.lines[0])
    ]
    accuse(
        stage,
        "http1.status.line-space",
        "no space behind the code",
        bad,
        expected="HTTP/1.1, a space, three digits, a space",
    )


@case(
    "server.http1",
    "date",
    proves=["http1.date.present", "http1.date.single-imf-fixdate"],
)
async def date(stage: ServerStage) -> None:
    """Responses carry one Date, in the form of HTTP."""
    own = answer(headers=((b"date", b"Sun, 06 Nov 1994 08:49:37 GMT"),))
    outcomes = await played(
        stage,
        ("200", Request(), answer()),
        ("301", Request(), answer(301, ((b"location", b"/elsewhere"),), b"")),
        ("404", Request(), answer(404)),
        ("a request that the server refuses", Request(headers=()), answer()),
        ("a Date of the application", Request(), own),
        follow=False,
    )
    outcomes = [one for one in outcomes if one.status and 200 <= one.status < 500]
    without = [one for one in outcomes if not one.heard.reply.get(b"date")]
    accuse(stage, "http1.date.present", "no Date with", without, expected="a Date field")
    requirement, expected = "http1.date.single-imf-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT"
    dates = {one.what: one.heard.reply.get(b"date") for one in outcomes}
    other = [one for one in outcomes if not all(map(IMF.fullmatch, dates[one.what]))]
    accuse(stage, requirement, "a Date in another form with", other, expected=expected)
    twice = [one for one in outcomes if len(dates[one.what]) > 1 and one not in other]
    deed = "more than one Date with"
    accuse(stage, requirement, deed, twice, expected=expected, verdict="weak")


async def _varied(stage: ServerStage) -> list[Outcome]:
    """Responses of many kinds, by whose fields the server manages its connections."""
    kept = (("Host", "{host}"), ("Connection", "keep-alive"))
    return await played(
        stage,
        ("HTTP/1.1", Request(), answer()),
        ("keep-alive", Request(headers=kept), answer()),
        ("close", Request().plus(("Connection", "close")), answer()),
        ("HTTP/1.0", Request(version="HTTP/1.0"), answer()),
        ("HTTP/1.0 with keep-alive", Request(version="HTTP/1.0", headers=kept), answer()),
        ("a refusal", Request(headers=()), answer()),
        ("a version of WebSocket", _websocket("1"), breaking(answer())),
        ("an upgrade to the unknown", Request().plus(*_asking("unknown")), breaking(answer())),
        follow=False,
    )


def _asking(protocol: str) -> tuple[tuple[str, str], ...]:
    return (("Connection", "Upgrade"), ("Upgrade", protocol))


def _websocket(version: str) -> Request:
    return Request().plus(*UPGRADE, ("Sec-WebSocket-Version", version))


@case(
    "server.http1",
    "connection-options",
    proves=[
        "http1.hop.connection-lists-fields",
        "http1.hop.no-end-to-end-option",
        "http1.hop.upgrade-needs-connection",
        "http1.status.426-needs-upgrade",
    ],
)
async def connection_options(stage: ServerStage) -> None:
    """Connection names the fields that are for the connection, and no others."""
    outcomes = await _varied(stage)
    kept = [one for one in outcomes if _unnamed(one.heard.reply, b"keep-alive")]
    accuse(
        stage,
        "http1.hop.connection-lists-fields",
        "sent Keep-Alive, which Connection does not name, in answer to",
        kept,
        expected='"keep-alive" in Connection, or no Keep-Alive',
    )
    upgraded = [one for one in outcomes if _unnamed(one.heard.reply, b"upgrade")]
    accuse(
        stage,
        "http1.hop.upgrade-needs-connection",
        "sent Upgrade, which Connection does not name, in answer to",
        upgraded,
        expected='"upgrade" in Connection',
    )
    named = [one for one in outcomes if END_TO_END & set(one.heard.reply.options(b"connection"))]
    accuse(
        stage,
        "http1.hop.no-end-to-end-option",
        "named an end-to-end field in Connection, in answer to",
        named,
        expected="close, keep-alive, upgrade, or fields for the connection",
    )
    silent = [one for one in outcomes if one.status == 426 and not one.heard.reply.get(b"upgrade")]
    accuse(
        stage,
        "http1.status.426-needs-upgrade",
        "426 without Upgrade in answer to",
        silent,
        expected="an Upgrade field with the protocols that would do",
    )


def _unnamed(reply: Reply, name: bytes) -> bool:
    return bool(reply.get(name)) and name not in reply.options(b"connection")


@case("server.http1", "switching-unasked", proves=["http1.status.101-needs-upgrade"])
async def switching_unasked(stage: ServerStage) -> None:
    """A 101 of the application does not leave the server where no upgrade was asked for."""
    app = breaking(answer(101, (), b"", length=False))
    (outcome,) = await played(stage, ("101", Request(), app), follow=False)
    # The application is the first to break the rule here; the server lets it.
    accuse(
        stage,
        "http1.status.101-needs-upgrade",
        "let the application switch protocols unasked",
        [outcome] if outcome.status == 101 else [],
        expected="an error of the server",
        verdict="weak",
    )
