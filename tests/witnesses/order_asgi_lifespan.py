"""Witnesses of order in a lifespan."""

from __future__ import annotations

from witnesses.kit import Order
from witnesses.order_asgi_steps import (
    COMPLETE,
    FAILED,
    LIFESPAN,
    RETURN,
    SHUTDOWN,
    STARTUP,
    STOPPED,
    call,
    raised,
    sent,
    steps,
)

OOPS = raised(RuntimeError("no database"))
STOP_FAILED = sent({"type": "lifespan.shutdown.failed", "message": "a traceback"})
ASKS = (("receive", None),)
DEAFENED = (*ASKS, ("receive-cancelled", None))


def order(requirement, breaks, keeps):
    opened = call(LIFESPAN)
    return Order(requirement, "lifespan", steps(opened, *breaks), steps(opened, *keeps))


CLEAN = [STARTUP, COMPLETE, SHUTDOWN, STOPPED, RETURN]

WITNESSES = [
    order("asgi.lifespan.startup.first-event", [SHUTDOWN, STOPPED, RETURN], CLEAN),
    order("asgi.lifespan.startup.first-event", [STARTUP, COMPLETE, STARTUP], CLEAN),
    order(
        "asgi.lifespan.startup-complete.after-startup",
        [COMPLETE, STARTUP, SHUTDOWN, STOPPED, RETURN],
        CLEAN,
    ),
    order("asgi.lifespan.startup-complete.once", [STARTUP, COMPLETE, COMPLETE], CLEAN),
    order(
        "asgi.lifespan.startup-complete.once",
        [STARTUP, COMPLETE, FAILED],
        [STARTUP, FAILED, RETURN],
    ),
    order("asgi.lifespan.startup-complete.app-sends", [STARTUP, RETURN], CLEAN),
    order("asgi.lifespan.app.early-return", [STARTUP, COMPLETE, RETURN], CLEAN),
    order("asgi.lifespan.app.early-return", [RETURN], [OOPS]),
    order(
        "asgi.lifespan.app.use-startup-failed-to-abort", [STARTUP, OOPS], [STARTUP, FAILED, OOPS]
    ),
    order("asgi.lifespan.exception.no-further-events", [OOPS, SHUTDOWN], [OOPS]),
    order("asgi.lifespan.shutdown-complete.after-shutdown", [STARTUP, COMPLETE, STOPPED], CLEAN),
    order(
        "asgi.lifespan.shutdown-complete.after-shutdown",
        [STARTUP, COMPLETE, STOP_FAILED],
        # As Starlette says of whatever ends its wait, here a server that is torn down.
        [STARTUP, COMPLETE, DEAFENED, STOP_FAILED, OOPS],
    ),
    order(
        "asgi.lifespan.shutdown-complete.after-shutdown",
        [STARTUP, COMPLETE, DEAFENED, ASKS, STOP_FAILED],
        [STARTUP, COMPLETE, DEAFENED, SHUTDOWN, STOP_FAILED, RETURN],
    ),
    order(
        "asgi.lifespan.shutdown-complete.app-sends", [STARTUP, COMPLETE, SHUTDOWN, RETURN], CLEAN
    ),
    order("asgi.lifespan.shutdown.once-after-startup-complete", [STARTUP, SHUTDOWN], CLEAN),
    order(
        "asgi.lifespan.shutdown.once-after-startup-complete",
        [STARTUP, COMPLETE, SHUTDOWN, STOPPED, SHUTDOWN],
        CLEAN,
    ),
    order(
        "asgi.lifespan.startup-failed.no-shutdown-sent",
        [STARTUP, FAILED, SHUTDOWN],
        [STARTUP, FAILED, RETURN],
    ),
]
