"""ASGI HTTP: replies that stand for another one, and events that make no sense.

https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2 and
https://asgi.readthedocs.io/en/latest/specs/main.html#error-handling
"""

from __future__ import annotations

from gateproof.conformance.asgi_relations import breakdown
from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.header_fields import KEPT, conditions, folded
from gateproof.targets.asgi_http import Reply

HEAD = "http1.head.same-headers"
METADATA = "http1.status.304-metadata"
INVALID = "asgi.app.raises-on-invalid-event"
MIXED = "asgi.app.handles-mixed-events"

UNCOMPARED = frozenset({b"content-length", b"date", b"set-cookie", b"vary", b"trailer"})
"""Headers that a HEAD response may give otherwise, or that have a rule of their own."""

_PLAIN = {"type": "http.request", "body": b"", "more_body": False}


def _steady(replies: list[Reply]) -> dict[bytes, tuple[bytes, ...]]:
    """The headers that are the same in all of ``replies``."""
    first, *others = [folded(reply.headers) for reply in replies]
    return {
        name: values
        for name, values in first.items()
        if all(other.get(name) == values for other in others)
    }


@case("asgi.http", "head-as-get", proves=(HEAD,), methods=("HEAD", "GET"))
async def head_as_get(stage: ASGIStage) -> None:
    """HEAD is answered with the headers of GET.

    A header that only making the body would tell may be missing.
    """
    for base in await stage.baselines():
        if not 200 <= (base.replies[0].status or 0) < 300:
            continue
        steady = _steady(base.replies)
        reply = await stage.request(base.asked.but(method="HEAD"))
        if reply.status != base.replies[0].status:
            continue  # an application need not offer HEAD
        found = _other(steady, reply)
        if found and found == _other(steady, await stage.request(reply.request)):
            name, given = found
            stage.broken(
                HEAD,
                f"HEAD is answered with another {name.decode('latin-1')!r} than GET",
                watched=reply.watched,
                observed=repr(list(given)),
                expected=repr(list(steady[name])),
                party="application",
            )


def _other(
    steady: dict[bytes, tuple[bytes, ...]], reply: Reply
) -> tuple[bytes, tuple[bytes, ...]] | None:
    """The first header that ``reply`` gives another value than GET has each time."""
    given = folded(reply.headers)
    for name, values in steady.items():
        if name not in UNCOMPARED and given.get(name, values) != values:
            return name, given[name]
    length = given.get(b"content-length")
    expected = steady.get(b"content-length")
    if expected and length and length not in (expected, (b"0",)):
        return b"content-length", length
    return None


@case("asgi.http", "not-modified", proves=(METADATA,))
async def not_modified(stage: ASGIStage) -> None:
    """A 304 tells of the response that it stands for what the 200 would have told."""
    for base in await stage.baselines():
        known = folded(base.replies[0].headers)
        etag, modified = (
            known[name][0].decode("latin-1") if name in known else None
            for name in (b"etag", b"last-modified")
        )
        asked = tuple(
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in conditions(etag, modified)
        )
        if base.replies[0].status != 200 or not asked:
            continue
        reply = await stage.request(base.asked.but(headers=asked))
        if reply.status != 304:
            continue  # an application need not look at conditions
        steady, given = _steady(base.replies), folded(reply.headers)
        due = [name for name in KEPT if name.encode() in steady]
        lost = [name for name in due if name.encode() not in given]
        if lost and (await stage.request(reply.request)).status == 304:
            stage.broken(
                METADATA,
                f"the 304 lacks {lost[0]!r}, which the 200 has",
                watched=reply.watched,
                observed=f"a 304 with {', '.join(map(repr, given)) or 'no headers'}",
                expected=", ".join(map(repr, due)),
                party="application",
            )


@case("asgi.http", "event-without-type", proves=(INVALID,))
async def event_without_type(stage: ASGIStage) -> None:
    """An event without a type makes the application raise, rather than answer as usual.

    One that asks for no further event may not have looked at it at all: to take
    the first event for granted is only observed.
    """
    untyped = {"body": b"", "more_body": False}
    heard = False
    for base in await stage.baselines():
        reply = await stage.request(base.asked.but(events=(untyped, _PLAIN)))
        _expect_refusal(reply)
        if not reply.received:
            continue
        heard = True
        if reply.complete and reply.status == base.replies[0].status and not breakdown(reply):
            stage.broken(
                INVALID,
                f"{reply.status} was answered though receive() gave an event without 'type'",
                watched=reply.watched,
                observed=f"status {reply.status} and a complete response",
                expected="an exception",
                verdict=None if reply.received > 1 else "observed",
                party="application",
            )
    if not heard:
        stage.not_applicable("the application does not call receive()")


@case("asgi.http", "event-of-other-origin", proves=(MIXED,))
async def event_of_other_origin(stage: ASGIStage) -> None:
    """An event of an unknown type before the request's: what is made of it is recorded."""
    unknown = {"type": "x-gateproof.tick"}
    for base in await stage.baselines(events=(_PLAIN,)):
        reply = await base.agrees(
            base.asked.but(events=(unknown, _PLAIN)),
            MIXED,
            "an event of an unknown type comes first",
            broke="observed",
            changed="observed",
        )
        _expect_refusal(reply)


def _expect_refusal(reply: Reply) -> None:
    """Our side broke the protocol on purpose, and to raise is a right answer."""
    watched = reply.watched
    watched.may_raise = True
    watched.violations[:] = [found for found in watched.violations if found.party != "server"]
