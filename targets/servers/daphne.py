"""Daphne: one process on Twisted's asyncio reactor; no lifespan."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch


def argv(launch: Launch) -> list[str]:
    """The command."""
    mounted = ["--root-path", launch.root_path] if launch.root_path else []
    return launch.run("daphne", "--fd", str(launch.fd), *mounted, launch.app)


ADAPTER = Adapter(
    name="daphne",
    distribution="daphne",
    interfaces=("asgi",),
    argv=argv,
    listen="fd",
    features=lambda _: Features(websocket=True, streaming_input=False, root_path=True),
    homepage="https://github.com/django/daphne",
)
