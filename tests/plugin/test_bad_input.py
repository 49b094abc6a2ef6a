"""A user's mistake gives one clear sentence and the documented exit code, never our traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project

MISTAKES = [
    # what is typed, the exit code, and what the sentence has to say
    (["--target=aps:wsgi"], 4, "there is no module 'aps'", "did you mean 'apps'?"),
    (["--target=apps:wsgy"], 4, "'apps' has no attribute 'wsgy'", "did you mean 'wsgi'"),
    (["--target=apps"], 4, "say which attribute of 'apps' is the application", "apps:application"),
    (["--target=my app:x"], 4, "'my app' is not a module name", "myapp:application"),
    (["--target=apps:wsgi("], 4, "expected dotted names", "create()"),
    (["--target=apps:create(x)"], 4, "arguments of a factory must be literals", "create('test')"),
    (["--target=apps:number"], 4, "number is an int, which cannot be called", "name a WSGI or ASGI"),
    (["--target=apps:number()"], 4, "which cannot be called", "leave out the parentheses"),
    (["--target=apps:broken_factory()"], 4, "the factory raised RuntimeError: no database", "apps.py"),
    (["--target=needs_late:create()"], 3, "needs the module 'no_such_package'", "install it there"),
    (["--target=raises:app"], 4, "importing 'raises' raised ZeroDivisionError", "raises.py"),
    (["--target=exits:app"], 4, "ended the interpreter (SystemExit(3))", "__main__"),
    (["--target=needs:app"], 3, "needs the module 'no_such_package'", "install it there"),
    (["--target=apps:double"], 4, "ASGI 2 double callable", "guarantee_single_callable"),
    (["--target=apps:three_or_two"], 4, "takes both two and three arguments", "--target-interface="),
    (["--target=apps:none"], 4, "neither a WSGI application", "call the factory: --target=apps:none()"),
    (["--target=apps:wsgi", "--target-interface=wsgy"], 4, "must be one of wsgi, asgi", "did you mean wsgi?"),
    (["--target=apps:wsgi", "--target-backend=curio"], 4, "must be one of asyncio, trio", "'curio'"),
    (["--target=apps:wsgi", "--conformance-level=most"], 4, "must be one of must, should, all", "did you mean must?"),
    (["--target=apps:wsgi", "--target-path=x"], 4, "must start with a slash", "'x'"),
    (["--target=apps:wsgi", "--target-host=http://x/"], 4, "must be HOST or HOST:PORT", "'http://x/'"),
    (["--target=apps:wsgi", "--target-methods=GET,P T"], 4, "must be method names", "'P T'"),
    (["--target=apps:wsgi", "--conformance-deadline=soon"], 4, "must be a positive number of seconds", "'soon'"),
    (["--target=apps:wsgi", "--conformance-profile=deep"], 4, "must be one of quick, default", "'deep'"),
    (["--target=apps:wsgi", "--conformance-seed=x"], 4, "must be a whole number from 0", "'x'"),
    (["--target=apps:wsgi", "--conformance-replay=x?"], 4, "is not the blob of an example", "take the blob from a finding"),
    (["--target=apps:wsgi", "--conformance-database=apps.py"], 4, "this is a file", "name a folder"),
    (["--target=apps:wsgi", "--conformance-database=mysql://x"], 4, "must be a folder, redis://HOST:PORT or none", "mysql://x"),
    (["--target=apps:wsgi", "--conformance-select=wsgi.status.forn"], 4, "matches no requirement and no case", "did you mean wsgi.status.form"),
    (["--target=apps:wsgi", "--conformance-ignore=nothing.*"], 4, "matches no requirement and no case", "gateproof list"),
    (["--target=apps:wsgi", "--conformance-report=no/such/r.html"], 4, "does not exist", "create it"),
    (["--target=apps:wsgi", "--conformance-results=."], 4, "this is a folder", "name a file in it"),
    (["--conformance-report=r.html"], 4, "--conformance-report needs a target", "--target=MODULE:ATTRIBUTE"),
    (["--target=apps:wsgi", "gateproof::wsgi::nothing[apps-wsgi]"], 4, "no item of the suite is called", "--co -q"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "code", "what", "do"), MISTAKES, ids=[" ".join(m[0])[:60] for m in MISTAKES]
)
def test_mistake(applications: Project, argv: list[str], code: int, what: str, do: str) -> None:
    applications.write(
        {
            "raises.py": "def load():\n    return 1 / 0\n\napp = load()\n",
            "exits.py": "raise SystemExit(3)\n",
            "needs.py": "import no_such_package\n",
            "needs_late.py": "def create():\n    import no_such_package\n",
        }
    )
    ran = applications.pytest(*argv)

    assert ran.code == code, ran.text
    assert what in ran.text
    assert do in ran.text
    assert "gateproof/conformance" not in ran.text.replace("\\", "/")
    assert "INTERNALERROR" not in ran.text


def test_a_backend_that_is_not_installed(applications: Project) -> None:
    applications.write(
        {
            "hidden.py": """
                import importlib.util

                found = importlib.util.find_spec
                importlib.util.find_spec = lambda name, *a: None if name == "trio" else found(name, *a)
                """
        }
    )
    ran = applications.pytest(
        "-p", "hidden", "--target=apps:asgi", "--target-backend=trio", env={"PYTHONPATH": "."}
    )

    assert ran.code == 3, ran.text
    assert "--target-backend=trio needs trio" in ran.text
    assert "gateproof[trio]" in ran.text


FILES = [
    ('target = "apps:wsgi"\nlevle = "must"\n', "unknown key 'levle'", "did you mean level"),
    ('target = "apps:wsgi"\nxyz = 1\n', "unknown key 'xyz'", "the keys are app-dir"),
    ("target = 3\n", "target in [tool.gateproof] must be a string or a list of strings", "not 3"),
    ('target = "apps:wsgi"\ndeadline = "x"\n', "must be a number of seconds", "'x'"),
    ('target = "apps:wsgi"\nlevel = "most"\n', "must be one of must, should, all", "did you mean"),
    ('target = "apps:wsgi"\nreport = "a/b.html"\n', "does not exist", "create it"),
]


@pytest.mark.parametrize(("table", "what", "do"), FILES, ids=[f[0].split()[-3] for f in FILES])
def test_mistake_in_the_file(applications: Project, table: str, what: str, do: str) -> None:
    applications.write({"pyproject.toml": f"[tool.gateproof]\n{table}"})
    ran = applications.pytest()

    assert ran.code == 4, ran.text
    assert what in ran.text
    assert do in ran.text
    assert "Traceback" not in ran.text


def test_the_users_own_traceback_is_shown_without_ours(applications: Project) -> None:
    applications.write({"raises.py": "def load():\n    return 1 / 0\n\napp = load()\n"})
    ran = applications.pytest("--target=raises:app")

    assert "raises.py" in ran.text
    assert "return 1 / 0" in ran.text
    assert "load_application" not in ran.text
    assert "importlib" not in ran.text


def test_a_clash_of_options_gives_a_sentence(applications: Project) -> None:
    applications.write(
        {"clash.py": "def pytest_addoption(parser):\n    parser.addoption('--target')\n"}
    )
    ran = applications.pytest("-p", "clash", env={"PYTHONPATH": "."})

    assert ran.code == 4
    assert "another pytest plugin already has the option --target" in ran.text
    assert "Traceback" not in ran.text


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (
            ["explain", "asgi.http.response-start.onec"],
            "did you mean asgi.http.response-start.once",
        ),
        (["list", "requirements", "asgi.htp.*"], "no requirement matches"),
        (["list", "cases", "wsgi::gett"], "did you mean wsgi::get"),
        (["report", "nothing.jsonl", "--html", "r.html"], "cannot read results from nothing.jsonl"),
        (["report", "apps.py", "--html", "r.html"], "is this a result stream?"),
        (["bogus"], "No such command 'bogus'"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_mistakes_of_the_command(applications: Project, argv: list[str], what: str) -> None:
    ran = applications.run("gateproof.conformance.cli", *argv)

    assert ran.code == 4, ran.text
    assert what in ran.text
    assert "Traceback" not in ran.text
