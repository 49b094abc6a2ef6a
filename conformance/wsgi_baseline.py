"""Metamorphic relations: what a legal change of the server must not change in the reply.

A suite knows nothing of what an application is for, so it compares the
application with itself: a request is made twice to learn what of the reply is
the same each time, then it is made again in another legal way. A difference
counts only when the unchanged request still gives the old reply afterwards and
the changed one still another, so that clocks, counters and rate limits do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateproof.conformance.header_fields import folded
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import Request
from gateproof.targets.wsgi_gateway import Reply
from gateproof.validators.violation import Verdict

TRAPS = "wsgi.errors-handling.app-traps-own-errors"
"""What the validator reports where a request makes the application raise."""

UNAVAILABLE = 503
"""The status of an application that is overloaded rather than at fault."""


@dataclass(frozen=True)
class Difference:
    """How a reply departs from the baseline.

    ``fails`` says that there is no proper reply, ``raised`` that this is
    because an exception left the application or the gateway refused it.
    """

    text: str
    fails: bool
    raised: bool


class Baseline:
    """The reply to a request, and what of it is the same each time.

    Args:
        stage: where the requests are made.
        request: the request.

    Attributes:
        reply: the first reply.
        steady: whether the body is the same each time.
        headers: lower-case names of headers that are the same each time, with values.
    """

    def __init__(self, stage: WSGIStage, request: Request) -> None:
        self.stage = stage
        self.request = request
        self.reply = stage.play(request)
        again = self.reply if self.reply.failed else stage.play(request)
        self.steady = again.body == self.reply.body and again.status == self.reply.status
        second = folded(again.headers)
        self.headers = {k: v for k, v in folded(self.reply.headers).items() if second.get(k) == v}

    def ask(self, **changes: Any) -> Reply:
        """Make the request with some fields changed.

        What is answered is the application's own affair; the validator watches.
        """
        return self.stage.play(self.request.but(**changes))

    def difference(self, reply: Reply, *, body: bool = True) -> Difference | None:
        """How ``reply`` departs from the baseline, in status and steady body."""
        if reply.failed:
            return Difference(reply.failed, fails=True, raised=True)
        old, new = self.reply.status, reply.status
        if new >= 500 > old and new != UNAVAILABLE:
            return Difference(f"answered {new} {reply.reason}", fails=True, raised=False)
        if new != old:
            return Difference(f"answered {new} instead of {old}", fails=False, raised=False)
        if body and self.steady and reply.body != self.reply.body:
            return Difference(
                f"answered with another body ({shown(reply.body)})", fails=False, raised=False
            )
        return None

    def confirmed(self, request: Request, *, body: bool = True) -> Difference | None:
        """How the reply to ``request`` departs from the baseline, each time it is made."""
        first = self.difference(self.stage.play(request), body=body)
        if first is None or self.difference(self.stage.play(self.request), body=body):
            return None
        second = self.difference(self.stage.play(request), body=body)
        return second if second and second.fails == first.fails else None

    def same(
        self,
        when: str,
        *,
        fails: str,
        differs: str = "",
        verdict: Verdict | None = None,
        **changes: Any,
    ) -> None:
        """Report the application if the request, changed, has another reply.

        Args:
            when: the change in words, to follow "when".
            fails: the requirement broken by raising or by an error of the 500s.
            differs: that broken by another status or body; none by default.
            verdict: the gravest verdict for it.
            changes: fields of the request.
        """
        found = self.confirmed(self.request.but(**changes), body=bool(differs))
        if found is None:
            return
        requirement = fails if found.fails else differs
        if requirement:
            tell(self.stage, requirement, found, self, when, verdict)

    def still(self, when: str, requirement: str) -> None:
        """Report the application if the request, unchanged, fails from now on.

        An error that the application itself answers with is a milder finding,
        for it may have a reason of its own.
        """
        first = self.difference(self.stage.play(self.request))
        if first is None or not first.fails:
            return
        second = self.difference(self.stage.play(self.request))
        if second is None or not second.fails:
            return
        milder: Verdict | None = None if second.raised else "weak"
        tell(self.stage, requirement, second, self, when, milder)


def tell(
    stage: WSGIStage,
    requirement: str,
    found: Difference,
    baseline: Baseline,
    when: str,
    verdict: Verdict | None = None,
) -> None:
    """Report a confirmed difference, blaming the application."""
    stage.broken(
        requirement,
        f"the application {found.text} when {when}",
        observed=found.text,
        expected=f"{baseline.reply.status} {baseline.reply.reason}, as without the change",
        verdict=verdict,
        party="application",
    )


def baselines(stage: WSGIStage, **fields: Any) -> Iterator[Baseline]:
    """A baseline for each of the stage's paths whose plain request works.

    Raises:
        Blocked: at the end, if one does not.
    """
    faulty = ""
    for path in stage.paths:
        baseline = Baseline(stage, Request(path=path, **fields))
        if baseline.reply.failed:
            faulty = faulty or f"the application {baseline.reply.failed} on {baseline.request.line}"
        else:
            yield baseline
    if faulty:
        stage.blocked(faulty)


def shown(body: bytes, limit: int = 40) -> str:
    """A body in a few characters."""
    text = repr(body[:limit])
    return text if len(body) <= limit else f"{text}... of {len(body)} octets"
