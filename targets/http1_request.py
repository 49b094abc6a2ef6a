"""A request as octets, with places for token and host, which are known only when it is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

FRAMING = frozenset({"content-length", "transfer-encoding"})
"""The fields that say how long a body is."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request of HTTP/1.1, written as it is given: nothing is checked, little is added.

    In every part ``{token}`` and ``{host}`` stand for what is known when it is
    sent. A Content-Length is added where there is a body and neither a
    Content-Length nor a Transfer-Encoding field.

    Attributes:
        method: the method.
        target: the request target.
        headers: name and value of each field, as text (sent as Latin-1) or octets.
        body: the octets after the head; may be framed as chunks by the caller.
        version: the protocol version of the request line.
    """

    method: str | bytes = "GET"
    target: str | bytes = "/{token}"
    headers: tuple[tuple[str | bytes, str | bytes], ...] = (("Host", "{host}"),)
    body: bytes = b""
    version: str | bytes = "HTTP/1.1"

    def octets(self, token: str, host: str) -> bytes:
        """The request as it is sent.

        Args:
            token: the token that names the script of the application.
            host: ``HOST:PORT`` of the server.
        """
        fields = list(self.headers)
        named = {_octets(name).decode("latin-1").strip().lower() for name, _ in fields}
        if self.body and not named & FRAMING:
            fields.append(("Content-Length", str(len(self.body))))
        line = b" ".join((_octets(self.method), _octets(self.target), _octets(self.version)))
        lines = [line, *(_octets(name) + b": " + _octets(value) for name, value in fields)]
        return filled(b"".join(line + b"\r\n" for line in lines) + b"\r\n" + self.body, token, host)

    def but(self, **changes: Any) -> Request:
        """A copy with some attributes changed."""
        return replace(self, **changes)

    def plus(self, *fields: tuple[str | bytes, str | bytes]) -> Request:
        """A copy with more header fields at the end."""
        return replace(self, headers=(*self.headers, *fields))


def filled(octets: bytes, token: str, host: str) -> bytes:
    """``octets`` with ``{token}`` and ``{host}`` filled in."""
    return octets.replace(b"{token}", token.encode()).replace(b"{host}", host.encode())


def method_of(octets: bytes) -> str:
    """The method of a request, which decides how its reply is framed; ``"GET"`` where unclear."""
    word = octets.lstrip(b"\r\n").partition(b" ")[0]
    return word.decode("latin-1") if word.isalpha() else "GET"


def _octets(part: str | bytes) -> bytes:
    return part.encode("latin-1") if isinstance(part, str) else part
