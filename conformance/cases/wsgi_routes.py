"""WSGI: every route that the application's own router knows, asked once.

https://peps.python.org/pep-3333/#specification-details
"""

from __future__ import annotations

import time

from gateproof.conformance.alarm import Hang, can_interrupt, interrupting
from gateproof.conformance.case import case
from gateproof.conformance.engine import progress
from gateproof.conformance.routes import BUDGET, ITEMS, WAIT, each_route
from gateproof.conformance.wsgi_baseline import TRAPS
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.routes.route import Visit
from gateproof.targets.wsgi_environ import HEADERS, Request


@case("wsgi", "routes", proves=(TRAPS, "wsgi.app.returns-iterable"), last=True)
def routes(stage: WSGIStage) -> None:
    """Each route of the application is asked for its sample path, while the validator watches.

    What it answers is its own affair. The suite chose the paths, not the user, so that a
    handler that waits for something is interrupted after a moment, and nothing is concluded
    from what it did until then.
    """
    until = time.monotonic() + BUDGET
    for visit in each_route(stage):
        if time.monotonic() > until:
            return
        _ask(stage, request_of(visit).but(stop_after=ITEMS))


def request_of(visit: Visit) -> Request:
    """The request that ``visit`` describes."""
    headers = (*HEADERS, *visit.headers)
    return Request(visit.method, visit.path, visit.query, headers, visit.body)


def _ask(stage: WSGIStage, request: Request) -> None:
    """Make a request that is taken back if it is not answered in a moment."""
    if not can_interrupt():
        stage.play(request)
        return
    begin = len(stage.exchanges)
    try:
        with interrupting(lambda: progress(stage), WAIT, 2 * WAIT):
            stage.play(request)
    except Hang:
        del stage.exchanges[begin:]
