"""Waitress: one process with a pool of threads; the body is read before the application runs."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, deviations

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    mounted = [f"--url-prefix={launch.root_path}"] if launch.root_path else []
    return launch.run(
        "waitress", f"--listen={launch.host}:{launch.port}", f"--threads={THREADS}", *mounted,
        launch.app,
    )  # fmt: skip


KNOWN = (
    *deviations(
        "waitress",
        ">=3.0.2",
        (
            "server.http1::head-without-content",
            "server.http1::tunnel-framing",
            "server.http1::chunk-size-malformed",
            "server.http1::close-option-in-any-case",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.http1::length-beside-chunked",
            "server.http1::chunked-in-http10",
            "server.wsgi::head-without-body",
        ),
    ),
)

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
    known=KNOWN,
)
