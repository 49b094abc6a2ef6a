"""``gateproof env`` and ``gateproof doctor``: which servers can run here, and how to get others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateproof.targets.adapter import Adapter
    from gateproof.targets.environments import Made
    from gateproof.targets.server_name import ServerName


@click.command()
@click.argument("servers", metavar="NAME[==VERSION][[VARIANT=VALUE,python=3.9]]...", nargs=-1)
@click.option(
    "--with", "also", multiple=True, metavar="REQUIREMENT", help="Install this too; repeatable."
)
@click.option("--timeout", type=click.FloatRange(min=1), help="Seconds that it may take.")
@click.option("--list", "listed", is_flag=True, help="List the environments that were made.")
@click.option("--remove", "removed", is_flag=True, help="Remove the named environments.")
def env(
    servers: tuple[str, ...],
    also: tuple[str, ...],
    timeout: float | None,
    listed: bool,
    removed: bool,
) -> None:
    """Make an environment that holds one release of a server.

    --target=server:NAME==VERSION then runs the server from it. Without a version the newest
    release is taken; without python= the newest Python here that the release was made for. What is
    there already is not made again. --remove takes names as --list prints them, or NAME,
    NAME==VERSION.
    """
    if listed or removed:
        if also or (listed and (servers or removed)):
            raise click.UsageError("--list stands alone, and --remove takes names only")
        _list() if listed else _remove(servers)
        return
    if not servers:
        raise click.UsageError("say which server, as in: gateproof env gunicorn==20.1.0")
    for text in servers:
        _make(text, also, timeout)


@click.command()
def doctor() -> None:
    """Say which servers can run here, which can't, and what would change that."""
    import platform

    from gateproof.targets.environments import environments_folder, made_environments
    from gateproof.targets.pythons import pythons
    from gateproof.targets.registry import adapters

    with _told():
        found = list(adapters().values())
    made = made_environments()
    rows = [("server", "release", "Python", "from")]
    rows += [row for adapter in found for row in _standing(adapter, made)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[3]]).rstrip())
    here = ", ".join(dict.fromkeys(f"{one} ({one.origin})" for one in pythons()))
    click.echo(f"\nPython        {platform.python_version()} in {sys.prefix}")
    click.echo(f"Pythons       {here}")
    click.echo(f"environments  {environments_folder()}")


def _standing(adapter: Adapter, made: list[Made]) -> Iterator[tuple[str, str, str, str]]:
    """A server's row, and one for each variant that stands otherwise than its default."""
    from gateproof.targets.server_name import ServerName

    first = _row(adapter, adapter.name, ServerName(adapter.name), made)
    yield first
    if first[1] == "absent":
        return
    for key, values in adapter.variants.items():
        for value in values[1:]:
            name = ServerName(adapter.name, variants=((key, value),))
            row = _row(adapter, f"  {key}={value}", name, made)
            if row[1:] != first[1:]:
                yield row


def _row(
    adapter: Adapter, label: str, name: ServerName, made: list[Made]
) -> tuple[str, str, str, str]:
    """Label, release, Python and where it is; or the command that would change its absence."""
    from gateproof.targets.environments import MissingServerError, environment_for

    try:
        place = environment_for(name, adapter, made)
    except MissingServerError as problem:
        return label, "absent", "", problem.command
    return label, place.version, place.python_version, place.origin


def _make(text: str, also: tuple[str, ...], timeout: float | None) -> None:
    import shlex
    import signal
    from dataclasses import replace

    from gateproof.targets.environment_build import WITHIN, make
    from gateproof.targets.environments import MissingServerError, environment_for

    # An order to end goes the way of Ctrl-C: what is half made is removed.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with _told():
        name, adapter = _named(text)
        made = make(name, adapter, also, within=timeout or WITHIN, say=_aside)
        # What to write to run it; by its path, where the same words mean another environment.
        name = replace(name, version=made.version, python=name.series)
        try:
            taken = environment_for(name, adapter).python
        except MissingServerError:
            taken = None
        if taken != made.interpreter:
            name = replace(name, version="", python=str(made.folder))
    click.echo(f"{made.distribution} {made.version} on Python {made.python}: {made.folder}")
    click.echo(f"run it with {shlex.quote(f'--target={name}')}")


def _aside(line: str) -> None:
    """Tell what takes long, beside the result."""
    click.echo(line, err=True)


def _named(text: str) -> tuple[ServerName, Adapter]:
    """The target that was meant, with its adapter."""
    from gateproof.targets.load import TargetError
    from gateproof.targets.registry import adapters
    from gateproof.targets.server_name import PREFIX, names_server, parse_server

    said = f"gateproof env {text}"
    target = text if names_server(text) else f"{PREFIX}{text}"
    known = adapters(parse_server(target, said=said).file)
    name = parse_server(target, known, said)
    if name.every:
        raise TargetError(f"{said}: name the servers one by one; gateproof doctor lists them")
    return name, known[name.name] if name.name in known else next(iter(known.values()))


def _list() -> None:
    from gateproof.targets.environments import environments_folder, made_environments

    found = made_environments()
    if not found:
        click.echo(f"there are no environments in {environments_folder()}")
    rows = [
        (one.folder.name, one.distribution, one.version, one.python, " ".join(one.requirements))
        for one in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[4]]).rstrip())


def _remove(names: tuple[str, ...]) -> None:
    """Remove environments by folder name, by distribution, or by distribution and release."""
    from gateproof.targets.environments import made_environments, remove
    from gateproof.targets.load import TargetError
    from gateproof.validators.catalogue import nearest

    if not names:
        raise click.UsageError("say which; gateproof env --list prints the names")
    found = made_environments()
    with _told():
        for name in names:
            meant = [
                one
                for one in found
                if name in (one.folder.name, one.distribution, f"{one.distribution}=={one.version}")
            ]
            if not meant:
                near = nearest(name, [one.folder.name for one in found])
                hint = f"; did you mean {' or '.join(near)}?" if near else ""
                raise TargetError(f"gateproof env --remove: there is no environment {name}{hint}")
            for one in meant:
                found.remove(one)
                remove(one)
                click.echo(f"removed {one.folder}")


class _told:  # noqa: N801 - reads as the statement it is
    """Turns what ends a command into our exit codes: 4 usage, 3 environment, 2 interrupted."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        from gateproof.targets.load import EnvironmentFaultError, TargetError

        if isinstance(problem, KeyboardInterrupt):
            raise _Interrupted("interrupted; what was half made is removed") from None
        if isinstance(problem, TargetError):
            if isinstance(problem, EnvironmentFaultError):
                raise _EnvironmentFault(str(problem)) from None
            raise _UsageFault(str(problem)) from None


class _Interrupted(click.ClickException):
    exit_code = 2


class _EnvironmentFault(click.ClickException):
    exit_code = 3


class _UsageFault(click.ClickException):
    exit_code = 4
