"""bjoern: one process, one request at a time."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features

ADAPTER = Adapter(
    name="bjoern",
    distribution="bjoern",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("bjoern"),
    listen="zero",
    port_told=LAUNCHED,
    features=lambda _: Features(
        streaming_input=False, pipelining=False, disconnect_seen=False, concurrency=1
    ),
    stop_codes=(0, -15),
    homepage="https://github.com/jonashaag/bjoern",
)
