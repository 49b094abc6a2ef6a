"""The main job: ``pytest --target=module:application`` and what it leaves behind."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import jsonschema
import pytest

from gateproof.reports.stream import encode, read, schema

if TYPE_CHECKING:
    from tests.conftest import Project

HOLD = re.compile(r"^(\d+) of (\d+) checked required clauses hold$")


def hold(text: str) -> tuple[int, int]:
    """R and S of our line, which has to stand immediately before pytest's own."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = HOLD.match(lines[-2])
    assert found, "\n".join(lines[-5:])
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("name", ["wsgi", "asgi"])
def test_a_correct_application_passes(applications: Project, name: str) -> None:
    ran = applications.pytest(f"--target=apps:{name}")

    assert ran.code == 0, ran.text
    assert f"gateproof: apps:{name} is {name.upper()}" in ran.text
    assert "sends GET, HEAD, OPTIONS to /" in ran.text
    assert re.search(r"^collected [1-9]\d+ items$", ran.text, re.MULTILINE)
    right, checked = hold(ran.text)
    assert right == checked > 15


@pytest.mark.parametrize(
    ("name", "requirement"),
    [
        ("started_twice", "asgi.http.response-start.once"),
        ("text_body", "wsgi.unicode.bytes-yielded"),
    ],
)
def test_a_broken_application_fails_by_requirement(
    applications: Project, name: str, requirement: str
) -> None:
    ran = applications.pytest(f"--target=apps:{name}", "--conformance-results=run.jsonl")

    assert ran.code == 1, ran.text
    assert f"fail[{requirement}]" in ran.text
    right, checked = hold(ran.text)
    assert right < checked
    run = read(applications.folder / "run.jsonl")
    failing = {
        f["requirement"] for r in run.results for f in r["findings"] if f["verdict"] == "fail"
    }
    assert requirement in failing
    assert "Traceback" not in ran.text


@pytest.mark.parametrize("name", ["wsgi", "asgi"])
def test_nothing_is_left_in_the_users_folder(applications: Project, name: str) -> None:
    applications.pytest(f"--target=apps:{name}", "-p", "no:cacheprovider", "-q")

    assert {path.name for path in applications.folder.iterdir()} <= {"apps.py", "__pycache__"}


def test_quiet_prints_our_line_too(applications: Project) -> None:
    ran = applications.pytest("--target=apps:wsgi", "-q")

    assert ran.code == 0
    assert hold(ran.text)[0] > 15


@pytest.mark.parametrize(
    "target", ["apps:create()", "apps:create('y')", "apps:site.app", "apps:Site.app"]
)
def test_factories_and_attributes(applications: Project, target: str) -> None:
    ran = applications.pytest(f"--target={target}", "-q", "-k", "get")

    assert ran.code == 0, ran.text


def test_the_suite_runs_alone_without_paths_and_beside_them_with(applications: Project) -> None:
    applications.write({"test_own.py": "def test_own():\n    pass\n"})

    alone = applications.pytest("--target=apps:wsgi", "-v", "-k", "get or own")
    beside = applications.pytest("--target=apps:wsgi", "-v", "-k", "get or own", "test_own.py")

    assert "test_own.py::test_own PASSED" not in alone.text
    assert "test_own.py::test_own PASSED" in beside.text
    for ran in (alone, beside):
        assert re.search(r"gateproof::wsgi::\S*get\S*\[apps-wsgi\] PASSED", ran.text), ran.text
        assert ran.code == 0


def test_settings_in_pyproject(applications: Project) -> None:
    applications.write(
        {
            "pyproject.toml": """
            [tool.gateproof]
            target = "apps:wsgi"
            paths = ["/a", "/b?c=d"]
            methods = ["GET", "POST"]
            report = "report.html"
        """
        }
    )
    ran = applications.pytest()

    assert ran.code == 0, ran.text
    assert "sends GET, POST to /a, /b?c=d" in ran.text
    assert "it sends HEAD, and --target-methods allows GET, POST" in applications.pytest("-rs").text
    assert (applications.folder / "report.html").exists()


