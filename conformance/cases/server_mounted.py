"""A server that is told to mount the application below a path.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope and
https://peps.python.org/pep-3333/#environ-variables
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateproof.conformance.case import case
from gateproof.conformance.cases.server_websocket_session import opened
from gateproof.conformance.server_stage import Heard, Request, ServerStage

MOUNT = "/mounted"

MARKED = (("Host", "{host}"), ("X-Gateproof", "{token}"))
"""The token is in a field, for what a path becomes is what is asked about."""


@asynccontextmanager
async def _mounted(stage: ServerStage) -> AsyncIterator[ServerStage]:
    """A stage on a server that mounts the application at :data:`MOUNT`."""
    async with stage.own_server(root_path=MOUNT) as own:
        if own.failed:
            stage.blocked(own.failed)
        yield own.stage


def _shown(heard: Heard, given: object) -> str:
    """A path without what differs from run to run."""
    return str(given).replace(heard.token, "TOKEN")


def _below(stage: ServerStage, name: str, heard: Heard, given: object) -> None:
    """Report a ``root_path`` that is not the mount point."""
    if str(given or "").strip("/") != MOUNT.strip("/"):
        stage.broken(
            name,
            f"the server mounts the application at {MOUNT!r}, and root_path is {given!r}",
            heard=heard,
            observed=repr(given),
            expected=repr(MOUNT),
        )


@case(
    "server.asgi.http",
    "mounted",
    proves=("asgi.http.scope.root-path-mount", "asgi.http.scope.path-full-form"),
    alone=True,
)
async def mounted_http(stage: ServerStage) -> None:
    """A mounted application is told where, and sees the whole path."""
    async with _mounted(stage) as own:
        heard = await own.ask(Request(target="/{token}/part", headers=MARKED))
        if heard.reply.status >= 400 or not heard.called:
            heard = await own.ask(Request(target=MOUNT + "/{token}/part", headers=MARKED))
        scope = heard.call.request
        _below(own, "asgi.http.scope.root-path-mount", heard, scope.get("root_path"))
        path, root = _shown(heard, scope.get("path")), str(scope.get("root_path") or "")
        if not path.startswith(root):
            own.broken(
                "asgi.http.scope.path-full-form",
                f"path does not begin with root_path: {path!r} and {root!r}",
                heard=heard,
                observed=f"path {path!r}, root_path {root!r}",
                expected="a path that begins with root_path",
            )


@case(
    "server.asgi.websocket",
    "mounted",
    proves=("asgi.websocket.scope.root-path-mount",),
    alone=True,
)
async def mounted_websocket(stage: ServerStage) -> None:
    """A mounted application is told where in the scope of a WebSocket, too."""
    stage.needs("websocket")
    async with _mounted(stage) as own:
        session = await opened(own)
        await session.leave()
        _below(
            own,
            "asgi.websocket.scope.root-path-mount",
            session.heard,
            session.scope.get("root_path"),
        )


@case(
    "server.wsgi",
    "mounted",
    proves=("asgi.http.wsgi.path-info-strips-root-path", "wsgi.environ.script-name-plus-path-info"),
    alone=True,
)
async def mounted_wsgi(stage: ServerStage) -> None:
    """SCRIPT_NAME and PATH_INFO of a mounted application share the path between them.

    Some servers put the mount point before a path that was stripped of it by a
    proxy; both readings are accepted.
    """
    async with _mounted(stage) as own:
        for below in ("", MOUNT):
            heard = await own.ask(Request(target=below + "/{token}/a%20b", headers=MARKED))
            if heard.reply.status >= 400 or not heard.called:
                continue
            asked = f"{below}/TOKEN/a b"
            script = _shown(heard, heard.call.request.get("SCRIPT_NAME", ""))
            path = _shown(heard, heard.call.request.get("PATH_INFO", ""))
            whole = script + path
            if script == MOUNT and path == MOUNT + asked and not below:
                own.broken(
                    "asgi.http.wsgi.path-info-strips-root-path",
                    "PATH_INFO still has the prefix that is SCRIPT_NAME",
                    heard=heard,
                    observed=f"SCRIPT_NAME {script!r}, PATH_INFO {path!r}",
                    expected=f"PATH_INFO {asked!r}",
                )
            elif whole not in (asked, MOUNT + asked):
                own.broken(
                    "wsgi.environ.script-name-plus-path-info",
                    f"SCRIPT_NAME and PATH_INFO do not join to the path: {script!r} and {path!r}",
                    heard=heard,
                    observed=repr(whole),
                    expected=repr(asked),
                )
