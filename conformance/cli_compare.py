"""``gateproof compare``: the same requests to two entrances of a project."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateproof.conformance.entrances import Asked
    from gateproof.conformance.migration import Migration, Told


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--path", "paths", multiple=True, help="Request path to ask besides; repeatable.")
@click.option("--methods", help="HTTP methods that may be sent, comma-separated.")
@click.option("--host", help="Host header of the requests.")
@click.option("--app-dir", type=click.Path(), help="Folder to import both from.")
@click.option("--ignore-header", multiple=True, help="Leave out a header field; repeatable.")
@click.option("--ignore", multiple=True, help="Leave out what matches this regular expression.")
@click.option(
    "--profile",
    type=click.Choice(["quick", "default", "thorough", "nightly"]),
    help="How much traffic is generated.",
)
@click.option("--seed", help="Seed of the generated traffic.")
@click.option("--replay", help="Send one generated request again: the blob of a difference.")
@click.option("--database", help="Where requests that show a difference are kept.")
@click.option("--deadline", help="Seconds without an answer that count as a hang.")
def compare(old: str, new: str, **options: object) -> None:
    """Send the same requests to OLD and NEW, and tell what clients see differ.

    Both are MODULE:ATTRIBUTE, WSGI or ASGI, such as mysite.wsgi:application and
    mysite.asgi:application. Their routes are discovered. Exit code 1 when they differ.
    """
    from gateproof.conformance.comparing import Comparison, Ignored
    from gateproof.conformance.entrances import Entrance
    from gateproof.conformance.migration import Migration
    from gateproof.conformance.settings import SettingsError, settings
    from gateproof.targets.application import open_application
    from gateproof.targets.load import EnvironmentFaultError, TargetError

    words = {"path": "paths", "app_dir": "app-dir"}
    given = {words.get(key, key): value for key, value in options.items()}
    here = Path.cwd()
    try:
        chosen = settings(given, {}, here, here)
        ignored = Ignored(
            frozenset(name.lower() for name in _strings(options["ignore_header"])),
            tuple(map(_pattern, _strings(options["ignore"]))),
        )
        before, after = (
            Entrance(open_application(name, chosen.app_dir, None), chosen.host, chosen.deadline)
            for name in (old, new)
        )
        with before.open(), after.open():
            comparison = Comparison(before, after, ignored)
            migration = Migration(comparison, chosen.paths, chosen.methods, chosen.traffic)
            sys.exit(_told(migration, _again(old, new, options)))
    except EnvironmentFaultError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(3)
    except (TargetError, SettingsError) as error:
        raise click.UsageError(str(error)) from None


def _strings(values: object) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, tuple) else ()


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise click.UsageError(f"--ignore={text}: this is no regular expression: {error}") from None


def _again(old: str, new: str, options: dict[str, object]) -> str:
    """The command that asks again, without what is to be asked."""
    words = ["gateproof", "compare", old, new]
    kept = {"methods", "host", "app_dir", "ignore_header", "ignore"}
    for key, value in options.items():
        values = value if isinstance(value, tuple) else (value,)
        if key in kept:
            words += [f"--{key.replace('_', '-')}={one}" for one in values if one is not None]
    return shlex.join(words)


def _told(migration: Migration, again: str) -> int:
    """Print what differs while it is found; the exit code."""
    comparison = migration.comparison
    both = (comparison.old, comparison.new)
    migration.look()
    for word, entrance, found in zip(("old", "new"), both, migration.routes, strict=True):
        kind = entrance.application.interface.upper()
        click.echo(f"{word}  {entrance.name} is {kind}; {found.line(migration.methods)}")
    click.echo(f"sends {', '.join(migration.methods)}")
    count = 0
    for told in migration.run():
        count += 1
        click.echo(f"\n{count}. " + "\n   ".join(_lines(told, again)))
    if comparison.varied:
        left = ", ".join(sorted(comparison.varied))
        click.echo(f"\nleft out where it varies from answer to answer: {left}")
    asked = sum(entrance.asked for entrance in both)
    differences = f"{count} difference{'s' if count > 1 else ''}" if count else "no difference"
    click.echo(f"\n{asked} requests, {differences}")
    return 1 if count else 0


def _lines(told: Told, again: str) -> list[str]:
    asked, difference = told.asked, told.difference
    lines = [f"{difference.aspect} differs" + (f" at {asked.route}" if asked.route else "")]
    lines.append(f"request  {asked}")
    lines += [f"         {name}: {value}" for name, value in asked.fields]
    if asked.body:
        lines.append(f"         {len(asked.body)} octets {asked.body[:60]!r}")
    lines += [f"old      {difference.old}", f"new      {difference.new}"]
    if not told.again:
        lines.append("note     it did not show each time")
    option = _option(told, asked)
    return [*lines, f"again    {again} {shlex.quote(option)}"] if option else lines


def _option(told: Told, asked: Asked) -> str:
    """The option that asks for the same once more, where one does."""
    if told.blob:
        return f"--replay={told.blob}"
    plain = asked.method == "GET" and not asked.fields
    return f"--path={str(asked).partition(' ')[2]}" if plain else ""
