"""Every command and code block of the README is run, or checked against what is true."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING
from wsgiref.util import setup_testing_defaults

import pytest

from gateproof.conformance.options import OPTIONS
from gateproof.conformance.settings import file_settings
from gateproof.targets.server_name import parse_server
from gateproof.validators import ConformanceError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project


@pytest.fixture(scope="module")
def readme(checkout: Path) -> str:
    return (checkout / "README.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


MYAPP = """
async def application(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def create(name):
    return application
"""


def commands(text: str) -> list[str]:
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    return [re.split(r"\s+#", line)[0].strip() for line in lines if line.strip()]


def test_python_blocks_run(readme: str) -> None:
    found = blocks(readme, "python")

    assert found
    for block in found:
        namespace: dict[str, object] = {}
        exec(compile(block, "README.md", "exec"), namespace)
        assert callable(namespace["application"])


def test_toml_blocks_are_valid_settings(readme: str, tmp_path: Path) -> None:
    found = blocks(readme, "toml")

    assert found
    for block in found:
        (tmp_path / "pyproject.toml").write_text(block)
        assert (
            file_settings(tmp_path / "pyproject.toml") == tomllib.loads(block)["tool"]["gateproof"]
        )


def test_gateproof_and_pytest_commands_run(readme: str, project: Project) -> None:
    import shlex

    project.write({"myapp.py": MYAPP, "tests/test_own.py": "def test_own():\n    pass\n"})
    project.write({f"mysite/{name}.py": MYAPP for name in ("__init__", "wsgi", "asgi")})
    project.pytest("--target=myapp:application", "-q", "--conformance-results=run.jsonl")
    ran = 0
    for command in commands(readme):
        words = shlex.split(command)
        servers = [word for word in words if word.startswith("--target=server:")]
        if servers:  # tests/servers runs them; here it counts that the command is understood
            done = project.pytest(*words[1:], "--collect-only", "-q")
            ran += 1
            assert done.code == 0 or (done.code == 3 and "gateproof env" in done.text), done.text
            continue
        if words[0] == "pytest":
            done = project.pytest(*words[1:], "-q")
        elif words[:2] == ["gateproof", "env"]:  # it would install from an index
            assert parse_server(f"server:{words[2]}").version
            continue
        elif words[0] == "gateproof":
            done = project.run("gateproof.conformance.cli", *words[1:])
        else:
            assert words[0] == "make", command
            continue
        ran += 1
        assert done.code == 0, f"{command}\n{done.text}"

    assert ran >= 8


STARTED_TWICE = """
async def application(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"oops"})
"""


def test_the_failure_is_the_one_shown(readme: str, project: Project) -> None:
    project.write({"myapp.py": STARTED_TWICE})
    shown = blocks(readme, "text")[0]
    ran = project.pytest("--target=myapp:application", "-q", "-x")

    assert shown.strip() in ran.text


def test_make_targets_exist(readme: str, checkout: Path) -> None:
    makefile = (checkout / "Makefile").read_text("utf-8")
    named = {word for command in re.findall(r"make ([a-z-]+)", readme) for word in [command]}

    assert {"demo", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_table_of_options_is_complete(readme: str) -> None:
    for option in OPTIONS:
        assert f"`{option.flag}=" in readme, option.flag


def test_the_header_line_is_the_one_shown(readme: str, project: Project) -> None:
    project.write({"myapp.py": MYAPP})
    shown = blocks(readme, "console")[0].splitlines()[1]
    ran = project.pytest("--target=myapp:application")

    assert shown in ran.lines


def test_a_layer_is_named_as_the_readme_shows(readme: str) -> None:
    (block,) = [block for block in blocks(readme, "python") if "layer" in block]
    (shown,) = [block for block in blocks(readme, "text") if "layer 'keep-alive'" in block]
    namespace: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), namespace)
    environ: dict[str, object] = {}
    setup_testing_defaults(environ)

    with pytest.raises(ConformanceError) as raised:
        namespace["application"](environ, lambda *args: lambda data: None)  # type: ignore[operator]

    assert str(raised.value).startswith(shown)
