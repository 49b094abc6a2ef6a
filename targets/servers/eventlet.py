"""eventlet.wsgi: one process, a greenlet a connection."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, deviations

KNOWN = (
    *deviations(
        "eventlet",
        ">=0.41.3",
        (
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::length-not-kept",
            "server.http1::chunk-size-malformed",
            "server.http1::chunk-data-end",
            "server.http1::close-option-in-any-case",
            "server.http1::content-length-malformed",
            "server.http1::content-length-padded",
            "server.http1::content-lengths-differ",
            "server.http1::expect-in-http10",
            "server.http1::interim-in-http10",
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
            "server.http1::chunked-not-last",
            "server.http1::coded-not-chunked",
            "server.http1::only-unknown-codings",
            "server.http1::chunked-in-http10",
            "server.wsgi::head-without-body",
            "server.wsgi::server-protocol",
            "server.wsgi::start-twice",
            "server.wsgi::input-iteration",
            "server.wsgi::write-like-yield",
        ),
    ),
    Known("wsgi.environ.content-length-type", ">=0.41.3", link="docs/findings/eventlet.md"),
)

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
    known=KNOWN,
)
