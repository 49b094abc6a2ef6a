"""gevent's pywsgi: one process, a greenlet a connection."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features

ADAPTER = Adapter(
    name="gevent",
    distribution="gevent",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("gevent"),
    listen="zero",
    port_told=LAUNCHED,
    features=lambda _: Features(),
    homepage="https://github.com/gevent/gevent",
)
