"""Where a response ends: lengths, chunks, closing, and statuses without content (RFC 9112, 6)."""

from __future__ import annotations

from dataclasses import replace

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_http1_outcome import Outcome, accuse, each, sent
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.http1 import Reply
from gateproof.targets.script import Script, answer, raise_, result, send, start, yield_

CONTENT = b"x" * 2000
"""A body that is no beginning of a status line, wherever it is cut."""

PIECES = (b"one ", b"", b"two ", b"", b"three")
WHOLE = b"".join(PIECES)

STREAM = answer(pieces=PIECES, length=False)
"""Pieces of unknown length, empty ones among them."""

Row = tuple[str, Request, Script]


def breaking(script: Script) -> Script:
    """The same script, said to break rules on purpose."""
    return replace(script, legal=False)


async def played(
    stage: ServerStage, *rows: Row, follow: bool = True, within: float | None = None
) -> list[Outcome]:
    """Play every row: what names it, the request, what the application does.

    Args:
        stage: the stage of the case.
        rows: those that cannot be played under the server's interface are left out.
        follow: whether a plain request is sent behind.
        within: seconds for each reply; the stage's patience by default.
    """
    rows = tuple(row for row in rows if row[2].plays(stage.interface))
    return await each(stage, rows, lambda row: sent(stage, *row, follow=follow, within=within))


@case("server.http1", "head-without-content", proves=["http1.body.head-none"])
async def head_without_content(stage: ServerStage) -> None:
    """In answer to HEAD nothing follows the head, whatever the application produces."""
    head = Request("HEAD")
    outcomes = await played(
        stage,
        ("a body with its length", head, answer(body=CONTENT)),
        ("a body in one piece", head, answer(body=CONTENT, length=False)),
        ("a body in pieces", head, answer(pieces=(CONTENT, CONTENT), length=False)),
    )
    for one in outcomes:
        if one.stray:
            stage.broken(
                "http1.body.head-none",
                f"octets follow the head of an answer to HEAD: {one.what}",
                heard=one.heard,
                observed=repr(one.stray[:60]),
                expected="the next status line, or the end of the connection",
            )
            return


@case("server.http1", "status-without-content", proves=["http1.body.1xx-204-304-none"])
async def status_without_content(stage: ServerStage) -> None:
    """After the head of a 204 or 304 nothing follows, whatever the application produces."""
    rows = []
    for status in (204, 304):
        rows += [
            (f"{status} with a body", Request(), answer(status, body=CONTENT, length=False)),
            (f"{status} with a length", Request(), answer(status, body=CONTENT)),
            (f"{status} in pieces", Request(), answer(status, pieces=PIECES, length=False)),
            (f"{status} without a body", Request(), answer(status, body=b"", length=False)),
        ]
    outcomes = await played(stage, *((what, ask, breaking(app)) for what, ask, app in rows))
    bad = [one for one in outcomes if one.status in {204, 304} and one.stray]
    if bad:
        stage.broken(
            "http1.body.1xx-204-304-none",
            f"octets follow the head of a {'; '.join(one.what for one in bad)}",
            heard=bad[0].heard,
            observed=repr(bad[0].stray[:60]),
            expected="the next status line, or the end of the connection",
        )


@case("server.http1", "reset-content", proves=["http1.body.205-no-content"])
async def reset_content(stage: ServerStage) -> None:
    """A 205 response carries no content, even if the application produces some."""
    app = breaking(answer(205, body=CONTENT, length=False))
    (outcome,) = await played(stage, ("205 with a body", Request(), app))
    if outcome.status == 205 and outcome.heard.reply.body:
        accuse(
            stage, "http1.body.205-no-content", "sent the body of a", [outcome], expected="no body"
        )


