"""A package index in a folder: small distributions of a server that nobody else has."""

from __future__ import annotations

import io
import tarfile
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conftest import Project, Ran

ADAPTER = """
from gateproof.targets.adapter import Adapter

ADAPTER = Adapter(
    name="tinyserver",
    distribution="Tiny.Server",
    interfaces=("wsgi",),
    argv=lambda launch: launch.run("tiny_server"),
    variants={"loop": ("plain", "fancy")},
    requires=lambda chosen: ("fancy-loop>=2",) if chosen["loop"] == "fancy" else (),
)
"""

# A build backend of the standard library alone: pip must not look for another.
BACKEND = """
import os, time, zipfile

WHEEL = "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def get_requires_for_build_wheel(config_settings=None):
    return []

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = os.path.join(folder, "INFO")
    os.mkdir(info)
    with open("PKG-INFO") as given, open(os.path.join(info, "METADATA"), "w") as out:
        out.write(given.read())
    with open(os.path.join(info, "WHEEL"), "w") as out:
        out.write(WHEEL)
    return "INFO"

def build_wheel(folder, config_settings=None, metadata_directory=None):
PLANTED
    name = "NAME-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel, open("PKG-INFO") as given:
        wheel.writestr("tiny_server.py", "")
        wheel.writestr("INFO/METADATA", given.read())
        wheel.writestr("INFO/WHEEL", WHEEL)
        wheel.writestr("INFO/RECORD", "")
    return name
"""


@dataclass(frozen=True)
class Shelf:
    """A folder of distributions that pip is told to look in, and in nothing else."""

    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        """What tells pip so."""
        return {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder),
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_NO_CACHE_DIR": "1",
        }

    def wheel(
        self,
        name: str,
        version: str,
        *,
        python: str = "",
        series: tuple[str, ...] = (),
        needs: tuple[str, ...] = (),
        files: Mapping[str, str] | None = None,
        tag: str = "py3-none-any",
    ) -> None:
        """Put a wheel in."""
        stem = f"{name.replace('-', '_')}-{version}"
        info = f"{stem}.dist-info"
        contents = {
            **(files or {f"{name.replace('-', '_')}.py": ""}),
            f"{info}/METADATA": _metadata(name, version, python, series, needs),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\n"
            f"Tag: {tag}\n",
        }
        record = "".join(f"{file},,\n" for file in [*contents, f"{info}/RECORD"])
        with zipfile.ZipFile(self.folder / f"{stem}-{tag}.whl", "w") as archive:
            for file, text in {**contents, f"{info}/RECORD": record}.items():
                archive.writestr(file, text)

    def source(self, name: str, version: str, *, planted: str = "", python: str = "") -> None:
        """Put a source archive in, whose building does what is ``planted``."""
        stem = f"{name.replace('-', '_')}-{version}"
        files = {
            "PKG-INFO": _metadata(name, version, python, (), ()),
            "pyproject.toml": "[build-system]\nrequires = []\n"
            'build-backend = "backend"\nbackend-path = ["."]\n',
            "backend.py": BACKEND.replace("INFO/", f"{stem}.dist-info/")
            .replace('"INFO"', f'"{stem}.dist-info"')
            .replace("NAME", stem)
            .replace(
                "PLANTED", textwrap.indent(textwrap.dedent(planted).strip() or "pass", "    ")
            ),
        }
        with tarfile.open(self.folder / f"{stem}.tar.gz", "w:gz") as archive:
            for file, text in files.items():
                entry = tarfile.TarInfo(f"{stem}/{file}")
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))


def _metadata(
    name: str, version: str, python: str, series: tuple[str, ...], needs: tuple[str, ...]
) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}"] if python else []
    lines += [f"Classifier: Programming Language :: Python :: {one}" for one in series]
    lines += [f"Requires-Dist: {one}" for one in needs]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Workshop:
    """A project whose environments are made from a shelf, in a folder of their own."""

    project: Project
    shelf: Shelf

    @property
    def root(self) -> Path:
        """Where environments are kept."""
        return self.project.folder / "environments"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of a run."""
        return {**self.shelf.variables, "GATEPROOF_ENVIRONMENTS": str(self.root)}

    def gateproof(self, *argv: str, timeout: float = 120) -> Ran:
        """Run our command."""
        return self.project.run(
            "gateproof.conformance.cli", *argv, timeout=timeout, env=self.variables
        )

    @property
    def folders(self) -> list[str]:
        """What is in the folder of environments."""
        entries = self.root.iterdir() if self.root.exists() else []
        return sorted(entry.name for entry in entries if not entry.name.startswith("."))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return Shelf(folder)


@pytest.fixture
def workshop(project: Project, shelf: Shelf) -> Workshop:
    project.write({"tiny.py": ADAPTER})
    return Workshop(project, shelf)
