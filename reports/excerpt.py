"""What of a ladder a page shows: all of a short one, the telling parts of a long one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateproof.reports.text import counted, shorten

AROUND = 6
"""Rungs shown on both sides of the marked one where a ladder is long."""

LONG = 24
"""Rungs of a ladder that is still shown whole."""

SHORT = 8
"""Rungs of a ladder that is shown whole wherever it is evidence."""

RUNG = 480
"""Characters of a rung's text shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a ladder; a gap has only ``text``."""

    number: int
    time: str
    source: str
    to: str
    what: str
    text: str
    marked: bool
    gap: bool = False

    @property
    def right(self) -> bool:
        """Whether it goes towards the application."""
        order = ("client", "server", "application")
        return order.index(self.source) < order.index(self.to)

    @property
    def wire(self) -> bool:
        """Whether it crosses between client and server."""
        return "client" in (self.source, self.to)


def rows_of(held: Mapping[str, Any], marked: int | None, *, brief: bool) -> list[Row]:
    """The rows of a ladder: all of a short one, else its ends and what is around the mark."""
    rungs = held["ladder"]
    chosen = set(range(len(rungs)))
    centre = len(rungs) - 1 if marked is None else marked
    if brief:
        chosen &= set(range(centre - 3, centre + 2))
    elif len(rungs) > LONG:
        near = set(range(centre - AROUND, centre + AROUND + 1))
        chosen &= near | set(range(AROUND)) | set(range(len(rungs) - AROUND, len(rungs)))
    rows: list[Row] = []
    place = -1
    for number in sorted(chosen):
        if number != place + 1:
            rows.append(_gap(f"{counted(number - place - 1, 'rung')} not shown here"))
        elif number and held["dropped"] and _jumps(rungs[number - 1], rungs[number]):
            rows.append(_gap(f"{counted(held['dropped'], 'rung')} not kept"))
        rows.append(_row(rungs[number], number, marked == number))
        place = number
    if place + 1 < len(rungs):
        rows.append(_gap(f"{counted(len(rungs) - place - 1, 'rung')} not shown here"))
    return rows


def _jumps(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether rungs between two neighbours were dropped."""
    if "event" not in before or "event" not in after:
        return False
    last = max(before["event"], *before.get("also", (-1,)))
    first = min([after["event"], *after.get("also", ())])
    return bool(first > last + 1)


def _row(rung: Mapping[str, Any], number: int, marked: bool) -> Row:
    return Row(
        number=number + 1,
        time=f"{rung['at'] / 1e6:.2f}",
        source=rung["from"],
        to=rung["to"],
        what=shorten(rung["what"], 120),
        text=shorten(rung["text"], RUNG),
        marked=marked,
    )


def _gap(text: str) -> Row:
    return Row(0, "", "server", "application", "", text, marked=False, gap=True)
