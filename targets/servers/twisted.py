"""Twisted's web server: the application runs in a pool of threads once the body is complete."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, deviations


def argv(launch: Launch) -> list[str]:
    """The command; the application is a dotted name."""
    return launch.run(
        "twisted", "--log-format=text", "web", "--wsgi", launch.app.replace(":", "."),
        "--listen", f"tcp:{launch.port}:interface={launch.host}",
    )  # fmt: skip


KNOWN = (
    *deviations(
        "twisted",
        ">=26.10.0",
        {
            "server.http1::tunnel-framing": (
                "sends Transfer-Encoding in a successful answer to CONNECT"
            ),
            "server.http1::length-not-kept": (
                "sends more or fewer octets than Content-Length declares and then keeps the "
                "connection open"
            ),
            "server.http1::chunk-extensions": (
                "refuses a chunk because of an unknown extension, or mixes the extension into"
                " the body"
            ),
            "server.http1::close-option-in-any-case": (
                "overlooks the close option when it is written in capitals or within a list"
            ),
            "server.http1::line-break-in-name": (
                "lets a line break in an application's header value start a new header on the wire"
            ),
            "server.http1::host-missing": (
                "serves an HTTP/1.1 request that carries no Host header"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.http1::coded-not-chunked": (
                "serves a request in which chunked is not the last transfer coding, or keeps "
                "its connection open"
            ),
            "server.wsgi::close-after-error": (
                "skips close() when the application's iterable raises in the middle of the body"
            ),
            "server.wsgi::start-twice": (
                "accepts a second start_response call that carries no exc_info"
            ),
        },
    ),
)

ADAPTER = Adapter(
    name="twisted",
    distribution="twisted",
    interfaces=("wsgi",),
    argv=argv,
    listen="zero",
    port_told=r"Site starting on (\d+)",
    features=lambda _: Features(streaming_input=False, disconnect_seen=False, concurrency=20),
    stop_codes=(0, -15),
    grace=3.0,  # while a call runs it does not end
    homepage="https://github.com/twisted/twisted",
    known=KNOWN,
)
