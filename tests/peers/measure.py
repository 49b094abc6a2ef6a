"""Measures every checker on every witness and on the clean corpus, and writes the table of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from peers import rules_asgion, rules_wsgi
from peers.lints import OURS, PEERS, Lint
from peers.plays import clean_plays, plays, witnesses
from peers.rules import Rule

INTERFACES = {"wsgi": "WSGI", "asgi": "ASGI"}
RULES: dict[str, list[Rule]] = {"wsgi": rules_wsgi.RULES, "asgi": rules_asgion.RULES}


CUT_SHORT = frozenset(
    {
        "asgi.http.response-start.headers-default",
        "asgi.http.response-start.trailers-default",
        "asgi.server.ignores-extra-keys",
    }
)
"""Their neighbours keep the requirement and end before the response does."""


@dataclass
class Column:
    """What one checker made of one interface.

    Attributes:
        caught: requirements by how many of their witnesses were caught.
        crashed: requirements at whose witnesses it died.
        neighbours: how many correct neighbours it reported or died of.
        alarms: its reports on the clean corpus, by text, with the records.
        crashes: records of the clean corpus of which it died.
    """

    lint: Lint
    caught: Counter[str] = field(default_factory=Counter)
    crashed: set[str] = field(default_factory=set)
    neighbours: int = 0
    alarms: dict[str, set[str]] = field(default_factory=dict)
    crashes: set[str] = field(default_factory=set)

    @property
    def alarmed(self) -> set[str]:
        """Records of the clean corpus that it reported."""
        return set().union(*self.alarms.values())

    @property
    def remaining(self) -> int:
        """How many it would still report without the rule that alarms most often."""
        ordered = sorted(self.alarms.values(), key=len)[:-1]
        return len(set().union(*ordered))


@dataclass
class Measured:
    """All that was measured on one interface.

    ``missed`` are catches of others that ours did not make: requirement, checker
    and report.
    """

    interface: str
    columns: list[Column]
    witnesses: Counter[str]
    missed: list[tuple[str, str, str]]


def lints(interface: str) -> list[Lint]:
    """Ours, then the others that can be used here."""
    others = [one for one in PEERS if one.interface == interface and not one.absent]
    return [OURS[interface], *others]


@cache
def measure(interface: str) -> Measured:
    """Play everything under every checker.

    A witness is caught by whoever reports something on the mutant that is not
    reported on the neighbour. For us a remark counts too, where the catalogue
    permits no more than that.
    """
    columns = [Column(lint) for lint in lints(interface)]
    total: Counter[str] = Counter()
    missed = []
    for play in plays():
        if play.interface != interface or play.form == "Application":
            continue
        total[play.requirement] += 1
        ours: Iterable[str] = ()
        for column in columns:
            broken, kept = column.lint.listen(play.breaks), column.lint.listen(play.keeps)
            if play.requirement not in CUT_SHORT:
                column.neighbours += bool(kept.reports or kept.crash)
            new = {kind: text for kind, text in broken.reports.items() if kind not in kept.reports}
            if column.lint.name == "gateproof":
                new.update((k, v) for k, v in broken.remarks.items() if k not in kept.remarks)
                ours = new
            if new:
                column.caught[play.requirement] += 1
                if not ours:
                    missed.append((play.requirement, column.lint.name, next(iter(new.values()))))
            elif broken.crash:
                column.crashed.add(play.requirement)
    for record, exchange in clean_plays(interface):
        for column in columns:
            heard = column.lint.listen(exchange)
            for text in heard.reports.values():
                column.alarms.setdefault(_plain(text), set()).add(record.name)
            if heard.crash:
                column.crashes.add(record.name)
    return Measured(interface, columns, total, missed)


def _plain(text: str) -> str:
    """A report without the values in it, in one line."""
    line = " ".join(text.split())
    line = re.sub(r" \(\[.*|: [\[\"'(].*|, got .*|: <.*", "", line)
    return line[:100]


def document() -> str:
    """The page ``docs/peers.md``."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield from INTRODUCTION.splitlines()
    for interface, name in INTERFACES.items():
        yield from ("", f"## {name}", "")
        yield from _summary(measure(interface))
    yield from ("", "## What others report that the text does not say", "")
    yield from DISPUTED.splitlines()
    yield ""
    yield from _disputed()
    for interface, name in INTERFACES.items():
        measured = measure(interface)
        yield from ("", f"## {name}: alarms on the clean corpus", "")
        yield from _alarms(measured)
    for interface, name in INTERFACES.items():
        yield from ("", f"## {name}, by requirement", "")
        yield from _requirements(measure(interface))


