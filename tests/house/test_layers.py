"""Imports point down the layers, and an idle plugin stays light."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

MAY_IMPORT = {
    "validators": {"validators"},
    "targets": {"targets", "validators"},
    "reports": {"reports", "validators"},
    "conformance": {"conformance", "reports", "targets", "validators"},
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_imports_point_down(checkout: Path, layer: str) -> None:
    files = sorted((checkout / layer).rglob("*.py"))
    wrong = [
        (str(path.relative_to(checkout)), name)
        for path in files
        for name in imports(path)
        if name.startswith("gateproof.") and name.split(".")[1] not in MAY_IMPORT[layer]
    ]

    assert files
    assert wrong == []


def test_validators_import_only_the_standard_library(checkout: Path) -> None:
    wrong = [
        (path.name, name)
        for path in (checkout / "validators").rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] not in {*sys.stdlib_module_names, "gateproof"}
    ]

    assert {name.split(".")[0] for _, name in wrong} <= {"jsonschema", "referencing"}
    assert {file for file, _ in wrong} <= {"explain.py", "dialect.py"}


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_no_asserts_in_the_package(checkout: Path, layer: str) -> None:
    """Asserts vanish under -O, and a check with them."""
    wrong = [
        f"{path.name}:{node.lineno}"
        for path in (checkout / layer).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assert)
    ]

    assert wrong == []


def test_top_level_folder_cannot_be_imported(checkout: Path) -> None:
    for layer in MAY_IMPORT:
        done = subprocess.run(
            [sys.executable, "-c", f"import {layer}"],
            cwd=checkout,
            capture_output=True,
            text=True,
            timeout=30,
        )

        assert done.returncode == 1
        assert f"import 'gateproof.{layer}', not '{layer}'" in done.stderr


HEAVY = {
    "hypothesis", "httpx", "jsonschema", "asyncio", "anyio", "jinja2", "rich", "trio", "tomllib",
}  # fmt: skip


def test_validators_load_light() -> None:
    code = (
        "import sys, json; from gateproof.validators import WSGIValidator, ASGIValidator; "
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}

    assert not loaded & (HEAVY | {"logging", "unittest"})


def test_idle_plugin_loads_light(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import sys, json, pathlib\n"
        "def test_one():\n"
        "    pathlib.Path('loaded.json').write_text(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "gateproof.conformance.plugin",
         "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    loaded = set(json.loads((tmp_path / "loaded.json").read_text()))

    assert done.returncode == 0, done.stdout
    assert "gateproof.conformance.plugin" in loaded
    assert "gateproof.conformance.suite" not in loaded
    assert not {name.split(".")[0] for name in loaded} & (HEAVY - {"tomllib"})
