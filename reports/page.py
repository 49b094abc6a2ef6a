"""What the HTML report shows, worked out before any markup is made."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateproof.reports.coverage import STATES, Part, coverage
from gateproof.reports.excerpt import SHORT, Row, rows_of
from gateproof.reports.findings import (
    GLYPHS,
    MEANINGS,
    SHOWN,
    Entry,
    Group,
    Verdict,
    groups,
    incomplete,
    requirement,
    targets,
    verdict,
)
from gateproof.reports.hazards import Hazard, hazards
from gateproof.reports.ladder import position
from gateproof.reports.stream import VERDICTS, Run
from gateproof.reports.text import counted, shorten
from gateproof.validators.catalogue import Requirement

PLENTY = 2000
"""More findings than this are not all shown in full."""

EACH = 20
"""How many of a requirement are then shown in full."""

FIRST = 3
"""Findings of a requirement that stand in the open where there are many."""

KEYS = {verdict: "na" if verdict == "n/a" else verdict for verdict in VERDICTS}
"""Verdicts as they are called in classes and ids."""

FOLDED = ("observed", "known")
"""Verdicts whose findings are folded away."""

HEADINGS = {
    "fail": "Failures",
    "fixed": "Expected failures that passed",
    "unstable": "Unstable",
    "harness": "Faults of the harness",
    "weak": "Weak: recommendations broken",
    "observed": "Observed: the text is silent or disputed",
    "known": "Known failures",
}


_HEADER: dict[str, Any] = {
    "gateproof": "",
    "digest": "",
    "specs": [],
    "python": "",
    "platform": "",
    "argv": [],
    "started": "",
    "level": "",
    "select": [],
    "ignore": [],
}
_TARGET: dict[str, Any] = {
    "name": "",
    "interface": "",
    "because": "",
    "application": "",
    "versions": {},
    "paths": [],
    "methods": [],
    "backend": "",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as shown; ``ladder`` is empty where nothing was recorded."""

    entry: Entry
    target: str
    column: int
    several: bool
    title: str
    ladder: list[Row]
    request: str
    whole: str
    marked: bool
    unfolded: bool

    @property
    def wire(self) -> bool:
        """Whether the client's side of the exchange is part of the ladder."""
        return any(row.wire for row in self.ladder if not row.gap)


@dataclass(frozen=True, slots=True)
class Requirements:
    """The findings of one requirement."""

    group: Group
    entry: Requirement | None
    findings: list[Finding]
    left: int
    spread: str
    alone: bool
    everyone: bool
    columns: str

    @property
    def first(self) -> list[Finding]:
        """The findings in the open: all of a few, the first of many."""
        return self.findings if len(self.findings) <= FIRST + 2 else self.findings[:FIRST]

    @property
    def more(self) -> list[Finding]:
        """The others, which are folded away."""
        return self.findings[len(self.first) :]


