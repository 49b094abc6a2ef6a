"""Runs of the suite against deployed probes, as their users see them."""

from __future__ import annotations

import json
import shlex

import pytest


def lines_of(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def results_of(lines):
    return {line["case"]: line for line in lines if line["kind"] == "result"}


def ran(project, url, *words, cases=()):
    """A run of some cases: what was printed, and the lines of the stream."""
    label = url.partition("://")[2].replace(":", "-")
    ids = [f"gateproof::{case}[{label}]" for case in cases]
    found = project.pytest(
        f"--target={url}", "--conformance-results=run.jsonl", *words, *ids, timeout=200
    )
    assert f"{len(cases)} cases" in found.text or len(cases) == 1, found.text
    return found, lines_of(project.folder / "run.jsonl")


def test_a_wsgi_server_without_tls(project, deploy, secret):
    deployed = deploy("threads")

    found, lines = ran(
        project,
        deployed.url,
        "--conformance-report=run.html",
        cases=(
            "server.wsgi::head-without-body",
            "server.wsgi::client-address",
            "server.wsgi::watched",
        ),
    )

    seen = f"as seen through the network at 127.0.0.1:{deployed.port}"
    assert f"{deployed.url} serves our probe as WSGI, {seen}" in found.text
    assert "secret can be read" not in found.text  # it stays on this machine
    (target,) = lines[0]["targets"]
    assert (target["subject"], target["because"]) == ("server", seen)
    results = results_of(lines)
    # Neither wsgiref nor its handlers leave out the body of an answer to HEAD.
    assert results["server.wsgi::head-without-body"]["verdict"] == "fail"
    assert results["server.wsgi::client-address"]["verdict"] == "n/a"
    assert "hosted server" in results["server.wsgi::client-address"]["reason"]
    assert results["server.wsgi::watched"]["verdict"] == "pass"
    written = [found.text, *(file.read_text() for file in project.folder.glob("run.*"))]
    assert len(written) == 3
    assert not any(secret in text for text in written)


def test_the_command_that_runs_a_case_again(project, deploy, authority):
    deployed = deploy("threads", certificate=authority.certificate("good"))
    case = "server.wsgi::head-without-body"

    found, lines = ran(project, deployed.url, f"--target-ca={authority.trusted}", cases=(case,))

    command = shlex.split(results_of(lines)[case]["reproduce"])
    assert command[:3] == [
        "pytest",
        f"--target={deployed.url}",
        f"--target-ca={authority.trusted}",
    ]
    assert found.code == 1
    again = project.pytest(*command[1:])
    assert again.code == 1
    assert "http1.body.head-none" in again.text


ASGI = {
    "server.asgi.http::path-decoded": "pass",
    "server.asgi.http::calls-on-one-connection": "pass",
    "server.asgi.http::pieces-stream": "pass",
    "server.asgi.http::disconnect-after-response": "pass",
    "server.asgi.websocket::scope": "pass",
    "server.http1::second-request": "pass",
    "server.http1::content-length-malformed": "pass",
    # What cannot be known from here, and what TLS does not have.
    "server.asgi.http::scheme": "n/a",
    "server.asgi.http::send-error-uncaught": "n/a",
    "server.asgi.lifespan::start-and-stop": "n/a",
    "server.http1::last-chunk-missing": "n/a",
}
"""Cases, and what comes of them behind TLS with a server that breaks none of them."""


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn"])
def test_an_asgi_server_behind_tls(project, deploy, authority, kind):
    deployed = deploy(kind, certificate=authority.certificate("good"))

    _, lines = ran(project, deployed.url, f"--target-ca={authority.trusted}", cases=tuple(ASGI))

    results = results_of(lines)
    assert {case: result["verdict"] for case, result in results.items()} == ASGI
    reasons = {case: results[case]["reason"] for case, verdict in ASGI.items() if verdict == "n/a"}
    assert all("hosted server" in text or "TLS" in text for text in reasons.values())


def test_bad_input_ends_with_the_exit_codes_of_usage_and_environment(project, deploy):
    url = deploy("threads", secret="another").url

    wrong = project.pytest(f"--target={url}")
    gone = project.pytest("--target=https://gateproof.invalid")
    carried = project.pytest(f"--target={url}", "--target-server=uvicorn")

    assert (wrong.code, gone.code, carried.code) == (4, 3, 4)
    assert f"the probe at {url} has another secret" in wrong.text
    assert "https://gateproof.invalid cannot be reached: its name is not known" in gone.text
    assert "has a server already" in carried.text
    assert all("Traceback" not in found.text for found in (wrong, gone, carried))
