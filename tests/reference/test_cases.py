"""Server cases are silent on the sound reference server, and each fault is caught by one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from reference.faults import FAULTS
from reference.parts import Fault

from gateproof.conformance.case import Case, cases
from gateproof.conformance.outcome import Outcome
from gateproof.conformance.server_runner import ServerEngine, ServerPlan
from gateproof.targets.server import open_server
from gateproof.validators.catalogue import requirement

TARGET = Path(__file__).resolve().with_name("target.py")
INTERFACES = ("wsgi", "asgi")
CASES = [case for case in cases().values() if case.family.startswith("server.")]

# Every fault takes a server of its own, which is for the nightly run; else one of some.
STRIDE = 1 if int(os.environ.get("GATEPROOF_TEST_SCALE", "1")) > 1 else 24

# Faults that no case can tell yet, and why.
UNSEEN = {
    "never-awaited": "an application that never runs leaves no call to be judged",
    "receive-first": "an application that is given no scope leaves no call of the case's token",
    "read-only-scope": "a scope that is no dict shows no token to the probe",
    "two-finals": "no case looks behind the final response where 100 came first",
    "own-close-untold": "no case looks for the disconnect behind the application's own close",
    "message-after-end": "no case receives again behind websocket.disconnect",
}


def outcomes(chosen: Iterable[Case], interface: str, fault: str = "none") -> dict[str, Outcome]:
    """What cases come to on the reference server, by their full ids."""
    server = open_server(f"{TARGET}[fault={fault},interface={interface}]")
    engine = ServerEngine(ServerPlan(server), list(chosen))
    try:
        return {case.full_id: engine.outcome(case) for case in chosen}
    finally:
        engine.close()


def broken(outcome: Outcome) -> set[str]:
    return {finding["requirement"] for finding in outcome.findings}


@pytest.mark.parametrize("interface", INTERFACES)
def test_the_sound_server_passes_every_case(interface: str) -> None:
    chosen = [case for case in CASES if case.concerns("server", interface)]
    found = outcomes(chosen, interface)
    wrong = {
        name: (outcome.verdict, outcome.reason, sorted(broken(outcome)))
        for name, outcome in found.items()
        if outcome.verdict not in ("pass", "observed", "n/a")
    }
    served = [name for name, outcome in found.items() if outcome.verdict == "pass"]

    assert wrong == {}
    assert len(served) > 0.9 * len(chosen)


def sampled() -> list[object]:
    """The faults of this run; those that nobody sees are expected to stay unseen."""
    return [
        pytest.param(
            fault,
            id=fault.name,
            marks=[pytest.mark.xfail(reason=UNSEEN[fault.name])] if fault.name in UNSEEN else [],
        )
        for fault in list(FAULTS.values())[::STRIDE]
    ]


@pytest.mark.parametrize("fault", sampled())
def test_a_fault_is_caught_by_its_requirements(fault: Fault) -> None:
    wanted, caught = set(fault.requirements), set()
    for interface in INTERFACES:
        chosen = [
            case
            for case in CASES
            if case.concerns("server", interface) and (wanted - caught) & set(case.proves)
        ]
        if chosen:
            found = outcomes(chosen, interface, fault.name)
            caught |= {name for outcome in found.values() for name in broken(outcome)}

    assert wanted <= caught


# What cases prove and no fault breaks, and why.
UNBROKEN = {
    "asgi.websocket.scope.asgi-version": "told as asgi.scope.asgi-version-present",
}


def test_what_cases_prove_has_a_fault_that_breaks_it() -> None:
    proved = {name for case in CASES for name in case.proves}
    binding = {name for name in proved if requirement(name).enforce != "observed"}
    faulty = {name for fault in FAULTS.values() for name in fault.requirements}

    assert binding - faulty == set(UNBROKEN)
