"""``gateproof list routes``: what an application's own router answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gateproof.targets.routes.route import Route


class _EnvironmentFault(click.ClickException):
    exit_code = 3


@click.command(name="routes")
@click.option("--target", required=True, metavar="MODULE:ATTR", help="The application.")
@click.option("--interface", type=click.Choice(["wsgi", "asgi"]), help="What it speaks.")
@click.option("--app-dir", type=click.Path(path_type=Path), help="Folder to import it from.")
def list_routes(target: str, interface: Any, app_dir: Path | None) -> None:
    """List the routes of an application, each with the path that a sample request asks for.

    Nothing is sent to the application.
    """
    from gateproof.targets.application import open_application
    from gateproof.targets.endpoint import names_url
    from gateproof.targets.load import EnvironmentFaultError, TargetError
    from gateproof.targets.routes.discovery import discover
    from gateproof.targets.server_name import names_server

    if names_url(target) or names_server(target):
        raise click.UsageError(
            f"--target={target} is a server; name an application in this process"
        )
    try:
        application = open_application(target, app_dir or Path.cwd(), interface)
    except EnvironmentFaultError as error:
        raise _EnvironmentFault(str(error)) from None
    except TargetError as error:
        raise click.UsageError(str(error)) from None
    found = discover(application.call)
    for line in _table(found.routes):
        click.echo(line)
    for note in found.notes:
        click.echo(note if found.routes else f"no routes found: {note}", err=True)


def _table(routes: Iterable[Route]) -> Iterator[str]:
    from gateproof.targets.routes.samples import visit

    rows = [("methods", "path", "sample", "source")]
    for route in routes:
        asked = next((name for name in ("GET", *route.methods) if route.allowed((name,))), "GET")
        methods = ",".join(route.methods) or "any"
        rows.append((methods, route.path, visit(route, asked).target, route.source))
    if len(rows) > 1:
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row in rows:
            cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
            yield "  ".join([*cells, row[3]]).rstrip()
