"""Werkzeug's development server: a thread a connection, or one request at a time."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Variants


def features(variants: Variants) -> Features:
    """It never keeps a connection."""
    threaded = variants["threaded"] == "yes"
    return Features(keep_alive=False, pipelining=False, concurrency=64 if threaded else 1)


ADAPTER = Adapter(
    name="werkzeug",
    distribution="werkzeug",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("werkzeug"),
    listen="zero",
    port_told=LAUNCHED,
    variants={"threaded": ("yes", "no")},
    features=features,
    columns=((), (("threaded", "no"),)),
    stop_codes=(0, -15),
    homepage="https://github.com/pallets/werkzeug",
)
