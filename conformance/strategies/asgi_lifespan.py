"""Every legal lifespan that a server may offer an application."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gateproof.targets import asgi_scope


def options() -> st.SearchStrategy[dict[str, Any]]:
    """Options of :class:`gateproof.targets.asgi_lifespan.Lifespan`."""
    versions = st.sampled_from(("2.0", "1.0", None))
    extra = st.sampled_from(({}, {"x_gateproof": {"nested": [None]}}))
    return st.fixed_dictionaries(
        {
            "offer_state": st.booleans(),
            "scope": st.builds(
                lambda version, extra: {"asgi": asgi_scope.asgi(version), **extra}, versions, extra
            ),
            "event": extra,
        }
    )
