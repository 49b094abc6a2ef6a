"""Which clauses of the specifications a run put to the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateproof.reports.findings import broken, targets
from gateproof.reports.stream import Run
from gateproof.validators.catalogue import Requirement, document

TITLES = {
    "pep3333": "PEP 3333 (WSGI)",
    "asgi-core": "ASGI, core",
    "asgi-http": "ASGI, HTTP",
    "asgi-websocket": "ASGI, WebSocket",
    "asgi-lifespan": "ASGI, lifespan",
    "asgi-extensions": "ASGI, extensions",
    "http1": "HTTP/1.1",
    "websocket-protocol": "The WebSocket protocol",
}
"""What readers call the documents of the catalogue."""

_SIDES = ("application", "middleware", "both")

BINDING: dict[str, dict[str, tuple[str, ...]]] = {
    "wsgi": {"pep3333": _SIDES, "http1": ("application",)},
    "asgi": {
        "asgi-core": _SIDES,
        "asgi-http": _SIDES,
        "asgi-websocket": _SIDES,
        "asgi-lifespan": _SIDES,
        "asgi-extensions": _SIDES,
        "http1": ("application",),
    },
}
"""The documents, and the parties in them, that bind an application of an interface.

In the documents of the wire, "both" means client and server.
"""

_SERVES = ("server", "both")

BINDING_SERVERS: dict[str, dict[str, tuple[str, ...]]] = {
    "wsgi": {"pep3333": _SERVES, "http1": _SERVES},
    "asgi": {
        "asgi-core": _SERVES,
        "asgi-http": _SERVES,
        "asgi-websocket": _SERVES,
        "asgi-lifespan": _SERVES,
        "asgi-extensions": _SERVES,
        "http1": _SERVES,
        "websocket-protocol": _SERVES,
    },
}
"""Likewise for a server."""

STATES = {
    "broken": ("✗", "broken"),
    "weak": ("▲", "recommendation broken"),
    "observed": ("•", "observed"),
    "exercised": ("✓", "exercised, held"),
    "idle": ("○", "not exercised by this run"),
    "blind": ("◌", "not observable"),
}
"""How a clause fared: its sign and its words, the gravest first."""

_OF_VERDICT = {"fail": "broken", "weak": "weak", "observed": "observed"}
_NOT_RUN = ("n/a", "blocked", "harness")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause and how it fared; ``note`` says why it cannot be observed."""

    requirement: Requirement
    state: str
    note: str = ""


@dataclass(slots=True)
class Part:
    """A document, or a section of one, with its clauses."""

    title: str
    clauses: list[Clause] = field(default_factory=list)
    sections: list[Part] = field(default_factory=list)

    def counts(self) -> list[tuple[str, int]]:
        """How many clauses are in which state, the states in order, empty ones left out."""
        states = [clause.state for clause in self.clauses]
        return [(state, states.count(state)) for state in STATES if state in states]


def coverage(run: Run) -> list[Part]:
    """Every clause that binds what was tested, by document and section."""
    verdicts = broken(run)
    engaged = _engaged(run)
    parts: dict[str, Part] = {}
    sections: dict[tuple[str, str], Part] = {}
    for clause in _binding(run):
        if clause.id in verdicts:
            state = _OF_VERDICT[verdicts[clause.id]]
        elif clause.id in engaged:
            state = "exercised"
        else:
            state = "blind" if clause.observable == "none" else "idle"
        note = {
            "none": clause.why,
            "wire": "shows only on the wire",
            "static": "shows only in the source",
        }.get(clause.observable, "")
        made = Clause(clause, state, note if state in ("idle", "blind") else "")
        title = TITLES.get(clause.document, clause.document)
        part = parts.setdefault(clause.document, Part(title))
        key = (clause.document, clause.section)
        if key not in sections:
            sections[key] = Part(clause.section)
            part.sections.append(sections[key])
        part.clauses.append(made)
        sections[key].clauses.append(made)
    return list(parts.values())


def _binding(run: Run) -> Iterator[Requirement]:
    """The clauses that bind what was tested, in reading order."""
    wanted: dict[str, set[str]] = {}
    for target in targets(run):
        binding = BINDING_SERVERS if target.get("subject") == "server" else BINDING
        for name, parties in binding.get(target.get("interface", ""), {}).items():
            wanted.setdefault(name, set()).update(parties)
    for name, sides in wanted.items():
        try:
            held = document(name)
        except FileNotFoundError:
            continue
        yield from (clause for clause in held.values() if clause.party in sides)


def _engaged(run: Run) -> set[str]:
    """Clauses that some case put to the test.

    The stream's ``exercised`` tells it for required clauses; for the others, a
    case that ran and says that it proves them.
    """
    found: set[str] = set()
    for result in run.results:
        found.update(result["exercised"])
        case = run.cases.get(result["case"])
        if case is not None and result["verdict"] not in _NOT_RUN:
            found.update(name for name in case["proves"] if not _required(name))
    return found


def _required(name: str) -> bool:
    from gateproof.reports.findings import requirement

    entry = requirement(name)
    return entry is None or entry.required