def test_selection_by_k_m_and_node_id(applications: Project) -> None:
    listed = applications.pytest("--target=apps:wsgi", "--co", "-q")
    ids = [line for line in listed.lines if line.startswith("gateproof::")]
    one = applications.pytest("--target=apps:wsgi", "-q", ids[3])
    marked = applications.pytest("--target=apps:wsgi", "-q", "-m", "not conformance")
    by_requirement = applications.pytest(
        "--target=apps:wsgi", "--co", "-q", "-k", "wsgi.app.reinvocable"
    )

    # Below the root, pytest prints ids as relative paths; those can be pasted, too.
    below = applications.pytest("--target=apps:wsgi", "-v", "--rootdir=..", ids[3])
    shown = next(word for word in below.text.split() if word.endswith(ids[3]))
    pasted = applications.pytest("--target=apps:wsgi", "-q", "--rootdir=..", shown)

    assert shown != ids[3]
    assert below.code == pasted.code == 0, pasted.text
    assert listed.code == 0
    assert len(ids) == len(set(ids)) > 20
    assert "1 passed" in one.text or "1 skipped" in one.text
    assert marked.code == 5
    assert 0 < len([line for line in by_requirement.lines if "::" in line]) < len(ids)


def test_stops_at_the_first_failure_and_runs_the_last_failed(applications: Project) -> None:
    first = applications.pytest(
        "--target=apps:text_body", "-x", "-q", "--conformance-results=x.jsonl"
    )
    again = applications.pytest("--target=apps:text_body", "--lf", "-q")

    assert first.code == 1
    assert "1 failed" in first.text
    assert "stopping after 1 failures" in first.text
    assert read(first.folder / "x.jsonl").complete is False
    assert again.code == 1
    assert re.search(r"^1 failed(, \d+ deselected)? in ", again.lines[-1]), again.text


def test_failed_first_stepwise_and_deselect(applications: Project) -> None:
    target = "--target=apps:text_body"
    every = applications.pytest(target, "-q")
    failed = re.findall(r"FAILED (gateproof::\S+)", every.text)
    first = applications.pytest(target, "-v", "--ff")
    step = applications.pytest(target, "-q", "--sw")
    on = applications.pytest(target, "-q", "--sw", "--sw-skip")
    without = applications.pytest(target, "-q", *(f"--deselect={nodeid}" for nodeid in failed))

    assert len(failed) > 20
    order = re.findall(r"^(gateproof::\S+) (?:FAILED|SKIPPED)", first.text, re.MULTILINE)
    assert order[: len(failed)] == failed
    assert "1 failed" in step.lines[-1]
    assert "2 failed" in on.lines[-1]
    assert f"{len(failed)} deselected" in without.lines[-1]
    assert without.code == 5, without.text


@pytest.mark.parametrize("name", ["asgi", "text_body"])
def test_several_processes_give_the_same_verdicts(applications: Project, name: str) -> None:
    def verdicts(*options: str) -> tuple[int, dict[str, str], tuple[int, int]]:
        ran = applications.pytest(
            f"--target=apps:{name}", "--conformance-results=r.jsonl", "-q", *options
        )
        run = read(applications.folder / "r.jsonl")
        assert run.complete
        return ran.code, {r["case"]: r["verdict"] for r in run.results}, hold(ran.text)

    assert verdicts("-n", "2") == verdicts()


def test_the_stream_follows_its_schema_and_junit_has_our_properties(applications: Project) -> None:
    ran = applications.pytest(
        "--target=apps:text_body", "--conformance-results=r.jsonl", "--junitxml=junit.xml"
    )
    lines = (applications.folder / "r.jsonl").read_text().splitlines()
    validator = jsonschema.Draft202012Validator(schema())
    import json

    for line in lines:
        validator.validate(json.loads(line))
    cases = ET.parse(applications.folder / "junit.xml").getroot().iter("testcase")
    properties = {p.get("value") for case in cases for p in case.iter("property")}

    assert ran.code == 1
    assert [json.loads(line)["kind"] for line in (lines[0], lines[-1])] == ["header", "footer"]
    assert "fail wsgi.unicode.bytes-yielded" in properties
    assert encode({"a": "\ud800"}) == '{"a":"\\ud800"}'


def test_the_html_report_is_written_and_its_path_printed(applications: Project) -> None:
    ran = applications.pytest("--target=apps:started_twice", "--conformance-report=report.html")
    page = (applications.folder / "report.html").read_text()

    assert "report.html" in ran.text
    assert "asgi.http.response-start.once" in page
    assert "Content-Security-Policy" in page


