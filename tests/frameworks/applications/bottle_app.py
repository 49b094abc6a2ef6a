"""A Bottle site."""

from __future__ import annotations

from collections.abc import Iterator

from bottle import Bottle, HTTPResponse, redirect, request, response

app = Bottle()


@app.get("/")
def index() -> str:
    return "<h1>Hello, world</h1>"


@app.get("/json")
def numbers() -> dict[str, object]:
    return {"numbers": [1, 2, 3], "query": dict(request.query)}


@app.get("/stream")
def stream() -> Iterator[str]:
    response.content_type = "text/plain"
    for number in range(5):
        yield f"line {number}\n"


@app.route("/echo", method=["GET", "POST"])
def echo() -> bytes:
    response.content_type = "application/octet-stream"
    body: bytes = request.body.read()
    return body


@app.get("/redirect")
def moved() -> None:
    redirect("/")


@app.get("/empty")
def empty() -> HTTPResponse:
    return HTTPResponse(status=204)
