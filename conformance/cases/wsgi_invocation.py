"""Calling the application: once, again and again, as every legal server may.

https://peps.python.org/pep-3333/#the-application-framework-side
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_stage import WSGIStage


@case(
    "wsgi",
    "get",
    proves=(
        "wsgi.app.returns-iterable",
        "wsgi.app.start-response-always-called",
        "wsgi.app.start-response-before-first-body",
        "wsgi.content-length.app-accurate",
    ),
)
def get(stage: WSGIStage) -> None:
    """A plain GET is answered within the contract."""
    for path in stage.paths:
        reply = stage.request(path=path)
        if reply.failed:
            stage.blocked(f"the application {reply.failed} on GET {path}")
