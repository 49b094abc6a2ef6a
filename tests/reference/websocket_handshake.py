"""The opening handshake of WebSockets: RFC 6455, section 4, strictly."""

from __future__ import annotations

import base64
import binascii
import hashlib
from email.utils import formatdate

from reference.http_reading import Fields, RefusedError, Request
from reference.http_writing import OURS
from reference.websocket_frames import Deflate, agree

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
NOT_IN_ACCEPT = OURS | {
    b"content-length",
    b"upgrade",
    b"sec-websocket-accept",
    b"sec-websocket-extensions",
}


class Handshake:
    """Reads an opening handshake, and makes the answer to it."""

    NAME = b"websocket"

    def __init__(self, request: Request) -> None:
        self.request = request
        self.subprotocols: list[str] = []
        self.deflate: Deflate | None = None

    @classmethod
    def asked_for(cls, request: Request) -> bool:
        """Whether a request wants to become a WebSocket."""
        return (
            request.version == "1.1"
            and cls.NAME in request.tokens(b"upgrade")
            and b"upgrade" in request.tokens(b"connection")
        )

    def handshake(self) -> None:
        """Refuse what is no valid opening handshake."""
        request = self.request
        self.check_method(request)
        self.check_version(request.get(b"sec-websocket-version"))
        self.check_key(request.get(b"sec-websocket-key"))
        self.subprotocols = self.offered()
        self.deflate = self.agreed(request.get(b"sec-websocket-extensions"))

    def check_method(self, request: Request) -> None:
        """GET, and no body."""
        if request.method != "GET":
            raise RefusedError(400, "a WebSocket is opened by GET")
        if request.chunked or request.length:
            raise RefusedError(400, "an opening handshake has no body")

    def check_version(self, versions: list[bytes]) -> None:
        """Version 13, once."""
        if versions != [b"13"]:
            fields = ((b"Sec-WebSocket-Version", b"13"), (b"Upgrade", b"websocket"))
            raise RefusedError(426 if len(versions) == 1 else 400, "version 13 only", fields)

    def check_key(self, keys: list[bytes]) -> None:
        """One key, of 16 octets in base64."""
        if len(keys) != 1:
            raise RefusedError(400, "an opening handshake has one Sec-WebSocket-Key")
        try:
            if len(base64.b64decode(keys[0], validate=True)) == 16:
                return
        except binascii.Error:
            pass
        raise RefusedError(400, "Sec-WebSocket-Key is no key")

    def agreed(self, values: list[bytes]) -> Deflate | None:
        """The extension that we agree to."""
        try:
            return agree(values)
        except ValueError as malformed:
            raise RefusedError(400, str(malformed)) from None

    def offered(self) -> list[str]:
        """The subprotocols that the client offers, in its order."""
        values = b",".join(self.request.get(b"sec-websocket-protocol")).split(b",")
        return [value.strip(b" \t").decode("latin-1") for value in values if value.strip(b" \t")]

    def accept_value(self) -> bytes:
        """What proves that we read the key."""
        key = self.request.get(b"sec-websocket-key")[0]
        return base64.b64encode(hashlib.sha1(key + GUID).digest())

    def accept_fields(self, subprotocol: str | None, fields: Fields) -> Fields:
        """The fields of the 101 response."""
        ours = [
            (b"Upgrade", b"websocket"),
            (b"Connection", b"Upgrade"),
            (b"Sec-WebSocket-Accept", self.accept_value()),
            (b"Date", formatdate(usegmt=True).encode()),
        ]
        if subprotocol is not None:
            ours.append((b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1")))
        if self.deflate is not None:
            ours.append((b"Sec-WebSocket-Extensions", self.deflate.answer()))
        return ours + [entry for entry in fields if entry[0].lower() not in NOT_IN_ACCEPT]

    def accepted(self, subprotocol: str | None, fields: Fields) -> bytes:
        """The head of the 101 response."""
        lines = [name + b": " + value for name, value in self.accept_fields(subprotocol, fields)]
        return b"\r\n".join([b"HTTP/1.1 101 Switching Protocols", *lines, b"", b""])
