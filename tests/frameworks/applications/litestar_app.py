"""A Litestar site: handlers, state made by a lifespan, a stream and a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Litestar, MediaType, Request, WebSocket, get, route, websocket
from litestar.datastructures import State
from litestar.exceptions import NotFoundException, WebSocketDisconnect
from litestar.params import FromPath
from litestar.response import Redirect, Response, Stream


@dataclass
class Item:
    """One thing on the list."""

    number: int
    name: str


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncGenerator[None, None]:
    app.state.items = {1: Item(1, "first")}
    yield
    del app.state.items


@get("/", media_type=MediaType.HTML)
async def index() -> str:
    return "<h1>Hello, world</h1>"


@get("/json")
async def items(state: State) -> list[Item]:
    return list(state.items.values())


@get("/items/{number:int}")
async def item(state: State, number: FromPath[int]) -> Item:
    if number not in state.items:
        raise NotFoundException("no such item")
    found: Item = state.items[number]
    return found


@get("/stream")
async def stream() -> Stream:
    async def lines() -> AsyncIterator[bytes]:
        for number in range(5):
            yield b"line %d\n" % number

    return Stream(lines(), media_type=MediaType.TEXT)


@route("/echo", http_method=["GET", "POST"], status_code=200)
async def echo(request: Request[Any, Any, Any]) -> Response[bytes]:
    return Response(await request.body(), media_type="application/octet-stream")


@get("/redirect", status_code=302)
async def moved() -> Redirect:
    return Redirect("/")


@get("/empty", status_code=204)
async def empty() -> None:
    return None


@get("/threaded", sync_to_thread=True)
def threaded() -> str:
    return "from a thread"


@websocket("/ws")
async def socket(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


app = Litestar(
    [index, items, item, stream, echo, moved, empty, threaded, socket], lifespan=[lifespan]
)
