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
        (
            "server.http1::head-without-content",
            "server.http1::status-without-content",
            "server.http1::tunnel-framing",
            "server.http1::one-kind-of-framing",
            "server.http1::length-not-kept",
            "server.http1::chunk-extensions",
            "server.http1::close-option-in-any-case",
            "server.http1::server-closes",
            "server.http1::http10-upgrade",
            "server.http1::host-missing",
            "server.http1::host-twice",
            "server.http1::host-malformed",
            "server.http1::coded-not-chunked",
            "server.asgi.http::raising-within-the-response",
            "server.asgi.http::transfer-encoding-ignored",
            "server.asgi.websocket::client-closes-without-code",
            "server.asgi.websocket::handshakes-to-refuse",
            "server.asgi.websocket::messages-to-the-client",
            "server.asgi.websocket::headers",
        ),
    ),
    Known("asgi.server.terminates-on-app-error", ">=4.2.3", link="docs/findings/daphne.md"),
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
