"""The methods of wsgi.input, one by one and together, in a body and at its end.

https://peps.python.org/pep-3333/#input-and-error-streams
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_wsgi_reading import (
    ITERATION,
    LINE,
    LINES,
    PAST,
    READ,
    SHARED,
    SIZED_LINE,
    SPENT,
    WHOLE,
    YIELDS,
    Use,
    compare,
    used,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import Step, iterate, read, readline, readlines

TEXT = b"a\nb\n\nc\r\nlonger line\n\x00\xff\xfe\nend"
"""Lines of every kind; the last has no terminator."""

CLOSED = TEXT + b" of it\n"
"""The same, with a terminator at its end, so that no line has to wait for the end."""

LONG = b"x" * 70_000 + b"\n" + b"y" * 9_000 + b"\nz\n"
"""Lines longer than the buffers of most servers."""


@case("server.wsgi", "input-read", proves=(READ, YIELDS, "wsgi.unicode.bytes-from-input"))
async def input_read(stage: ServerStage) -> None:
    """read(n) gives at most n octets, and an empty result only at the end."""
    steps = (read(0), read(1), read(2), read(0), read(len(TEXT) - 3))
    heard, uses, hung = await used(stage, TEXT, *steps, cuts=(-7,))
    compare(stage, heard, uses, TEXT, hung)


@case("server.wsgi", "input-read-all", proves=(WHOLE, PAST))
async def input_read_all(stage: ServerStage) -> None:
    """read() without a size gives all that is left, on a connection that stays open."""
    for steps in ((read(),), (read(3), read())):
        heard, uses, hung = await used(stage, TEXT, *steps)
        compare(stage, heard, uses, TEXT, hung)
        if hung:
            return


@case("server.wsgi", "input-readline", proves=(LINE,))
async def input_readline(stage: ServerStage) -> None:
    """readline() gives one line with its terminator, however long and however it comes in."""
    for body in (CLOSED, LONG):
        steps = [readline()] * body.count(b"\n")
        heard, uses, hung = await used(stage, body, *steps, cuts=_middle(body))
        compare(stage, heard, uses, body, hung)


def _middle(body: bytes) -> tuple[int, ...]:
    """Cuts in the middle of a body at the end of the octets."""
    return (1 - len(body), 5 - len(body), -(len(body) // 2))


@case(
    "server.wsgi", "input-readline-size", proves=(SIZED_LINE, "wsgi.input.readline-size-omittable")
)
async def input_readline_size(stage: ServerStage) -> None:
    """readline(n) gives at most n octets of a line, and the rest of it later."""
    body = b"abcdef\nab\nabcdefgh\n"
    steps = (readline(3), readline(50), readline(3), readline(4), readline())
    heard, uses, hung = await used(stage, body, *steps)
    compare(stage, heard, uses, body, hung)


@case("server.wsgi", "input-readlines", proves=(LINES, PAST))
async def input_readlines(stage: ServerStage) -> None:
    """readlines() gives the list of all lines that are left."""
    for steps in ((readlines(),), (readline(), readlines())):
        heard, uses, hung = await used(stage, TEXT, *steps)
        compare(stage, heard, uses, TEXT, hung)
        if hung:
            return


@case("server.wsgi", "input-readlines-hint", proves=(LINES, "wsgi.input.readlines-hint-optional"))
async def input_readlines_hint(stage: ServerStage) -> None:
    """readlines(hint) gives whole lines, some of them or all."""
    heard, uses, hung = await used(stage, CLOSED, readlines(1))
    compare(stage, heard, uses, CLOSED, hung)


@case("server.wsgi", "input-iteration", proves=(ITERATION, PAST))
async def input_iteration(stage: ServerStage) -> None:
    """Iteration gives the lines, one after the other, and ends with the body."""
    lines = CLOSED.count(b"\n")
    heard, uses, hung = await used(stage, CLOSED, iterate(lines), cuts=_middle(CLOSED))
    compare(stage, heard, uses, CLOSED, hung)
    if not hung:
        heard, uses, hung = await used(stage, TEXT, iterate())
        compare(stage, heard, uses, TEXT, hung)


MIXES: tuple[tuple[Step, ...], ...] = (
    (read(1), readline(), read(2), readline(3), readline(), read(4), readline(2)),
    (readline(), readline(1), read(1), readline(), readline(6), read(1), readline()),
    (readline(2), read(5), readline(100), readline(), read(3), readline()),
)
"""Uses of different methods on one body, none of which goes past its end."""


@case("server.wsgi", "input-mixed", proves=(SHARED,))
async def input_mixed(stage: ServerStage) -> None:
    """Uses of different methods share one position, as they do on a file."""
    for steps in MIXES:
        heard, uses, hung = await used(stage, CLOSED, *steps)
        compare(stage, heard, uses, CLOSED, hung, mixed=True)


EMPTY_USES: tuple[tuple[Step, object], ...] = (
    (read(1), b""),
    (readline(), b""),
    (readlines(), []),
    (read(), b""),
)
"""What a stream without anything left gives."""


@case("server.wsgi", "input-empty", proves=(SPENT,))
async def input_empty(stage: ServerStage) -> None:
    """The input of a request without a body is at its end: nothing blocks, nothing raises."""
    without = Request()
    zero = Request("POST", headers=(("Host", "{host}"), ("Content-Length", "0")))
    for request in (without, zero):
        for step, expected in EMPTY_USES:
            heard, uses, hung = await used(stage, b"", step, request=request, legal=False)
            if not _at_end(stage, heard, uses, expected, hung):
                return


@case("server.wsgi", "input-spent", proves=(SPENT, PAST))
async def input_spent(stage: ServerStage) -> None:
    """Once the declared body was read, the input is at its end, with the connection still open."""
    for step, expected in EMPTY_USES:
        heard, uses, hung = await used(stage, b"12345", read(5), step, legal=False)
        if uses and uses[0][2] != b"12345":
            return  # a short read; that the body comes is another case
        if hung:
            compare(stage, heard, (), b"", hung)
            return
        if not _at_end(stage, heard, uses[1:], expected, hung):
            return


def _at_end(
    stage: ServerStage, heard: Heard, uses: list[Use], expected: object, hung: bool
) -> bool:
    """Whether the one use gave ``expected``; reports it if not."""
    if hung:
        observed = "it did not return"
    elif not heard.called or not uses or uses[0][2] == expected:
        return heard.called
    else:
        observed = repr(uses[0][2])[:90]
    stage.broken(
        SPENT,
        "a read of an input stream that is at its end does not give an empty result",
        heard=heard,
        observed=observed,
        expected=repr(expected),
    )
    return False


@case("server.wsgi", "input-past-length", proves=(PAST,))
async def input_past_length(stage: ServerStage) -> None:
    """A read beyond the declared body gives its octets and then the end, not the next request."""
    body = b"12345"
    behind = b"GET /behind HTTP/1.1\r\nHost: {host}\r\n\r\n"
    for tail in (b"", behind):
        heard, uses, hung = await used(
            stage,
            body,
            read(10),
            read(10),
            request=Request(
                "POST",
                headers=(("Host", "{host}"), ("Content-Length", "5")),
                body=body + tail,
            ),
            legal=False,
        )
        got = b"".join(use[2] for use in uses if isinstance(use[2], bytes))
        if hung and got in (b"", body):
            compare(stage, heard, (), body, hung)
            return
        if len(got) > len(body):
            stage.broken(
                PAST,
                "a read beyond the declared body gives octets of the next request",
                heard=heard,
                observed=repr(got[:60]),
                expected=repr(body),
            )
            return
