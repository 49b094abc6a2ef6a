"""The report as Markdown: what holds, what failed, on which targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateproof.reports.findings import (
    GLYPHS,
    MEANINGS,
    SHOWN,
    Group,
    groups,
    incomplete,
    requirement,
    targets,
    verdict,
)
from gateproof.reports.hazards import hazards
from gateproof.reports.stream import VERDICTS, Run
from gateproof.reports.text import counted, shorten, visible

_ESCAPED = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#~"})


def render(run: Run) -> str:
    """The report as text; equal runs give equal texts.

    What a target sent is escaped, so that it cannot pose as markup.
    """
    parts = [_head(run), _table(run)]
    found = groups(run)
    for verdict_shown in SHOWN:
        held = [group for group in found if group.verdict == verdict_shown and group.requirement]
        if held:
            title = f"{GLYPHS[verdict_shown]} {verdict_shown}: {MEANINGS[verdict_shown]}"
            parts.append([f"## {title}", "", *_groups(held, run)])
    parts.append(_hazards(run))
    parts.append(_not_shown(run))
    return "\n".join(line for part in parts for line in [*part, ""] if part).rstrip() + "\n"


def _head(run: Run) -> list[str]:
    header = run.header
    started = str(header.get("started", "")).replace("T", " ").replace("+00:00", " UTC")
    lines = ["# Conformance report", ""]
    lines.append(f"gateproof {_plain(str(header.get('gateproof', '')))}, {_plain(started)}.")
    if incomplete(run):
        lines += ["", f"**{_plain(incomplete(run))}**"]
    return lines


def _table(run: Run) -> list[str]:
    """A row for each target."""
    verdicts = [name for name in VERDICTS if name in run.counts()]
    lines = [
        _row(["Target", "Release", "Required clauses that hold", *verdicts]),
        _row(["---", "---", "---", *("---:" for _ in verdicts)]),
    ]
    for target in targets(run):
        told = verdict(run, target)
        release = ", ".join(f"{name} {given}" for name, given in _releases(target))
        holding = f"{told.hold} of {told.checked}"
        counts = [str(told.counts.get(name, 0) or "") for name in verdicts]
        lines.append(_row([_plain(told.subject), _plain(release), holding, *counts]))
    return lines


def _releases(target: dict[str, object]) -> Iterator[tuple[str, str]]:
    versions = target.get("versions")
    if isinstance(versions, dict):
        for name, given in list(versions.items())[:3]:
            yield str(name), str(given)


def _groups(found: Iterable[Group], run: Run) -> Iterator[str]:
    """A line for each requirement, with the targets that show it and what was seen first."""
    names = {target["id"]: target.get("name") or target["id"] for target in targets(run)}
    for group in found:
        entry = requirement(group.requirement)
        url = entry.url if entry else ""
        code = f"`{group.requirement}`"
        where = ", ".join(_plain(names.get(target, target)) for target in group.targets)
        yield f"- [{code}]({url})" if url else f"- {code}"
        if entry is not None:
            yield f"  {_plain(entry.summary)}"
        yield f"  On {counted(len(group.targets), 'target')}: {where}."
        finding = group.entries[0].finding
        if finding is not None:
            yield f"  First seen: {_plain(shorten(finding['message'], 300))}."


def _hazards(run: Run) -> list[str]:
    held: dict[tuple[str, str], list[str]] = {}
    for hazard in hazards(run):
        held.setdefault((hazard.severity, hazard.message), []).append(hazard.target)
    if not held:
        return []
    lines = ["## Hazards: dangerous, and no breach of a specification", ""]
    for (severity, message), where in held.items():
        shown = ", ".join(_plain(name) for name in dict.fromkeys(where))
        lines.append(f"- **{severity}**: {_plain(shorten(message, 300))}. On {shown}.")
    return lines


def _not_shown(run: Run) -> list[str]:
    """What says nothing of a target, with its reasons."""
    reasons: dict[tuple[str, str], int] = {}
    for result in run.results:
        if result["verdict"] in ("blocked", "harness"):
            key = (result["verdict"], result["reason"])
            reasons[key] = reasons.get(key, 0) + 1
    if not reasons:
        return []
    lines = ["## What could not be judged", ""]
    for (word, reason), number in reasons.items():
        text = _plain(shorten(reason, 300))
        lines.append(f"- {word}, {counted(number, 'case')}: {text}")
    return lines


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """``text`` on one line, made visible, nothing of it being markup."""
    return visible(text).translate(_ESCAPED)
