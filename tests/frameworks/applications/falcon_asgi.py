"""A Falcon API over ASGI, with start-up and shutdown in a middleware, and a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import falcon
import falcon.asgi


class Resources:
    """What the API needs as long as it runs."""

    greeting = ""

    async def process_startup(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        self.greeting = "Hello"

    async def process_shutdown(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        self.greeting = ""


class Index:
    """The page at the root."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.content_type = falcon.MEDIA_HTML
        resp.text = f"<h1>{self.resources.greeting}, world</h1>"


class Numbers:
    """JSON."""

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.media = {"numbers": [1, 2, 3], "query": req.params}


class Stream:
    """A body in pieces."""

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        async def lines() -> AsyncIterator[bytes]:
            for number in range(5):
                yield b"line %d\n" % number

        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = lines()


class Echo:
    """The request body, sent back."""

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.content_type = "application/octet-stream"
        resp.data = await req.stream.read()

    on_post = on_get


class Moved:
    """A redirect."""

    async def on_get(self, _req: falcon.asgi.Request, _resp: falcon.asgi.Response) -> None:
        raise falcon.HTTPFound("/")


class Empty:
    """Nothing."""

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.status = falcon.HTTP_204


class Socket:
    """Sends every text message back."""

    async def on_websocket(self, _req: falcon.asgi.Request, ws: falcon.asgi.WebSocket) -> None:
        await ws.accept()
        try:
            while True:
                await ws.send_text(await ws.receive_text())
        except falcon.WebSocketDisconnected:
            return


resources = Resources()
app = falcon.asgi.App(middleware=[resources])
app.add_route("/", Index(resources))
app.add_route("/json", Numbers())
app.add_route("/stream", Stream())
app.add_route("/echo", Echo())
app.add_route("/redirect", Moved())
app.add_route("/empty", Empty())
app.add_route("/ws", Socket())
