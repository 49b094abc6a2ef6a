"""Werkzeug's development server: a thread a connection, or one request at a time."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, Variants, deviations


def features(variants: Variants) -> Features:
    """It never keeps a connection."""
    threaded = variants["threaded"] == "yes"
    return Features(keep_alive=False, pipelining=False, concurrency=64 if threaded else 1)


KNOWN = (
    *deviations(
        "werkzeug",
        ">=3.1.9",
        (
            "server.http1::tunnel-framing",
            "server.http1::chunks-ended",
            "server.http1::http10-unchunked",
            "server.http1::chunked-body",
            "server.http1::chunked-not-last",
            "server.http1::chunked-misspelt",
            "server.wsgi::no-chunks-for-http10",
        ),
        {"threaded": "yes"},
    ),
    *deviations(
        "werkzeug",
        ">=3.1.9",
        (
            "server.http1::only-unknown-codings",
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::chunk-size-malformed",
            "server.http1::chunk-extensions",
            "server.http1::content-length-malformed",
            "server.http1::content-length-padded",
            "server.http1::content-lengths-differ",
            "server.http1::expect-in-http10",
            "server.http1::interim-in-http10",
            "server.http1::space-before-colon",
            "server.http1::field-value-trimmed",
            "server.http1::field-name-no-token",
            "server.http1::nul-in-value",
            "server.http1::bare-cr-in-request",
            "server.http1::line-break-in-value",
            "server.http1::line-break-in-name",
            "server.http1::bare-cr-from-application",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.http1::coded-not-chunked",
            "server.wsgi::head-without-body",
        ),
    ),
    *deviations(
        "werkzeug",
        ">=3.1.9",
        {
            "server.http1::chunk-size-huge": (
                "is busy for ever with the rest of a chunk whose client has left"
            ),
        },
        {"threaded": "no"},  # with threads it serves on beside it
    ),
    Known("wsgi.environ.content-length-type", ">=3.1.9", link="docs/findings/werkzeug.md"),
)

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
    known=KNOWN,
)
