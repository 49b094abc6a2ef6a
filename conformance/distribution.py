"""How pytest-xdist spreads the suite: a family of a target stays on one worker."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]


class FamilyScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Scopes are families of the suite, and single tests beside it."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("gateproof::"):
            family, _, item = nodeid.rpartition("::")
            return f"{family}[{item.partition('[')[2]}"
        return nodeid
