"""bjoern: one process, one request at a time."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, deviations

KNOWN = (
    *deviations(
        "bjoern",
        ">=3.2.2",
        (
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::tunnel-framing",
            "server.http1::length-not-kept",
            "server.http1::chunk-size-malformed",
            "server.http1::chunk-size-huge",
            "server.http1::trailers",
            "server.http1::close-option-in-any-case",
            "server.http1::pipelining",
            "server.http1::pipelining-behind-pieces",
            "server.http1::content-lengths-differ",
            "server.http1::content-length-huge",
            "server.http1::space-before-colon",
            "server.http1::field-value-trimmed",
            "server.http1::field-name-no-token",
            "server.http1::folded-line",
            "server.http1::nul-in-value",
            "server.http1::blank-before-first-field",
            "server.http1::line-break-in-value",
            "server.http1::line-break-in-name",
            "server.http1::bare-cr-from-application",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.http1::length-beside-chunked",
            "server.http1::chunked-in-http10",
            "server.wsgi::head-without-body",
            "server.wsgi::write",
        ),
    ),
    Known("wsgi.start-response.returns-write", ">=3.2.2", "", "docs/findings/bjoern.md#write"),
)

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
    known=KNOWN,
)