@case(
    "server.http1",
    "no-content-framing",
    proves=["http1.te.not-with-1xx-204", "http1.cl.not-in-1xx-204"],
)
async def no_content_framing(stage: ServerStage) -> None:
    """A 204 response carries neither Transfer-Encoding nor Content-Length."""
    outcomes = await played(
        stage,
        ("204 without a body", Request(), answer(204, body=b"", length=False)),
        ("204 with a body", Request(), breaking(answer(204, body=CONTENT, length=False))),
        ("204 in pieces", Request(), breaking(answer(204, pieces=PIECES, length=False))),
    )
    for requirement, name in (
        ("http1.te.not-with-1xx-204", b"Transfer-Encoding"),
        ("http1.cl.not-in-1xx-204", b"Content-Length"),
    ):
        bad = [one for one in outcomes if one.status == 204 and one.heard.reply.get(name)]
        accuse(stage, requirement, f"sent {name.decode()}", bad, expected="no such field")


@case("server.http1", "no-content-with-length", proves=["http1.cl.not-in-1xx-204"])
async def no_content_with_length(stage: ServerStage) -> None:
    """A Content-Length that the application gives to a 204 does not leave the server."""
    app = breaking(answer(204, body=b""))
    (outcome,) = await played(stage, ("a length of zero", Request(), app))
    passed = outcome.status == 204 and bool(outcome.heard.reply.get(b"content-length"))
    accuse(
        stage,
        "http1.cl.not-in-1xx-204",
        "passed on the Content-Length of a 204",
        [outcome] if passed else [],
        expected="no such field",
    )


@case(
    "server.http1",
    "tunnel-framing",
    proves=["http1.te.not-in-connect-2xx", "http1.cl.not-in-connect-2xx"],
)
async def tunnel_framing(stage: ServerStage) -> None:
    """A success in answer to CONNECT carries neither Transfer-Encoding nor Content-Length."""
    request = Request("CONNECT", "{host}").plus(("X-Token", "{token}"))
    outcomes = await played(
        stage,
        ("CONNECT and no body", request, answer(headers=(), body=b"", length=False)),
        ("CONNECT and pieces", request, STREAM),
        follow=False,
    )
    outcomes = [one for one in outcomes if one.heard.called and one.status and one.status < 300]
    if not outcomes:
        stage.not_applicable("CONNECT does not reach the application")
    for requirement, name in (
        ("http1.te.not-in-connect-2xx", b"Transfer-Encoding"),
        ("http1.cl.not-in-connect-2xx", b"Content-Length"),
    ):
        bad = [one for one in outcomes if one.heard.reply.get(name)]
        deed = f"sent {name.decode()} with a success"
        accuse(stage, requirement, deed, bad, expected="no such field")


@case(
    "server.http1",
    "one-kind-of-framing",
    proves=["http1.te.no-content-length-with-te", "http1.te.multiple-codings-chunked-last"],
)
async def one_kind_of_framing(stage: ServerStage) -> None:
    """A response has a length or chunks, never both, and chunked stands once and last."""
    coded = ((b"transfer-encoding", b"chunked"),)
    outcomes = await played(
        stage,
        ("a length", Request(), answer(body=WHOLE)),
        ("a length and pieces", Request(), answer(pieces=PIECES)),
        ("pieces without a length", Request(), STREAM),
        *(
            (what, Request(), breaking(replace(app, wsgi=())))
            for what, app in (
                ("a length beside chunked of the application", answer(headers=coded, body=WHOLE)),
                ("chunked of the application", answer(headers=coded, pieces=PIECES, length=False)),
            )
        ),
    )
    both = [
        one
        for one in outcomes
        if one.heard.reply.get(b"transfer-encoding") and one.heard.reply.get(b"content-length")
    ]
    accuse(
        stage,
        "http1.te.no-content-length-with-te",
        "sent Content-Length and Transfer-Encoding with",
        both,
        expected="one of them",
    )
    listed = [one for one in outcomes if not _once_and_last(one.heard.reply)]
    accuse(
        stage,
        "http1.te.multiple-codings-chunked-last",
        "sent chunked twice, or another coding behind it, with",
        listed,
        expected="chunked once, as the last coding",
    )


