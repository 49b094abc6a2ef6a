"""One connection: request after request, each handed to the side that it belongs to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reference.http_reading import RefusedError, Request
from reference.http_writing import Response
from reference.octets import Octets

if TYPE_CHECKING:
    from reference.parts import Parts
    from reference.server import Server

Address = tuple[str, int | None]


class Connection:
    """Serves the requests of one client, one after the other."""

    IDLE = 20.0  # seconds that a client may take to send (the rest of) a head
    DRAIN = 5.0  # seconds for the rest of a body that nobody read

    def __init__(self, server: Server, octets: Octets, parts: Parts) -> None:
        self.server = server
        self.parts = parts
        self.octets = octets
        self.idle = True  # no request is in progress
        self.reading = self.parts.reading(octets)

    async def serve(self) -> None:
        """Serve until the connection ends, whoever ends it."""
        try:
            while await self.exchange():
                pass
        except (OSError, TimeoutError):
            pass
        except asyncio.CancelledError:
            self.octets.transport.close()
            raise
        await self.octets.finish()

    async def exchange(self) -> bool:
        """Serve one request; whether there may be another."""
        try:
            self.idle = True
            async with asyncio.timeout(self.IDLE):
                request = await self.reading.request()
        except RefusedError as refused:
            self.idle = False
            return await self.refuse(refused)
        if request is None:
            return False
        self.idle = False
        return await self.serve_one(request)

    async def refuse(self, refused: RefusedError) -> bool:
        """Answer what could not be read as a request; nothing behind it can be trusted."""
        self.server.log(f"refused: {refused.why}")
        unread = Request("GET", b"", "HTTP/1.1", b"", b"")
        response = self.parts.response(self.octets, unread)
        await response.error(refused.status, refused.why, list(refused.fields))
        return False

    async def serve_one(self, request: Request) -> bool:
        """Hand one request to the application; whether the connection stays."""
        response = self.parts.response(self.octets, request)
        body = self.parts.body(self.octets, request, self.reading, response.invite)
        response.body = body
        if self.server.stopping:
            response.keep = False
        if unknown := self.unknown_expectation(request):
            await response.error(417, unknown)
        elif self.server.interface == "wsgi":
            await self.parts.wsgi(self, request, body, response).run()
        elif self.parts.websocket.asked_for(request):
            await self.parts.websocket(self, request, response).run()
            return False
        else:
            await self.parts.asgi(self, request, body, response).run()
        self.server.answered = True
        if not self.stays(response):
            return False
        async with asyncio.timeout(self.DRAIN):
            await body.drain()
        return True

    def stays(self, response: Response) -> bool:
        """Whether the connection stays after a response."""
        return response.keep and response.complete

    def unknown_expectation(self, request: Request) -> str:
        """What the client expects and we do not know."""
        for expectation in request.tokens(b"expect"):
            if expectation != b"100-continue" and request.version == "1.1":
                return "unknown expectation"
        return ""

    # -- what both interfaces tell of it -----------------------------------------------

    @property
    def client(self) -> Address | None:
        """Host and port of the client; None behind a unix socket."""
        peer = self.octets.transport.get_extra_info("peername")
        return (peer[0], peer[1]) if isinstance(peer, tuple) else None

    @property
    def local(self) -> Address:
        """Host and port that the client came to, or the path of a unix socket and None."""
        name = self.octets.transport.get_extra_info("sockname")
        return (name[0], name[1]) if isinstance(name, tuple) else (str(name), None)

    @property
    def secure(self) -> bool:
        """Whether this connection is under TLS."""
        return self.octets.transport.get_extra_info("ssl_object") is not None
