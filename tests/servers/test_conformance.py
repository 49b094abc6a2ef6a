"""The suite on current releases: nothing fails but what adapters know of, and that still does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gateproof.targets.load import EnvironmentFaultError
from gateproof.targets.server import open_server

if TYPE_CHECKING:
    from tests.conftest import Project

TARGETS = (
    "uvicorn",
    "gunicorn[worker=gthread]",
    "gunicorn[worker=sync]",
    "waitress",
    "hypercorn",
    "daphne",
    "wsgiref",
    "werkzeug",
)

SLOW = {
    "wsgiref": ("server.wsgi::*",),
    "werkzeug": ("server.wsgi::*",),
}
"""Servers that leave clients waiting so often that only a part is run here."""

TROUBLE = {"fail", "fixed", "unstable", "harness", "blocked"}


def told(line: dict[str, Any]) -> str:
    """A case's result with all that is needed to see why, should it come once in a hundred runs."""
    found = [f"{one['requirement']}: {one['message']}" for one in line["findings"]]
    return "\n".join([f"{line['case']} {line['verdict']}: {line['reason']}", *found])


@pytest.mark.parametrize("name", TARGETS)
def test_only_known_deviations_are_found(name: str, project: Project) -> None:
    target = f"server:{name}"
    try:
        open_server(target).close()
    except EnvironmentFaultError as missing:
        pytest.skip(str(missing))
    chosen = [f"--conformance-select={pattern}" for pattern in SLOW.get(name, ())]

    ran = project.pytest(
        f"--target={target}", "--conformance-results=results.jsonl", *chosen, timeout=240
    )
    stream = (ran.folder / "results.jsonl").read_text(encoding="utf-8")
    results = [line for line in map(json.loads, stream.splitlines()) if line["kind"] == "result"]
    verdicts = {line["case"]: line["verdict"] for line in results}

    assert [told(line) for line in results if line["verdict"] in TROUBLE] == []
    assert ran.code == 0, ran.text
    assert len(verdicts) > 70
    assert list(verdicts.values()).count("pass") > len(verdicts) / 2
