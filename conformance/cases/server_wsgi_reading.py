"""What an application reads from wsgi.input, held against a file of the same octets.

https://peps.python.org/pep-3333/#input-and-error-streams
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import (
    PLAIN,
    Script,
    Step,
    result,
    start,
)
from gateproof.validators.catalogue import requirement
from gateproof.validators.wsgi.facts import Raised

YIELDS = "wsgi.environ.input-yields-body-bytes"
READ = "wsgi.input.read-size"
WHOLE = "wsgi.input.read-no-argument"
LINE = "wsgi.input.readline"
SIZED_LINE = "wsgi.input.readline-size"
LINES = "wsgi.input.readlines"
ITERATION = "wsgi.input.iter"
SPENT = "wsgi.input.empty-bytes-when-exhausted"
SHARED = "wsgi.streams.library-semantics"
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
    stage: ServerStage,
    heard: Heard,
    uses: Iterable[Use],
    body: bytes,
    hung: bool = False,
    *,
    mixed: bool = False,
) -> None:
    """Report the first use that differs, and a use that never returned.

    A hang is a warning: that the end of a body is simulated is only recommended.

    Args:
        stage: the stage of the case.
        heard: the exchange.
        uses: those that returned.
        body: what the client sent.
        hung: whether one did not return.
        mixed: whether it is about how different methods work together.
    """
    fault = first_fault(body, uses)
    if fault is not None:
        required = requirement(fault.requirement).enforce == "fail"
        stage.broken(
            SHARED if mixed and required else fault.requirement,
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
            broken, expected = wrong
            shown = "the end" if method == "exhausted" else repr(outcome)[:90]
            what = f"{call} of wsgi.input gave {shown} at octet {at} of the body"
            return Fault(broken, what, shown, expected)
        if isinstance(outcome, list):
            at += sum(map(len, outcome))
        elif isinstance(outcome, bytes):
            at += len(outcome)
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
