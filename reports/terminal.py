"""The terminal's report: one block per broken requirement, then one line.

Plain text without escapes of its own; colour is the plugin's business. Nothing
that a target sent can move the cursor or pose as a line of ours.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from gateproof.reports.findings import (
    MEANINGS,
    Entry,
    Group,
    entries,
    groups,
    incomplete,
    requirement,
    targets,
)
from gateproof.reports.ladder import position
from gateproof.reports.stream import VERDICTS, Run
from gateproof.reports.text import counted, lines, shorten, visible

RUNGS = 8
"""Most rungs of a ladder shown in a block."""

WIDTH = 96
"""Where a rung is cut."""

_BEFORE_WHAT = 25
"""Columns before a rung's name."""

_PARTIES = {"client": "client", "server": "server", "application": "app"}
_WORDS = {"pass": "passed", "fail": "failed"}


def blocks(run: Run) -> list[str]:
    """What failed or was weak, a block for each requirement, gravest first.

    A requirement that several cases show is printed once, with the first of
    them in full and the names of the others.
    """
    told = ("fail", "fixed", "unstable", "harness", "weak")
    return [_grouped(group, run) for group in groups(run) if group.verdict in told]


def verdict_line(run: Run) -> str:
    """``R of S checked required clauses hold``, and that the run is incomplete if it is."""
    hold, checked = run.clauses()
    line = f"{hold} of {checked} checked required clauses hold"
    return f"{line} (incomplete run)" if incomplete(run) else line


def counts_line(run: Run) -> str:
    """How many cases have which verdict, on how many targets, in what time."""
    tested = len({result["case"] for result in run.results})
    counts = run.counts()
    order = ("pass", *(verdict for verdict in VERDICTS if verdict != "pass"))
    parts = [f"{counts[v]} {_WORDS.get(v, v)}" for v in order if v in counts]
    told = f"{counted(tested, 'case')}, {counted(len(targets(run)), 'target')}"
    if parts:
        told += f": {', '.join(parts)}"
    if run.footer is not None:
        told += f", in {run.footer['duration']:.1f} s"
    return told


def mild_findings(run: Run, level: str = "must") -> list[str]:
    """One line for each requirement that was found broken but failed no case.

    Args:
        run: what was found.
        level: the level of the run: observations are told at ``"all"`` only.
    """
    told = ("weak", "observed") if level == "all" else ("weak",)
    text = []
    for group in groups(run):
        finding = group.entries[0].finding
        if group.verdict in told and finding is not None:
            times = counted(len(group.entries), "case")
            message = visible(shorten(finding["message"], 160))
            text.append(f"{group.verdict}[{visible(group.requirement)}]: {message} ({times})")
    return text


def failure_text(result: dict[str, Any], evidence: Mapping[str, dict[str, Any]]) -> str:
    """What is printed for one case that did not pass.

    Args:
        result: its line of the stream.
        evidence: the evidence lines so far, by id.
    """
    run = Run(results=[result], evidence=dict(evidence))
    found = [_block(entry, run) for entry in entries(run)]
    if not found:
        reason = visible(result["reason"] or MEANINGS[result["verdict"]])
        found = [f"{result['verdict']}: {reason}"]
    return "\n\n".join([*found, f"  again: {visible(result['reproduce'])}"])


def _grouped(group: Group, run: Run) -> str:
    first = group.entries[0]
    text = [_block(first, run)]
    others = group.entries[1:]
    if others:
        names = list(dict.fromkeys(_place(entry.result) for entry in others))
        shown = ", ".join(names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        text.append(f"  also:  {counted(len(others), 'finding')} in {shown}{more}")
    text.append(f"  again: {visible(first.result['reproduce'])}")
    return "\n".join(text)


def _place(result: dict[str, Any]) -> str:
    return visible(f"{result['case']} [{result['target']}]")


def _block(entry: Entry, run: Run) -> str:
    result, finding = entry.result, entry.finding
    if finding is None:
        reason = visible(result["reason"] or MEANINGS[entry.verdict])
        return f"{entry.verdict}: {reason}\n  in {_place(result)}"
    name = visible(finding["requirement"])
    request = f", {visible(shorten(finding['request'], 60))}" if finding["request"] else ""
    count = f", seen {finding['count']} times" if finding["count"] > 1 else ""
    layer = f", layer {visible(shorten(repr(finding['layer']), 60))}" if "layer" in finding else ""
    text = [
        f"{entry.verdict}[{name}]: {visible(shorten(finding['message'], 400))}",
        f"  in {_place(result)}{request} ({finding['level']}, {finding['party']}{layer}){count}",
    ]
    text += _excerpt(finding, run)
    text += _field("observed", finding["observed"])
    text += _field("allowed here", finding["expected"])
    entry_of_spec = requirement(finding["requirement"])
    why = [visible(entry_of_spec.summary)] if entry_of_spec else []
    why += [visible(finding["url"])] if finding["url"] else []
    if why:
        text.append(f"  why:   {why[0]}")
        text += [f"         {line}" for line in why[1:]]
    if entry_of_spec and entry_of_spec.position:
        text += _wrapped("note", entry_of_spec.position)
    if finding["hint"]:
        text += _wrapped("help", shorten(finding["hint"], 400))
    return "\n".join(text)


def _wrapped(name: str, sentences: str) -> list[str]:
    """Sentences of ours under ``name``, broken between words."""
    return textwrap.wrap(
        visible(sentences),
        WIDTH,
        initial_indent=f"  {name}:  ",
        subsequent_indent=" " * 9,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _field(name: str, value: str) -> list[str]:
    if not value:
        return []
    first, *rest = lines(shorten(value, 400))
    indent = " " * (len(name) + 4)
    return [f"  {name}: {first}", *(f"{indent}{line}" for line in rest[:8])]


def _excerpt(finding: dict[str, Any], run: Run) -> list[str]:
    """The rungs around the marked one, and the first, which names the request."""
    held = run.evidence.get(finding["evidence"] or "")
    if held is None or not held["ladder"]:
        return []
    rungs = held["ladder"]
    marked = position(rungs, finding["event"])
    centre = len(rungs) - 1 if marked is None else marked
    last = min(len(rungs), max(centre + 2, RUNGS))
    chosen = range(max(last - RUNGS, 0), last)
    if chosen.start > 0:
        chosen = range(chosen.start + 1, last)
    shown = [0, *chosen] if chosen.start > 0 else list(chosen)
    text = []
    before = -1
    for place in shown:
        if place != before + 1:
            text.append(f"       … {counted(place - before - 1, 'rung')} not shown")
        line = _line(rungs[place], place)
        text.append(line)
        if place == marked:
            what = visible(rungs[place]["what"])
            text.append(f"{' ' * _BEFORE_WHAT}{'^' * min(max(len(what), 1), 60)} here")
        before = place
    if last < len(rungs):
        text.append(f"       … {counted(len(rungs) - last, 'rung')} not shown")
    return text


def _line(rung: dict[str, Any], place: int) -> str:
    source, to = _PARTIES.get(rung["from"], "?"), _PARTIES.get(rung["to"], "?")
    head = f"  {place + 1:>4}  {source:<6} → {to:<6}  {visible(shorten(rung['what'], 60))}"
    rest = visible(shorten(rung["text"], max(WIDTH - len(head), 40), length=False))
    return f"{head}  {rest}".rstrip()
