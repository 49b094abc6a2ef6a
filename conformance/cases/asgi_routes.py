"""ASGI HTTP: every route that the application's own router knows, asked once.

https://asgi.readthedocs.io/en/latest/specs/www.html#http
"""

from __future__ import annotations

import time
from dataclasses import replace

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_http_method import RESPONSE
from gateproof.conformance.routes import BUDGET, WAIT, each_route
from gateproof.targets.asgi_http import Request
from gateproof.targets.routes.route import Visit


@case("asgi.http", "routes", proves=RESPONSE, last=True)
async def routes(stage: ASGIStage) -> None:
    """Each route of the application is asked for its sample path, while the validator watches.

    What it answers is its own affair. The suite chose the paths, not the user, so that an
    answer that does not come while the client waits a moment is no finding: a handler may
    wait for something that never happens here.
    """
    until = time.monotonic() + BUDGET
    brief = replace(stage, patience=min(WAIT, stage.patience))  # with the same exchanges
    for visit in each_route(stage):
        if time.monotonic() > until:
            return
        await brief.ask(request_of(visit))


def request_of(visit: Visit) -> Request:
    """The request that ``visit`` describes."""
    headers = tuple(
        (name.lower().encode("latin-1"), text.encode("latin-1", "replace"))
        for name, text in visit.headers
    )
    body = (visit.body,) if visit.body else ()
    return Request.to(visit.target, method=visit.method, headers=headers, body=body)
