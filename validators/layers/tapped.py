"""What a watch over a link records in and tells to: both lead to the link."""

from __future__ import annotations

import sys
from weakref import ref

from gateproof.validators.exchange import Exchange
from gateproof.validators.policy import Policy, Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from gateproof.validators.layers.links import Link
    from gateproof.validators.violation import Breach, Rung

_RULES = {level: Rules(level=level) for level in ("must", "should", "all")}
"""What the judges of points look at: all, for what is to be told is known only at the end."""


class Tapped(Exchange):
    """The ladder of a link: each rung is kept as usual, and heard by the link at once.

    It is its own head, to which recorders in a hurry append by themselves; and
    as there always is room, they leave out nothing. Whoever watches a call keeps
    the link, so that this need not.
    """

    __slots__ = ("_ladder", "_link")

    def __init__(self, link: Link, ladder: Exchange | None = None) -> None:
        super().__init__(head=sys.maxsize)
        self._ladder = ladder or Exchange()
        self._link = ref(link)

    @property
    def head(self) -> Any:
        """Where rungs are appended."""
        return self

    @head.setter
    def head(self, rungs: list[tuple[str, object, int]]) -> None:
        """There is no other."""

    def append(self, rung: tuple[str, object, int]) -> None:
        """Add a rung with its time, which is now."""
        self.add(rung[0], rung[1])

    def add(self, step: str, data: object = None) -> None:
        """Keep a rung and let the link hear of it.

        Raises:
            ConformanceError: as the policy says of what the rung shows.
        """
        self._ladder.add(step, data)
        link = self._link()
        if link is not None:
            link.hear(step, data)

    @property
    def count(self) -> int:
        """How many rungs there were, kept or not."""
        return self._ladder.count

    def skip(self, count: int) -> None:
        """Count rungs that were not recorded."""
        self._ladder.skip(count)

    @property
    def dropped(self) -> int:
        """How many rungs between head and tail were not kept."""
        return self._ladder.dropped

    def rungs(self) -> tuple[Rung, ...]:
        """The rungs kept, oldest first."""
        return self._ladder.rungs()


class Attributing(Policy):
    """What a judge of a link tells its findings to: the link, which knows whom to blame."""

    def __init__(self, link: Link) -> None:
        super().__init__("collect", _RULES[link.policy.rules.level])
        self._link = link

    def tell(self, breaches: Iterable[Breach], exchange: Exchange) -> None:  # noqa: ARG002
        """Hand over what a judge found.

        Raises:
            ConformanceError: as the point's own policy says.
        """
        self._link.tell(breaches)
