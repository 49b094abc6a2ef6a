"""Adapters as data: ours, a third party's file, an entry point; and known deviations."""

from __future__ import annotations

import asyncio
import itertools
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from processes.measure import all_measured

from gateproof.targets.adapter import Adapter, Features, Known, Launch
from gateproof.targets.registry import adapters
from gateproof.targets.server import TargetError, open_server
from gateproof.targets.server_name import parse_server
from gateproof.targets.servers import bundled

ADAPTERS = bundled()
NAMED = {"wsgi", "asgi"}


def choices(adapter: Adapter) -> list[dict[str, str]]:
    """All that can be chosen."""
    return [
        dict(zip(adapter.variants, values, strict=True))
        for values in itertools.product(*adapter.variants.values())
    ]


def launch(adapter: Adapter, chosen: dict[str, str], **more: object) -> Launch:
    interface = adapter.interface(chosen)
    made = Launch(
        python=Path("/env/bin/python"),
        app=f"probe:{interface}",
        interface=interface,
        host="127.0.0.1",
        port=4321,
        fd=77,
        scratch=Path("/scratch"),
        variants=chosen,
    )
    return replace(made, **more)


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_is_complete(name):
    adapter = ADAPTERS[name]

    assert re.fullmatch(r"[a-z0-9-]+", adapter.name)
    assert adapter.homepage.startswith("https://")
    assert set(adapter.interfaces) <= NAMED
    assert {adapter.interface(chosen) for chosen in choices(adapter)} == {*adapter.interfaces}
    for chosen in choices(adapter):
        argv = adapter.argv(launch(adapter, chosen))
        assert argv
        assert all(type(word) is str for word in argv)
        assert isinstance(adapter.features(chosen), Features)
        where = "4321" if adapter.listens(chosen) != "fd" else "77"
        assert any(where in word for word in argv), argv
    for column in adapter.columns:
        text = ",".join(f"{key}={value}" for key, value in column)
        parse_server(f"server:{name}[{text}]" if text else f"server:{name}").choices(
            adapter.variants
        )


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_variant_changes_something(name):
    adapter = ADAPTERS[name]
    default = choices(adapter)[0]
    for key, values in adapter.variants.items():
        shown = [
            (adapter.argv(launch(adapter, chosen)), adapter.requires(chosen))
            for value in values
            for chosen in [{**default, key: value}]
        ]
        assert len({repr(one) for one in shown}) == len(values), key


