"""The standard library's wsgiref: HTTP/1.0, one request at a time unless threads are mixed in."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Variants


def features(variants: Variants) -> Features:
    """It never keeps a connection, knows no chunked bodies, and lets five connections wait."""
    threaded = variants["threaded"] == "yes"
    return Features(
        keep_alive=False,
        chunked_request=False,
        pipelining=False,
        expect_continue=False,
        concurrency=5 if threaded else 1,
    )


ADAPTER = Adapter(
    name="wsgiref",
    distribution="",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("wsgiref"),
    listen="zero",
    port_told=LAUNCHED,
    variants={"threaded": ("no", "yes")},
    features=features,
    columns=((), (("threaded", "yes"),)),
    stop_codes=(0, -15),
    homepage="https://github.com/python/cpython",
)
