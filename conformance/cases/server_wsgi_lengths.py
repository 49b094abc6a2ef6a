"""Content-Length against what the application gives: too much, too little, none.

https://peps.python.org/pep-3333/#handling-the-content-length-header
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_bodies_out import of
from gateproof.conformance.cases.server_wsgi_exchange import TEXT, late
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import Script, catching, repeat, result, start, write, yield_

NOT_EXCEEDED = "wsgi.content-length.not-exceeded"
CLOSES = "wsgi.content-length.short-body-closes"
FIVE = [*TEXT, ("Content-Length", "5")]


def _beyond(*steps: object, kind: str = "generator") -> Script:
    return Script(wsgi=(start("200 OK", FIVE), result(kind, *steps)), legal=False)  # type: ignore[arg-type]


LONG: tuple[Script, ...] = (
    _beyond(b"1234567890", kind="list"),
    _beyond(yield_(b"12345"), yield_(b"67890")),
    _beyond(yield_(b"123"), yield_(b"4567"), yield_(b"890")),
)
"""Ten octets where five were promised."""


@case("server.wsgi", "body-too-long", proves=(NOT_EXCEEDED,))
async def body_too_long(stage: ServerStage) -> None:
    """No more octets leave than Content-Length promised.

    A server may refuse the response as a whole.
    """
    for app in LONG:
        heard = await stage.ask(Request(), app, then="keep")
        rest = await _rest(heard)
        if heard.reply.get(b"content-length") == [b"5"] and rest:
            stage.broken(
                NOT_EXCEEDED,
                "more octets were sent than Content-Length promised",
                heard=heard,
                observed=f"{rest[:40]!r} behind {heard.reply.body!r}",
                expected="5 octets of body",
            )
            return


async def _rest(heard: Heard) -> bytes:
    """What stands behind a reply, or comes soon; closes the connection."""
    rest = bytes(heard.wire.pending)
    if not rest and heard.reply.complete:
        try:
            rest = await heard.wire.receive(late())
        except TimeoutError:
            rest = b""
    await heard.wire.close()
    return rest


@case(
    "server.wsgi",
    "written-too-long",
    proves=(NOT_EXCEEDED, "wsgi.content-length.write-past-raises"),
)
async def written_too_long(stage: ServerStage) -> None:
    """write() beyond Content-Length raises, and the octets do not leave."""
    heard = await stage.ask(
        Request(),
        Script(
            wsgi=(
                start("200 OK", FIVE),
                catching(write(b"123")),
                catching(write(b"4567890")),
                result("list"),
            ),
            legal=False,
        ),
        then="keep",
    )
    rest = await _rest(heard)
    if heard.reply.get(b"content-length") == [b"5"] and rest:
        stage.broken(
            NOT_EXCEEDED,
            "more octets were written than Content-Length promised",
            heard=heard,
            observed=f"{rest[:40]!r} behind {heard.reply.body!r}",
            expected="5 octets of body",
        )


@case("server.wsgi", "iteration-stops", proves=("wsgi.content-length.stop-iterating",))
async def iteration_stops(stage: ServerStage) -> None:
    """Once Content-Length is exceeded the server asks for no further block."""
    await stage.ask(Request(), _beyond(yield_(b"123"), repeat(20, yield_(b"45678"))))


@case("server.wsgi", "body-too-short", proves=(CLOSES,))
async def body_too_short(stage: ServerStage) -> None:
    """A body that ends too early ends with the connection.

    A server that notices before anything was sent may answer an error instead.
    """
    for app in (
        Script(wsgi=(start("200 OK", FIVE), result("generator", b"1", b"2")), legal=False),
        Script(wsgi=(start("200 OK", FIVE), result("list", b"12")), legal=False),
        Script(wsgi=(start("200 OK", FIVE), result("list")), legal=False),
    ):
        heard = await stage.ask(Request(), app)
        reply = heard.reply
        if reply.get(b"content-length") == [b"5"] and reply.ended == "timeout":
            stage.broken(
                CLOSES,
                "the connection stays open although the application has given too little",
                heard=heard,
                observed=str(reply),
                expected="a closed connection",
            )
            return


@case(
    "server.wsgi",
    "length-of-one-block",
    proves=(
        "wsgi.content-length.computed-for-single-block",
        "wsgi.server.adds-required-headers",
    ),
)
async def length_of_one_block(stage: ServerStage) -> None:
    """The length of a single block may be computed; the response is framed in any case.

    That a Date is missing is a warning.
    """
    for app, body in (
        (of("list", b"12345"), b"12345"),
        (of("sized", b"123", b"45"), b"12345"),
        (of("list", b"123", b"45"), b"12345"),
    ):
        heard = await stage.ask(Request(), app)
        reply = heard.reply
        if not heard.called or not reply.status:
            stage.blocked(f"there was no reply: {reply}")
        if not reply.complete or reply.body != body:
            stage.broken(
                "wsgi.server.adds-required-headers",
                "the response lacks the framing by which its end is known",
                heard=heard,
                observed=f"{reply}, framing {reply.framing!r}",
                expected="a length, chunks, or the end of the connection",
            )
        elif not reply.get(b"date"):
            stage.broken(
                "wsgi.server.adds-required-headers",
                "the response has no Date",
                heard=heard,
                observed=f"headers {[name.decode('latin-1') for name, _ in reply.headers]}",
                expected="a Date, which the application did not give",
                verdict="weak",
            )


@case(
    "server.wsgi",
    "length-in-odd-case",
    proves=("wsgi.server.header-names-case-insensitive",),
)
async def length_in_odd_case(stage: ServerStage) -> None:
    """The application's "cOnTeNt-LeNgTh" is its Content-Length: nothing is added to it."""
    headers = [("cOnTeNt-TyPe", "text/plain"), ("cOnTeNt-LeNgTh", "5")]
    heard = await stage.ask(
        Request(), Script(wsgi=(start("200 OK", headers), result("generator", b"12", b"345")))
    )
    reply = heard.reply
    if not heard.called or not reply.status:
        stage.blocked(f"there was no reply: {reply}")
    added = [
        f"{name.decode()} {count} times"
        for name, most in ((b"content-length", 1), (b"content-type", 1), (b"transfer-encoding", 0))
        if (count := len(reply.get(name))) > most
    ]
    if added or reply.body != b"12345":
        stage.broken(
            "wsgi.server.header-names-case-insensitive",
            "the server overlooked a header because of the case of its letters",
            observed="; ".join(added) or str(reply),
            expected="one Content-Length of 5, one Content-Type, no Transfer-Encoding",
        )