def test_each_file_holds_one_server():
    folder = Path(sys.modules["gateproof.targets.servers"].__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    assert files == {name.replace("-", "_") for name in ADAPTERS}


def test_a_port_is_found_in_the_log_by_the_pattern():
    lines = {
        "uvicorn": "INFO:     Uvicorn running on http://127.0.0.1:4321 (Press CTRL+C to quit)",
        "gunicorn": "[2026-11-22] [1] [INFO] Listening at: http://127.0.0.1:4321 (1)",
        "waitress": "INFO:waitress:Serving on http://127.0.0.1:4321",
        "twisted": "2026-11-22T00:00:00 [twisted.web.server.Site#info] Site starting on 4321",
        "pyvoy": "pyvoy listening on 127.0.0.1:4321",
        "wsgiref": "PORT 4321",
        "a2wsgi-asgi": "INFO:waitress:Serving on http://127.0.0.1:4321",
    }
    for name, line in lines.items():
        found = re.search(ADAPTERS[name].port_told, f"before\n{line}\nafter", re.MULTILINE)
        assert found, name
        assert [group for group in found.groups() if group] == ["4321"]


@pytest.mark.parametrize(
    ("version", "word"), [("19.4.5", "gunicorn.app.wsgiapp"), ("20.1.0", "gunicorn")]
)
def test_old_releases_get_the_command_that_they_know(version, word):
    adapter = ADAPTERS["gunicorn"]
    old = launch(adapter, GTHREAD, versions={"gunicorn": version})

    assert adapter.argv(old)[2] == word
    assert "--no-control-socket" not in adapter.argv(old)


def test_an_unknown_release_counts_as_the_latest():
    unknown = launch(ADAPTERS["gunicorn"], GTHREAD)

    assert unknown.since("gunicorn", "99")
    assert not replace(unknown, versions={"gunicorn": "98.9"}).since("Gunicorn", "99")
    assert replace(unknown, versions={"gunicorn": "99.0"}).since("gunicorn", "99")


GTHREAD = {"worker": "gthread", "forwarded": "ignored"}
KNOWN = Known("server.http1::trailers-*", "<3.1,!=2.0", "dropped", "https://example.org/1")


@pytest.mark.parametrize(
    ("name", "version", "covered"),
    [
        ("server.http1::trailers-merged", "3.0.2", True),
        ("server.http1::trailers-merged", "3.1", False),
        ("server.http1::trailers-merged", "3.1rc1", False),  # a candidate of 3.1 is not before it
        ("server.http1::trailers-merged", "3.0rc1", True),
        ("server.http1::trailers-merged", "2.0", False),
        ("server.http1::trailer", "3.0", False),
        ("server.http1::TRAILERS-merged", "3.0", False),
        ("server.http1::trailers-merged", "", False),
        ("server.http1::trailers-merged", "unknown", False),
    ],
)
def test_a_known_deviation_is_bound_to_releases(name, version, covered):
    assert KNOWN.covers(name, version) is covered


def test_a_known_deviation_of_all_releases():
    everywhere = replace(KNOWN, versions="")

    assert everywhere.covers("server.http1::trailers-merged", "99")
    assert everywhere.covers("server.http1::trailers-merged", "")


def blocks(checkout: Path) -> dict[str, str]:
    """The Python files in the page about adding a server, by their first lines."""
    text = (checkout / "docs" / "adding-a-server.md").read_text("utf-8")
    found = re.findall(r"^```python\n# (\S+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return dict(found)


@pytest.fixture
def third_party(checkout, tmp_path):
    files = blocks(checkout)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert sorted(files) == ["my_server.py", "my_target.py"]
    return tmp_path / "my_target.py"


def test_the_documented_example_starts_and_can_what_it_says(third_party, monkeypatch):
    monkeypatch.chdir(third_party.parent)
    with open_server("./my_target.py") as server:
        server.start()
        found = asyncio.run(all_measured(server))
        ended = server.stop()

    assert (server.label, server.interface) == ("my_target", "wsgi")
    assert found.pop("concurrency") >= server.features.concurrency
    assert {name: getattr(server.features, name) for name in found} == found
    assert ended.code in server.adapter.stop_codes


def test_a_variant_of_a_third_party_that_it_does_not_have(third_party):
    with pytest.raises(TargetError, match="has no variant 'loop'; it has only python="):
        open_server(f"{third_party}[loop=uvloop]")


@pytest.fixture
def installed(third_party, tmp_path, monkeypatch):
    """Install the example with an entry point that leads to ``value``."""

    def install(value: str) -> None:
        info = tmp_path / "my_distribution-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-distribution\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[gateproof.targets]\nmy-server = {value}\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "my_target", raising=False)

    yield install
    sys.modules.pop("my_target", None)


@pytest.mark.parametrize("value", ["my_target", "my_target:ADAPTER"])
def test_an_entry_point_makes_a_server_known_by_name(installed, value):
    installed(value)

    assert adapters()["my-server"].name == "my-server"
    assert set(ADAPTERS) < set(adapters())
    with open_server("server:my-server") as server:
        assert server.label == "my-server"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("my_target:argv", "entry point 'my-server': ADAPTER is function, not a gateproof"),
        ("no_such_module", "entry point 'my-server' of gateproof.targets (no_such_module) cannot"),
    ],
)
def test_a_broken_entry_point_is_told(installed, value, sentence):
    installed(value)

    with pytest.raises(TargetError, match=re.escape(sentence)):
        adapters()
