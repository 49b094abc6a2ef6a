"""The suite: cases by spec section, generated traffic, engine, pytest plugin and command line."""

from __future__ import annotations

if __name__ != "gateproof.conformance":
    raise ImportError(
        f"import 'gateproof.conformance', not {__name__!r}: "
        "the checkout's folder would be a second copy of the installed package"
    )
