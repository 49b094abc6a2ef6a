# ruff: noqa: E501 - a table reads better with a row on a line
"""What cannot be tested behind a server is told in one clear sentence, with the documented code."""

from __future__ import annotations

import pytest

APPS = """
import os

def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]

async def asgi(scope, receive, send):
    raise NotImplementedError(scope["type"])

def create(name="x"):
    return wsgi
"""
ONLY_HERE = """
import os

if "GATEPROOF_PROBE" in os.environ:
    raise LookupError("no database in the server")

def wsgi(environ, start_response):
    start_response("200 OK", [])
    return []
"""

MISTAKES = [
    # what is typed, the exit code, and what the sentence has to say
    (["--target=apps:wsgy", "--target-server=wsgiref"], 4, "has no attribute 'wsgy'", "'wsgi'"),
    (["--target=only_here:wsgi", "--target-server=wsgiref"], 4, "cannot be loaded there", "no database in the server"),
    (["--target=apps:asgi", "--target-server=wsgiref"], 4, "apps:asgi is ASGI", "hypercorn"),
    (["--target=apps:wsgi", "--target-server=daphne"], (3, 4), "daphne", "daphne"),
    (["--target=apps:wsgi", "--target-server=gunicorn==0.17"], 3, "gunicorn==0.17", "gateproof env gunicorn==0.17"),
    (["--target=apps:wsgi", "--target-server=gunicrn"], 4, "--target-server=gunicrn", "did you mean gunicorn"),
    (["--target=apps:wsgi", "--target-server=wsgiref[threads=4]"], 4, "no variant 'threads'", "threaded"),
    (["--target=server:wsgiref", "--target-server=wsgiref"], 4, "is a server", "leave out one of the two"),
    (["--target=apps:create('y')", "--target-server=wsgiref"], 4, "called without arguments", "apps:create"),
    (["--target-server=wsgiref"], 4, "--target-server needs a target", "MODULE:ATTRIBUTE"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "code", "what", "remedy"), MISTAKES, ids=lambda value: str(value)[:40]
)
def test_a_mistake_is_one_sentence(argv, code, what, remedy, project):
    project.write({"apps.py": APPS, "only_here.py": ONLY_HERE})
    ran = project.run("pytest", *argv, "-k", "wsgi or asgi")

    assert ran.code in (code if isinstance(code, tuple) else (code,)), ran.text
    assert what in ran.text
    assert remedy in ran.text
    assert "gateproof/conformance" not in ran.text
    assert "INTERNALERROR" not in ran.text


def test_a_run_says_what_carries_the_application(project):
    project.write({"apps.py": APPS})
    argv = ["--target=apps:wsgi", "--target-server=wsgiref", "-v"]
    ran = project.run("pytest", *argv, "-k", "get or https")

    assert ran.code == 0, ran.text
    assert "apps:wsgi is WSGI (it takes two arguments" in ran.text
    assert "carried by server:wsgiref, release 3." in ran.text
    assert "gateproof::wsgi::get[apps-wsgi-wsgiref] PASSED" in ran.text
    assert "gateproof::wsgi::https[apps-wsgi-wsgiref] SKIPPED" in ran.text


def test_the_command_to_repeat_a_failure_names_the_server(project):
    project.write({"apps.py": APPS.replace('("Content-Length", "2")', '("Content-Length", "9")')})
    argv = ["apps:wsgi", "--server=wsgiref", "-k", "get", "--results=r.jsonl"]
    ran = project.run("gateproof.conformance.cli", "run", *argv)

    assert ran.code == 1, ran.text
    assert "wsgi.content-length.app-accurate" in ran.text
    assert "--target=apps:wsgi --target-server=wsgiref" in (project.folder / "r.jsonl").read_text()


def test_listing_starts_no_server(project):
    project.write({"apps.py": APPS, "only_here.py": ONLY_HERE})
    ran = project.run("pytest", "--target=only_here:wsgi", "--target-server=wsgiref", "--co", "-q")

    assert ran.code == 0, ran.text
    assert "gateproof::wsgi::get[only_here-wsgi-wsgiref]" in ran.text
