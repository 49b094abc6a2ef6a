"""One call for each request, on one connection and on many; what the flags say of others.

https://peps.python.org/pep-3333/#the-server-gateway-side and
https://peps.python.org/pep-3333/#thread-support
"""

from __future__ import annotations

import asyncio

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_exchange import WAITS, begin, finish, reached, waits
from gateproof.conformance.server_stage import Request, ServerStage
from gateproof.targets.http1 import Reply, read_reply
from gateproof.targets.script import ANSWER, ECHO, Script, wait

ONCE = "wsgi.server.one-call-per-request"
MANY = 8


async def _marked(stage: ServerStage, token: str, marks: list[bytes]) -> list[Reply]:
    """Send requests with these bodies one behind the other, on as few connections as possible."""
    replies = []
    wire = None
    for mark in marks:
        if wire is None or wire.eof or not replies[-1].keeps:
            if wire is not None:
                await wire.close()
            wire = await stage.connect()
        await wire.send(Request("POST", body=mark).octets(token, stage.host))
        replies.append(await read_reply(wire, "POST", stage.patience))
    if wire is not None:
        await wire.close()
    return replies


@case("server.wsgi", "one-call-each", proves=(ONCE,))
async def one_call_each(stage: ServerStage) -> None:
    """Each request is one call of the application, and gets the answer of its own call.

    One behind the other on a connection, and side by side on several.
    """
    token = stage.lay(ECHO)
    rows = [[b"row %d request %d" % (row, n) for n in range(MANY)] for row in range(4)]
    if stage.features.concurrency > len(rows):
        answered = await asyncio.gather(*(_marked(stage, token, row) for row in rows))
    else:
        answered = [await _marked(stage, token, row) for row in rows]
    sent = [mark for row in rows for mark in row]
    replies = [reply for row in answered for reply in row]
    good = [reply for reply in replies if reply.status == 200]
    calls = await stage.calls(token, len(good))
    mixed = [
        (mark, reply)
        for mark, reply in zip(sent, replies, strict=True)
        if reply.status == 200 and reply.complete and reply.body != mark
    ]
    if mixed:
        stage.broken(
            ONCE,
            "a request got the answer of another",
            observed=repr(mixed[0][1].body[:60]),
            expected=repr(mixed[0][0]),
        )
    if len(calls) < len(good) or len(calls) > len(sent):
        stage.broken(
            ONCE,
            f"the application was called {len(calls)} times for {len(sent)} requests, "
            f"{len(good)} of which were answered by it",
            observed=f"{len(calls)} calls",
            expected=f"{len(sent)} calls",
        )


@case("server.wsgi", "run-once", proves=("wsgi.environ.run-once-accurate",))
async def run_once(stage: ServerStage) -> None:
    """wsgi.run_once is not true in a process that is called again."""
    for _ in range(2):
        await stage.ask(Request(), ANSWER)


SLOW = Script(wsgi=(wait("go", WAITS), *ANSWER.wsgi))


@case(
    "server.wsgi",
    "concurrent-calls",
    proves=("wsgi.environ.multithread-accurate", "wsgi.threads.server-dependent"),
)
async def concurrent_calls(stage: ServerStage) -> None:
    """wsgi.multithread is true where another thread runs the application at the same time."""
    if stage.features.concurrency == 1:
        stage.not_applicable("the server works on one request at a time")
    held = [await begin(stage, SLOW) for _ in range(2)]
    try:
        await reached(stage, held[0], waits("go"))
        await reached(stage, held[1], waits("go"), stage.patience / 4)
    finally:
        for heard in held:
            stage.let(heard.token, "go")
    await asyncio.gather(*(finish(stage, heard) for heard in held))
