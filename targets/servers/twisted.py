"""Twisted's web server: the application runs in a pool of threads once the body is complete."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, deviations


def argv(launch: Launch) -> list[str]:
    """The command; the application is a dotted name."""
    return launch.run(
        "twisted", "--log-format=text", "web", "--wsgi", launch.app.replace(":", "."),
        "--listen", f"tcp:{launch.port}:interface={launch.host}",
    )  # fmt: skip


KNOWN = (
    *deviations(
        "twisted",
        ">=26.10.0",
        (
            "server.http1::tunnel-framing",
            "server.http1::length-not-kept",
            "server.http1::chunk-extensions",
            "server.http1::close-option-in-any-case",
            "server.http1::line-break-in-name",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.http1::coded-not-chunked",
            "server.wsgi::close-after-error",
            "server.wsgi::start-twice",
        ),
    ),
)

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
    known=KNOWN,
)
