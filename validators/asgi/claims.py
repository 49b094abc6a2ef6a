"""Which requirements the ASGI judges can find broken."""

from __future__ import annotations

from gateproof.validators import schema
from gateproof.validators.asgi import (
    callables,
    certificate,
    files,
    foreign,
    http_checks,
    judge,
    refused,
    unknown,
    websocket_checks,
)
from gateproof.validators.asgi.http import HTTPJudge
from gateproof.validators.asgi.judge import Judge
from gateproof.validators.asgi.lifespan import LifespanJudge
from gateproof.validators.asgi.loop_replay import CLAIMS as LOOPS
from gateproof.validators.asgi.machines import MACHINES
from gateproof.validators.asgi.unknown import UnknownJudge
from gateproof.validators.asgi.websocket import WebSocketJudge

JUDGES: tuple[type[Judge], ...] = (HTTPJudge, WebSocketJudge, LifespanJudge, UnknownJudge)
"""The judge of every protocol."""

SCHEMAS = frozenset(
    {"asgi/event"}
    | {kind.scope_schema for kind in JUDGES}
    | {name for kind in JUDGES for name, _ in (*kind.sends.values(), *kind.receives.values())}
)
"""The schemas that some judge uses."""

SHAPES: frozenset[str] = frozenset().union(*(schema.requirements(name) for name in SCHEMAS))
"""What shapes decide."""

ORDERS: frozenset[str] = frozenset().union(*(machine.requirements() for machine in MACHINES))
"""What machines decide."""

CHECKS: frozenset[str] = frozenset(
    requirement
    for module in (
        judge,
        callables,
        certificate,
        files,
        foreign,
        http_checks,
        refused,
        unknown,
        websocket_checks,
    )
    for found in module.FINDS.values()
    for requirement in found
)
"""What the remaining checks decide."""

CLAIMS = SHAPES | ORDERS | CHECKS | LOOPS
"""Every requirement that the ASGI judges can find broken."""
