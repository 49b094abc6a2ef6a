"""What docs/environments.md shows is what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from gateproof.conformance.cli import main
from gateproof.targets.environments import MissingServerError, environment_for
from gateproof.targets.registry import adapters
from gateproof.targets.server_name import PREFIX, parse_server


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "environments.md").read_text("utf-8")


def commands(page: str) -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


def test_every_command_is_one_of_ours_with_a_server_that_there_is(page: str) -> None:
    found = commands(page)

    assert len(found) >= 8
    for program, name, *arguments in found:
        assert program == "gateproof"
        command = main.commands[name]
        context = command.make_context(name, list(arguments), resilient_parsing=False)
        for server in context.params.get("servers", ()):
            chosen = parse_server(f"{PREFIX}{server}", adapters())
            assert chosen.choices(adapters()[chosen.name].variants)


def test_every_target_of_the_table_is_understood(page: str) -> None:
    targets = re.findall(r"^\| `(server:[^`]+)` \|", page, re.MULTILINE)

    assert len(targets) == 5
    for target in targets:
        assert str(parse_server(target, adapters())) == target


def test_the_table_of_doctor_tells_the_commands_that_it_tells(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPROOF_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setattr("sys.path", [])  # nothing is installed
    shown = re.findall(r"^(\S+) +absent +(gateproof env .*)$", page, re.MULTILINE)

    assert shown
    for name, command in shown:
        with pytest.raises(MissingServerError) as caught:
            environment_for(parse_server(f"{PREFIX}{name}"), adapters()[name])
        assert caught.value.command == command


def test_every_option_of_env_is_described(page: str) -> None:
    env = main.commands["env"]
    flags = {flag for one in env.params if isinstance(one, click.Option) for flag in one.opts}

    assert {flag for flag in flags if flag not in page} == set()
