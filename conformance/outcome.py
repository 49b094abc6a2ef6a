"""What one case came to: the verdict, and the lines it adds to the stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gateproof.conformance.case import Case
from gateproof.conformance.stage import Stage
from gateproof.reports.ladder import evidence
from gateproof.targets.watched import Watched
from gateproof.validators.catalogue import requirement
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.violation import Violation


@dataclass
class Outcome:
    """The result of one case against one target.

    Attributes:
        verdict: a word of ``reports.stream.VERDICTS``.
        reason: why, for n/a, blocked and harness.
        duration: seconds that the case itself took.
        findings: finding objects of the stream, one a requirement and verdict.
        evidence: evidence lines that the findings refer to.
        exercised: required clauses that were given a chance to be broken.
        statuses: HTTP status codes of the responses, each once.
        hung: the application did not come back.
        hazards: what is dangerous and breaks no specification, as the stream has it.
        server: what the server broke that carried the application: verdict and requirement.
        replay: the generated example that shows the gravest finding, as
            ``--conformance-replay`` takes it.
    """

    verdict: str
    reason: str = ""
    duration: float = 0.0
    findings: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    exercised: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    hung: bool = False
    hazards: list[dict[str, Any]] = field(default_factory=list)
    server: list[str] = field(default_factory=list)
    replay: str = ""

    def counted(self, violation: Violation) -> bool:
        """Count a violation whose like is among the findings; whether there is one."""
        key = (violation.requirement, violation.verdict, violation.party, violation.layer)
        for finding in self.findings:
            if key == tuple(
                finding.get(name, "") for name in ("requirement", "verdict", "party", "layer")
            ):
                finding["count"] += 1
                return True
        return False

    def tell(self, violation: Violation, watched: Watched | None) -> None:
        """Add a finding; of equal ones, one a case, the first is kept and the rest counted."""
        if self.counted(violation):
            return
        shown = self.show(watched)
        self.findings.append(
            {
                "requirement": violation.requirement,
                "verdict": violation.verdict,
                "level": violation.level,
                "party": violation.party,
                **({"layer": violation.layer} if violation.layer else {}),
                "message": violation.message,
                "event": violation.event if violation.exchange else None,
                "expected": violation.expected,
                "observed": violation.observed,
                "hint": violation.hint,
                "url": violation.url,
                "count": 1,
                "evidence": shown,
                "request": watched.request if watched else "",
            }
        )

    def show(self, watched: Watched | None) -> str | None:
        """Add the ladder of an exchange to the evidence, once; its id, if there is one."""
        if watched is None or not watched.exchange.count:
            return None
        line = evidence(
            watched.request, watched.exchange.rungs(), watched.exchange.dropped, watched.family
        )
        if all(line["id"] != other["id"] for other in self.evidence):
            self.evidence.append(line)
        identity: str = line["id"]
        return identity


def judge(stage: Stage, rules: Rules, *, ended: str = "", reason: str = "") -> Outcome:
    """Make the outcome of a case that has ended.

    Args:
        stage: what the case did and found.
        rules: the user's active set.
        ended: ``"n/a"``, ``"blocked"`` or ``"harness"`` if the case ended so.
        reason: why it ended so.
    """
    outcome = Outcome(ended or "pass", reason, hung=stage.hung)
    outcome.statuses = sorted({code for watched in stage.exchanges for code in _codes(watched)})
    ours = []
    for violation, watched in _violations(stage):
        if violation.party == "server":
            if violation.verdict == "fail":  # rare but legal servers are played on purpose
                ours.append(violation)
        elif rules.wants(violation.requirement):
            outcome.tell(violation, watched)
    if ours:
        outcome.verdict = "harness"
        outcome.reason = (
            f"the suite's own server side broke {ours[0].requirement}: {ours[0].message}; "
            "please report this"
        )
        return outcome
    outcome.verdict = _verdict(outcome, stage) if not ended else outcome.verdict
    if any(finding["verdict"] == "fail" for finding in outcome.findings):
        outcome.verdict = "fail"
    if outcome.verdict == "pass" and stage.exchanges and all(map(_broke_down, stage.exchanges)):
        first = stage.exchanges[0]
        outcome.verdict = "blocked"
        outcome.reason = f"the application raised {first.raised!r} on {first.request}"[:300]
        ended = outcome.verdict
    outcome.exercised = sorted(name for name in exercised(stage, bool(ended)) if rules.wants(name))
    outcome.replay = _replay(outcome, stage)
    return outcome


def _replay(outcome: Outcome, stage: Stage) -> str:
    """The blob of the first finding that has the case's verdict, or else of any finding."""
    first = sorted(outcome.findings, key=lambda finding: finding["verdict"] != outcome.verdict)
    shown = (stage.blobs.get(finding["requirement"], "") for finding in first)
    return next(filter(None, shown), "")


