"""Searches for the smallest exchange in which an application breaks the protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, errors, given, seed, settings
from hypothesis.strategies import SearchStrategy

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.strategies.home import away_from_home
from gateproof.targets.watched import Watched

T = TypeVar("T")


_SHOWN = 120


class _Broken(Exception):  # noqa: N818 - tells Hypothesis that an example shows a breach
    pass


def search(
    stage: ASGIStage,
    strategy: SearchStrategy[T],
    play: Callable[[T], Watched | None],
    examples: int,
) -> None:
    """Play examples until the application breaks a requirement, then shrink.

    ``stage.exchanges`` afterwards holds the exchanges that broke nothing and
    the smallest that broke the requirement first seen to be broken.

    Args:
        stage: the stage, with ``seed`` and ``database`` of the search.
        strategy: what to play.
        play: plays one example outside of the loop and returns its exchange,
            ``None`` when it proved nothing or the search is over.
        examples: how many to try.

    Raises:
        Exception: whatever ``play`` raised; nothing was played after that.
    """
    search_of = _Search(stage)

    # Everything is explicit, so that no profile of the user's changes a run.
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=stage.traffic.seed is None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        verbosity=Verbosity.quiet,
        print_blob=False,
        backend="hypothesis",
    )
    @given(strategy)
    def explore(example: T) -> None:
        search_of.look(play, example)

    if stage.traffic.seed is not None:
        explore = seed(stage.traffic.seed)(explore)
    try:
        with away_from_home():
            explore()
    except (_Broken, errors.Flaky):
        search_of.report()
    if search_of.trouble is not None:
        raise search_of.trouble


class _Search:
    """What a search has seen so far."""

    def __init__(self, stage: ASGIStage) -> None:
        self._stage = stage
        self.trouble: Exception | None = None
        self._requirement = ""
        self._smallest: Watched | None = None

    def look(self, play: Callable[[T], Watched | None], example: T) -> None:
        """Play an example and note what it showed; raises where Hypothesis should dig."""
        if self.trouble is not None:
            return
        try:
            watched = play(example)
        except Exception as error:  # noqa: BLE001 - ends the search, and is no example to shrink
            self.trouble = error
            return
        if watched is None:
            return
        broken = [v.requirement for v in watched.violations if v.verdict == "fail"]
        if not self._requirement and broken:
            self._requirement = broken[0]
        if not self._requirement:
            return
        self._stage.exchanges[:] = [x for x in self._stage.exchanges if x is not watched]
        if self._requirement in broken:
            watched.request = f"{watched.request}, generated: {unusual(example)}"
            self._smallest = watched  # the last one that Hypothesis plays is the smallest
            raise _Broken

    def report(self) -> None:
        """Let the smallest exchange count."""
        if self._smallest is not None:
            self._stage.exchanges.append(self._smallest)


def unusual(example: Any) -> str:
    """What an example has that a plain one has not, as keyword arguments."""
    kind = type(example)
    if not hasattr(kind, "__dataclass_fields__"):
        return repr(example)
    plain = kind()
    values = {
        name: getattr(example, name)
        for name in kind.__dataclass_fields__
        if getattr(example, name) != getattr(plain, name)
    }
    shown = (f"{name}={_short(value)}" for name, value in values.items())
    return ", ".join(shown) or "nothing unusual"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
