"""Calling the application: once, again and again, as every legal server may.

https://peps.python.org/pep-3333/#the-application-framework-side
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import Baseline, baselines, tell
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import Request
from gateproof.targets.wsgi_gateway import Reply
from gateproof.validators.violation import Verdict

TIMES = 5
"""How often a request is repeated."""

AT_ONCE = 8
"""How many requests are made at the same time."""


@case(
    "wsgi",
    "get",
    first=True,
    proves=(
        "wsgi.app.returns-iterable",
        "wsgi.app.start-response-always-called",
        "wsgi.app.start-response-before-first-body",
        "wsgi.app.two-positional-arguments",
        "wsgi.content-length.app-accurate",
    ),
)
def get(stage: WSGIStage) -> None:
    """A plain GET is answered within the contract."""
    for _ in baselines(stage):
        pass


@case("wsgi", "repeated", proves=("wsgi.app.reinvocable",))
def repeated(stage: WSGIStage) -> None:
    """The application answers the same request again and again.

    "The application object must be able to be invoked more than once", so an
    iterable that is made once and handed out each time is empty from the second.
    """
    for baseline in baselines(stage):
        later = _again(stage, baseline, baseline.request, "wsgi.app.reinvocable")
        first = baseline.reply
        spent = all(reply.status == first.status and not reply.body for reply in later)
        if first.body and spent:
            stage.broken(
                "wsgi.app.reinvocable",
                "the application answers with an empty body from the second call on",
                observed=f"{len(first.body)} octets, then none {TIMES} times",
                expected="a complete response to every call",
                verdict="weak",
                party="application",
                hint="make the iterable anew in each call; an iterator is spent after the first",
            )


@case(
    "wsgi",
    "run-once-twice",
    proves=("wsgi.qa.not-assume-single-run",),
)
def run_once_twice(stage: WSGIStage) -> None:
    """An application that is told it runs once is called again all the same."""
    for baseline in baselines(stage):
        once = baseline.request.but(environ={"wsgi.run_once": True})
        if not stage.play(once).failed:
            _again(stage, baseline, once, "wsgi.qa.not-assume-single-run")


def _again(stage: WSGIStage, baseline: Baseline, request: Request, requirement: str) -> list[Reply]:
    """Make ``request``, which worked once, some more times and report failures.

    One failure alone may have come from elsewhere and is only observed; errors
    that the application itself answers with are a milder finding.
    """
    replies = [stage.play(request) for _ in range(TIMES)]
    found = [baseline.difference(reply) for reply in replies]
    failures = [one for one in found if one is not None and one.fails]
    if failures:
        raised = all(one.raised for one in failures)
        milder: Verdict | None = None if raised else "weak"
        tell(
            stage,
            requirement,
            failures[-1],
            baseline,
            f"the request that worked is made again ({len(failures)} of {TIMES} times)",
            "observed" if len(failures) == 1 else milder,
        )
    return replies


@case("wsgi", "start-response-kinds", proves=("wsgi.callable.no-kind-dependency",))
def start_response_kinds(stage: WSGIStage) -> None:
    """start_response may be any kind of callable: it is there to be called, nothing else."""
    for baseline in baselines(stage):
        for kind in ("object", "function", "partial"):
            baseline.same(
                f"start_response is another kind of callable ({kind})",
                fails="wsgi.callable.no-kind-dependency",
                starter=kind,
            )


@case("wsgi", "behind-middleware", proves=("wsgi.middleware.transparent",))
def behind_middleware(stage: WSGIStage) -> None:
    """A middleware that changes nothing changes nothing in the reply.

    https://peps.python.org/pep-3333/#middleware-components-that-play-both-sides
    """
    for baseline in baselines(stage):
        baseline.same(
            "a middleware that hands everything on stands before it",
            fails="wsgi.middleware.transparent",
            differs="wsgi.middleware.transparent",
            middleware=True,
        )


@case("wsgi", "threads", proves=("wsgi.threads.server-dependent",))
def threads(stage: WSGIStage) -> None:
    """Requests made at once in several threads get the replies they get one by one.

    An application need not be safe for threads, so a difference is only observed.
    https://peps.python.org/pep-3333/#thread-support
    """
    for baseline in baselines(stage):
        alone = [
            Baseline(stage, baseline.request.but(query=f"request={number}"))
            for number in range(AT_ONCE)
        ]
        if any(one.reply.failed for one in alone):
            continue
        for _ in range(2):
            replies = stage.concurrently([one.request for one in alone])
            for one, reply in zip(alone, replies, strict=True):
                found = one.difference(reply)
                if found and one.difference(stage.play(one.request)) is None:
                    tell(
                        stage,
                        "wsgi.threads.server-dependent",
                        found,
                        one,
                        f"{AT_ONCE} threads call it at once",
                        "observed",
                    )
                    return


@case("wsgi", "interleaved", proves=("wsgi.app.reinvocable",))
def interleaved(stage: WSGIStage) -> None:
    """Two responses are read in turn in one thread, as cooperative servers do.

    The text does not speak of it, so a difference is only observed.
    """
    for baseline in baselines(stage):
        outer = Baseline(stage, baseline.request.but(query="request=outer"))
        inner = Baseline(stage, baseline.request.but(query="request=inner"))
        if outer.reply.failed or inner.reply.failed:
            continue
        for one, reply in zip(
            (outer, inner), stage.interleaved(outer.request, inner.request), strict=True
        ):
            found = one.difference(reply)
            if found and one.difference(stage.play(one.request)) is None:
                tell(
                    stage,
                    "wsgi.app.reinvocable",
                    found,
                    one,
                    "another request is answered between two pieces of its body",
                    "observed",
                )
