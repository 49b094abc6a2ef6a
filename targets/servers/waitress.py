"""Waitress: one process with a pool of threads; the body is read before the application runs."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    mounted = [f"--url-prefix={launch.root_path}"] if launch.root_path else []
    return launch.run(
        "waitress", f"--listen={launch.host}:{launch.port}", f"--threads={THREADS}", *mounted,
        launch.app,
    )  # fmt: skip


ADAPTER = Adapter(
    name="waitress",
    distribution="waitress",
    interfaces=("wsgi",),
    argv=argv,
    listen="zero",
    port_told=r"Serving on http://[^ ]*:(\d+)",
    features=lambda _: Features(
        streaming_input=False, disconnect_seen=False, concurrency=THREADS, root_path=True
    ),
    stop_codes=(0, -15),
    homepage="https://github.com/Pylons/waitress",
)
