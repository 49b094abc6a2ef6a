"""Which requirements layers can find broken, beside those that one point finds by itself."""

from __future__ import annotations

from gateproof.validators.layers import asgi_pair, blame, bridge, wsgi_pair

PAIRS: frozenset[str] = wsgi_pair.FINDS | asgi_pair.FINDS | bridge.FINDS
"""What shows in both sides of a middleware together."""

CLAIMS: frozenset[str] = PAIRS | frozenset(blame.OWN.values())
"""Every requirement that layers can find broken."""
