"""eventlet.wsgi: one process, a greenlet a connection."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features

ADAPTER = Adapter(
    name="eventlet",
    distribution="eventlet",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("eventlet"),
    listen="zero",
    port_told=LAUNCHED,
    features=lambda _: Features(streaming_output=False),  # it collects 4096 octets
    stop_codes=(0, -15),
    homepage="https://github.com/eventlet/eventlet",
)
