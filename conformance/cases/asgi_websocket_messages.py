"""ASGI WebSocket: messages from the client, of every kind, size and shape.

https://asgi.readthedocs.io/en/latest/specs/www.html#receive-receive-event
"""

from __future__ import annotations

from gateproof.conformance.asgi_stage import ASGIStage
from gateproof.conformance.case import case
from gateproof.conformance.cases.asgi_websocket_connect import HANDSHAKE

SENDING = (*HANDSHAKE, "asgi.websocket.send.exactly-one", "asgi.websocket.send.not-after-close")
"""What an application that is sent messages can break."""

_TEXT = ('"gateproof"', "1", "{}")


@case("asgi.websocket", "text", proves=SENDING)
async def text(stage: ASGIStage) -> None:
    """Text messages, empty, non-ASCII and of 64 KiB, are taken within the protocol."""
    await stage.connections(messages=(*_TEXT, "", "h\u00e9llo \U0001f40d", "x" * (1 << 16)))


@case("asgi.websocket", "binary", proves=SENDING)
async def binary(stage: ASGIStage) -> None:
    """Binary messages, empty, of all byte values and of 64 KiB, are taken within the protocol."""
    await stage.connections(messages=(b"gateproof", b"", bytes(range(256)), b"x" * (1 << 16)))


@case("asgi.websocket", "mixed", proves=SENDING)
async def mixed(stage: ASGIStage) -> None:
    """Text and binary messages may follow each other."""
    await stage.connections(messages=('"text"', b"binary", '"text"', b"", ""))


@case(
    "asgi.websocket",
    "receive-shapes",
    proves=(*SENDING, "asgi.websocket.receive.app-handles-absent-key"),
)
async def shapes(stage: ASGIStage) -> None:
    """Whether the unused key of websocket.receive is absent or None makes no difference.

    Servers of both kinds are in use: code that tests for the key instead of its
    value breaks on one of them. Messages of a kind that the application gives up
    on anyway prove nothing.
    """
    for messages in (_TEXT, ("",), (b"gateproof", b"binary"), (b"",)):
        for base in await stage.connections(messages=messages):
            if any(session.gave_up for session in base.replies):
                continue
            unused = "bytes" if isinstance(messages[0], str) else "text"
            await base.agrees(
                base.asked.but(shape="beside-none"),
                "asgi.websocket.receive.app-handles-absent-key",
                f"websocket.receive also has {unused!r}, which is None",
            )


@case("asgi.websocket", "event-keys-extra", proves=(*SENDING, "asgi.app.ignores-extra-keys"))
async def keys_extra(stage: ASGIStage) -> None:
    """Unknown keys in the events of a WebSocket are ignored."""
    for base in await stage.connections(messages=_TEXT):
        await base.agrees(
            base.asked.but(event={"x_gateproof": 1}),
            "asgi.app.ignores-extra-keys",
            "the events have unknown keys",
        )
