"""Waits are as long as the machine is busy, within bounds."""

from __future__ import annotations

import os

import pytest

from gateproof.conformance import patience


@pytest.mark.parametrize(
    ("load", "processors", "times"),
    [
        (0.0, 2, 1),
        (2.0, 2, 1),
        (2.1, 2, 2),
        (6.0, 2, 3),
        (14.0, 2, 4),
        (14.0, 16, 1),
        (900.0, 1, 4),
    ],
)
def test_waits_follow_what_waits_for_a_processor(
    monkeypatch: pytest.MonkeyPatch, load: float, processors: int, times: int
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)), raising=False)

    assert patience.stretch() == times
    assert patience.patience() == times * patience.PATIENCE
    assert patience.settle(2) == pytest.approx(2 * times * patience.SETTLE)


def test_a_system_that_does_not_tell_its_load_counts_as_quiet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown() -> tuple[float, float, float]:
        raise OSError

    monkeypatch.setattr(os, "getloadavg", unknown)

    assert patience.patience() == patience.PATIENCE
