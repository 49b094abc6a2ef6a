"""ASGI over HTTP: the response body on the wire.

https://asgi.readthedocs.io/en/latest/specs/www.html#response-body-send-event
"""

from __future__ import annotations

from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_http_exchange import (
    FAMILY,
    HOST,
    TEXT,
    answered,
    begin,
    body,
    remains,
    seen,
    shown,
    start,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import (
    Script,
    Step,
    catching,
    drain,
    join,
    repeat,
    send,
    spawn,
    wait,
)

_JOINED = "asgi.http.response-body.concatenated"
_CLOSE = Request(headers=(HOST, ("Connection", "close")))
_MANY = 2000

_PIECES = (b"a", b"", b"bc" * 10, b"", b"d" * 5000, b"\r\n0\r\n\r\n", b"e" * 100_000, b"\x00\xff")
"""Pieces of all sizes, of which one looks like the end of a chunked body."""


def _length(*pieces: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", str(sum(map(len, pieces))).encode())


def _judge(
    stage: ServerStage, heard: Heard, meant: bytes, requirement: str, what: str = ""
) -> bool:
    """Report a reply that is not complete, or has another body; whether all was well."""
    reply = heard.reply
    if reply.complete and reply.status == 200 and reply.body == meant:
        return True
    stage.broken(
        requirement,
        what or "the client did not get the body that the application sent",
        heard=heard,
        observed=f"{reply}: {shown(reply.body)}",
        expected=f"200 with a body of {len(meant)} octets: {shown(meant)}",
    )
    return False


@case(FAMILY, "pieces-joined", proves=(_JOINED,))
async def pieces_joined(stage: ServerStage) -> None:
    """The body is all pieces in their order, large, small and empty ones, with a length."""
    sent = [body(piece, more=True) for piece in _PIECES]
    app = Script(asgi=(drain(), start(200, _length(*_PIECES)), *sent, body()))
    _judge(stage, await stage.ask(Request(), app), b"".join(_PIECES), _JOINED)


@case(
    FAMILY,
    "response-without-length",
    proves=("asgi.http.server.handles-transfer-encoding",),
)
async def without_length(stage: ServerStage) -> None:
    """A body without a length arrives whole, and its end can be told."""
    sent = [body(piece, more=True) for piece in _PIECES]
    app = Script(asgi=(drain(), start(), *sent, body()))
    heard = await stage.ask(Request(), app, then="keep")
    requirement = "asgi.http.server.handles-transfer-encoding"
    whole = b"".join(_PIECES)
    endless = "the end of a response without a length cannot be told"
    what = endless if heard.reply.body == whole else ""
    if _judge(stage, heard, whole, requirement, what) and heard.reply.problem:
        stage.broken(
            requirement,
            "the framing of a response without a length cannot be read strictly",
            heard=heard,
            observed=heard.reply.problem,
            expected="a well-formed HTTP/1.1 message",
        )


@case(FAMILY, "thousands-of-pieces", proves=(_JOINED,))
async def thousands(stage: ServerStage) -> None:
    """Thousands of small pieces arrive all."""
    app = Script(asgi=(drain(), start(), repeat(_MANY, body(b"z", more=True)), body(b".")))
    heard = await stage.ask(Request(), app, within=stage.patience * 2)
    _judge(stage, heard, b"z" * _MANY + b".", _JOINED)


@case(FAMILY, "pieces-from-several-tasks", proves=(_JOINED,))
async def several_tasks(stage: ServerStage) -> None:
    """Pieces that several tasks send at once arrive whole, in any order."""
    pieces = [letter * 20_000 for letter in (b"a", b"b", b"c")]
    sent = [spawn(body(piece, more=True)) for piece in pieces]
    app = Script(asgi=(drain(), start(), *sent, join(), body()))
    heard = await stage.ask(Request(), app)
    parts = [heard.reply.body[at : at + 20_000] for at in range(0, 60_000, 20_000)]
    if sorted(parts) == pieces and len(heard.reply.body) == sum(map(len, pieces)):
        return
    _judge(stage, heard, b"".join(pieces), _JOINED, "pieces sent at once were lost or mixed")


@case(FAMILY, "pieces-stream", proves=("asgi.http.response-body.flush-before-return",))
async def pieces_stream(stage: ServerStage) -> None:
    """A piece reaches the client before the application sends the next."""
    stage.needs("streaming_output")
    for headers in ((), (_length(b"first piece", b"second"),)):
        first, second = body(b"first piece", more=True), body(b"second")
        steps = (drain(), start(200, *headers), first, wait("seen"), second)
        heard = await begin(stage, Script(asgi=steps))
        arrived = await seen(stage, heard.wire, b"first piece")
        stage.let(heard.token, "seen")
        await answered(stage, heard)
        await stage.gather(heard, 1, stage.patience)
        if not arrived:
            stage.broken(
                "asgi.http.response-body.flush-before-return",
                "the client did not see a piece that was sent, while the application waited",
                heard=heard,
                observed=f"nothing of it within {stage.patience:g} s",
                expected="the first piece before the second is sent",
            )
            return


@case(FAMILY, "response-ends", proves=("asgi.http.response-body.completes-response",))
async def ends(stage: ServerStage) -> None:
    """The last piece ends the response, though the application goes on with something else."""
    for headers in ((), (_length(b"done"),)):
        # The call has to last longer than the client waits: its end would end the response as well.
        held = wait("read", 2 * stage.patience)
        steps = (drain(), start(200, *headers), body(b"done"), held)
        heard = await begin(stage, Script(asgi=steps))
        reply = await answered(stage, heard)
        stage.let(heard.token, "read")
        await stage.gather(heard, 1, stage.patience)
        told = "the response was not complete after its last piece, while the application went on"
        requirement = "asgi.http.response-body.completes-response"
        if reply.ended == "timeout" and not _judge(stage, heard, b"done", requirement, told):
            return


@case(
    FAMILY,
    "response-defaults",
    proves=(
        "asgi.http.response-start.headers-default",
        "asgi.http.response-start.trailers-default",
        "asgi.http.response-body.body-default",
        "asgi.http.response-body.more-body-default",
    ),
)
async def defaults(stage: ServerStage) -> None:
    """Keys of the response that may be left out have their defaults."""
    begun: dict[str, Any] = {"type": "http.response.start", "status": 200}
    whole = {**begun, "headers": [TEXT], "trailers": False}
    kind = {"type": "http.response.body"}
    ok = {**kind, "body": b"ok", "more_body": False}
    rows = (
        ("start.headers", ({**begun, "trailers": False}, ok), b"ok"),
        ("start.trailers", ({**begun, "headers": [TEXT]}, ok), b"ok"),
        ("body.more-body", (whole, {**kind, "body": b"ok"}), b"ok"),
        ("body.body", (whole, {**kind, "more_body": False}), b""),
    )
    for key, events, meant in rows:
        # The call goes on for a while: its end would end the response as well.
        heard = await begin(stage, Script(asgi=(drain(), *map(send, events), wait("read"))))
        await answered(stage, heard)
        stage.let(heard.token, "read")
        await stage.gather(heard, 1, stage.patience)
        what = f"a response without the optional key {key.partition('.')[2]} went wrong"
        _judge(stage, heard, meant, f"asgi.http.response-{key}-default", what)


@case(FAMILY, "sending-after-the-end", proves=("asgi.http.response-body.after-complete-ignored",))
async def after_the_end(stage: ServerStage) -> None:
    """What is sent after the end of the response does not reach the client."""
    extra: tuple[tuple[Step, ...], ...] = (
        (body(b"EXTRA"),),
        (body(b"EXTRA", more=True), body(b"EXTRA")),
        (start(500), body(b"EXTRA")),
    )
    for headers in ((), (_length(b"done"),)):
        for steps in extra:
            late = tuple(catching(step) for step in steps)
            app = Script(asgi=(drain(), start(200, *headers), body(b"done"), *late), legal=False)
            heard = await stage.ask(Request(), app, then="keep", calls=1)
            second = await stage.follow_up(heard)
            wire = b"".join(data for _, data in heard.wire.received)
            sound = second is None or second.reply.complete
            if b"EXTRA" in wire or heard.reply.body != b"done" or not sound:
                stage.broken(
                    "asgi.http.response-body.after-complete-ignored",
                    "what was sent after the end of the response changed what the client got",
                    heard=heard,
                    observed=f"{heard.reply}: {shown(wire, 300)}",
                    expected="a response with the body b'done', and nothing after it",
                )
                return


@case(
    FAMILY, "response-to-head", methods=("HEAD",), proves=("asgi.http.server.head-body-suppressed",)
)
async def head(stage: ServerStage) -> None:
    """The body that an application sends in answer to HEAD does not reach the client."""
    for headers in ((), (_length(b"gateproof body"),)):
        app = Script(asgi=(drain(), start(200, *headers), body(b"gateproof body")))
        request = _CLOSE.but(method="HEAD")
        heard = await stage.ask(request, app, then="keep", calls=1)
        rest = heard.reply.body + await remains(stage, heard.wire)
        if rest and heard.reply.status == 200:
            stage.broken(
                "asgi.http.server.head-body-suppressed",
                "octets followed the head of a response to HEAD",
                heard=heard,
                observed=shown(rest),
                expected="nothing after the head",
            )
            return