@dataclass(frozen=True, slots=True)
class Cell:
    """One case on one target."""

    verdict: str
    key: str
    link: str
    reason: str
    duration: float


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case on every target."""

    id: str
    name: str
    title: str
    cells: list[Cell | None]
    reasons: list[tuple[str, str, list[str]]]
    duration: float
    keys: str


@dataclass(frozen=True, slots=True)
class Family:
    """The cases of one protocol."""

    name: str
    rows: list[CaseRow]

    @property
    def keys(self) -> str:
        """The classes of all verdicts in it."""
        return " ".join(sorted({key for row in self.rows for key in row.keys.split()}))


@dataclass(slots=True)
class Page:
    """Everything the template needs."""

    header: Mapping[str, Any]
    footer: Mapping[str, Any] | None
    title: str
    banner: list[str]
    verdicts: list[Verdict]
    sections: dict[str, list[Requirements]]
    hazards: list[Hazard]
    families: list[Family]
    counts: dict[str, int]
    documents: list[Part]
    columns: list[Mapping[str, Any]]
    command: str
    rules: list[str]
    slowest: list[tuple[str, float]]
    glyphs: Mapping[str, str] = field(default_factory=lambda: GLYPHS)
    meanings: Mapping[str, str] = field(default_factory=lambda: MEANINGS)
    headings: Mapping[str, str] = field(default_factory=lambda: HEADINGS)
    states: Mapping[str, tuple[str, str]] = field(default_factory=lambda: STATES)
    keys: Mapping[str, str] = field(default_factory=lambda: KEYS)
    folded: tuple[str, ...] = FOLDED


def page(run: Run) -> Page:
    """Work out what the report of ``run`` shows."""
    columns = targets(run)
    verdicts = [verdict(run, target) for target in columns]
    sections, links = _sections(run, {v.id: (n, v.name) for n, v in enumerate(verdicts)})
    families = _families(run, verdicts, links)
    rows = [row for family in families for row in family.rows]
    return Page(
        header=_HEADER | run.header,
        footer=run.footer,
        title=str(verdicts[0]) if len(verdicts) == 1 else counted(len(verdicts), "target"),
        banner=_banner(run),
        verdicts=verdicts,
        sections=sections,
        hazards=hazards(run),
        families=families,
        counts=run.counts(),
        documents=coverage(run),
        columns=[_TARGET | target for target in columns],
        command=shlex.join(run.header.get("argv", ())),
        rules=_rules(len(families), len(columns)),
        slowest=[
            (row.id, row.duration)
            for row in sorted(rows, key=lambda row: -row.duration)[:5]
            if row.duration > 0
        ],
    )


def _banner(run: Run) -> list[str]:
    told = [incomplete(run)] if incomplete(run) else []
    faults = run.counts().get("harness", 0)
    if faults:
        told.append(
            f"In {counted(faults, 'case')} the suite itself or its environment failed. "
            "That says nothing about the target."
        )
    return told


def _sections(
    run: Run, names: Mapping[str, tuple[int, str]]
) -> tuple[dict[str, list[Requirements]], dict[tuple[str, str], str]]:
    """The findings by verdict, and the id of the gravest shown of each case and target."""
    found = groups(run)
    room = EACH if sum(len(group.entries) for group in found) > PLENTY else None
    sections: dict[str, list[Requirements]] = {key: [] for key in SHOWN}
    links: dict[tuple[str, str], str] = {}
    told: dict[str, str] = {}
    for group in found:
        shown = group.entries[:room]
        findings: list[Finding] = []
        for entry in shown:
            links.setdefault((entry.result["case"], entry.result["target"]), entry.id)
            findings.append(_finding(run, entry, names, told, unfolded=not findings))
        sections[group.verdict].append(
            Requirements(
                group=group,
                entry=requirement(group.requirement) if group.requirement else None,
                findings=findings,
                left=len(group.entries) - len(shown),
                spread=_spread(group, len(names)),
                alone=len(names) > 1 == len(group.targets),
                everyone=len(names) > 1 and len(group.targets) == len(names),
                columns=" ".join(f"t-{names[target][0]}" for target in group.targets),
            )
        )
    return {key: held for key, held in sections.items() if held}, links


def _spread(group: Group, total: int) -> str:
    """In how many cases, and on which share of the targets, a requirement shows."""
    text = f"in {counted(len(group.cases), 'case')}"
    if total > 1:
        text += f" on {len(group.targets)} of {total} targets"
    return text if group.total <= len(group.entries) else f"{text}, seen {group.total} times"


def _finding(
    run: Run,
    entry: Entry,
    names: Mapping[str, tuple[int, str]],
    told: dict[str, str],
    *,
    unfolded: bool,
) -> Finding:
    result, finding = entry.result, entry.finding
    column, name = names[result["target"]]
    held = run.evidence.get((finding or {}).get("evidence") or "")
    rows: list[Row] = []
    whole = ""
    marked = None
    if finding is not None and held is not None:
        marked = position(held["ladder"], finding["event"])
        if len(held["ladder"]) > SHORT:
            whole = told.get(held["id"], "")
            told.setdefault(held["id"], entry.id)
        rows = rows_of(held, marked, brief=bool(whole))
    return Finding(
        entry=entry,
        target=name,
        column=column,
        several=len(names) > 1,
        title=run.cases.get(result["case"], {}).get("title", ""),
        ladder=rows,
        request=finding["request"] if finding else "",
        whole=whole,
        marked=marked is not None,
        unfolded=unfolded and entry.verdict not in (*FOLDED, "weak"),
    )


def _families(
    run: Run, verdicts: list[Verdict], links: Mapping[tuple[str, str], str]
) -> list[Family]:
    """The table of all cases: a row each, a cell for each target."""
    held: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in run.cases}
    for result in run.results:
        held.setdefault(result["case"], {})[result["target"]] = result
    families: dict[str, list[CaseRow]] = {}
    for name, results in held.items():
        case = run.cases.get(name, {})
        family, _, short = name.partition("::")
        cells: list[Cell | None] = []
        reasons: dict[tuple[str, str], list[str]] = {}
        for column in verdicts:
            found = results.get(column.id)
            if found is None:
                cells.append(None)
                continue
            word = found["verdict"]
            if found["reason"]:
                reasons.setdefault((word, found["reason"]), []).append(column.name)
            cells.append(
                Cell(
                    word,
                    KEYS[word],
                    links.get((name, column.id), ""),
                    found["reason"],
                    found["duration"],
                )
            )
        ran = [cell for cell in cells if cell is not None]
        families.setdefault(case.get("family", family), []).append(
            CaseRow(
                id=name,
                name=short or name,
                title=case.get("title", ""),
                cells=cells,
                reasons=[
                    (word, shorten(reason, 300), where if len(where) < len(verdicts) else [])
                    for (word, reason), where in reasons.items()
                ],
                duration=sum(cell.duration for cell in ran),
                keys=" ".join(sorted({f"v-{cell.key}" for cell in ran})),
            )
        )
    return [Family(name, rows) for name, rows in families.items()]


def _rules(families: int, columns: int) -> list[str]:
    """The style rules that make the radio buttons filter, made for this run's targets.

    What can be hidden says in its classes what it holds, and ``:has()`` looks
    only into the small form, so that a large page stays quick.
    """
    rules = [
        f".filters:has(#show-{key}:checked) ~ section "
        f":is(.case,.group,.verdicts,.family-rows):not(.v-{key}){{display:none}}"
        for key in KEYS.values()
    ]
    rules += [
        f".filters:has(#family-{n}:checked) ~ #cases .family-rows:not(.f-{n}){{display:none}}"
        for n in range(families)
    ]
    if columns > 1:
        for n in range(columns):
            picked = f".filters:has(#target-{n}:checked) ~"
            rules.append(
                f"{picked} #findings :is(.finding,.group):not(.t-{n}),"
                f"{picked} #cases tr:not(.family) > "
                f":not(:first-child,.time,:nth-child({n + 2})){{display:none}}"
            )
    return rules
