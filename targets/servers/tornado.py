"""Tornado's WSGIContainer: the whole response is collected before any of it is sent."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Variants


def features(variants: Variants) -> Features:
    """The application blocks the loop unless an executor runs it."""
    return Features(
        streaming_input=False,
        streaming_output=False,
        disconnect_seen=False,
        concurrency=16 if variants["executor"] == "yes" else 1,
    )


ADAPTER = Adapter(
    name="tornado",
    distribution="tornado",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("tornado"),
    listen="zero",
    port_told=LAUNCHED,
    variants={"executor": ("no", "yes")},
    features=features,
    columns=((), (("executor", "yes"),)),
    homepage="https://github.com/tornadoweb/tornado",
)
