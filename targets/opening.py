"""The servers that a target string names, each in the environment that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateproof.targets.load import EnvironmentFaultError
from gateproof.targets.registry import adapters
from gateproof.targets.server import Server, open_server
from gateproof.targets.server_name import ServerName, parse_server


def open_servers(
    target: str, *, application: str | None = None, app_dir: Path | None = None
) -> Iterator[Server]:
    """The servers that ``target`` names, not yet started: one, or all that can run here.

    Args:
        target: such as ``server:uvicorn[http=h11]``, ``server:all`` or ``./my_target.py``.
        application: ``module:attribute`` of the user's application; our probe's own when left out.
        app_dir: the folder that the user's application is imported from.

    Raises:
        TargetError: the string is wrong.
        EnvironmentFaultError: a server cannot be had here; for ``server:all``, none can.
    """
    name = parse_server(target)
    if not name.every:
        yield open_server(target, application=application, app_dir=app_dir)
        return
    found = 0
    for column in columns(name.python):
        try:
            server = open_server(column, application=application, app_dir=app_dir)
        except EnvironmentFaultError:
            continue
        found += 1
        yield server
    if not found:
        raise EnvironmentFaultError(
            f"--target={target}: no server can run here; gateproof doctor says what would change it"
        )


def columns(python: str = "") -> Iterator[str]:
    """The target string of every server in each of the variants that its adapter wants shown.

    Args:
        python: what stood behind ``python=``.
    """
    for adapter in adapters().values():
        for chosen in adapter.columns or ((),):
            pairs = (*chosen, *((("python", python),) if python else ()))
            yield str(ServerName(adapter.name, variants=tuple(sorted(pairs))))
