"""The methods of wsgi.input against a file of the same octets.

https://peps.python.org/pep-3333/#input-and-error-streams
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateproof.conformance.case import case
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import (
    PLAIN,
    Script,
    Step,
    iterate,
    read,
    readline,
    readlines,
    result,
    start,
)
from gateproof.validators.wsgi.facts import Raised

YIELDS = "wsgi.environ.input-yields-body-bytes"
READ = "wsgi.input.read-size"
WHOLE = "wsgi.input.read-no-argument"
LINE = "wsgi.input.readline"
SIZED_LINE = "wsgi.input.readline-size"
LINES = "wsgi.input.readlines"
ITERATION = "wsgi.input.iter"
SPENT = "wsgi.input.empty-bytes-when-exhausted"
PAST = "wsgi.input.eof-at-content-length"

DONE: tuple[Step, ...] = (start("200 OK", PLAIN), result("list", b"done"))
"""How an application ends that was only interested in its input."""

Use = tuple[str, tuple[object, ...], object]
"""A use of wsgi.input: the method, its arguments, and the result or what was raised."""


@dataclass(frozen=True)
class Fault:
    """The first use that differs from that of a file."""

    requirement: str
    message: str
    observed: str
    expected: str


async def used(
    stage: ServerStage,
    body: bytes,
    *steps: Step,
    request: Request | None = None,
    cuts: tuple[int, ...] = (),
    legal: bool = True,
) -> tuple[Heard, list[Use], bool]:
    """Send a body, let the application use its input, and see what came of it.

    Args:
        stage: the stage of the case.
        body: the body of a POST.
        steps: what the application does before it answers.
        request: another request than that POST.
        cuts: where the octets are cut into segments; negative ones count from the end.
        legal: whether an application may do this.

    Returns:
        The exchange, the uses that returned while the connection was open, and
        whether one of them did not.
    """
    request = request or Request("POST", body=body)
    app = Script(wsgi=(*steps, *DONE), legal=legal)
    whole = len(request.octets("gp" + 12 * "x", stage.host))
    places = [cut % whole for cut in cuts]
    heard = await stage.ask(request, app, cuts=places, then="keep", calls=0)
    hung = heard.reply.ended == "timeout" and heard.called
    uses: list[Use] = heard.calls[0].steps("input") if heard.calls else []
    await heard.wire.close()
    if heard.calls:
        await stage.refresh(heard)
    return heard, uses, hung


def compare(
    stage: ServerStage, heard: Heard, uses: Iterable[Use], body: bytes, hung: bool = False
) -> None:
    """Report the first use that differs, and a use that never returned.

    A hang is a warning: that the end of a body is simulated is only recommended.
    """
    fault = first_fault(body, uses)
    if fault is not None:
        stage.broken(
            fault.requirement,
            fault.message,
            heard=heard,
            observed=fault.observed,
            expected=fault.expected,
        )
    elif hung:
        stage.broken(
            PAST,
            "a use of wsgi.input does not return at the end of the body",
            heard=heard,
            observed="it waits for more as long as the client keeps the connection open",
            expected="the end of the body as the end of a file",
        )


def first_fault(body: bytes, uses: Iterable[Use]) -> Fault | None:
    """The first use that no file of the same octets would show.

    Fewer octets from ``read(n)`` than asked for are no fault, for the text does not
    settle that. What the judge tells by itself is left to it.
    """
    at = 0
    for method, args, outcome in uses:
        look = _LOOKS.get(method)
        if look is None:
            continue
        call = f"{method}({', '.join(map(repr, args))})" if method in _CALLED else "iteration"
        if isinstance(outcome, Raised):
            if outcome.name in ("TypeError", "AttributeError"):
                return None
            what = f"{call} of wsgi.input raised {outcome.name}"
            return Fault(_OWED[method], what, repr(outcome), "a result")
        if not isinstance(outcome, (bytes, list)) and method != "exhausted":
            return None
        size = args[0] if args and isinstance(args[0], int) else None
        rest = body[at:]
        wrong = look(rest, size, outcome)
        if wrong is not None:
            requirement, expected = wrong
            shown = "the end" if method == "exhausted" else repr(outcome)[:90]
            what = f"{call} of wsgi.input gave {shown} at octet {at} of the body"
            return Fault(requirement, what, shown, expected)
        at += sum(map(len, outcome)) if isinstance(outcome, list) else len(outcome or b"")
    return None


Wrong = tuple[str, str] | None


def _read(rest: bytes, size: int | None, data: bytes) -> Wrong:
    if size is None:
        if data == rest:
            return None
        return (WHOLE if rest.startswith(data) else YIELDS), f"{rest[:60]!r}, the rest of the body"
    if len(data) > size or (rest.startswith(data) and (data or not rest or not size)):
        return None
    return (YIELDS if data else READ), f"{rest[:size][:60]!r}, or the beginning of that"


def _line(rest: bytes) -> bytes:
    end = rest.find(b"\n") + 1
    return rest[:end] if end else rest


def _readline(rest: bytes, size: int | None, data: bytes) -> Wrong:
    line = _line(rest)
    if size is None:
        return None if data == line else (LINE, repr(line[:60]))
    if len(data) > size or data == line[:size]:
        return None
    return SIZED_LINE, repr(line[:size][:60])


def _readlines(rest: bytes, size: int | None, lines: list[bytes]) -> Wrong:
    whole = rest.splitlines(keepends=True) if b"\r" not in rest else _split(rest)
    if size is None or not whole:
        return None if lines == whole else (LINES, repr(whole)[:90])
    return None if lines and lines == whole[: len(lines)] else (LINES, repr(whole)[:90])


def _split(rest: bytes) -> list[bytes]:
    """Lines as a file in binary mode has them: only LF ends one."""
    lines = []
    while rest:
        lines.append(_line(rest))
        rest = rest[len(lines[-1]) :]
    return lines


def _next(rest: bytes, _: int | None, data: bytes) -> Wrong:
    line = _line(rest)
    return None if line and data == line else (ITERATION, repr(line[:60]) if line else "the end")


def _exhausted(rest: bytes, _: int | None, __: object) -> Wrong:
    return (ITERATION, repr(_line(rest)[:60])) if rest else None


_LOOKS: dict[str, Callable[..., Wrong]] = {
    "read": _read,
    "readline": _readline,
    "readlines": _readlines,
    "__next__": _next,
    "exhausted": _exhausted,
}
_CALLED = ("read", "readline", "readlines")
_OWED = {
    "read": READ,
    "readline": LINE,
    "readlines": LINES,
    "__next__": ITERATION,
    "exhausted": ITERATION,
}

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


@case("server.wsgi", "input-mixed", proves=("wsgi.streams.library-semantics", LINE, YIELDS))
async def input_mixed(stage: ServerStage) -> None:
    """Uses of different methods share one position, as they do on a file."""
    for steps in MIXES:
        heard, uses, hung = await used(stage, CLOSED, *steps)
        compare(stage, heard, uses, CLOSED, hung)


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
