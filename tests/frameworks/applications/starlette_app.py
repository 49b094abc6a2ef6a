"""A Starlette site with a lifespan, middleware, a stream, an echo and a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


class State(TypedDict):
    """What the lifespan gives to every request."""

    greeting: str
    hits: list[str]


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[State]:
    yield {"greeting": "Hello", "hits": []}


async def index(request: Request[State]) -> HTMLResponse:
    request.state.hits.append(request.url.path)
    return HTMLResponse(f"<h1>{request.state.greeting}, world</h1>")


async def numbers(request: Request) -> JSONResponse:
    return JSONResponse({"numbers": [1, 2, 3], "query": dict(request.query_params)})


async def stream(_request: Request) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        for number in range(5):
            yield f"line {number}\n"

    return StreamingResponse(lines(), media_type="text/plain")


async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/octet-stream")


def moved(_request: Request) -> RedirectResponse:
    """A synchronous endpoint, which runs in a thread."""
    return RedirectResponse("/", background=BackgroundTask(lambda: None))


async def empty(_request: Request) -> Response:
    return Response(status_code=204)


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") is not None:
                await websocket.send_text(message["text"])
            else:
                await websocket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        return


async def member(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"member {request.path_params['name']}")


class Served(BaseHTTPMiddleware):
    """Adds a header to every response."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers["X-Served-By"] = "starlette"
        return response


app = Starlette(
    routes=[
        Route("/", index),
        Route("/json", numbers),
        Route("/stream", stream),
        Route("/echo", echo, methods=["GET", "POST"]),
        Route("/redirect", moved),
        Route("/empty", empty),
        WebSocketRoute("/ws", socket),
        Mount("/members", routes=[Route("/{name}", member)]),
    ],
    middleware=[Middleware(GZipMiddleware, minimum_size=500), Middleware(Served)],
    lifespan=lifespan,
)
