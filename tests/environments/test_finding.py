"""A server is found where the target string says, or the one command is told that makes it so."""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
import venv
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateproof.targets.adapter import Adapter
from gateproof.targets.environments import (
    Made,
    MissingServerError,
    environment_for,
    environments_folder,
    installed,
    lacking,
    made_environments,
    packages,
)
from gateproof.targets.load import EnvironmentFaultError, TargetError
from gateproof.targets.server_name import parse_server

if TYPE_CHECKING:
    from tests.environments.conftest import Workshop

TINY = Adapter(
    name="tinyserver",
    distribution="Tiny.Server",
    interfaces=("wsgi",),
    argv=lambda launch: launch.run("tiny_server"),
    variants={"loop": ("plain", "fancy")},
    requires=lambda chosen: ("fancy-loop>=2",) if chosen["loop"] == "fancy" else (),
)
HERE = ".".join(map(str, sys.version_info[:3]))


def found(target: str, adapter: Adapter = TINY) -> tuple[str, str, str]:
    """Interpreter's environment, release and origin."""
    place = environment_for(parse_server(target), adapter)
    return place.python.parent.parent.name, place.version, place.origin


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "environments"
    monkeypatch.setenv("GATEPROOF_ENVIRONMENTS", str(folder))
    return folder


def made(root: Path, name: str, python: str = HERE, **versions: str) -> Made:
    """A complete environment, without what pip would have taken seconds for."""
    folder = root / name
    venv.create(folder, with_pip=False, symlinks=True)
    put(packages(folder)[0], **versions)
    one = Made(folder, "tiny-server", versions["Tiny_Server"], python, (), f"2026-01-01T{name}")
    one.write()
    return one


def put(site: Path, **versions: str) -> None:
    """Metadata of distributions, as an installer leaves them."""
    for name, release in versions.items():
        info = site / f"{name}-{release}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '.')}\nVersion: {release}\n"
        )


def test_nothing_anywhere_tells_the_command(root: Path) -> None:
    with pytest.raises(MissingServerError) as caught:
        environment_for(parse_server("server:tinyserver==1.0[loop=fancy,python=3.9]"), TINY)

    assert caught.value.command == "gateproof env 'tinyserver==1.0[loop=fancy,python=3.9]'"
    assert caught.value.command in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_newest_fitting_environment_is_taken(root: Path) -> None:
    made(root, "a", Tiny_Server="1.10")
    made(root, "b", Tiny_Server="1.9", fancy_loop="2.1")
    made(root, "c", Tiny_Server="1.9", fancy_loop="1.0")
    made(root, "d", python="3.9.18", Tiny_Server="1.2")

    assert found("server:tinyserver") == ("a", "1.10", "a")
    assert found("server:tinyserver==1.9") == ("c", "1.9", "c")
    assert found("server:tinyserver[loop=fancy]") == ("b", "1.9", "b")
    assert found("server:tinyserver[python=3.9]") == ("d", "1.2", "d")
    assert found("server:tinyserver[python=3.9.18]") == ("d", "1.2", "d")
    for target, lack in [
        ("server:tinyserver==2.0", "gateproof env tinyserver==2.0"),
        ("server:tinyserver==1.10[loop=fancy]", "gateproof env 'tinyserver==1.10[loop=fancy]'"),
        ("server:tinyserver[python=3.9.1]", "gateproof env 'tinyserver[python=3.9.1]'"),
    ]:
        with pytest.raises(MissingServerError) as caught:
            found(target)
        assert caught.value.command == lack


def test_this_environment_goes_before_made_ones(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(root, "made", Tiny_Server="9.0", fancy_loop="3")
    put(tmp_path / "site", Tiny_Server="1.0")
    monkeypatch.syspath_prepend(tmp_path / "site")
    own = Path(sys.executable).parent.parent.name

    assert found("server:tinyserver") == (own, "1.0", "this environment")
    assert found("server:tinyserver==1.0.0") == (own, "1.0", "this environment")
    assert found("server:tinyserver==9.0") == ("made", "9.0", "made")
    assert found("server:tinyserver[loop=fancy]") == ("made", "9.0", "made")


def test_an_environment_without_record_or_without_its_python_does_not_count(root: Path) -> None:
    half = made(root, "half", Tiny_Server="1.0")
    (half.folder / "environment.json").unlink()
    gone = made(root, "gone", Tiny_Server="1.0")
    for program in (gone.folder / "bin").glob("python*"):
        program.unlink()
    for name, text in [("torn", '{"format": 1, '), ("other", '{"format": 99}'), ("odd", "[]")]:
        made(root, name, Tiny_Server="1.0")
        (root / name / "environment.json").write_text(text)
    (root / "file").write_text("")

    assert made_environments() == []
    with pytest.raises(MissingServerError):
        found("server:tinyserver")


def test_python_names_an_environment(root: Path, tmp_path: Path) -> None:
    made(tmp_path, "own", Tiny_Server="3.1")
    folder, program = tmp_path / "own", tmp_path / "own/bin/python"

    assert found(f"server:tinyserver[python={folder}]")[1] == "3.1"
    assert found(f"server:tinyserver[python={program}]") == ("own", "3.1", f"python={program}")
    assert found(f"server:tinyserver==3.1[python={program}]")[1] == "3.1"


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("==3.0[python={program}]", "has Tiny.Server 3.1, not 3.0"),
        ("[loop=fancy,python={program}]", "has no fancy-loop"),
    ],
)
def test_an_environment_that_lacks_something_says_what(
    root: Path, tmp_path: Path, choice: str, told: str
) -> None:
    made(tmp_path, "own", Tiny_Server="3.1")

    with pytest.raises(EnvironmentFaultError, match=told):
        found(f"server:tinyserver{choice.format(program=tmp_path / 'own/bin/python')}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("#!/bin/sh\necho hello\n", "not a Python 3.8 or later"),
        ("#!/bin/sh\nexit 3\n", "not a Python 3.8 or later"),
        ("no program at all", "not a program that can be run"),
        (None, "there is no "),
    ],
)
def test_what_is_no_python_is_a_usage_error(
    root: Path, tmp_path: Path, text: str | None, told: str
) -> None:
    program = tmp_path / "python"
    if text is not None:
        program.write_text(text)
        program.chmod(0o755 if text.startswith("#!") else 0o644)

    with pytest.raises(TargetError, match=told) as caught:
        found(f"server:tinyserver[python={program}]")

    assert not isinstance(caught.value, EnvironmentFaultError)


