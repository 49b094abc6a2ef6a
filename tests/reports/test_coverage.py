from __future__ import annotations

from typing import Any

from gateproof.reports.coverage import STATES, Clause, coverage
from gateproof.reports.findings import requirement
from gateproof.reports.stream import Run
from gateproof.validators.catalogue import document


def clauses(run: Run) -> dict[str, Clause]:
    return {clause.requirement.id: clause for part in coverage(run) for clause in part.clauses}


def test_every_state_has_its_reason(build: Any) -> None:
    must = "asgi.http.response-start.once"
    held = "asgi.http.response-start.before-body"
    should = next(
        r.id
        for r in document("asgi-http").values()
        if r.enforce == "weak" and r.party == "application" and r.observable == "boundary"
    )
    build.header().case("asgi.http::a", proves=(should,))
    build.result("asgi.http::a", "fail", build.finding(must), exercised=(must, held))
    found = clauses(build.footer())
    assert found[must].state == "broken"
    assert found[held].state == "exercised"
    assert found[should].state == "exercised"
    assert {clause.state for clause in found.values()} == {"broken", "exercised", "idle", "blind"}
    for clause in found.values():
        assert clause.state in STATES
        assert (clause.state == "blind") <= bool(clause.note)


def test_a_case_that_did_not_run_proves_nothing(build: Any) -> None:
    should = "asgi.http.spec-version.no-newer-features"
    assert not getattr(requirement(should), "required", True)
    for verdict in ("n/a", "blocked", "harness"):
        build.header().case(f"asgi.http::{verdict}", proves=(should,))
        build.result(f"asgi.http::{verdict}", verdict, exercised=())
    assert clauses(build.footer())[should].state == "idle"


def test_a_milder_verdict_is_told_as_such(build: Any) -> None:
    name = "asgi.http.response-start.once"
    build.header()
    build.result("asgi.http::a", "observed", build.finding(name, verdict="observed"))
    assert clauses(build.run)[name].state == "observed"
    build.result("asgi.http::b", "weak", build.finding(name, verdict="weak"))
    assert clauses(build.run)[name].state == "weak"


def test_only_what_binds_the_interface_is_listed(build: Any) -> None:
    wsgi = clauses(build.header(interface="wsgi").run)
    assert all(name.startswith(("wsgi.", "http1.")) for name in wsgi)
    assert all(clause.requirement.party != "server" for clause in wsgi.values())
    assert len(wsgi) > 50
    asgi = clauses(build.header(interface="asgi").run)
    assert not wsgi.keys() & {name for name in asgi if name.startswith("asgi.")}
    assert all(not name.startswith("wsgi.") for name in asgi)


def test_counts_agree_with_the_verdict(mixed_run: Any) -> None:
    run = mixed_run()
    parts = coverage(run)
    for part in parts:
        assert sum(number for _, number in part.counts()) == len(part.clauses)
        assert [c for section in part.sections for c in section.clauses] == part.clauses
    hold, checked = run.clauses()
    known = [name for name in clauses(run) if clauses(run)[name].state == "broken"]
    assert len(known) == checked - hold
