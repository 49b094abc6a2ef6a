"""A Flask site: pages, JSON, a stream, an echo, a redirect, nothing, and a 404."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response, abort, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

app = Flask(__name__)
app.secret_key = "not a secret"


@app.get("/")
def index() -> str:
    return f"<h1>Hello, {session.get('name', 'world')}</h1>"


@app.get("/json")
def numbers() -> Response:
    return jsonify(numbers=[1, 2, 3], query=request.args.to_dict())


@app.get("/stream")
def stream() -> Response:
    def lines() -> Iterator[str]:
        for number in range(5):
            yield f"line {number}\n"

    return Response(lines(), mimetype="text/plain")


@app.route("/echo", methods=["GET", "POST"])
def echo() -> Response:
    return Response(request.get_data(), mimetype="application/octet-stream")


@app.post("/form")
def form() -> dict[str, str]:
    return request.form.to_dict()


@app.get("/redirect")
def moved() -> ResponseReturnValue:
    return redirect(url_for("index"))


@app.get("/empty")
def empty() -> ResponseReturnValue:
    return "", 204


@app.get("/items/<int:number>")
def item(number: int) -> ResponseReturnValue:
    if number > 3:
        abort(404)
    return {"item": number}


@app.errorhandler(404)
def not_found(_error: Exception) -> ResponseReturnValue:
    return "<h1>There is no such page</h1>", 404