def _once_and_last(reply: Reply) -> bool:
    codings = reply.options(b"transfer-encoding")
    if b"chunked" not in codings:
        return not codings or reply.framing == "close"
    return codings.count(b"chunked") == 1 and codings[-1] == b"chunked"


@case("server.http1", "length-of-head", proves=["http1.cl.head-matches-get"])
async def length_of_head(stage: ServerStage) -> None:
    """A Content-Length in answer to HEAD is the one that GET has."""
    for what, app in (
        ("declared by the application", answer(body=CONTENT)),
        ("of a body in one piece", answer(body=CONTENT, length=False)),
        ("of a body in pieces", STREAM),
    ):
        get, head = await played(stage, (what, Request(), app), (what, Request("HEAD"), app))
        wanted = get.heard.reply.get(b"content-length")
        given = head.heard.reply.get(b"content-length")
        if wanted and given and head.status == get.status and wanted != given:
            stage.broken(
                "http1.cl.head-matches-get",
                f"HEAD has another Content-Length than GET: {what}",
                heard=head.heard,
                observed=repr(given),
                expected=f"{wanted!r}, or none",
            )
            return


@case("server.http1", "length-of-not-modified", proves=["http1.cl.304-matches-200"])
async def length_of_not_modified(stage: ServerStage) -> None:
    """A 304 gets no Content-Length that the 200 would not have."""
    app = answer(304, ((b"etag", b'"a"'),), b"", length=False)
    (outcome,) = await played(stage, ("304", Request().plus(("If-None-Match", '"a"')), app))
    given = outcome.heard.reply.get(b"content-length")
    if outcome.status == 304 and given:
        stage.broken(
            "http1.cl.304-matches-200",
            "the server added a Content-Length to a 304",
            heard=outcome.heard,
            observed=repr(given),
            expected="none, as the length of the 200 is not known",
        )


@case("server.http1", "known-size", proves=["http1.cl.known-size-sent"])
async def known_size(stage: ServerStage) -> None:
    """A body in one piece gets a length or is chunked, and does not end by closing."""
    app = answer(body=CONTENT, length=False)
    (outcome,) = await played(stage, ("a body in one piece", Request(), app), follow=False)
    reply = outcome.heard.reply
    closing = reply.framing == "close" and reply.version == "HTTP/1.1"
    accuse(
        stage,
        "http1.cl.known-size-sent",
        "ended by closing",
        [outcome] if closing else [],
        expected="Content-Length, or chunks",
    )


@case("server.http1", "length-not-kept", proves=["http1.cl.incorrect-not-sent"])
async def length_not_kept(stage: ServerStage) -> None:
    """Where the body is not as long as declared, the connection does not go on as if it were."""
    length = ((b"content-length", b"1000"),)
    short, long = CONTENT[:500], CONTENT
    outcomes = await played(
        stage,
        *(
            (what, Request(), breaking(answer(headers=length, length=False, **body)))
            for what, body in (
                ("a body too short", {"body": short}),
                ("a body too long", {"body": long}),
                ("pieces that are too few", {"pieces": (short[:200], short[200:])}),
                ("pieces that are too many", {"pieces": (short, short, short)}),
                ("no body at all", {"body": b""}),
            )
        ),
    )
    bad = [one for one in outcomes if _out_of_step(one)]
    accuse(
        stage,
        "http1.cl.incorrect-not-sent",
        "went on with the connection after",
        bad,
        expected="the declared 1000 octets, an error, or a closed connection",
    )


def _out_of_step(outcome: Outcome) -> bool:
    """Whether the client waits for octets that never come, or takes wrong ones for right."""
    reply = outcome.heard.reply
    if outcome.status and reply.ended == "timeout":
        return True
    if reply.status == 200 and reply.body.strip(CONTENT[:1]):
        return True  # the next response was taken for the rest of the body
    if outcome.stray:
        return reply.keeps
    declared = reply.get(b"content-length") == [b"1000"]
    return declared and reply.complete and reply.body != CONTENT[:1000]


