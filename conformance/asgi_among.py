"""The same connection alone and among others: what it gets must not depend on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gateproof.conformance.asgi_examples import Player, Shows, broken, finding
from gateproof.conformance.asgi_pairs import ORDER, SURELY, Difference, busy, comparable
from gateproof.conformance.asgi_relations import difference, varying
from gateproof.conformance.asgi_turns import Turns
from gateproof.targets.asgi_http import Leave
from gateproof.targets.asgi_server import Application
from gateproof.targets.watched import Watched
from gateproof.validators.violation import Verdict

REQUIREMENT = "asgi.server.one-call-per-connection"
"""Each connection has a call of its own, and what that answers is the connection's affair."""


@dataclass
class Among:
    """Plays connections one by one and then together.

    Attributes:
        player: plays them.
        family: the protocol.
        work: plays one, from inside the loop.
        changed: the verdict where the reply differs and is none of a breakdown.
    """

    player: Player
    family: str
    work: Callable[[Any, Watched, Application], Awaitable[Any]]
    changed: Verdict

    def play(self, example: Any) -> Shows:
        """What connections show beside each other that they don't show alone."""
        alone = self._apart(example)
        if not any(comparable(one) for one in alone) or any(broken(one.watched) for one in alone):
            return {}
        beside = self._together(example)
        self.player.compared += 1
        for one in beside:
            if found := broken(one.watched):
                return found
        return self._shown(example, [alone], beside, ORDER)

    def sure(self, example: Any, what: str) -> bool:
        """Whether it shows that however often it is played."""
        if what != REQUIREMENT:
            return True
        return bool(self._shown(example, [self._apart(example)], self._together(example), SURELY))

    def _shown(self, example: Any, alone: list[list[Any]], beside: list[Any], order: str) -> Shows:
        for place in range(len(beside)):
            if self._differs(place, alone, beside) is None:
                continue
            runs = [beside]
            for step, which in enumerate(order):
                for _ in range(step + 1):  # or a counter may come to the same place each time
                    self._drive(example.asked[:1], ())
                if which == "P":
                    alone.append(self._apart(example))
                else:
                    runs.append(self._together(example))
            plains = [replies[place] for replies in alone]
            self.player.unsteady |= varying(plains)
            if not all(map(comparable, plains)):
                return {}
            found = [self._differs(place, alone, run) for run in runs]
            if found[-1] is not None and all(found):
                return self._told(example, found[-1], runs[-1][place])
        return {}

    def _differs(self, place: int, alone: list[list[Any]], beside: list[Any]) -> Difference | None:
        plains, reply = [replies[place] for replies in alone], beside[place]
        if reply.request.leave != Leave() or not comparable(plains[0]) or busy(reply):
            return None
        return difference(plains, reply, unsteady=self.player.unsteady)

    def _told(self, example: Any, found: Difference, reply: Any) -> Shows:
        what, observed, expected, broke = found
        others = len(example.asked) - 1
        count = "another connection is" if others == 1 else f"{others} other connections are"
        shown = finding(
            REQUIREMENT,
            f"{what} when {count} served at the same time, in {reply.request}",
            reply.watched,
            observed=observed,
            expected=f"{expected}, as when it is served alone",
            verdict="weak" if broke else self.changed,
            hint="keep what belongs to a connection in its call, not in a shared object",
        )
        return {REQUIREMENT: shown}

    def _apart(self, example: Any) -> list[Any]:
        """Each by itself; it waits for its turns as well, or it would get on otherwise."""
        return [self._drive((asked,), ())[0] for asked in example.asked]

    def _together(self, example: Any) -> list[Any]:
        return self._drive(example.asked, example.order)

    def _drive(self, several: Sequence[Any], order: Sequence[int]) -> list[Any]:
        async def drive(records: list[Watched]) -> list[Any]:
            works = [
                partial(self.work, asked, watched)
                for asked, watched in zip(several, records, strict=True)
            ]
            return await Turns(order).all(works, self.player.stage.application)

        replies: list[Any] = self.player.at_once(self.family, several, drive)
        return replies
