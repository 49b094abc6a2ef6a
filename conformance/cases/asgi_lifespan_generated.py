"""ASGI lifespan: generated lifespans, in which everything legal is combined."""

from __future__ import annotations

from typing import Any

from gateproof.conformance.asgi_examples import Player, Shows, broken
from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_lifespan import judge_startup, plain_cycle

SHARE = 0.05
"""The part of the effort for a case that lifespans take: there are few, and they are slow."""


@case("asgi.lifespan", "generated", proves=("asgi.lifespan.startup-complete.app-sends",))
def generated(stage: ASGIStage) -> None:
    """Generated lifespans, with and without state and unknown keys, follow the protocol."""
    from gateproof.conformance.asgi_examples import Shown
    from gateproof.conformance.strategies.asgi_lifespan import describe

    player = Player(stage)
    stage.drive(plain_cycle(stage))
    silent = False

    def play(example: Any) -> Shows:
        nonlocal silent
        if silent:
            return {}  # each further one would cost the whole patience
        lifespan = player.cycle(
            offer_state=example.offer_state, scope=example.scope, event=example.event
        )
        shows = broken(lifespan.watched)
        silent = lifespan.outcome == "silent"
        mark = len(stage.findings)
        judge_startup(stage, lifespan, f" in {example}")
        for one in stage.findings[mark:]:
            shows[one.breach.requirement] = Shown(lifespan.watched, one)
        del stage.findings[mark:]
        return shows

    player.search(describe, play, volume=SHARE, drawn=SHARE)
