"""Generated traffic: requests and servers of every legal kind, shrunk to the least that fails."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import TRAPS, Baseline, baselines, tell
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import Request

EXAMPLES = 50
"""How many requests are generated."""

BUDGET = 8.0
"""Seconds after which no further request is made, for applications that take their time."""

ROUNDS = 3
"""How often the search goes on after it has found something, for something else."""

CHOICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("wsgi.streams.app-no-other-methods", ("input", "errors")),
    ("wsgi.callable.no-kind-dependency", ("starter",)),
    ("wsgi.response-headers.server-may-mutate", ("edit_headers",)),
    ("wsgi.environ.app-checks-presence", ("environ", "file_wrapper")),
)
"""A server's choices, and what an application breaks that fails because of one."""


class _Found(Exception):  # noqa: N818 - how an example tells Hypothesis to shrink it
    """An example shows something; it is raised so that Hypothesis looks for a smaller one."""


@case("wsgi", "generated", proves=(TRAPS, *(requirement for requirement, _ in CHOICES)))
def generated(stage: WSGIStage) -> None:
    """Generated requests are passed on by two legal servers, then closed early.

    The validator stays silent, and where one server gets a reply the other does
    not get an error. The examples are the same in every run; of those that show
    more than an observation, the smallest is kept.
    """
    for _ in baselines(stage):
        pass
    known = _shown(stage)
    until = time.monotonic() + BUDGET
    for _ in range(ROUNDS):
        found = _search(stage, known, until)
        if not found:
            return
        known |= found


def _search(stage: WSGIStage, known: set[str], until: float) -> set[str]:
    """Look for a request that shows a breach which is not ``known``.

    Returns:
        The requirements that the smallest such request breaks; its exchanges
        and findings are added to the stage, those of the others taken away.
    """
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Flaky

    from gateproof.conformance.strategies import wsgi
    from gateproof.conformance.strategies.home import away_from_home

    methods = tuple(method for method in ("GET", "HEAD", "OPTIONS") if method in stage.methods)
    mark = len(stage.exchanges)
    least: list[WSGIStage] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
    )
    @given(wsgi.requests(stage.paths, methods), wsgi.servers(), wsgi.stops())
    def example(request: Request, choices: dict[str, Any], stop: int) -> None:
        if time.monotonic() > until:
            return
        begin = len(stage.exchanges)
        tried = replace(stage, findings=[])  # the same exchanges: a case without new ones hangs
        _try(tried, request, wsgi.passed_on(request, choices), stop)
        tried.exchanges = stage.exchanges[begin:]
        new = _shown(tried) - known
        if new:
            least[:] = [tried]
            raise _Found(min(new))

    try:
        with away_from_home():
            example()
    except (_Found, Flaky):  # flaky: it was seen all the same, or there was no time to see it again
        del stage.exchanges[mark:]
        stage.exchanges += least[0].exchanges
        stage.findings += least[0].findings
        return _shown(least[0])
    del stage.exchanges[mark:]
    return set()


def _try(stage: WSGIStage, request: Request, other: Request, stop: int) -> None:
    """Make ``request``, then as ``other`` passes it on, then stopped early."""
    baseline = Baseline(stage, request)
    if not baseline.reply.failed:
        found = baseline.confirmed(other, body=False)
        if found is not None and found.fails:
            requirement, when = _cause(baseline, other)
            if requirement:
                tell(stage, requirement, found, baseline, when)
    stage.play(request.but(stop_after=stop))


def _cause(baseline: Baseline, other: Request) -> tuple[str, str]:
    """Which of a server's choices alone makes the request fail, if one does."""
    for requirement, fields in CHOICES:
        changes: dict[str, Any] = {name: getattr(other, name) for name in fields}
        found = baseline.confirmed(baseline.request.but(**changes), body=False)
        if found is not None and found.fails:
            told = ", ".join(f"{name} is {value!r}" for name, value in changes.items())
            return requirement, f"the server's choice of {told}"[:300]
    return "", ""


def _shown(stage: WSGIStage) -> set[str]:
    """The requirements of which the stage holds a breach that is more than observed."""
    found = {
        violation.requirement
        for watched in stage.exchanges
        for violation in watched.violations
        if violation.verdict != "observed"
    }
    return found | {finding.breach.requirement for finding in stage.findings}
