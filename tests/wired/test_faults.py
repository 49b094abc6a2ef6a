"""A fault of an application is found behind a server, by its id, and is nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

FAULTS = [
    # application, server, case, requirement
    ("short", "wsgiref", "wsgi::get", "wsgi.content-length.app-accurate"),
    ("once", "wsgiref", "wsgi::repeated", "wsgi.app.reinvocable"),
    ("unfinished", "hypercorn", "asgi.http::get", "asgi.http.app.completes-response"),
    ("both_kinds", "hypercorn", "asgi.websocket::text", "asgi.websocket.send.exactly-one"),
    ("late", "hypercorn", "asgi.lifespan::around-the-cases", "asgi.lifespan.startup-complete.once"),
]


def broken(outcome, *verdicts):
    return {
        finding["requirement"]
        for finding in outcome.findings
        if not verdicts or finding["verdict"] in verdicts
    }


@pytest.mark.parametrize(("name", "server", "case", "requirement"), FAULTS)
def test_a_planted_fault_is_found(name, server, case, requirement, behind):
    outcome = behind(server, f"planted:{name}", HERE, case)[case]

    assert requirement in broken(outcome, "fail", "weak")
    assert {finding["party"] for finding in outcome.findings} == {"application"}
    assert outcome.evidence
    assert outcome.findings[0]["evidence"] == outcome.evidence[0]["id"]
    judged = [finding for finding in outcome.findings if name != "once"]
    assert all(finding["event"] is not None for finding in judged)


def test_a_header_that_the_client_leaves_out_is_left_out_on_the_wire(behind):
    found = behind("wsgiref", "planted:upper", HERE, "wsgi::voluntary-absent", "wsgi::get")

    assert "wsgi.environ.app-checks-presence" in broken(found["wsgi::voluntary-absent"])
    assert found["wsgi::get"].verdict == "pass"


def test_a_crash_is_the_verdict_of_its_case_and_the_rest_goes_on(behind):
    found = behind("wsgiref", "planted:crashes", HERE, "wsgi::query", "wsgi::get", "wsgi::path-odd")

    assert found["wsgi::query"].verdict == "fail"
    (finding,) = found["wsgi::query"].findings
    assert "process ended" in finding["message"]
    assert found["wsgi::get"].verdict == found["wsgi::path-odd"].verdict == "pass"


@pytest.mark.parametrize(
    ("name", "server", "case", "other"),
    [
        ("hangs", "wsgiref", "wsgi::query", "wsgi::path-odd"),
        ("silent", "hypercorn", "asgi.http::query-strings", "asgi.http::path-forms"),
    ],
)
def test_a_hang_is_the_verdict_of_its_case_and_the_rest_goes_on(name, server, case, other, behind):
    found = behind(server, f"planted:{name}", HERE, case, other, deadline=2.0)

    assert found[case].verdict == "fail"
    assert found[case].hung
    (finding,) = found[case].findings
    assert "hangs" in finding["message"]
    assert found[other].verdict == "pass"


def test_an_application_that_will_not_start_blocks_its_cases(behind):
    found = behind(
        "hypercorn",
        "planted:refuses",
        HERE,
        "asgi.http::get",
        "asgi.lifespan::around-the-cases",
        deadline=3.0,
    )

    assert found["asgi.http::get"].verdict == "blocked"
    assert "no database" in found["asgi.http::get"].reason
    assert found["asgi.lifespan::around-the-cases"].verdict == "pass"


def test_what_an_application_hands_on_from_a_server_is_not_its_fault(behind, checkout):
    target = checkout / "tests" / "reference" / "target.py"
    server = f"{target}[interface=asgi,fault=text-in-bytes]"
    name, folder = "asgi.websocket::text", checkout / "tests" / "examples"
    outcome = behind(server, "asgi_echo:application", folder, name)[name]

    assert broken(outcome, "fail", "weak") == set()
    assert "asgi.websocket.send.text-type" in broken(outcome, "observed")
    assert any(breach.startswith("fail ") for breach in outcome.server)


def test_what_a_server_breaks_is_not_laid_at_the_door_of_the_application(behind, checkout):
    target = checkout / "tests" / "reference" / "target.py"
    server = f"{target}[interface=wsgi,fault=port-as-number]"
    outcome = behind(server, "planted:wsgi", HERE, "wsgi::get")["wsgi::get"]

    assert outcome.verdict == "pass"
    assert outcome.findings == []
    assert outcome.server
