"""Relations between the replies to generated requests, and how examples of them are judged.

An example is played on a stage of its own; what it shows is kept until the search has made
it as small as it can be, and then belongs to the case. A difference counts only where the
plain request, made again, gets the reply that it had, and the changed one differs again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote_from_bytes

from gateproof.conformance.stage import Finding
from gateproof.conformance.vocabulary import vocabulary
from gateproof.conformance.wsgi_baseline import UNAVAILABLE, shown
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.routes.samples import visit
from gateproof.targets.watched import Watched
from gateproof.targets.wsgi_environ import Request
from gateproof.targets.wsgi_gateway import Reply

if TYPE_CHECKING:
    from gateproof.conformance.strategies.choices import Choices
    from gateproof.conformance.strategies.wsgi_requests import Ground

T = TypeVar("T")

ROUTES = 100
"""So many routes of an application are drawn from."""

USUAL = ("GET", "HEAD", "OPTIONS")
"""Methods, the plainest first; others that may be sent come after them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What of a reply has to agree.

    Attributes:
        failed: why there is none, in a few words; empty if there is one.
        raised: that is because the application raised, or was refused.
        status: its code.
        kind: its content type.
        place: its Location.
        body: its body.
    """

    failed: str
    raised: bool
    status: int
    kind: str | None
    place: str | None
    body: bytes


def seen(reply: Reply) -> Seen:
    """What of ``reply`` has to agree with others."""
    failed = reply.failed
    if not failed and reply.status >= 500 and reply.status != UNAVAILABLE:
        failed = f"answered {reply.status} {reply.reason}".rstrip()
    kind = place = None
    for name, value in reply.headers:
        folded = name.lower()
        if folded == "content-type":
            kind = kind or value
        elif folded == "location":
            place = place or value
    return Seen(failed, bool(reply.failed), reply.status, kind, place, reply.body)


_BLANKS = re.compile(rb"([,;])[ +]|([,;])%20")


def _blanks(found: Seen, request: Request) -> Seen:
    """Without the blanks after commas and semicolons, as where a header is shown."""
    del request
    return replace(found, body=_BLANKS.sub(rb"\1\2", found.body))


def _mount(found: Seen, request: Request) -> Seen:
    """Without the prefix below which the application is mounted, however it is written.

    An error page is not compared: it may show the URL in ways of its own.
    """
    if found.status >= 400:
        return replace(found, body=b"")
    octets = request.mount.encode("latin-1")
    spellings = {octets, quote_from_bytes(octets).encode(), quote_from_bytes(octets, "").encode()}
    spellings |= {repr(request.mount)[1:-1].encode(), request.mount.encode()}
    spellings.add(quote_from_bytes(request.mount.encode()).encode())
    body = found.body
    place = found.place
    for spelling in sorted(spellings, key=len, reverse=True):
        body = body.replace(spelling, b"")
        place = place and place.replace(spelling.decode("latin-1"), "")
    return replace(found, body=body, place=place)


def _as_it_is(found: Seen, request: Request) -> Seen:
    del request
    return found


VIEWS: Mapping[str, Callable[[Seen, Request], Seen]] = {
    "": _as_it_is,
    "blanks": _blanks,
    "mount": _mount,
}
"""How a reply is made comparable with that to a request that says the same in another form."""


@dataclass(frozen=True, slots=True)
class Departure:
    """How one reply departs from another.

    Attributes:
        text: it in words, to follow "the application".
        fails: there is no proper reply.
        raised: that is because the application raised, or was refused.
    """

    text: str
    fails: bool = False
    raised: bool = False


def departure(plain: Seen, other: Seen, steady: frozenset[str] | None = None) -> Departure | None:
    """How ``other`` departs from ``plain``, which is a proper reply.

    Args:
        plain: what was seen of the reply to the plain request.
        other: what was seen of the other.
        steady: the names of what is the same each time; ``None`` for all of it.
    """
    if other.failed:
        return Departure(other.failed, fails=True, raised=other.raised)
    for name, word in _ASPECTS:
        before, after = getattr(plain, name), getattr(other, name)
        if before != after and (steady is None or name in steady):
            if name == "body":
                return Departure(f"answered with another body ({shown(after)})")
            if name == "status":
                return Departure(f"answered {after} instead of {before}")
            return Departure(f"answered with {word} {after!r} instead of {before!r}")
    return None


_ASPECTS = (("status", ""), ("place", "Location"), ("kind", "Content-Type"), ("body", ""))


def steady(plain: Seen, again: Seen) -> frozenset[str]:
    """The names of what is the same in two replies to the same request."""
    if again.failed:
        return frozenset()
    return frozenset(n for n, _ in _ASPECTS if getattr(plain, n) == getattr(again, n))


@dataclass
class Tally:
    """What became of a relation's examples.

    Attributes:
        compared: how many replies were compared with their bodies.
        alike: how many others agreed.
        failing: how many plain requests had no proper reply.
        unsteady: how many got another reply when they were made again.
    """

    compared: int = 0
    alike: int = 0
    failing: int = 0
    unsteady: int = 0

    def agree(self, plain: Seen, *, whole: bool) -> None:
        """Count a reply that is as the plain one: ``whole``, or only in not failing."""
        if whole and plain.body:
            self.compared += 1
        else:
            self.alike += 1

    def conclude(self, stage: WSGIStage) -> None:
        """Say so where nothing could be compared.

        Raises:
            NotApplicable: no reply was compared.
        """
        if self.compared:
            return
        if self.unsteady:
            stage.not_applicable(
                "the application answers the same request otherwise each time, "
                f"so that replies cannot be compared ({self.unsteady} examples)"
            )
        if self.failing and not self.alike:
            stage.not_applicable(
                f"the application has no proper reply to plain requests ({self.failing} examples)"
            )


@dataclass
class Evidence:
    """What one example came to: its exchanges, and what was found beside the validator."""

    exchanges: list[Watched] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def requirements(self) -> set[str]:
        """The requirements of which there is a breach that is more than observed, or found."""
        grave = {
            violation.requirement
            for watched in self.exchanges
            for violation in watched.violations
            if violation.verdict != "observed"
        }
        return grave | {finding.breach.requirement for finding in self.findings}


def ground(stage: WSGIStage) -> Ground:
    """What descriptions may use on this stage."""
    from gateproof.conformance.strategies.wsgi_requests import Ground

    usual = tuple(method for method in USUAL if method in stage.methods)
    others = tuple(method for method in stage.methods if method not in USUAL)
    routes = stage.routes.allowed(("GET",))[:ROUTES]
    visits = tuple(visit(route) for route in routes if route.path not in stage.paths)
    return Ground(stage.paths, usual + others, visits, vocabulary(stage.application))


def searched(
    stage: WSGIStage,
    describe: Callable[[Choices], T],
    play: Callable[[WSGIStage, T], object],
) -> None:
    """Search for examples that show something; the smallest of each belongs to the case.

    Args:
        stage: the case's stage.
        describe: makes an example from choices.
        play: plays one on the stage that it is given.

    Raises:
        Exception: whatever ``play`` raised; what was found before is kept all the same.
    """
    from gateproof.conformance.strategies.search import search_for

    kept: dict[str, Evidence] = {}
    exchanges = stage.exchanges
    mark = len(exchanges)
    known = Evidence(exchanges, stage.findings).requirements

    def one(example: T) -> dict[str, Evidence]:
        begin = len(exchanges)
        tried = replace(stage, findings=[])  # the same exchanges: the engine looks at them
        play(tried, example)
        evidence = Evidence(exchanges[begin:], tried.findings)
        del exchanges[begin:]
        found = evidence.requirements - known
        for requirement in found:
            kept.setdefault(requirement, evidence)
        return dict.fromkeys(found, evidence)

    try:
        result = search_for(stage, describe, one, known)
        kept.update({found.what: found.evidence for found in result.found})
    finally:
        given: list[Evidence] = []
        for evidence in sorted(kept.values(), key=lambda one: len(one.requirements)):
            if all(evidence is not other for other in given):
                given.append(evidence)
                stage.findings += evidence.findings
        exchanges[mark:mark] = [watched for one in given for watched in one.exchanges]
