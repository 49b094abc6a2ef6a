"""Facts that only few exchanges have, and the checks that look at them.

Each is a step of the ladder of its own, recorded by the live wrapper where it
comes up. Nothing of this is loaded for an exchange that has none of them.
"""

from __future__ import annotations

from gateproof.validators.wsgi import ambient, attributes, excinfo, response, wrapper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gateproof.validators.violation import Breach
    from gateproof.validators.wsgi.judge import WSGIJudge

CHECKS: dict[str, Callable[[WSGIJudge, Any], Iterator[Breach]]] = {
    "again": ambient.again,
    "attribute": attributes.used,
    "exc-info-kept": excinfo.kept,
    "file-wrapper": wrapper.called,
    "handling": excinfo.unreported,
    "no-iterator": response.no_iterator,
    "overlap": ambient.overlap,
}
"""What judges each step; it is given the judge of the exchange and the step's data."""

CHANCES: dict[str, frozenset[str]] = {
    "again": ambient.RUN_ONCE,
    "attribute": attributes.REQUIREMENTS,
    "exc-info-kept": excinfo.KEPT,
    "file-wrapper": wrapper.REQUIREMENTS,
    "handling": excinfo.UNREPORTED,
    "no-iterator": frozenset({"wsgi.app.returns-iterable"}),
    "overlap": ambient.MULTITHREAD,
}
"""What each step gives a chance to be broken."""

REQUIREMENTS = frozenset().union(*CHANCES.values())
"""Every requirement that a check here decides."""