@case("server.http1", "ended-by-closing", proves=["http1.body.close-delimited-response"])
async def ended_by_closing(stage: ServerStage) -> None:
    """A response without a length and without chunks ends with the connection."""
    outcomes = await played(
        stage,
        ("HTTP/1.1", Request(), STREAM),
        ("HTTP/1.0", Request(version="HTTP/1.0"), STREAM),
        follow=False,
    )
    unframed(stage, outcomes)


def unframed(stage: ServerStage, outcomes: list[Outcome]) -> None:
    """Judge responses that have neither a length nor chunks."""
    requirement = "http1.body.close-delimited-response"
    expected = "a closed connection, or a length, or chunks"
    outcomes = [one for one in outcomes if one.status and one.heard.reply.framing == "close"]
    endless = [one for one in outcomes if one.heard.reply.ended == "timeout"]
    deed = "did not close after a response without a length"
    accuse(stage, requirement, deed, endless, expected=expected)
    said = [one for one in outcomes if b"keep-alive" in one.heard.reply.options(b"connection")]
    said = [one for one in said if one not in endless]
    deed = "closed after a response without a length, though it announced keep-alive"
    accuse(stage, requirement, deed, said, expected=expected, verdict="weak")


@case("server.http1", "chunks-valid", proves=["http1.chunked.response-valid"])
async def chunks_valid(stage: ServerStage) -> None:
    """A chunked response can be read by a strict parser, also where pieces are empty."""
    large = answer(pieces=(b"a" * 70_000, b"", b"b" * 15, b"c" * 16, b"d"), length=False)
    outcomes = await played(
        stage,
        ("empty pieces in between", Request(), STREAM),
        ("an empty piece first", Request(), answer(pieces=(b"", b"late"), length=False)),
        ("an empty piece last", Request(), answer(pieces=(b"early", b""), length=False)),
        ("no piece but empty ones", Request(), answer(pieces=(b"", b"", b""), length=False)),
        ("pieces of many sizes", Request(), large),
    )
    sizes = {"empty pieces in between": len(WHOLE), "pieces of many sizes": 70_032}
    sizes |= {"an empty piece first": 4, "an empty piece last": 5, "no piece but empty ones": 0}
    bad = []
    for one in outcomes:
        reply = one.heard.reply
        if reply.framing != "chunked":
            continue
        if reply.problem or not reply.complete or reply.body_size != sizes[one.what] or one.stray:
            bad.append(one)
    for one in bad[:1]:
        reply = one.heard.reply
        stage.broken(
            "http1.chunked.response-valid",
            f"a chunked response that does not hold: {'; '.join(each.what for each in bad)}",
            heard=one.heard,
            observed=f"{reply}; {reply.problem or one.stray[:60]!r}",
            expected=f"chunks of {sizes[one.what]} octets and nothing behind",
        )


@case("server.http1", "chunks-ended", proves=["http1.chunked.response-terminated"])
async def chunks_ended(stage: ServerStage) -> None:
    """The last chunk ends a complete response, and never one that an error cut short."""
    requirement = "http1.chunked.response-terminated"
    event = {"type": "http.response.body", "body": CONTENT, "more_body": True}
    begins = {"type": "http.response.start", "status": 200, "headers": []}
    failing = Script(
        wsgi=(start(headers=()), result("generator", yield_(CONTENT), raise_())),
        asgi=(send(begins), send(event), raise_()),
        legal=False,
    )
    whole, broken = await played(
        stage, ("a whole response", Request(), STREAM), ("an error", Request(), failing)
    )
    if whole.heard.reply.framing == "chunked" and not whole.heard.reply.complete:
        accuse(stage, requirement, "no last chunk after", [whole], expected="the last chunk")
    reply = broken.heard.reply
    if reply.status == 200 and reply.framing == "chunked" and reply.complete:
        deed = "ended a response with the last chunk that was cut short by"
        accuse(stage, requirement, deed, [broken], expected="a connection closed without it")
