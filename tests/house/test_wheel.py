"""The wheel holds what the tree holds, and lives beside other people's folders."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

LEFT_OUT = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "tests")
FOLDERS = ("conformance", "reports", "targets", "validators")


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing is left in the checkout."""
    copy = tmp_path_factory.mktemp("source") / "gateproof"
    shutil.copytree(checkout, copy, ignore=LEFT_OUT)
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), str(copy)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return next(out.glob("gateproof-*.whl"))


def test_wheel_holds_every_module_and_data_file(checkout: Path, wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout.split()
    files = [name for name in tracked if (checkout / name).exists()]
    if not files:  # not a git checkout: an unpacked source archive
        files = [
            str(path.relative_to(checkout))
            for folder in FOLDERS
            for path in (checkout / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        ]
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert packed == {f"gateproof/{name}" for name in files}


def test_wheel_lives_beside_a_project_with_the_same_folder_names(
    wheel: Path, tmp_path: Path
) -> None:
    """A project's own validators, tests and reports modules stay its own."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, system_site_packages=False)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    site = next((environment / "lib").glob("python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    project = tmp_path / "project"
    for name in ("validators", "tests", "reports"):
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text(f"WHOSE = 'the project {name}'\n")
    code = (
        "import validators, tests, reports; "
        "from gateproof.validators import WSGIValidator, ASGIValidator; "
        "import gateproof.reports.stream; "
        "print(validators.WHOSE, tests.WHOSE, reports.WHOSE, WSGIValidator.__name__, sep='; ')"
    )
    done = subprocess.run(
        [str(python), "-c", code], cwd=project, capture_output=True, text=True, timeout=60
    )

    assert done.stderr == ""
    assert done.stdout.strip() == (
        "the project validators; the project tests; the project reports; WSGIValidator"
    )


def test_an_editable_install_maps_the_folders_too(checkout: Path, tmp_path: Path) -> None:
    """Developers install the checkout itself; a change in it is seen at once."""
    copy = tmp_path / "source"
    shutil.copytree(checkout, copy, ignore=LEFT_OUT)
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "--no-deps", "-e", str(copy)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    code = (
        "import gateproof.validators, gateproof.validators.asgi.machines as machines; "
        "from gateproof.validators.catalogue import requirement; "
        "print(gateproof.validators.__file__, requirement('wsgi.status.form').level)"
    )
    done = subprocess.run(
        [str(python), "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    assert done.stdout.split() == [str(copy / "validators" / "__init__.py"), "must"], done.stderr
