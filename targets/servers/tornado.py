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
        {
            "server.http1::status-without-content": (
                "sends body octets with a 204 or 304, so that the next response is misread"
            ),
            "server.http1::tunnel-framing": (
                "sends Content-Length in a successful answer to CONNECT"
            ),
            "server.http1::chunk-extensions": (
                "refuses a chunk because of an unknown extension, or mixes the extension into"
                " the body"
            ),
            "server.http1::close-option-in-any-case": (
                "overlooks the close option when it is written in capitals or within a list"
            ),
            "server.http1::nothing-after-close": (
                "serves a pipelined request that came after one with the close option"
            ),
            "server.http1::expect-in-http10": (
                "sends 100 in answer to an HTTP/1.0 request with Expect"
            ),
            "server.http1::interim-in-http10": (
                "sends an interim response such as 100 or 103 to an HTTP/1.0 client"
            ),
            "server.http1::chunked-in-http10": (
                "keeps the connection open after an HTTP/1.0 request that carried Transfer-Encoding"
            ),
            "server.wsgi::block-leaves": (
                "keeps a yielded block back until the application has produced a later block "
                "or finished"
            ),
            "server.wsgi::write-leaves": (
                "holds data given to write() until the application has returned"
            ),
            "server.wsgi::start-twice": (
                "accepts a second start_response call that carries no exc_info"
            ),
        },
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
