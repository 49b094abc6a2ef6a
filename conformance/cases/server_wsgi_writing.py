"""write(): what is given to it is treated as if it had been yielded.

https://peps.python.org/pep-3333/#the-write-callable
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import TEXT, each, writer_works
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.script import Script, Step, filled, result, start, write, yield_

UNUSABLE = "write() does not work; see the case 'write'"


def written(*steps: Step, length: int | None = None) -> Script:
    """An application that starts a response and then does this."""
    headers = TEXT if length is None else [*TEXT, ("Content-Length", str(length))]
    return Script(wsgi=(start("200 OK", headers), *steps))


@case("server.wsgi", "write", proves=("wsgi.start-response.returns-write",))
async def write_works(stage: ServerStage) -> None:
    """start_response gives a callable that adds a bytestring to the body."""
    heard = await stage.ask(Request(), written(write(b"written"), result("list")))
    call = heard.call
    refused = call.steps("write-raised")
    if refused:
        stage.broken(
            "wsgi.start-response.returns-write",
            "what start_response returned does not take data",
            observed=repr(refused[0]),
            expected="write(b'written') returns",
        )
    elif call.steps("written") and b"written" not in heard.reply.body:
        stage.broken(
            "wsgi.start-response.returns-write",
            "data given to write() did not reach the client",
            observed=str(heard.reply),
            expected="a body of b'written'",
        )


@case(
    "server.wsgi",
    "write-and-yield",
    proves=("wsgi.write.yielded-output-still-sent", "wsgi.write.order-before-yielded"),
)
async def write_and_yield(stage: ServerStage) -> None:
    """What is yielded follows what was written, and both arrive."""
    steps = (write(b"one "), write(b"two "))
    scripts = (
        written(*steps, result("list", b"three")),
        written(*steps, result("generator", yield_(b"thr"), yield_(b""), yield_(b"ee"))),
        written(*steps, result("list", b"three"), length=13),
    )
    for heard in await each(stage, [(Request(), script) for script in scripts]):
        if not writer_works(heard.call):
            stage.blocked(UNUSABLE)
        body = heard.reply.body
        if body == b"one two three":
            continue
        whole = sorted(body) == sorted(b"one two three")
        stage.broken(
            "wsgi.write.order-before-yielded" if whole else "wsgi.write.yielded-output-still-sent",
            "written and yielded data came in another order"
            if whole
            else "written or yielded data did not reach the client",
            heard=heard,
            observed=repr(body),
            expected="b'one two three'",
        )


PAYLOAD = bytes(range(256)) + b"\r\n\n\r"

SAME: tuple[tuple[Step, ...], ...] = (
    (yield_(PAYLOAD), yield_(b""), yield_(b"x" * 5000), yield_(filled(70_000))),
    (yield_(b"a"),),
)
"""Bodies that are once yielded and once written."""


@case("server.wsgi", "write-like-yield", proves=("wsgi.write.same-treatment-as-yield",))
async def write_like_yield(stage: ServerStage) -> None:
    """A body that is written is the body that is yielded, with and without a length."""
    for pieces in SAME:
        size = sum(len(step["data"]) for step in pieces)
        writes = [write(step["data"]) for step in pieces]
        for length in (None, size):
            yielded, wrote = await each(
                stage,
                [
                    (Request(), written(result("generator", *pieces), length=length)),
                    (Request(), written(*writes, result("list"), length=length)),
                ],
            )
            if not writer_works(wrote.call):
                stage.blocked(UNUSABLE)
            if yielded.reply.complete and (wrote.reply.body, wrote.reply.complete) != (
                yielded.reply.body,
                True,
            ):
                stage.broken(
                    "wsgi.write.same-treatment-as-yield",
                    "a written body is not what the same body is when it is yielded",
                    heard=wrote,
                    observed=str(wrote.reply),
                    expected=str(yielded.reply),
                )
