"""ASGI lifespan: the state that it stores, and the copies that requests are given.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from __future__ import annotations

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_asgi_lifespan_own import (
    FAMILY,
    living,
    ready,
)
from gateproof.conformance.server_stage import Heard, Request, ServerStage
from gateproof.targets.script import (
    Script,
    drain,
    respond,
    state,
)


@case(
    FAMILY,
    "state",
    proves=(
        "asgi.lifespan.state.copied-to-requests",
        "asgi.lifespan.state.shallow-copy",
        "asgi.lifespan.state.request-additions-isolated",
        "asgi.lifespan.state.advertised-in-lifespan-scope",
        "asgi.lifespan.state.server-does-not-touch",
    ),
)
async def states(stage: ServerStage) -> None:
    """Each request is given a copy of its own of what the lifespan stored."""
    adding = Script(asgi=(drain(), state("added", 1), respond()))
    async with living(stage) as own:
        await ready(stage, own)
        wire = await own.stage.connect()
        heards = [await own.stage.ask(Request(), adding, calls=1) for _ in range(3)]
        heards.append(await own.stage.ask(Request(), adding, wire=wire, then="keep", calls=1))
        if heards[-1].reply.keeps:  # what belongs to the connection belongs to no request
            again = await own.stage.ask(Request(), adding, wire=wire)
            heards += [again] if again.called else []
        states = [heard.call.request.get("state") for heard in heards]
        offered = any("state" in call.request for call in own.server.folder.lifespans())
        if not offered and all(state is None for state in states):
            stage.not_applicable("the server offers no state")
        if not offered:
            stage.broken(
                "asgi.lifespan.state.advertised-in-lifespan-scope",
                "requests are given a state, and the lifespan was not",
                heard=heards[0],
                observed="'state' in the scope of requests alone",
                expected="'state' in the lifespan scope as well, or in neither",
            )
            return
        for heard, given in zip(heards, states, strict=True):
            if isinstance(given, dict) and _judge_keys(stage, heard, set(given)):
                return


def _judge_keys(stage: ServerStage, heard: Heard, keys: set[object]) -> bool:
    """Report the keys of a request's state that are missing or too many; whether there are."""
    rows = (
        (
            "asgi.lifespan.state.copied-to-requests",
            "gateproof" not in keys,
            "a request was given a state without what the lifespan had stored",
        ),
        (
            "asgi.lifespan.state.request-additions-isolated",
            "added" in keys,
            "a request was given a state with what another request had added to its own",
        ),
        (
            "asgi.lifespan.state.server-does-not-touch",
            bool(keys - {"gateproof", "added"}),
            "a request was given a state with more than the lifespan had stored",
        ),
    )
    for requirement, broken, message in rows:
        if broken:
            stage.broken(
                requirement,
                message,
                heard=heard,
                observed=f"keys {sorted(map(repr, keys))}",
                expected="'gateproof', as it was stored before lifespan.startup.complete",
            )
    return any(broken for _, broken, _ in rows)
