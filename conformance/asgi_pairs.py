"""Generated requests in two forms: as the plainest server passes them on, and as another does.

The replies have to agree in all that is always the same. What differs is confirmed
by asking again in an order that no counter or alternation follows, and is then laid
to the one thing that the other server does otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from gateproof.conformance.asgi_examples import BUSY, Player, Shown, Shows, broken, finding
from gateproof.conformance.asgi_relations import difference, varying
from gateproof.targets.asgi_http import Reply
from gateproof.targets.asgi_websocket import Session
from gateproof.validators.violation import Verdict

ORDER = "PPVVP"
"""In which order the plain form and the variant are asked again; the first two were P and V."""

SURELY = "VPPVPVVP"
"""The same for what is about to be told."""

R = TypeVar("R", Reply, Session)

Difference = tuple[str, str, str, bool]


class Freedom(Protocol):
    """As :class:`gateproof.conformance.strategies.asgi_parts.Freedom`."""

    @property
    def says(self) -> str: ...  # noqa: D102 - as there
    @property
    def requirement(self) -> str: ...  # noqa: D102
    @property
    def broke(self) -> Verdict | None: ...  # noqa: D102
    @property
    def changed(self) -> Verdict | None: ...  # noqa: D102


class Pair:
    """Compares the two forms of one example.

    Args:
        player: plays the requests.
        ask: sends one.
    """

    def __init__(self, player: Player, ask: Callable[[Any], Any]) -> None:
        self._player = player
        self._ask = ask
        self._steady = frozenset[str]()

    def play(self, example: Any) -> Shows:
        """What the variant shows beside the plain form."""
        plain, variant = example.plain(), example.request
        first = self._ask(plain)
        if not comparable(first) or broken(first.watched):
            return {}
        reply = self._ask(variant)
        return broken(reply.watched) or self.held(example, [first], reply)

    def held(self, example: Any, plains: list[Any], reply: Any) -> Shows:
        """What ``reply`` to the example's variant shows beside the plain replies."""
        if busy(reply):
            return {}
        self._player.compared += 1
        judged = any(one.changed is not None for one in example.freedoms)
        if self._differs(plains, reply, judged) is None:
            return {}
        plain, variant = example.plain(), example.request
        found, reply = self._confirmed(plain, variant, plains, reply, judged, ORDER)
        if found is None:
            return {}
        cause, found, reply = self._cause(example, plains, found, reply)
        return self._told(cause, found, reply)

    def sure(self, example: Any, what: str) -> bool:
        """Whether the variant still breaks ``what``, and differs however often both are asked."""
        if what not in self.play(example):
            return False
        plain, variant = example.plain(), example.request
        first, reply = self._ask(plain), self._ask(variant)
        if not comparable(first):
            return False
        judged = any(one.changed is not None for one in example.freedoms)
        found, _ = self._confirmed(plain, variant, [first], reply, judged, SURELY)
        return found is not None

    def _differs(self, plains: list[Any], reply: Any, judged: bool) -> Difference | None:
        unsteady = self._player.unsteady
        return difference(plains, reply, judged=judged, unsteady=unsteady)

    def _confirmed(
        self, plain: Any, variant: Any, plains: list[Any], reply: Any, judged: bool, order: str
    ) -> tuple[Difference | None, Any]:
        """The difference that shows each time; ``plains`` is added to."""
        variants = [reply]
        for which in order:
            if which == "P":
                plains.append(self._ask(plain))
                if not comparable(plains[-1]):
                    return None, reply
            else:
                variants.append(self._ask(variant))
                if busy(variants[-1]):
                    return None, reply
        self._player.unsteady |= varying(plains)
        found = [self._differs(plains, one, judged) for one in variants]
        if any(one is None for one in found):
            return None, reply
        same = {(one[0].split()[0], one[3]) for one in found if one is not None}
        return (found[-1], variants[-1]) if len(same) == 1 else (None, reply)

    def _cause(
        self, example: Any, plains: list[Any], found: Difference, reply: Any
    ) -> tuple[Freedom, Difference, Any]:
        """The freedom that alone makes the difference, or else one without which there is none."""
        freedoms: tuple[Freedom, ...] = example.freedoms
        if len(freedoms) == 1:
            return freedoms[0], found, reply
        for one in sorted(freedoms, key=lambda one: one.changed is None):
            alone = self._ask(example.with_only((one,)).request)
            seen = self._differs(plains, alone, True)
            if seen is not None and seen[3] == found[3] and not busy(alone):
                return one, seen, alone
        for one in reversed(freedoms):  # what is said of events is closer than how they are cut
            others = tuple(other for other in freedoms if other is not one)
            if self._differs(plains, self._ask(example.with_only(others).request), True) is None:
                return one, found, reply
        return freedoms[0], found, reply

    def _told(self, cause: Freedom, found: Difference, reply: Any) -> Shows:
        what, observed, expected, broke = found
        if not broke and cause.changed is None:
            return {}
        shown: Shown = finding(
            cause.requirement,
            f"{what} when {cause.says}, in {reply.request}",
            reply.watched,
            observed=observed,
            expected=expected,
            verdict=cause.broke if broke else cause.changed,
        )
        return {cause.requirement: shown}


def comparable(reply: Reply | Session) -> bool:
    """Whether something can be concluded from another reply than this plain one."""
    if isinstance(reply, Session):
        return reply.answer == "accepted" and not reply.timed_out
    return reply.complete and reply.raised is None and reply.status not in BUSY


def busy(reply: Reply | Session) -> bool:
    """Whether the application has had enough for now, rather than a difficulty."""
    return isinstance(reply, Reply) and reply.status in BUSY
