"""The ``gateproof`` command: thin; ``run`` is pytest, the rest reads data."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateproof.conformance.cli_compare import compare
from gateproof.conformance.cli_routes import list_routes
from gateproof.conformance.cli_servers import doctor, env

if TYPE_CHECKING:
    from gateproof.validators.catalogue import Requirement


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gateproof", prog_name="gateproof")
def main() -> None:
    """Hold WSGI and ASGI applications against their specs."""


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("target")
@click.option("--server", multiple=True, help="Server that carries TARGET; repeatable.")
@click.option("--interface", type=click.Choice(["wsgi", "asgi"]), help="What TARGET speaks.")
@click.option("--path", "paths", multiple=True, help="Request path to send to; repeatable.")
@click.option("--routes", type=click.Choice(["auto", "none"]), help="Whether to look for routes.")
@click.option("--methods", help="HTTP methods that may be sent, comma-separated.")
@click.option("--host", help="Host header of the requests.")
@click.option("--backend", type=click.Choice(["asyncio", "trio"]), help="Event loop.")
@click.option("--app-dir", type=click.Path(), help="Folder to import TARGET from.")
@click.option("--report", type=click.Path(), help="Write a self-contained HTML report.")
@click.option("--results", type=click.Path(), help="Write the result stream (JSON Lines).")
@click.option("--select", multiple=True, help="Only requirements and cases matching this glob.")
@click.option("--ignore", multiple=True, help="Not requirements and cases matching this glob.")
@click.option("--level", type=click.Choice(["must", "should", "all"]), help="What fails a run.")
@click.option("--deadline", type=float, help="Seconds without progress that count as a hang.")
@click.option(
    "--profile",
    type=click.Choice(["quick", "default", "thorough", "nightly"]),
    help="How much traffic is generated.",
)
@click.option("--seed", type=int, help="Seed of the generated traffic.")
@click.option("--replay", help="Play one generated example again: the blob of a finding.")
@click.option("--database", help="Where generated examples are kept: a folder, redis:// or none.")
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def run(target: str, pytest_args: tuple[str, ...], **options: object) -> None:
    """Run the suite against TARGET, as pytest --target=TARGET does.

    Further arguments are handed to pytest.
    """
    import pytest

    sys.exit(int(pytest.main([f"--target={target}", *_pytest_options(options), *pytest_args])))


_LONG = {
    "server": "--target-server",
    "interface": "--target-interface",
    "paths": "--target-path",
    "routes": "--target-routes",
    "methods": "--target-methods",
    "host": "--target-host",
    "backend": "--target-backend",
    "app_dir": "--target-app-dir",
    "report": "--conformance-report",
    "results": "--conformance-results",
    "select": "--conformance-select",
    "ignore": "--conformance-ignore",
    "level": "--conformance-level",
    "deadline": "--conformance-deadline",
    "profile": "--conformance-profile",
    "seed": "--conformance-seed",
    "replay": "--conformance-replay",
    "database": "--conformance-database",
}


def _pytest_options(options: dict[str, object]) -> list[str]:
    words = []
    for name, value in options.items():
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        words += [f"{_LONG[name]}={item}" for item in values]
    return words


@main.command()
@click.argument("name")
def explain(name: str) -> None:
    """Print one requirement, or our position on a disputed point.

    NAME is a requirement's id, or a position's name as listed by
    "gateproof list positions".
    """
    from gateproof.validators.catalogue import UnknownRequirementError, requirement
    from gateproof.validators.disputes import disputes, governing

    if name in disputes():
        click.echo(disputes()[name].page.rstrip())
        return
    try:
        entry = requirement(name)
    except UnknownRequirementError as error:
        raise click.UsageError(str(error)) from None
    click.echo(explained(entry))
    for one in governing(entry.id):
        click.echo(f"\n{one.page.rstrip()}")


def explained(entry: Requirement) -> str:
    """The page that ``gateproof explain`` prints for ``entry``."""
    facts = [
        ("level", f"{entry.level}{' (implied by the text)' if entry.implied else ''}"),
        ("party", entry.party),
        ("enforced", _ENFORCED[entry.enforce]),
        ("section", entry.section),
        ("link", entry.url),
        ("since", entry.since),
        ("breaks", entry.breaks),
        ("mends", entry.mends),
        ("checked", _checked(entry)),
        ("position", entry.position),
    ]
    lines = [entry.id, "", *textwrap.wrap(entry.summary, 88), ""]
    for name, value in facts:
        if value:
            wrapped = textwrap.wrap(value, 76, break_long_words=False, break_on_hyphens=False)
            lines += [f"  {name:<9} {wrapped[0]}", *(f"  {'':<9} {line}" for line in wrapped[1:])]
    return "\n".join(lines)


def _checked(entry: Requirement) -> str:
    """By what a requirement is checked, or why it is not."""
    from gateproof.conformance.checked import account

    found = account(entry)
    return {
        "validator": f"by the validators: {entry.check}",
        "case": f"by the suite, {', '.join(found.names)}: {entry.check}",
        "restated": f"as {', '.join(found.names)}",
        "permission": "by applications that make use of it and have to pass",
        "reason": f"not: {found.why}",
        "nothing": f"not yet: {entry.check}",
    }[found.by]


_ENFORCED = {
    "fail": "breaking it fails a run",
    "weak": "breaking it is a warning (fails with --conformance-level=should)",
    "observed": "what happens is recorded, never a failure",
}


@main.group(name="list")
def list_() -> None:
    """List requirements, cases, positions, targets or routes."""


@list_.command(name="requirements")
@click.argument("pattern", default="*")
@click.option("--unchecked", is_flag=True, help="Only what no check decides, with the reason.")
def list_requirements(pattern: str, unchecked: bool) -> None:
    """List the requirements whose id matches PATTERN (a glob)."""
    from gateproof.validators.catalogue import matches, nearest, requirements

    if unchecked:
        _list_unchecked(pattern)
        return
    found = [entry for entry in requirements() if matches(entry.id, [pattern])]
    if not found:
        near = nearest(pattern, (entry.id for entry in requirements()))
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"no requirement matches {pattern!r}{hint}")
    width = max(len(entry.id) for entry in found)
    for entry in found:
        click.echo(f"{entry.id:<{width}}  {entry.level:<10} {entry.party:<11} {entry.summary}")


def _list_unchecked(pattern: str) -> None:
    """Print what could be seen at the boundary and is not decided, each with the reason."""
    from gateproof.conformance.checked import unchecked
    from gateproof.validators.catalogue import matches

    found = [one for one in unchecked() if matches(one.requirement.id, [pattern])]
    for one in found:
        click.echo(one.requirement.id)
        click.echo(f"    {one.why or 'no check yet'}")


@list_.command(name="cases")
@click.argument("pattern", default="*")
def list_cases(pattern: str) -> None:
    """List the cases whose id matches PATTERN (a glob)."""
    from gateproof.conformance.case import cases
    from gateproof.validators.catalogue import matches, nearest

    found = [case for case in cases().values() if matches(case.full_id, [pattern, f"*::{pattern}"])]
    if not found:
        near = nearest(pattern, (case.full_id for case in cases().values()))
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"no case matches {pattern!r}{hint}")
    width = max(len(case.full_id) for case in found)
    for case in found:
        click.echo(f"{case.full_id:<{width}}  {case.title}")


@list_.command(name="positions")
def list_positions() -> None:
    """List the disputed points on which we hold a position."""
    from gateproof.validators.disputes import disputes

    width = max(map(len, disputes()))
    for name, one in disputes().items():
        click.echo(f"{name:<{width}}  {one.question}")


@list_.command(name="targets")
def list_targets() -> None:
    """List the kinds of target that can be tested here."""
    click.echo("MODULE:ATTRIBUTE    a WSGI or ASGI application in this process, found by import")
    click.echo("MODULE:FACTORY()    what a factory returns, called with literal arguments")
    click.echo("server:NAME         a server, with our own application inside; also")
    click.echo("                    server:NAME==VERSION[variant=value,python=3.9]; see doctor")
    click.echo("server:all          every server that can run here")
    click.echo("https://HOST        a server that somebody else runs, where our probe is deployed")
    click.echo("./FILE.py           a server of your own: the ADAPTER in a Python file")


@main.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="File to write as HTML.")
@click.option("--markdown", type=click.Path(path_type=Path), help="File to write as Markdown.")
def report(results: Path, html: Path | None, markdown: Path | None) -> None:
    """Write reports from a result stream, also from that of a killed run."""
    from gateproof.reports.formats import FORMATS, write
    from gateproof.reports.stream import StreamError, read
    from gateproof.reports.terminal import verdict_line

    wanted = [(html, ".html"), (markdown, ".md")]
    outputs = [(path, FORMATS[suffix]) for path, suffix in wanted if path is not None]
    if not outputs:
        raise click.UsageError("say what to write: --html FILE, --markdown FILE or both")
    try:
        found = read(results)
        for path, form in outputs:
            write(found, path, form)
    except StreamError as error:
        raise click.UsageError(str(error)) from None
    for path, _ in outputs:
        click.echo(f"report: {path}")
    click.echo(verdict_line(found))


def _exit_as_documented() -> None:
    """Click ends usage errors with 2; ours, like pytest's, end with 4."""
    click.UsageError.exit_code = 4
    click.FileError.exit_code = 4


_exit_as_documented()
list_.add_command(list_routes)
main.add_command(env)
main.add_command(doctor)
main.add_command(compare)


if __name__ == "__main__":
    main(prog_name="gateproof")
