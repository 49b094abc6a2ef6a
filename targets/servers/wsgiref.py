"""The standard library's wsgiref: HTTP/1.0, one request at a time unless threads are mixed in."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, Variants, deviations


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


KNOWN = (
    *deviations(
        "wsgiref",
        ">=3.11",
        (
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::tunnel-framing",
            "server.http1::content-length-malformed",
            "server.http1::content-length-padded",
            "server.http1::content-lengths-differ",
            "server.http1::space-before-colon",
            "server.http1::field-name-no-token",
            "server.http1::folded-line",
            "server.http1::nul-in-value",
            "server.http1::bare-cr-in-request",
            "server.http1::line-break-in-value",
            "server.http1::line-break-in-name",
            "server.http1::bare-cr-from-application",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.wsgi::head-without-body",
        ),
    ),
    Known("wsgi.environ.content-length-type", ">=3.11", link="docs/findings/wsgiref.md"),
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
    known=KNOWN,
)
