"""Validators for both sides of WSGI and ASGI: standard library only.

``WSGIValidator`` and ``ASGIValidator`` wrap any application and watch what
crosses the boundary; everything else here serves them. Names load on first
use, so that importing this package costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gateproof.validators.asgi.validator import ASGIValidator
    from gateproof.validators.layers.point import layer
    from gateproof.validators.violation import ConformanceError, Violation
    from gateproof.validators.wsgi.validator import WSGIValidator

if __name__ != "gateproof.validators":
    raise ImportError(
        f"import 'gateproof.validators', not {__name__!r}: "
        "the checkout's folder would be a second copy of the installed package"
    )

__all__ = ["ASGIValidator", "ConformanceError", "Violation", "WSGIValidator", "layer"]

_HOMES = {
    "ASGIValidator": "gateproof.validators.asgi.validator",
    "WSGIValidator": "gateproof.validators.wsgi.validator",
    "ConformanceError": "gateproof.validators.violation",
    "Violation": "gateproof.validators.violation",
    "layer": "gateproof.validators.layers.point",
}


def __getattr__(name: str) -> object:
    """Load a public name from its home on first use."""
    import importlib

    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value