def test_a_server_of_the_standard_library_has_the_release_of_its_python(root: Path) -> None:
    standard = replace(TINY, name="wsgiref", distribution="", variants={}, requires=lambda _: ())

    assert found("server:wsgiref", standard)[1:] == (HERE, "this environment")
    with pytest.raises(MissingServerError, match=r"there is no Python 3\.99 here") as caught:
        found("server:wsgiref[python=3.99]", standard)
    assert caught.value.command == ""


@pytest.mark.parametrize(
    ("needed", "exact", "lack"),
    [
        (["Tiny.Server", "fancy_loop>=1"], "1.0", ""),
        (["tiny-server"], "1", ""),
        (["tiny-server"], "1.1", "tiny-server 1.0, not 1.1"),
        (["tiny-server", "fancy-loop>=3"], "", "fancy-loop 2.0rc1, not >=3"),
        (["tiny-server", "fancy-loop>=2.0rc1"], "", ""),
        (["tiny-server", "absent"], "", "no absent"),
        (["tiny-server", "absent; python_version < '3'"], "", ""),
    ],
)
def test_what_is_lacking_is_told_by_name_and_release(
    needed: list[str], exact: str, lack: str
) -> None:
    versions = {"tiny-server": "1.0", "fancy-loop": "2.0rc1"}

    assert lacking(needed, exact, versions) == lack


def test_what_is_installed_is_read_from_every_form_of_metadata(tmp_path: Path) -> None:
    for name in (
        "Tiny_Server-1.0.dist-info",
        "Twisted-19.10.0-py3.8.egg-info",
        "zope.interface-7.2-py3.11.egg-info",
        "foo-bar-2.0.egg-info",
        "own.egg-info",
        "package",
        "module-1.0.py",
    ):
        (tmp_path / name).mkdir()

    assert installed([tmp_path, tmp_path / "nowhere"]) == {
        "tiny-server": "1.0",
        "twisted": "19.10.0",
        "zope-interface": "7.2",
        "foo-bar": "2.0",
    }


def test_environments_are_kept_in_the_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"GATEPROOF_ENVIRONMENTS": "~/mine"}
    monkeypatch.setenv("XDG_CACHE_HOME", os.sep + "cache")

    assert environments_folder(given) == Path("~/mine").expanduser()
    if sys.platform == "linux":
        assert environments_folder({}) == Path("/cache/gateproof/environments")


def used() -> float:
    """Seconds that our children worked: unlike the clock, the same on a busy machine."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_doctor_tells_every_server_quickly(workshop: Workshop) -> None:
    for number in range(30):
        made(workshop.root, f"e{number}", Tiny_Server=f"1.{number}")
    one = made(workshop.root, "u", Tiny_Server="0.1")
    put(packages(one.folder)[0], waitress="0.0.1")
    replace(one, distribution="waitress", version="0.0.1").write()
    began = used()
    ran = workshop.gateproof("doctor")
    took = used() - began

    assert ran.code == 0, ran.text
    rows = {line.split()[0]: line.split() for line in ran.lines}
    here = importlib.util.find_spec("waitress") is not None
    assert rows["waitress"][1:4] == (
        [version("waitress"), HERE, "this"] if here else ["0.0.1", HERE, one.folder.name]
    )
    for name, row in rows.items():
        if len(row) > 1 and row[1] == "absent" and "=" not in name:
            assert row[2:] == ["gateproof", "env", name]
    assert {"gunicorn", "uvicorn", "hypercorn", "daphne", "Python"} <= set(rows)
    assert HERE in rows["Python"]
    assert took < 2.0, took
