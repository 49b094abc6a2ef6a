"""How long to wait for a server: longer where the machine is busy with other things.

Patience that is not needed costs nothing: what has to come is waited for only until it comes.
"""

from __future__ import annotations

import math
import os

PATIENCE = 4.5
"""Seconds that an answer may take which has to come, on a machine with nothing else to do.

Servers give up idle clients after whole seconds (uWSGI after 4, Uvicorn after 5): what happens
then is to come either before or after our own end of waiting, and not in a race with it.
"""

SETTLE = 0.15
"""Seconds in which what must not come is given a chance to come, likewise."""

MOST = 4
"""So many times longer than on a quiet machine do we wait at most."""


def stretch() -> int:
    """How many times longer than on a quiet machine to wait, by what waits for a processor."""
    try:
        waiting = os.getloadavg()[0]
        processors = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # not on every system
        return 1
    return max(1, min(MOST, math.ceil(waiting / processors)))


def patience() -> float:
    """Seconds that an answer may take which has to come."""
    return PATIENCE * stretch()


def settle(times: float = 1.0) -> float:
    """Seconds in which what must not come is given a chance to come.

    Args:
        times: so many times the usual.
    """
    return SETTLE * times * stretch()
