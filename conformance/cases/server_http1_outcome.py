"""What the cases of HTTP/1.1 share: a message, a plain request behind it, and how both fared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateproof.conformance.patience import settle, stretch
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.http1 import Reply, read_reply
from gateproof.targets.http1_request import filled, method_of
from gateproof.targets.journal import Call
from gateproof.targets.script import ECHO, Script, alter, answer, echo
from gateproof.targets.wire import Wire
from gateproof.validators.violation import Verdict

Row = TypeVar("Row")
Result = TypeVar("Result")

SECOND = answer(body=b"second")
"""What the application answers to the request behind the message under test."""

ECHO_ALL = Script(wsgi=(alter("wsgi.input_terminated", True), echo()), asgi=(echo(),))
"""Answers with the request body, read to its end whatever CONTENT_LENGTH says, as of chunks."""


def echo_all(stage: ServerStage) -> Script:
    """:data:`ECHO_ALL` where the server can tell the end of any body, else :data:`ECHO`.

    On the others reading on would wait for the client to close.
    """
    return ECHO_ALL if stage.features.chunked_request else ECHO


FOLLOWER = b"GET /{token} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
"""The request behind the message under test."""

NOT_OURS = frozenset({501, 505})
"""Statuses above 499 by which a server says that it does not know something, and is well."""

PROMPT = 1_000_000_000
"""Nanoseconds within which a server closes that means to close after its response."""

ONE_BY_ONE = 40.0
"""Seconds that a table may take on a server that serves one request at a time and says nothing."""

TOGETHER = 4
"""How many messages of one table are under way at once, where the server allows it."""


@dataclass(frozen=True)
class Outcome:
    """How a message fared, and the request behind it.

    Attributes:
        what: names the message within its table.
        heard: the exchange of the message.
        behind: the exchange of the request behind it, ``None`` where there was none
            or the connection ended first.
        followed: whether a request was sent behind it, or the end of the connection waited for.
    """

    what: str
    heard: Heard
    behind: Heard | None = None
    followed: bool = False

    @property
    def status(self) -> int | None:
        """The status of the reply, ``None`` where there was none."""
        return self.heard.reply.status or None

    @property
    def echoed(self) -> bytes | None:
        """The body that the application read, ``None`` where it did not echo one."""
        return self.heard.reply.body if self.status == 200 else None

    @property
    def served(self) -> bool:
        """Whether the server took the message for a good request.

        An error that the server answers although the application was called counts
        as a refusal: it noticed in time for its client.
        """
        if self.status is None:
            return self.heard.called
        return self.status < 400

    @property
    def failed(self) -> bool:
        """Whether the server answered that it had an error of its own."""
        return self.status is not None and self.status >= 500 and self.status not in NOT_OURS

    @property
    def silent(self) -> bool:
        """Whether nothing came back, on a connection that stayed open."""
        return self.status is None and self.heard.reply.ended == "timeout"

    @property
    def went_on(self) -> bool:
        """Whether the request behind the message was treated as a request of its own."""
        return self.behind is not None and (self.behind.called or bool(self.behind.reply.status))

    @property
    def misread(self) -> bool:
        """Whether the plain request behind the message was refused, so that it was cut wrongly.

        An error that the server says is its own may have any cause, and blames no framing.
        """
        if self.behind is None:
            return False
        status = self.behind.reply.status
        return 400 <= status < 500 or status in NOT_OURS

    @property
    def stray(self) -> bytes:
        """What came behind the reply and is no response."""
        if self.behind is None or self.behind.reply.ended != "garbage":
            return b""
        return self.behind.reply.raw

    @property
    def open(self) -> bool:
        """Whether the connection was still open when the time for closing it was over."""
        wire = self.heard.wire
        return not (wire.eof or wire.was_reset)

    @property
    def kept(self) -> bool:
        """Whether the server kept the connection for more.

        It did where it answered the request behind, or where its response announced
        no close and the end of the connection, if any, was that of an idle one.
        """
        reply, wire = self.heard.reply, self.heard.wire
        if self.went_on or not reply.status:
            return self.went_on
        late = wire.ended_at - reply.ended_at > PROMPT * stretch()
        return self.open or (reply.keeps and late)

    @property
    def told(self) -> str:
        """What happened, in words."""
        reply = self.heard.reply
        if self.status is not None:
            text = f"answered {self.status}"
        elif self.silent:
            text = "no answer"
        elif reply.ended == "garbage":
            text = f"something that is no response: {reply.raw[:60]!r}"
        else:
            text = "closed without an answer"
        if self.heard.called:
            text += ", the application was called"
        if self.behind is not None and self.behind.reply.status:
            text += f", the request behind it was answered {self.behind.reply.status}"
        elif self.went_on:
            text += ", the application was called for the request behind it"
        elif self.open and self.followed:
            text += ", the connection stayed open"
        return text


async def sent(
    stage: ServerStage,
    what: str,
    message: Request | bytes,
    app: Script = ECHO,
    *,
    follow: bool = True,
    cuts: Sequence[int] = (),
    within: float | None = None,
) -> Outcome:
    """Send a message with a plain request right behind it, and read what comes back.

    Where the server mixes up requests that come together, the one behind is sent once the
    message has been answered: what is found of the message is about the message then.

    Args:
        stage: the stage of the case.
        what: names the message.
        message: the message, with places for ``{token}`` and ``{host}``.
        app: what the application does with the message.
        follow: whether the plain request goes along.
        cuts: where the octets are cut into segments.
        within: seconds for each of the two replies; the stage's patience by default.
    """
    if isinstance(message, Request):
        message = message.octets("{token}", "{host}")
    behind = stage.lay(SECOND) if follow else ""
    apart = follow and stage.features.keep_alive and not stage.features.pipelining
    follower = FOLLOWER.replace(b"{token}", behind.encode()) if follow else b""
    heard = await begun(stage, message if apart else message + follower, app, cuts)
    await finish(stage, heard, method_of(heard.request), within=within)
    if apart and heard.reply.complete:
        await heard.wire.send(filled(follower, behind, stage.host))
    second = None
    if follow:
        second = await _follower(stage, heard, behind, within or stage.patience)
        if "garbage" in (heard.reply.ended, second.reply.ended if second else ""):
            await ends(stage, heard.wire, settle(2))
    # A server that serves one connection at a time has to be free for the next message.
    await heard.wire.close()
    return Outcome(what, heard, second, follow)


async def _follower(stage: ServerStage, heard: Heard, token: str, within: float) -> Heard | None:
    """What became of the request behind a message; it is read to the end of the connection."""
    reply = Reply()
    if heard.reply.complete:
        reply = await read_reply(heard.wire, "GET", within)
    answered = 0 < reply.status < 400
    calls = await stage.calls(token) if answered else stage.server.folder.calls(token)
    if not reply.raw_size and not reply.raw and not calls:
        return None
    octets = filled(FOLLOWER, token, stage.host)
    second = Heard(token, octets, heard.wire, reply, calls, heard.interface)
    stage.heard.append(second)
    return second


async def begun(
    stage: ServerStage, message: Request | bytes, app: Script = ECHO, cuts: Sequence[int] = ()
) -> Heard:
    """Send a message, or the beginning of one, and read nothing yet."""
    token = stage.lay(app)
    if isinstance(message, Request):
        message = message.octets("{token}", "{host}")
    octets = filled(message, token, stage.host)
    heard = Heard(token, octets, await stage.connect(), Reply(), [], stage.interface)
    stage.heard.append(heard)
    await heard.wire.send(octets, cuts)
    return heard


async def finish(
    stage: ServerStage, heard: Heard, method: str = "GET", *, within: float | None = None
) -> Reply:
    """Read the reply of what was :func:`begun`, and the journals of the application."""
    within = within or stage.patience
    heard.reply = await read_reply(heard.wire, method, within)
    if heard.reply.ended == "timeout":
        # What the application has not done by now it does when the client has left, if at all.
        stage.troubled = True
        heard.calls = stage.server.folder.calls(heard.token)
    else:
        await stage.gather(heard, None, within)
    return heard.reply


async def ends(stage: ServerStage, wire: Wire, within: float | None = None) -> bool:
    """Wait for the end of a connection; whatever comes before it is dropped."""
    deadline = asyncio.get_running_loop().time() + (within or stage.patience)
    while not wire.eof:
        try:
            await wire.receive(deadline - asyncio.get_running_loop().time())
        except TimeoutError:
            return False
    return True


async def each(
    stage: ServerStage, rows: Iterable[Row], run: Callable[[Row], Awaitable[Result]]
) -> list[Result]:
    """Run every row of a table, a few at once where the server serves several, in order."""
    gate = asyncio.Semaphore(TOGETHER if stage.features.concurrency > TOGETHER else 1)

    async def one(row: Row) -> Result:
        async with gate:
            return await run(row)

    return await asyncio.gather(*(one(row) for row in rows))


def apiece(stage: ServerStage, count: int) -> float:
    """Seconds for each reply to one of ``count`` messages, none of which has to be answered."""
    if stage.features.concurrency > TOGETHER:
        return stage.patience
    return min(stage.patience, ONE_BY_ONE / max(1, count))


async def table(
    stage: ServerStage,
    rows: Iterable[tuple[str, Request | bytes]],
    app: Script = ECHO,
    *,
    follow: bool = True,
    within: float | None = None,
) -> list[Outcome]:
    """Send every message of a table, each on a connection of its own."""
    rows = list(rows)
    within = within or apiece(stage, len(rows))
    return await each(stage, rows, lambda row: sent(stage, *row, app, follow=follow, within=within))


def accuse(
    stage: ServerStage,
    requirement: str,
    deed: str,
    outcomes: Sequence[Outcome],
    *,
    expected: str,
    verdict: Verdict | None = None,
    hint: str = "",
) -> None:
    """Report one finding for all ``outcomes`` that show the same breach, if there are any."""
    if not outcomes:
        return
    first = outcomes[0]
    stage.broken(
        requirement,
        f"{deed}: {'; '.join(outcome.what for outcome in outcomes)}",
        heard=first.heard,
        observed=first.told,
        expected=expected,
        verdict=verdict,
        hint=hint,
    )


def refusal(
    stage: ServerStage,
    requirement: str,
    outcomes: Sequence[Outcome],
    *,
    closing: bool = False,
    verdict: Verdict | None = None,
) -> None:
    """Judge messages that a server has to refuse.

    Any error status of the client's kind, 501 and 505 count as a refusal, and so does a
    connection that ends without an answer (what was on its way may be lost with it).

    Args:
        stage: the stage of the case.
        requirement: what serving such a message breaks.
        outcomes: how the messages fared.
        closing: whether the connection has to be closed as well.
        verdict: a verdict milder than the requirement's own.
    """
    expected = "400" + (" and a closed connection" if closing else "")
    served = [outcome for outcome in outcomes if outcome.served]
    accuse(stage, requirement, "served", served, expected=expected, verdict=verdict)
    if closing:
        further = [one for one in outcomes if not one.served and one.went_on]
        accuse(
            stage,
            requirement,
            "took what stands behind a refused message for the next request",
            further,
            expected=expected,
            verdict=verdict,
        )
    failed = [outcome for outcome in outcomes if outcome.failed and outcome not in served]
    accuse(
        stage,
        requirement,
        "answered with an error of the server",
        failed,
        expected=expected,
        verdict="weak",
    )


# What the application saw


def values(call: Call, name: str) -> list[bytes]:
    """The values of a header field as the application sees them, in order.

    An environ has at most one, and an empty CONTENT_LENGTH or CONTENT_TYPE counts as none.
    """
    return [value for field, value in fields(call) if field == name.lower().encode()]


def fields(call: Call) -> list[tuple[bytes, bytes]]:
    """Every header field that the application sees: lower-case name with hyphens, value."""
    request = call.request
    if call.interface == "asgi":
        return [
            (bytes(name).lower(), bytes(value))
            for name, value in request.get("headers", ())
            if isinstance(name, bytes) and isinstance(value, bytes)
        ]
    found = []
    for key, value in request.items():
        if not isinstance(key, str) or not isinstance(value, str):
            continue
        if key.startswith("HTTP_"):
            name = key[5:]
        elif key in {"CONTENT_LENGTH", "CONTENT_TYPE"} and value:
            name = key
        else:
            continue
        found.append((_octets(name.lower().replace("_", "-")), _octets(value)))
    return found


def path(call: Call) -> str:
    """The decoded path as the application sees it; octets of a WSGI path stand for UTF-8."""
    request = call.request
    if call.interface == "asgi":
        return str(request.get("path", ""))
    whole = str(request.get("SCRIPT_NAME", "")) + str(request.get("PATH_INFO", ""))
    return _octets(whole).decode("utf-8", "surrogateescape")


def query(call: Call) -> bytes:
    """The query as the application sees it."""
    request = call.request
    if call.interface == "asgi":
        return bytes(request.get("query_string", b""))
    return _octets(str(request.get("QUERY_STRING", "")))


def method(call: Call) -> str:
    """The method as the application sees it."""
    return str(call.request.get("method" if call.interface == "asgi" else "REQUEST_METHOD", ""))


def _octets(text: str) -> bytes:
    return text.encode("latin-1", "replace")
