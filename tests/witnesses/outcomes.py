"""What is found of every witness, as plain data, to compare one interpreter with another."""

from __future__ import annotations

import json
import sys

from witnesses import kit
from witnesses.load import modules

from gateproof.validators import schema
from gateproof.validators.asgi.replay import replay as replay_asgi
from gateproof.validators.violation import Rung
from gateproof.validators.wsgi.replay import replay as replay_wsgi

Outcome = tuple[str, list[tuple[str, str, str]]]


def outcomes() -> list[Outcome]:
    """Each witness with what is found of its mutant and of its neighbour."""
    found: list[Outcome] = []
    for file in modules("order_wsgi_"):
        for one in file.WITNESSES:
            for side in ("breaks", "keeps"):
                steps = [Rung(step, data, 0) for step, data in getattr(one, side)]
                told = replay_wsgi(steps, host="server")
                found.append((f"{one.requirement} {side}", _plain(told)))
    for file in modules("order_asgi_"):
        for value in vars(file).values():
            for one in value if isinstance(value, list) else ():
                if isinstance(one, kit.Order):
                    for side in ("breaks", "keeps"):
                        told = replay_asgi(getattr(one, side))
                        found.append((f"{one.requirement} {side}", _plain(told)))
    for file in modules("shapes_"):
        for one in file.WITNESSES:
            accept = schema.compiled(one.schema)
            verdicts = [("", "", str(accept(value))) for value in (one.breaks, one.keeps)]
            found.append((f"{one.requirement} {one.schema}", verdicts))
    return found


def _plain(violations: list[object]) -> list[tuple[str, str, str]]:
    return [(v.requirement, v.verdict, v.message) for v in violations]  # type: ignore[attr-defined]


if __name__ == "__main__":
    json.dump({"optimised": not __debug__, "outcomes": outcomes()}, sys.stdout)
