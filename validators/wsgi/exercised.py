"""Which requirements an exchange gave a chance to be broken.

Counted only where the judge really looked: what a schema says of the parts that
were there, the columns of the machines for what was done, and the checks whose
condition held.
"""

from __future__ import annotations

from gateproof.validators import schema
from gateproof.validators.schema.files import load
from gateproof.validators.wsgi import order, owed, rare, request, response, streams
from gateproof.validators.wsgi.facts import Raised
from gateproof.validators.wsgi.judge import WSGIJudge
from gateproof.validators.wsgi.machines import (
    CLOSING,
    RESPONSE,
    STARTER,
    WRITING,
    Answers,
    Closing,
    Does,
    Handles,
    Response,
    Starter,
    Writes,
)
from gateproof.validators.wsgi.shape import WHOLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from gateproof.validators.violation import Rung

CLAIMS: frozenset[str] = (
    order.REQUIREMENTS
    | request.REQUIREMENTS
    | response.REQUIREMENTS
    | owed.REQUIREMENTS
    | rare.REQUIREMENTS
    | streams.REQUIREMENTS
    | frozenset().union(*(schema.requirements(name) for name in WHOLE))
)
"""Every requirement that the WSGI judge can report."""


def exercised(rungs: Iterable[Rung]) -> frozenset[str]:
    """The requirements that were judged on what an exchange shows.

    Args:
        rungs: the exchange, in order.

    Returns:
        Ids, all of them among :data:`CLAIMS`.
    """
    judge = WSGIJudge()
    seen: set[str] = set()
    for rung in rungs:
        chances = _CHANCES.get(rung.step)
        if chances is not None:
            for ids in chances(judge, rung.data):
                seen |= ids
        seen |= rare.CHANCES.get(rung.step, frozenset())
        judge.feed(rung.step, rung.data)
    return frozenset(seen) & CLAIMS


def _call(_judge: WSGIJudge, environ: Any) -> Iterator[frozenset[str]]:
    yield present("wsgi/environ", environ)
    yield request.REQUIREMENTS
    yield frozenset({"wsgi.app.two-positional-arguments"})


def _start(judge: WSGIJudge, data: Any) -> Iterator[frozenset[str]]:
    args = response.positional(*data)
    yield frozenset({"wsgi.start-response.app-calls-positionally", "wsgi.start-response.signature"})
    yield present("wsgi/status", args[0])
    yield present("wsgi/headers", args[1])
    if type(args[0]) is str and args[0][:3] in owed.FIELDS:
        yield frozenset({owed.FIELDS[args[0][:3]][0]})
    if type(args[0]) is str and args[0].startswith("204"):
        yield frozenset({owed.NO_LENGTH})
    if args[2] is not None:
        yield schema.requirements("wsgi/exc_info")
    # A first call breaks nothing yet, but it is what a second would be held against.
    yield RESPONSE.column(Does.START_ERROR if args[2] else Does.START) - _REFUSED
    if judge.body.state == Response.REFUSED:
        yield _REFUSED


_REFUSED = frozenset({"wsgi.start-response.failed-call-counts"})


