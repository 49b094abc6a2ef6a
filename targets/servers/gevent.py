"""gevent's pywsgi: one process, a greenlet a connection."""

from __future__ import annotations

from gateproof.targets.adapter import LAUNCHED, Adapter, Features, Known, deviations

KNOWN = (
    *deviations(
        "gevent",
        ">=26.9.0",
        (
            "server.http1::head-without-content",
            "server.http1::tunnel-framing",
            "server.http1::length-not-kept",
            "server.http1::close-option-in-any-case",
            "server.http1::content-length-malformed",
            "server.http1::content-length-padded",
            "server.http1::content-lengths-differ",
            "server.http1::expect-in-http10",
            "server.http1::interim-in-http10",
            "server.http1::no-interim-afterwards",
            "server.http1::space-before-colon",
            "server.http1::field-name-no-token",
            "server.http1::folded-line",
            "server.http1::nul-in-value",
            "server.http1::bare-cr-in-request",
            "server.http1::http10-unframed",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.http1::chunked-not-last",
            "server.http1::coded-not-chunked",
            "server.http1::only-unknown-codings",
            "server.http1::chunked-misspelt",
            "server.http1::length-beside-chunked",
            "server.http1::chunked-in-http10",
            "server.wsgi::head-without-body",
            "server.wsgi::start-twice",
        ),
    ),
    Known("wsgi.environ.content-length-type", ">=26.9.0", link="docs/findings/gevent.md"),
)

ADAPTER = Adapter(
    name="gevent",
    distribution="gevent",
    interfaces=("wsgi",),
    argv=lambda launch: launch.launcher("gevent"),
    listen="zero",
    port_told=LAUNCHED,
    features=lambda _: Features(),
    homepage="https://github.com/gevent/gevent",
    known=KNOWN,
)
