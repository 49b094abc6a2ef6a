"""Tornado's WSGIContainer: the whole response is collected before any of it is sent."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Variants, deviations


def features(variants: Variants) -> Features:
    """The application blocks the loop unless an executor runs it."""
    return Features(
        streaming_input=False,
        streaming_output=False,
        disconnect_seen=False,
        concurrency=16 if variants["executor"] == "yes" else 1,
    )


KNOWN = (
    *deviations(
        "tornado",
        ">=6.6.1",
        (
            "server.http1::status-without-content",
            "server.http1::tunnel-framing",
            "server.http1::chunk-extensions",
            "server.http1::close-option-in-any-case",
            "server.http1::nothing-after-close",
            "server.http1::expect-in-http10",
            "server.http1::interim-in-http10",
            "server.http1::chunked-in-http10",
            "server.wsgi::block-leaves",
            "server.wsgi::write-leaves",
            "server.wsgi::start-twice",
        ),
    ),
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
    known=KNOWN,
)
