"""Searches for examples that show something, and makes the smallest of each thing shown.

Three rounds: what an earlier run found and kept; volume, from tapes; examples drawn
choice by choice, where Hypothesis varies what it has tried. What any of them shows is
then shrunk by Hypothesis, beginning with the very choices that showed it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, errors, given, seed, settings
from hypothesis.database import ExampleDatabase, InMemoryExampleDatabase, choices_to_bytes
from hypothesis.strategies import SearchStrategy

from gateproof.conformance.blob import blob_of, decode, encode
from gateproof.conformance.effort import KINDS, Effort
from gateproof.conformance.patience import stretch
from gateproof.conformance.stage import Stage
from gateproof.conformance.strategies.choices import Choices, Given, Tape, cut, recorded, tapes
from gateproof.conformance.strategies.home import away_from_home
from gateproof.conformance.strategies.kept import open_database

T = TypeVar("T")

BATCH = 16
"""Examples on one tape: Hypothesis costs more than most of them do."""


class _Shown(Exception):  # noqa: N818 - how an example tells Hypothesis to shrink it
    pass


class _Over(BaseException):
    """Ends the making of examples at once."""


@dataclass
class Found(Generic[T]):
    """Something that examples show.

    Attributes:
        what: what it is: a requirement's id or the like.
        example: the smallest example that showed it.
        choices: the numbers from which it is made.
        evidence: what playing it gave.
        again: whether it showed each time when it was played again.
    """

    what: str
    example: T
    choices: list[int]
    evidence: Any
    again: bool = True

    @property
    def blob(self) -> str:
        """The choices as a word, which ``--conformance-replay`` takes."""
        return blob_of(self.choices)


@dataclass
class Searched(Generic[T]):
    """What a search came to.

    Attributes:
        found: the things shown, in the order in which they were first seen.
        played: how many examples were played, shrinking left out.
        out_of_time: it ended before its examples did.
    """

    found: list[Found[T]] = field(default_factory=list)
    played: int = 0
    out_of_time: bool = False


def search(
    describe: Callable[[Choices], T],
    play: Callable[[T], Mapping[str, Any]],
    effort: Effort,
    *,
    known: Collection[str] = (),
    at: int | None = None,
    database: ExampleDatabase | None = None,
    key: bytes = b"",
    only: Sequence[int] | None = None,
    kinds: int = KINDS,
) -> Searched[T]:
    """Play examples, and shrink what they show.

    Args:
        describe: makes an example from choices.
        play: plays one and gives what it shows, with evidence; what it raises ends the search.
        effort: how many, and for how long.
        known: what need not be shown again.
        at: the seed; ``None`` for the same examples each time.
        database: where choices that showed something are kept.
        key: under which name they are kept there.
        only: play the example of these choices alone, and shrink nothing.
        kinds: after so many different things shown no further one is looked for.

    Raises:
        Exception: whatever ``play`` raised.
    """
    work = _Search(describe, play, effort, set(known), at, kinds)
    with away_from_home():
        if only is not None:
            work.try_choices(list(only))
            return work.searched
        kept = list(database.fetch(key)) if database is not None else []
        for value in kept:
            if not _still(work, value) and database is not None:
                database.delete(key, value)
        work.volume()
        work.drawn()
        for found in work.searched.found:
            work.shrink(found)
            if database is not None:
                database.save(key, encode(found.choices))
    return work.searched


def search_for(
    stage: Stage,
    describe: Callable[[Choices], T],
    play: Callable[[T], Mapping[str, Any]],
    known: Collection[str] = (),
) -> Searched[T]:
    """Search as the user of a stage asked for it, and note how what is found is played again.

    Args:
        stage: the case's stage; it is seen to get on with every example.
        describe: makes an example from choices.
        play: plays one and gives what it shows: requirements, with evidence.
        known: what need not be shown again.

    Raises:
        Exception: whatever ``play`` raised.
    """
    asked = stage.traffic

    def counted(example: T) -> Mapping[str, Any]:
        stage.played += 1
        return play(example)

    searched = search(
        describe,
        counted,
        asked.effort,
        known=known,
        at=asked.seed,
        database=open_database(asked.database),
        key=f"gateproof {asked.target} {stage.case.full_id}".encode(),
        only=asked.replay,
    )
    stage.blobs.update({found.what: found.blob for found in searched.found})
    return searched


def _still(work: _Search[T], value: bytes) -> bool:
    try:
        choices = decode(value)
    except ValueError:
        return False
    return bool(work.try_choices(choices))


class _Search(Generic[T]):
    """One search under way."""

    def __init__(
        self,
        describe: Callable[[Choices], T],
        play: Callable[[T], Mapping[str, Any]],
        effort: Effort,
        known: set[str],
        at: int | None,
        kinds: int,
    ) -> None:
        self.searched: Searched[T] = Searched()
        self._describe = describe
        self._play = play
        self._effort = effort
        self._known = known
        self._at = at
        self._kinds = kinds
        self._until = time.monotonic() + effort.seconds * stretch()
        self._trouble: Exception | None = None

    def _go_on(self) -> None:
        """Return where another example is to be played.

        Raises:
            _Over: none is.
        """
        if time.monotonic() > self._until:
            self.searched.out_of_time = True
            raise _Over
        if len(self.searched.found) >= self._kinds:
            raise _Over

    def try_choices(self, choices: list[int]) -> Mapping[str, Any]:
        """Play the example of known choices."""
        return self._try(self._describe(Given(choices)), lambda: choices)

    def volume(self) -> None:
        """Play examples that tapes make."""

        def several(tape: bytes) -> None:
            for one in cut(tape):
                self._go_on()
                self._try_made(Tape(one))

        rounds = -(-self._effort.volume // BATCH)
        if rounds:
            self._run(several, tapes(BATCH), rounds, None, (Phase.generate,))

    def drawn(self) -> None:
        """Play examples that are drawn choice by choice."""

        def one(pair: tuple[T, list[int]]) -> None:
            self._go_on()
            self._try(pair[0], lambda: pair[1])

        if self._effort.drawn:
            strategy = recorded(self._describe)
            self._run(one, strategy, self._effort.drawn, None, (Phase.generate,))

    def shrink(self, found: Found[T]) -> None:
        """Make the example smaller, as long as it shows the same."""
        until = time.monotonic() + self._effort.shrinking * stretch()
        seen = 0

        def one(pair: tuple[T, list[int]]) -> None:
            nonlocal seen
            example, choices = pair
            if time.monotonic() > until:
                raise _Over
            shown = self._play(example)
            if found.what in shown:
                seen += 1
                found.example, found.choices = example, choices
                found.evidence = shown[found.what]
                raise _Shown

        planted = _Planted(found.choices)
        with contextlib.suppress(_Shown, errors.Flaky):
            self._run(one, recorded(self._describe), 1, planted, (Phase.reuse, Phase.shrink))
        found.again = seen > 0 and found.what in self._play(found.example)

    def _try_made(self, choices: Choices) -> None:
        example = self._describe(choices)
        self._try(example, lambda: [chosen for chosen, _ in choices.made])

    def _try(self, example: T, choices: Callable[[], list[int]]) -> Mapping[str, Any]:
        self.searched.played += 1
        shown = self._play(example)
        for what, evidence in shown.items():
            if what not in self._known:
                self._known.add(what)
                self.searched.found.append(Found(what, example, choices(), evidence))
        return shown

    def _run(
        self,
        test: Callable[[Any], None],
        strategy: SearchStrategy[Any],
        examples: int,
        database: ExampleDatabase | None,
        phases: Sequence[Phase],
    ) -> None:
        """Let Hypothesis call ``test``. All is explicit: no profile of the user's changes a run."""

        def guarded(value: Any) -> None:
            try:
                test(value)
            except _Shown:
                raise
            except Exception as error:
                self._trouble = error  # it ends the search, and is nothing to shrink
                raise _Over from error

        tried: Callable[[], None] = given(strategy)(guarded)
        if self._at is not None or database is not None:
            tried = seed(self._at or 0)(tried)  # before settings, for it takes the database away
        tried = settings(
            max_examples=examples,
            deadline=None,
            database=database,
            derandomize=self._at is None and database is None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=phases,
            verbosity=Verbosity.quiet,
            print_blob=False,
            backend="hypothesis",
        )(tried)
        with contextlib.suppress(_Over):
            tried()
        if self._trouble is not None:
            raise self._trouble


class _Planted(ExampleDatabase):
    """A database that holds one example, which it was not asked to keep.

    Args:
        choices: the numbers that the example is made from.
    """

    def __init__(self, choices: Sequence[int]) -> None:
        super().__init__()
        self._value = choices_to_bytes(choices)
        self._kept = InMemoryExampleDatabase()

    def fetch(self, key: bytes) -> Iterator[bytes]:
        if key.endswith(b".secondary"):  # what is kept elsewhere is taken for shrunk already
            yield self._value
        yield from self._kept.fetch(key)

    def save(self, key: bytes, value: bytes) -> None:
        self._kept.save(key, value)

    def delete(self, key: bytes, value: bytes) -> None:
        self._kept.delete(key, value)
