"""What a server does with the response: stop early, edit the headers, refuse to write.

https://peps.python.org/pep-3333/#the-start-response-callable
"""

from __future__ import annotations

from collections.abc import Mapping

from gateproof.conformance.case import case
from gateproof.conformance.header_fields import KEPT, conditions, folded
from gateproof.conformance.wsgi_baseline import (
    TRAPS,
    baselines,
)
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_gateway import ADDED, Reply

HEAD = "wsgi.app.head-same-as-get"
METADATA = "http1.status.304-metadata"
REINVOCABLE = "wsgi.app.reinvocable"
MUTATED = "wsgi.response-headers.server-may-mutate"
CLOSED_EARLY = "wsgi.server.may-close-early"
FULLY_CONSUMED = "wsgi.app.no-assumption-fully-consumed"

UNCOMPARED = frozenset({"content-length", "date", "set-cookie", "vary"})
"""Headers that a HEAD response may give otherwise, or that have a rule of their own."""


@case("wsgi", "head", proves=(HEAD,), methods=("HEAD", "GET"))
def head(stage: WSGIStage) -> None:
    """HEAD is answered like GET, with the same headers.

    A header that only making the body would tell may be missing:
    https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
    """
    for baseline in baselines(stage):
        if not 200 <= baseline.reply.status < 300:
            continue
        reply = baseline.ask(method="HEAD")
        if reply.failed or reply.status != baseline.reply.status:
            continue  # an application need not offer HEAD
        again = stage.play(reply.request)
        steady = baseline.headers, baseline.steady
        for text in other_headers(*steady, reply):
            if text in other_headers(*steady, again):
                stage.broken(HEAD, text, party="application", expected="the headers of GET")


def other_headers(headers: Mapping[str, tuple[str, ...]], steady: bool, reply: Reply) -> list[str]:
    """The headers of a HEAD reply that GET gives another value.

    Args:
        headers: what GET gives each time, by lower-case name.
        steady: whether GET has the same body each time.
        reply: the reply to HEAD.
    """
    given = folded(reply.headers)
    texts = [
        f"HEAD is answered with {name}: {', '.join(given[name])!r} "
        f"where GET has {', '.join(values)!r}"
        for name, values in headers.items()
        if name not in UNCOMPARED and name in given and given[name] != values
    ]
    length = reply.header("Content-Length")
    known = headers.get("content-length")
    if steady and known and length not in (None, "0", *known):
        texts.append(f"HEAD is answered with Content-Length {length} where GET has {known[0]}")
    return texts


@case("wsgi", "not-modified", proves=(METADATA,))
def not_modified(stage: WSGIStage) -> None:
    """A 304 tells of the response that it stands for what the 200 would have told.

    https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5
    """
    for baseline in baselines(stage):
        asked = baseline.request
        known = conditions(baseline.reply.header("ETag"), baseline.reply.header("Last-Modified"))
        if baseline.reply.status != 200 or not known:
            continue
        reply = baseline.ask(headers=(*asked.headers, *known))
        if reply.failed or reply.status != 304:
            continue  # an application need not look at conditions
        given = folded(reply.headers)
        lost = [name for name in KEPT if name in baseline.headers and name not in given]
        if lost and stage.play(reply.request).status == 304:
            stage.broken(
                METADATA,
                f"the 304 lacks {lost[0]!r}, which the 200 has",
                observed=f"a 304 with {', '.join(map(repr, given)) or 'no headers'}",
                expected=", ".join(repr(name) for name in KEPT if name in baseline.headers),
                party="application",
            )


@case("wsgi", "closed-early", proves=(FULLY_CONSUMED, REINVOCABLE))
def closed_early(stage: WSGIStage) -> None:
    """The client goes away: the iterable is closed before it was read, or after one piece."""
    for baseline in baselines(stage):
        for items in (0, 1):
            baseline.ask(stop_after=items)
        baseline.still("an earlier response was closed early", REINVOCABLE)


@case("wsgi", "head-closed-early", proves=(FULLY_CONSUMED,), methods=("HEAD",))
def head_closed_early(stage: WSGIStage) -> None:
    """The server has no use for the body of a HEAD response and closes it after one item."""
    for baseline in baselines(stage, method="HEAD"):
        baseline.ask(stop_after=1)


@case("wsgi", "stopped-at-length", proves=(CLOSED_EARLY, REINVOCABLE))
def stopped_at_length(stage: WSGIStage) -> None:
    """The server takes no further item once it has as many octets as Content-Length says."""
    for baseline in baselines(stage):
        baseline.same(
            "the iterable is closed when Content-Length is reached",
            fails=CLOSED_EARLY,
            differs=CLOSED_EARLY,
            stop_at_length=True,
        )
        baseline.still("an earlier response was closed at its Content-Length", REINVOCABLE)


@case("wsgi", "headers-edited-in-place", proves=(MUTATED,))
def headers_edited(stage: WSGIStage) -> None:
    """The server edits the header list it was given; the next response has none of that."""
    for baseline in baselines(stage):
        baseline.ask(edit_headers=True)
        later = stage.play(baseline.request)
        if ADDED in later.headers and ADDED not in baseline.reply.headers:
            stage.broken(
                MUTATED,
                f"the application hands out a header list that the server edited ({ADDED[0]})",
                observed=repr(later.headers)[:200],
                expected=repr(baseline.reply.headers)[:200],
                party="application",
                hint="make the list anew in each call",
            )


@case("wsgi", "head-sent-early", proves=("wsgi.exc-info.app-no-trap",))
def head_sent_early(stage: WSGIStage) -> None:
    """With Content-Length 0 the server sends the head at once, as it may."""
    for baseline in baselines(stage):
        baseline.ask(early_head=True)


@case("wsgi", "client-gone-in-write", proves=(REINVOCABLE, TRAPS))
def client_gone_in_write(stage: WSGIStage) -> None:
    """The client goes away and write() raises; afterwards the application works as before."""
    for baseline in baselines(stage):
        baseline.ask(write_fails=True)
        baseline.still("an earlier write() raised", REINVOCABLE)
