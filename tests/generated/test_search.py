"""The search: what it finds, how small it becomes, what it keeps, and what ends it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis.database import InMemoryExampleDatabase

from gateproof.conformance.blob import blob_of, choices_of
from gateproof.conformance.effort import PROFILES, Effort
from gateproof.conformance.strategies.choices import Choices, Drawn, Given, Tape
from gateproof.conformance.strategies.search import Found, search

EFFORT = Effort(volume=400, drawn=100, seconds=20.0, shrinking=10.0)
DRAWN = Effort(volume=0, drawn=400, seconds=20.0, shrinking=10.0)
VOLUME = Effort(volume=400, drawn=0, seconds=20.0, shrinking=10.0)

Words = list[str]


def words(choices: Choices) -> Words:
    """Up to nine words."""
    return choices.some(("a", "bb", "ccc", "dddd", "eeeee"), 9)


def both(example: Words) -> dict[str, Any]:
    """Shows one thing for two words with another between them, another for long lists."""
    shown: dict[str, Any] = {}
    if "ccc" in example and "eeeee" in example[example.index("ccc") + 2 :]:
        shown["apart"] = list(example)
    if len(example) >= 7:
        shown["long"] = len(example)
    return shown


@pytest.mark.parametrize("effort", [EFFORT, DRAWN, VOLUME], ids=["both", "drawn", "volume"])
def test_what_is_found_is_made_as_small_as_can_be(effort: Effort) -> None:
    found = {one.what: one for one in search(words, both, effort).found}

    assert found["apart"].example == ["ccc", "a", "eeeee"]
    assert found["apart"].evidence == ["ccc", "a", "eeeee"]
    assert found["long"].example == ["a"] * 7
    assert all(one.again for one in found.values())


def test_the_same_examples_are_played_each_time_unless_a_seed_is_given() -> None:
    def examples(at: int | None) -> list[Words]:
        played: list[Words] = []

        def play(example: Words) -> dict[str, Any]:
            played.append(example)
            return {}

        search(words, play, EFFORT, at=at)
        return played

    assert examples(None) == examples(None)
    assert examples(3) == examples(3)
    assert examples(3) != examples(4)


@pytest.mark.parametrize("at", [None, 0, 3])
def test_shrinking_is_the_same_each_time(at: int | None) -> None:
    def played() -> list[Words]:
        examples: list[Words] = []

        def play(example: Words) -> dict[str, Any]:
            examples.append(example)
            return both(example)

        found = {one.what: one for one in search(words, play, EFFORT, at=at).found}
        assert found["apart"].example == ["ccc", "a", "eeeee"]
        return examples

    assert played() == played()


def test_no_more_is_played_than_asked_for() -> None:
    searched = search(words, lambda _: {}, EFFORT)

    assert EFFORT.volume <= searched.played <= EFFORT.volume + EFFORT.drawn
    assert searched.found == []
    assert not searched.out_of_time


def test_time_ends_a_search() -> None:
    slow = Effort(volume=10_000, drawn=10_000, seconds=0.2, shrinking=0.2)
    begun = time.monotonic()

    def play(example: Words) -> dict[str, Any]:
        time.sleep(0.01)
        return both(example)

    searched = search(words, play, slow)

    assert searched.out_of_time
    assert time.monotonic() - begun < 20
    assert searched.played < 200


def test_what_playing_raises_ends_the_search_at_once() -> None:
    played = 0

    def play(example: Words) -> dict[str, Any]:
        nonlocal played
        played += 1
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        search(words, play, EFFORT)
    assert played == 1


def test_what_is_known_is_not_looked_for() -> None:
    assert [one.what for one in search(words, both, EFFORT, known={"long"}).found] == ["apart"]


def test_what_was_found_is_kept_and_played_first() -> None:
    database = InMemoryExampleDatabase()
    search(words, both, EFFORT, database=database, key=b"here")
    played: list[Words] = []

    def play(example: Words) -> dict[str, Any]:
        played.append(example)
        return {}

    search(words, play, Effort(0, 0, 5.0, 1.0), database=database, key=b"elsewhere")
    assert played == []
    search(words, play, Effort(0, 0, 5.0, 1.0), database=database, key=b"here")
    assert sorted(played) == [["a"] * 7, ["ccc", "a", "eeeee"]]
    played.clear()
    search(words, play, Effort(0, 0, 5.0, 1.0), database=database, key=b"here")
    assert played == []  # it showed nothing any more, and was let go


def test_a_kept_value_of_another_making_is_let_go() -> None:
    database = InMemoryExampleDatabase()
    for value in (b"", b"\x00junk", b"\x01junk"):
        database.save(b"here", value)

    search(words, both, Effort(0, 0, 5.0, 1.0), database=database, key=b"here")

    assert list(database.fetch(b"here")) == []


def test_a_blob_plays_the_same_example_alone() -> None:
    found = search(words, both, EFFORT).found[0]
    again = search(words, both, EFFORT, only=choices_of(found.blob))

    assert again.played == 1
    assert {one.what: one.example for one in again.found}[found.what] == found.example


@pytest.mark.parametrize("choices", [[], [0], [1, 2, 3], [70_000, 0, 5] * 30])
def test_a_blob_stands_for_its_choices(choices: list[int]) -> None:
    assert choices_of(blob_of(choices)) == choices
    assert "=" not in blob_of(choices)


@pytest.mark.parametrize("blob", ["", "?", "AAAA", "not a blob"])
def test_other_words_are_no_blobs(blob: str) -> None:
    with pytest.raises(ValueError, match=r"blob|choices"):
        choices_of(blob)


def test_what_shows_now_and_then_is_told_apart() -> None:
    times = 0

    def play(example: Words) -> dict[str, Any]:
        nonlocal times
        times += 1
        return {"once": example} if times == 5 else {}

    found: list[Found[Words]] = search(words, play, EFFORT).found

    assert [one.what for one in found] == ["once"]
    assert not found[0].again


def test_styles_make_the_same_of_the_same_choices() -> None:
    tape = Tape(bytes(range(40, 90)))
    example = words(tape)
    drawn = iter([chosen for chosen, _ in tape.made])

    assert words(Given([chosen for chosen, _ in tape.made])) == example
    assert words(Drawn(lambda _: next(drawn))) == example


def test_cuts_leave_the_octets_as_they_are() -> None:
    for n in range(200):
        choices = Tape(bytes((n * 7 + k * 31) % 256 for k in range(60)))
        assert b"".join(choices.cuts(b"0123456789", 4)) == b"0123456789"
    assert Given([]).cuts(b"ab", 3) == (b"ab",)
    assert Given([2, 0, 1]).cuts(b"ab", 3) == (b"", b"a", b"b")


def test_each_profile_does_more_than_the_one_before() -> None:
    volumes = [effort.volume + effort.drawn for effort in PROFILES.values()]
    seconds = [effort.seconds for effort in PROFILES.values()]

    assert volumes == sorted(set(volumes))
    assert seconds == sorted(set(seconds))
