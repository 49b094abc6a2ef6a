"""Cheroot: one process with a pool of threads; it never tells its port."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    return launch.run(
        "cheroot", "--bind", f"{launch.host}:{launch.port}", "--threads", str(THREADS), launch.app
    )


ADAPTER = Adapter(
    name="cheroot",
    distribution="cheroot",
    interfaces=("wsgi",),
    argv=argv,
    listen="zero",
    features=lambda _: Features(concurrency=THREADS),
    stop_codes=(0, -15),
    homepage="https://github.com/cherrypy/cheroot",
)
