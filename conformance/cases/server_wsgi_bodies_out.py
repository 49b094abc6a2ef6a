"""The body of a response as the client gets it: octets, blocks, framing, HEAD.

https://peps.python.org/pep-3333/#specification-details and
https://peps.python.org/pep-3333/#other-http-features
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import (
    TEXT,
    begin,
    each,
    finish,
    late,
    reached,
    waits,
)
from gateproof.conformance.patience import settle
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import Script, Step, filled, repeat, result, start, wait, yield_

UNALTERED = "wsgi.server.body-bytes-unaltered"
CHUNKS = "wsgi.chunked.fully-compliant"

EVERY = bytes(range(256)) + b"\r\n\r\n0\r\n\r\n\n\r\r\n" + b"caf\xc3\xa9 \xff\xfe\x00"
"""Octets of every value, and some that look like line ends and chunks."""


def of(kind: str, *blocks: bytes | Step, length: int | None = None) -> Script:
    """An application with a result of this kind."""
    headers = TEXT if length is None else [*TEXT, ("Content-Length", str(length))]
    return Script(wsgi=(start("200 OK", headers), result(kind, *blocks)))


def _same(stage: ServerStage, requirement: str, heard: Heard, body: bytes, what: str) -> None:
    """Report a reply whose body is not ``body``, or is not complete."""
    reply = heard.reply
    if not heard.called or not reply.status:
        stage.blocked(f"there was no reply to {what}: {reply}")
    if reply.body == body and reply.complete:
        return
    if reply.ended == "timeout" and reply.body and body.startswith(reply.body):
        stage.blocked(f"the body of {what} was still on its way: {reply}")
    at = next(
        (n for n, (a, b) in enumerate(zip(reply.body, body, strict=False)) if a != b),
        min(len(reply.body), len(body)),
    )
    stage.broken(
        requirement,
        f"the body of {what} differs from octet {at} on"
        if reply.body != body
        else f"the body of {what} is not brought to its end",
        heard=heard,
        observed=f"{reply.body[at:][:40]!r} ({reply})",
        expected=f"{body[at:][:40]!r} of {len(body)} octets",
    )


BODIES: tuple[tuple[str, Script, bytes], ...] = (
    ("a list of one block", of("list", EVERY), EVERY),
    ("a tuple of blocks", of("tuple", EVERY, b"", EVERY), EVERY * 2),
    ("a generator", of("generator", EVERY, b"\r\n", EVERY), EVERY + b"\r\n" + EVERY),
    ("an iterator with a length", of("iterator", EVERY, length=len(EVERY)), EVERY),
    ("an iterable", of("iterable", EVERY, b"end"), EVERY + b"end"),
)
"""Bodies in every legal form."""


@case(
    "server.wsgi",
    "body-octets",
    proves=(UNALTERED, "wsgi.server.no-other-iterable-attributes"),
)
async def body_octets(stage: ServerStage) -> None:
    """The client gets the octets of the body as they are, in whatever form they come."""
    asked = [(Request(), script) for _, script, _ in BODIES]
    for (what, _, body), heard in zip(BODIES, await each(stage, asked), strict=True):
        _same(stage, UNALTERED, heard, body, what)


@case("server.wsgi", "result-by-index", proves=("wsgi.legacy.server-uses-for-loop",))
async def result_by_index(stage: ServerStage) -> None:
    """A result that offers only __getitem__() works, as it does in a for loop."""
    heard = await stage.ask(Request(), of("indexed", b"one", b" two", length=7))
    if heard.called:
        _same(stage, "wsgi.legacy.server-uses-for-loop", heard, b"one two", "an indexed result")


@case(
    "server.wsgi",
    "chunks",
    proves=(
        CHUNKS,
        "wsgi.chunked.may-be-used",
        "wsgi.server.may-transfer-encode",
        "wsgi.content-length.absent-strategies",
    ),
)
async def chunks(stage: ServerStage) -> None:
    """A body of no declared length ends where its framing says; empty blocks are not its end.

    By chunks, by a computed length or by the end of the connection, as the server likes.
    """
    blocks = (b"one", b"", b"two", b"", b"", b"3" * 5000, b"")
    heard = await stage.ask(Request(), of("generator", *blocks))
    reply = heard.reply
    if not heard.called or not reply.status:
        stage.blocked(f"there was no reply: {reply}")
    if reply.framing == "chunked" and (reply.body != b"".join(blocks) or not reply.complete):
        stage.broken(
            CHUNKS,
            "the chunks of the response do not make up the body that was given",
            observed=f"{reply}; {'; '.join(reply.oddities)}",
            expected=f"{len(b''.join(blocks))} octets and a last chunk at their end",
        )
    elif reply.framing == "chunked" and reply.problem:
        stage.broken(
            CHUNKS,
            "the chunked response cannot be read by a strict client",
            observed=reply.problem,
            expected="chunks as HTTP defines them",
        )
    elif reply.body != b"".join(blocks):
        _same(stage, UNALTERED, heard, b"".join(blocks), "a generator with empty blocks")


@case("server.wsgi", "no-chunks-for-http10", proves=("wsgi.chunked.only-if-client-supports",))
async def no_chunks_for_http10(stage: ServerStage) -> None:
    """A client of HTTP/1.0 gets no chunks."""
    stage.needs("http10")
    heard = await stage.ask(
        Request(version="HTTP/1.0"), of("generator", yield_(b"one"), yield_(b"two"))
    )
    coding = heard.reply.get(b"transfer-encoding")
    if coding:
        stage.broken(
            "wsgi.chunked.only-if-client-supports",
            "the response to a request of HTTP/1.0 has a transfer coding",
            observed=f"Transfer-Encoding: {b', '.join(coding).decode('latin-1')}",
            expected="a length, or the end of the connection",
        )


PIECES = 1000


@case("server.wsgi", "many-small-blocks", proves=(UNALTERED, CHUNKS))
async def many_small_blocks(stage: ServerStage) -> None:
    """Thousands of small blocks arrive, all of them and in order."""
    heard = await stage.ask(
        Request(),
        of("generator", repeat(PIECES, yield_(b"a "), yield_(b"bc"))),
        within=3 * stage.patience,
    )
    _same(stage, UNALTERED, heard, b"a bc" * PIECES, f"{2 * PIECES} small blocks")


@case("server.wsgi", "slow-reader", proves=(UNALTERED,))
async def slow_reader(stage: ServerStage) -> None:
    """A client that reads late gets the whole body, whoever had to wait for whom."""
    block, times = filled(65_536, b"0123456789abcdef"), 100
    heard = await begin(
        stage,
        of("generator", repeat(times, yield_(block)), wait("end", 0.0), yield_(b"end")),
    )
    await reached(stage, heard, waits("end"), settle(4))  # or the application is made to wait
    await finish(stage, heard, within=3 * stage.patience)
    _same(stage, UNALTERED, heard, bytes(block) * times + b"end", "a body that is read late")


HEADS: tuple[Script, ...] = (
    of("list", b"body"),
    of("generator", yield_(b"bo"), yield_(b"dy")),
    of("list", b"body", length=4),
)
"""Applications that answer HEAD as they answer GET."""


@case(
    "server.wsgi",
    "head-without-body",
    proves=("http1.body.head-none", "wsgi.server.may-close-early"),
    methods=("HEAD",),
)
async def head_without_body(stage: ServerStage) -> None:
    """A response to HEAD has no body, although the application gives one.

    The duty is that of HTTP, which is why its requirement is told:
    https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
    """
    for app in HEADS:
        heard = await stage.ask(Request("HEAD"), app, then="keep")
        if not heard.reply.status:
            continue
        rest = bytes(heard.wire.pending)
        if not rest:
            try:
                rest = await heard.wire.receive(late())
            except TimeoutError:
                rest = b""
        await heard.wire.close()
        if rest:
            stage.broken(
                "http1.body.head-none",
                "the response to HEAD has a body",
                heard=heard,
                observed=repr(rest[:60]),
                expected="nothing behind the head",
            )
            return
