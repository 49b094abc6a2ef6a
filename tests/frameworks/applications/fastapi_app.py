"""A FastAPI site: models, a dependency with cleanup, a lifespan with state, a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Body, Depends, FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel


class Item(BaseModel):
    """One thing on the list."""

    number: int
    name: str = "unnamed"


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, dict[int, Item]]]:
    yield {"items": {1: Item(number=1, name="first"), 2: Item(number=2)}}


app = FastAPI(lifespan=lifespan)


def greeting() -> Iterator[str]:
    yield "Hello, world"


@app.get("/", response_class=HTMLResponse)
async def index(text: Annotated[str, Depends(greeting)]) -> str:
    return f"<h1>{text}</h1>"


@app.get("/json")
def items(request: Request) -> list[Item]:
    """A synchronous endpoint, which runs in a thread."""
    return list(request.state.items.values())


@app.get("/items/{number}")
async def item(request: Request, number: int) -> Item:
    if number not in request.state.items:
        raise HTTPException(404, "no such item")
    found: Item = request.state.items[number]
    return found


@app.post("/items", status_code=201)
async def add(item: Annotated[Item, Body()]) -> Item:
    return item


@app.get("/stream")
async def stream() -> StreamingResponse:
    def lines() -> Iterator[bytes]:
        for number in range(5):
            yield b"line %d\n" % number

    return StreamingResponse(lines(), media_type="text/plain")


@app.api_route("/echo", methods=["GET", "POST"])
async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/octet-stream")


@app.get("/redirect")
async def moved() -> RedirectResponse:
    return RedirectResponse("/")


@app.get("/empty", status_code=204)
async def empty() -> None:
    return None


@app.websocket("/ws")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        return
