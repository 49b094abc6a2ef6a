"""The result stream with its published schema, and the reports read from it."""

from __future__ import annotations

if __name__ != "gateproof.reports":
    raise ImportError(
        f"import 'gateproof.reports', not {__name__!r}: "
        "the checkout's folder would be a second copy of the installed package"
    )
