"""What one case came to on a server: its journals judged, and the lines for the stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateproof.conformance.heard import Heard
from gateproof.conformance.outcome import Outcome
from gateproof.conformance.server_stage import ServerStage
from gateproof.targets.journal import Call
from gateproof.targets.watched import Watched
from gateproof.validators.catalogue import requirement
from gateproof.validators.policy import Policy, Rules
from gateproof.validators.violation import Breach, Violation

Seen = tuple[Violation, Heard, Call]
"""A violation that a judge found in a call of the application."""


def judge_server(
    stage: ServerStage, rules: Rules, *, ended: str = "", reason: str = ""
) -> tuple[Outcome, list[tuple[Violation, Heard]]]:
    """Make the outcome of a case that has ended.

    Args:
        stage: what the case did and found.
        rules: the user's active set.
        ended: ``"n/a"``, ``"blocked"`` or ``"harness"`` if the case ended so.
        reason: why it ended so.

    Returns:
        The outcome, and what the judges saw on the way that the case is not
        about: the violation, its event being the one in the evidence.
    """
    outcome = Outcome(ended or "pass", reason)
    outcome.statuses = sorted({heard.reply.status for heard in stage.heard if heard.reply.status})
    incidental: list[tuple[Violation, Heard]] = []
    for violation, heard, call in _seen(stage):
        if violation.party != "server":
            if violation.verdict == "fail" and not stage.illegal(heard.token):
                return _ours(violation), []
        elif violation.requirement in stage.case.proves:
            if rules.wants(violation.requirement) and not outcome.counted(violation):
                outcome.tell(*placed(violation, heard, call))
        elif not stage.illegal(heard.token):
            incidental.append((violation, heard))
    for violation, watched in _own(stage):
        if rules.wants(violation.requirement):
            outcome.tell(violation, watched)
    for violation, heard in stage.incidental:
        if rules.wants(violation.requirement) and not outcome.counted(violation):
            outcome.tell(*placed(violation, heard, _call_of(violation, heard)))
    for violation in stage.between:
        if rules.wants(violation.requirement):
            outcome.tell(violation, _between(violation))
    _settle(outcome, stage, ended)
    outcome.exercised = sorted(name for name in _exercised(stage, bool(ended)) if rules.wants(name))
    return outcome, incidental


def placed(violation: Violation, heard: Heard, call: Call | None) -> tuple[Violation, Watched]:
    """A violation with the evidence of both conversations, its event counted in that."""
    if call is None:
        return violation, heard.watched()
    watched, event = heard.seen_at(call, violation.event)
    return replace(violation, event=event), watched


def _between(violation: Violation) -> Watched:
    """The evidence of what happened between connections: the facts so far."""
    shown = Watched("asgi", "connections of one event loop")
    for rung in violation.exchange:
        shown.exchange.place(rung)
    return shown


def _call_of(violation: Violation, heard: Heard) -> Call | None:
    """The call whose ladder a violation holds the beginning of."""
    begun = [rung.at for rung in violation.exchange[:1]]
    calls = (call for call in heard.calls if [rung.at for rung in call.ladder()[:1]] == begun)
    return next(calls, None)


def _seen(stage: ServerStage) -> Iterator[Seen]:
    everything = Rules(level="all")
    for heard in stage.heard:
        for call in heard.calls:
            for violation in call.violations(everything):
                yield violation, heard, call


def _own(stage: ServerStage) -> Iterator[tuple[Violation, Watched | None]]:
    """What the case itself found, as violations."""
    everything = Policy("collect", rules=Rules(level="all"))
    for finding in stage.findings:
        watched = finding.watched or Watched(stage.interface, stage.case.id)
        violation = everything.violation(finding.breach, watched.exchange)
        if violation is not None:
            yield replace(violation, exchange=()), finding.watched


def _ours(violation: Violation) -> Outcome:
    return Outcome(
        "harness",
        f"the suite's own application broke {violation.requirement}: {violation.message}; "
        "please report this",
    )


def _settle(outcome: Outcome, stage: ServerStage, ended: str) -> None:
    """Give ``outcome`` its verdict, and its hazards."""
    for hazard in stage.hazards:
        watched = hazard.heard.watched() if hazard.heard else None
        outcome.hazards.append(
            {
                "severity": hazard.severity,
                "message": hazard.message,
                "observed": hazard.observed,
                "expected": hazard.expected,
                "hint": hazard.hint,
                "evidence": outcome.show(watched),
                "request": watched.request if watched else "",
            }
        )
    verdicts = {finding["verdict"] for finding in outcome.findings}
    if "fail" in verdicts:
        outcome.verdict = "fail"
    elif not ended:
        observed = "observed" in verdicts or outcome.hazards
        outcome.verdict = "weak" if "weak" in verdicts else "observed" if observed else "pass"


def _exercised(stage: ServerStage, ended_early: bool) -> set[str]:
    """The required clauses binding the server that ``stage`` gave a chance to be broken."""
    if stage.interface == "wsgi":
        from gateproof.validators.wsgi.exercised import CLAIMS
        from gateproof.validators.wsgi.exercised import exercised as judged
    else:
        from gateproof.validators.asgi.exercised import CLAIMS
        from gateproof.validators.asgi.exercised import exercised as judged
    names: set[str] = set()
    for heard in stage.heard:
        for call in heard.calls:
            names |= judged(call.ladder())
    if not ended_early:
        names |= set(stage.case.proves) - CLAIMS
    names |= {finding.breach.requirement for finding in stage.findings}
    names |= {violation.requirement for violation, _ in stage.incidental}
    names |= {violation.requirement for violation in stage.between} | stage.engaged
    return {name for name in names if _binds_the_server(name)}


def _binds_the_server(name: str) -> bool:
    entry = requirement(name)
    return entry.required and entry.party in ("server", "both")


def died(stage: ServerStage, why: str, log: str) -> Outcome:
    """The outcome of a case that leaves the server dead or stuck, each time.

    Args:
        stage: the case's run, which has ended.
        why: what became of the server, as a clause.
        log: the end of its log.
    """
    heard = stage.heard[-1] if stage.heard else None
    graded = [(requirement(name).enforce, name) for name in stage.case.proves]
    names = [name for grade in ("fail", "weak") for enforced, name in graded if enforced == grade]
    request = heard.line if heard else stage.case.title
    if not names:
        return Outcome("blocked", f"{why} after {request}: {log}"[:600])
    outcome = Outcome(requirement(names[0]).enforce)
    breach = Breach(
        names[0],
        f"{why} after {request}",
        observed=log,
        expected="a server that goes on serving, whatever one request or application does",
        party="server",
        hint="run this case alone and look at the end of the server's log",
    )
    watched = heard.watched() if heard else Watched(stage.interface, stage.case.id)
    policy = Policy("collect", rules=Rules(level="all"))
    violation = policy.violation(breach, watched.exchange)
    if violation is not None:
        outcome.tell(replace(violation, exchange=()), watched)
    outcome.exercised = names[:1]
    return outcome
