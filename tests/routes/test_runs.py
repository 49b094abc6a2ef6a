"""Routes as a user meets them: the header, the option, the list, the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

pytest.importorskip("bottle")

SITE = """
    import time

    from bottle import Bottle

    class Slow(list):
        def __iter__(self):
            time.sleep(60)
            return super().__iter__()

    app = Bottle()
    app.get("/items/<number:int>")(lambda number: "ok")
    app.post("/items")(lambda: "ok")
    app.get("/")(lambda: "ok")
    slow = Bottle()
    vars(slow)["routes"] = Slow()
"""

PLAIN = """
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]
"""


def test_the_header_says_what_was_found_and_the_case_runs(project: Project) -> None:
    project.write({"site_app.py": SITE})
    ran = project.pytest(
        "--target=site_app:app", "-k", "routes or get", "-v", "--conformance-results=run.jsonl"
    )
    header = json.loads((project.folder / "run.jsonl").read_text().splitlines()[0])

    shown = "3 found in Bottle's router, 2 of which may be asked (GET, HEAD, OPTIONS)"
    assert f"gateproof: routes: {shown}" in ran.lines
    assert "gateproof::wsgi::routes[site_app-app] PASSED" in ran.text
    assert header["targets"][0]["routes"] == ["/items/{number:int}", "/"]
    assert ran.code == 0


def test_none_leaves_them_unread(project: Project) -> None:
    project.write({"site_app.py": SITE, "pyproject.toml": '[tool.gateproof]\nroutes = "none"\n'})
    ran = project.pytest("--target=site_app:slow", "-k", "routes", "-rs")

    assert "gateproof: routes: none found: --target-routes=none says not to look" in ran.lines
    assert "--target-routes=none says not to look" in ran.lines[-2] + ran.text
    assert ran.code == 5

    usage = project.pytest("--target=site_app:app", "--target-routes=all")
    assert usage.code == 4
    assert "--target-routes" in usage.text


def test_an_application_of_no_framework_says_so_and_is_tested_at_its_root(
    project: Project,
) -> None:
    project.write({"plain.py": PLAIN})
    ran = project.pytest("--target=plain:app", "-k", "routes or get")

    assert (
        "gateproof: routes: none found: it is of no framework whose routes can be read; "
        "--target-path names paths" in ran.lines
    )
    assert ran.code == 0


def test_a_router_that_hangs_ends_no_run(project: Project) -> None:
    project.write({"site_app.py": SITE})
    project.write(
        {
            "conftest.py": """
                from gateproof.conformance import routes

                routes.PATIENCE = 0.5
            """
        }
    )
    ran = project.pytest("--target=site_app:slow", "-k", "routes", timeout=60)

    assert "routes: none found: reading them hangs: not finished after 0.5 s" in ran.text


def test_routes_are_listed(project: Project) -> None:
    project.write({"site_app.py": SITE, "plain.py": PLAIN})
    ran = project.run("gateproof.conformance.cli", "list", "routes", "--target=site_app:app")

    assert ran.code == 0
    assert ran.text.splitlines() == [
        "methods   path                 sample    source",
        "GET,HEAD  /items/{number:int}  /items/1  Bottle's router",
        "POST      /items               /items    Bottle's router",
        "GET,HEAD  /                    /         Bottle's router",
    ]

    none = project.run("gateproof.conformance.cli", "list", "routes", "--target=plain:app")
    assert (none.code, len(none.lines)) == (0, 1)
    assert none.text.startswith("no routes found: it is of no framework")


@pytest.mark.parametrize(
    ("target", "code", "told"),
    [
        ("server:uvicorn", 4, "is a server"),
        ("https://example.org", 4, "is a server"),
        ("nothing_here:app", 4, "there is no module 'nothing_here'"),
        ("needy:app", 3, "no_such_package"),
    ],
)
def test_what_cannot_be_listed(project: Project, target: str, code: int, told: str) -> None:
    project.write({"needy.py": "import no_such_package\n"})
    ran = project.run("gateproof.conformance.cli", "list", "routes", f"--target={target}")

    assert ran.code == code, ran.text
    assert told in ran.text
    assert "Traceback" not in ran.text or code == 3


def test_the_page_shows_what_is_true(project: Project, checkout: Path) -> None:
    pytest.importorskip("fastapi")
    page = (checkout / "docs" / "routes.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    shown = re.findall(r"^```console\n\$ (.*?)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (project.folder / "shop.py").write_text(code)

    (tested, header), (listed, table) = shown
    assert tested == "pytest --target=shop:app"
    ran = project.pytest("--target=shop:app", "-k", "routes")
    assert ran.code == 0
    assert set(header.splitlines()) <= set(ran.lines)

    assert listed.split()[0] == "gateproof"
    ran = project.run("gateproof.conformance.cli", *listed.split()[1:])
    assert ran.text == table
