"""A Quart site, with things to do before and after serving, and a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from quart import Quart, Response, jsonify, redirect, request, url_for, websocket
from quart.typing import ResponseReturnValue

app = Quart(__name__)


@app.while_serving
async def resources() -> AsyncIterator[None]:
    app.config["GREETING"] = "Hello"
    yield
    app.config.pop("GREETING")


@app.get("/")
async def index() -> str:
    return f"<h1>{app.config['GREETING']}, world</h1>"


@app.get("/json")
async def numbers() -> Response:
    return jsonify(numbers=[1, 2, 3], query=request.args.to_dict())


@app.get("/stream")
async def stream() -> Response:
    async def lines() -> AsyncIterator[bytes]:
        for number in range(5):
            yield b"line %d\n" % number

    return Response(lines(), mimetype="text/plain")


@app.route("/echo", methods=["GET", "POST"])
async def echo() -> Response:
    body: bytes = await request.get_data()
    return Response(body, mimetype="application/octet-stream")


@app.get("/redirect")
async def moved() -> ResponseReturnValue:
    return redirect(url_for("index"))


@app.get("/empty")
async def empty() -> ResponseReturnValue:
    return "", 204


@app.get("/threaded")
def threaded() -> str:
    """A synchronous view, which runs in a thread."""
    return "from a thread"


@app.websocket("/ws")
async def socket() -> Any:
    while True:
        await websocket.send(await websocket.receive())
