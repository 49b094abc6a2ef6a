"""Twisted's web server: the application runs in a pool of threads once the body is complete."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch


def argv(launch: Launch) -> list[str]:
    """The command; the application is a dotted name."""
    return launch.run(
        "twisted", "--log-format=text", "web", "--wsgi", launch.app.replace(":", "."),
        "--listen", f"tcp:{launch.port}:interface={launch.host}",
    )  # fmt: skip


ADAPTER = Adapter(
    name="twisted",
    distribution="twisted",
    interfaces=("wsgi",),
    argv=argv,
    listen="zero",
    port_told=r"Site starting on (\d+)",
    features=lambda _: Features(streaming_input=False, disconnect_seen=False, concurrency=20),
    stop_codes=(0, -15),
    grace=3.0,  # while a call runs it does not end
    homepage="https://github.com/twisted/twisted",
)
