"""pytest's own progress, with the current target and family in front of its dots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from gateproof.conformance.items import ConformanceItem


class Progress:
    """Begins a line of dots for each family of a target.

    Where pytest would write a file's name, it writes the target, the family and
    how many cases it has; the dots and the percentage stay pytest's.

    Args:
        config: the session's configuration.
        items: the suite's items, after selection.
    """

    def __init__(self, config: pytest.Config, items: Iterable[ConformanceItem]) -> None:
        self._place = config.rootpath / "gateproof"
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        items = list(items)
        self._groups = {item.nodeid: (item.target, item.case.family) for item in items}
        self._counts = Counter(self._groups.values())
        self._current: tuple[str, str] | None = None

    def begin(self, nodeid: str) -> None:
        """Say which target and family the item called ``nodeid`` is of, if they are new."""
        group = self._groups.get(nodeid)
        reporter = self._reporter
        if group is None or group == self._current or not getattr(reporter, "showfspath", False):
            return
        self._current = group
        target, family = group
        reporter.write_ensure_prefix(f"{target} {family} ({self._counts[group]}) ")
        # Where pytest believes itself to be, so that it adds dots and no name of its own.
        reporter.currentfspath = self._place
