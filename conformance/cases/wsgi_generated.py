"""Generated traffic: requests and servers of every legal kind, shrunk to the least that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateproof.conformance.case import case
from gateproof.conformance.wsgi_baseline import TRAPS, baselines
from gateproof.conformance.wsgi_relations import ground, searched, seen
from gateproof.conformance.wsgi_stage import WSGIStage
from gateproof.targets.wsgi_input import SPINS, EndlessReadingError

if TYPE_CHECKING:
    from gateproof.conformance.strategies.wsgi import Change, Example

REINVOCABLE = "wsgi.app.reinvocable"

RETURNS = "wsgi.app.returns-iterable"

FAILS = (
    "wsgi.streams.app-no-other-methods",
    "wsgi.callable.no-kind-dependency",
    "wsgi.response-headers.server-may-mutate",
    "wsgi.environ.app-checks-presence",
)
"""What an application breaks that fails because of a choice of the server."""


@case("wsgi", "generated", proves=(TRAPS, *FAILS, REINVOCABLE, RETURNS))
def generated(stage: WSGIStage) -> None:
    """Any legal request comes by way of any legal server, and is answered to its end or not.

    The validator stays silent; what the plainest server gets a reply to does not fail with
    another; and after a client that went away the application works as before. The examples
    are the same in every run, and of those that show something the smallest is kept.
    """
    plain = list(baselines(stage))
    from gateproof.conformance.strategies.wsgi import anything

    searched(stage, anything(ground(stage)), _play)
    for baseline in plain:
        baseline.still("many other requests were made", REINVOCABLE)


def _play(stage: WSGIStage, example: Example) -> None:
    if example.ending is not None:
        _ended_early(stage, example, example.ending)
    elif seen(stage.play(example.request)).failed and example.changes:
        _blame(stage, example)


def _blame(stage: WSGIStage, example: Example) -> None:
    """Tell which of a server's choices alone makes the request fail, if one does."""
    from gateproof.conformance.strategies.wsgi_servers import changed

    before = seen(stage.play(example.plain))
    for change in example.changes if not before.failed else ():
        request = changed(example.plain, (change,))
        if (
            change.fails
            and seen(stage.play(request)).failed
            and not seen(stage.play(example.plain)).failed
        ):
            reply = stage.play(request)
            text = seen(reply).failed
            if text:
                stage.broken(
                    change.fails,
                    f"the application {text} when {change.when}",
                    observed=text,
                    expected=f"{before.status}, as without the change",
                    verdict=change.verdict,
                    party="application",
                )
                return


def _ended_early(stage: WSGIStage, example: Example, ending: Change) -> None:
    """See whether the plain request that worked before still works afterwards, twice."""
    before = seen(stage.play(example.plain))
    reply = stage.play(example.request)
    if isinstance(reply.raised, EndlessReadingError):
        text = f"reads on and on when of its request {ending.when}"
        stage.broken(
            RETURNS,
            f"the application {text}",
            observed=f"{SPINS} reads of nothing, one after the other",
            expected="that it gives up where its input ends",
            verdict="weak",
            party="application",
        )
    if before.failed:
        return
    after = seen(stage.play(example.plain))
    again = seen(stage.play(example.plain)) if after.failed else after
    if again.failed:
        stage.broken(
            REINVOCABLE,
            f"the application {again.failed} from now on: of an earlier request {ending.when}",
            observed=again.failed,
            expected=f"{before.status}, as before",
            verdict=None if again.raised else "weak",
            party="application",
        )