INTRODUCTION = """# How other checkers compare

Made by `GATEPROOF_UPDATE_SNAPSHOTS=1 python -m pytest tests/peers`;
a test fails when it is out of date.

Every *witness* of our tests (an exchange that breaks one requirement, and a correct neighbour)
was played live under every checker, by a scripted application and a scripted server.
*Caught* is a mutant on which a checker reports something that it does not report on the
neighbour, whatever it calls it. Checkers that demand a Content-Type or optional keys were given
these, so that they look further. *Alarmed* are correct exchanges that a checker reported:
neighbours of witnesses, and the clean corpus of odd but legal exchanges (`tests/corpus/`), less
those of which the text asks for a word; *but for one rule* leaves out the rule that alarms most
often. Only errors and warnings count as reports. *Died* is a checker that raised something else.

The witnesses were written for our own requirements, so our column shows no more than that they
are caught live, too. What others check and we might not is measured by their own rules, below.

Mutants that show only when several exchanges are compared need a suite, not a checker of one
exchange; they are not played here."""

DISPUTED = """Each rule of each checker has a mutant in `tests/peers/`. Where the text backs the
rule, a test holds us to catching the mutant; these are the others. We report nothing about them,
for the reason given. The last column names a position in `validators/positions/`, or the
requirement that `gateproof explain` tells more about."""

HEADLINE = """| checker | version | caught | requirements | neighbours alarmed \
| corpus alarmed | but for one rule | died |
|---|---|--:|--:|--:|--:|--:|--:|"""


def _summary(measured: Measured) -> Iterator[str]:
    requirements = len(measured.witnesses)
    total = measured.witnesses.total()
    corpus = len(list(clean_plays(measured.interface)))
    yield (
        f"{total} witnesses of {requirements} requirements, as many neighbours, "
        f"and {corpus} records of the clean corpus."
    )
    yield ""
    yield from HEADLINE.splitlines()
    for column in measured.columns:
        died = len(column.crashed) + len(column.crashes)
        version = "this" if column.lint.name == "gateproof" else column.lint.version
        yield (
            f"| {column.lint.name} | {version} | {column.caught.total()} | {len(column.caught)} "
            f"| {column.neighbours} | {len(column.alarmed)} | {column.remaining} | {died} |"
        )


def _disputed() -> Iterator[str]:
    yield "| rule | who | why we are silent | position |"
    yield "|---|---|---|---|"
    for interface, rules in RULES.items():
        for rule in rules:
            if not rule.silent:
                continue
            who = ", ".join(reporters(interface, rule))
            yield f"| {rule.name} | {who} | {rule.why} | `{rule.silent}` |"


def reporters(interface: str, rule: Rule) -> list[str]:
    """The checkers, without ours, that report or remark on a rule's mutant."""
    named = []
    for lint in lints(interface)[1:]:
        heard = lint.listen(rule.breaks)
        kinds = {*heard.reports, *heard.remarks}
        if rule.name in kinds or (interface == "wsgi" and kinds):
            named.append(lint.name)
    return named


def _alarms(measured: Measured) -> Iterator[str]:
    yield "| checker | report | records |"
    yield "|---|---|--:|"
    for column in measured.columns:
        ordered = sorted(column.alarms.items(), key=lambda item: (-len(item[1]), item[0]))
        for text, records in ordered:
            yield f"| {column.lint.name} | {_cell(text)} | {len(records)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def _requirements(measured: Measured) -> Iterator[str]:
    others = measured.columns[1:]
    yield "yes: every witness is caught; part: some are; died: the checker raised something else."
    yield ""
    yield f"| requirement | {' | '.join(column.lint.name for column in measured.columns)} |"
    yield "|---" * (len(others) + 2) + "|"
    for name, count in sorted(measured.witnesses.items()):
        cells = [_caught(column, name, count) for column in measured.columns]
        yield f"| `{name}` | {' | '.join(cells)} |"


def _caught(column: Column, name: str, count: int) -> str:
    caught = column.caught[name]
    if caught:
        return "yes" if caught == count else "part"
    return "died" if name in column.crashed else ""


def unplayed() -> Mapping[str, int]:
    """How many witnesses cannot be played live, by kind."""
    played = Counter(play.form for play in plays())
    every = Counter(type(one).__name__ for one in witnesses())
    return {form: every[form] - played[form] for form in every}