def _broke_down(watched: Watched) -> bool:
    """Whether an application raised instead of answering, though the client was there."""
    if watched.raised is None or watched.may_raise or watched.family not in ("wsgi", "asgi.http"):
        return False
    return not any(
        rung.step in ("send", "start_response")
        or (rung.step == "received" and _kind(rung.data) == "http.disconnect")
        for rung in watched.exchange.rungs()
    )


def _kind(event: object) -> object:
    return event.get("type") if isinstance(event, dict) else None


def _verdict(outcome: Outcome, stage: Stage) -> str:
    """``weak`` for any broken recommendation, ``observed`` for what the case set out to observe.

    What the validator merely observes on the way stays among the findings.
    """
    if any(finding["verdict"] == "weak" for finding in outcome.findings):
        return "weak"
    own = {finding.breach.requirement for finding in stage.findings}
    observed = any(finding["requirement"] in own for finding in outcome.findings)
    return "observed" if observed else "pass"


def _violations(stage: Stage) -> list[tuple[Violation, Watched | None]]:
    """The validator's violations, then the case's own findings as violations."""
    found: list[tuple[Violation, Watched | None]] = [
        (violation, watched) for watched in stage.exchanges for violation in watched.violations
    ]
    everything = Policy(rules=Rules(level="all"))
    for finding in stage.findings:
        watched = finding.watched or Watched(stage.case.family, stage.case.id)
        violation = everything.violation(finding.breach, watched.exchange)
        if violation is None:
            continue
        if violation.party == "server":  # what a case finds, it finds on the target
            violation = replace(violation, party="application")
        found.append((violation, finding.watched))
    return found


def _codes(watched: Watched) -> Iterator[int]:
    """The status codes with which responses were started in an exchange."""
    for rung in watched.exchange.rungs():
        code: object = None
        if rung.step == "send" and isinstance(rung.data, dict):
            code = rung.data.get("status")
        elif rung.step == "start_response" and isinstance(rung.data, tuple) and rung.data[0]:
            text = rung.data[0][0]
            code = int(text[:3]) if isinstance(text, str) and text[:3].isdecimal() else None
        if isinstance(code, int) and 100 <= code <= 999:
            yield int(code)


def exercised(stage: Stage, ended_early: bool) -> set[str]:
    """The required clauses binding the application that ``stage`` gave a chance to be broken.

    What the validator judged is read from the ladders. What only the case can
    judge counts when the case came to its end.
    """
    names: set[str] = set()
    if stage.case.family == "wsgi":
        from gateproof.validators.wsgi.exercised import CLAIMS
        from gateproof.validators.wsgi.exercised import exercised as judged
    else:
        from gateproof.validators.asgi.exercised import CLAIMS
        from gateproof.validators.asgi.exercised import exercised as judged
    for watched in stage.exchanges:
        names |= judged(watched.exchange.rungs())
    if not ended_early:
        names |= set(stage.case.proves) - CLAIMS
    names |= {finding.breach.requirement for finding in stage.findings}
    return {name for name in names if _binds_the_application(name)}


def _binds_the_application(name: str) -> bool:
    entry = requirement(name)
    return entry.required and entry.party != "server"


def case_line(case: Case) -> dict[str, Any]:
    """The stream's line that introduces ``case``."""
    return {
        "id": case.full_id,
        "family": case.family,
        "title": case.title,
        "doc": case.doc,
        "proves": list(case.proves),
    }
