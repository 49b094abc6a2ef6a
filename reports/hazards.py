"""Hazards: what endangers users and breaks no specification, told apart from conformance."""

from __future__ import annotations

from dataclasses import dataclass

from gateproof.reports.excerpt import Row, rows_of
from gateproof.reports.findings import targets
from gateproof.reports.stream import Run
from gateproof.reports.text import shorten, slug, visible

SEVERITIES = ("high", "medium", "low")
"""How grave a hazard is, gravest first."""


@dataclass(frozen=True, slots=True)
class Hazard:
    """One hazard of one target, as a case saw it."""

    id: str
    severity: str
    message: str
    target: str
    case: str
    observed: str
    expected: str
    hint: str
    request: str
    again: str
    ladder: list[Row]

    @property
    def wire(self) -> bool:
        """Whether the client's side of the exchange is part of the ladder."""
        return any(row.wire for row in self.ladder if not row.gap)


def hazards(run: Run) -> list[Hazard]:
    """Every hazard of the run, gravest first, then in the order seen."""
    names = {target["id"]: target.get("name") or target["id"] for target in targets(run)}
    found = []
    for result in run.results:
        for place, hazard in enumerate(result.get("hazards", ())):
            held = run.evidence.get(hazard.get("evidence") or "")
            found.append(
                Hazard(
                    id=slug("hazard", result["case"], result["target"], str(place)),
                    severity=hazard["severity"],
                    message=hazard["message"],
                    target=names.get(result["target"], result["target"]),
                    case=result["case"],
                    observed=hazard["observed"],
                    expected=hazard["expected"],
                    hint=hazard["hint"],
                    request=hazard["request"],
                    again=result["reproduce"],
                    ladder=rows_of(held, None, brief=True) if held else [],
                )
            )
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    return sorted(found, key=lambda hazard: order.get(hazard.severity, len(order)))


def hazard_lines(run: Run) -> list[str]:
    """One line for each hazard, with the cases' targets, for the terminal."""
    held: dict[tuple[str, str], list[str]] = {}
    for hazard in hazards(run):
        held.setdefault((hazard.severity, hazard.message), []).append(hazard.target)
    return [
        f"hazard[{severity}]: {visible(shorten(message, 160))} "
        f"({visible(', '.join(dict.fromkeys(where)))})"
        for (severity, message), where in held.items()
    ]
