"""Daphne: one process on Twisted's asyncio reactor; no lifespan."""

from __future__ import annotations

from gateproof.targets.adapter import Adapter, Features, Known, Launch, deviations


def argv(launch: Launch) -> list[str]:
    """The command."""
    mounted = ["--root-path", launch.root_path] if launch.root_path else []
    return launch.run("daphne", "--fd", str(launch.fd), *mounted, launch.app)


KNOWN = (
    *deviations(
        "daphne",
        ">=4.2.3",
        {
            "server.http1::head-without-content": (
                "sends body octets in answer to HEAD, which the client reads as the start of "
                "the next response"
            ),
            "server.http1::status-without-content": (
                "sends body octets with a 204 or 304, so that the next response is misread"
            ),
            "server.http1::tunnel-framing": (
                "sends Transfer-Encoding in a successful answer to CONNECT"
            ),
            "server.http1::one-kind-of-framing": (
                "sends Content-Length and Transfer-Encoding in the same response"
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
            "server.http1::server-closes": (
                'keeps reading requests after it has sent "Connection: close"'
            ),
            "server.http1::http10-upgrade": (
                "switches protocols for an HTTP/1.0 request that carries Upgrade"
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
            "server.asgi.http::raising-within-the-response": (
                "leaves the socket open with half a response on it after the application has raised"
            ),
            "server.asgi.http::transfer-encoding-ignored": (
                "copies the application's Transfer-Encoding to the wire, so that it appears "
                "twice or names a coding that was not applied"
            ),
            "server.asgi.websocket::client-closes-without-code": (
                "delivers None or a string as the code of websocket.disconnect"
            ),
            "server.asgi.websocket::handshakes-to-refuse": (
                "opens a WebSocket for a POST request or for an HTTP/1.0 request"
            ),
            "server.asgi.websocket::messages-to-the-client": (
                "silently drops a websocket.send whose text or bytes is empty"
            ),
            "server.asgi.websocket::headers": (
                "merges two header lines of the same name into one entry or drops one of them"
            ),
        },
    ),
    Known(
        "asgi.server.terminates-on-app-error",
        ">=4.2.3",
        ("leaves the socket open with half a response on it after the application has raised"),
        "docs/findings/daphne.md",
    ),
)

ADAPTER = Adapter(
    name="daphne",
    distribution="daphne",
    interfaces=("asgi",),
    argv=argv,
    listen="fd",
    features=lambda _: Features(websocket=True, streaming_input=False, root_path=True),
    homepage="https://github.com/django/daphne",
    known=KNOWN,
)
