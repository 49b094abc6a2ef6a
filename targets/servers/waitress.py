"""Waitress: one process with a pool of threads; the body is read before the application runs."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Launch, deviations

THREADS = 16


def argv(launch: Launch) -> list[str]:
    """The command."""
    mounted = [f"--url-prefix={launch.root_path}"] if launch.root_path else []
    return launch.run(
        "waitress", f"--listen={launch.host}:{launch.port}", f"--threads={THREADS}", *mounted,
        launch.app,
    )  # fmt: skip


KNOWN = (
    *deviations(
        "waitress",
        ">=3.0.2",
        {
            "server.http1::head-without-content": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.http1::tunnel-framing": (
                "sends Content-Length in a successful answer to CONNECT; sends Transfer-"
                "Encoding in a successful answer to CONNECT"
            ),
            "server.http1::chunk-size-malformed": (
                'accepts a chunk size with a sign, an "0x" prefix, an underscore or no digits'
                " at all"
            ),
            "server.http1::close-option-in-any-case": (
                "overlooks the close option when it is written in capitals or within a list"
            ),
            "server.http1::host-missing": (
                "serves an HTTP/1.1 request that carries no Host header"
            ),
            "server.http1::host-twice": ("serves an HTTP/1.1 request that carries two Host lines"),
            "server.http1::host-malformed": (
                "passes a Host value with a space or control character to the application"
            ),
            "server.http1::length-beside-chunked": (
                "keeps the connection open after a request with both Transfer-Encoding and "
                "Content-Length"
            ),
            "server.http1::chunked-in-http10": (
                "keeps the connection open after an HTTP/1.0 request that carried Transfer-Encoding"
            ),
            "server.wsgi::head-without-body": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
        },
    ),
)

ADAPTER = Adapter(
    name="waitress",
    distribution="waitress",
    interfaces=("wsgi",),
    argv=argv,
    listen="zero",
    port_told=r"Serving on http://[^ ]*:(\d+)",
    features=lambda _: Features(
        streaming_input=False, disconnect_seen=False, concurrency=THREADS, root_path=True
    ),
    stop_codes=(0, -15),
    homepage="https://github.com/Pylons/waitress",
    known=KNOWN,
)
