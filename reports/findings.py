"""What every report shows first: the findings of a run, gravest first, by requirement."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateproof.reports.stream import Run
from gateproof.reports.text import slug
from gateproof.validators.catalogue import Requirement, UnknownRequirementError
from gateproof.validators.catalogue import requirement as catalogued

GLYPHS = {
    "pass": "✓",
    "fail": "✗",
    "weak": "▲",
    "observed": "•",
    "known": "k",
    "fixed": "!",
    "n/a": "–",  # noqa: RUF001 - a dash that cannot be taken for a minus sign
    "blocked": "⊘",
    "unstable": "~",
    "harness": "?",
}
"""A sign for each verdict, told apart without colour."""

MEANINGS = {
    "pass": "behaved as the specification says",
    "fail": "broke what the specification requires",
    "weak": "broke a recommendation; still conformant",
    "observed": "the text is silent or disputed; recorded only",
    "known": "an expected failure",
    "fixed": "an expected failure that passed: take it off the list",
    "n/a": "the target does not speak it, or it may not be sent",
    "blocked": "something that it rests on did not work",
    "unstable": "differed between repeats",
    "harness": "our fault or the environment's, not the target's",
}
"""What each verdict means, in a few words."""

SHOWN = ("fail", "fixed", "unstable", "harness", "weak", "observed", "known")
"""The verdicts that have findings to show, in the order of reports."""

_OF_THE_CASE = ("fixed", "unstable", "harness", "known")
"""Verdicts of a case that overrule those of its findings."""

_NEEDS_ENTRY = ("fail", "fixed", "unstable", "harness", "weak")
"""Verdicts of a case that are shown even where nothing was found."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding of one case on one target; ``finding`` is ``None`` for a bare verdict.

    ``id`` is stable: it depends on the case, the target and the requirement.
    """

    id: str
    verdict: str
    result: dict[str, Any]
    finding: dict[str, Any] | None

    @property
    def requirement(self) -> str:
        """The id of the requirement, empty for a bare verdict."""
        return str(self.finding["requirement"]) if self.finding else ""


@dataclass(slots=True)
class Group:
    """The entries of one verdict and one requirement."""

    verdict: str
    requirement: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def cases(self) -> list[str]:
        """The cases that show it, in order."""
        return list(dict.fromkeys(entry.result["case"] for entry in self.entries))

    @property
    def targets(self) -> list[str]:
        """The targets that show it, in order."""
        return list(dict.fromkeys(entry.result["target"] for entry in self.entries))

    @property
    def total(self) -> int:
        """How often it was seen."""
        return sum(entry.finding["count"] if entry.finding else 1 for entry in self.entries)


def entries(run: Run) -> Iterator[Entry]:
    """Every finding of the run, and every verdict that calls for a look without one."""
    taken: dict[str, int] = {}

    def named(result: dict[str, Any], requirement: str) -> str:
        name = slug(result["case"], result["target"], requirement)
        taken[name] = taken.get(name, 0) + 1
        return name if taken[name] == 1 else f"{name}--{taken[name]}"

    for result in run.results:
        verdict = result["verdict"]
        overruled = verdict in _OF_THE_CASE
        shown = False
        for finding in result["findings"]:
            own = verdict if overruled else finding["verdict"]
            shown = shown or own == verdict
            yield Entry(named(result, finding["requirement"]), own, result, finding)
        if not shown and verdict in _NEEDS_ENTRY:
            yield Entry(named(result, verdict), verdict, result, None)


def groups(run: Run) -> list[Group]:
    """The entries by verdict and requirement: gravest first, then in the order seen."""
    made: dict[tuple[str, str], Group] = {}
    for entry in entries(run):
        key = (entry.verdict, entry.requirement)
        group = made.get(key)
        if group is None:
            group = made[key] = Group(entry.verdict, entry.requirement)
        group.entries.append(entry)
    order = {verdict: place for place, verdict in enumerate(SHOWN)}
    return sorted(made.values(), key=lambda group: order.get(group.verdict, len(order)))


@functools.cache
def requirement(name: str) -> Requirement | None:
    """The catalogue's entry, ``None`` for an id that this version does not know."""
    try:
        return catalogued(name)
    except (UnknownRequirementError, FileNotFoundError):
        return None


def incomplete(run: Run) -> str:
    """Why the run is incomplete, as one sentence; empty for a complete run."""
    if run.complete:
        return ""
    if run.footer is None:
        return (
            "This run is incomplete: it was cut off before its end. "
            "What is missing was not tested; it did not pass."
        )
    reason = str(run.footer.get("reason") or "it was interrupted").strip().rstrip(".")
    return f"This run is incomplete: {reason}. What is missing was not tested; it did not pass."


def of_target(run: Run, target: str) -> Run:
    """The part of ``run`` that is about one target."""
    return Run(
        header=run.header,
        cases=run.cases,
        results=[result for result in run.results if result["target"] == target],
        evidence=run.evidence,
        footer=run.footer,
    )


def targets(run: Run) -> list[dict[str, Any]]:
    """The targets of the header, and those that only results name, in order."""
    found = {target["id"]: target for target in run.header.get("targets", ())}
    for result in run.results:
        found.setdefault(result["target"], {"id": result["target"], "interface": ""})
    return list(found.values())


def broken(run: Run) -> dict[str, str]:
    """The gravest verdict that some finding gave each requirement."""
    rank = {"fail": 0, "weak": 1, "observed": 2}
    found: dict[str, str] = {}
    for result in run.results:
        for finding in result["findings"]:
            name, verdict = finding["requirement"], finding["verdict"]
            if name not in found or rank[verdict] < rank[found[name]]:
                found[name] = verdict
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run says of one target.

    Attributes:
        id: the target's id in the stream.
        name: the target as its user wrote it.
        interface: ``WSGI`` or ``ASGI``, empty where unknown.
        hold, checked: required clauses that hold, of those that were checked.
        weak: recommendations that were broken.
        counts: how many cases have which verdict.
    """

    id: str
    name: str
    interface: str
    hold: int
    checked: int
    weak: int
    counts: dict[str, int]

    @property
    def subject(self) -> str:
        """The target with its interface."""
        return f"{self.name} ({self.interface})" if self.interface else self.name

    @property
    def predicate(self) -> str:
        """What is said of it."""
        if not self.counts:
            return "nothing was tested"
        if not self.checked:
            return "no required clause was checked"
        return f"{self.hold} of {self.checked} checked required clauses hold"

    @property
    def remainder(self) -> list[tuple[str, int]]:
        """How many clauses ``fail`` and how many are ``weak``, where any."""
        numbers = (("fail", self.checked - self.hold), ("weak", self.weak))
        return [(verdict, number) for verdict, number in numbers if number]

    def __str__(self) -> str:
        rest = ", ".join(f"{number} {verdict}" for verdict, number in self.remainder)
        return f"{self.subject}: {self.predicate}{'; ' if rest else ''}{rest}"


def verdict(run: Run, target: dict[str, Any]) -> Verdict:
    """The verdict on one target of the run."""
    part = of_target(run, target["id"])
    hold, checked = part.clauses()
    return Verdict(
        id=target["id"],
        name=target.get("name") or target["id"],
        interface=target.get("interface", "").upper(),
        hold=hold,
        checked=checked,
        weak=list(broken(part).values()).count("weak"),
        counts=part.counts(),
    )
