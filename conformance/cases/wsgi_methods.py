"""Request methods: those that every target may be sent, then those that have to be allowed.

An application may refuse any method; it should only not fall over.
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import TRAPS, Baseline, baselines
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_environ import HEADERS

FORM = (("Content-Type", "application/x-www-form-urlencoded"), *HEADERS)


@case("wsgi", "options", proves=(TRAPS,), methods=("OPTIONS",))
def options(stage: WSGIStage) -> None:
    """OPTIONS, for each path."""
    for baseline in baselines(stage):
        baseline.ask(method="OPTIONS")


@case("wsgi", "options-asterisk", proves=(TRAPS,), methods=("OPTIONS",))
def options_asterisk(stage: WSGIStage) -> None:
    """OPTIONS * asks about the server as a whole; servers pass on "*" or an empty path."""
    for baseline in baselines(stage):
        for path in ("*", "/*"):
            baseline.ask(method="OPTIONS", path=path)
        return  # it has no path


@case("wsgi", "method-unknown", proves=(TRAPS,), methods=("BREW",))
def method_unknown(stage: WSGIStage) -> None:
    """A method that the application has never heard of."""
    for baseline in baselines(stage):
        baseline.ask(method="BREW")


@case("wsgi", "post", proves=(TRAPS,), methods=("POST",))
def post(stage: WSGIStage) -> None:
    """POST with a form, and with no body at all."""
    for baseline in baselines(stage):
        _with_body(baseline, "POST")


@case("wsgi", "put", proves=(TRAPS,), methods=("PUT",))
def put(stage: WSGIStage) -> None:
    """PUT with a form, and with no body at all."""
    for baseline in baselines(stage):
        _with_body(baseline, "PUT")


@case("wsgi", "patch", proves=(TRAPS,), methods=("PATCH",))
def patch(stage: WSGIStage) -> None:
    """PATCH with a form, and with no body at all."""
    for baseline in baselines(stage):
        _with_body(baseline, "PATCH")


@case("wsgi", "delete", proves=(TRAPS,), methods=("DELETE",))
def delete(stage: WSGIStage) -> None:
    """DELETE without a body."""
    for baseline in baselines(stage):
        baseline.ask(method="DELETE")


def _with_body(baseline: Baseline, method: str) -> None:
    baseline.ask(
        method=method,
        headers=FORM,
        body=b"a=1&b=%E2%82%AC",
    )
    baseline.ask(method=method)