def _started(judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    yield _named(STARTER, judge.start.state, Answers.WRITER, Answers.NOTHING)
    for breach in response.leniency(judge.start.pending[2]):
        yield frozenset({breach.requirement})


def _start_raised(judge: WSGIJudge, error: Any) -> Iterator[frozenset[str]]:
    if Raised.of(error).ours:
        return
    yield _named(STARTER, judge.start.state, Answers.RAISED, Answers.RERAISED)
    if judge.start.state in (Starter.REPEATED, Starter.REPEATED_REFUSED, Starter.SENT):
        yield _named(STARTER, judge.start.state, Answers.WRITER)
    if judge.start.given is not None and judge.start.state != Starter.DOUBTFUL:
        yield frozenset({"wsgi.exc-info.app-no-trap", "wsgi.exc-info.propagates-to-server"})


def _write(judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    if judge.body.bodiless:
        yield frozenset({owed.NO_BODY})
    if judge.body.room is not None:
        yield frozenset({"wsgi.content-length.app-accurate"})
    yield WRITING.column(Writes.WRITE) | RESPONSE.column(Does.WRITE)
    yield schema.requirements("wsgi/write")
    yield frozenset(
        {
            "wsgi.write.app-still-returns-iterable",
            "wsgi.write.avoid-in-new-apps",
            "wsgi.write.prefer-iterable",
            "wsgi.write.single-bytes-parameter",
        }
    )


def _written(judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    if judge.body.over:
        yield frozenset({"wsgi.content-length.write-past-raises"})


def _write_raised(judge: WSGIJudge, error: Any) -> Iterator[frozenset[str]]:
    if judge.body.sound and Raised.of(error).outside:
        yield frozenset({"wsgi.start-response.returns-write"})


def _result(_judge: WSGIJudge, facts: Any) -> Iterator[frozenset[str]]:
    yield frozenset({"wsgi.app.returns-iterable", "wsgi.legacy.app-no-bare-file-return"})
    if facts["is_file_wrapper"]:
        yield frozenset({"wsgi.file-wrapper.returns-iterable"})


def _item(judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    if judge.body.bodiless:
        yield frozenset({owed.NO_BODY})
    yield schema.requirements("wsgi/item") | RESPONSE.column(Does.ITEM)
    if judge.body.over:
        yield frozenset({"wsgi.content-length.stop-iterating"})
    if judge.body.room is not None:
        yield frozenset({"wsgi.content-length.app-accurate"})


def _exhausted(judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    if judge.body.bodiless:
        yield frozenset({owed.NO_BODY})
    yield RESPONSE.column(Does.EXHAUST)
    if judge.body.room is not None:
        yield frozenset({"wsgi.content-length.app-accurate"})
    if judge.result.facts is not None and judge.result.facts["len"] is not None:
        yield frozenset({"wsgi.app.len-accurate"})


def _left(_judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    yield frozenset({"wsgi.errors-handling.app-traps-own-errors"})


def _close(judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    yield from _next(judge, None)
    if judge.result.facts is None or not judge.result.facts["has_close"]:
        return
    yield frozenset({"wsgi.server.close-called-once"})
    if judge.result.state == Closing.BROKEN:
        yield frozenset({"wsgi.server.close-called-on-app-error"})
    else:
        yield frozenset({"wsgi.server.close-called"})
    if judge.result.state in (Closing.RETURNED, Closing.ITERATING):
        yield frozenset({"wsgi.app.no-assumption-fully-consumed"})


def _end(judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    yield from _next(judge, None)
    if judge.result.facts is not None and judge.result.facts["has_close"]:
        yield _named(CLOSING, judge.result.state, Handles.END)
    if not judge.streams.flushed:
        yield frozenset({"wsgi.errors.app-must-flush"})


def _next(judge: WSGIJudge, _: Any) -> Iterator[frozenset[str]]:
    if judge.result.facts is not None and judge.result.facts.get("indexed") and judge.body.room:
        yield frozenset({"wsgi.legacy.server-uses-for-loop"})
    if judge.result.facts is not None and judge.body.state == Response.UNSTARTED:
        yield frozenset({"wsgi.server.no-assumption-started-before-iteration"})


def _input(judge: WSGIJudge, data: Any) -> Iterator[frozenset[str]]:
    method, args, _ = data
    yield streams.judged(method, bool(args), judge.streams.bounded)
    if judge.streams.reading is not None:
        yield judge.streams.reading.at_stake


def _errors(_judge: WSGIJudge, data: Any) -> Iterator[frozenset[str]]:
    yield streams.judged_log(data[0])


_CHANCES: dict[str, Callable[[WSGIJudge, Any], Iterator[frozenset[str]]]] = {
    "call": _call,
    "start_response": _start,
    "started": _started,
    "start_response-raised": _start_raised,
    "write": _write,
    "written": _written,
    "write-raised": _write_raised,
    "result": _result,
    "next": _next,
    "item": _item,
    "exhausted": _exhausted,
    "raise": _left,
    "item-raised": _left,
    "close": _close,
    "end": _end,
    "input": _input,
    "errors": _errors,
}


def _named(machine: Any, state: int, *symbols: int) -> frozenset[str]:
    """The requirements that ``symbols`` would break in ``state``."""
    names = (machine.rows[state][symbol].requirement for symbol in symbols)
    return frozenset(name for name in names if name is not None)


def present(name: str, value: object) -> frozenset[str]:
    """The requirements of a schema that speak of parts which ``value`` has."""
    return frozenset(_parts(load(name), value))


def _parts(node: Any, value: Any) -> Iterator[str]:
    if isinstance(node.get("requirement"), str):
        yield node["requirement"]
    for part in node.get("allOf", ()):
        yield from _parts(part, value)
    if type(value) is dict:
        for key, part in node.get("properties", {}).items():
            if key in value:
                yield from _parts(part, value[key])
        for part in (*node.get("patternProperties", {}).values(), node.get("propertyNames")):
            if part is not None:
                yield from _parts(part, None)
    elif type(value) in (list, tuple) and value:
        for part in node.get("prefixItems", ()):
            yield from _parts(part, None)
        if "items" in node:
            yield from _parts(node["items"], value[0])