def test_a_weak_finding_fails_only_with_the_level(applications: Project) -> None:
    must = applications.pytest("--target=apps:weak", "-q")
    should = applications.pytest("--target=apps:weak", "-q", "--conformance-level=should")

    assert must.code == 0, must.text
    assert "asgi.app.rejects-unknown-protocol" in must.text
    assert should.code == 1
    assert "weak[asgi.app.rejects-unknown-protocol]" in should.text


def test_select_and_ignore(applications: Project) -> None:
    ignored = applications.pytest(
        "--target=apps:started_twice", "-q", "--conformance-ignore=asgi.http.*"
    )
    selected = applications.pytest(
        "--target=apps:started_twice", "-q", "--conformance-select=asgi.http.response-start.once"
    )

    assert ignored.code == 0, ignored.text
    assert selected.code == 1
    assert "asgi.http.response-start.once" in selected.text
    assert hold(selected.text) == (0, 1)


def test_the_printed_command_reproduces_the_finding(applications: Project) -> None:
    import shlex

    ran = applications.pytest("--target=apps:started_twice", "-q")
    command = next(line for line in ran.lines if line.strip().startswith("again:"))
    again = applications.pytest(*shlex.split(command.partition("again: ")[2])[1:])

    assert again.code == 1
    assert "fail[asgi.http.response-start.once]" in again.text


def test_trio_runs_the_same_cases(applications: Project) -> None:
    pytest.importorskip("trio")
    ran = applications.pytest("--target=apps:asgi", "-q", "--target-backend=trio")
    other = applications.pytest("--target=apps:asgi", "-q")

    assert ran.code == 0, ran.text
    assert hold(ran.text) == hold(other.text)


@pytest.mark.parametrize("name", ["only_own_host", "asgi_only_own_host"])
def test_an_application_that_refuses_every_request_is_pointed_out(
    applications: Project, name: str
) -> None:
    refused = applications.pytest(f"--target=apps:{name}", "-q")
    served = applications.pytest(f"--target=apps:{name}", "-q", "--target-host=example.org")

    assert f"note: apps:{name} answered every request with 400" in refused.text
    assert "note:" not in served.text
    assert refused.code == served.code == 0


@pytest.mark.parametrize("name", ["wsgi_raises", "asgi_raises"])
def test_what_an_application_that_only_raises_cannot_show_is_blocked(
    applications: Project, name: str
) -> None:
    """Nothing was proven, so that nothing may count as passed; to refuse a protocol is right."""
    ran = applications.pytest(f"--target=apps:{name}", "--conformance-results=r.jsonl", "-q", "-rs")
    run = read(applications.folder / "r.jsonl")
    passed = [result["case"] for result in run.results if result["verdict"] == "pass"]

    assert ran.code == 5, ran.text
    assert f"note: apps:{name} answered no request" in ran.text
    assert "blocked: the application raised ValueError('always') on GET /" in ran.text
    assert set(passed) <= {"asgi.http::unknown-scope-type"}
    assert run.counts()["blocked"] > 25


def test_a_result_that_is_missing_is_no_hang(applications: Project) -> None:
    ran = applications.pytest("--target=apps:no_result", "-q", "-rs")

    assert ran.code == 1
    assert "fail[wsgi.app.returns-iterable]: the application returned None" in ran.text
    assert "hung" not in ran.text


def test_two_targets_in_one_run(applications: Project) -> None:
    ran = applications.pytest(
        "--target=apps:wsgi", "--target=apps:asgi", "--target=apps:wsgi", "-q"
    )

    assert ran.code == 0, ran.text
    listed = applications.pytest("--target=apps:wsgi", "--target=apps:wsgi", "--co", "-q")
    ids = [line for line in listed.lines if line.startswith("gateproof::")]
    assert len(ids) == len(set(ids))


def test_the_run_command_is_the_same(applications: Project) -> None:
    ran = applications.run(
        "gateproof.conformance.cli", "run", "apps:wsgi", "--path", "/x", "--report", "r.html", "-q"
    )

    assert ran.code == 0, ran.text
    assert hold(ran.text)[0] > 15
    assert (applications.folder / "r.html").exists()
